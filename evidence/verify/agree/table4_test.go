package agree_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// narrowTampers are rows that one condition alone notices, or that nothing may notice:
// ./task mutate said of each that no other row needs it.
func narrowTampers() []tampering {
	return slices.Concat(narrowZips(), narrowNotes(), narrowOpenings(), narrowSets(), narrowRecords(), narrowLists())
}

func narrowZips() []tampering {
	f := (&plan{small: true}).build()
	lie := func(name string, change func([]*entryOf) []*entryOf) tampering {
		return tampering{name: "zip: " + name, codes: "zip", level: "none", zip: zipOf("CASE-1", f, change)}
	}
	added := func(name string) func([]*entryOf) []*entryOf {
		return func(e []*entryOf) []*entryOf {
			d := *e[0]
			d.name, d.localName = name, name
			e = append(e, &d)
			slices.SortFunc(e, func(a, b *entryOf) int { return strings.Compare(a.name, b.name) })
			return e
		}
	}
	var out []tampering
	for _, name := range []string{"PRN", "aux", "Nul.txt", "COM0", "lpt0.x"} {
		out = append(out, lie("reserved "+name, added("CASE-1/"+name)))
	}
	for _, name := range []string{"com-", "coma", "LPT_", "prn_", "nul1.txt"} {
		out = append(out, tampering{name: "zip: not reserved " + name, codes: "file.extra", zip: zipOf("CASE-1", f, added("CASE-1/"+name))})
	}
	plain := zipOf("CASE-1", f, nil)
	count := slices.Clone(plain) // one entry more than there is
	count[len(count)-14]++
	count[len(count)-12]++
	name := slices.Clone(plain) // the last name goes on into the end
	last := bytes.LastIndex(name, []byte("PK\x01\x02"))
	name[last+28] += 60
	return append(out,
		tampering{name: "zip: entry that is not there", codes: "zip", level: "none", zip: count},
		tampering{name: "zip: name that goes on behind the directory", codes: "zip", level: "none", zip: name},
		lie("very long name", added("CASE-1"+strings.Repeat("/"+strings.Repeat("a", 47), 8))),
		lie("size of 4 GiB, half a ZIP64 extra", func(e []*entryOf) []*entryOf {
			e[3].size, e[3].centralExtra = 1<<32-1, append([]byte{1, 0, 8, 0}, make([]byte, 8)...)
			return e
		}),
		lie("offset of 4 GiB, half a ZIP64 extra", func(e []*entryOf) []*entryOf {
			e[0].offsetBy, e[0].centralExtra = 1<<32-1, []byte{1, 0, 4, 0, 0, 0, 0, 0}
			return e
		}),
		lie("offset of 4 GiB, and no ZIP64 extra", func(e []*entryOf) []*entryOf { e[0].offsetBy = 1<<32 - 1; return e }),
		lie("last entry that goes on into the directory", func(e []*entryOf) []*entryOf { e[len(e)-1].size += 5; return e }),
	)
}

