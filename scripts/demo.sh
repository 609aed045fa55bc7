#!/usr/bin/env bash
# Make synthetic evidence, run the whole job over it in a fresh case, and end with
# a summary, the verdict and the report. Usage: demo.sh [DIR]; everything is left there.
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
say() { printf '\n== %s\n' "$*"; }
run() {
	local a line='$ exhibit'
	for a in "$@"; do
		case $a in *[!a-zA-Z0-9_./:=+-]*) line+=" '$a'" ;; *) line+=" $a" ;; esac
	done
	printf '%s\n' "$line"
	"$bin/exhibit" "$@"
}
# Exit code 3: finished, but some inputs are damaged, as they are in this evidence.
damaged() { run "$@" || [ $? = 3 ]; }
export EXHIBIT_CASE=$out/case EXHIBIT_IDENTITIES=$out/identities EXHIBIT_EXAMINER="A. Examiner"

say "evidence: a chat company's logging server, found open on the web (synthetic, seeded)"
"$bin/corpus" --seed 2008 --out "$out/evidence"
(cd "$out/evidence/server" && find . -type f | sort | sed 's/^/  /')
(cd "$out/evidence/server" && find . -type f -exec sha256sum {} +) > "$out/evidence/SHA256SUMS"

say "receive it: hashed, compared with the sender's list, logged"
run init "$EXHIBIT_CASE" --title "Open directory of a logging server (demonstration)" --number DEMO-2008
run add "$out/evidence/server" --zone +08:00 --source "download from an open web server" --hashes "$out/evidence/SHA256SUMS"

say "read it: unpack, find the keys that lie in the open, decrypt, parse, until nothing new appears"
damaged run
run key find

say "what do the columns mean? a proposal, which a person answers"
run layout propose
run layout add "$out/evidence/truth/layouts.json"
damaged run

say "count, compare, connect"
run analyze --zone +08:00

say "look"
run search 选举 --limit 3 --tz +08:00
run search 'kind:account gmail OR kind:account example' --limit 2
run timeline --query 'kind:message' --by day --tz +08:00
run select save elections 'kind:message 选举' --description 'Chat messages that speak of elections'
run tag add to-check --query '选举 kind:sms'

say "one record, back to its bytes, and how to do that by hand with public tools"
id=$("$bin/exhibit" search 'path:backup.tar.gz kind:message 选举' --json | head -n 1 | sed 's/.*"id":"\([^"]*\)".*/\1/')
run show "$id"

say "sign the log, hand out a receipt, and let the second opinion check everything"
run identity new lab
run seal --receipt "$out/receipt.txt"
run verify --receipt "$out/receipt.txt" | tee "$out/verdict.txt"

say "hand it on"
run report --out "$out/report.html" --receipt "$out/receipt.txt" --tz +08:00
run export --format csv --select elections --tz +08:00 --out "$out/elections.csv"
run disclose --recipient "Counsel for the defence" --select elections --with "$out/report.html" --certificate none --out "$out/bundle.zip"
run verify "$out/bundle.zip" --receipt "$out/receipt.txt"

say "in short"
"$bin/exhibit" status
cat <<END

Verdict of the second opinion: $(sed -n 2p "$out/verdict.txt")
What could not be read is listed in section 5 of the report; a damaged line costs that line and nothing else.
  report   $out/report.html
  case     $EXHIBIT_CASE
  bundle   $out/bundle.zip       unpack it and open VERIFY.html
  receipt  $out/receipt.txt      exhibit verify "$EXHIBIT_CASE" --receipt "$out/receipt.txt"
END
