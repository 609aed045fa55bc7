package agree_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// long is set by ./task agree: then everything is tried, not a sample of it.
func long() bool { return os.Getenv("AGREE_LONG") != "" }

// smallBundle is what bits are flipped in: of all that a bundle has, a little.
func smallBundle() []byte {
	return zipOf("C", (&plan{data: func(f files) {
		delete(f, "data/records/index.csv")
	}}).build(), nil)
}

// flips are the bits that are flipped: every byte's one, all of them in the long form.
func flips(zip []byte, every int) []int {
	var out []int
	for bit := 0; bit < 8*len(zip); bit++ {
		if every == 0 || (bit/8)%every == 0 && bit%8 == (bit/8/every)%8 {
			out = append(out, bit)
		}
	}
	return out
}

func flipBit(zip []byte, bit int) []byte {
	b := slices.Clone(zip)
	b[bit/8] ^= 1 << (bit % 8)
	return b
}

// TestFlipsGo: no bit of a bundle can change unseen. There is no slack in the format.
func TestFlipsGo(t *testing.T) {
	t.Parallel()
	zip := smallBundle()
	every := 1
	if long() {
		every = 0
	}
	start, verdicts := time.Now(), map[string]int{}
	all := flips(zip, every)
	for _, bit := range all {
		got := goSays(t, tampering{zip: flipBit(zip, bit)})
		if verdicts[got.Verdict]++; strings.HasPrefix(got.Verdict, "INTACT") {
			t.Fatalf("bit %d of byte %d flipped: %+v", bit%8, bit/8, got)
		}
	}
	t.Logf("%d flips in a bundle of %d bytes: %v, %v", len(all), len(zip), verdicts, time.Since(start).Round(time.Millisecond))
}

// edits are bytes removed, inserted and doubled, and the file cut short.
func edits(zip []byte, n int) [][]byte {
	var out [][]byte
	for i := range n {
		at := i * (len(zip) - 2) / n
		out = append(out, slices.Delete(slices.Clone(zip), at, at+1), slices.Insert(slices.Clone(zip), at, byte(i)), slices.Insert(slices.Clone(zip), at, zip[at]), zip[:at])
	}
	return out
}

func TestEditsGo(t *testing.T) {
	zip := smallBundle()
	n := 500
	if long() {
		n = len(zip) - 2
	}
	for i, b := range edits(zip, n) {
		if got := goSays(t, tampering{zip: b}); got.Verdict != "CANNOT VERIFY" || got.Codes != "zip" {
			t.Fatalf("edit %d: %+v", i, got)
		}
	}
}

const flipDriver = `
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("verify", sys.argv[1])
v = importlib.util.module_from_spec(spec)
spec.loader.exec_module(v)
zip = open(sys.argv[2], "rb").read()
for bit in json.load(open(sys.argv[3])):
    b = bytearray(zip)
    b[bit // 8] ^= 1 << bit % 8
    r = v.Check().check(bytes(b))
    print(json.dumps([r["verdict"], r["attestation"]["level"], r["attestation"]["covered"], " ".join(r["codes"])]))
`

func TestFlipsPython(t *testing.T) {
	needPython(t)
	zip := smallBundle()
	every := len(zip) / 500
	if long() {
		every = 1
	}
	all := flips(zip, every)
	dir := t.TempDir()
	bits, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("../../bundle/verify.py")
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"zip": zip, "bits": bits} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	out, err := exec.Command("python3", "-B", "-c", flipDriver, script, filepath.Join(dir, "zip"), filepath.Join(dir, "bits")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	n := 0
	for line := range bytes.Lines(out) {
		var got said
		if err := json.Unmarshal(line, &[]any{&got.Verdict, &got.Level, &got.Covered, &got.Codes}); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if want := goSays(t, tampering{zip: flipBit(zip, all[n])}); got != want {
			t.Errorf("bit %d: Python says %+v, Go %+v", all[n], got, want)
		}
		n++
	}
	if n != len(all) {
		t.Fatalf("%d of %d", n, len(all))
	}
	t.Logf("%d flips, %v", n, time.Since(start).Round(time.Millisecond))
}

