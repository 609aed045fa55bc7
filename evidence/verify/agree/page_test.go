package agree_test

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

type pageResult struct {
	Mode        string
	Verdict     string
	Attestation struct {
		Level   string
		Covered int64
	}
	Codes   []string
	Counts  map[string]int
	Trouble string
}

func TestPageSmoke(t *testing.T) {
	b := openBrowser(t, "file://"+page(t))
	name := filepath.Join(t.TempDir(), "bundle.zip")
	if err := os.WriteFile(name, zipOf("CASE-1", (&plan{}).build(), nil), 0o600); err != nil {
		t.Fatal(err)
	}
	var r pageResult
	text := b.give("files", "", "", "bundle", name)
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	t.Log(string(text))
	if r.Verdict != "INTACT" || len(b.errors) > 0 {
		t.Errorf("%+v %q", r, b.errors)
	}
	var worker bool
	b.eval("worker !== null", &worker)
	if !worker {
		t.Error("the check ran in the page, not in a worker")
	}
	if dir := os.Getenv("AGREE_SHOTS"); dir != "" {
		b.screenshot(dir+"/intact.png", 1200, 900)
	}
}

// pageSays runs the page's own check over bundles: in the page, one after the other.
// handOver gives the page the files of all jobs: testing.files.
func (b *browser) handOver(jobs []job) {
	b.t.Helper()
	b.eval(`window.testing = document.createElement("input"); testing.type = "file"; testing.multiple = true; true`, nil)
	var paths []string
	for _, j := range jobs {
		paths = append(paths, j.Path)
	}
	var e evaluated
	b.call("Runtime.evaluate", obj{"expression": "testing"}, &e)
	b.call("DOM.setFileInputFiles", obj{"files": paths, "objectId": e.Result.ObjectID}, nil)
}

func pageSays(t *testing.T, b *browser, jobs []job) []said {
	t.Helper()
	b.handOver(jobs)
	var all []said
	for some := range slices.Chunk(jobs, 50) { // each call has its time
		text, err := json.Marshal(some)
		if err != nil {
			t.Fatal(err)
		}
		var got []said
		b.eval(`(async (jobs, at) => {
		const out = [];
		for (const [i, j] of jobs.entries()) {
			const receipts = j.receipts.map(r => Uint8Array.from(atob(r ?? ""), c => c.charCodeAt(0)));
			const r = await examine({ items: [{ path: "b.zip", blob: testing.files[at + i] }], as: "bundle", trust: j.trust, receipts, tsa: (j.tsa ?? []).map(r => Uint8Array.from(atob(r), c => c.charCodeAt(0))), witnesses: j.witnesses ?? [] }).catch(e => ({ verdict: "failed: " + e.stack, attestation: {}, codes: [] }));
			out.push({ Verdict: r.verdict, Level: r.attestation.level, Covered: r.attestation.covered, Codes: r.codes.join(" ") });
		}
		return out;
	})(`+string(text)+fmt.Sprintf(", %d)", len(all)), &got)
		all = append(all, got...)
	}
	if len(all) != len(jobs) {
		t.Fatalf("the page said %d things of %d bundles", len(all), len(jobs))
	}
	return all
}

func TestPageAgrees(t *testing.T) {
	t.Parallel()
	b := openBrowser(t, "file://"+page(t))
	table := chosen()
	if !long() && os.Getenv("AGREE_ONLY") == "" { // one in three of each sort; which ones is the same every time
		var some []tampering
		for i := 0; i < len(table); i += 3 {
			some = append(some, table[i])
		}
		table = some
	}
	for i, got := range pageSays(t, b, lay(t, table)) {
		if want := goSays(t, table[i]); got != want {
			t.Errorf("%s: the page says %+v, Go %+v", table[i].name, got, want)
		}
	}
}

