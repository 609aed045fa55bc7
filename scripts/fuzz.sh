#!/usr/bin/env bash
# Run every fuzz target for the time given; each must be found, or the list is wrong.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-10s}
found=0
while IFS=: read -r file line; do
	name=$(sed -E 's/^func (Fuzz[A-Za-z0-9_]*).*/\1/' <<<"$line")
	found=$((found + 1))
	echo "fuzz $(dirname "$file") $name"
	go test "./$(dirname "$file")" -run '^$' -fuzz "^$name\$" -fuzztime "$time" >/tmp/fuzz.$$ 2>&1 || { cat /tmp/fuzz.$$; exit 1; }
	tail -n 2 /tmp/fuzz.$$ | head -n 1
done < <(git ls-files -co --exclude-standard '*_test.go' | xargs grep -H '^func Fuzz')
rm -f /tmp/fuzz.$$
[ "$found" -gt 0 ] || { echo "no fuzz target found" >&2; exit 1; }
