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
)

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
	default:
		return nil, fmt.Errorf("%w: key encoding %q; use raw, hex or base64", evidence.ErrFormat, encoding)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the key is not %s", evidence.ErrFormat, encoding)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: the key is empty", evidence.ErrFormat)
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
	_, err = c.Append(ctx, store.Batch{
		Kind:  "key",
		Plain: map[string]any{"action": "add", "fingerprint": fp, "encoding": encoding, "form": AtPlace},
		Secret: map[string]any{
			"asserted.name":  name,
			"asserted.place": map[string]any{"artifact": at.Artifact.String(), "offset": at.Offset, "length": at.Length},
		},
	})
	return fp, err
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
