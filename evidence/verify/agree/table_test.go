package agree_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// tampering is one thing done to a bundle, and what all verifiers must say of it.
type tampering struct {
	name     string
	zip      []byte
	path     string // of the file, where it is too large for memory
	trust    []string
	receipts [][]byte
	// tsa are certificates of authorities, witnesses keys.
	tsa       [][]byte
	witnesses []string
	// codes are separated by spaces; level is "" where it is self-asserted.
	codes, level string
}

const theOrigin = "lab.example/11111111-2222-4333-8444-555555555555"

// lastLines makes a plan, and returns the lines of its log.
func linesOf(f files) [][]byte {
	return bytes.Split(bytes.TrimSuffix(f["custody/log.jsonl"], []byte("\n")), []byte("\n"))
}

// receiptOf is a receipt as it is handed out.
func receiptOf(note []byte, vkey string) []byte {
	return fmt.Appendf(nil, "RECEIPT\n\n-----BEGIN EXHIBIT CHECKPOINT-----\n%s-----END EXHIBIT CHECKPOINT-----\n\n-----BEGIN EXHIBIT LOG KEY-----\n%s\n-----END EXHIBIT LOG KEY-----\n", note, vkey)
}

// theTable is every tampering but the flips.
func theTable() []tampering {
	var all []tampering
	return slices.Concat(all, untouched(), outsideTampers(), zipTampers(), fileTampers(), manifestTampers(), signatureTampers(), logTampers(), noteTampers(), keyTampers(), openingTampers(), treeTampers(), recordTampers(), listTampers(), craftedTampers(), narrowTampers(), anchorTampers())
}

func zipped(p *plan) []byte { return zipOf("CASE-1", p.build(), nil) }

// after changes the finished files.
func after(codes, name string, change func(files)) tampering {
	return tampering{name: name, codes: codes, zip: zipped(&plan{after: change})}
}

// tags changes files before the tag manifest is made and signed by the right key: a lie of the maker.
func tags(codes, name string, change func(files)) tampering {
	return tampering{name: name, codes: codes, zip: zipped(&plan{tags: change})}
}

func untouched() []tampering {
	return []tampering{
		{name: "plain", zip: zipped(&plan{})},
		{name: "small", zip: zipped(&plan{small: true})},
		{name: "log of 16", zip: zipped(&plan{extra: 6})},
		{name: "log of 17", zip: zipped(&plan{extra: 7})},
		{name: "log of 33", zip: zipped(&plan{extra: 23})},
		{name: "extra anchors and interop", zip: zipped(&plan{tags: func(f files) { f["anchors/x.tsr"] = []byte("x"); f["interop/dfxml.xml"] = nil }})},
	}
}

func outsideTampers() []tampering {
	f := (&plan{}).build()
	zip := zipOf("CASE-1", f, nil)
	lines := linesOf(f)
	key, other := seedKey("log"), seedKey("other")
	vkey := vkeyOf(theOrigin, key)
	forked := slices.Clone(lines)
	forked[3] = bytes.Replace(forked[3], []byte(`"phase":"end"`), []byte(`"phase":"END"`), 1)
	longer := append(slices.Clone(lines), []byte("{}"))
	note := func(size int, l [][]byte, keys ...ed25519.PrivateKey) []byte {
		return noteOf(theOrigin, size, l, keys...)
	}
	elsewhere := strings.Replace(theOrigin, "lab.example", "other.example", 1)
	whole := receiptOf(note(10, lines, key), vkey)
	mangled := "From: lab\r\n" + strings.ReplaceAll("> "+strings.ReplaceAll(strings.ReplaceAll(string(whole), "\n", "\n> "), "— ", "– "), "\n", "\r\n")
	wrapped := strings.Replace(string(whole), theOrigin+"\n10", theOrigin[:20]+"\n"+theOrigin[20:]+"\n10", 1)
	utf16 := []byte{0xff, 0xfe}
	for _, c := range string(whole) {
		utf16 = append(utf16, byte(c), byte(c>>8))
	}
	oneKey := func(name, codes, level string, keys ...string) tampering {
		return tampering{name: name, zip: zip, trust: keys, codes: codes, level: level}
	}
	receipt := func(name, codes, level string, r ...[]byte) tampering {
		return tampering{name: name, zip: zip, receipts: r, codes: codes, level: level}
	}
	cosigned := append(slices.Clone(note(10, lines, key)), "— witness.example/w "+base64.StdEncoding.EncodeToString(make([]byte, 68))+"\n"...)
	return []tampering{
		oneKey("trusted key", "", "trusted", vkey),
		oneKey("trusted key under another name", "", "trusted", vkeyOf("somebody", key)),
		oneKey("another trusted key", "required", "", vkeyOf(theOrigin, other)),
		oneKey("two trusted keys", "", "trusted", vkeyOf(theOrigin, other), vkey),
		receipt("receipt", "", "anchored", whole),
		receipt("old receipt", "", "anchored", receiptOf(note(3, lines, key), vkey)),
		receipt("receipt of nothing", "", "anchored", receiptOf(note(0, lines, key), vkey)),
		receipt("bare note", "", "anchored", note(10, lines, key)),
		receipt("cosigned bare note", "", "anchored", cosigned),
		receipt("cosigned receipt", "", "anchored", receiptOf(cosigned, vkey)),
		receipt("receipt quoted by mail", "", "anchored", []byte(mangled)),
		receipt("receipt with broken lines", "", "anchored", []byte(wrapped)),
		receipt("receipt in UTF-16", "", "anchored", utf16),
		receipt("receipt twice", "", "anchored", append(slices.Clone(whole), whole...)),
		receipt("two receipts in one", "receipt", "", append(slices.Clone(whole), receiptOf(note(3, lines, key), vkey)...)),
		receipt("receipt cut short", "receipt", "", whole[:len(whole)-20]),
		receipt("receipt without its key", "receipt", "", whole[:bytes.Index(whole, []byte("-----BEGIN EXHIBIT LOG KEY"))]),
		receipt("no receipt", "receipt", "", []byte("hello\n")),
		receipt("empty receipt", "receipt", "", []byte{}),
		receipt("receipt with its size changed", "receipt", "", bytes.Replace(whole, []byte("\n10\n"), []byte("\n9\n"), 1)),
		receipt("receipt by another key", "", "anchored", receiptOf(note(10, lines, other), vkeyOf(theOrigin, other))),
		receipt("bare note by another key", "receipt", "", note(10, lines, other)),
		receipt("receipt that states another key", "receipt", "", receiptOf(note(10, lines, key), vkeyOf(theOrigin, other))),
		receipt("receipt whose key is another log's", "receipt", "", receiptOf(note(10, lines, key), vkeyOf(elsewhere, key))),
		receipt("receipt of another case", "receipt", "", receiptOf(noteOf(elsewhere, 10, lines, key), vkeyOf(elsewhere, key))),
		receipt("rolled back", "receipt.rolled-back", "", receiptOf(signNote(noteText(theOrigin, 11, longer), theOrigin, key), vkey)),
		receipt("rolled back, bare note", "receipt.rolled-back", "", signNote(noteText(theOrigin, 11, longer), theOrigin, key)),
		receipt("forked", "receipt.forked", "", receiptOf(note(10, forked, key), vkey)),
		receipt("forked early", "receipt.forked", "", receiptOf(note(5, forked, key), vkey)),
		receipt("agrees before the fork", "", "anchored", receiptOf(note(3, forked, key), vkey)),
		receipt("one of several receipts forked", "receipt.forked receipt", "anchored", whole, []byte("x"), receiptOf(note(10, forked, key), vkey)),
		{name: "bare note by a trusted key", zip: zip, trust: []string{vkeyOf("x", other)}, receipts: [][]byte{note(10, lines, other)}, level: "anchored"},
	}
}

