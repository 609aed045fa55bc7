#!/usr/bin/env bash
# Generate internal/wire from the protocol. Needs protoc (Debian: protobuf-compiler).
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
GOBIN=$bin go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
GOBIN=$bin go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
PATH=$bin:$PATH protoc -I schemas/proto --go_out=. --go_opt=module=github.com/exhibit-forensics/exhibit \
	--go-grpc_out=. --go-grpc_opt=module=github.com/exhibit-forensics/exhibit exhibit/plugin/v1/plugin.proto
