package agree_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

type (
	obj   = map[string]any
	files = map[string][]byte
)

// plan is what a bundle is made of, with places to change it at: what a liar does
// who makes everything after it anew.
type plan struct {
	origin      string
	key         ed25519.PrivateKey // signs the log
	sshKey      ed25519.PrivateKey // signs the tag manifest; key where nil
	data        func(files)        // before manifest-sha256.txt
	manifest    func([]byte) []byte
	entry       func(seq int, e obj)
	line        func(seq int, b []byte) []byte
	lines       func([][]byte) [][]byte // before anything is signed
	tags        func(files)             // before the tag manifest
	tagManifest func([]byte) []byte     // before it is signed
	after       func(files)             // when all is done
	extra       int                     // notes in the log before the export
	rotate      ed25519.PrivateKey      // takes the key's place after the first seal
	revoke      bool
	noHandover  bool // the checkpoint that both sign is left out
	turns       []turn
	keys        []ed25519.PrivateKey // further ones in keys/log.vkey
	newestBy    ed25519.PrivateKey
	small       bool // no records, no derived file
	tables      func(*tables)
	salt        func(id string, n int) string // of a record
}

// turn is an entry by which a key stops, after the first seal. by signs the checkpoint over
// it; nobody: there is none.
type turn struct {
	action   string
	from, to ed25519.PrivateKey
	by       []ed25519.PrivateKey
}

// allTurns adds the one that rotate and revoke stand for.
func (p *plan) allTurns() []turn {
	if p.rotate == nil && !p.revoke {
		return p.turns
	}
	t := turn{"rotate", p.key, p.rotate, []ed25519.PrivateKey{p.key}}
	if p.rotate != nil {
		t.by = append(t.by, p.rotate)
	}
	if p.revoke {
		t.action, t.by = "revoke", t.by[len(t.by)-1:]
	}
	if p.noHandover {
		t.by = nil
	}
	return append([]turn{t}, p.turns...)
}

// tables are the sets of the log before they are pruned.
type tables struct {
	sets    map[string][]member // by "SEQ-NAME"
	records [][]string          // of each run
	show    map[int][]int       // lines of a run that are disclosed, in order
	list    [][]string
}

// member is a set's member: its body, and which fields are open; nil for none.
type member struct {
	body obj
	open []string
}

func seedKey(s string) ed25519.PrivateKey {
	sum := sha256.Sum256([]byte(s))
	return ed25519.NewKeyFromSeed(sum[:])
}

func canon(v any) []byte {
	b, err := evidence.Canonical(v)
	if err != nil {
		panic(err)
	}
	return b
}

func hexSum(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }

func leafOf(b []byte) [32]byte { return sha256.Sum256(append([]byte{0}, b...)) }
func nodeOf(l, r [32]byte) [32]byte {
	return sha256.Sum256(slices.Concat([]byte{1}, l[:], r[:]))
}

// root is RFC 6962 §2.1 as it is written there.
func root(leaves [][32]byte) [32]byte {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	default:
		k := 1
		for 2*k < n {
			k *= 2
		}
		return nodeOf(root(leaves[:k]), root(leaves[k:]))
	}
}

// salt is made of what it is for: nothing here is secret.
func saltOf(parts ...any) string { return hexSum([]byte(fmt.Sprint(parts...)))[:32] }

func commit(salt, field string, value any) string { return hexSum(canon([]any{salt, field, value})) }

// prune writes the lines of a tree: shown[i] is the line of leaf i, "" for pruned.
func prune(leaves [][32]byte, shown []string) []byte {
	var b strings.Builder
	var walk func(from, to int)
	walk = func(from, to int) {
		any := slices.ContainsFunc(shown[from:to], func(s string) bool { return s != "" })
		n := to - from
		switch {
		case n == 1 && any:
			b.WriteString(shown[from] + "\n")
		case !any && n&(n-1) == 0:
			h := root(leaves[from:to])
			b.Write(append(canon(obj{"hash": hex.EncodeToString(h[:]), "size": n}), '\n'))
		default:
			k := 1
			for 2*k < n {
				k *= 2
			}
			walk(from, from+k)
			walk(from+k, to)
		}
	}
	if len(leaves) > 0 {
		walk(0, len(leaves))
	}
	return []byte(b.String())
}