func zipTampers() []tampering {
	f := (&plan{small: true}).build()
	lie := func(name string, change func([]*entryOf) []*entryOf) tampering {
		return tampering{name: "zip: " + name, codes: "zip", level: "none", zip: zipOf("CASE-1", f, change)}
	}
	one := func(name string, change func(*entryOf)) tampering {
		return lie(name, func(e []*entryOf) []*entryOf { change(e[3]); return e })
	}
	renamed := func(name string, to string) tampering {
		return lie("name "+name, func(e []*entryOf) []*entryOf {
			e[3].name, e[3].localName = to, to
			slices.SortFunc(e, func(a, b *entryOf) int { return strings.Compare(a.name, b.name) })
			return e
		})
	}
	plain := zipOf("CASE-1", f, nil)
	raw := func(name string, b []byte) tampering {
		return tampering{name: "zip: " + name, codes: "zip", level: "none", zip: b}
	}
	out := []tampering{
		raw("empty", nil), raw("one byte", []byte("P")), raw("text", []byte("hello, world, this is no ZIP file at all\n")),
		raw("something before", append([]byte("x"), plain...)), raw("something behind", append(slices.Clone(plain), 'x')),
		raw("end only", plain[len(plain)-22:]),
		raw("end that says there is more", append([]byte("PK\x05\x06\x00\x00\x00\x00\xff\xff\xff\xff"), make([]byte, 10)...)),
		raw("no entries", append([]byte("PK\x05\x06"), make([]byte, 18)...)),
		one("something between", func(e *entryOf) { e.gap = []byte("gap") }),
		one("descriptor", func(e *entryOf) { e.descriptor = []byte("PK\x07\x08............") }),
		one("method deflate", func(e *entryOf) { e.method = 8 }),
		one("encrypted", func(e *entryOf) { e.flags = 1 }),
		one("UTF-8 flag", func(e *entryOf) { e.flags = 0x800 }),
		one("date", func(e *entryOf) { e.date = 34 }),
		one("symlink", func(e *entryOf) { e.made, e.attributes = 3<<8|20, 0o120777<<16 }),
		one("made by Unix", func(e *entryOf) { e.made = 3<<8 | 20 }),
		one("mode", func(e *entryOf) { e.attributes = 0o100644 << 16 }),
		one("local extra", func(e *entryOf) { e.localExtra = []byte{0x55, 0x54, 0, 0} }),
		one("central extra", func(e *entryOf) { e.centralExtra = []byte{0x55, 0x54, 0, 0} }),
		one("ZIP64 extra that nothing needs", func(e *entryOf) { e.centralExtra = append([]byte{1, 0, 8, 0}, make([]byte, 8)...) }),
		one("entry comment", func(e *entryOf) { e.comment = "c" }),
		one("other local name", func(e *entryOf) { e.localName = e.name[:len(e.name)-1] + "x" }),
		one("other local checksum", func(e *entryOf) { e.crc ^= 1 }),
		one("other central checksum", func(e *entryOf) { e.centralCRC ^= 1 }),
		one("size that lies", func(e *entryOf) { e.size += 5 }),
		one("size of 4 GiB", func(e *entryOf) { e.size = 1<<32 - 1 }),
		one("overlap", func(e *entryOf) { e.offsetBy = -10 }),
		one("offset of another", func(e *entryOf) { e.offsetBy = 40 }),
		lie("same entry twice", func(e []*entryOf) []*entryOf { return slices.Insert(e, 3, e[3]) }),
		lie("out of order", func(e []*entryOf) []*entryOf { e[2], e[3] = e[3], e[2]; return e }),
		lie("second bag", func(e []*entryOf) []*entryOf {
			e[len(e)-1].name, e[len(e)-1].localName = "CASE-2/x", "CASE-2/x"
			return e
		}),
		lie("directory entry", func(e []*entryOf) []*entryOf {
			d := *e[0]
			d.name, d.localName, d.content, d.size, d.crc, d.centralCRC = "CASE-1/a/", "CASE-1/a/", nil, 0, 0, 0
			return append([]*entryOf{&d}, e...)
		}),
		lie("one file and no bag", func(e []*entryOf) []*entryOf {
			e[0].name, e[0].localName = "x", "x"
			return e[:1]
		}),
		lie("directory that is another's file", func(e []*entryOf) []*entryOf {
			a, b := *e[0], *e[0]
			a.name, a.localName, b.name, b.localName = "CASE-1/ZZ/x", "CASE-1/ZZ/x", "CASE-1/zz", "CASE-1/zz"
			e = append(e, &a, &b)
			slices.SortFunc(e, func(a, b *entryOf) int { return strings.Compare(a.name, b.name) })
			return e
		}),
		lie("file that is another's directory", func(e []*entryOf) []*entryOf {
			d := *e[0]
			d.name, d.localName = "CASE-1/CUSTODY", "CASE-1/CUSTODY"
			return append([]*entryOf{&d}, e...)
		}),
		lie("case collision", func(e []*entryOf) []*entryOf {
			d := *e[0]
			d.name, d.localName = "CASE-1/BAGIT.TXT", "CASE-1/BAGIT.TXT"
			return append([]*entryOf{&d}, e...)
		}),
	}
	for _, name := range []string{"tagmanifest-sha256.txt", "tagmanifest-sha256.txt.sig", "manifest-sha256.txt", "bagit.txt", "data/files.csv", "keys/log.vkey"} {
		level := "none"
		if name == "data/files.csv" || strings.HasSuffix(name, ".sig") {
			level = ""
		}
		out = append(out, tampering{name: "zip: checksum of " + name, codes: "file.altered", level: level, zip: zipOf("CASE-1", f, func(e []*entryOf) []*entryOf {
			for _, x := range e {
				if x.name == "CASE-1/"+name {
					x.crc ^= 1
					x.centralCRC ^= 1
				}
			}
			return e
		})})
	}
	for name, to := range map[string]string{
		"parent": "CASE-1/../x", "absolute": "/CASE-1/x", "drive": "C:/x", "backslash": `CASE-1\x`, "dot": "CASE-1/./x", "empty part": "CASE-1//x", "hidden": "CASE-1/.x", "dash": "CASE-1/-x",
		"ends with dot": "CASE-1/x.", "space": "CASE-1/a b", "reserved": "CASE-1/con", "reserved with suffix": "CASE-1/Com1.txt", "reserved lpt": "CASE-1/a/LPT9.x.y", "long part": "CASE-1/" + strings.Repeat("a", 61),
		"long": "CASE-1" + strings.Repeat("/"+strings.Repeat("a", 47), 3) + "/b", "no bag": "x", "not ASCII": "CASE-1/\xc3\xbc", "bidi": "CASE-1/a\xe2\x80\xaegpj.exe", "nul": "CASE-1/a\x00b", "newline": "CASE-1/a\nb", "kelvin": "CASE-1/\xe2\x84\xaa",
	} {
		out = append(out, renamed(name, to))
	}
	for _, cut := range []int{1, 10, 22, 40, len(plain) / 2, len(plain) - 30} {
		out = append(out, raw(fmt.Sprintf("cut by %d", cut), plain[:len(plain)-cut]))
	}
	slices.SortFunc(out, func(a, b tampering) int { return strings.Compare(a.name, b.name) })
	for _, name := range []string{"CASE-1/lpt", "CASE-1/con1", "CASE-1/COM", "CASE-1/a/" + strings.Repeat("b", 60), "CASE-1" + strings.Repeat("/"+strings.Repeat("a", 47), 3)} { // safe
		out = append(out, tampering{name: "added " + name[:10], codes: "file.extra", zip: zipOf("CASE-1", f, func(e []*entryOf) []*entryOf {
			d := *e[0]
			d.name, d.localName = name, name
			e = append(e, &d)
			slices.SortFunc(e, func(a, b *entryOf) int { return strings.Compare(a.name, b.name) })
			return e
		})})
	}
	return append(out, tampering{name: "checksums of the ZIP changed alike", codes: "file.altered", zip: zipOf("CASE-1", f, func(e []*entryOf) []*entryOf {
		for _, x := range e {
			if strings.HasSuffix(x.name, "letter.txt") {
				x.crc ^= 1
				x.centralCRC ^= 1
			}
		}
		return e
	})}, tampering{name: "other name of the bag", zip: zipOf("X", f, nil)})
}

