package blob_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
)

func TestSeries(t *testing.T) {
	s, dir := openStore(t)
	var want []byte
	var all []evidence.Artifact
	for i, encoding := range []string{evidence.StoredZstd, evidence.StoredRaw, evidence.StoredZstd, evidence.StoredRaw} {
		content := lines(uint64(i), []int{700 << 10, 3000, 0, 0}[i])
		if i == 3 {
			content = noise(3, 400<<10)
		}
		all, want = append(all, put(t, s, content, encoding)), append(want, content...)
	}
	f, err := s.Series(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
	}
	if _, err := f.WriteAt([]byte("x"), 0); err == nil {
		t.Error("it can be written to")
	}
	assertTmp(t, dir, 0)
	none, err := s.Series(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer none.Close()
	if n, err := none.Seek(0, io.SeekEnd); n != 0 || err != nil {
		t.Errorf("%d bytes of nothing, %v", n, err)
	}
}

// What is not as it was recorded is not handed on, wherever in the series it stands.
func TestSeriesChecksContent(t *testing.T) {
	s, dir := openStore(t)
	good, bad := put(t, s, lines(1, 1000), evidence.StoredZstd), put(t, s, lines(2, 1000), evidence.StoredZstd)
	got, want := bad.SHA256, evidence.Sum([]byte("another thing"))
	bad.SHA256 = want
	if err := errors.Join(os.MkdirAll(filepath.Dir(objectPath(dir, want)), 0o700), os.Rename(objectPath(dir, got), objectPath(dir, want))); err != nil {
		t.Fatal(err)
	}
	_, err := s.Series(t.Context(), []evidence.Artifact{good, bad})
	var ie *evidence.IntegrityError
	if !errors.As(err, &ie) || ie.Want != want || ie.Got != got {
		t.Errorf("got %v", err)
	}
	if _, err := s.Series(t.Context(), []evidence.Artifact{{SHA256: evidence.Sum(nil), Stored: evidence.Stored{Encoding: evidence.StoredRaw}}}); err == nil {
		t.Error("an object that is not there")
	}
}
