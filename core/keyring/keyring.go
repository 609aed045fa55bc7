// Package keyring keeps the keys that open evidence. A key the examiner gives is
// kept in the case's secrets; a key found in evidence is kept as a place, never
// as a copy. Everywhere else a key is known by its fingerprint, an HMAC under a
// per-case secret, so that a printed fingerprint cannot be tried against guesses.
package keyring

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Encodings in which key bytes may be written down.
const (
	Raw    = "raw"
	Hex    = "hex"
	Base64 = "base64"
	// UTF16: the key is the ASCII text that is written down, in UTF-16, little end first;
	// FromUTF16 is the reverse. Zero8 and so on: the bytes, and zeros up to that length.
	UTF16     = "utf-16le"
	FromUTF16 = "from-utf-16le"
	Zero8     = "zero-8"
	Zero16    = "zero-16"
	Zero24    = "zero-24"
	Zero32    = "zero-32"
)

// Encodings lists them.
func Encodings() []string {
	return append([]string{Raw, Hex, Base64, UTF16, FromUTF16, Zero8, Zero16, Zero24, Zero32}, digestEncodings()...)
}

// FilledTo is the length up to which an encoding fills a key with zeros, 0 where it does not.
func FilledTo(encoding string) int64 { return int64(zeros[encoding]) }

// zeros is how long a key is filled up with zeros.
var zeros = map[string]int{Zero8: 8, Zero16: 16, Zero24: 24, Zero32: 32}

// Forms of a key.
const (
	Given     = "given"
	AtPlace   = "place"
	Published = "published"
)

// MaxKey bounds a key's size in bytes as written down.
const MaxKey = 4096

// Key is a key ready for use. Its bytes never leave the process but to a plugin.
type Key struct {
	Name        string
	Fingerprint string
	// Form is given, place or published.
	Form  string
	Value []byte
}

// String names the key; its bytes stay out of logs and messages.
func (k Key) String() string { return k.Fingerprint + " (" + k.Name + ")" }

// Fingerprint names key bytes within one case: "key:" and 16 hexadecimal digits
// (docs/formats/runs.md).
func Fingerprint(secret, value []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(value)
	return "key:" + hex.EncodeToString(mac.Sum(nil)[:8])
}

// Decode turns a key as written down into its bytes. White space around and
// inside hexadecimal and base64 is ignored; raw bytes are taken as they are.
func Decode(text []byte, encoding string) ([]byte, error) {
	var out []byte
	var err error
	compact := strings.Join(strings.Fields(string(text)), "")
	switch encoding {
	case Raw:
		out = text
	case Hex:
		out, err = hex.DecodeString(compact)
	case Base64:
		out, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(compact, "="))
	case UTF16:
		out, err = widen(text)
	case FromUTF16:
		out, err = narrow(text)
	default:
		if d, ok := ParseDigest(encoding); ok && len(text) > 0 {
			return d.of(text), nil
		}
		n, ok := zeros[encoding]
		if !ok {
			return nil, fmt.Errorf("%w: key encoding %q; use one of %s", evidence.ErrFormat, encoding, strings.Join(Encodings(), ", "))
		}
		if len(text) > n {
			return nil, fmt.Errorf("%w: the key is longer than %d bytes", evidence.ErrFormat, n)
		}
		out = append(slices.Clone(text), make([]byte, n-len(text))...)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the key is not %s", evidence.ErrFormat, encoding)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: the key is empty", evidence.ErrFormat)
	}
	return out, nil
}

var errText = errors.New("not such a text")

func widen(text []byte) ([]byte, error) {
	var out []byte
	for _, c := range text {
		if c >= 0x80 {
			return nil, errText
		}
		out = append(out, c, 0)
	}
	return out, nil
}

func narrow(text []byte) ([]byte, error) {
	var out []byte
	for len(text) >= 2 && text[0] < 0x80 && text[1] == 0 {
		out, text = append(out, text[0]), text[2:]
	}
	if len(text) > 0 {
		return nil, errText
	}
	return out, nil
}