func flipped(b []byte) []byte {
	b = slices.Clone(b)
	b[len(b)/2] ^= 1
	return b
}

func fileTampers() []tampering {
	var out []tampering
	for name := range (&plan{}).build() {
		level, changed, gone := "", "file.altered", "file.missing"
		if !strings.HasPrefix(name, "data/") {
			level = "none"
		}
		switch name {
		case "manifest-sha256.txt":
			gone = "bag"
		case "tagmanifest-sha256.txt":
			gone = "bag"
		case "tagmanifest-sha256.txt.sig":
			changed, gone, level = "signature", "signature.missing", ""
		case "keys/allowed_signers":
			gone, changed = "file.missing signature", ""
		}
		if changed == "file.altered" && name != "tagmanifest-sha256.txt" && name != "manifest-sha256.txt" {
			out = append(out, tampering{name: "changed " + name, codes: changed, level: level, zip: zipped(&plan{after: func(f files) { f[name] = flipped(f[name]) }})})
		}
		out = append(out,
			tampering{name: "removed " + name, codes: gone, level: level, zip: zipped(&plan{after: func(f files) { delete(f, name) }})})
		if name == "tagmanifest-sha256.txt" || name == "manifest-sha256.txt" || name == "tagmanifest-sha256.txt.sig" {
			continue
		}
		both := "file.extra file.missing"
		if name == "keys/allowed_signers" {
			both += " signature"
		}
		out = append(out,
			tampering{name: "renamed " + name, codes: both, level: level, zip: zipped(&plan{after: func(f files) { f[name+"x"] = f[name]; delete(f, name) }})},
		)
	}
	slices.SortFunc(out, func(a, b tampering) int { return strings.Compare(a.name, b.name) })
	out = append(out,
		after("file.extra", "added data file", func(f files) { f["data/files/new.txt"] = []byte("new") }),
		after("file.extra", "added tag file", func(f files) { f["README.txt"] = []byte("new") }),
		after("file.extra", "fetch.txt", func(f files) { f["fetch.txt"] = []byte("http://example.com/x 1 data/x\n") }),
		tampering{name: "added custody file", codes: "file.extra", level: "none", zip: zipped(&plan{after: func(f files) { f["custody/x"] = nil }})},
		after("file.altered", "truncated data file", func(f files) { f["data/files/EX-1/letter.txt"] = letterText[:5] }),
		after("file.altered", "emptied data file", func(f files) { f["data/files/EX-1/letter.txt"] = nil }),
		after("file.altered", "two files swapped", func(f files) {
			a, b := "data/files/EX-1/letter.txt", "data/files/EX-1/pack.zip"
			f[a], f[b] = f[b], f[a]
		}),
		after("file.missing", "removed records", func(f files) { delete(f, "data/records/records.jsonl") }),
	)
	return out
}

