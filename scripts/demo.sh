#!/usr/bin/env bash
# Make synthetic evidence, run the whole job over it in a fresh case, and end with
# the verdict. Usage: demo.sh [CASE-DIR]; the case and the evidence are left there.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${EXHIBIT_BIN:-$PWD/bin}
out=${1:-$PWD/demo-case}
if [ -e "$out" ] && [ ! -e "$out/.exhibit-demo" ]; then
	echo "demo: $out exists and is no demo; name another directory" >&2
	exit 1
fi
chmod -R u+w "$out" 2>/dev/null || true
rm -rf "$out"
mkdir -p "$out"
touch "$out/.exhibit-demo"
exec 3>&1
say() { printf '\n== %s\n' "$*" >&3; }
run() { printf '$ exhibit %s\n' "$*" >&3; "$bin/exhibit" "$@" >&3; }
export EXHIBIT_CASE=$out/case EXHIBIT_IDENTITIES=$out/identities

say "synthetic evidence: a chat logging server's open directory"
"$bin/corpus" --seed 2008 --out "$out/evidence"

say "a case, and the evidence into it"
run init "$EXHIBIT_CASE" --title "Demonstration" --examiner "A. Examiner"
run add "$out/evidence/server" --zone +08:00 --source "synthetic, seed 2008"

say "what a plugin could read now"
run layout add "$out/evidence/truth/layouts.json"
status=0
run run || status=$?
[ "$status" = 0 ] || [ "$status" = 3 ] || exit "$status"

say "the second key lay in the open too; only what it may open is read again"
run key add second --at conf/enc.key:0:16 --encoding hex
status=0
run run || status=$?
[ "$status" = 0 ] || [ "$status" = 3 ] || exit "$status"

say "records"
"$bin/exhibit" records --kind message --json | head -n 2 >&3 || true
for kind in message call keyword; do
	printf '%8d %s\n' "$("$bin/exhibit" records --kind $kind --json | wc -l)" "$kind" >&3
done

say "seal, and the second opinion"
run identity new lab
run seal --identity lab --receipt "$out/receipt.txt"
run verify --receipt "$out/receipt.txt"
printf '\nThe case is in %s\n' "$EXHIBIT_CASE" >&3