// pageFlips is pageSays of one bundle with bits flipped.
func pageFlips(t *testing.T, b *browser, zip []byte, bits []int) []said {
	t.Helper()
	name := filepath.Join(t.TempDir(), "flip.zip")
	if err := os.WriteFile(name, zip, 0o600); err != nil {
		t.Fatal(err)
	}
	b.eval(`window.testing = document.createElement("input"); testing.type = "file"; true`, nil)
	var e evaluated
	b.call("Runtime.evaluate", obj{"expression": "testing"}, &e)
	b.call("DOM.setFileInputFiles", obj{"files": []string{name}, "objectId": e.Result.ObjectID}, nil)
	text, err := json.Marshal(bits)
	if err != nil {
		t.Fatal(err)
	}
	var got []said
	b.eval(fmt.Sprintf(`(async bits => {
		const out = [], zip = new Uint8Array(await testing.files[0].arrayBuffer());
		for (const bit of bits) {
			const b = zip.slice();
			b[bit >> 3] ^= 1 << (bit & 7);
			const r = await examine({ items: [{ path: "b.zip", blob: new Blob([b]) }], as: "bundle" });
			out.push({ Verdict: r.verdict, Level: r.attestation.level, Covered: r.attestation.covered, Codes: r.codes.join(" ") });
		}
		return out;
	})(%s)`, text), &got)
	return got
}

func TestFlipsPage(t *testing.T) {
	t.Parallel()
	b := openBrowser(t, "file://"+page(t))
	zip := smallBundle()
	every := len(zip) / 120
	if long() {
		every = len(zip) / 3000
	}
	all := flips(zip, every)
	start := time.Now()
	got := pageFlips(t, b, zip, all)
	for i, bit := range all {
		if want := goSays(t, tampering{zip: flipBit(zip, bit)}); got[i] != want {
			t.Errorf("bit %d: the page says %+v, Go %+v", bit, got[i], want)
		}
	}
	t.Logf("%d flips, %v", len(all), time.Since(start).Round(time.Millisecond))
}

// wideZip is a bundle whose one data file of 4 GiB is a hole; at is where the hole is.
func wideZip(t *testing.T, name string, size int64) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	le := binary.LittleEndian
	var at int64
	var dir []byte
	put := func(b []byte) {
		if _, err := f.WriteAt(b, at); err != nil {
			t.Fatal(err)
		}
		at += int64(len(b))
	}
	entry := func(name string, size int64, content []byte) {
		small, start := uint32(min(size, 1<<32-1)), at
		var extra, extras []byte
		if size >= 1<<32-1 {
			extra = le.AppendUint64(le.AppendUint64([]byte{1, 0, 16, 0}, uint64(size)), uint64(size))
			extras = slices.Clone(extra[4:])
		}
		if start >= 1<<32-1 {
			extras = le.AppendUint64(extras, uint64(start))
		}
		need, needs := uint16(20), uint16(20)
		if extra != nil {
			need = 45
		}
		if extras != nil {
			needs = 45
			extras = append(le.AppendUint16([]byte{1, 0}, uint16(len(extras))), extras...)
		}
		head := func(b []byte, v uint16, extra int) []byte {
			for _, x := range []uint16{v, 0, 0, 0, 33} {
				b = le.AppendUint16(b, x)
			}
			for _, x := range []uint32{0, small, small} {
				b = le.AppendUint32(b, x)
			}
			return le.AppendUint16(le.AppendUint16(b, uint16(len(name))), uint16(extra))
		}
		put(slices.Concat(head([]byte("PK\x03\x04"), need, len(extra)), []byte(name), extra, content))
		at += size - int64(len(content))
		d := head(le.AppendUint16([]byte("PK\x01\x02"), needs), needs, len(extras))
		d = append(d, make([]byte, 10)...)
		d = le.AppendUint32(d, uint32(min(start, 1<<32-1)))
		dir = slices.Concat(dir, d, []byte(name), extras)
	}
	entry("C/a", size, nil)
	entry("C/b", 0, nil)
	entry("C/c", 1<<32-1, nil)
	offset, n := at, int64(3)
	put(dir)
	end := le.AppendUint64([]byte("PK\x06\x06"), 44)
	end = append(le.AppendUint16(le.AppendUint16(end, 45), 45), make([]byte, 8)...)
	for _, v := range []int64{n, n, int64(len(dir)), offset} {
		end = le.AppendUint64(end, uint64(v))
	}
	end = append(le.AppendUint32(append(end, "PK\x06\x07"...), 0), 0, 0, 0, 0, 0, 0, 0, 0)
	le.PutUint64(end[len(end)-8:], uint64(at))
	end = le.AppendUint32(end, 1)
	put(end)
	put(le.AppendUint16(le.AppendUint32(le.AppendUint32([]byte("PK\x05\x06\x00\x00\x00\x00\x03\x00\x03\x00"), uint32(len(dir))), 1<<32-1), 0))
}