// TestPageEd25519: the browser's Ed25519 and the page's own say the same.
func TestPageEd25519(t *testing.T) {
	b := openBrowser(t, "file://"+page(t))
	type try struct {
		Key, Message, Signature []byte
		Good                    bool
	}
	var tries []try
	for i := range 12 {
		key := seedKey(fmt.Sprint("ed", i))
		message := bytes.Repeat([]byte{byte(i)}, i*37)
		good := try{key.Public().(ed25519.PublicKey), message, ed25519.Sign(key, message), true}
		tries = append(tries, good)
		for j, part := range []*[]byte{&good.Key, &good.Message, &good.Signature, &good.Signature} {
			bad := good
			bad.Good = false
			p := []*[]byte{&bad.Key, &bad.Message, &bad.Signature, &bad.Signature}[j]
			*p = slices.Clone(*part)
			if len(*p) == 0 {
				*p = []byte{1}
			} else {
				(*p)[(i*7+j*40)%len(*p)] ^= 1 << (i % 8)
			}
			tries = append(tries, bad)
		}
	}
	// S + q, which a lax verifier takes for S.
	over := tries[0]
	over.Good = false
	over.Signature = slices.Clone(over.Signature)
	q, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := slices.Clone(over.Signature[32:])
	slices.Reverse(s)
	sum := new(big.Int).Add(new(big.Int).SetBytes(s), q).FillBytes(make([]byte, 32))
	slices.Reverse(sum)
	copy(over.Signature[32:], sum)
	tries = append(tries, over, try{make([]byte, 32), nil, make([]byte, 64), false}, try{tries[0].Key, tries[0].Message, bytes.Repeat([]byte{255}, 64), false})
	text, err := json.Marshal(tries)
	if err != nil {
		t.Fatal(err)
	}
	var got [][]bool
	b.eval(`(async tries => {
		const out = [], of = s => Uint8Array.from(atob(s ?? ""), c => c.charCodeAt(0));
		for (const t of tries) {
			const args = [t.Key, t.Message, t.Signature].map(of);
			out.push([ed.pure(...args), await ed.native(...args).catch(() => false)]);
		}
		return out;
	})(`+string(text)+`)`, &got)
	for i, c := range tries {
		if want := ed25519.Verify(c.Key, c.Message, c.Signature) && c.Good; got[i][0] != want || got[i][1] != want {
			t.Errorf("%d: own %v, the browser's %v, Go %v", i, got[i][0], got[i][1], want)
		}
	}
	// And the whole check with the page's own only.
	name := filepath.Join(t.TempDir(), "b.zip")
	if err := os.WriteFile(name, zipOf("C", (&plan{rotate: seedKey("next")}).build(), nil), 0o600); err != nil {
		t.Fatal(err)
	}
	b.eval(`crypto.subtle.importKey = () => Promise.reject(new Error("not here")); true`, nil)
	if got := pageSays(t, b, []job{{Path: name, Trust: []string{}, Receipts: [][]byte{}}}); got[0].Codes != "" || got[0].Level != "self-asserted" {
		t.Errorf("without the browser's: %+v", got[0])
	}
	var which string
	b.eval(`ed.which()`, &which)
	if which != "this page's own" {
		t.Error(which)
	}
}

// TestPageHashes: the page's own hashes against Go's.
func TestPageHashes(t *testing.T) {
	b := openBrowser(t, "file://"+page(t))
	var got []string
	b.eval(`(() => {
		const out = [];
		for (const n of [0, 1, 55, 56, 63, 64, 65, 111, 112, 119, 127, 128, 129, 1000, 70000]) {
			const bytes = new Uint8Array(n).map((_, i) => (i * 31 + n) & 255);
			for (const name of ["md5", "sha1", "sha256", "sha512"]) {
				const h = HASHES[name]();
				for (let at = 0, step = 1; at < n; at += step, step = step % 97 + 13) h.update(bytes.subarray(at, at + step));
				out.push(hex(h.digest()));
			}
			out.push(String(HASHES.crc().update(bytes).digest()));
		}
		return out;
	})()`, &got)
	i := 0
	for _, n := range []int{0, 1, 55, 56, 63, 64, 65, 111, 112, 119, 127, 128, 129, 1000, 70000} {
		text := make([]byte, n)
		for k := range text {
			text[k] = byte(k*31 + n)
		}
		m, s1, s2, s5 := md5.Sum(text), sha1.Sum(text), sha256.Sum256(text), sha512.Sum512(text)
		for _, want := range []string{fmt.Sprintf("%x", m), fmt.Sprintf("%x", s1), fmt.Sprintf("%x", s2), fmt.Sprintf("%x", s5), fmt.Sprint(crc32.ChecksumIEEE(text))} {
			if got[i] != want {
				t.Errorf("hash %d of %d bytes: %s, not %s", i%5, n, got[i], want)
			}
			i++
		}
	}
}

