#!/usr/bin/env bash
# Make the profiles that scripts/build.sh optimises by (go build -pgo): what the
# host and the plugins spend their time on in a run. Needed only when the hot
# paths have changed; a stale profile costs speed and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go test ./core/engine -run xxx -bench Run -benchtime 6x -cpuprofile "$PWD/scripts/pgo/exhibit.pprof" -o "$work/engine.test"
go test ./plugins/tomskype -run xxx -bench Parse -benchtime 3s -cpuprofile "$PWD/scripts/pgo/tomskype.pprof" -o "$work/tomskype.test"