// set returns the root of a set and its pruned tree.
func set(id string, members []member) (obj, []byte) {
	var leaves [][32]byte
	var shown []string
	for n, m := range members {
		all, hidden, open := obj{}, obj{}, obj{}
		for field, value := range m.body {
			salt := saltOf(id, n, field)
			all[field] = commit(salt, field, value)
			if slices.Contains(m.open, field) {
				open[field] = obj{"salt": salt, "value": value}
			} else {
				hidden[field] = all[field]
			}
		}
		leaves = append(leaves, leafOf(canon(all)))
		line := ""
		if len(open) > 0 {
			line = string(canon(obj{"commit": hidden, "open": open}))
		}
		shown = append(shown, line)
	}
	r := root(leaves)
	return obj{"root": hex.EncodeToString(r[:]), "size": len(members)}, prune(leaves, shown)
}

// recordTree is the tree over a run's lines; lines are their numbers in records.jsonl, 0 for withheld.
func recordTree(id string, text []string, lines []int, salt func(string, int) string) (obj, []byte) {
	var leaves [][32]byte
	var shown []string
	for i, line := range text {
		salt := salt(id, i)
		leaves = append(leaves, leafOf([]byte(`["`+salt+`","record",`+line+`]`)))
		s := ""
		if lines[i] > 0 {
			s = string(canon(obj{"line": lines[i], "salt": salt}))
		}
		shown = append(shown, s)
	}
	r := root(leaves)
	return obj{"root": hex.EncodeToString(r[:]), "size": len(text)}, prune(leaves, shown)
}

func artifactOf(content []byte, original bool) obj {
	m, s := md5.Sum(content), sha1.Sum(content)
	o := obj{"artifact": "sha256:" + hexSum(content), "size": len(content), "origin": "derived", "stored": obj{"encoding": "raw"}}
	if original {
		o["origin"], o["hashes"] = "original", obj{"md5": hex.EncodeToString(m[:]), "sha1": hex.EncodeToString(s[:])}
	}
	return o
}

var (
	letterText = []byte("2008-07-31 10:00:01 a letter\n")
	innerText  = []byte("what was inside\n")
	rawName    = "caf\xe9\\\u202egpj.\x01"
)

const (
	exportEntry  = 8
	size1, size2 = 7, 10 // checkpoints of the plain bundle
)

