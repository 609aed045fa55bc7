package disclose

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
)

// TestScanner: a digest is found wherever it begins, however it is cut.
func TestScanner(t *testing.T) {
	d := evidence.Sum([]byte("withheld"))
	w := withheld{}
	w.add(d.Hex())
	for text, want := range map[string]int{
		d.Hex(): 1, d.String(): 1, strings.ToUpper(d.Hex()): 1, `"` + d.Hex()[:16] + `:17"`: 1, d.Hex()[:15]: 0, "x" + d.Hex() + "y " + d.Hex(): 2,
		evidence.Sum(nil).Hex(): 0, "": 0, strings.Repeat("g", 20) + d.Hex(): 1,
	} {
		for cut := range len(text) + 1 {
			s := scanner{w: w}
			_, _ = s.Write([]byte(text[:cut]))
			_, _ = s.Write([]byte(text[cut:]))
			if len(s.keys) != want {
				t.Fatalf("%q cut at %d: %d, want %d", text, cut, len(s.keys), want)
			}
		}
	}
	if n, err := w.in(t.Context(), bundle.Bytes("x", []byte("see "+d.String()))); n != 1 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	w.remove(d)
	if n, _ := w.in(t.Context(), bundle.Bytes("x", []byte(d.Hex()))); n != 0 {
		t.Error("what is disclosed after all counts")
	}
}

func TestAllows(t *testing.T) {
	for field, want := range map[string]bool{
		"asserted.exhibit": true, "asserted.exhibit.description": true, "asserted.exhibit.parents": false, "asserted.seal.in": true,
		"asserted.note": false, "asserted.device.identifiers": false, "observed.source.path": false, "observed.command": false, "asserted.site": false,
	} {
		if allows(ofExhibit(), field) != want {
			t.Errorf("%s: %t", field, !want)
		}
	}
}

// TestScanRefuses: what would name a withheld thing is not handed out, wherever it stands.
func TestScanRefuses(t *testing.T) {
	leak := evidence.Sum([]byte("withheld"))
	for name, refused := range map[string]bool{
		bundle.LogFile: true, bundle.FilesFile: true, bundle.HowToFile: true, "custody/sets/1-runs.jsonl": true, bundle.RecordsIndexFile: true,
		bundle.RecordsFile: false, "data/enclosed/report.html": false, "data/files/EX-1/a": false,
	} {
		f, err := os.CreateTemp(t.TempDir(), "scratch")
		if err != nil {
			t.Fatal(err)
		}
		bag, err := bundle.NewBag("b", bundle.NewScratch(f))
		if err != nil {
			t.Fatal(err)
		}
		remarks := 0
		d := disclosure{bag: bag, withheld: withheld{}, w: World{Remark: func(string) { remarks++ }}}
		d.withheld.add(leak.Hex())
		if err := bag.Add(bundle.Bytes(name, []byte("see "+leak.Hex()[:20]))); err != nil {
			t.Fatal(err)
		}
		if err := d.scan(t.Context()); errors.Is(err, errLeak) != refused {
			t.Errorf("%s: %v", name, err)
		}
		if want := name == bundle.RecordsFile || name == "data/enclosed/report.html"; (remarks == 1) != want {
			t.Errorf("%s: %d remarks", name, remarks)
		}
		_ = f.Close()
	}
}
