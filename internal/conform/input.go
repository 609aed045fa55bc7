package conform

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// Input is an input that a plugin is given to see what it says of it.
type Input struct {
	// Name says what it is: "cut at byte 17", "a PNG image".
	Name string
	Data []byte
}

// Tiny are the smallest inputs there are.
func Tiny() []Input {
	return []Input{{"an empty input", nil}, {"one byte, 0x00", []byte{0}}, {"one byte, 0xff", []byte{0xff}}, {"one line feed", []byte("\n")}}
}

// Places returns at most n places of an input of that size, spread evenly over it,
// the same every time: all of them where it is shorter. Places near both ends,
// where headers and trailers lie, are always among them.
func Places(size, n int) []int {
	var at []int
	if size <= n {
		for i := range size {
			at = append(at, i)
		}
		return at
	}
	for i := range n {
		at = append(at, i*size/n)
	}
	for _, i := range []int{1, 4, 8, size / 2, size - 9, size - 2, size - 1} {
		if i > 0 && i < size {
			at = append(at, i)
		}
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// Cut returns data cut short at each of the places.
func Cut(data []byte, places []int) []Input {
	var out []Input
	for _, at := range places {
		out = append(out, Input{fmt.Sprintf("cut at byte %d", at), data[:at:at]})
	}
	return out
}

// Flipped returns data with one bit turned over at each of the places.
func Flipped(data []byte, places []int) []Input {
	var out []Input
	for _, at := range places {
		b := slices.Clone(data)
		b[at] ^= 1 << (at % 8)
		out = append(out, Input{fmt.Sprintf("bit %d of byte %d turned over", at%8, at), b})
	}
	return out
}

// Noise is n bytes that are the same every time (xorshift64, Marsaglia 2003).
func Noise(n int) []byte {
	b := make([]byte, n)
	x := uint64(88172645463325252)
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x)
	}
	return b
}

// Foreign are small inputs of formats that a plugin most likely does not read.
func Foreign() []Input {
	prose := strings.Repeat("It was the best of times, it was the worst of times; nobody had written it down in rows.\n", 12)
	return []Input{
		{"random bytes", Noise(4096)},
		{"bytes 0x00", make([]byte, 2048)},
		{"prose", []byte(prose)},
		{"one line of 64 KiB", []byte(strings.Repeat("abcdefgh", 8<<10))},
		{"text in UTF-16", utf16LE("\ufeffsome text,\r\nin another encoding\r\n")},
		{"text that is no UTF-8", []byte("caf\xe9 \x80\x81 \xff\xfe\n\xc3\x28\n")},
		{"lines of NUL", bytes.Repeat([]byte("a\x00b\n"), 100)},
		{"JSON", []byte(`{"a":[1,2,{"b":null}],"c":"\u0000 text"}` + "\n")},
		{"JSON of 2,000 levels", []byte(strings.Repeat("[", 2000) + strings.Repeat("]", 2000))},
		{"XML", []byte(`<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;&b;">]><a x="1">&d;<e/></a>`)},
		{"comma-separated values", []byte("id,name,born\r\n1,\"O'Brien, \"\"Pat\"\"\",1970-01-01\r\n2,,\r\n")},
		{"SQL", []byte("CREATE TABLE t (a int);\nINSERT INTO t VALUES (1),(2);\n")},
		{"a PNG image", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\x00IEND\xaeB`\x82")},
		{"a PDF", []byte("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")},
		{"the head of an SQLite database", append([]byte("SQLite format 3\x00\x10\x00\x01\x01\x00\x40\x20\x20"), make([]byte, 1000)...)},
		{"an ELF header", append([]byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00>\x00"), make([]byte, 44)...)},
		{"a gzip file", gzipped(prose)},
		{"a zip archive", zipped(prose)},
	}
}

func utf16LE(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// gzipped and zipped write to memory, which does not fail.
func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.Bytes()
}

func zipped(text string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if f, err := w.Create("dir/prose.txt"); err == nil {
		_, _ = f.Write([]byte(text))
	}
	_ = w.Close()
	return b.Bytes()
}