// wideBundles are of 4 GiB and more, and of more files than the end of a plain ZIP file can
// count. There is no manifest in them, so that nobody hashes them: bag, not zip.
func wideBundles(t *testing.T) []tampering {
	t.Helper()
	name := filepath.Join(t.TempDir(), "wide.zip")
	wideZip(t, name, 1<<32+5)
	many := files{}
	for i := range 1 << 16 {
		many[fmt.Sprintf("d/%05d", i)] = nil
	}
	b := zipOf("C", many, nil)
	le, end := binary.LittleEndian, len(b)-22
	size, offset := uint64(le.Uint32(b[end+12:])), uint64(le.Uint32(b[end+16:]))
	wide := append(le.AppendUint64([]byte("PK\x06\x06"), 44), 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for _, v := range []uint64{uint64(len(many)), uint64(len(many)), size, offset} {
		wide = le.AppendUint64(wide, v)
	}
	wide = le.AppendUint32(le.AppendUint64(append(wide, "PK\x06\x07\x00\x00\x00\x00"...), uint64(end)), 1)
	le.PutUint32(b[end+8:], 1<<32-1) // both counts
	return []tampering{
		{name: "zip: files of 4 GiB", codes: "bag", level: "none", path: name},
		{name: "zip: 65,536 files", codes: "bag", level: "none", zip: slices.Concat(b[:end], wide, b[end:])},
	}
}

// TestWide: the headers of such bundles are read alike.
func TestWide(t *testing.T) {
	table := wideBundles(t)
	jobs := lay(t, table)
	want := said{"CANNOT VERIFY", "none", 0, "bag"}
	b := openBrowser(t, "file://"+page(t))
	python, inPage := pythonSays(t, jobs), pageSays(t, b, jobs)
	for i, c := range table {
		if got := goOutcome(t, c); got != want {
			t.Errorf("%s: Go says %+v", c.name, got)
		}
		if python[i] != want {
			t.Errorf("%s: Python says %+v", c.name, python[i])
		}
		if inPage[i] != want {
			t.Errorf("%s: the page says %+v", c.name, inPage[i])
		}
	}
	name := jobs[0].Path
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() < 1<<33 {
		t.Fatal(info.Size())
	}
	// A lie in each byte of the directory and what follows it.
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for at := info.Size() - 300; at < info.Size(); at++ {
		var one [1]byte
		if _, err := f.ReadAt(one[:], at); err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte{one[0] ^ 1}, at); err != nil {
			t.Fatal(err)
		}
		if got := goFile(t, name); got.Codes != "zip" {
			t.Errorf("byte %d from the end: %+v", info.Size()-at, got)
		}
		if _, err := f.WriteAt(one[:], at); err != nil {
			t.Fatal(err)
		}
	}
}