var keyName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Add keeps a key the examiner gives: its bytes in the case's secrets, durable,
// then an entry. It returns the fingerprint. ErrExists where the name is taken.
func Add(ctx context.Context, c *store.Case, name string, value []byte, encoding string) (string, error) {
	if len(value) > MaxKey {
		return "", fmt.Errorf("%w: a key of %d bytes; at most %d", evidence.ErrFormat, len(value), MaxKey)
	}
	bytes, err := Decode(value, encoding)
	if err != nil {
		return "", err
	}
	fp, err := prepare(ctx, c, name, bytes)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(c.Dir(), "secrets", "keys")
	if err := writeSecret(dir, name, bytes); err != nil {
		return "", fmt.Errorf("keyring: keep key %q: %w", name, err)
	}
	_, err = c.Append(ctx, store.Batch{
		Kind:   "key",
		Plain:  map[string]any{"action": "add", "fingerprint": fp, "encoding": encoding, "form": Given},
		Secret: map[string]any{"asserted.name": name},
	})
	return fp, err
}

// AddAt names bytes of an artifact as a key. Nothing is copied.
func AddAt(ctx context.Context, c *store.Case, name string, at store.Place, encoding string) (string, error) {
	bytes, err := read(ctx, c, at, encoding)
	if err != nil {
		return "", err
	}
	fp, err := prepare(ctx, c, name, bytes)
	if err != nil {
		return "", err
	}
	return fp, addAt(ctx, c, name, fp, at, encoding, nil)
}

func addAt(ctx context.Context, c *store.Case, name, fp string, at store.Place, encoding string, found any) error {
	secret := map[string]any{
		"asserted.name":  name,
		"asserted.place": map[string]any{"artifact": at.Artifact.String(), "offset": at.Offset, "length": at.Length},
	}
	if found != nil {
		secret["observed.found"] = found
	}
	_, err := c.Append(ctx, store.Batch{
		Kind:   "key",
		Plain:  map[string]any{"action": "add", "fingerprint": fp, "encoding": encoding, "form": AtPlace},
		Secret: secret,
	})
	return err
}

// AddFound is AddAt for a key that the program found; found says how (docs/formats/case.md,
// Keys). The name is the first of found-1, found-2, … that is free. Where the case knows
// the key already nothing is added, and its name there is returned.
func AddFound(ctx context.Context, c *store.Case, at store.Place, encoding string, found any) (k store.Key, added bool, err error) {
	value, err := read(ctx, c, at, encoding)
	if err != nil {
		return store.Key{}, false, err
	}
	secret, err := c.Secret()
	if err != nil {
		return store.Key{}, false, err
	}
	k = store.Key{Fingerprint: Fingerprint(secret, value), Encoding: encoding, Form: AtPlace, Place: &at}
	list, err := List(ctx, c)
	if err != nil {
		return store.Key{}, false, err
	}
	if i := slices.IndexFunc(list, func(o store.Key) bool { return o.Fingerprint == k.Fingerprint }); i >= 0 {
		return list[i], false, nil
	}
	for n := 1; k.Name == "" || slices.ContainsFunc(list, func(o store.Key) bool { return o.Name == k.Name }); n++ {
		k.Name = fmt.Sprintf("found-%d", n)
	}
	return k, true, addAt(ctx, c, k.Name, k.Fingerprint, at, encoding, found)
}

func prepare(ctx context.Context, c *store.Case, name string, value []byte) (string, error) {
	if !keyName.MatchString(name) {
		return "", fmt.Errorf("%w: key name %q; use letters, digits, dot, dash, underscore", evidence.ErrFormat, name)
	}
	state, err := c.State(ctx)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(state.Keys, func(k store.Key) bool { return k.Name == name }) {
		return "", fmt.Errorf("%w: a key named %q", evidence.ErrExists, name)
	}
	secret, err := c.Secret()
	if err != nil {
		return "", err
	}
	return Fingerprint(secret, value), nil
}

// List returns the case's keys in the order in which they were added.
func List(ctx context.Context, c *store.Case) ([]store.Key, error) {
	state, err := c.State(ctx)
	if err != nil {
		return nil, err
	}
	return state.Keys, nil
}