func manifestTampers() []tampering {
	text := func(name string, change func(string) string) []tampering {
		payload := tampering{name: "manifest: " + name, codes: "manifest", level: "none", zip: zipped(&plan{manifest: func(b []byte) []byte { return []byte(change(string(b))) }})}
		tag := tampering{name: "tag manifest: " + name, codes: "manifest", level: "none", zip: zipped(&plan{tagManifest: func(b []byte) []byte { return []byte(change(string(b))) }})}
		return []tampering{payload, tag}
	}
	line := func(s string, i int) string { return strings.SplitAfter(s, "\n")[i] }
	out := slices.Concat(
		text("CRLF", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }),
		text("BOM", func(s string) string { return "\ufeff" + s }),
		text("one space", func(s string) string { return strings.Replace(s, "  ", " ", 1) }),
		text("binary mark", func(s string) string { return strings.Replace(s, "  ", " *", 1) }),
		text("capitals", func(s string) string { return strings.ToUpper(s[:64]) + s[64:] }),
		text("no end", func(s string) string { return strings.TrimSuffix(s, "\n") }),
		text("line twice", func(s string) string { return line(s, 0) + s }),
		text("out of order", func(s string) string { return line(s, 1) + line(s, 0) + s[len(line(s, 0))+len(line(s, 1)):] }),
		text("blank line", func(s string) string { return s + "\n" }),
		text("parent", func(s string) string { return strings.Repeat("0", 64) + "  ../x\n" + s }),
		text("dots inside", func(s string) string { return s + strings.Repeat("0", 64) + "  z/../x\n" }),
		text("percent", func(s string) string { return s + strings.Repeat("0", 64) + "  data/z%0Ax\n" }),
		text("bidi", func(s string) string { return s + strings.Repeat("0", 64) + "  data/z\u202egpj.exe\n" }),
		text("NUL", func(s string) string { return s + "\x00" }),
		text("long line", func(s string) string {
			return s + strings.Repeat("0", 64) + "  data/" + strings.Repeat("z", 300) + "\n"
		}),
		text("shorter digest", func(s string) string { return s[1:] }),
		text("not hexadecimal", func(s string) string { return "g" + s[1:] }),
	)
	return append(out,
		tampering{name: "manifest lists a tag file", codes: "manifest", level: "none", zip: zipped(&plan{manifest: func(b []byte) []byte { return append([]byte(hexSum(nil)+"  bagit.txt\n"), b...) }})},
		tampering{name: "tag manifest lists a data file", codes: "manifest", level: "none", zip: zipped(&plan{tagManifest: func(b []byte) []byte {
			return []byte(strings.Replace(string(b), "  keys/", "  data/files.csv\n"+hexSum(nil)+"  keys/", 1))
		}})},
		tampering{name: "tag manifest lists itself", codes: "manifest", level: "none", zip: zipped(&plan{tagManifest: func(b []byte) []byte { return append(b, hexSum(nil)+"  tagmanifest-sha256.txt\n"...) }})},
		tampering{name: "tag manifest lists its signature", codes: "manifest", level: "none", zip: zipped(&plan{tagManifest: func(b []byte) []byte { return append(b, hexSum(nil)+"  tagmanifest-sha256.txt.sig\n"...) }})},
		tampering{name: "manifest not listed", codes: "file.extra", level: "none", zip: zipped(&plan{tagManifest: func(b []byte) []byte {
			return []byte(strings.Join(slices.DeleteFunc(strings.SplitAfter(string(b), "\n"), func(l string) bool { return strings.HasSuffix(l, "  manifest-sha256.txt\n") }), ""))
		}})},
		tampering{name: "tag file not listed", codes: "file.extra", level: "none", zip: zipped(&plan{tagManifest: func(b []byte) []byte {
			return []byte(strings.Join(slices.DeleteFunc(strings.SplitAfter(string(b), "\n"), func(l string) bool { return strings.Contains(l, "openings") }), ""))
		}})},
		tampering{name: "manifest emptied", codes: "file.extra", zip: zipped(&plan{manifest: func([]byte) []byte { return nil }})},
		tampering{name: "data file changed, manifests made anew", codes: "export list signature", zip: zipped(&plan{after: func(f files) {
			f["data/files/EX-1/letter.txt"] = bytes.ToUpper(letterText)
			remake(f, nil)
		}})},
		tampering{name: "data file changed, all signed anew by another", codes: "export list signature", zip: zipped(&plan{after: func(f files) {
			f["data/files/EX-1/letter.txt"] = bytes.ToUpper(letterText)
			remake(f, seedKey("other"))
		}})},
		tampering{name: "data file changed, all signed anew by the same", codes: "export list", zip: zipped(&plan{after: func(f files) {
			f["data/files/EX-1/letter.txt"] = bytes.ToUpper(letterText)
			remake(f, seedKey("log"))
		}})},
		tampering{name: "data file added, all signed anew by the same", codes: "bag", level: "none", zip: zipped(&plan{after: func(f files) {
			f["data/x.txt"] = nil
			remake(f, seedKey("log"))
		}})},
	)
}

// remake writes both manifests anew; it signs them with key, or leaves the old signature where that is nil.
func remake(f files, key ed25519.PrivateKey) {
	payload, tags := files{}, files{}
	for name, b := range f {
		if strings.HasPrefix(name, "data/") {
			payload[name] = b
		}
	}
	f["manifest-sha256.txt"] = manifestOf(payload)
	if key != nil {
		f["keys/allowed_signers"] = allowedOf(theOrigin, key)
	}
	for name, b := range f {
		if !strings.HasPrefix(name, "data/") && !strings.HasPrefix(name, "tagmanifest") {
			tags[name] = b
		}
	}
	f["tagmanifest-sha256.txt"] = manifestOf(tags)
	if key != nil {
		f["tagmanifest-sha256.txt.sig"] = sshSign(key, "exhibit-bundle", f["tagmanifest-sha256.txt"])
	}
}

func signatureTampers() []tampering {
	sig := func(codes, name string, change func(string) string) tampering {
		return after(codes, "signature: "+name, func(f files) {
			f["tagmanifest-sha256.txt.sig"] = []byte(change(string(f["tagmanifest-sha256.txt.sig"])))
		})
	}
	allowed := func(codes, name string, change func(string) string) tampering {
		return tags(codes, "allowed signers: "+name, func(f files) { f["keys/allowed_signers"] = []byte(change(string(f["keys/allowed_signers"]))) })
	}
	other := seedKey("other")
	return []tampering{
		sig("signature", "CRLF", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }),
		sig("signature", "blank line behind", func(s string) string { return s + "\n" }),
		sig("signature", "no last newline", func(s string) string { return strings.TrimSuffix(s, "\n") }),
		sig("signature", "one long line", func(s string) string {
			l := strings.Split(s, "\n")
			return l[0] + "\n" + strings.Join(l[1:len(l)-2], "") + "\n" + l[len(l)-2] + "\n"
		}),
		sig("signature", "empty", func(string) string { return "" }),
		sig("signature", "garbage", func(string) string { return "garbage" }),
		sig("signature", "spaces", func(s string) string { return strings.Replace(s, "\n", " \n", 2) }),
		sig("signature", "twice", func(s string) string { return s + s }),
		after("signature", "signature for another purpose", func(f files) {
			f["tagmanifest-sha256.txt.sig"] = sshSign(seedKey("log"), "file", f["tagmanifest-sha256.txt"])
		}),
		after("signature", "signature of another text", func(f files) {
			f["tagmanifest-sha256.txt.sig"] = sshSign(seedKey("log"), "exhibit-bundle", []byte("other"))
		}),
		after("signature", "signature by a key that is not allowed", func(f files) {
			f["tagmanifest-sha256.txt.sig"] = sshSign(other, "exhibit-bundle", f["tagmanifest-sha256.txt"])
		}),
		{name: "signed by an allowed key that is not the log's", codes: "signature", zip: zipped(&plan{sshKey: other})},
		allowed("", "a second key", func(s string) string { return s + string(allowedOf("x", other)) }),
		allowed("signature", "another end", func(s string) string { return strings.TrimSuffix(s, "\n") + "x" }),
		allowed("signature", "comment", func(s string) string { return "# who signed\n" + s }),
		allowed("signature", "without namespace", func(s string) string { return strings.Replace(s, ` namespaces="exhibit-bundle"`, "", 1) }),
		allowed("signature", "other namespace", func(s string) string { return strings.Replace(s, "exhibit-bundle", "file", 1) }),
		allowed("signature", "wildcard", func(s string) string { return strings.Replace(s, theOrigin, "*", 1) }),
		allowed("signature", "trailing comment", func(s string) string { return strings.Replace(s, "\n", " me@lab\n", 1) }),
		allowed("signature", "no end", func(s string) string { return strings.TrimSuffix(s, "\n") }),
		allowed("signature", "empty", func(string) string { return "" }),
		allowed("signature", "BOM", func(s string) string { return "\ufeff" + s }),
		tags("signature", "no allowed signers, and none listed", func(f files) { delete(f, "keys/allowed_signers") }),
	}
}