func narrowNotes() []tampering {
	key, other := seedKey("log"), seedKey("other")
	first := "custody/checkpoints/7.note"
	note := func(codes, name string, change func(f files) string) tampering {
		return tags(codes, "checkpoint: "+name, func(f files) { f[first] = []byte(change(f)) })
	}
	// line is a signature line, whoever it is by, with another's hash.
	line := func(name string, mark []byte) string {
		return "— " + name + " " + base64.StdEncoding.EncodeToString(append(slices.Clone(mark), make([]byte, 64)...)) + "\n"
	}
	mark := keyHashOf(theOrigin, publicOf(key))
	inside := func(s, new string) string { return s[:len(s)-9] + new + s[len(s)-9:] } // within base64
	zip, lines := zipped(&plan{}), linesOf((&plan{}).build())
	receipt := func(name, codes string, r []byte) tampering {
		return tampering{name: "receipt: " + name, codes: codes, zip: zip, receipts: [][]byte{r}}
	}
	return []tampering{
		tags("checkpoint", "checkpoint twice, once under another name", func(f files) { f["custody/checkpoints/8.note"] = f[first] }),
		note("", "a line of another name under the key's hash", func(f files) string { return string(f[first]) + line("other.example", mark) }),
		note("checkpoint", "nothing under it", func(f files) string { return noteText(theOrigin, 7, linesOf(f)) + "\n" }),
		note("checkpoint", "text alone", func(f files) string { return noteText(theOrigin, 7, linesOf(f)) }),
		note("checkpoint", "carriage return in the root, signed so", func(f files) string {
			l := strings.Split(noteText(theOrigin, 7, linesOf(f)), "\n")
			return signed(l[0]+"\n"+l[1]+"\n"+inside(l[2], "\r")+"\n", key)
		}),
		note("checkpoint", "carriage return in a signature", func(f files) string { return inside(string(f[first]), "\r") }),
		receipt("over fewer than none", "receipt", signNote(theOrigin+"\n-1\n"+base64.StdEncoding.EncodeToString(make([]byte, 32))+"\n", theOrigin, key)),
		receipt("with nothing under it", "receipt", []byte(noteText(theOrigin, 10, lines)+"\n")),
		{name: "keys: a second one of another algorithm", codes: "checkpoint checkpoint.missing", level: "none", zip: zipped(&plan{tags: func(f files) {
			raw := append([]byte{2}, publicOf(other)...)
			f["keys/log.vkey"] = fmt.Appendf(f["keys/log.vkey"], "%s+%x+%s\n", theOrigin, witnessHash(theOrigin, raw), base64.StdEncoding.EncodeToString(raw))
		}})},
		{name: "keys: damaged, and no checkpoints", codes: "checkpoint checkpoint.missing", level: "none", zip: zipped(&plan{tags: func(f files) {
			f["keys/log.vkey"] = []byte("x\n")
			maps.DeleteFunc(f, func(name string, _ []byte) bool { return strings.HasPrefix(name, "custody/checkpoints/") })
		}})},
	}
}

// opened is a field that an entry of a plan commits to, and its line.
type opened struct {
	seq   int
	salt  string
	field any
	value any
}

func (o opened) line() string {
	return string(canon(obj{"field": o.field, "salt": o.salt, "seq": o.seq, "value": o.value}))
}

// committed are openings of fields that the log commits to, whatever they are; arrange
// puts the lines in order.
func committed(codes, name string, arrange func(lines, more []string) []string, fields ...opened) tampering {
	return tampering{name: "opening: " + name, codes: codes, zip: zipped(&plan{
		entry: func(seq int, e obj) {
			for _, o := range fields {
				if o.seq == seq {
					e["commit"].(obj)[fmt.Sprint(o.field)] = hexSum(canon([]any{o.salt, o.field, o.value}))
				}
			}
		},
		tags: func(f files) {
			var more []string
			for _, o := range fields {
				more = append(more, o.line())
			}
			lines := strings.Split(strings.TrimSuffix(string(f["custody/openings.jsonl"]), "\n"), "\n")
			f["custody/openings.jsonl"] = []byte(strings.Join(arrange(lines, more), "\n") + "\n")
		},
	})}
}

func narrowOpenings() []tampering {
	salt := strings.Repeat("5", 32)
	manifest := "sha256:" + hexSum((&plan{}).build()["manifest-sha256.txt"])
	before := func(seq int) func(lines, more []string) []string { // where seq's own would stand
		return func(lines, more []string) []string {
			at := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, fmt.Sprintf(`"seq":%d,`, seq)) })
			return slices.Insert(lines, at, more...)
		}
	}
	last := func(lines, more []string) []string { return append(lines[:len(lines)-1], more...) }
	return []tampering{
		committed("", "of a later entry, its name before the last one's", before(8), opened{3, salt, "a", 1}),
		committed("opening", "of an earlier entry, its name behind the last one's", func(lines, more []string) []string { return append(more, lines...) }, opened{3, salt, "a", 1}),
		committed("opening", "salt that is none, and committed to", before(8), opened{3, "zz", "a", 1}),
		committed("opening", "salt in capitals, and committed to", before(8), opened{3, strings.Repeat("A", 32), "a", 1}),
		committed("opening", "name that is a number, and committed to", before(8), opened{3, salt, 1, 1}),
		committed("export", "the manifest's digest in another entry", last, opened{7, salt, "observed.manifest", manifest}),
		committed("export", "the manifest's digest in another field", last, opened{8, salt, "observed.manifesto", manifest}),
	}
}

