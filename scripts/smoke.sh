#!/usr/bin/env bash
# The built program on a case of its own: as this user and, when root, as one
# without any rights, from a place of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
trap 'chmod -R u+w "$tmp"; rm -rf "$tmp"' EXIT
check() {
	grep -qx INTACT "$1" || { cat "$1"; echo "smoke: no INTACT verdict" >&2; exit 1; }
}
bash scripts/demo.sh "$tmp/case" >"$tmp/log" 2>&1 || { cat "$tmp/log"; exit 1; }
check "$tmp/log"
echo "smoke: the demonstration ends INTACT"
# Known answers, as installed: plugins beside the program.
known() { env -u EXHIBIT_PLUGINS "$@" selftest >"$tmp/known" 2>&1 || { cat "$tmp/known"; echo "smoke: selftest" >&2; exit 1; }; grep '^[A-Z]*: ' "$tmp/known"; }
known bin/exhibit
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 0755 "$tmp"
	mkdir "$tmp/user" "$tmp/scripts"
	cp -r bin "$tmp/bin"
	cp scripts/demo.sh "$tmp/scripts/"
	chown 65534:65534 "$tmp/user"
	(cd "$tmp" && setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$tmp/user" EXHIBIT_BIN="$tmp/bin" bash "$tmp/scripts/demo.sh" "$tmp/user/case") >"$tmp/user.log" 2>&1 || { cat "$tmp/user.log"; exit 1; }
	check "$tmp/user.log"
	known setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$tmp/user" "$tmp/bin/exhibit"
	echo "smoke: and as an ordinary user"
fi
