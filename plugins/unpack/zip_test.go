//go:build linux

package main_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

func TestZip(t *testing.T) {
	dir := t.TempDir()
	files := tree(t, filepath.Join(dir, "in"), true, false)
	files["zz-hard"] = files["logs/block"]
	for name, c := range map[string]struct {
		args   []string
		method string
	}{
		"deflate": {nil, "8"}, "store": {[]string{"-0"}, "0"}, "bzip2": {[]string{"-Z", "bzip2"}, "12"}, "zip64": {[]string{"-fz"}, "8"}, "descriptors": {nil, "8"},
	} {
		t.Run(name, func(t *testing.T) {
			archive := filepath.Join(dir, name+".zip")
			args := append(slices.Clone(c.args), "-qry", archive, ".")
			if name == "descriptors" { // zip writes none for what it stores, a link among them
				args = []string{"-fd", "-qr", archive, ".", "-x", "link"}
			}
			stock(t, filepath.Join(dir, "in"), "zip", args...)
			data := read(t, archive)
			o := unpack(t, data)
			complete(t, o)
			got := contents(o)
			links := int64(0)
			if name != "descriptors" {
				links = 1
				if got["link"] != "../../etc/passwd" { // a zip keeps a link's target as content
					t.Errorf("link: %q", got["link"])
				}
				delete(got, "link")
			}
			if d := cmp.Diff(files, got); d != "" {
				t.Error(d)
			}
			u := o.Result.Units
			if u.Declared != u.Read || u.Emitted != int64(len(files))+links || len(o.Diagnostics) != 0 || o.Result.BytesRead != int64(len(data)) {
				t.Errorf("%+v, %q, read %d of %d", u, o.Diagnostics, o.Result.BytesRead, len(data))
			}
			for _, a := range o.Artifacts {
				step, m := a.Steps[0], a.Meta
				if a.Name.Text == "logs/a.log" && (m["mtime"] != "2008-07-31T23:10:19Z" || m["mode"] != "0100600" || fmt.Sprint(step["method"]) != c.method) {
					t.Errorf("meta %v, step %v", m, step)
				}
				packed := data[number(t, step["offset"]):][:number(t, step["length"])]
				var plain []byte
				var err error
				switch fmt.Sprint(step["method"]) {
				case "0":
					plain = packed
				case "8":
					plain, err = io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
				default:
					continue
				}
				if err != nil || !bytes.Equal(plain, a.Data) {
					t.Errorf("%q: the step does not lead to the content: %v", a.Name.Text, err)
				}
			}
		})
	}
}

func TestZipEncrypted(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "open", []byte("readable"))
	write(t, dir, "one", logLines(1000))
	write(t, dir, "two", logLines(2000))
	stock(t, dir, "zip", "-q", "a.zip", "open")
	stock(t, dir, "zip", "-q", "-P", "secret", "a.zip", "one", "two")
	o := unpack(t, read(t, dir, "a.zip"))
	complete(t, o)
	if got := codes(t, o); len(o.Artifacts) != 1 || got["zip.encrypted unresolved"] != 2 || len(got) != 1 {
		t.Errorf("%q, %v", names(contents(o)), got)
	}
	// What was not read is the difference between declared and read.
	if o.Result.Units != (evidence.Units{Declared: 3, Read: 1, Emitted: 1}) {
		t.Errorf("%+v", o.Result.Units)
	}
}

// zipOf makes an archive with archive/zip.
func zipOf(t testing.TB, files ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f[0], Method: zip.Deflate, Modified: time.Unix(1e9, 0)}
		fw, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fw.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var abc = [][2]string{{"a.log", string(logLines(5000))}, {"dir/b", "stored or so"}, {"c\xff.bin", string(random(3000))}}

func wantABC() map[string]string {
	m := map[string]string{}
	for _, f := range abc {
		m[f[0]] = f[1]
	}
	return m
}

