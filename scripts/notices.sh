#!/usr/bin/env bash
# Write THIRD-PARTY-NOTICES: every module that is linked into a program we ship,
# with its version and licence text.
set -euo pipefail
cd "$(dirname "$0")/.."
{
	echo "exhibit is licensed under the Apache License 2.0 (LICENSE). The programs it ships"
	echo "contain the following modules, each under its own licence."
	go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/exhibit $(for m in plugins/*/plugin.json; do echo "./$(dirname "$m")"; done) | sort -u |
		while read -r path version dir; do
			printf '\n================================================================================\n%s %s\n\n' "$path" "$version"
			found=0
			for f in "$dir"/LICENSE* "$dir"/LICENCE* "$dir"/COPYING* "$dir"/NOTICE*; do
				if [ -f "$f" ]; then
					found=1
					cat "$f"
				fi
			done
			[ "$found" = 1 ] || { echo "notices: $path has no licence file" >&2; exit 1; }
		done
	printf '\n================================================================================\n%s\n\n' "OpenCC, table TSCharacters (plugins/analyze/traditional.txt, derived from it)"
	echo "Copyright the authors of OpenCC (https://github.com/BYVoid/OpenCC), Apache License 2.0 as in LICENSE."
} >THIRD-PARTY-NOTICES.new
mv THIRD-PARTY-NOTICES.new THIRD-PARTY-NOTICES
