package sqlitefile_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"
)

// A small file that states four thousand million pages costs no more than others.
func TestStatedPages(t *testing.T) {
	e := seize(t, "PRAGMA page_size=512;"+filled)
	root := rootOf(t, e.open(t), "message")
	b := slices.Clone(e.db)
	binary.BigEndian.PutUint32(b[28:], 1<<32-2)
	f := evidence{db: b}.open(t)
	if h := f.Header(); h.Pages != 1<<32-2 || h.Missing < 1<<31 {
		t.Errorf("%+v", h)
	}
	for at := 0; at < len(b); at += 512 { // every child leads to the root
		if k := b[at]; at > 0 && (k == 5) {
			for i := range int(binary.BigEndian.Uint16(b[at+3:])) {
				if cell := at + int(binary.BigEndian.Uint16(b[at+12+2*i:])); cell+4 <= len(b) {
					binary.BigEndian.PutUint32(b[cell:], root)
				}
			}
			binary.BigEndian.PutUint32(b[at+8:], 1<<31)
		}
	}
	start, n := time.Now(), 0
	for range f.RowIDs(root) {
		n++
	}
	if took := time.Since(start); took > 5*time.Second || n > 1<<20 {
		t.Errorf("%d rows and errors in %s", n, took)
	}
}