func narrowSets() []tampering {
	salt := strings.Repeat("0", 32)
	capital := leafOf([]byte("a"))
	for n := 0; !strings.ContainsAny(hex.EncodeToString(capital[:]), "abcdef"); n++ {
		capital = leafOf([]byte(fmt.Sprint(n)))
	}
	hash := func(h string, size any) string { return string(canon(obj{"hash": h, "size": size})) }
	shown := obj{"x": obj{"salt": salt, "value": 1}}
	leaf := leafOf(canon(obj{"x": commit(salt, "x", 1)}))
	good := string(canon(obj{"commit": obj{}, "open": shown}))
	text := hex.EncodeToString(capital[:])
	root := nodeOf(capital, leaf)
	wide := func(size int) []string { return []string{hash(text, size), good} }
	member := func(name string, line obj) tampering {
		return craftedSet("set", name, []string{string(canon(line))}, 1, leaf)
	}
	empty := tampering{name: "crafted set: no line, of no member", codes: "set", zip: zipped(&plan{
		entry: func(seq int, e obj) {
			if seq == 3 {
				e["sets"] = obj{"subjects": obj{"root": hexSum(nil), "size": 0}}
			}
		},
		tags: func(f files) { f["custody/sets/3-subjects.jsonl"] = nil },
	})}
	return []tampering{
		empty,
		craftedSet("", "a hash beside it", wide(1), 2, root),
		craftedSet("set", "a hash in capitals", []string{hash(strings.ToUpper(text), 1), good}, 2, root),
		craftedSet("set", "a hash too short", []string{hash(text[:62], 1), good}, 2, root),
		craftedSet("set", "a size that is true", []string{hash(text, true), good}, 2, root),
		craftedSet("set", "a hash of three besides", []string{good, hash(text, 3)}, 1, leaf),
		craftedSet("set", "a hash with another member besides", []string{good, string(canon(obj{"hash": text, "size": 1, "x": 1}))}, 1, leaf),
		craftedSet("set", "a line behind it that is none", []string{good, "x"}, 1, leaf),
		member("a member of a line more", obj{"commit": obj{}, "open": shown, "x": 1}),
		member("no commitments", obj{"open": shown}),
		member("commitments that are a list", obj{"commit": []any{}, "open": shown}),
		member("commitments that are nothing", obj{"commit": nil, "open": shown}),
		member("what is open is nothing", obj{"commit": obj{"x": commit(salt, "x", 1)}, "open": nil}),
		member("what is open is a list", obj{"commit": obj{}, "open": []any{shown}}),
		member("an opening with a member more", obj{"commit": obj{}, "open": obj{"x": obj{"salt": salt, "value": 1, "x": 1}}}),
		{name: "set: run without its records", zip: zipped(&plan{tables: func(t *tables) { t.sets["5-runs"][0].open = []string{"run"} }})},
	}
}

func narrowRecords() []tampering {
	const tree, records = "custody/records/5-1.jsonl", "data/records/records.jsonl"
	more := func(codes, name, line string) tampering {
		return tags(codes, "record tree: "+name, func(f files) { f[tree] = append(f[tree], line...) })
	}
	renamed := func(to string) tampering {
		return tags("record", "record tree: called "+to, func(f files) { f["custody/records/"+to+".jsonl"] = f[tree]; delete(f, tree) })
	}
	// odd is a run of two records under salts of another form.
	odd := func(codes, salt string) tampering {
		return tampering{name: "record tree: salts " + salt, codes: codes, zip: zipped(&plan{salt: func(string, int) string { return salt }})}
	}
	h := strings.Repeat("0", 64)
	return []tampering{
		more("record", "a line behind it that is none", "x\n"),
		more("record", "half a line behind it", "x"),
		more("record", "a hash of three behind it", `{"hash":"`+h+`","size":3}`+"\n"),
		more("record", "a hash in capitals behind it", `{"hash":"`+strings.Repeat("A", 64)+`","size":1}`+"\n"),
		more("record", "a record behind it", `{"line":1,"salt":"`+h[:32]+`"}`+"\n"),
		more("record", "line 0 behind it", `{"line":0,"salt":"`+h[:32]+`"}`+"\n"),
		more("record", "a line that is true behind it", `{"line":true,"salt":"`+h[:32]+`"}`+"\n"),
		renamed("05-1"), renamed("5-01"),
		odd("", strings.Repeat("1", 32)), odd("record", strings.Repeat("B", 32)), odd("record", "zz"),
		tags("record", "record tree: a member more, in a line", func(f files) {
			f[tree] = bytes.Replace(f[tree], []byte(`{"line":1,`), []byte(`{"extra":1,"line":1,`), 1)
		}),
	}
}