// Without its directory an archive still gives its members, whole where sizes are
// in their headers (zip) or behind the data (archive/zip).
func TestZipWithoutDirectory(t *testing.T) {
	dir := t.TempDir()
	for _, f := range abc {
		write(t, dir, f[0], []byte(f[1]))
	}
	stock(t, dir, "zip", "-qr", "sized.zip", "a.log", "dir/b", "c\xff.bin")
	for name, data := range map[string][]byte{"descriptors": zipOf(t, abc...), "sized": read(t, dir, "sized.zip")} {
		end := bytes.Index(data, []byte("PK\x01\x02"))
		for _, cut := range []int{end, end + 10, len(data) - 1, len(data) - 22} {
			o := unpack(t, data[:cut])
			complete(t, o)
			if d := cmp.Diff(wantABC(), contents(o)); d != "" {
				t.Errorf("%s cut at %d of %d: %s", name, cut, len(data), d)
			}
			if codes(t, o)["zip.directory damage"] != 1 {
				t.Errorf("%s cut at %d: %v", name, cut, codes(t, o))
			}
			for _, a := range o.Artifacts {
				if !a.Complete || a.Meta["unlisted"] != true {
					t.Errorf("%s cut at %d: %q: complete %v (%s), %v", name, cut, a.Name.Text, a.Complete, a.Reason, a.Meta)
				}
			}
		}
		// Cut inside the members: those before the cut, and what there is of the one cut.
		for cut := 1; cut < end; cut += 97 {
			o := unpack(t, data[:cut])
			complete(t, o)
			for name, got := range contents(o) {
				if want := wantABC()[name]; !strings.HasPrefix(want, got) {
					t.Errorf("%s cut at %d: %q is no prefix", name, cut, name)
				}
			}
			for _, a := range o.Artifacts {
				if a.Complete && string(a.Data) != wantABC()[a.Name.Bytes()] {
					t.Errorf("%s cut at %d: %q is said to be complete", name, cut, a.Name.Text)
				}
			}
		}
	}
}

// The directory breaks off: its members by it, the others by their own headers.
func TestZipDamagedDirectory(t *testing.T) {
	data := zipOf(t, abc...)
	second := bytes.LastIndex(data[:bytes.LastIndex(data, []byte("PK\x01\x02"))], []byte("PK\x01\x02"))
	data[second] = 'X'
	o := unpack(t, data)
	complete(t, o)
	if d := cmp.Diff(wantABC(), contents(o)); d != "" {
		t.Error(d)
	}
	if got := codes(t, o); got["zip.directory damage"] != 1 || len(o.Artifacts) != 3 {
		t.Errorf("%v, %d artifacts", got, len(o.Artifacts))
	}
}