func sameLength(b []byte, old, new string) []byte {
	if len(old) != len(new) || !bytes.Contains(b, []byte(old)) {
		panic("not in it: " + old)
	}
	return bytes.Replace(b, []byte(old), []byte(new), 1)
}

func logTampers() []tampering {
	// what somebody without the log's key can do: tag files and log, signed by himself.
	log := func(codes, name string, change func([][]byte) [][]byte) tampering {
		c := tags(codes, "log: "+name, func(f files) {
			f["custody/log.jsonl"] = append(bytes.Join(change(linesOf(f)), []byte("\n")), '\n')
		})
		if codes == "log" {
			c.level = "none"
		}
		return c
	}
	// what the maker can do: everything is made anew after it.
	line := func(codes, name, level string, change func(seq int, b []byte) []byte) tampering {
		return tampering{name: "entry: " + name, codes: codes, level: level, zip: zipped(&plan{line: change})}
	}
	entry := func(name string, change func(seq int, e obj)) tampering {
		return tampering{name: "entry: " + name, codes: "log", level: "none", zip: zipped(&plan{entry: change})}
	}
	at := func(seq int, change func(e obj)) func(int, obj) {
		return func(n int, e obj) {
			if n == seq {
				change(e)
			}
		}
	}
	raw := func(seq int, change func(string) string) func(int, []byte) []byte {
		return func(n int, b []byte) []byte {
			if n == seq {
				return []byte(change(string(b)))
			}
			return b
		}
	}
	replace := func(old, new string) func(int, []byte) []byte {
		return raw(3, func(s string) string { return strings.Replace(s, old, new, 1) })
	}
	out := []tampering{
		log("log", "entry edited", func(l [][]byte) [][]byte { l[3] = sameLength(l[3], `"phase":"end"`, `"phase":"END"`); return l }),
		log("log", "entries swapped", func(l [][]byte) [][]byte { l[3], l[4] = l[4], l[3]; return l }),
		log("log", "entry twice", func(l [][]byte) [][]byte { return slices.Insert(l, 3, l[3]) }),
		log("log", "entry deleted", func(l [][]byte) [][]byte { return slices.Delete(l, 3, 4) }),
		log("log", "first entry deleted", func(l [][]byte) [][]byte { return l[1:] }),
		log("log", "blank line", func(l [][]byte) [][]byte { return slices.Insert(l, 3, nil) }),
		log("log", "CRLF", func(l [][]byte) [][]byte { l[3] = append(l[3], '\r'); return l }),
		log("checkpoint checkpoint.missing", "last entry edited", func(l [][]byte) [][]byte { l[9] = sameLength(l[9], `"kind":"seal"`, `"kind":"SEAL"`); return l }),
		log("checkpoint checkpoint.missing", "last entry deleted", func(l [][]byte) [][]byte { return l[:9] }),
		log("checkpoint checkpoint.missing export opening", "truncated to the checkpoint before", func(l [][]byte) [][]byte { return l[:7] }),
		log("checkpoint", "entry added", func(l [][]byte) [][]byte {
			return append(l, bytes.Replace(bytes.Replace(l[9], []byte(`"seq":9`), []byte(`"seq":10`), 1), []byte(`"prev":"`+strings.Split(string(l[9]), `"prev":"`)[1][:64]), []byte(`"prev":"`+hexLeaf(l[9])), 1))
		}),
		log("log", "all of another case", func(l [][]byte) [][]byte {
			for i := range l {
				l[i] = bytes.ReplaceAll(l[i], []byte("lab.example"), []byte("lab.examplf"))
			}
			return l
		}),
		{name: "log: emptied", codes: "log", level: "none", zip: zipped(&plan{tags: func(f files) { f["custody/log.jsonl"] = nil }})},
		{name: "log: not there, and not listed", codes: "log", level: "none", zip: zipped(&plan{tags: func(f files) { delete(f, "custody/log.jsonl") }})},
		{name: "log: no end", codes: "log", level: "none", zip: zipped(&plan{tags: func(f files) { f["custody/log.jsonl"] = bytes.TrimSuffix(f["custody/log.jsonl"], []byte("\n")) }})},
		{name: "log: BOM", codes: "log", level: "none", zip: zipped(&plan{tags: func(f files) { f["custody/log.jsonl"] = append([]byte("\ufeff"), f["custody/log.jsonl"]...) }})},
		{name: "log: NUL behind", codes: "log", level: "none", zip: zipped(&plan{tags: func(f files) { f["custody/log.jsonl"] = append(f["custody/log.jsonl"], 0) }})},
		line("log", "white space", "none", replace(`,"kind"`, `, "kind"`)),
		line("log", "member twice", "none", replace(`"kind":"receive"`, `"kind":"receive","kind":"receive"`)),
		line("log", "members out of order", "none", replace(`"commit":{},"id"`, `"id":"x","commit":{},"id"`)),
		line("log", "escape that nothing needs", "none", replace(`"end"`, `"\u0065nd"`)),
		line("log", "solidus escaped", "none", replace(`lab.example/`, `lab.example\/`)),
		line("log", "fraction", "none", replace(`"monotonic_us":1`, `"monotonic_us":1.0`)),
		line("log", "exponent", "none", replace(`"monotonic_us":1`, `"monotonic_us":1e0`)),
		line("log", "minus zero", "none", replace(`"monotonic_us":1`, `"monotonic_us":-0`)),
		line("log", "leading zero", "none", replace(`"monotonic_us":1`, `"monotonic_us":01`)),
		line("log", "NaN", "none", replace(`"monotonic_us":1`, `"monotonic_us":NaN`)),
		line("log", "2^53", "none", replace(`"monotonic_us":1`, `"monotonic_us":9007199254740992`)),
		line("log", "2^53+1", "none", replace(`"monotonic_us":1`, `"monotonic_us":9007199254740993`)),
		line("log", "huge number", "none", replace(`"monotonic_us":1`, `"monotonic_us":1`+strings.Repeat("0", 400))),
		line("", "2^53-1", "", replace(`"monotonic_us":1`, `"monotonic_us":9007199254740991`)),
		line("", "-(2^53-1)", "", replace(`"monotonic_us":1`, `"monotonic_us":-9007199254740991`)),
		line("log", "invalid UTF-8", "none", replace(`"os":"linux"`, "\"os\":\"lin\xff\"")),
		line("log", "surrogate in UTF-8", "none", replace(`"os":"linux"`, "\"os\":\"lin\xed\xa0\x80\"")),
		line("log", "surrogate escaped", "none", replace(`"os":"linux"`, `"os":"\ud800"`)),
		line("", "DEL, line separator, bidi, astral", "", replace(`"os":"linux"`, "\"os\":\"\x7f\u2028\u202e😀\"")),
		line("log", "control character", "none", replace(`"os":"linux"`, "\"os\":\"\x01\"")),
		line("", "control character escaped", "", replace(`"os":"linux"`, `"os":"\u0001\n\b"`)),
		line("log", "control character in capitals", "none", replace(`"os":"linux"`, `"os":"\u001F"`)),
		line("", "control character in lower case", "", replace(`"os":"linux"`, `"os":"\u001f"`)),
		line("log", "something behind", "none", raw(3, func(s string) string { return s + " " })),
		line("log", "a list", "none", raw(3, func(s string) string { return "[" + s + "]" })),
		line("log", "null", "none", raw(3, func(string) string { return "null" })),
		line("log", "names out of UTF-16's order", "none", raw(3, func(s string) string { return strings.Replace(s, `"tool":{`, "\"tool\":{\"\ufb01\":1,\"😀\":1,", 1) })),
		line("log", "1 MiB and a byte", "none", replace(`"os":"linux"`, `"os":"`+strings.Repeat("x", 1<<20)+`"`)),
		{name: "entry: odd names in order", zip: zipped(&plan{entry: at(3, func(e obj) {
			e["plain"].(obj)["😀"] = 1
			e["plain"].(obj)["\ufb01"] = 2
			e["plain"].(obj)["__proto__"] = obj{"x": 1}
			e["plain"].(obj)["constructor"] = 1
			e["plain"].(obj)["10"] = 1
			e["plain"].(obj)["9"] = 1
		})})},
		{name: "entry: nested 60 deep", zip: zipped(&plan{entry: at(3, func(e obj) { e["plain"].(obj)["x"] = nested(60) })})},
		{name: "entry: nested to the limit", zip: zipped(&plan{entry: at(3, func(e obj) { e["plain"].(obj)["x"] = nested(63) })})},
		{name: "entry: nested too deep", codes: "log", level: "none", zip: zipped(&plan{line: replace(`"phase":"end"`, `"phase":`+strings.Repeat("[", 64)+"1"+strings.Repeat("]", 64))})},
		{name: "entry: nested very deep", codes: "log", level: "none", zip: zipped(&plan{line: replace(`"phase":"end"`, `"phase":`+strings.Repeat("[", 20000)+strings.Repeat("]", 20000))})},
		entry("version 2", at(3, func(e obj) { e["v"] = 2 })),
		entry("version true", at(3, func(e obj) { e["v"] = true })),
		entry("another log", at(3, func(e obj) { e["origin"] = "x" })),
		entry("number", at(3, func(e obj) { e["seq"] = 4 })),
		entry("number that is true", at(1, func(e obj) { e["seq"] = true })),
		entry("number as text", at(3, func(e obj) { e["seq"] = "3" })),
		entry("prev of nothing", at(3, func(e obj) { e["prev"] = "" })),
		entry("prev of the first", at(0, func(e obj) { e["prev"] = strings.Repeat("0", 64) })),
		entry("second creation", at(3, func(e obj) { e["kind"] = "create" })),
		entry("no creation", at(0, func(e obj) { e["kind"] = "note" })),
		entry("member more", at(3, func(e obj) { e["x"] = 1 })),
		entry("member less", at(3, func(e obj) { delete(e, "refs") })),
		entry("kind is a number", at(3, func(e obj) { e["kind"] = 1 })),
		entry("id is null", at(3, func(e obj) { e["id"] = nil })),
		entry("nonce is a list", at(3, func(e obj) { e["nonce"] = []any{} })),
		entry("plain is a list", at(3, func(e obj) { e["plain"] = []any{} })),
		entry("tool is null", at(3, func(e obj) { e["tool"] = nil })),
		entry("commitment too short", at(3, func(e obj) { e["commit"] = obj{"x": "00"} })),
		entry("commitment in capitals", at(3, func(e obj) { e["commit"] = obj{"x": strings.Repeat("A", 64)} })),
		entry("set without size", at(3, func(e obj) { e["sets"] = obj{"runs": obj{"root": strings.Repeat("0", 64)}} })),
		entry("set of negative size", at(3, func(e obj) { e["sets"] = obj{"runs": obj{"root": strings.Repeat("0", 64), "size": -1}} })),
		entry("set with more", at(3, func(e obj) { e["sets"] = obj{"runs": obj{"root": strings.Repeat("0", 64), "size": 1, "x": 1}} })),
		entry("set with a root in capitals", at(3, func(e obj) { e["sets"] = obj{"runs": obj{"root": strings.Repeat("A", 64), "size": 1}} })),
		entry("set is a list", at(3, func(e obj) { e["sets"] = obj{"runs": []any{}} })),
		entry("reference to itself", at(3, func(e obj) { e["refs"] = obj{"item": 3} })),
		entry("reference to text", at(3, func(e obj) { e["refs"] = obj{"item": "1"} })),
		entry("reference to less than nothing", at(3, func(e obj) { e["refs"] = obj{"item": -1} })),
		entry("reference to true", at(3, func(e obj) { e["refs"] = obj{"item": true} })),
	}
	for _, seq := range []int{0, 1, 3, 6} {
		out = append(out, log("log", fmt.Sprintf("time of entry %d edited", seq), func(l [][]byte) [][]byte { l[seq] = sameLength(l[seq], "2026-11-22", "2026-11-23"); return l }))
	}
	return out
}