// theTables are those of the bundle that every test starts from.
func (p *plan) theTables(f files) *tables {
	pack := []byte("PK-like, withheld or not")
	artifact, place := []string{"artifact", "size", "origin", "hashes"}, []string{"item", "path", "artifact"}
	occurrence := func(path obj, content []byte) obj {
		return obj{"item": "EX-1", "path": path, "type": "file", "artifact": "sha256:" + hexSum(content), "fs": obj{"mode": "0644"}}
	}
	f["data/files/EX-1/letter.txt"] = letterText
	t := &tables{sets: map[string][]member{
		"2-artifacts": {
			{artifactOf([]byte("withheld"), true), nil},
			{artifactOf(letterText, true), artifact},
			{artifactOf(pack, true), artifact},
		},
		"2-occurrences": {
			{occurrence(obj{"text": "withheld.txt"}, []byte("withheld")), nil},
			{occurrence(obj{"text": `mail/a "letter", first.txt`}, letterText), place},
			{occurrence(obj{"raw": base64.StdEncoding.EncodeToString([]byte(rawName)), "text": "x"}, letterText), place},
			{occurrence(obj{"text": "=pack.zip"}, pack), place},
			{occurrence(obj{"text": "more"}, []byte("more")), nil},
		},
	}}
	m, s := md5.Sum(letterText), sha1.Sum(letterText)
	row := func(path string) []string {
		return []string{"data/files/EX-1/letter.txt", "EX-1", path, "received", fmt.Sprint(len(letterText)), hexSum(letterText), hex.EncodeToString(m[:]), hex.EncodeToString(s[:]), "", "", "", "2", "1"}
	}
	t.list = [][]string{row(`mail/a "letter", first.txt`), row(`caf\xe9\\\xe2\x80\xaegpj.\x01`)}
	if p.small {
		return t
	}
	m, s = md5.Sum(pack), sha1.Sum(pack)
	f["data/files/EX-1/pack.zip"] = pack
	f["data/files/EX-1/pack/inner.txt"] = innerText
	t.list = append(t.list,
		[]string{"data/files/EX-1/pack.zip", "EX-1", `\x3dpack.zip`, "received", fmt.Sprint(len(pack)), hexSum(pack), hex.EncodeToString(m[:]), hex.EncodeToString(s[:]), "2008-08-01T00:00:00Z", "", "", "2", "2"},
		[]string{"data/files/EX-1/pack/inner.txt", "EX-1", `\x3dpack.zip!dir/inner.txt`, "derived", fmt.Sprint(len(innerText)), hexSum(innerText), "", "", "", "taken out of a ZIP file", "data/files/EX-1/pack.zip", "5", "0"},
	)
	t.sets["5-artifacts"] = []member{{artifactOf(innerText, false), artifact}}
	t.sets["5-derivations"] = []member{
		{obj{"run": "r", "parent": "sha256:" + hexSum(pack), "child": "sha256:" + hexSum(innerText), "name": obj{"text": "dir/inner.txt"}, "n": 0, "complete": true}, []string{"parent", "child", "name"}},
	}
	t.records = [][]string{{}, {}, {}}
	for run := range t.records {
		for i := range 3 + 2*run {
			t.records[run] = append(t.records[run], fmt.Sprintf(`{"kind":"message","text":"run %d line %d ü"}`, run, i))
		}
	}
	t.show = map[int][]int{1: {3, 0}, 2: {6}}
	for range t.records {
		t.sets["5-runs"] = append(t.sets["5-runs"], member{obj{"run": "r", "input": "sha256:" + hexSum(pack)}, nil})
	}
	return t
}

