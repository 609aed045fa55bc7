package agree_test

import (
	"fmt"
	"slices"
	"strings"
)

// edit changes a file of the bundle before the tag manifest is made and signed.
func edit(codes, what, file, name string, change func(string) string) tampering {
	return tags(codes, what+": "+name, func(f files) {
		if _, ok := f[file]; !ok {
			panic("no " + file)
		}
		f[file] = []byte(change(string(f[file])))
	})
}

func swapLines(s string, a, b int) string {
	l := strings.SplitAfter(s, "\n")
	l[a], l[b] = l[b], l[a]
	return strings.Join(l, "")
}

func openingTampers() []tampering {
	const file = "custody/openings.jsonl"
	change := func(codes, name string, f func(string) string) tampering {
		return edit(codes, "openings", file, name, f)
	}
	replace := func(codes, name, old, new string) tampering {
		return change(codes, name, func(s string) string {
			if !strings.Contains(s, old) {
				panic(old)
			}
			return strings.Replace(s, old, new, 1)
		})
	}
	hexes := strings.Repeat("0", 32)
	return []tampering{
		replace("opening", "value", "R v Müller", "R v Miller"),
		replace("opening", "field", "asserted.case.title", "asserted.case.titlf"),
		replace("opening", "field of another", "asserted.case.title", "asserted.case.number"),
		replace("opening", "seq", `"seq":0`, `"seq":1`),
		replace("export opening", "seq that is not there", `"seq":8`, `"seq":99`+""),
		replace("opening", "negative seq", `"seq":0`, `"seq":-1`),
		replace("opening", "seq as text", `"seq":0`, `"seq":"0"`),
		replace("opening", "seq true", `"seq":1`, `"seq":true`),
		replace("opening", "member more", `"value":"EX-1"}`, `"value":"EX-1","x":1}`),
		replace("opening", "member less", `,"value":"EX-1"}`, `}`),
		replace("opening", "salt", `"salt":"`, `"salt":"0`),
		replace("opening", "white space", `,"seq"`, `, "seq"`),
		replace("opening", "value normalised otherwise", "R v Müller", "R v Mu\u0308ller"),
		replace("opening", "homoglyph", "EX-1", "ЕX-1"),
		change("opening", "out of order", func(s string) string { return swapLines(s, 0, 1) }),
		change("opening", "twice", func(s string) string { return strings.SplitAfter(s, "\n")[0] + s }),
		change("opening", "invented", func(s string) string {
			return string(canon(obj{"field": "a", "salt": hexes, "seq": 0, "value": 1})) + "\n" + s
		}),
		change("opening", "field of every object", func(s string) string {
			return string(canon(obj{"field": "__proto__", "salt": hexes, "seq": 0, "value": 1})) + "\n" + s
		}),
		change("opening", "constructor", func(s string) string {
			return strings.SplitAfter(s, "\n")[0] + strings.SplitAfter(s, "\n")[1] + string(canon(obj{"field": "constructor", "salt": hexes, "seq": 0, "value": 1})) + "\n" + strings.Join(strings.SplitAfter(s, "\n")[2:], "")
		}),
		change("export opening", "no end", func(s string) string { return strings.TrimSuffix(s, "\n") }),
		change("opening", "a list", func(s string) string { return "[]\n" + s }),
		change("export", "without the last", func(s string) string { return strings.Join(strings.SplitAfter(s, "\n")[:3], "") }),
		change("", "without the first", func(s string) string { return strings.Join(strings.SplitAfter(s, "\n")[1:], "") }),
		change("export", "empty", func(string) string { return "" }),
		change("export opening", "long line", func(s string) string { return strings.Repeat("x", 4<<20+1) + "\n" + s }),
		tags("export", "openings: not there, and not listed", func(f files) { delete(f, file) }),
		{name: "export: of another kind", codes: "export", zip: zipped(&plan{entry: func(seq int, e obj) {
			if seq == exportEntry {
				e["kind"] = "note"
			}
		}})},
		{name: "export: intent only", codes: "export", zip: zipped(&plan{entry: func(seq int, e obj) {
			if seq == exportEntry {
				e["plain"] = obj{"phase": "intent"}
			}
		}})},
		{name: "export: phase is a list", codes: "export", zip: zipped(&plan{entry: func(seq int, e obj) {
			if seq == exportEntry {
				e["plain"] = obj{"phase": []any{"result"}}
			}
		}})},
	}
}