func TestZipPrefixAndSuffix(t *testing.T) {
	data := zipOf(t, abc...)
	for name, b := range map[string][]byte{
		"self-extractor": append(append([]byte("PK\x03\x04"), bytes.Repeat([]byte("MZ stub "), 100)...), data...),
		"bytes behind":   append(slices.Clone(data), "some bytes"...),
	} {
		o := unpack(t, b)
		complete(t, o)
		if d := cmp.Diff(wantABC(), contents(o)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestZipHeadersThatDisagree(t *testing.T) {
	for name, change := range map[string]func(b []byte){
		"name":            func(b []byte) { copy(b[30:], "z.log") },
		"method":          func(b []byte) { b[8] = 0 },
		"crc32":           func(b []byte) { b[14] ^= 1 },
		"compressed_size": func(b []byte) { b[18] ^= 1 },
		"size":            func(b []byte) { b[22] ^= 1 },
		"flags":           func(b []byte) { b[7] ^= 8 },
	} {
		dir := t.TempDir()
		write(t, dir, "a.log", logLines(5000))
		stock(t, dir, "zip", "-qX", "a.zip", "a.log")
		data := read(t, dir, "a.zip")
		change(data)
		o := unpack(t, data)
		complete(t, o)
		if got := contents(o); got["a.log"] != string(logLines(5000)) {
			t.Errorf("%s: %q", name, names(got))
		}
		if len(o.Diagnostics) != 1 || !strings.Contains(o.Diagnostics[0], `"code":"zip.headers","data":{"fields":["`+name+`"]}`) {
			t.Errorf("%s: %q", name, o.Diagnostics)
		}
	}
}

func TestZipDuplicatesAndEscapes(t *testing.T) {
	o := unpack(t, zipOf(t, [2]string{"same", "1"}, [2]string{"same", "2"}, [2]string{"../up", "3"}, [2]string{`C:\x`, "4"}, [2]string{"same", "5"}, [2]string{"..", "6"}))
	complete(t, o)
	var got []string
	for _, a := range o.Artifacts {
		got = append(got, a.Name.Text+"="+string(a.Data))
	}
	if d := cmp.Diff([]string{"same=1", "same=2", "../up=3", `C:\x=4`, "same=5", "..=6"}, got); d != "" {
		t.Error(d)
	}
	all := strings.Join(o.Diagnostics, "\n")
	if len(o.Diagnostics) != 2 || !strings.Contains(all, `"code":"zip.duplicate","data":{"members":2}`) || !strings.Contains(all, `"code":"name.escapes","data":{"members":3}`) {
		t.Error(all)
	}
}

// Members that the directory does not list are found between those it does.
func TestZipUnlisted(t *testing.T) {
	data := zipOf(t, abc...)
	// Take the second entry out of the directory, as a tool that deletes does.
	first := bytes.Index(data, []byte("PK\x01\x02"))
	second := first + 4 + bytes.Index(data[first+4:], []byte("PK\x01\x02"))
	third := second + 4 + bytes.Index(data[second+4:], []byte("PK\x01\x02"))
	b := append(slices.Clone(data[:second]), data[third:]...)
	end := b[len(b)-22:]
	binary.LittleEndian.PutUint16(end[8:], 2)
	binary.LittleEndian.PutUint16(end[10:], 2)
	binary.LittleEndian.PutUint32(end[12:], binary.LittleEndian.Uint32(end[12:])-uint32(third-second))
	o := unpack(t, b)
	complete(t, o)
	if d := cmp.Diff(wantABC(), contents(o)); d != "" {
		t.Error(d)
	}
	if got := codes(t, o); got["zip.unlisted warning"] != 1 || len(got) != 1 {
		t.Errorf("%q", o.Diagnostics)
	}
}

func TestZipCorruptMember(t *testing.T) {
	data := zipOf(t, [2]string{"a.log", string(logLines(200_000))}, [2]string{"b", "second"})
	for i := range 40 { // the first member is about 10,000 bytes
		b := slices.Clone(data)
		at := 60 + i*240
		b[at] ^= 0x10
		o := unpack(t, b)
		complete(t, o)
		got := contents(o)
		if got["b"] != "second" {
			t.Errorf("flipped at %d: the other member is %q", at, got["b"])
		}
		if a := o.Artifacts[0]; a.Complete || a.Reason == "" || len(o.Diagnostics) != 1 {
			t.Errorf("flipped at %d: complete %v, %q", at, a.Complete, o.Diagnostics)
		}
	}
}

func TestZipMethods(t *testing.T) {
	want := string(logLines(50_000))
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(93, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) })
	w.RegisterCompressor(95, func(w io.Writer) (io.WriteCloser, error) { return &pipeTo{t: t, name: "xz", w: w}, nil })
	w.RegisterCompressor(14, func(w io.Writer) (io.WriteCloser, error) { return &pipeTo{t: t, name: "cat", w: w}, nil })
	for _, m := range []uint16{93, 95, 14} {
		f, err := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprint(m), Method: m})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, want); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	o := unpack(t, b.Bytes())
	complete(t, o)
	if got := contents(o); len(got) != 2 || got["93"] != want || got["95"] != want {
		t.Errorf("%q", names(got))
	}
	if len(o.Diagnostics) != 1 || !strings.Contains(o.Diagnostics[0], `"code":"zip.method","data":{"method":14}`) || o.Result.Units.Rejected != 1 {
		t.Errorf("%q", o.Diagnostics)
	}
}

// pipeTo compresses by a stock tool.
type pipeTo struct {
	t    *testing.T
	name string
	w    io.Writer
	buf  bytes.Buffer
}

func (p *pipeTo) Write(b []byte) (int, error) { return p.buf.Write(b) }

func (p *pipeTo) Close() error {
	path, err := exec.LookPath(p.name)
	if err != nil {
		p.t.Skipf("%s is not installed", p.name)
	}
	cmd := exec.Command(path)
	cmd.Stdin, cmd.Stdout = &p.buf, p.w
	return cmd.Run()
}

// overlapping makes an archive whose members all have the same compressed zeros
// (D. Fifield, "A better zip bomb", 2019, in its plainest form).
func overlapping(t testing.TB, members int, size int) []byte {
	t.Helper()
	var packed bytes.Buffer
	fw, err := flate.NewWriter(&packed, 9)
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, size)
	if _, err := fw.Write(zeros); err != nil {
		t.Fatal(err)
	}
	if err := fw.Close(); err != nil {
		t.Fatal(err)
	}
	crc := crc32.ChecksumIEEE(zeros)
	u16, u32 := binary.LittleEndian.AppendUint16, binary.LittleEndian.AppendUint32
	fields := func(b []byte) []byte {
		b = u16(u16(u16(u32(b, 20), 8), 0), 0) // version and flags, method, time, date
		return u32(u32(u32(b, crc), uint32(packed.Len())), uint32(size))
	}
	local := append(u16(u16(fields([]byte("PK\x03\x04")), 1), 0), 'z')
	data := append(local, packed.Bytes()...)
	start := len(data)
	for range members {
		entry := fields(append([]byte("PK\x01\x02"), 20, 0))
		entry = u16(u16(u16(u16(u16(entry, 1), 0), 0), 0), 0)
		data = append(u32(u32(append(data, entry...), 0), 0), 'z')
	}
	end := u32(u32(u16(u16([]byte("PK\x05\x06\x00\x00\x00\x00"), uint16(members)), uint16(members)), uint32(len(data)-start)), uint32(start))
	return append(append(data, end...), 0, 0)
}