// build makes the files of a bundle.
func (p *plan) build() files {
	if p.key == nil {
		p.key = seedKey("log")
	}
	if p.origin == "" {
		p.origin = "lab.example/11111111-2222-4333-8444-555555555555"
	}
	if p.salt == nil {
		p.salt = func(id string, n int) string { return saltOf(id, n) }
	}
	f := files{}
	t := p.theTables(f)
	trees := files{}
	var records []byte
	if p.tables != nil {
		p.tables(t)
	}
	line := 0
	for run, text := range t.records {
		numbers := make([]int, len(text))
		for _, i := range t.show[run] {
			line++
			numbers[i] = line
			records = append(records, text[i]+"\n"...)
		}
		id := fmt.Sprintf("5-%d", run)
		r, tree := recordTree(id, text, numbers, p.salt)
		m := &t.sets["5-runs"][run]
		m.body["record_tree"] = r
		if len(t.show[run]) > 0 {
			trees["custody/records/"+id+".jsonl"] = tree
			m.open = append(m.open, "record_tree")
		}
	}
	if !p.small {
		f["data/records/records.jsonl"] = records
		f["data/records/index.csv"] = []byte("number,kind\n")
	}
	f["data/files.csv"] = csvText(t.list)
	if p.data != nil {
		p.data(f)
	}
	payload := manifestOf(f)
	if p.manifest != nil {
		payload = p.manifest(payload)
	}
	var bytesTotal int
	for _, b := range f {
		bytesTotal += len(b)
	}
	oxum := fmt.Sprintf("%d.%d", bytesTotal, len(f))

	lines, openings, notes := p.log(t, trees, "sha256:"+hexSum(payload))
	if p.lines != nil {
		lines = p.lines(lines)
	}
	f["manifest-sha256.txt"] = payload
	f["bagit.txt"] = []byte("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
	f["bag-info.txt"] = fmt.Appendf(nil, "Bagging-Date: 2026-11-22\nExhibit-Bundle-Version: 1\nExhibit-Entry: %d\nExternal-Identifier: %s\nPayload-Oxum: %s\n", p.exportSeq(), p.origin, oxum)
	f["custody/log.jsonl"] = append(bytes.Join(lines, []byte("\n")), '\n')
	f["custody/openings.jsonl"] = openings
	maps.Copy(f, trees)
	newest, newestKeys := 0, []ed25519.PrivateKey(nil)
	for size, keys := range notes {
		f[fmt.Sprintf("custody/checkpoints/%d.note", size)] = noteOf(p.origin, size, lines, keys...)
		if size > newest {
			newest, newestKeys = size, keys
		}
	}
	logKeys := append([]ed25519.PrivateKey{p.key}, p.keys...)
	for _, t := range p.allTurns() {
		logKeys = append(logKeys, t.from, t.to)
	}
	seen := map[string]bool{}
	for _, k := range logKeys {
		if k != nil && !seen[string(k)] {
			seen[string(k)] = true
			f["keys/log.vkey"] = append(f["keys/log.vkey"], vkeyOf(p.origin, k)+"\n"...)
		}
	}
	if p.sshKey == nil {
		p.sshKey = newestKeys[0]
	}
	f["keys/allowed_signers"] = allowedOf(p.origin, p.sshKey)
	if p.tags != nil {
		p.tags(f)
	}
	tags := files{}
	for name, b := range f {
		if !strings.HasPrefix(name, "data/") {
			tags[name] = b
		}
	}
	list := manifestOf(tags)
	if p.tagManifest != nil {
		list = p.tagManifest(list)
	}
	f["tagmanifest-sha256.txt"] = list
	f["tagmanifest-sha256.txt.sig"] = sshSign(p.sshKey, "exhibit-bundle", list)
	if p.after != nil {
		p.after(f)
	}
	return f
}

func (p *plan) exportSeq() int {
	return exportEntry + p.extra + len(p.allTurns())
}

// log writes the entries, the openings, and which checkpoints there are, by whom.
func (p *plan) log(t *tables, trees files, manifest string) (lines [][]byte, openings []byte, notes map[int][]ed25519.PrivateKey) {
	notes = map[int][]ed25519.PrivateKey{}
	prev := ""
	add := func(kind string, plain obj, secret obj, sets ...string) {
		seq := len(lines)
		e := obj{
			"v": 1, "origin": p.origin, "seq": seq, "id": "00000000-0000-4000-8000-" + fmt.Sprintf("%012d", seq), "kind": kind, "prev": prev, "nonce": saltOf("nonce", seq),
			"time": obj{
				"start": "2026-11-22T10:00:00.000000Z", "end": "2026-11-22T10:00:00.000000Z", "local_offset": "+00:00", "monotonic_us": 1,
				"clock": obj{"source": "system", "synchronised": nil, "offset_us": nil, "error_us": nil},
			},
			"tool":  obj{"name": "exhibit", "version": "1", "sha256": "", "protocol": 1, "os": "linux", "arch": "amd64"},
			"plain": plain, "refs": obj{},
		}
		commits, roots := obj{}, obj{}
		for _, field := range slices.Sorted(maps.Keys(secret)) {
			salt := saltOf(seq, field)
			commits[field] = commit(salt, field, secret[field])
			if field != "asserted.note" { // stays withheld
				openings = append(append(openings, canon(obj{"field": field, "salt": salt, "seq": seq, "value": secret[field]})...), '\n')
			}
		}
		for _, name := range sets {
			id := fmt.Sprintf("%d-%s", seq, name)
			var tree []byte
			roots[name], tree = set(id, t.sets[id])
			if strings.Contains(string(tree), `"open"`) {
				trees["custody/sets/"+id+".jsonl"] = tree
			}
		}
		e["commit"], e["sets"] = commits, roots
		if p.entry != nil {
			p.entry(seq, e)
		}
		b := canon(e)
		if p.line != nil {
			b = p.line(seq, b)
		}
		lines = append(lines, b)
		h := leafOf(b)
		prev = hex.EncodeToString(h[:])
	}
	add("create", obj{"case": "11111111-2222-4333-8444-555555555555", "format": "1"}, obj{"asserted.case.title": "R v Müller", "asserted.case.number": "K 1/26"})
	add("receive", obj{"phase": "begin"}, obj{"asserted.exhibit": "EX-1", "asserted.note": "never shown"})
	add("receive", obj{"phase": "part"}, nil, "artifacts", "occurrences")
	add("receive", obj{"phase": "end"}, nil)
	add("derive", obj{"phase": "intent"}, nil)
	if p.small {
		add("derive", obj{"phase": "result"}, nil)
	} else {
		add("derive", obj{"phase": "result"}, nil, "artifacts", "derivations", "runs")
	}
	vkey := vkeyOf(p.origin, p.key)
	add("seal", obj{"signer": vkey}, nil)
	signer := p.key
	notes[len(lines)] = []ed25519.PrivateKey{signer}
	for _, t := range p.allTurns() {
		plain := obj{"action": t.action, "signer": vkeyOf(p.origin, t.from)}
		if t.to != nil {
			plain["successor"], signer = vkeyOf(p.origin, t.to), t.to
		}
		add("identity", plain, nil)
		if t.by != nil {
			notes[len(lines)] = t.by
		}
	}
	for i := range p.extra {
		add("note", obj{}, obj{"asserted.note": fmt.Sprint(i)})
	}
	add("export", obj{"phase": "intent"}, nil)
	add("export", obj{"phase": "result"}, obj{"observed.manifest": manifest})
	if p.newestBy != nil {
		signer = p.newestBy
	}
	add("seal", obj{"signer": vkeyOf(p.origin, signer)}, nil)
	notes[len(lines)] = []ed25519.PrivateKey{signer}
	return lines, openings, notes
}

func csvText(rows [][]string) []byte {
	b := []byte("file,exhibit,path,sort,size,sha256,md5,sha1,modified,made,from,entry,n\n")
	for _, row := range rows {
		for i, f := range row {
			if strings.ContainsAny(f, `,"`) {
				f = `"` + strings.ReplaceAll(f, `"`, `""`) + `"`
			}
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, f...)
		}
		b = append(b, '\n')
	}
	return b
}

