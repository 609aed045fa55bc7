package main_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// tools are stock compressors and the step that undoes them.
var tools = []struct {
	do, name, ext string
	args          []string
}{
	{"gunzip", "gzip", ".gz", []string{"-k"}},
	{"bunzip2", "bzip2", ".bz2", []string{"-k"}},
	{"unxz", "xz", ".xz", []string{"-k"}},
	{"unxz", "xz", ".xz", []string{"-k", "-9e", "--check=sha256", "--x86", "--lzma2"}},
	{"unzstd", "zstd", ".zst", []string{"-q", "-19", "--long=27"}},
	{"unzstd", "zstd", ".zst", []string{"-q", "--no-check"}},
}

func TestStreams(t *testing.T) {
	for _, tool := range tools {
		for name, data := range map[string][]byte{"empty": nil, "byte": {7}, "log": logLines(1 << 20), "random": random(300_000), "zeros": make([]byte, 4<<20)} {
			t.Run(tool.name+strings.Join(tool.args, "")+" "+name, func(t *testing.T) {
				dir := t.TempDir()
				write(t, dir, "data.log", data)
				stock(t, dir, tool.name, append(slices.Clone(tool.args), "data.log")...)
				o := unpack(t, read(t, dir, "data.log"+tool.ext))
				complete(t, o)
				if len(o.Artifacts) != 1 || len(o.Diagnostics) != 0 {
					t.Fatalf("%d artifacts, %q", len(o.Artifacts), o.Diagnostics)
				}
				a := o.Artifacts[0]
				if !bytes.Equal(a.Data, data) || !a.Complete || a.Name != nil || a.Text != (name == "log") {
					t.Errorf("%d bytes, complete %v, name %v, text %v", len(a.Data), a.Complete, a.Name, a.Text)
				}
				if d := cmp.Diff([]map[string]any{{"do": tool.do}}, a.Steps); d != "" {
					t.Error(d)
				}
				st, err := os.Stat(filepath.Join(dir, "data.log"+tool.ext))
				if err != nil || o.Result.BytesRead != st.Size() {
					t.Errorf("read %d of %d bytes", o.Result.BytesRead, st.Size())
				}
				if tool.do == "gunzip" && a.Meta["name"] != "data.log" {
					t.Errorf("meta %v", a.Meta)
				}
			})
		}
	}
}

// Cut anywhere, a stream gives a prefix of its content: at least as much as the
// stock tool gets out of it, marked incomplete, with the reason.
func TestStreamsCutShort(t *testing.T) {
	data := logLines(1_900_000) // three blocks of bzip2
	// The decoder of xz leaves the last 21 bytes before the cut undecoded.
	behind := map[string]int{"xz": 1000}
	for _, tool := range tools {
		dir := t.TempDir()
		write(t, dir, "data", data)
		stock(t, dir, tool.name, append(slices.Clone(tool.args), "data")...)
		whole := read(t, dir, "data"+tool.ext)
		for i := range 12 {
			n := len(whole) * (i + 1) / 13
			if i >= 9 {
				n = len(whole) - 1 - (i-9)*5
			}
			o := unpack(t, whole[:n])
			complete(t, o)
			write(t, dir, "cut"+tool.ext, whole[:n])
			cmd := exec.Command(tool.name, "-dc", "cut"+tool.ext)
			cmd.Dir = dir
			stocked, _ := cmd.Output() // it fails, with what it could read
			switch {
			case len(o.Artifacts) == 0:
				if len(stocked) > 0 || o.Result.Units.Rejected != 1 {
					t.Errorf("%s cut at %d of %d: nothing, the tool gives %d bytes; %+v", tool.name, n, len(whole), len(stocked), o.Result.Units)
				}
			default:
				a := o.Artifacts[0]
				if !bytes.HasPrefix(data, a.Data) || len(a.Data) < len(stocked)-behind[tool.name] || a.Complete || a.Reason == "" {
					t.Errorf("%s cut at %d of %d: %d bytes, the tool gives %d; complete %v, %q", tool.name, n, len(whole), len(a.Data), len(stocked), a.Complete, a.Reason)
				}
				format := strings.TrimSuffix(tool.name, "ip")
				if got := codes(t, o); len(got) != 1 || got[tool.name+".cut damage"] != 1 {
					t.Errorf("%s cut at %d: %v", format, n, got)
				}
			}
		}
	}
}

