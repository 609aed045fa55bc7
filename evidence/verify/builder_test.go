package verify_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	seekable "github.com/SaveTheRbtz/zstd-seekable-format-go/pkg"
	"github.com/klauspost/compress/zstd"
	_ "github.com/mattn/go-sqlite3"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/exhibit-forensics/exhibit/schemas"
)

// builder writes a case by hand, from docs/formats alone: a second writer, so
// that a mistake shared by evidence/store and this package would show. Trees
// come from x/mod's tlog, notes from its note, zstd objects from a library
// that this package does not use.
type builder struct {
	t      *testing.T
	dir    string
	db     *sql.DB
	origin string
	key    ed25519.PrivateKey
	seed   string // of everything that would be random
	drawn  uint64
	// edit may change what is written about a thing before it is committed to: a
	// log that states what is not so. nil changes nothing.
	edit func(what string, o object)

	bodies [][]byte
	hashes []tlog.Hash
	prev   string
}

// canon is canonical JSON as the Python line of docs/formats/canonical.md makes it.
func canon(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

type object = map[string]any

func newBuilder(t *testing.T, dir, seed string, pragmas ...string) *builder {
	t.Helper()
	b := &builder{t: t, dir: dir, seed: seed, origin: "lab.example/3f0c1d52-7a64-4b8e-9c0a-5d2e8f1b7a90"}
	b.key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	for _, sub := range []string{"objects/sha256", "objects/tmp", "checkpoints", "secrets/keys"} {
		b.must(os.MkdirAll(filepath.Join(dir, sub), 0o700))
	}
	var err error
	b.db, err = sql.Open("sqlite3", "file:"+(&url.URL{Path: filepath.Join(dir, "case.db")}).EscapedPath())
	b.must(err)
	b.db.SetMaxOpenConns(1)
	// Large pages, so that no value is split between two: tests find them in the file.
	b.exec("PRAGMA page_size = 16384")
	b.exec("PRAGMA journal_mode = OFF")
	b.exec("PRAGMA synchronous = OFF")
	for _, p := range pragmas {
		b.exec("PRAGMA " + p)
	}
	text, err := schemas.SQL.ReadFile("sql/0001_case.sql")
	b.must(err)
	b.exec(string(text))
	return b
}

func (b *builder) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *builder) exec(query string, args ...any) {
	b.t.Helper()
	_, err := b.db.Exec(query, args...)
	b.must(err)
}

func (b *builder) edited(what string, o object) object {
	if b.edit != nil {
		b.edit(what, o)
	}
	return o
}

func (b *builder) close() { b.must(b.db.Close()) }

// random returns n bytes that depend on the seed and how many were drawn before.
func (b *builder) random(n int) []byte {
	b.drawn++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", b.seed, b.drawn))
	return sum[:n]
}

func commit(t *testing.T, salt, field string, value any) string {
	sum := sha256.Sum256(canon(t, []any{salt, field, value}))
	return hex.EncodeToString(sum[:])
}

// merkle is the definition in RFC 6962 §2.1, word for word.
func merkle(leaves [][]byte) []byte {
	switch n := len(leaves); n {
	case 0:
		h := sha256.Sum256(nil)
		return h[:]
	case 1:
		h := sha256.Sum256(append([]byte{0}, leaves[0]...))
		return h[:]
	default:
		k := 1
		for k*2 < n {
			k *= 2
		}
		h := sha256.Sum256(append(append([]byte{1}, merkle(leaves[:k])...), merkle(leaves[k:])...))
		return h[:]
	}
}

func mac(seed, data []byte) string {
	m := hmac.New(sha256.New, seed)
	m.Write(data)
	return hex.EncodeToString(m.Sum(nil)[:16])
}