func manifestOf(f files) []byte {
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(f)) {
		b = fmt.Appendf(b, "%s  %s\n", hexSum(f[name]), name)
	}
	return b
}

func publicOf(key ed25519.PrivateKey) []byte { return key.Public().(ed25519.PublicKey) }

func keyHashOf(name string, pub []byte) []byte {
	s := sha256.Sum256(append([]byte(name+"\n\x01"), pub...))
	return s[:4]
}

func vkeyOf(name string, key ed25519.PrivateKey) string {
	pub := key.Public().(ed25519.PublicKey)
	return fmt.Sprintf("%s+%x+%s", name, keyHashOf(name, pub), base64.StdEncoding.EncodeToString(append([]byte{1}, pub...)))
}

func noteText(origin string, size int, lines [][]byte) string {
	var leaves [][32]byte
	for _, l := range lines[:min(size, len(lines))] {
		leaves = append(leaves, leafOf(l))
	}
	r := root(leaves)
	return fmt.Sprintf("%s\n%d\n%s\n", origin, size, base64.StdEncoding.EncodeToString(r[:]))
}

func noteOf(origin string, size int, lines [][]byte, keys ...ed25519.PrivateKey) []byte {
	return signNote(noteText(origin, size, lines), origin, keys...)
}

func signNote(text, origin string, keys ...ed25519.PrivateKey) []byte {
	note := []byte(text + "\n")
	for _, k := range keys {
		sig := append(keyHashOf(origin, k.Public().(ed25519.PublicKey)), ed25519.Sign(k, []byte(text))...)
		note = fmt.Appendf(note, "— %s %s\n", origin, base64.StdEncoding.EncodeToString(sig))
	}
	return note
}

func sshText(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(p))), p...)
	}
	return b
}

func allowedOf(origin string, keys ...ed25519.PrivateKey) []byte {
	var b []byte
	for _, k := range keys {
		b = fmt.Appendf(b, "%s namespaces=\"exhibit-bundle\" ssh-ed25519 %s\n", origin, base64.StdEncoding.EncodeToString(sshText([]byte("ssh-ed25519"), k.Public().(ed25519.PublicKey))))
	}
	return b
}

