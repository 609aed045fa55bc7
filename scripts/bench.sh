#!/usr/bin/env bash
# Ratios against stock tools, measured in this run over the same files. Arguments
# go to scripts/bench/bench.py: --full adds ten times the messages, for memory.
set -euo pipefail
cd "$(dirname "$0")/.."
work=${EXHIBIT_BENCH_DIR:-$(mktemp -d)}
trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT
python3 scripts/bench/bench.py "$PWD/bin" "$work" "$@"
