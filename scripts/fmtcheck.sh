#!/usr/bin/env bash
# Fail where a source is not as gofumpt writes it.
set -euo pipefail
cd "$(dirname "$0")/.."
bad=$(git ls-files -co --exclude-standard '*.go' | grep -v '[.]pb[.]go$' | xargs go run "$1" -l)
if [ -n "$bad" ]; then
	printf 'not formatted (./task fmt):\n%s\n' "$bad" >&2
	exit 1
fi
