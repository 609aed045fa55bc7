package agree_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// craftedTampers are the lies of a maker who computes everything right but for one
// thing: only the condition about that thing can notice.
func craftedTampers() []tampering {
	return slices.Concat(craftedZips(), craftedKeys(), craftedReceipts(), craftedTrees(), craftedLists())
}

// craftedZips changes what follows the entries.
func craftedZips() []tampering {
	plain := zipOf("C", (&plan{small: true}).build(), nil)
	le := binary.LittleEndian
	end := len(plain) - 22
	size, offset := int(le.Uint32(plain[end+12:])), int(le.Uint32(plain[end+16:]))
	lie := func(name string, b []byte) tampering {
		return tampering{name: "zip: " + name, codes: "zip", level: "none", zip: b}
	}
	var out []tampering
	for i := range 22 {
		b := slices.Clone(plain)
		b[end+i] ^= 1
		out = append(out, lie(fmt.Sprintf("byte %d of the end", i), b))
	}
	gap := slices.Concat(plain[:offset], []byte("gap"), plain[offset:])
	le.PutUint32(gap[len(gap)-6:], uint32(offset+3))
	longer := slices.Concat(plain[:end], []byte("more"), plain[end:])
	le.PutUint32(longer[len(longer)-10:], uint32(size+4))
	one := slices.Clone(plain)
	n := le.Uint16(one[end+10:])
	le.PutUint16(one[end+8:], n-1)
	le.PutUint16(one[end+10:], n-1)
	shorter := slices.Clone(plain) // the end says that the directory begins an entry later
	le.PutUint32(shorter[end+16:], uint32(offset+46))
	le.PutUint32(shorter[end+12:], uint32(size-46))
	wide := slices.Clone(plain) // the ZIP64 mark, and no such record
	le.PutUint16(wide[end+8:], 0xffff)
	le.PutUint16(wide[end+10:], 0xffff)
	needless := le.AppendUint64([]byte("PK\x06\x06"), 44) // a ZIP64 end that nothing needs
	needless = append(needless, 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for _, v := range []int{int(n), int(n), size, offset} {
		needless = le.AppendUint64(needless, uint64(v))
	}
	needless = le.AppendUint32(append(needless, "PK\x06\x07\x00\x00\x00\x00"...), uint32(end))
	needless = append(needless, 0, 0, 0, 0, 1, 0, 0, 0)
	return append(out, lie("gap before the directory", gap), lie("something in the directory", longer), lie("entry that is not counted", one), lie("directory that begins late", shorter),
		lie("ZIP64 mark without its record", wide), lie("ZIP64 end that nothing needs", slices.Concat(plain[:end], needless, plain[end:])))
}

func craftedKeys() []tampering {
	key, other := seedKey("log"), seedKey("other")
	keys := func(name string, change func(string) string) tampering {
		return tampering{name: "keys: " + name, codes: "checkpoint checkpoint.missing", level: "none", zip: zipped(&plan{tags: func(f files) { f["keys/log.vkey"] = []byte(change(string(f["keys/log.vkey"]))) }})}
	}
	long := func(name string, key []byte) string {
		sum := keyHashOf(name, key)
		return fmt.Sprintf("%s+%x+%s\n", name, sum, base64.StdEncoding.EncodeToString(append([]byte{1}, key...)))
	}
	wrong := strings.Replace(vkeyOf(theOrigin, other), "+", "+00000000+", 1)
	wrong = wrong[:len(theOrigin)+10] + wrong[len(theOrigin)+19:] + "\n"
	note := func(codes, name string, change func(f files) string) tampering {
		return tags(codes, "checkpoint: "+name, func(f files) { f["custody/checkpoints/7.note"] = []byte(change(f)) })
	}
	text := func(f files) string { return noteText(theOrigin, 7, linesOf(f)) }
	sigOf := func(k ed25519.PrivateKey, text string) string {
		return base64.StdEncoding.EncodeToString(append(keyHashOf(theOrigin, k.Public().(ed25519.PublicKey)), ed25519.Sign(k, []byte(text))...))
	}
	loose := func(b64 string) string { return b64[:len(b64)-2] + string(base64Next(b64[len(b64)-2])) + "=" }
	blob := func(f files, change func([]byte) []byte) []byte {
		armor := string(f["tagmanifest-sha256.txt.sig"])
		raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Split(armor, "\n")[1:5], ""))
		if err != nil {
			panic(err)
		}
		out := "-----BEGIN SSH SIGNATURE-----\n"
		for part := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(change(raw))), 70) {
			out += string(part) + "\n"
		}
		return []byte(out + "-----END SSH SIGNATURE-----\n")
	}
	sig := func(name string, change func([]byte) []byte) tampering {
		return after("signature", "signature: "+name, func(f files) { f["tagmanifest-sha256.txt.sig"] = blob(f, change) })
	}
	swap := func(old, new string) func([]byte) []byte {
		return func(b []byte) []byte { return sameLength(b, old, new) }
	}
	return []tampering{
		keys("a second one too short", func(s string) string { return s + long(theOrigin, other.Public().(ed25519.PublicKey)[:31]) }),
		keys("a second one too long", func(s string) string {
			return s + long(theOrigin, append(slices.Clone(other.Public().(ed25519.PublicKey)), 0))
		}),
		keys("a second one with another hash", func(s string) string { return s + wrong }),
		keys("a second one of another log", func(s string) string { return s + vkeyOf("x", other) + "\n" }),
		keys("a second one without its end", func(s string) string { return s + vkeyOf(theOrigin, other) }),
		keys("longer than 1 MiB", func(s string) string {
			for i := 0; len(s) <= 1<<20; i++ {
				s += vkeyOf(theOrigin, seedKey(fmt.Sprint("k", i))) + "\n"
			}
			return s
		}),
		note("checkpoint", "root in loose base64, signed so", func(f files) string {
			l := strings.Split(text(f), "\n")
			return signed(l[0]+"\n"+l[1]+"\n"+loose(l[2])+"\n", key)
		}),
		note("checkpoint", "signature in loose base64", func(f files) string { return text(f) + "\n— " + theOrigin + " " + loose(sigOf(key, text(f))) + "\n" }),
		note("checkpoint", "cosigner without a name", func(f files) string { return signed(text(f), key) + "—  " + sigOf(other, text(f)) + "\n" }),
		note("checkpoint", "cosigner without a signature", func(f files) string { return signed(text(f), key) + "— x AAAAAA==\n" }),
		note("", "cosigner with a name of two plus signs", func(f files) string { return signed(text(f), key) + "— x+y+z " + sigOf(other, text(f)) + "\n" }),
		note("checkpoint", "cosigner with a space in the name", func(f files) string { return signed(text(f), key) + "— x y " + sigOf(other, text(f)) + "\n" }),
		note("checkpoint", "two blank lines", func(f files) string { return strings.Replace(signed(text(f), key), "\n\n", "\n\n\n", 1) }),
		sig("namespace stated otherwise", swap("exhibit-bundle", "exhibit-bundlf")),
		sig("hash stated otherwise", swap("sha512", "sha256")),
		sig("version", swap("SSHSIG\x00\x00\x00\x01", "SSHSIG\x00\x00\x00\x02")),
		sig("key type", func(b []byte) []byte { return bytes.Replace(b, []byte("ssh-ed25519"), []byte("ssh-ed25518"), 1) }),
		sig("something behind", func(b []byte) []byte { return append(b, 0) }),
		tags("signature", "allowed signers: another key only, signed by the right one", func(f files) { f["keys/allowed_signers"] = allowedOf(theOrigin, other) }),
		tags("signature", "allowed signers: a second key of another type", func(f files) {
			raw := sshText([]byte("ssh-ed25518"), other.Public().(ed25519.PublicKey))
			f["keys/allowed_signers"] = fmt.Appendf(f["keys/allowed_signers"], "x namespaces=\"exhibit-bundle\" ssh-ed25519 %s\n", base64.StdEncoding.EncodeToString(raw))
		}),
		tags("signature", "allowed signers: a second key without its end", func(f files) {
			f["keys/allowed_signers"] = bytes.TrimSuffix(append(f["keys/allowed_signers"], allowedOf("x", other)...), []byte("\n"))
		}),
		tags("signature", "allowed signers: longer than 1 MiB", func(f files) {
			f["keys/allowed_signers"] = bytes.Repeat(f["keys/allowed_signers"], 1<<20/len(f["keys/allowed_signers"])+1)
		}),
		{name: "bag-info.txt: no end behind another label", codes: "bag", level: "none", zip: zipped(&plan{tags: func(f files) { f["bag-info.txt"] = append(f["bag-info.txt"], "X: ab"...) }})},
		{name: "bag-info.txt: longer than 1 MiB", codes: "bag", level: "none", zip: zipped(&plan{tags: func(f files) {
			f["bag-info.txt"] = append(f["bag-info.txt"], "X: "+strings.Repeat("x", 1<<20)+"\n"...)
		}})},
		{name: "bag-info.txt: longest lab", zip: zipped(&plan{origin: strings.Repeat("a", 200) + theOrigin[len("lab.example"):]})},
		{name: "bag-info.txt: lab too long", codes: "bag", level: "none", zip: zipped(&plan{origin: strings.Repeat("a", 201) + theOrigin[len("lab.example"):]})},
		{name: "bag-info.txt: lab begins with a dot", codes: "bag", level: "none", zip: zipped(&plan{origin: "." + theOrigin})},
		{name: "bag-info.txt: UUID of version 1", codes: "bag", level: "none", zip: zipped(&plan{origin: strings.Replace(theOrigin, "-4333-", "-1333-", 1)})},
	}
}