// set inserts rows with their seed and returns what the entry says of them.
func (b *builder) set(seq int64, name string, members []object) object {
	seed := b.random(32)
	b.exec("INSERT INTO sets (seq, name, seed) VALUES (?, ?, ?)", seq, name, seed)
	var leaves [][]byte
	for n, body := range members {
		runSeed, isRun := body["seed"].([]byte)
		delete(body, "seed")
		leaf := object{}
		for field, value := range body {
			leaf[field] = commit(b.t, mac(seed, canon(b.t, []any{n, field})), field, value)
		}
		leaves = append(leaves, canon(b.t, leaf))
		h := sha256.Sum256(append([]byte{0}, leaves[n]...))
		if isRun {
			b.exec("INSERT INTO runs (seq, n, body, leaf, seed) VALUES (?, ?, ?, ?, ?)", seq, n, canon(b.t, body), h[:], runSeed)
			body["seed"] = runSeed
		} else {
			b.exec("INSERT INTO "+name+" (seq, n, body, leaf) VALUES (?, ?, ?, ?)", seq, n, canon(b.t, body), h[:])
		}
	}
	return object{"root": hex.EncodeToString(merkle(leaves)), "size": len(members)}
}

// draft is what an entry says.
type draft struct {
	kind   string
	plain  object
	secret object
	sets   map[string][]object
	refs   object
}

// entry appends an entry and everything that hangs on it; it returns its number.
func (b *builder) entry(d draft) int64 {
	b.t.Helper()
	seq := int64(len(b.bodies))
	id := b.random(16)
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	commits, sets, plain, refs := object{}, object{}, object{}, object{}
	for k, v := range d.plain {
		plain[k] = v
	}
	for k, v := range d.refs {
		refs[k] = v
	}
	type opening struct {
		field, salt string
		value       []byte
	}
	var openings []opening
	for field, value := range d.secret {
		// Not in the order of iteration: the same seed must give the same case.
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %s", b.seed, seq, field))
		salt := hex.EncodeToString(sum[:16])
		commits[field] = commit(b.t, salt, field, value)
		openings = append(openings, opening{field, salt, canon(b.t, value)})
	}
	at := fmt.Sprintf("2026-11-22T%02d:%02d:00.000000Z", 10+seq/60, seq%60)
	// The row first: the others refer to it. Its body follows by replacing it.
	b.exec("INSERT INTO entries (seq, body) VALUES (?, x'')", seq)
	for _, name := range []string{"artifacts", "occurrences", "derivations", "runs", "subjects"} {
		if members, ok := d.sets[name]; ok {
			sets[name] = b.set(seq, name, members)
		}
	}
	body := canon(b.t, b.edited("entry", object{
		"v": 1, "origin": b.origin, "seq": seq, "kind": d.kind, "prev": b.prev,
		"id":    fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]),
		"nonce": hex.EncodeToString(b.random(16)),
		"time": object{
			"start": at, "end": at, "local_offset": "+08:00", "monotonic_us": 1000 * seq,
			"clock": object{"source": "system", "synchronised": nil, "offset_us": nil, "error_us": nil},
		},
		"tool":  object{"name": "builder", "version": "1", "sha256": "", "protocol": 1, "os": "linux", "arch": "amd64"},
		"plain": plain, "commit": commits, "sets": sets, "refs": refs,
	}))
	b.exec("INSERT OR REPLACE INTO entries (seq, body) VALUES (?, ?)", seq, body)
	for _, o := range openings {
		b.exec("INSERT INTO openings (seq, field, salt, value) VALUES (?, ?, ?, ?)", seq, o.field, o.salt, o.value)
	}
	if seq == 0 {
		for name, value := range map[string]string{"format": "1", "case": b.origin[len(b.origin)-36:], "origin": b.origin, "created": at} {
			b.exec("INSERT INTO meta (name, value) VALUES (?, ?)", name, value)
		}
	}
	hashes, err := tlog.StoredHashes(seq, body, tlog.HashReaderFunc(func(idx []int64) (out []tlog.Hash, err error) {
		for _, i := range idx {
			out = append(out, b.hashes[i])
		}
		return out, nil
	}))
	b.must(err)
	for _, h := range hashes {
		b.exec("INSERT INTO nodes (idx, hash) VALUES (?, ?)", len(b.hashes), h[:])
		b.hashes = append(b.hashes, h)
	}
	leaf := sha256.Sum256(append([]byte{0}, body...))
	b.prev = hex.EncodeToString(leaf[:])
	b.bodies = append(b.bodies, body)
	return seq
}

