package blob_test

import (
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
)

// The sum so far is that of what was written so far, wherever a frame ends, and
// asking for it changes nothing.
func TestSumSoFar(t *testing.T) {
	for _, encoding := range []string{evidence.StoredRaw, evidence.StoredZstd} {
		s, err := blob.Open(t.TempDir(), true)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		w, err := s.NewWriter(blob.WriterOptions{Encoding: encoding, Hashes: []string{"md5"}})
		if err != nil {
			t.Fatal(err)
		}
		content := noise(7, 900_000)
		at := 0
		for _, n := range []int{0, 1, 100, 262_143, 1, 262_144, 5, 300_000} {
			if _, err := w.Write(content[at : at+n]); err != nil {
				t.Fatal(err)
			}
			at += n
			if got, err := w.Sum(); err != nil || got != evidence.Sum(content[:at]) {
				t.Fatalf("%s: after %d bytes %v, %v", encoding, at, got, err)
			}
		}
		st, err := w.Finish()
		if err != nil || st.Digest != evidence.Sum(content[:at]) {
			t.Fatalf("%s: in the end %v, %v", encoding, st, err)
		}
		if _, err := w.Sum(); err == nil {
			t.Error("a sum of a writer that is spent")
		}
		st.Discard()
	}
}