func craftedReceipts() []tampering {
	f := (&plan{}).build()
	zip, lines, key := zipOf("CASE-1", f, nil), linesOf(f), seedKey("log")
	vkey := vkeyOf(theOrigin, key)
	note := noteOf(theOrigin, 10, lines, key)
	whole := receiptOf(note, vkey)
	receipt := func(name, codes, level string, r []byte) tampering {
		return tampering{name: "receipt: " + name, zip: zip, receipts: [][]byte{r}, codes: codes, level: level}
	}
	long := slices.Clone(note)
	for i := 0; len(long) <= 65536; i++ {
		long = fmt.Appendf(long, "— w%d %s\n", i, base64.StdEncoding.EncodeToString(make([]byte, 68)))
	}
	short := signNote(theOrigin+"\n10\n"+base64.StdEncoding.EncodeToString(make([]byte, 31))+"\n", theOrigin, key)
	return []tampering{
		receipt("bare note that is too long", "receipt", "", long),
		receipt("bare note with a short root", "receipt", "", short),
		receipt("followed by half of one", "receipt", "", append(slices.Clone(whole), "\n-----BEGIN EXHIBIT CHECKPOINT-----\nx\n"...)),
		receipt("longer than 4 MiB", "receipt", "", append(slices.Clone(whole), bytes.Repeat([]byte("x\n"), 2<<20)...)),
		receipt("as a printed page", "", "anchored", printed(note, vkey)),
		receipt("in a long message", "", "anchored", append(bytes.Repeat([]byte("x\n"), 1<<19), whole...)),
		receipt("of a huge size", "receipt", "", signNote(theOrigin+"\n9007199254740993\n"+base64.StdEncoding.EncodeToString(make([]byte, 32))+"\n", theOrigin, key)),
		receipt("of the largest size", "receipt.rolled-back", "", signNote(theOrigin+"\n9007199254740991\n"+base64.StdEncoding.EncodeToString(make([]byte, 32))+"\n", theOrigin, key)),
		receipt("with a wrong signature beside the right one", "receipt", "", receiptOf(append(slices.Clone(note), note[bytes.Index(note, []byte("— ")):]...), vkey)),
		receipt("dash-escaped by OpenPGP", "", "anchored", bytes.ReplaceAll(whole, []byte("\n-----"), []byte("\n- -----"))),
		receipt("with two hyphens for the dash", "", "anchored", bytes.ReplaceAll(whole, []byte("— "), []byte("-- "))),
		receipt("in Windows-1252", "", "anchored", bytes.ReplaceAll(whole, []byte("— "), []byte("\x97 "))),
		receipt("indented", "", "anchored", bytes.ReplaceAll(whole, []byte("\n"), []byte("\n    "))),
		receipt("with blank lines", "", "anchored", bytes.ReplaceAll(whole, []byte("\n"), []byte("\n\n"))),
		receipt("key changed", "receipt", "", bytes.Replace(whole, []byte(vkey), []byte(vkey[:len(vkey)-3]+"AAA"), 1)),
	}
}

