package verify

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// How findings name things.

// recordName names a row of any of the tables that hang on entries.
func recordName(table string, rec *record) string {
	switch table {
	case "openings":
		return openingName(rec.seq, rec.name)
	case "sets":
		return seedName(rec.seq, rec.name)
	}
	return rowName(table, rec.seq, rec.n)
}

func entryName(seq int64) string { return fmt.Sprintf("entry %d", seq) }

func openingName(seq int64, field string) string {
	return fmt.Sprintf("opening %d/%s", seq, shown(field))
}

func seedName(seq int64, set string) string { return fmt.Sprintf("seed %d/%s", seq, shown(set)) }

func rowName(table string, seq, n int64) string { return fmt.Sprintf("%s row %d/%d", table, seq, n) }

func nodeName(index int64) string { return fmt.Sprintf("node %d", index) }

func hexOf(h digest) string { return hex.EncodeToString(h[:]) }

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// shown returns a name that comes out of the case as it may be printed: quoted,
// unless it is made of the characters that such names are made of.
func shown(name string) string {
	if name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/ ") == "" {
		return name
	}
	return strconv.Quote(name)
}