func sshSign(key ed25519.PrivateKey, namespace string, message []byte) []byte {
	h := sha512.Sum512(message)
	common := sshText([]byte(namespace), nil, []byte("sha512"))
	sig := ed25519.Sign(key, slices.Concat([]byte("SSHSIG"), common, sshText(h[:])))
	pub := sshText([]byte("ssh-ed25519"), key.Public().(ed25519.PublicKey))
	blob := slices.Concat([]byte("SSHSIG\x00\x00\x00\x01"), sshText(pub), common, sshText(sshText([]byte("ssh-ed25519"), sig)))
	text := base64.StdEncoding.EncodeToString(blob)
	out := "-----BEGIN SSH SIGNATURE-----\n"
	for part := range slices.Chunk([]byte(text), 70) {
		out += string(part) + "\n"
	}
	return []byte(out + "-----END SSH SIGNATURE-----\n")
}

// entryOf is one entry of a ZIP file, with everything that can be lied about.
type entryOf struct {
	name          string
	content       []byte
	crc           uint32
	centralCRC    uint32
	method, flags uint16
	localName     string
	localExtra    []byte
	centralExtra  []byte
	comment       string
	attributes    uint32
	version, made uint16
	size          int64
	date          uint16
	gap           []byte // before the entry
	descriptor    []byte // after it
	offsetBy      int64
}

// zipOf packs files as docs/formats/bundle.md says; change may lie about it.
func zipOf(top string, f files, change func([]*entryOf) []*entryOf) []byte {
	var entries []*entryOf
	for _, name := range slices.Sorted(maps.Keys(f)) {
		b := f[name]
		sum := crc32.ChecksumIEEE(b)
		entries = append(entries, &entryOf{name: top + "/" + name, localName: top + "/" + name, content: b, crc: sum, centralCRC: sum, version: 20, made: 20, size: int64(len(b)), date: 33})
	}
	slices.SortFunc(entries, func(a, b *entryOf) int { return strings.Compare(a.name, b.name) })
	if change != nil {
		entries = change(entries)
	}
	le := binary.LittleEndian
	var out, dir []byte
	for _, e := range entries {
		out = append(out, e.gap...)
		at := int64(len(out)) + e.offsetBy
		h := le.AppendUint32(nil, 0x04034b50)
		for _, v := range []uint16{e.version, e.flags, e.method, 0, e.date} {
			h = le.AppendUint16(h, v)
		}
		for _, v := range []uint32{e.crc, uint32(e.size), uint32(e.size)} {
			h = le.AppendUint32(h, v)
		}
		h = le.AppendUint16(le.AppendUint16(h, uint16(len(e.localName))), uint16(len(e.localExtra)))
		out = append(out, slices.Concat(h, []byte(e.localName), e.localExtra, e.content, e.descriptor)...)
		d := le.AppendUint32(nil, 0x02014b50)
		for _, v := range []uint16{e.made, e.version, e.flags, e.method, 0, e.date} {
			d = le.AppendUint16(d, v)
		}
		for _, v := range []uint32{e.centralCRC, uint32(e.size), uint32(e.size)} {
			d = le.AppendUint32(d, v)
		}
		for _, v := range []uint16{uint16(len(e.name)), uint16(len(e.centralExtra)), uint16(len(e.comment)), 0, 0} {
			d = le.AppendUint16(d, v)
		}
		d = le.AppendUint32(le.AppendUint32(d, e.attributes), uint32(at))
		dir = append(dir, slices.Concat(d, []byte(e.name), e.centralExtra, []byte(e.comment))...)
	}
	end := le.AppendUint32(nil, 0x06054b50)
	for _, v := range []uint16{0, 0, uint16(len(entries)), uint16(len(entries))} {
		end = le.AppendUint16(end, v)
	}
	end = le.AppendUint32(le.AppendUint32(end, uint32(len(dir))), uint32(len(out)))
	return slices.Concat(out, dir, le.AppendUint16(end, 0))
}
