//go:build linux

package main_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// tree makes a directory of everything that tar may meet and returns the contents
// of its files.
func tree(t testing.TB, dir string, longNames, fifo bool) map[string]string {
	t.Helper()
	files := map[string]string{
		"logs/a.log":            string(logLines(70_000)),
		"logs/empty":            "",
		"logs/block":            string(random(512)),
		"logs/中文 and space.txt": "text\n",
		"logs/bad\xff\xfename":  "raw",
		"-dash":                 "x",
	}
	if longNames {
		files[strings.Repeat("long-directory-name/", 12)+strings.Repeat("n", 200)+".txt"] = "deep"
		files["logs/"+strings.Repeat("é", 100)] = "wide"
	}
	for name, data := range files {
		write(t, dir, name, []byte(data))
	}
	at := time.Unix(1217545819, 0)
	for name := range files {
		if err := os.Chtimes(filepath.Join(dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(
		os.Symlink("../../etc/passwd", filepath.Join(dir, "link")),
		os.Link(filepath.Join(dir, "logs/block"), filepath.Join(dir, "zz-hard")),
		os.Mkdir(filepath.Join(dir, "nothing"), 0o700),
	); err != nil {
		t.Fatal(err)
	}
	if fifo {
		if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// offsets asks tar -tR in which block each member begins.
func offsets(t testing.TB, dir, archive string) map[string]int64 {
	t.Helper()
	out := stock(t, dir, "tar", "--quoting-style=literal", "-tRf", archive)
	m := map[string]int64{}
	for _, match := range regexp.MustCompile(`(?m)^block (\d+): (.*)$`).FindAllStringSubmatch(string(out), -1) {
		n, err := strconv.ParseInt(match[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		m[match[2]] = n * 512
	}
	return m
}

func number(t testing.TB, v any) int64 {
	t.Helper()
	n, err := v.(json.Number).Int64()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTar(t *testing.T) {
	for _, format := range []string{"v7", "oldgnu", "gnu", "ustar", "posix"} {
		t.Run(format, func(t *testing.T) {
			dir := t.TempDir()
			files := tree(t, filepath.Join(dir, "in"), format != "v7" && format != "ustar", format != "v7")
			stock(t, dir, "tar", "--format="+format, "--sort=name", "-C", "in", "-cf", "a.tar", ".")
			data := read(t, dir, "a.tar")
			o := unpack(t, data)
			complete(t, o)
			got := contents(o)
			for name, want := range files {
				if name = "./" + name; got[name] != want {
					t.Errorf("%q: %d bytes, want %d", name, len(got[name]), len(want))
				}
			}
			if len(got) != len(files) || len(o.Artifacts) != len(files) {
				t.Errorf("%d artifacts, want %d: %q", len(o.Artifacts), len(files), names(got))
			}
			want := map[string]int{"tar.symlink info": 1, "tar.hardlink info": 1}
			if format != "v7" {
				want["tar.fifo info"] = 1
			}
			if d := cmp.Diff(want, codes(t, o)); d != "" {
				t.Error(d)
			}
			if want := (evidence.Units{Declared: -1, Read: o.Result.Units.Read, Emitted: int64(len(files)), Skipped: o.Result.Units.Read - int64(len(files))}); o.Result.Units != want || o.Result.BytesRead != int64(len(data)) {
				t.Errorf("%+v, read %d of %d", o.Result.Units, o.Result.BytesRead, len(data))
			}
			at := offsets(t, dir, "a.tar")
			for _, a := range o.Artifacts {
				step := a.Steps[0]
				offset, length := number(t, step["offset"]), number(t, step["length"])
				if step["do"] != "untar" || string(data[offset:offset+length]) != string(a.Data) || !a.Complete {
					t.Errorf("%q: steps %v", a.Name.Bytes(), a.Steps)
				}
				// tar counts from the first header of the member, extended ones included.
				if head, ok := at[a.Name.Bytes()]; ok && (offset <= head || offset > head+5*512) {
					t.Errorf("%q: data at %d, tar says its header is at %d", a.Name.Bytes(), offset, head)
				}
				if a.Meta["mtime"] != "2008-07-31T23:10:19Z" || a.Meta["mode"] != "0600" || a.Meta["uid"] == nil {
					t.Errorf("%q: meta %v", a.Name.Bytes(), a.Meta)
				}
			}
			if len(at) < len(files) {
				t.Errorf("tar lists %d members", len(at))
			}
		})
	}
}

// A compressed tar gives its members at once, under the steps that lead to them.
func TestCompressedTar(t *testing.T) {
	dir := t.TempDir()
	files := tree(t, filepath.Join(dir, "in"), true, true)
	for do, flag := range map[string]string{"gunzip": "--gzip", "bunzip2": "--bzip2", "unxz": "--xz", "unzstd": "--zstd"} {
		stock(t, dir, "tar", flag, "--sort=name", "-C", "in", "-cf", "a.tar.z", ".")
		o := unpack(t, read(t, dir, "a.tar.z"))
		complete(t, o)
		got := contents(o)
		if len(o.Artifacts) != len(files) {
			t.Errorf("%s: %d artifacts", flag, len(o.Artifacts))
		}
		for name, want := range files {
			if got["./"+name] != want {
				t.Errorf("%s: %q differs", flag, name)
			}
		}
		for _, a := range o.Artifacts {
			if len(a.Steps) != 2 || a.Steps[0]["do"] != do || a.Steps[1]["do"] != "untar" {
				t.Errorf("%s: steps %v", flag, a.Steps)
			}
		}
	}
}

func TestSparse(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(40) { // more extents than an old header holds, and a hole at the end
		if _, err := f.WriteAt(bytes.Repeat([]byte{byte('A' + i)}, 4096), i*65536*2+4096); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(f.Truncate(9_000_000), f.Close()); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "after", []byte("after"))
	want := read(t, dir, "sparse")
	for _, args := range [][]string{{"--format=oldgnu"}, {"--format=gnu"}, {"--format=posix", "--sparse-version=0.0"}, {"--format=posix", "--sparse-version=0.1"}, {"--format=posix", "--sparse-version=1.0"}} {
		stock(t, dir, "tar", append(args, "--sparse", "-cf", "s.tar", "sparse", "after")...)
		data := read(t, dir, "s.tar")
		if len(data) > 400_000 {
			t.Skip("this filesystem keeps no holes")
		}
		o := unpack(t, data)
		complete(t, o)
		if len(o.Artifacts) != 2 || string(o.Artifacts[0].Data) != string(want) || string(o.Artifacts[1].Data) != "after" || len(o.Diagnostics) != 0 {
			t.Fatalf("%q: %q, %q", args, names(contents(o)), o.Diagnostics)
		}
		// The step leads from the archive to the content.
		step := o.Artifacts[0].Steps[0]
		if o.Artifacts[0].Name.Text != "sparse" || number(t, step["size"]) != 9_000_000 {
			t.Errorf("%q: %v, %v", args, o.Artifacts[0].Name, step["size"])
		}
		stored := data[number(t, step["offset"]):][:number(t, step["length"])]
		rebuilt := make([]byte, len(want))
		pairs := step["sparse"].([]any)
		var total int64
		for _, p := range pairs {
			total += number(t, p.([]any)[1])
		}
		stored = stored[int64(len(stored))-total:] // after the map that PAX 1.0 puts before
		for _, p := range pairs {
			offset, length := number(t, p.([]any)[0]), number(t, p.([]any)[1])
			copy(rebuilt[offset:], stored[:length])
			stored = stored[length:]
		}
		if !bytes.Equal(rebuilt, want) {
			t.Errorf("%q: the step does not lead to the content", args)
		}
	}
}

// Cut anywhere, an archive gives all members before the cut, and the beginning of
// the one that was cut.
func TestTarCutShort(t *testing.T) {
	dir := t.TempDir()
	var order []string
	for i := range 12 {
		name := fmt.Sprintf("f%02d", i)
		write(t, dir, name, logLines(3000*i))
		order = append(order, name)
	}
	stock(t, dir, "tar", append([]string{"--format=posix", "-cf", "a.tar"}, order...)...)
	data := read(t, dir, "a.tar")
	for n := 1; n < len(data); n += 1777 {
		o := unpack(t, data[:n])
		complete(t, o)
		if n < 512 {
			continue
		}
		for i, a := range o.Artifacts {
			whole := read(t, dir, order[i])
			if a.Name.Text != order[i] || !bytes.HasPrefix(whole, a.Data) || a.Complete != (len(a.Data) == len(whole)) || !a.Complete && i != len(o.Artifacts)-1 {
				t.Errorf("cut at %d: %q has %d of %d bytes, complete %v", n, a.Name.Text, len(a.Data), len(whole), a.Complete)
			}
		}
		// Without its last bytes an archive may still be whole: it ends in zeros.
		last := o.Artifacts[len(o.Artifacts)-1:]
		if len(o.Diagnostics) == 0 && (len(o.Artifacts) != len(order) || !last[0].Complete) {
			t.Errorf("cut at %d: not a word about it", n)
		}
	}
}

// A bad header costs its own member, no other.
func TestTarDamagedHeader(t *testing.T) {
	dir := t.TempDir()
	for i := range 5 {
		write(t, dir, fmt.Sprint("f", i), logLines(2000+i))
	}
	stock(t, dir, "tar", "--format=gnu", "-cf", "a.tar", "f0", "f1", "f2", "f3", "f4")
	data := read(t, dir, "a.tar")
	data[offsets(t, dir, "a.tar")["f2"]+150] ^= 1
	o := unpack(t, data)
	complete(t, o)
	if d := cmp.Diff([]string{"f0", "f1", "f3", "f4"}, names(contents(o))); d != "" {
		t.Error(d)
	}
	if got := codes(t, o); got["tar.header damage"] != 1 || len(got) != 1 {
		t.Error(got)
	}
	if !strings.Contains(o.Diagnostics[0], fmt.Sprintf(`"length":2560,"offset":%d`, offsets(t, dir, "a.tar")["f3"]-2560)) {
		t.Errorf("%q", o.Diagnostics)
	}
}

func TestTarAfterItsEnd(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "one", []byte("1"))
	write(t, dir, "two", []byte("2"))
	stock(t, dir, "tar", "-cf", "a.tar", "one")
	stock(t, dir, "tar", "-cf", "b.tar", "two")
	a, b := read(t, dir, "a.tar"), read(t, dir, "b.tar")
	o := unpack(t, append(slices.Clone(a), b...))
	complete(t, o)
	if got := codes(t, o); len(o.Artifacts) != 2 || got["tar.after_end warning"] != 1 || len(got) != 1 {
		t.Errorf("%d artifacts, %v", len(o.Artifacts), got)
	}
	o = unpack(t, append(slices.Clone(a), bytes.Repeat([]byte("garbage "), 200)...))
	if got := codes(t, o); len(o.Artifacts) != 1 || got["tar.trailing warning"] != 1 {
		t.Errorf("%d artifacts, %v", len(o.Artifacts), got)
	}
}

// header writes one by hand; archive/tar refuses some of what is needed here.
func header(name string, typeflag byte, size int64, change func([]byte)) []byte {
	b := make([]byte, 512)
	copy(b, name)
	copy(b[100:], "0000644\x000000000\x000000000\x00")
	copy(b[124:], fmt.Sprintf("%011o\x00", size))
	copy(b[136:], "11044444033\x00        ")
	b[156] = typeflag
	copy(b[257:], "ustar\x0000")
	if change != nil {
		change(b)
	}
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

func padded(s string) []byte { return append([]byte(s), make([]byte, (512-len(s)%512)%512)...) }

func TestTarNamesAreOnlyNames(t *testing.T) {
	var b []byte
	wanted := []string{"../../../etc/cron.d/x", "/etc/passwd", `..\..\evil.exe`, `C:\evil`, "a/../../b", "..", "", "a\nb", "fine..txt", "./fine"}
	for _, name := range wanted {
		b = append(append(b, header(name, '0', 3, nil)...), padded("abc")...)
	}
	b = append(b, make([]byte, 1024)...)
	o := unpack(t, append(header("first", '0', 0, nil), b...))
	complete(t, o)
	var got []string
	for _, a := range o.Artifacts[1:] {
		got = append(got, a.Name.Bytes())
	}
	if d := cmp.Diff(wanted, got); d != "" {
		t.Error(d)
	}
	if len(o.Diagnostics) != 1 || !strings.Contains(o.Diagnostics[0], `"code":"name.escapes","data":{"members":6}`) {
		t.Errorf("%q", o.Diagnostics)
	}
}

func TestTarOddHeaders(t *testing.T) {
	pax := func(records ...string) []byte {
		var s string
		for _, r := range records {
			n := len(r) + 3
			for len(strconv.Itoa(n))+len(r)+2 != n {
				n = len(strconv.Itoa(n)) + len(r) + 2
			}
			s += fmt.Sprintf("%d %s\n", n, r)
		}
		return append(header("PaxHeader", 'x', int64(len(s)), nil), padded(s)...)
	}
	file := append(header("file", '0', 5, nil), padded("hello")...)
	end := make([]byte, 1024)
	join := func(parts ...[]byte) []byte { return append(bytes.Join(parts, nil), end...) }
	base256 := header("big", '0', 0, func(b []byte) {
		copy(b[108:], "\x80\x00\x00\x00\x80\x00\x00\x00")
		copy(b[136:], "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe")
	})
	for name, c := range map[string]struct {
		data  []byte
		check func(o sdktest.Output) bool
	}{
		"plain": {join(file), func(o sdktest.Output) bool { return contents(o)["file"] == "hello" && len(o.Diagnostics) == 0 }},
		"base 256": {join(base256), func(o sdktest.Output) bool {
			m := o.Artifacts[0].Meta
			return m["uid"] == json.Number("2147483648") && m["mtime"] == "1969-12-31T23:59:58Z"
		}},
		"pax path": {join(pax("path=other/\xff", "comment=hi", "SCHILY.xattr.user.a=\x00\x01", "mtime=1217545819.25"), file), func(o sdktest.Output) bool {
			m := o.Artifacts[0].Meta
			return contents(o)["other/\xff"] == "hello" && m["comment"] == "hi" && m["mtime"] == "2008-07-31T23:10:19.25Z" && m["pax"].(map[string]any)["SCHILY.xattr.user.a"] == "\x00\x01"
		}},
		"pax size":   {join(pax("size=5"), header("file", '0', 0, nil), padded("hello")), func(o sdktest.Output) bool { return contents(o)["file"] == "hello" }},
		"pax global": {join(append(header("g", 'g', 15, nil), padded("15 path=global\n")...), file), func(o sdktest.Output) bool { return contents(o)["global"] == "hello" }},
		"pax broken": {join(append(header("x", 'x', 9, nil), padded("99 path=x")...), file), func(o sdktest.Output) bool {
			return contents(o)["file"] == "hello" && codes(t, o)["tar.pax damage"] == 1
		}},
		"pax absurd": {join(pax("size=-5"), file), func(o sdktest.Output) bool { return codes(t, o)["tar.pax damage"] == 1 }},
		"pax huge": {join(header("x", 'x', 3<<20, nil), make([]byte, 3<<20), file), func(o sdktest.Output) bool {
			return contents(o)["file"] == "hello" && codes(t, o)["tar.pax damage"] == 1
		}},
		"sparse absurd": {join(pax("GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.realsize=99", "GNU.sparse.name=s"), header("x", '0', 512, nil), padded("1\n50\n90\n")), func(o sdktest.Output) bool {
			return codes(t, o)["tar.sparse damage"] == 1 && !o.Artifacts[0].Complete && o.Artifacts[0].Name.Text == "s"
		}},
		"sparse bomb map": {join(pax("GNU.sparse.major=1", "GNU.sparse.realsize=99"), header("x", '0', 512, nil), padded("999999999\n1\n")), func(o sdktest.Output) bool { return codes(t, o)["tar.sparse damage"] == 1 }},
		"other volume":    {join(header("part", 'M', 5, nil), padded("hello")), func(o sdktest.Output) bool { return contents(o)["part"] == "hello" && !o.Artifacts[0].Complete }},
		"unknown type": {join(header("odd", 'Q', 5, nil), padded("hello")), func(o sdktest.Output) bool {
			return contents(o)["odd"] == "hello" && o.Artifacts[0].Meta["type"] == "Q"
		}},
		"link with size": {join(header("link", '2', 512, nil), file), func(o sdktest.Output) bool { return contents(o)["file"] == "hello" }},
		"old directory":  {join(header("dir/", 0, 0, nil), file), func(o sdktest.Output) bool { return len(o.Artifacts) == 1 && o.Result.Units.Skipped == 1 }},
		"signed sum":     {join(header("f\xe9", '0', 0, func(b []byte) {}), nil), func(o sdktest.Output) bool { return len(o.Artifacts) == 1 }},
		"no end": {file, func(o sdktest.Output) bool {
			return codes(t, o)["tar.end warning"] == 1 && contents(o)["file"] == "hello"
		}},
		"half a block": {append(slices.Clone(file), 'x'), func(o sdktest.Output) bool {
			return codes(t, o)["tar.cut damage"] == 1 && contents(o)["file"] == "hello"
		}},
	} {
		o := unpack(t, c.data)
		complete(t, o)
		if !c.check(o) {
			t.Errorf("%s: %q, %q, %v", name, names(contents(o)), o.Diagnostics, o.Result.Units)
		}
	}
}

// archive/tar reads what we read: a second opinion on archives it can make itself.
func TestTarAgainstGo(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	want := map[string]string{}
	for i := range 40 {
		name := fmt.Sprintf("%s%d", strings.Repeat("d/", i*7), i)
		data := string(logLines(i * 300))
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o644, ModTime: time.Unix(1e9, 5e8), Format: tar.FormatPAX, Uid: 1 << 30}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(data)); err != nil {
			t.Fatal(err)
		}
		want[name] = data
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	o := unpack(t, b.Bytes())
	if d := cmp.Diff(want, contents(o)); d != "" {
		t.Error(d)
	}
	if m := o.Artifacts[0].Meta; m["mtime"] != "2001-09-09T01:46:40.5Z" || m["uid"] != json.Number("1073741824") {
		t.Errorf("%v", m)
	}
}

func TestTarLimits(t *testing.T) {
	// 8 TB of holes in a kilobyte.
	records := ""
	for _, r := range []string{"GNU.sparse.major=0", "GNU.sparse.minor=1", "GNU.sparse.size=8000000000000", "GNU.sparse.map=0,1,9,1"} {
		records += fmt.Sprintf("%d %s\n", len(r)+4, r)
	}
	bomb := append(header("x", 'x', int64(len(records)), nil), padded(records)...)
	bomb = append(append(bomb, header("holes", '0', 2, nil)...), padded("ab")...)
	o := unpack(t, bomb, func(c *sdktest.Case) { c.Limits = sdk.Limits{MaxRatio: 50} })
	if a := o.Artifacts[0]; o.Result.Outcome != evidence.OutcomePartial || len(a.Data) != 64<<20 || a.Complete {
		t.Errorf("%s: %d bytes, %v", o.Result.Outcome, len(o.Artifacts[0].Data), o.Artifacts[0].Meta)
	}
	// Any number of members, none of them big.
	many := bytes.Repeat(header("f", '0', 0, nil), 5000)
	o = unpack(t, many, func(c *sdktest.Case) { c.Limits.MaxArtifacts = 1000 })
	if o.Result.Outcome != evidence.OutcomePartial || len(o.Artifacts) != 1000 {
		t.Errorf("%s: %d artifacts", o.Result.Outcome, len(o.Artifacts))
	}
}
