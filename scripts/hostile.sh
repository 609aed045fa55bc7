#!/usr/bin/env bash
# What hostile plugins come to: the rows of docs/threat-model.md, then what each
# attempt to get out was answered, layer by layer, and as strace saw it.
set -euo pipefail
cd "$(dirname "$0")/.."
table=$(mktemp)
trap 'rm -f "$table"' EXIT
EXHIBIT_LONG=1 EXHIBIT_HOSTILE_TABLE=$table go test ./core/host -count=1 -v \
	-run '^(TestHostile|TestHostileJobs|TestFailsClosed|TestConfined|TestLayers|TestTrace|TestHostDies|TestUserCanRun)$' |
	sed -n -e 's/^ *--- \(PASS\|FAIL\|SKIP\): \(Test[^ ]*\)/\1 \2/p' -e '/NOT TESTED/p' -e '/^FAIL$/p' -e '/_test.go:[0-9]*: [^ ]/p' |
	grep -v 'layers_test.go:[0-9]*: *$' || { echo "hostile: not as it should be" >&2; exit 1; }
echo
cat "$table"
