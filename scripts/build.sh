#!/usr/bin/env bash
# Build the program and its bundled plugins into DIR (default bin). Builds are
# reproducible, because a plugin's digest is part of every run's identity.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-bin}
# A profile says what is worth inlining (scripts/pgo.sh); "off" where there is none.
pgo() { if [ -e "scripts/pgo/$1.pprof" ]; then echo "$PWD/scripts/pgo/$1.pprof"; else echo off; fi; }
mkdir -p "$out/plugins"
CGO_ENABLED=1 go build -trimpath -buildvcs=false -ldflags="-s -w" -pgo="$(pgo exhibit)" -o "$out/exhibit" ./cmd/exhibit
CGO_ENABLED=0 go build -trimpath -buildvcs=false -o "$out/corpus" ./internal/corpus/cmd/corpus
for manifest in plugins/*/plugin.json; do
	dir=$(dirname "$manifest")
	name=$(basename "$dir")
	mkdir -p "$out/plugins/$name"
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags="-s -w" -pgo="$(pgo "$name")" -o "$out/plugins/$name/plugin" "./$dir"
	find "$dir" -maxdepth 1 -name '*.json' -exec cp {} "$out/plugins/$name/" \;
done
