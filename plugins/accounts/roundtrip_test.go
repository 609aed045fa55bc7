package main_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// hostile are pieces that values are made of.
var hostile = []string{
	"'", "''", "\"", "\\", "\\'", "\\\\", "\n", "\r\n", "\t", ";", "),(", "),\n(", ");\nINSERT INTO `t0` VALUES (1);\n", "\\.", "\\N", "NULL", "--", "-- x\n",
	"#", "/*", "*/", "/*!40101 ", "$$", "$1$", "::text", "E'", "`", "DELIMITER ;;\n", "\b", "\v", "\f", "\x1a", "\x01", "é", "用户", "𝛼", "誠", "a", "Z9", " ", "0", "_binary ", "\u2028", "%", "\\%", "_",
}

func randomText(r *rand.Rand) []byte {
	var b []byte
	for range r.IntN(8) {
		b = append(b, hostile[r.IntN(len(hostile))]...)
	}
	if r.IntN(300) == 0 {
		b = append(b, bytes.Repeat([]byte("x'y\\"), r.IntN(60_000))...)
	}
	return b
}

func randomBytes(r *rand.Rand) []byte {
	b := make([]byte, r.IntN(20))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// field is a value that was written: null, an integer, text or bytes.
type field struct {
	null, number, binary bool
	bytes                []byte
}

func randomRow(r *rand.Rand, columns string) []field {
	row := make([]field, len(columns))
	for i, c := range columns {
		f := &row[i]
		switch {
		case r.IntN(10) == 0:
			f.null = true
		case c == 'i':
			f.number, f.bytes = true, fmt.Append(nil, r.Int64N(1<<54)-1<<53)
		case c == 't':
			f.bytes = randomText(r)
		case c == 'b':
			f.binary, f.bytes = true, randomBytes(r)
		}
	}
	return row
}

// mysqlEscape escapes as mysql_real_escape_string does (MySQL 8.4 C API §5.4.59).
var mysqlEscape = strings.NewReplacer("\x00", `\0`, "\n", `\n`, "\r", `\r`, `\`, `\\`, `'`, `\'`, `"`, `\"`, "\x1a", `\Z`)

func mysqlValue(r *rand.Rand, f field) string {
	switch {
	case f.null:
		return "NULL"
	case f.number:
		return string(f.bytes)
	case f.binary && r.IntN(2) == 0 && len(f.bytes) > 0:
		return "0x" + strings.ToUpper(hex.EncodeToString(f.bytes))
	case f.binary:
		return "_binary '" + mysqlEscape.Replace(string(f.bytes)) + "'"
	}
	return "'" + mysqlEscape.Replace(string(f.bytes)) + "'"
}

// insertValue is a value as pg_dump --inserts writes it.
func insertValue(_ *rand.Rand, f field) string {
	switch {
	case f.null:
		return "NULL"
	case f.number:
		return string(f.bytes)
	case f.binary:
		return `'\x` + hex.EncodeToString(f.bytes) + "'"
	}
	return "'" + strings.ReplaceAll(string(f.bytes), "'", "''") + "'"
}

// copyEscape escapes as CopyAttributeOutText of PostgreSQL does.
var copyEscape = strings.NewReplacer(`\`, `\\`, "\b", `\b`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\v", `\v`)

func copyValue(_ *rand.Rand, f field) string {
	switch {
	case f.null:
		return `\N`
	case f.binary:
		return `\\x` + hex.EncodeToString(f.bytes)
	}
	return copyEscape.Replace(string(f.bytes))
}

// What is written as mysqldump and pg_dump do comes back, value for value, each
// record's place being the text it was written as.
func TestRoundTrip(t *testing.T) {
	type writer struct {
		types           map[byte]string
		head, tail      string
		begin, end      func(table int) string
		value           func(*rand.Rand, field) string
		open, sep, shut string // of a row
		between         string // rows
	}
	quoted := func(s string) func(int) string {
		return func(n int) string { return strings.ReplaceAll(s, "%T", fmt.Sprint("t", n)) }
	}
	pgTypes := map[byte]string{'i': "bigint", 't': "text", 'b': "bytea"}
	for name, w := range map[string]writer{
		"mysqldump": {
			map[byte]string{'i': "bigint(20)", 't': "longtext COMMENT 'it\\'s, (x)'", 'b': "varbinary(99)"},
			"-- MySQL dump 10.13\n/*!40101 SET NAMES utf8mb4 */;\n", "-- Dump completed\n",
			quoted("INSERT INTO `%T` VALUES "), quoted(";\n"), mysqlValue, "(", ",", ")", ",",
		},
		"pg_dump --inserts": {pgTypes, pgHead, pgTail, quoted("INSERT INTO \"%T\" VALUES\n\t"), quoted(";\n"), insertValue, "(", ", ", ")", ",\n\t"},
		"pg_dump":           {pgTypes, pgHead, pgTail, quoted("COPY \"%T\" FROM stdin;\n"), quoted("\n\\.\n"), copyValue, "", "\t", "", "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 11))
			var dump strings.Builder
			dump.WriteString(w.head)
			type written struct {
				table, text string
				row         []field
			}
			var want []written
			for n := range 60 {
				columns := make([]byte, 1+r.IntN(6))
				table := fmt.Sprint("t", n)
				quote := `"`
				if name == "mysqldump" {
					quote = "`"
				}
				fmt.Fprintf(&dump, "CREATE TABLE %s%s%s (\n", quote, table, quote)
				for i := range columns {
					columns[i] = "itb"[r.IntN(3)]
					fmt.Fprintf(&dump, "  %sc%d%s %s%s\n", quote, i, quote, w.types[columns[i]], strings.Repeat(",", min(1, len(columns)-1-i)))
				}
				dump.WriteString(");\n" + w.begin(n))
				for i := range 1 + r.IntN(60) {
					row := randomRow(r, string(columns))
					values := make([]string, len(row))
					for i, f := range row {
						values[i] = w.value(r, f)
					}
					text := w.open + strings.Join(values, w.sep) + w.shut
					if i > 0 {
						dump.WriteString(w.between)
					}
					dump.WriteString(text)
					want = append(want, written{table, text, row})
				}
				dump.WriteString(w.end(n))
			}
			dump.WriteString(w.tail)
			o := parse(t, dump.String(), "")
			if c := codes(t, o); len(c) > 0 {
				t.Errorf("%v", c)
			}
			got := decoded(t, o.Records)
			if len(got) != len(want) || len(got) < 1000 {
				t.Fatalf("%d records of %d rows", len(got), len(want))
			}
			for i, rec := range got {
				if rec["kind"] != "row" || rec["table"] != want[i].table {
					t.Fatalf("record %d: %v of %v", i, rec["kind"], rec["table"])
				}
				if s := span(t, dump.String(), rec); s != want[i].text {
					t.Fatalf("record %d: its place is %.99q, not %.99q", i, s, want[i].text)
				}
				columns := rec["columns"].(object)
				for k, f := range want[i].row {
					b := bytesOf(t, columns, fmt.Sprint("c", k))
					if f.null != (b == nil) || !bytes.Equal(b, f.bytes) {
						t.Fatalf("record %d, column %d: %.99q, not %.99q (null %v)", i, k, b, f.bytes, f.null)
					}
				}
			}
		})
	}
}