func nested(n int) any {
	var v any = 1
	for range n - 1 {
		v = []any{v}
	}
	return v
}

func hexLeaf(b []byte) string { h := leafOf(b); return fmt.Sprintf("%x", h) }

func noteTampers() []tampering {
	key, other := seedKey("log"), seedKey("other")
	last, first := "custody/checkpoints/10.note", "custody/checkpoints/7.note"
	note := func(codes, name string, change func(string) string) tampering {
		return tags(codes, "checkpoint: "+name, func(f files) { f[first] = []byte(change(string(f[first]))) })
	}
	newest := func(codes, name, level string, change func(string) string) tampering {
		return tampering{name: "newest checkpoint: " + name, codes: codes, level: level, zip: zipped(&plan{tags: func(f files) { f[last] = []byte(change(string(f[last]))) }})}
	}
	keys := func(codes, name, level string, change func(string) string) tampering {
		return tampering{name: "keys: " + name, codes: codes, level: level, zip: zipped(&plan{tags: func(f files) { f["keys/log.vkey"] = []byte(change(string(f["keys/log.vkey"]))) }})}
	}
	elsewhere := strings.Replace(theOrigin, "lab.example", "other.example", 1)
	unsigned := func(s string) string { return s[:strings.Index(s, "\n\n")+1] }
	return []tampering{
		note("checkpoint", "root", func(s string) string {
			return signed(theOrigin+"\n7\n"+base64.StdEncoding.EncodeToString(make([]byte, 32))+"\n", key)
		}),
		note("checkpoint", "root, signature left", func(s string) string { return s[:60] + flipLetter(s[60:]) }),
		note("checkpoint", "by another key", func(s string) string { return signed(unsigned(s), other) }),
		note("checkpoint", "another key under the same hash", func(s string) string {
			own := keyHashOf(theOrigin, key.Public().(ed25519.PublicKey))
			return unsigned(s) + "\n— " + theOrigin + " " + base64.StdEncoding.EncodeToString(append(own, ed25519.Sign(other, []byte(unsigned(s)))...)) + "\n"
		}),
		note("checkpoint", "another size", func(s string) string { return signed(strings.Replace(unsigned(s), "\n7\n", "\n6\n", 1), key) }),
		note("checkpoint", "leading zero", func(s string) string { return signed(strings.Replace(unsigned(s), "\n7\n", "\n07\n", 1), key) }),
		note("checkpoint", "plus", func(s string) string { return signed(strings.Replace(unsigned(s), "\n7\n", "\n+7\n", 1), key) }),
		note("checkpoint", "extension line", func(s string) string { return signed(unsigned(s)+"x\n", key) }),
		note("checkpoint", "of another case", func(s string) string {
			return string(signNote(strings.Replace(unsigned(s), theOrigin, elsewhere, 1), elsewhere, key))
		}),
		note("checkpoint", "of another case, signed in our name", func(s string) string { return signed(strings.Replace(unsigned(s), theOrigin, elsewhere, 1), key) }),
		note("checkpoint", "hyphen", func(s string) string { return strings.Replace(s, "— ", "- ", 1) }),
		note("checkpoint", "signature twice", func(s string) string { return s + s[strings.Index(s, "— "):] }),
		note("checkpoint", "signature cut short", func(s string) string {
			return unsigned(s) + "\n— " + theOrigin + " " + base64.StdEncoding.EncodeToString(append(keyHashOf(theOrigin, key.Public().(ed25519.PublicKey)), 1, 2, 3)) + "\n"
		}),
		note("checkpoint", "CRLF", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }),
		note("checkpoint", "blank line behind", func(s string) string { return s + "\n" }),
		note("checkpoint", "another end", func(s string) string { return strings.TrimSuffix(s, "\n") + " " }),
		note("checkpoint", "no end", func(s string) string { return strings.TrimSuffix(s, "\n") }),
		note("checkpoint", "loose base64", func(s string) string {
			i := strings.Index(s, "=\n\n")
			return s[:i-1] + string(base64Next(s[i-1])) + s[i:]
		}),
		note("checkpoint", "invalid UTF-8", func(s string) string {
			return s + "— x\xff " + base64.StdEncoding.EncodeToString(make([]byte, 68)) + "\n"
		}),
		note("checkpoint", "empty", func(string) string { return "" }),
		note("checkpoint", "too long", func(s string) string {
			for i := 0; len(s) <= 65536; i++ {
				s += fmt.Sprintf("— w%d %s\n", i, base64.StdEncoding.EncodeToString(make([]byte, 68)))
			}
			return s
		}),
		note("", "cosigned", func(s string) string {
			return s + "— witness.example/w " + base64.StdEncoding.EncodeToString(make([]byte, 68)) + "\n"
		}),
		note("", "a line of another key in our name", func(s string) string {
			return s + "— " + theOrigin + " " + base64.StdEncoding.EncodeToString(append(keyHashOf(theOrigin, other.Public().(ed25519.PublicKey)), ed25519.Sign(other, []byte(unsigned(s)))...)) + "\n"
		}),
		newest("checkpoint checkpoint.missing", "by another key", "", func(s string) string { return signed(unsigned(s), other) }),
		newest("checkpoint checkpoint.missing", "malformed", "", func(s string) string { return s[1:] }),
		tags("checkpoint.missing", "newest checkpoint removed", func(f files) { delete(f, last) }),
		tags("", "older checkpoint removed", func(f files) { delete(f, first) }),
		{name: "all checkpoints removed", codes: "checkpoint.missing", level: "none", zip: zipped(&plan{tags: func(f files) { delete(f, first); delete(f, last) }})},
		tags("checkpoint", "checkpoint under another name", func(f files) { f["custody/checkpoints/8.note"] = f[first]; delete(f, first) }),
		tags("checkpoint", "checkpoint over no such size", func(f files) { f["custody/checkpoints/x.note"] = f[first] }),
		tags("checkpoint", "checkpoint with a leading zero in its name", func(f files) { f["custody/checkpoints/07.note"] = f[first] }),
		tags("checkpoint", "checkpoint of a huge size", func(f files) {
			f["custody/checkpoints/9007199254740993.note"] = []byte(signed(theOrigin+"\n9007199254740993\n"+base64.StdEncoding.EncodeToString(make([]byte, 32))+"\n", key))
		}),
		tags("checkpoint", "checkpoint over more than there is", func(f files) {
			f["custody/checkpoints/11.note"] = []byte(signed(theOrigin+"\n11\n"+base64.StdEncoding.EncodeToString(make([]byte, 32))+"\n", key))
		}),
		tags("checkpoint", "something among the checkpoints", func(f files) { f["custody/checkpoints/notes/7.note"] = f[first] }),
		tags("", "checkpoint over nothing", func(f files) { f["custody/checkpoints/0.note"] = noteOf(theOrigin, 0, nil, key) }),
		tags("", "checkpoint over one", func(f files) { f["custody/checkpoints/1.note"] = noteOf(theOrigin, 1, linesOf(f), key) }),
		tags("checkpoint", "checkpoint before the last", func(f files) {
			f["custody/checkpoints/9.note"] = noteOf(theOrigin, 9, linesOf(f), key)
			delete(f, last)
		}),
		keys("checkpoint checkpoint.missing", "another key", "none", func(string) string { return vkeyOf(theOrigin, other) + "\n" }),
		keys("", "another key more", "", func(s string) string { return s + vkeyOf(theOrigin, other) + "\n" }),
		keys("checkpoint checkpoint.missing", "twice", "none", func(s string) string { return s + s }),
		keys("checkpoint checkpoint.missing", "another end", "none", func(s string) string { return strings.TrimSuffix(s, "\n") + " " }),
		keys("checkpoint checkpoint.missing", "no end", "none", func(s string) string { return strings.TrimSuffix(s, "\n") }),
		keys("checkpoint checkpoint.missing", "empty", "none", func(string) string { return "" }),
		keys("checkpoint checkpoint.missing", "hash", "none", func(s string) string { return strings.Replace(s, "+", "+0", 1) }),
		keys("checkpoint checkpoint.missing", "of another log", "none", func(string) string { return vkeyOf(elsewhere, key) + "\n" }),
		keys("checkpoint checkpoint.missing", "algorithm byte", "none", func(s string) string {
			pub := append([]byte{2}, key.Public().(ed25519.PublicKey)...)
			return fmt.Sprintf("%s+%x+%s\n", theOrigin, keyHashOf(theOrigin, key.Public().(ed25519.PublicKey)), base64.StdEncoding.EncodeToString(pub))
		}),
		keys("checkpoint checkpoint.missing", "algorithm byte, and hash with it", "none", func(string) string {
			raw := append([]byte{2}, key.Public().(ed25519.PublicKey)...)
			return fmt.Sprintf("%s+%x+%s\n", theOrigin, witnessHash(theOrigin, raw), base64.StdEncoding.EncodeToString(raw))
		}),
		{name: "keys: not there, and not listed", codes: "checkpoint checkpoint.missing", level: "none", zip: zipped(&plan{tags: func(f files) { delete(f, "keys/log.vkey") }})},
		{name: "everything by another key of the same name", zip: zipped(&plan{key: other}), trust: []string{vkeyOf(theOrigin, key)}, codes: "required"},
		{name: "everything by another key of the same name, receipt", zip: zipped(&plan{key: other}), receipts: [][]byte{receiptOf(noteOf(theOrigin, 10, linesOf((&plan{}).build()), key), vkeyOf(theOrigin, key))}, codes: "receipt.forked"},
		bagInfo("bag", "version", "Exhibit-Bundle-Version: 1", "Exhibit-Bundle-Version: 2"),
		bagInfo("bag", "origin", "External-Identifier: lab.example", "External-Identifier: lab example"),
		bagInfo("bag", "no origin", "External-Identifier: "+theOrigin+"\n", ""),
		bagInfo("log", "origin of another", "lab.example", "lab.examplf"),
		bagInfo("bag", "entry", "Exhibit-Entry: 8", "Exhibit-Entry: 08"),
		bagInfo("export", "another entry", "Exhibit-Entry: 8", "Exhibit-Entry: 7"),
		bagInfo("checkpoint.missing export", "entry that is not there", "Exhibit-Entry: 8", "Exhibit-Entry: 99"),
		bagInfo("bag", "huge entry", "Exhibit-Entry: 8", "Exhibit-Entry: 9007199254740993"),
		bagInfo("bag", "Oxum", "Payload-Oxum: ", "Payload-Oxum: 1"),
		bagInfo("bag", "no Oxum", "Payload-Oxum: ", "Payload-Oxux: "),
		{name: "bag-info.txt: no Oxum, and a file altered", codes: "bag file.altered", level: "none", zip: zipped(&plan{
			tags: func(f files) {
				f["bag-info.txt"] = bytes.Replace(f["bag-info.txt"], []byte("Payload-Oxum: "), []byte("Payload-Oxux: "), 1)
			},
			after: func(f files) { f["data/files/EX-1/letter.txt"] = []byte("another\n") },
		})},
		bagInfo("bag", "label twice", "Exhibit-Entry: 8", "Exhibit-Entry: 8\nExhibit-Entry: 8"),
		bagInfo("bag", "folded line", "Exhibit-Entry: 8", "Exhibit-Entry: 8\n more"),
		bagInfo("", "another label", "Exhibit-Entry: 8", "Exhibit-Entry: 8\nSource-Organization: The lab"),
		bagInfo("bag", "trailing space", "Exhibit-Entry: 8", "Exhibit-Entry: 8 "),
		bagInfo("bag", "no value", "Bagging-Date: 2026-11-22", "Bagging-Date: "),
		bagInfo("bag", "no date", "Bagging-Date: 2026-11-22\n", ""),
		bagInfo("bag", "not ASCII", "Bagging-Date: 2026-11-22", "Bagging-Date: 22. März"),
		bagInfo("bag", "CRLF", "Exhibit-Entry: 8\n", "Exhibit-Entry: 8\r\n"),
		{name: "bagit.txt: version", codes: "bag", level: "none", zip: zipped(&plan{tags: func(f files) {
			f["bagit.txt"] = []byte("BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n")
		}})},
		{name: "bagit.txt: not there, and not listed", codes: "bag", level: "none", zip: zipped(&plan{tags: func(f files) { delete(f, "bagit.txt") }})},
		{name: "bag-info.txt: not there, and not listed", codes: "bag", level: "none", zip: zipped(&plan{tags: func(f files) { delete(f, "bag-info.txt") }})},
	}
}

func bagInfo(codes, name, old, new string) tampering {
	level := ""
	if codes == "bag" || codes == "log" {
		level = "none"
	}
	return tampering{name: "bag-info.txt: " + name, codes: codes, level: level, zip: zipped(&plan{tags: func(f files) {
		f["bag-info.txt"] = bytes.Replace(f["bag-info.txt"], []byte(old), []byte(new), 1)
	}})}
}

func signed(text string, key ed25519.PrivateKey) string {
	return string(signNote(text, theOrigin, key))
}

func flipLetter(s string) string {
	i := strings.IndexAny(s, "abcdefghijklmnopqrstuvwxyz")
	return s[:i] + strings.ToUpper(s[i:i+1]) + s[i+1:]
}

// base64Next is the digit after c: where bits of it are unused, it decodes to the same.
func base64Next(c byte) byte {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	return digits[strings.IndexByte(digits, c)+1]
}