// craftedSet adds a set to an entry whose root the maker computed over what he wrote.
func craftedSet(codes, name string, lines []string, size int, root [32]byte) tampering {
	return tampering{name: "crafted set: " + name, codes: codes, zip: zipped(&plan{
		entry: func(seq int, e obj) {
			if seq == 3 {
				e["sets"] = obj{"subjects": obj{"root": hex.EncodeToString(root[:]), "size": size}}
			}
		},
		tags: func(f files) { f["custody/sets/3-subjects.jsonl"] = []byte(strings.Join(lines, "\n") + "\n") },
	})}
}

func craftedTrees() []tampering {
	hash := func(h [32]byte, size int64) string {
		return string(canon(obj{"hash": hex.EncodeToString(h[:]), "size": size}))
	}
	a, b, c := leafOf([]byte("a")), leafOf([]byte("b")), leafOf([]byte("c"))
	salt := strings.Repeat("0", 32)
	member := func(commits, open obj) (string, [32]byte) {
		sums := obj{}
		for k, v := range commits {
			sums[k] = v
		}
		for k, v := range open {
			o := v.(obj)
			sums[k] = commit(o["salt"].(string), k, o["value"])
		}
		return string(canon(obj{"commit": commits, "open": open})), leafOf(canon(sums))
	}
	good, leaf := member(obj{}, obj{"x": obj{"salt": salt, "value": 1}})
	empty, emptyLeaf := member(obj{"a": strings.Repeat("0", 64)}, obj{})
	brief, briefLeaf := member(obj{"a": "00"}, obj{"x": obj{"salt": salt, "value": 1}})
	badSalt, badSaltLeaf := member(obj{}, obj{"x": obj{"salt": "zz", "value": 1}})
	odd, oddLeaf := member(obj{"__proto__": strings.Repeat("0", 64), "\ufb01": strings.Repeat("1", 64)}, obj{"😀": obj{"salt": salt, "value": obj{"__proto__": nil}}, "constructor": obj{"salt": salt, "value": []any{}}})
	sizes := func(codes, name string, size any) tampering {
		return tampering{name: "crafted set: " + name, codes: codes, zip: zipped(&plan{entry: func(seq int, e obj) {
			if seq == 2 {
				e["sets"].(obj)["occurrences"].(obj)["size"] = size
			}
		}})}
	}
	out := []tampering{
		craftedSet("", "one member", []string{good}, 1, leaf),
		craftedSet("", "odd names", []string{odd}, 1, oddLeaf),
		craftedSet("", "a leaf and a member", []string{hash(a, 1), good}, 2, nodeOf(a, leaf)),
		craftedSet("set", "nothing open", []string{empty}, 1, emptyLeaf),
		craftedSet("set", "commitment too short", []string{brief}, 1, briefLeaf),
		craftedSet("set", "salt", []string{badSalt}, 1, badSaltLeaf),
		craftedSet("set", "two hashes that could be one", []string{hash(a, 1), hash(b, 1), good}, 3, nodeOf(nodeOf(a, b), leaf)),
		craftedSet("set", "two hashes that could be one, later", []string{good, hash(c, 1), hash(a, 1), hash(b, 1)}, 4, nodeOf(nodeOf(leaf, c), nodeOf(a, b))),
		craftedSet("", "two hashes that could not be one", []string{good, hash(c, 1), hash(a, 2), hash(b, 1)}, 5, nodeOf(nodeOf(nodeOf(leaf, c), a), b)),
		craftedSet("set", "subtree of three at the end", []string{good, hash(a, 1), hash(b, 2), hash(c, 3)}, 7, nodeOf(nodeOf(nodeOf(leaf, a), b), c)),
		craftedSet("set", "subtree in the wrong place", []string{good, hash(a, 2)}, 3, nodeOf(leaf, a)),
		craftedSet("", "subtree of 2^52", []string{hash(a, 1<<52), good}, 1<<52+1, nodeOf(a, leaf)),
		craftedSet("", "two subtrees, of 2^52 and 2^51", []string{hash(a, 1<<52), hash(b, 1<<51), good}, 1<<52+1<<51+1, nodeOf(a, nodeOf(b, leaf))),
		craftedSet("set", "subtree of 2^52-1", []string{hash(a, 1<<52-1), good}, 1<<52, nodeOf(a, leaf)),
		craftedSet("set", "more than 2^53-1", []string{hash(a, 1<<52), good, hash(b, 1<<52)}, 1<<53-1, nodeOf(nodeOf(a, leaf), b)),
		craftedSet("set", "nothing", nil, 0, root(nil)),
		sizes("list set", "size in the entry", 6),
		sizes("list set", "size 0 in the entry", 0),
	}
	// The same record twice in a run, once in records.jsonl, and both trees lead to it.
	twice := &plan{tables: func(t *tables) { t.records[1][0] = t.records[1][3]; t.show = map[int][]int{1: {3, 0}} }}
	twice.data = func(f files) {
		f["data/records/records.jsonl"] = []byte(strings.SplitAfter(string(f["data/records/records.jsonl"]), "\n")[0])
	}
	twice.tags = func(f files) {
		f["custody/records/5-1.jsonl"] = bytes.Replace(f["custody/records/5-1.jsonl"], []byte(`"line":2`), []byte(`"line":1`), 1)
	}
	return append(out, tampering{name: "record tree: two leaves, one line", codes: "record", zip: zipped(twice)})
}

