#!/usr/bin/env bash
# A fresh machine needs Go and a C compiler. Tests also compare with stock tools;
# those that are missing are installed where apt-get and root are at hand, and
# otherwise the tests that need them say that they were skipped.
set -euo pipefail
command -v go >/dev/null || { echo "setup: Go 1.26 is needed" >&2; exit 1; }
command -v cc >/dev/null || command -v gcc >/dev/null || { echo "setup: a C compiler is needed (SQLite is built with cgo)" >&2; exit 1; }
declare -A package=([hashdeep]=hashdeep [sqlite3]=sqlite3 [strace]=strace [zstd]=zstd [xz]=xz-utils [bzip2]=bzip2 [zip]=zip [openssl]=openssl [setpriv]=util-linux [zbarimg]=zbar-tools [curl]=curl)
missing=()
for tool in "${!package[@]}"; do
	command -v "$tool" >/dev/null || missing+=("${package[$tool]}")
done
/usr/bin/python3 -c 'import Cryptodome' 2>/dev/null || missing+=(python3-pycryptodome)
if [ ${#missing[@]} -gt 0 ]; then
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		apt-get update -qq >/dev/null
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
	else
		echo "setup: not installed, tests that compare with them are skipped: ${missing[*]}" >&2
	fi
fi
