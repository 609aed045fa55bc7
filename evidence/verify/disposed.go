package verify

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const subjectsSet = "subjects"

// What was destroyed on purpose, and how it is counted.
const disposedOf = "artifacts DISPOSED of: their bytes were destroyed on purpose, as the log says"

// disposals are the artifacts that entries of kind dispose destroyed
// (docs/formats/case.md, What follows from the log).
type disposals struct {
	// entries that destroy what their set subjects names.
	entries map[int64]bool
	// by digest, the last such entry.
	by map[evidence.Digest]int64
}

func newDisposals() disposals {
	return disposals{entries: map[int64]bool{}, by: map[evidence.Digest]int64{}}
}

func (d *disposals) see(e *entry) {
	if _, has := e.sets[subjectsSet]; has && e.kind == "dispose" && e.plain.text("phase") == "destroyed" {
		d.entries[e.seq] = true
	}
}

// subject takes a row of the set subjects. That the row is what its entry committed to
// is checked by whoever reads it; where it is not, the case is altered anyhow.
func (d *disposals) subject(rec *record) {
	if !d.entries[rec.seq] {
		return
	}
	o, err := parseObject(rec.data)
	if err != nil {
		return
	}
	if artifact, err := evidence.ParseDigest(o.text("subject")); err == nil {
		d.by[artifact] = rec.seq
	}
}

// of returns the entry that destroyed the bytes of an artifact whose last row is of entry
// row; ok false where none did since.
func (d *disposals) of(a evidence.Digest, row int64) (seq int64, ok bool) {
	seq, ok = d.by[a]
	return seq, ok && seq > row
}

// disposed judges an artifact of which the log says that its bytes were destroyed.
// done is true where they are gone, as they should be.
func (w *worker) disposed(p place, a *artifact, seq int64) (done bool) {
	f, _, err := w.open(a)
	if err == nil {
		f.Close()
	}
	if err == nil || !missing(err) {
		p.find(Intact, a.name(), fmt.Sprintf("is still there, though entry %d says that it was destroyed", seq), "destroying was interrupted: opening the case for writing completes it")
		return false
	}
	p.find(Intact, a.name(), fmt.Sprintf("DISPOSED: its bytes were destroyed on purpose, as entry %d says", seq), "")
	p.skip("The bytes of artifacts that were DISPOSED of, and the lines of record sets among them.")
	w.v.c.count(disposedOf, 1, 0)
	return true
}

// destroyed reports whether the log says that an artifact's bytes were destroyed and its
// object is gone, so that there is nothing to read.
func (v *verifier) destroyed(d evidence.Digest) (bool, error) {
	if _, any := v.disposals.by[d]; !any {
		return false, nil
	}
	row, err := v.number("SELECT coalesce(max(seq), -1) FROM artifacts WHERE digest = ?", d.String())
	if err != nil {
		return false, err
	}
	_, ok := v.disposals.of(d, row)
	if !ok {
		return false, nil
	}
	_, err = os.Lstat(filepath.Join(v.dir, filepath.FromSlash(objectPath(d))))
	return missing(err), nil
}