// Resolve fetches the bytes of every key of the case. A key whose bytes are gone
// or no longer fit its fingerprint is ErrKey, named.
func Resolve(ctx context.Context, c *store.Case) ([]Key, error) {
	list, err := List(ctx, c)
	if err != nil {
		return nil, err
	}
	secret, err := c.Secret()
	if err != nil {
		return nil, err
	}
	out := make([]Key, 0, len(list))
	for _, k := range list {
		key, err := resolve(ctx, c, secret, k)
		if err != nil {
			return nil, err
		}
		out = append(out, key)
	}
	return out, nil
}

// AtHand is Resolve without the keys whose bytes are gone or no longer fit, of which
// missing has the names.
func AtHand(ctx context.Context, c *store.Case) (keys []Key, missing []string, err error) {
	list, err := List(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	secret, err := c.Secret()
	for _, k := range list {
		if err == nil {
			key, kerr := resolve(ctx, c, secret, k)
			if kerr == nil {
				keys = append(keys, key)
				continue
			}
			if ctx.Err() != nil {
				return nil, nil, ctx.Err()
			}
		}
		missing = append(missing, k.Name)
	}
	return keys, missing, nil
}

func resolve(ctx context.Context, c *store.Case, secret []byte, k store.Key) (Key, error) {
	var value []byte
	var err error
	if k.Place != nil {
		value, err = read(ctx, c, *k.Place, k.Encoding)
	} else {
		value, err = os.ReadFile(filepath.Join(c.Dir(), "secrets", "keys", k.Name))
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: the case's secrets hold no key %q", evidence.ErrKey, k.Name)
		}
	}
	if err != nil {
		return Key{}, fmt.Errorf("keyring: key %q: %w", k.Name, err)
	}
	if got := Fingerprint(secret, value); got != k.Fingerprint {
		return Key{}, fmt.Errorf("%w: key %q is not the one that was added (%s, not %s)", evidence.ErrKey, k.Name, got, k.Fingerprint)
	}
	return Key{Name: k.Name, Fingerprint: k.Fingerprint, Form: k.Form, Value: value}, nil
}

func read(ctx context.Context, c *store.Case, at store.Place, encoding string) ([]byte, error) {
	if at.Length <= 0 || at.Length > MaxKey || at.Offset < 0 {
		return nil, fmt.Errorf("%w: a key of %d bytes at %d; 1 to %d bytes", evidence.ErrFormat, at.Length, at.Offset, MaxKey)
	}
	a, err := c.Artifact(ctx, at.Artifact)
	if err != nil {
		return nil, err
	}
	if at.Offset > a.Size || at.Length > a.Size-at.Offset {
		return nil, fmt.Errorf("%w: artifact %s has %d bytes; %d bytes at %d lie outside", evidence.ErrFormat, a.SHA256.Short(), a.Size, at.Length, at.Offset)
	}
	obj, err := c.Blobs().Reader(ctx, a)
	if err != nil {
		return nil, err
	}
	defer obj.Close()
	text := make([]byte, at.Length)
	if _, err := obj.ReadAt(text, at.Offset); err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	return Decode(text, encoding)
}

// writeSecret leaves name in dir with mode 0600, durable, or not at all. A file
// left by an add that was cut short before its entry is replaced.
func writeSecret(dir, name string, value []byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(value)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}

// PublishedIn returns the keys that profiles state, which are published ones, under the name
// "published:<profile>".
func PublishedIn(secret []byte, profiles []json.RawMessage) ([]Key, error) {
	var out []Key
	for _, body := range profiles {
		var p struct {
			Name string `json:"name"`
			Key  *struct {
				Value    string `json:"value"`
				Encoding string `json:"encoding"`
			} `json:"key"`
		}
		if err := json.Unmarshal(body, &p); err != nil {
			return nil, fmt.Errorf("%w: profile: %w", evidence.ErrFormat, err)
		}
		if p.Key == nil {
			continue
		}
		value, err := Decode([]byte(p.Key.Value), p.Key.Encoding)
		if err != nil {
			return nil, fmt.Errorf("published key of profile %q: %w", p.Name, err)
		}
		out = append(out, Key{Name: "published:" + p.Name, Fingerprint: Fingerprint(secret, value), Form: Published, Value: value})
	}
	return out, nil
}