func narrowLists() []tampering {
	list := func(codes, name string, change func(t *tables), data func(files)) tampering {
		return tampering{name: "list: " + name, codes: codes, zip: zipped(&plan{tables: change, data: data})}
	}
	path := func(codes, name string, path any, listed string) tampering {
		return list(codes, name, func(t *tables) {
			t.sets["2-occurrences"][1].body["path"] = path
			t.list[0][2] = listed
		}, nil)
	}
	artifact := func(codes, name string, change func(body obj, row []string)) tampering {
		return list(codes, name, func(t *tables) {
			change(t.sets["2-artifacts"][1].body, t.list[0])
			copy(t.list[1][4:8], t.list[0][4:8])
		}, nil)
	}
	// small is a file of these bytes, listed without a place.
	small := func(codes, name, content string, change func(body obj) []string) tampering {
		return list(codes, name, func(t *tables) {
			body := artifactOf([]byte(content), true)
			h := body["hashes"].(obj)
			row := []string{"data/files/EX-1/small", "", "", "received", fmt.Sprint(len(content)), hexSum([]byte(content)), h["md5"].(string), h["sha1"].(string), "", "", "", "2", "0"}
			t.sets["2-artifacts"][0] = member{body, change(body)}
			t.list = append(t.list, row)
		}, func(f files) { f["data/files/EX-1/small"] = []byte(content) })
	}
	all := []string{"artifact", "size", "origin", "hashes"}
	noHashes := func(row []string) { row[6], row[7] = "", "" }
	return []tampering{
		list("list", "no place, and a formula for a path", func(t *tables) { t.list[0][1], t.list[0][2] = "", "=x" }, nil),
		list("list", "place without an exhibit", func(t *tables) {
			t.sets["2-occurrences"][1].body["item"] = ""
			t.list[0][1] = ""
		}, nil),
		list("list", "place whose exhibit is a number", func(t *tables) {
			t.sets["2-occurrences"][1].body["item"] = 1
			t.list[0][1] = "1"
		}, nil),
		list("list", "place without an exhibit that is open", func(t *tables) {
			t.sets["2-occurrences"][1].open = []string{"path", "artifact"}
			t.list[0][1] = ""
		}, nil),
		list("list", "made of nothing that has a place", func(t *tables) {
			t.sets["2-occurrences"][1].body["artifact"] = ""
			t.sets["5-derivations"][0].body["parent"] = ""
			t.list[3][2] = `mail/a "letter", first.txt!dir/inner.txt`
			t.list = slices.Delete(t.list, 0, 1)
		}, nil),
		path("list", "path without a text", obj{}, ""),
		path("list", "path that is a number", obj{"text": 1}, ""),
		path("list", "raw path that is a number", obj{"raw": 1, "text": "x"}, ""),
		path("list", "path that is no object", "x", "x"),
		small("", "empty file", "", func(obj) []string { return all }),
		small("", "file of a byte", "x", func(obj) []string { return all }),
		small("list", "empty file whose size is not open", "", func(obj) []string { return []string{"artifact", "origin", "hashes"} }),
		small("list", "empty file whose size is text", "", func(b obj) []string { b["size"] = "0"; return all }),
		small("list", "empty file whose size is nothing", "", func(b obj) []string { b["size"] = nil; return all }),
		small("list", "file of a byte whose size is true", "x", func(b obj) []string { b["size"] = true; return all }),
		artifact("", "no digests but one", func(b obj, row []string) { b["hashes"] = obj{}; noHashes(row) }),
		artifact("list", "digests that are nothing", func(b obj, row []string) { b["hashes"] = nil; noHashes(row) }),
		artifact("list", "digests that are a list", func(b obj, row []string) { b["hashes"] = []any{}; noHashes(row) }),
		artifact("list", "digests that are text", func(b obj, row []string) { b["hashes"] = "md5"; noHashes(row) }),
		artifact("list", "a digest that is nothing", func(b obj, row []string) { b["hashes"].(obj)["md5"] = nil; row[6] = "" }),
		artifact("list", "a digest that is a number", func(b obj, row []string) { b["hashes"].(obj)["sha1"] = 1; row[7] = "" }),
	}
}