// rightTree makes trees of every size around powers of two, with some members open.
func rightTree(size int, open ...int) *plan {
	return &plan{tables: func(t *tables) {
		members := t.sets["2-occurrences"]
		for len(members) < size {
			members = append(members, member{obj{"item": "EX-1", "path": obj{"text": fmt.Sprint(len(members))}, "artifact": ""}, nil})
		}
		for _, i := range open {
			members[i].open = []string{"path"}
		}
		t.sets["2-occurrences"] = members
	}}
}

func treeTampers() []tampering {
	const file = "custody/sets/2-occurrences.jsonl" // 5 members: withheld, open, open, open, withheld
	change := func(codes, name string, f func(string) string) tampering { return edit(codes, "set", file, name, f) }
	lines := func(s string) []string { return strings.SplitAfter(s, "\n") }
	replace := func(codes, name, old, new string) tampering {
		return change(codes, name, func(s string) string {
			if !strings.Contains(s, old) {
				panic(old)
			}
			return strings.Replace(s, old, new, 1)
		})
	}
	zero := strings.Repeat("0", 64)
	out := []tampering{
		replace("list set", "value", "first.txt", "First.txt"),
		replace("list set", "item", `"EX-1"`, `"EX-2"`),
		replace("list set", "salt", `"salt":"`, `"salt":"f`),
		replace("list set", "white space", `"open":`, ` "open":`),
		replace("list set", "size of 3", `"size":1`, `"size":3`),
		replace("list set", "size of 2", `"size":1`, `"size":2`),
		replace("list set", "size of 0", `"size":1`, `"size":0`),
		replace("list set", "size of -1", `"size":1`, `"size":-1`),
		replace("list set", "huge size", `"size":1`, `"size":4503599627370496`),
		replace("list set", "size 2^52-1", `"size":1`, `"size":4503599627370495`),
		replace("list set", "size true", `"size":1`, `"size":true`),
		replace("list set", "hash line with more", `"size":1`, `"size":1,"x":1`),
		change("list set", "two members swapped", func(s string) string { return swapLines(s, 1, 2) }),
		change("list set", "member twice", func(s string) string { return lines(s)[0] + lines(s)[1] + strings.Join(lines(s)[1:], "") }),
		change("list set", "member gone", func(s string) string { return lines(s)[0] + strings.Join(lines(s)[2:], "") }),
		change("list set", "sibling more", func(s string) string { return s + lines(s)[0] }),
		change("list set", "last sibling gone", func(s string) string { return strings.Join(lines(s)[:4], "") }),
		change("list set", "first sibling gone", func(s string) string { return strings.Join(lines(s)[1:], "") }),
		change("list set", "empty", func(string) string { return "" }),
		change("list set", "no end", func(s string) string { return strings.TrimSuffix(s, "\n") }),
		change("list set", "blank line", func(s string) string { return s + "\n" }),
		change("list set", "CRLF", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }),
		change("list set", "line of neither sort", func(s string) string { return "{}\n" + s }),
		change("list set", "a list", func(s string) string { return "[]\n" + s }),
		replace("list set", "commitment of an open field", `"commit":{`, `"commit":{"artifact":"`+zero+`",`),
		replace("list set", "commitment too short", `"commit":{`, `"commit":{"a":"00",`),
		replace("list set", "member of an opening more", `"open":{"artifact":{`, `"open":{"artifact":{"field":"artifact",`),
		replace("list set", "commitment more", `"commit":{`, `"commit":{"a":"`+zero+`",`),
		replace("list set", "member that is open as nothing", `"open":{"artifact":`, `"open":{},"open":{"artifact":`),
		tags("record", "set: removed with its record trees", func(f files) {
			delete(f, "custody/sets/5-runs.jsonl")
			delete(f, "custody/records/5-1.jsonl")
			delete(f, "custody/records/5-2.jsonl")
		}),
		tags("set", "set: of an entry without it", func(f files) { f["custody/sets/3-occurrences.jsonl"] = f[file] }),
		tags("set", "set: of no entry", func(f files) { f["custody/sets/99-occurrences.jsonl"] = f[file] }),
		tags("set", "set: number with a zero", func(f files) { f["custody/sets/02-occurrences.jsonl"] = f[file] }),
		tags("set", "set: huge number", func(f files) { f["custody/sets/9007199254740993-occurrences.jsonl"] = f[file] }),
		tags("set", "set: of another name", func(f files) { f["custody/sets/2-artefacts.jsonl"] = f[file] }),
		tags("set", "set: of every object's name", func(f files) { f["custody/sets/2-constructor.jsonl"] = f[file] }),
		tags("set", "set: of no name", func(f files) { f["custody/sets/x"] = f[file] }),
		tags("list set", "set: that of another entry", func(f files) { f["custody/sets/2-artifacts.jsonl"] = f["custody/sets/5-artifacts.jsonl"] }),
		tags("list", "set: artifacts removed", func(f files) { delete(f, "custody/sets/2-artifacts.jsonl") }),
		tags("list", "set: occurrences removed", func(f files) { delete(f, file) }),
		tags("list", "set: derivations removed", func(f files) { delete(f, "custody/sets/5-derivations.jsonl") }),
		tags("record", "set: runs removed", func(f files) { delete(f, "custody/sets/5-runs.jsonl") }),
		// A leaf that is given as a node, and the other way round.
		change("list set", "member given as its hash twice over", func(s string) string {
			return lines(s)[0] + string(canon(obj{"hash": zero, "size": 1})) + "\n" + lines(s)[2] + lines(s)[3] + lines(s)[4]
		}),
	}
	for _, size := range []int{5, 6, 7, 8, 9, 15, 16, 17, 31, 32, 33} {
		out = append(out, tampering{name: fmt.Sprintf("set of %d", size), zip: zipped(rightTree(size))}, tampering{name: fmt.Sprintf("set of %d, last open", size), zip: zipped(rightTree(size, size-1))})
	}
	// Two pruned halves where one whole would do.
	halves := rightTree(9)
	halves.tags = func(f files) {
		var b []byte
		for line := range strings.Lines(string(f[file])) {
			if strings.Contains(line, `"size":4`) {
				continue
			}
			b = append(b, line...)
			if strings.Contains(line, "pack.zip") {
				for i := 4; i < 8; i += 2 {
					b = append(b, canon(obj{"hash": zero, "size": 2})...)
					b = append(b, '\n')
				}
			}
		}
		f[file] = b
	}
	out = append(out, tampering{name: "set: halves of a pruned whole", codes: "list set", zip: zipped(halves)})
	withheld := func(codes, name string, change func(*tables)) tampering {
		return tampering{name: "withheld: " + name, codes: codes, zip: zipped(&plan{tables: change})}
	}
	return append(out,
		withheld("list", "size of an artifact", func(t *tables) { t.sets["2-artifacts"][1].open = []string{"artifact", "origin", "hashes"} }),
		withheld("list", "origin of an artifact", func(t *tables) { t.sets["2-artifacts"][1].open = []string{"artifact", "size", "hashes"} }),
		withheld("list", "hashes of an artifact", func(t *tables) { t.sets["2-artifacts"][1].open = []string{"artifact", "size", "origin"} }),
		withheld("", "hashes of an artifact, and no MD5 stated", func(t *tables) {
			t.sets["2-artifacts"][1].open = []string{"artifact", "size", "origin"}
			for _, r := range t.list[:2] {
				r[6], r[7] = "", ""
			}
		}),
		withheld("list", "path of a place", func(t *tables) { t.sets["2-occurrences"][1].open = []string{"artifact", "item"} }),
		withheld("list", "item of a place", func(t *tables) { t.sets["2-occurrences"][1].open = []string{"artifact", "path"} }),
		withheld("list", "name of a derivation", func(t *tables) { t.sets["5-derivations"][0].open = []string{"parent", "child"} }),
		withheld("list", "name of a derivation, whole path stated", func(t *tables) {
			t.sets["5-derivations"][0].open = []string{"parent", "child"}
			t.list[3][2] = `\x3dpack.zip`
		}),
		withheld("", "derivation without a name", func(t *tables) { delete(t.sets["5-derivations"][0].body, "name"); t.list[3][2] = `\x3dpack.zip` }),
		withheld("list", "parent of a derivation", func(t *tables) { t.sets["5-derivations"][0].open = []string{"child", "name"} }),
		withheld("", "parent of a derivation, no place stated", func(t *tables) {
			t.sets["5-derivations"][0].open = []string{"child", "name"}
			t.list[3][1], t.list[3][2] = "", ""
		}),
		withheld("list", "place with an exhibit only", func(t *tables) { t.list[3][2] = "" }),
		withheld("", "odd values in open fields", func(t *tables) {
			t.sets["2-occurrences"][0] = member{obj{"item": 1, "path": []any{}, "artifact": nil}, []string{"item", "path", "artifact"}}
			t.sets["2-occurrences"][4] = member{obj{"item": "EX-1", "path": obj{"raw": "=="}, "artifact": "sha256:" + hexSum([]byte("x"))}, []string{"item", "path", "artifact"}}
			t.sets["2-artifacts"][0] = member{obj{"artifact": "x", "size": "1", "origin": 1, "hashes": []any{}}, []string{"artifact", "size", "origin", "hashes"}}
		}),
		withheld("", "circle of derivations", func(t *tables) {
			a, b := "sha256:"+hexSum(innerText), "sha256:"+hexSum([]byte("b"))
			fields := []string{"parent", "child"}
			t.sets["5-derivations"] = append(t.sets["5-derivations"], member{obj{"parent": a, "child": b}, fields}, member{obj{"parent": b, "child": a}, fields}, member{obj{"parent": a, "child": a}, fields})
		}),
		withheld("list", "circle of derivations, no place", func(t *tables) {
			a, b := "sha256:"+hexSum(innerText), "sha256:"+hexSum([]byte("b"))
			fields := []string{"parent", "child"}
			t.sets["5-derivations"] = []member{{obj{"parent": a, "child": b}, fields}, {obj{"parent": b, "child": a}, fields}}
		}),
	)
}

