package custody

import (
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Build makes the entry that continues h, and the openings of its commitments
// in ascending order of their fields' names. Salts, nonce and UUID come from
// rand. It refuses, with evidence.ErrFormat, kinds and fields that are not in
// the table, plain fields that the kind does not carry, secrets among the plain
// fields and the reverse, and values that are not of their field's type. No
// value is quoted in an error.
func Build(h Head, d Draft, rand io.Reader) (body []byte, openings []Opening, err error) {
	body, openings, err = build(h, d, rand)
	if err != nil {
		return nil, nil, fmt.Errorf("custody: build entry %d of kind %q: %w", h.Size, d.Kind, err)
	}
	return body, openings, nil
}

func build(h Head, d Draft, rand io.Reader) ([]byte, []Opening, error) {
	// Digests are written with their prefix; a bare one is completed.
	if d.Tool.SHA256 != "" {
		sum, err := evidence.ParseDigest(d.Tool.SHA256)
		if err != nil {
			return nil, nil, fmt.Errorf("tool.sha256: %w", err)
		}
		d.Tool.SHA256 = sum.String()
	}
	nonce, err := randomHex(rand, 16)
	if err != nil {
		return nil, nil, err
	}
	id, err := newUUID(rand)
	if err != nil {
		return nil, nil, err
	}
	commit := make(map[string]any, len(d.Secret))
	var openings []Opening
	for _, name := range slices.Sorted(maps.Keys(d.Secret)) {
		o, err := secret(name, d.Secret[name], rand)
		if err != nil {
			return nil, nil, err
		}
		openings = append(openings, o)
		commit[name] = Commitment(o.Salt, o.Field, o.Value).Hex()
	}
	sets := make(map[string]any, len(d.Sets))
	for name, s := range d.Sets {
		sets[name] = map[string]any{"root": s.Root, "size": s.Size}
	}
	refs := make(map[string]any, len(d.Refs))
	for name, seq := range d.Refs {
		refs[name] = seq
	}
	plain := d.Plain
	if plain == nil {
		plain = map[string]any{}
	}
	body, err := evidence.Canonical(map[string]any{
		"v": evidence.FormatVersion, "origin": h.Origin, "seq": h.Size, "id": id, "kind": d.Kind,
		"prev": h.Prev, "nonce": nonce, "plain": plain, "commit": commit, "sets": sets, "refs": refs,
		"time": map[string]any{
			"start": formatTime(d.Start), "end": formatTime(d.End), "local_offset": d.LocalOffset, "monotonic_us": d.MonotonicUS,
			"clock": map[string]any{
				"source": d.Clock.Source, "synchronised": orNull(d.Clock.Synchronised),
				"offset_us": orNull(d.Clock.OffsetUS), "error_us": orNull(d.Clock.ErrorUS),
			},
		},
		"tool": map[string]any{
			"name": d.Tool.Name, "version": d.Tool.Version, "sha256": d.Tool.SHA256,
			"protocol": d.Tool.Protocol, "os": d.Tool.OS, "arch": d.Tool.Arch,
		},
	})
	if err != nil {
		return nil, nil, err
	}
	// Whatever the reader would refuse, the writer refuses: one set of rules.
	if _, err := parseEntry(body); err != nil {
		return nil, nil, err
	}
	return body, openings, nil
}

func secret(name string, value any, rand io.Reader) (Opening, error) {
	f, ok := fieldOf(name)
	if !ok || f.Plain {
		return Opening{}, fmt.Errorf("%w: no field %q is committed to", evidence.ErrFormat, name)
	}
	b, err := evidence.Canonical(value)
	if err != nil {
		return Opening{}, fmt.Errorf("field %q: %w", name, err)
	}
	if err := f.Check(b); err != nil {
		return Opening{}, err
	}
	salt, err := randomHex(rand, saltSize)
	if err != nil {
		return Opening{}, err
	}
	return Opening{Field: name, Salt: salt, Value: b}, nil
}

func formatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

func orNull[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

func randomHex(rand io.Reader, n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(rand, b); err != nil {
		return "", fmt.Errorf("random source: %w", err)
	}
	return hex.EncodeToString(b), nil
}

// newUUID returns a version 4 UUID (RFC 9562 §5.4).
func newUUID(rand io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return "", fmt.Errorf("random source: %w", err)
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:], nil
}