// Cut at any byte, deflate gives what zlib's inflate gives: every complete symbol.
func TestDeflateCutAgainstZlib(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	// Literals and matches under dynamic codes, stored blocks, fixed codes.
	var mixed []byte
	for i := range 3 {
		mixed = append(append(mixed, logLines(400*(i+1))...), random(250)...)
	}
	const script = `
import sys, zlib
raw, level, strategy = sys.stdin.buffer.read(), int(sys.argv[1]), int(sys.argv[2])
c = zlib.compressobj(level, zlib.DEFLATED, 31, 9, strategy)
z = c.compress(raw) + c.flush()
print(z.hex())
for n in range(len(z)):
    print(len(zlib.decompressobj(31).decompress(z[:n])))
`
	for _, args := range [][]string{{"9", "0"}, {"0", "0"}, {"9", "4"}, {"6", "2"}} { // default, stored, fixed, Huffman only
		cmd := exec.Command(python, append([]string{"-c", script}, args...)...)
		cmd.Stdin = bytes.NewReader(mixed)
		out, err := cmd.Output()
		if err != nil {
			t.Skipf("python3 does not run: %v", err)
		}
		rows := strings.Fields(string(out))
		z, err := hex.DecodeString(rows[0])
		if err != nil {
			t.Fatal(err)
		}
		differ := 0
		for n, row := range rows[1:] {
			want, err := strconv.Atoi(row)
			if err != nil {
				t.Fatal(err)
			}
			got := []byte{}
			for _, a := range unpack(t, z[:n]).Artifacts {
				got = append(got, a.Data...)
			}
			if !bytes.HasPrefix(mixed, got) {
				t.Fatalf("%q cut at %d of %d: not what was compressed", args, n, len(z))
			}
			if len(got) != want {
				if differ++; differ < 4 {
					t.Errorf("%q cut at %d of %d: %d bytes, zlib gives %d", args, n, len(z), len(got), want)
				}
			}
		}
		if differ > 0 {
			t.Errorf("%q: %d of %d cuts differ", args, differ, len(z))
		}
	}
}

// A flipped bit must not go unnoticed where the format has a checksum, and what
// comes out as complete must be the content.
func TestStreamsFlipped(t *testing.T) {
	data := logLines(100_000)
	for _, tool := range tools {
		if slices.Contains(tool.args, "--no-check") {
			continue
		}
		dir := t.TempDir()
		write(t, dir, "data", data)
		stock(t, dir, tool.name, append(slices.Clone(tool.args), "data")...)
		whole := read(t, dir, "data"+tool.ext)
		for i := range 80 {
			flipped := slices.Clone(whole)
			flipped[i*len(whole)/80] ^= 1 << (i % 8)
			o := unpack(t, flipped)
			for _, a := range o.Artifacts {
				if a.Complete && !bytes.Equal(a.Data, data) {
					t.Errorf("%s flipped at %d: complete, but not the content", tool.name, i*len(whole)/80)
				}
				if !a.Complete && len(o.Diagnostics) == 0 {
					t.Errorf("%s flipped at %d: incomplete without a diagnostic", tool.name, i*len(whole)/80)
				}
			}
		}
	}
}

func TestStreamsOneAfterAnother(t *testing.T) {
	one, two := logLines(100_000), random(100_000)
	for _, tool := range tools {
		dir := t.TempDir()
		var both []byte
		for _, part := range [][]byte{one, two} {
			write(t, dir, "data", part)
			stock(t, dir, tool.name, append(slices.Clone(tool.args), "-f", "data")...)
			both = append(both, read(t, dir, "data"+tool.ext)...)
		}
		o := unpack(t, both)
		if len(o.Artifacts) != 1 || !bytes.Equal(o.Artifacts[0].Data, append(slices.Clone(one), two...)) || !o.Artifacts[0].Complete {
			t.Errorf("%s: %d artifacts", tool.name, len(o.Artifacts))
		}
		trailing := unpack(t, append(slices.Clone(both), "no member of anything"...))
		if len(trailing.Artifacts) != 1 || !trailing.Artifacts[0].Complete || codes(t, trailing)[tool.name+".trailing warning"] != 1 {
			t.Errorf("%s with bytes behind: %v, %+v", tool.name, codes(t, trailing), trailing.Result)
		}
	}
}

// gzipOf writes RFC 1952 by hand, so that its optional parts can be set wrong.
func gzipOf(t *testing.T, data []byte, hcrc, crc uint16) []byte {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "d", data)
	plain := stock(t, dir, "gzip", "-nc", "d")
	head := []byte{0x1f, 0x8b, 8, 1<<1 | 1<<2 | 1<<3 | 1<<4, 0x15, 0xcd, 0x5b, 0x07, 0, 3} // 1973-11-29T21:33:09Z
	head = append(head, 5, 0, 'x', 'x', 1, 0, 9)
	head = append(head, "n\xe4me\x00comment\x00"...)
	head = binary.LittleEndian.AppendUint16(head, uint16(crc32.ChecksumIEEE(head))^hcrc)
	body := slices.Clone(plain[10:])
	binary.LittleEndian.PutUint16(body[len(body)-8:], binary.LittleEndian.Uint16(body[len(body)-8:])^crc)
	return append(head, body...)
}