func recordTampers() []tampering {
	const file = "custody/records/5-1.jsonl" // 5 lines, of which 3 and 0 are disclosed, as lines 1 and 2
	change := func(name string, f func(string) string) tampering {
		return edit("record", "record tree", file, name, f)
	}
	replace := func(name, old, new string) tampering {
		return change(name, func(s string) string {
			if !strings.Contains(s, old) {
				panic(old)
			}
			return strings.Replace(s, old, new, 1)
		})
	}
	// records.jsonl is payload: its maker made everything after it anew.
	text := func(codes, name string, f func(string) string) tampering {
		return tampering{name: "records: " + name, codes: codes, zip: zipped(&plan{data: func(all files) {
			all["data/records/records.jsonl"] = []byte(f(string(all["data/records/records.jsonl"])))
		}})}
	}
	return []tampering{
		replace("line of another", `"line":1`, `"line":2`),
		replace("line that is not there", `"line":1`, `"line":9`),
		replace("line 0", `"line":1`, `"line":0`),
		replace("line true", `"line":1`, `"line":true`),
		replace("salt", `"salt":"`, `"salt":"0`),
		replace("member more", `"line":1`, `"line":1,"lines":1`),
		change("swapped", func(s string) string { return swapLines(s, 0, 1) }),
		change("empty", func(string) string { return "" }),
		change("no end", func(s string) string { return strings.TrimSuffix(s, "\n") }),
		tags("record", "record tree: removed", func(f files) { delete(f, file) }),
		tags("record", "record tree: of a run that is not open", func(f files) { f["custody/records/5-0.jsonl"] = f[file]; delete(f, file) }),
		tags("record", "record tree: twice", func(f files) { f["custody/records/5-01.jsonl"] = f[file] }),
		tags("record", "record tree: name", func(f files) { f["custody/records/x.jsonl"] = f[file] }),
		tags("record", "record tree: of another run", func(f files) {
			a, b := file, "custody/records/5-2.jsonl"
			f[a], f[b] = f[b], f[a]
		}),
		text("record", "edited", func(s string) string { return strings.Replace(s, "line 3", "line 4", 1) }),
		text("record", "lines swapped", func(s string) string { return swapLines(s, 0, 1) }),
		text("record", "line added", func(s string) string { return s + "{}\n" }),
		text("record", "line removed", func(s string) string { return strings.Join(strings.SplitAfter(s, "\n")[1:], "") }),
		text("record", "no end", func(s string) string { return strings.TrimSuffix(s, "\n") }),
		text("record", "blank line", func(s string) string { return s + "\n" }),
		text("record", "CRLF", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }),
		text("record", "emptied", func(string) string { return "" }),
		text("record", "1 MiB and a byte", func(s string) string { return s + strings.Repeat("x", 1<<20+1) + "\n" }),
		{name: "records: disclosed whole", zip: zipped(&plan{tables: func(t *tables) { t.show = map[int][]int{0: {0, 1, 2}, 1: {4, 3, 2, 1, 0}, 2: {0, 1, 2, 3, 4, 5, 6}} }})},
		{name: "records: the same line twice", codes: "record", zip: zipped(&plan{tables: func(t *tables) { t.show = map[int][]int{1: {3, 3}} }})},
		{name: "records: not there, and not listed", codes: "record", zip: zipped(&plan{data: func(f files) { delete(f, "data/records/records.jsonl") }})},
	}
}

