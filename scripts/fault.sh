#!/usr/bin/env bash
# The long programme: 100 kills each of add and run, every fsync, rename and link
# killed and made to fail, the full disk, and the store's own.
set -euo pipefail
cd "$(dirname "$0")/.."
EXHIBIT_FAULT=1 EXHIBIT_LONG=1 go test -count=1 -timeout 3h -v ./internal/fault/... ./evidence/store/... ./evidence/blob/... "$@"