// vkey is the verifier key of the log under a name.
func vkey(name string, key ed25519.PrivateKey) string {
	s, err := note.NewEd25519VerifierKey(name, key.Public().(ed25519.PublicKey))
	if err != nil {
		panic(err)
	}
	return s
}

type signer struct {
	name string
	key  ed25519.PrivateKey
	hash uint32
}

func (s signer) Name() string                    { return s.name }
func (s signer) KeyHash() uint32                 { return s.hash }
func (s signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

// note signs the head of the log.
func (b *builder) note() []byte {
	v, err := note.NewVerifier(vkey(b.origin, b.key))
	b.must(err)
	tree := tlog.Tree{N: int64(len(b.bodies)), Hash: tlog.Hash(merkle(b.bodies))}
	text := fmt.Sprintf("%s\n%d\n%s\n", b.origin, tree.N, tree.Hash)
	msg, err := note.Sign(&note.Note{Text: text}, signer{b.origin, b.key, v.KeyHash()})
	b.must(err)
	return msg
}

// sealLog appends a seal and keeps the checkpoint over it.
func (b *builder) sealLog() []byte {
	b.entry(draft{kind: "seal", plain: object{"signer": vkey(b.origin, b.key)}})
	msg := b.note()
	b.exec("INSERT INTO checkpoints (size, note) VALUES (?, ?)", len(b.bodies), msg)
	b.must(os.WriteFile(filepath.Join(b.dir, "checkpoints", fmt.Sprintf("%d.note", len(b.bodies))), msg, 0o600))
	return msg
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(h[:])
}

// store keeps content as an object and returns the body of its row.
func (b *builder) store(content []byte, encoding, origin string) object {
	stored := content
	if encoding == "zstd" {
		stored = b.seekable(content)
	}
	digest := sum(content)
	name := filepath.Join(b.dir, "objects", "sha256", digest[7:9], digest[7:])
	b.must(os.MkdirAll(filepath.Dir(name), 0o700))
	b.must(os.WriteFile(name, stored, 0o600))
	row := object{
		"artifact": digest, "size": len(content), "origin": origin,
		"stored": object{"encoding": encoding, "sha256": sum(stored), "size": len(stored)},
	}
	if origin == "original" {
		row["hashes"] = hashes(content)
	}
	return row
}

func hashes(content []byte) object {
	m, s := md5.Sum(content), sha1.Sum(content)
	return object{"md5": hex.EncodeToString(m[:]), "sha1": hex.EncodeToString(s[:])}
}

func (b *builder) seekable(content []byte) []byte {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	b.must(err)
	var out bytes.Buffer
	w, err := seekable.NewWriter(&out, enc)
	b.must(err)
	for len(content) > 0 {
		n := min(len(content), 256<<10)
		_, err := w.Write(content[:n])
		b.must(err)
		content = content[n:]
	}
	b.must(w.Close())
	b.must(enc.Close())
	return out.Bytes()
}

// recordRoot commits to lines one by one.
func (b *builder) recordRoot(seed []byte, lines [][]byte) string {
	var leaves [][]byte
	for i, line := range lines {
		salt := mac(seed, binary.BigEndian.AppendUint64(nil, uint64(i)))
		leaves = append(leaves, fmt.Appendf(nil, `["%s","record",%s]`, salt, line))
	}
	return hex.EncodeToString(merkle(leaves))
}

func rootOf(leaves [][]byte) string { return hex.EncodeToString(merkle(leaves)) }