func TestZipBombs(t *testing.T) {
	bomb := overlapping(t, 3, 1<<20)
	o := unpack(t, bomb)
	complete(t, o)
	if all := strings.Join(o.Diagnostics, "\n"); len(o.Artifacts) != 3 || !strings.Contains(all, `"code":"zip.overlap","data":{"members":2}`) {
		t.Errorf("%d artifacts, %s", len(o.Artifacts), all)
	}
	bomb = overlapping(t, 60_000, 1<<20)
	o = unpack(t, bomb, func(c *sdktest.Case) { c.Limits = sdk.Limits{MaxRatio: 10, MaxOutputBytes: 100 << 20} })
	var total int
	for _, a := range o.Artifacts {
		total += len(a.Data)
	}
	if last := o.Artifacts[len(o.Artifacts)-1]; o.Result.Outcome != evidence.OutcomePartial || !errors.Is(o.Result.Err, sdk.ErrLimit) || total > 100<<20 || last.Complete {
		t.Errorf("%s, %d bytes", o.Result.Outcome, total)
	}
}

// A member that claims to be shorter than it is does not get round the limits, and
// is not complete.
func TestZipThatLiesAboutSizes(t *testing.T) {
	data := overlapping(t, 1, 1<<20)
	central := bytes.Index(data, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(data[22:], 10)
	binary.LittleEndian.PutUint32(data[central+24:], 10)
	o := unpack(t, data)
	complete(t, o)
	if a := o.Artifacts[0]; len(a.Data) != 1<<20 || a.Complete || codes(t, o)["zip.checksum damage"] != 1 {
		t.Errorf("%d bytes, complete %v, %v", len(a.Data), a.Complete, codes(t, o))
	}
}

// An archive in itself: each layer is one member, and unpacking ends with it.
func TestNested(t *testing.T) {
	data := logLines(1000)
	for range 6 {
		data = zipOf(t, [2]string{"inner.zip", string(data)})
	}
	for range 6 {
		o := unpack(t, data)
		complete(t, o)
		if len(o.Artifacts) != 1 || !o.Artifacts[0].Complete {
			t.Fatal(o.Diagnostics)
		}
		data = o.Artifacts[0].Data
	}
	if !bytes.Equal(data, logLines(1000)) {
		t.Error("differs")
	}
}

// Signatures by the million that are none must not make the search slow.
func TestZipOfSignatures(t *testing.T) {
	for _, s := range []string{"PK\x03\x04", "PK\x07\x08", "PK\x05\x06", "PK\x01\x02", "PK\x03\x04\x14\x00\x08\x00\x00\x00" + strings.Repeat("\x00", 18) + "\x01\x00\x00\x00a"} {
		data := append([]byte("PK\x03\x04"), bytes.Repeat([]byte(s), 4<<20/len(s))...)
		start := time.Now()
		o := unpack(t, data, func(c *sdktest.Case) { c.Limits.MaxArtifacts = 20_000 })
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%q: %s, %d artifacts", s, d, len(o.Artifacts))
		}
	}
}

func TestZipEmpty(t *testing.T) {
	o := unpack(t, zipOf(t))
	if complete(t, o); len(o.Artifacts) != 0 || len(o.Diagnostics) != 0 || o.Result.Units.Declared != 0 {
		t.Errorf("%q %+v", o.Diagnostics, o.Result.Units)
	}
}

func TestManifest(t *testing.T) {
	b, err := os.ReadFile("plugin.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := evidence.ParsePluginManifest(b)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	if p := pluginOf(); m.Name != p.Name || m.Version != p.Version || m.Operations[0].Operation != p.Operations()[0] || len(m.Operations) != len(p.Operations()) {
		t.Errorf("plugin.json says %s %s", m.Name, m.Version)
	}
}