func craftedLists() []tampering {
	list := func(codes, name string, p *plan) tampering {
		return tampering{name: "list: " + name, codes: codes, zip: zipped(p)}
	}
	raw := func(b64 string) func(*tables) {
		return func(t *tables) {
			t.sets["2-occurrences"][2].body["path"] = obj{"raw": b64, "text": "x"}
			t.list[1][2] = `caf\xe9`
		}
	}
	return []tampering{
		list("list", "file outside data/files", &plan{
			data: func(f files) { f["data/copy.txt"] = letterText },
			tables: func(t *tables) {
				row := slices.Clone(t.list[0])
				row[0] = "data/copy.txt"
				t.list = append(t.list, row)
			},
		}),
		list("list", "size that log and list agree on, and the file does not", &plan{tables: func(t *tables) {
			t.sets["2-artifacts"][1].body["size"] = 999
			t.list[0][4], t.list[1][4] = "999", "999"
		}}),
		list("list", "quote inside a cell", &plan{data: func(f files) {
			f["data/files.csv"] = bytes.Replace(f["data/files.csv"], []byte(",2008-"), []byte(`,20"08-`), 1)
		}}),
		list("list", "quote behind a quoted cell", &plan{data: func(f files) {
			f["data/files.csv"] = bytes.Replace(f["data/files.csv"], []byte(`first.txt",`), []byte(`first.txt"x,`), 1)
		}}),
		list("list", "carriage return in a cell", &plan{data: func(f files) {
			f["data/files.csv"] = bytes.Replace(f["data/files.csv"], []byte(",2008-"), []byte(",\r2008-"), 1)
		}}),
		list("", "raw name", &plan{tables: raw(base64.StdEncoding.EncodeToString([]byte("caf\xe9")))}),
		list("list", "raw name in loose base64", &plan{tables: raw("Y2Fm6R==")}),
		list("list", "raw name without padding", &plan{tables: raw("Y2Fm6Q")}),
		list("list", "raw name with a newline", &plan{tables: raw("Y2Fm\n6Q==")}),
		list("", "names of every sort", &plan{tables: func(t *tables) {
			name := "a\\b\x00\x1f\x7f\u0080\u061c\u200b\u200f\u2028\u202e\u2060\u206f\ufeff\xed\xa0\x80\xf4\x90\x80\x80\xc0\x80\xe2\x82😀ü\u0301"
			t.sets["2-occurrences"][2].body["path"] = obj{"raw": base64.StdEncoding.EncodeToString([]byte(name)), "text": "x"}
			t.list[1][2] = `a\\b\x00\x1f\x7f\xc2\x80\xd8\x9c\xe2\x80\x8b\xe2\x80\x8f\xe2\x80\xa8\xe2\x80\xae\xe2\x81\xa0\xe2\x81\xaf\xef\xbb\xbf\xed\xa0\x80\xf4\x90\x80\x80\xc0\x80\xe2\x82` + "😀ü\u0301"
		}}),
		list("", "first character full-width", &plan{tables: func(t *tables) {
			t.sets["2-occurrences"][1].body["path"] = obj{"text": "\uff1dx"}
			t.list[0][2] = `\xef\xbc\x9dx`
		}}),
		list("list", "first character full-width, not escaped", &plan{tables: func(t *tables) {
			t.sets["2-occurrences"][1].body["path"] = obj{"text": "\uff1dx"}
			t.list[0][2] = "\uff1dx"
		}}),
	}
}