func listTampers() []tampering {
	list := func(codes, name string, f func(*tables)) tampering {
		return tampering{name: "list: " + name, codes: codes, zip: zipped(&plan{tables: f})}
	}
	text := func(codes, name string, f func(string) string) tampering {
		return tampering{name: "list: " + name, codes: codes, zip: zipped(&plan{data: func(all files) { all["data/files.csv"] = []byte(f(string(all["data/files.csv"]))) }})}
	}
	cell := func(name string, row, column int, value string) tampering {
		return list("list", name, func(t *tables) { t.list[row][column] = value })
	}
	return []tampering{
		cell("another exhibit", 0, 1, "EX-2"), cell("another path", 0, 2, "mail/other.txt"), cell("derived", 0, 3, "derived"), cell("another sort", 0, 3, "x"), cell("size", 0, 4, "1"), cell("size with a zero", 0, 4, "0"+fmt.Sprint(len(letterText))),
		cell("digest", 0, 5, strings.Repeat("0", 64)), cell("MD5", 0, 6, strings.Repeat("0", 32)), cell("no MD5", 0, 6, ""), cell("SHA-1", 0, 7, ""), cell("entry", 0, 11, "3"), cell("no entry", 0, 11, ""), cell("member", 0, 12, "2"), cell("member that is not there", 0, 12, "99"),
		cell("file that is not there", 0, 0, "data/files/x"), cell("file elsewhere", 0, 0, "data/files.csv"), cell("path not printable", 1, 2, "caf\\xe9\\\\\u202egpj.\\x01"), cell("path of a container's member", 3, 2, `\x3dpack.zip!other.txt`),
		cell("path of the container", 3, 2, `\x3dpack.zip`), cell("formula", 2, 2, "=pack.zip"), cell("formula escaped twice", 2, 2, `\x3d\x3dpack.zip`), cell("no path", 0, 2, ""), cell("no exhibit", 0, 1, ""),
		cell("member with a zero before it", 3, 12, "00"), cell("entry with a zero before it", 0, 11, "02"), cell("words that are no UTF-8", 0, 9, "\xff"),
		list("", "replacement character in a name", func(t *tables) {
			t.sets["2-occurrences"][1].body["path"] = obj{"text": "mail/\ufffd.txt"}
			t.list[0][2] = "mail/\ufffd.txt"
		}),
		list("", "no place", func(t *tables) { t.list[0][1], t.list[0][2] = "", "" }),
		list("", "times and words", func(t *tables) { t.list[0][8], t.list[0][9], t.list[0][10] = "x", `a "b", c`, "y" }),
		list("list", "file left out", func(t *tables) { t.list = t.list[:3] }),
		list("", "line left out, file still in it", func(t *tables) { t.list = slices.Delete(t.list, 0, 1) }),
		list("", "line twice", func(t *tables) { t.list = append(t.list, t.list[0]) }),
		list("list", "column more", func(t *tables) { t.list[0] = append(t.list[0], "") }),
		list("list", "column less", func(t *tables) { t.list[0] = t.list[0][:12] }),
		text("list", "header", func(s string) string { return strings.Replace(s, "file,", "File,", 1) }),
		text("list", "no header", func(s string) string { return s[strings.Index(s, "\n")+1:] }),
		text("list", "BOM", func(s string) string { return "\ufeff" + s }),
		text("list", "CRLF", func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }),
		text("list", "no end", func(s string) string { return strings.TrimSuffix(s, "\n") }),
		text("list", "blank line", func(s string) string { return s + "\n" }),
		text("list", "open quote", func(s string) string { return strings.Replace(s, `,"mail`, `,""mail`, 1) }),
		text("list", "invalid UTF-8", func(s string) string { return strings.Replace(s, "mail", "m\xffil", 1) }),
		text("", "needless quotes", func(s string) string { return strings.Replace(s, ",EX-1,", `,"EX-1",`, 1) }),
		text("list", "emptied", func(string) string { return "" }),
		text("list", "long line", func(s string) string { return s + strings.Repeat("x", 1<<20+1) + "\n" }),
		{name: "list: not there, and not listed", codes: "list", zip: zipped(&plan{data: func(f files) { delete(f, "data/files.csv") }})},
		{name: "list: file that nobody received", codes: "list", zip: zipped(&plan{data: func(f files) { f["data/files/x"] = nil }})},
		{name: "list: no files at all", zip: zipped(&plan{small: true, data: func(f files) { delete(f, "data/files/EX-1/letter.txt"); f["data/files.csv"] = csvText(nil) }})},
		{name: "list: no files, and no list", zip: zipped(&plan{small: true, data: func(f files) { clear(f); f["data/report.txt"] = []byte("x") }})},
		{name: "list: other payload", zip: zipped(&plan{data: func(f files) { f["data/report.html"] = []byte("x"); f["data/export/a.csv"] = nil }})},
	}
}