func TestGzipHeader(t *testing.T) {
	data := logLines(5000)
	o := unpack(t, gzipOf(t, data, 0, 0))
	complete(t, o)
	want := map[string]any{"comment": "comment", "mtime": "1973-11-29T21:33:09Z", "name": map[string]any{"raw": "buRtZQ==", "text": "n\ufffdme"}, "os": json.Number("3")}
	if d := cmp.Diff(want, o.Artifacts[0].Meta); d != "" || len(o.Diagnostics) != 0 || string(o.Artifacts[0].Data) != string(data) {
		t.Errorf("%s %q", d, o.Diagnostics)
	}
	for code, b := range map[string][]byte{"gzip.header damage": gzipOf(t, data, 1, 0), "gzip.checksum damage": gzipOf(t, data, 0, 1)} {
		o := unpack(t, b)
		complete(t, o)
		if a := o.Artifacts[0]; a.Complete || a.Reason == "" || string(a.Data) != string(data) || codes(t, o)[code] != 1 {
			t.Errorf("%s: complete %v, %q, %v", code, a.Complete, a.Reason, codes(t, o))
		}
	}
	// Padding to a block is usual and worth no word.
	o = unpack(t, append(gzipOf(t, data, 0, 0), make([]byte, 700)...))
	if complete(t, o); !o.Artifacts[0].Complete || len(o.Diagnostics) != 0 {
		t.Errorf("%q", o.Diagnostics)
	}
}

// The place of gzip's damage is the member's, to the byte.
func TestGzipDamageHasAPlace(t *testing.T) {
	first, second := gzipOf(t, logLines(5000), 0, 0), gzipOf(t, logLines(9000), 0, 0)
	o := unpack(t, append(slices.Clone(first), second[:len(second)/2]...))
	var d struct {
		Source struct{ Offset, Length int64 }
	}
	if err := json.Unmarshal([]byte(o.Diagnostics[0]), &d); err != nil {
		t.Fatal(err)
	}
	if d.Source.Offset != int64(len(first)) || d.Source.Length != int64(len(second)/2) {
		t.Errorf("%+v, the member is at %d", d.Source, len(first))
	}
}

func TestStreamBombs(t *testing.T) {
	for _, tool := range tools {
		if slices.Contains(tool.args, "-9e") {
			continue // as slow to make as it is like the other
		}
		dir := t.TempDir()
		f, err := os.Create(filepath.Join(dir, "zeros"))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Truncate(40<<20), f.Close()); err != nil {
			t.Fatal(err)
		}
		stock(t, dir, tool.name, append(slices.Clone(tool.args), "zeros")...)
		o := unpack(t, read(t, dir, "zeros"+tool.ext), func(c *sdktest.Case) { c.Limits = sdk.Limits{MaxRatio: 100, MaxOutputBytes: 30 << 20} })
		if a := o.Artifacts[0]; o.Result.Outcome != evidence.OutcomePartial || !errors.Is(o.Result.Err, sdk.ErrLimit) || len(a.Data) != 30<<20 || a.Complete {
			t.Errorf("%s: %s, %d bytes", tool.name, o.Result.Outcome, len(a.Data))
		}
	}
}

// A stream may ask for more memory than anyone has; it is refused, not served.
func TestStreamsThatAskForTooMuchMemory(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "data", logLines(1<<20))
	for _, c := range []struct {
		name, ext, code string
		args            []string
	}{
		{"xz", ".xz", "xz.window", []string{"-k", "--lzma2=dict=512MiB"}},
		{"zstd", ".zst", "zstd.window", []string{"-q", "--long=29", "--stream-size=1048577"}},
	} {
		in, err := os.Open(filepath.Join(dir, "data"))
		if err != nil {
			t.Fatal(err)
		}
		path, err := exec.LookPath(c.name)
		if err != nil {
			t.Skipf("%s is not installed", c.name)
		}
		args := c.args
		if c.name == "zstd" { // from a pipe the size is not known, and the window is as asked
			args = []string{"-q", "--long=29", "-c"}
		} else {
			args = append(args, "-c")
		}
		cmd := exec.Command(path, args...)
		cmd.Stdin = in
		b, err := cmd.Output()
		in.Close()
		if err != nil {
			t.Fatal(err)
		}
		o := unpack(t, b)
		if complete(t, o); len(o.Artifacts) != 0 || codes(t, o)[c.code+" reject"] != 1 {
			t.Errorf("%s: %d artifacts, %v", c.name, len(o.Artifacts), codes(t, o))
		}
	}
}

func TestNoContainer(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("hello"), make([]byte, 1024), []byte("BZh9"), []byte("\x1f\x8b\x08"), []byte("\x1f\x8b\x09\x00\x00\x00\x00\x00\x00\x00"), []byte("PK\x03\x04"), []byte("\x28\xb5\x2f\xfd"), []byte("\xfd7zXZ\x00")} {
		o := unpack(t, b)
		if complete(t, o); len(o.Artifacts) != 0 || o.Result.Units.Rejected != 1 || len(o.Diagnostics) < 1 {
			t.Errorf("%q: %d artifacts, %+v, %q", b, len(o.Artifacts), o.Result.Units, o.Diagnostics)
		}
	}
}