// listCase is files and a list, given to the page together.
type listCase struct {
	name    string
	files   map[string]string
	list    string // pasted; "" where it lies among the files
	verdict string
	counts  string // match mismatch missing extra renamed present
}

func TestPageLists(t *testing.T) {
	t.Parallel()
	sum := func(h func([]byte) string, s string) string { return h([]byte(s)) }
	md := func(b []byte) string { return fmt.Sprintf("%x", md5.Sum(b)) }
	s1 := func(b []byte) string { return fmt.Sprintf("%x", sha1.Sum(b)) }
	s2 := func(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }
	s5 := func(b []byte) string { return fmt.Sprintf("%x", sha512.Sum512(b)) }
	two := map[string]string{"a.txt": "alpha", "dir/b.bin": "beta"}
	with := func(name, text string) map[string]string {
		m := maps.Clone(two)
		m[name] = text
		return m
	}
	lines := func(h func([]byte) string) string {
		return sum(h, "alpha") + "  a.txt\n" + sum(h, "beta") + "  dir/b.bin\n"
	}
	dat := "\u00feDOCID\u00fe\x14\u00feMD5 Hash\u00fe\x14\u00feNativeLink\u00fe\r\n\u00feA1\u00fe\x14\u00fe" + strings.ToUpper(sum(md, "alpha")) + "\u00fe\x14\u00fe\\VOL01\\NATIVES\\a.txt\u00fe\r\n\u00feA2\u00fe\x14\u00fe" + sum(md, "beta") + "\u00fe\x14\u00fe\\VOL01\\NATIVES\\dir\\b.bin\u00fe\r\n"
	latin := strings.ReplaceAll(dat, "\u00fe", "\xfe")
	utf16le := []byte{0xff, 0xfe}
	for _, c := range dat {
		utf16le = append(utf16le, byte(c), byte(c>>8))
	}
	b := openBrowser(t, "file://"+page(t))
	for _, c := range []listCase{
		{"sha256sum", two, lines(s2), "MATCH", "2 0 0 0 0 0"},
		{"sha1sum", two, lines(s1), "MATCH", "2 0 0 0 0 0"},
		{"md5sum", two, lines(md), "MATCH", "2 0 0 0 0 0"},
		{"sha512sum, binary marks", two, strings.ReplaceAll(lines(s5), "  ", " *"), "MATCH", "2 0 0 0 0 0"},
		{"CRLF and capitals", two, strings.ReplaceAll(strings.ToUpper(sum(s2, "alpha"))+"  a.txt\n"+sum(s2, "beta")+"  dir/b.bin\n", "\n", "\r\n"), "MATCH", "2 0 0 0 0 0"},
		{"./ before names", two, strings.ReplaceAll(lines(s2), "  ", "  ./"), "MATCH", "2 0 0 0 0 0"},
		{"BSD", two, "SHA256 (a.txt) = " + sum(s2, "alpha") + "\nSHA256 (dir/b.bin) = " + sum(s2, "beta") + "\n", "MATCH", "2 0 0 0 0 0"},
		{"among the files", with("SHA256SUMS", lines(s2)), "", "MATCH", "2 0 0 0 0 0"},
		{"changed", map[string]string{"a.txt": "alphA", "dir/b.bin": "beta"}, lines(s2), "DIFFERENT", "1 1 0 0 0 0"},
		{"missing", map[string]string{"a.txt": "alpha"}, lines(s2), "MISSING", "1 0 1 0 0 0"},
		{"extra", with("c.txt", "gamma"), lines(s2), "MORE THAN LISTED", "2 0 0 1 0 0"},
		{"renamed", map[string]string{"a.txt": "alpha", "dir/other.bin": "beta"}, lines(s2), "MATCH", "1 0 0 0 1 0"},
		{"all at once", map[string]string{"a.txt": "alphA", "x": "gamma"}, lines(md), "DIFFERENT", "0 1 1 1 0 0"},
		{"hashdeep", two, "%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## Invoked from: /x\n## $ hashdeep -r .\n## \n5," + sum(md, "alpha") + "," + sum(s2, "alpha") + ",/x/a.txt\n4," + sum(md, "beta") + "," + sum(s2, "beta") + ",/x/dir/b.bin\n", "MATCH", "2 0 0 0 0 0"},
		{"hashdeep, size wrong", two, "%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n6," + sum(md, "alpha") + "," + sum(s2, "alpha") + ",/x/a.txt\n4," + sum(md, "beta") + "," + sum(s2, "beta") + ",/x/dir/b.bin\n", "DIFFERENT", "1 1 0 0 0 0"},
		{"CSV", two, "Custodian,File Path,SHA-256\n\"Smith, J\",a.txt," + sum(s2, "alpha") + "\n\"Smith, J\",dir\\b.bin," + sum(s2, "beta") + "\n", "MATCH", "2 0 0 0 0 0"},
		{"CSV of PowerShell", two, "\"Algorithm\",\"Hash\",\"Path\"\r\n\"SHA256\",\"" + strings.ToUpper(sum(s2, "alpha")) + "\",\"C:\\cases\\a.txt\"\r\n\"SHA256\",\"" + strings.ToUpper(sum(s2, "beta")) + "\",\"C:\\cases\\dir\\b.bin\"\r\n", "MATCH", "2 0 0 0 0 0"},
		{"CSV with semicolons", two, "name;md5\na.txt;" + sum(md, "alpha") + "\ndir/b.bin;" + sum(md, "beta") + "\n", "MATCH", "2 0 0 0 0 0"},
		{"CSV, two hashes, one wrong", two, "path,md5,sha1\na.txt," + sum(md, "alpha") + "," + sum(s1, "alphA") + "\ndir/b.bin," + sum(md, "beta") + "," + sum(s1, "beta") + "\n", "DIFFERENT", "1 1 0 0 0 0"},
		{"CSV without names", two, "id,md5\n1," + sum(md, "alpha") + "\n2," + sum(md, "beta") + "\n", "MATCH", "2 0 0 0 0 0"},
		{"DAT", two, dat, "MATCH", "2 0 0 0 0 0"},
		{"DAT in Windows-1252", with("load.dat", latin), "", "MATCH", "2 0 0 0 0 0"},
		{"DAT in UTF-16", with("load.dat", string(utf16le)), "", "MATCH", "2 0 0 0 0 0"},
		{"OPT", two, "A1,VOL01,VOL01\\IMAGES\\a.txt,Y,,,2\nA2,VOL01,VOL01\\IMAGES\\dir\\b.bin,,,,\nA3,VOL01,VOL01\\IMAGES\\c.tif,Y,,,1\n", "MISSING", "0 0 1 0 0 2"},
		{"BagIt", map[string]string{"bagit.txt": "BagIt-Version: 1.0\n", "manifest-sha256.txt": sum(s2, "alpha") + "  data/a.txt\n", "tagmanifest-sha256.txt": sum(s2, "BagIt-Version: 1.0\n") + "  bagit.txt\n", "data/a.txt": "alpha"}, "", "MATCH", "2 0 0 0 0 0"},
		{"no list", two, "", "NOTHING TO COMPARE WITH", "0 0 0 2 0 0"},
		{"a list that is none", two, "hello\nworld\n", "NOTHING TO COMPARE WITH", "0 0 0 2 0 0"},
		{"same name twice, told by the path", map[string]string{"x/a.txt": "alpha", "y/a.txt": "beta"}, sum(s2, "alpha") + "  x/a.txt\n" + sum(s2, "beta") + "  y/a.txt\n", "MATCH", "2 0 0 0 0 0"},
		{"name with newline", map[string]string{"a\nb": "alpha"}, "\\" + sum(s2, "alpha") + "  a\\nb\n", "MATCH", "1 0 0 0 0 0"},
		{"umlaut decomposed", map[string]string{"u\u0308.txt": "alpha"}, sum(s2, "alpha") + "  \u00fc.txt\n", "MATCH", "1 0 0 0 0 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := map[string][]byte{}
			for name, content := range c.files {
				raw[name] = []byte(content)
			}
			text, err := json.Marshal([]any{raw, c.list})
			if err != nil {
				t.Fatal(err)
			}
			var r pageResult
			b.eval(`(async ([files, list]) => {
				const items = Object.entries(files).map(([path, b]) => ({ path: "given/" + path, blob: new Blob([Uint8Array.from(atob(b ?? ""), c => c.charCodeAt(0))]) }));
				return check({ items, as: "auto", lists: list ? [{ name: "pasted", bytes: new TextEncoder().encode(list) }] : [] }, () => {});
			})(`+string(text)+`)`, &r)
			got := fmt.Sprint(r.Counts["match"], r.Counts["mismatch"], r.Counts["missing"], r.Counts["extra"], r.Counts["renamed"], r.Counts["present"])
			if r.Mode != "list" || r.Verdict != c.verdict || got != c.counts {
				t.Errorf("%+v, %s", r, got)
			}
		})
	}
	// Somebody else's ZIP file, deflated.
	name := filepath.Join(t.TempDir(), "production.zip")
	var z bytes.Buffer
	w := zip.NewWriter(&z)
	for _, f := range []struct{ name, text string }{{"P/a.txt", strings.Repeat("alpha", 1000)}, {"P/md5.txt", sum(md, strings.Repeat("alpha", 1000)) + "  a.txt\n"}} {
		e, err := w.Create(f.name)
		if err == nil {
			_, err = e.Write([]byte(f.text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, z.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var r pageResult
	if err := json.Unmarshal(b.give("files", "", "", "auto", name), &r); err != nil || r.Verdict != "MATCH" || r.Counts["match"] != 1 {
		t.Errorf("ZIP file: %+v, %v", r, err)
	}
	if len(b.errors) > 0 {
		t.Errorf("%q", b.errors)
	}
}

// TestPageByHand goes the way that a person goes: files and folders chosen, a receipt
// pasted; and leaves pictures to look at where AGREE_SHOTS names a directory.
func TestPageByHand(t *testing.T) {
	t.Parallel()
	b := openBrowser(t, "file://"+page(t))
	dir := t.TempDir()
	f := (&plan{}).build()
	write := func(name string, zip []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, zip, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	intact := write("CASE-0142.zip", zipOf("CASE-0142", f, nil))
	altered := write("altered.zip", zipped(&plan{after: func(f files) {
		f["data/files/EX-1/letter.txt"] = []byte("another letter\n")
		f["data/files/EX-1/more.txt"] = []byte("more\n")
		delete(f, "data/files/EX-1/pack.zip")
	}}))
	noise := write("noise.zip", []byte("no bundle"))
	sums := write("sha256.txt", []byte(hexSum([]byte("no bundle"))+"  noise.zip\n"+hexSum([]byte("x"))+"  altered.zip\n"+hexSum(nil)+"  report.pdf\n"))
	folder := filepath.Join(unpack(t, map[string][]byte{}), "CASE-0142")
	for name, content := range f {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	receipt := receiptOf(noteOf(theOrigin, 10, linesOf(f), seedKey("log")), vkeyOf(theOrigin, seedKey("log")))
	forked := receiptOf(noteOf(theOrigin, 4, [][]byte{{1}, {2}, {3}, {4}}, seedKey("log")), vkeyOf(theOrigin, seedKey("log")))
	authority := authorities()["p384"]
	stampedBundle := write("stamped.zip", zipped(&plan{tags: func(f files) {
		b := response{by: authority}.build(f["custody/checkpoints/10.note"])
		f[anchorName(10, "tsr", b)] = b
		note := f["custody/checkpoints/7.note"]
		b = append(slices.Clone(note), cosign(note, "witness.example/w", seedKey("witness"), 1795341600)...)
		f[anchorName(7, "note", b)] = b
	}}))
	for _, c := range []struct {
		name, input, outside, as string
		paths                    []string
		mode, verdict, level     string
	}{
		{"receipt", "files", string(receipt), "auto", []string{intact}, "bundle", "INTACT", "anchored"},
		{"key", "files", vkeyOf(theOrigin, seedKey("log")), "auto", []string{intact}, "bundle", "INTACT", "trusted"},
		{"other-key", "files", vkeyOf(theOrigin, seedKey("other")), "auto", []string{intact}, "bundle", "INTACT, BELOW WHAT WAS REQUIRED", "self-asserted"},
		{"stamped", "files", string(authority.pem()) + witnessKey("witness.example/w", seedKey("witness")), "auto", []string{stampedBundle}, "bundle", "INTACT", "anchored"},
		{"stamped-alone", "files", "", "auto", []string{stampedBundle}, "bundle", "INTACT", "self-asserted"},
		{"intact", "files", "", "auto", []string{intact}, "bundle", "INTACT", "self-asserted"},
		{"folder", "folder", "", "auto", []string{folder}, "bundle", "INTACT", "self-asserted"},
		{"altered", "files", string(receipt), "auto", []string{altered}, "bundle", "ALTERED", "anchored"},
		{"forked", "files", string(forked), "auto", []string{intact}, "bundle", "FORKED", "self-asserted"},
		{"nonsense", "files", "hello", "auto", []string{intact}, "bundle", "CANNOT VERIFY", "self-asserted"},
		{"noise", "files", "", "auto", []string{noise}, "bundle", "CANNOT VERIFY", "none"},
		{"list", "files", "", "auto", []string{altered, noise, sums, intact}, "list", "DIFFERENT", ""},
	} {
		var r pageResult
		if err := json.Unmarshal(b.give(c.input, c.outside, "", c.as, c.paths...), &r); err != nil {
			t.Fatal(err)
		}
		if r.Mode != c.mode || r.Verdict != c.verdict || r.Attestation.Level != c.level {
			t.Errorf("%s: %+v", c.name, r)
		}
		var said struct {
			Title, State string
			Answers      []string
			Focus        bool
		}
		b.eval(`({ title: document.getElementById("verdict").textContent, state: document.getElementById("verdict").className, answers: [...document.querySelectorAll("#answers li")].map(l => l.textContent), focus: document.activeElement.id === "verdict" })`, &said)
		if len(said.Answers) != 3 || !said.Focus || (said.State == "good") != (c.verdict == "INTACT" && c.level != "self-asserted") {
			t.Errorf("%s: %+v", c.name, said)
		}
		if shots := os.Getenv("AGREE_SHOTS"); shots != "" {
			b.screenshot(filepath.Join(shots, c.name+"-1200.png"), 1200, 800)
			b.screenshot(filepath.Join(shots, c.name+"-480.png"), 480, 800)
		}
	}
	if shots := os.Getenv("AGREE_SHOTS"); shots != "" {
		b.give("files", string(receipt), "", "auto", altered)
		var pdf struct{ Data []byte }
		b.call("Page.printToPDF", obj{"paperWidth": 8.27, "paperHeight": 11.69}, &pdf)
		if err := os.WriteFile(filepath.Join(shots, "print.pdf"), pdf.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		b.call("Emulation.setEmulatedMedia", obj{"features": []obj{{"name": "prefers-color-scheme", "value": "dark"}}}, nil)
		b.screenshot(filepath.Join(shots, "dark.png"), 1200, 800)
	}
	if len(b.errors) > 0 {
		t.Errorf("%q", b.errors)
	}
}

var update = flag.Bool("update", false, "write the hashes of VERIFY.html's scripts into its policy anew")

// TestPagePolicy: the page reaches nothing, and runs its own two scripts only.
func TestPagePolicy(t *testing.T) {
	name := page(t)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var hashes []string
	for _, m := range regexp.MustCompile(`(?s)<script(?: id="core")?>(.*?)</script>`).FindAllSubmatch(text, -1) {
		sum := sha256.Sum256(m[1])
		hashes = append(hashes, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	}
	policy := regexp.MustCompile(`content="default-src 'none'; script-src ([^;]*); worker-src blob:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"`)
	m := policy.FindSubmatchIndex(text)
	if m == nil || len(hashes) != 2 {
		t.Fatalf("no policy, or %d scripts", len(hashes))
	}
	want := strings.Join(hashes, " ")
	if got := string(text[m[2]:m[3]]); got != want {
		if !*update {
			t.Fatalf("the scripts were changed: go test ./evidence/verify/agree -run PagePolicy -update\n%s", want)
		}
		text = slices.Concat(text[:m[2]], []byte(want), text[m[3]:])
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{"http:", "https:", "fetch(", "XMLHttpRequest", "WebSocket", "innerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "import(", "sendBeacon", "localStorage", "src="} {
		if bytes.Contains(text, []byte(bad)) {
			t.Errorf("there is %q in it", bad)
		}
	}
}
