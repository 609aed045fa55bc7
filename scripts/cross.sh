#!/usr/bin/env bash
# Builds and vets for systems that this one is not. What runs plugins, and plugins
# themselves, compile everywhere; the program compiles for Linux, whose calls keep a
# case durable. Nothing here is run.
set -euo pipefail
cd "$(dirname "$0")/.."
portable=(./core/host/... ./plugins/... ./internal/wire ./internal/ndjson ./internal/sqlitefile ./evidence ./evidence/custody)
for system in windows/amd64 darwin/arm64 linux/arm64; do
	echo "cross: $system: the plugin host, the SDK, all plugins"
	GOOS=${system%/*} GOARCH=${system#*/} CGO_ENABLED=0 go build "${portable[@]}"
	GOOS=${system%/*} GOARCH=${system#*/} CGO_ENABLED=0 go vet "${portable[@]}"
done
cc=${CC_ARM64:-aarch64-linux-gnu-gcc}
if command -v "$cc" >/dev/null; then
	echo "cross: linux/arm64: everything, with cgo"
	GOARCH=arm64 CGO_ENABLED=1 CC=$cc go build ./...
else
	echo "cross: NOT BUILT: cmd/exhibit for linux/arm64: no $cc (Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross)" >&2
fi
