// Package locate finds the artifact a person means: by digest, by the start of
// one, or by a place as exhibit prints it.
package locate

import (
	"context"
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// minPrefix is how many hexadecimal digits a shortened digest needs.
const minPrefix = 6

// Artifact reads "sha256:ab12…", a prefix of six digits or more, "EX-001:conf/enc.key",
// "EX-001/conf/enc.key", or "conf/enc.key" where only one exhibit has it. ErrNotFound and ErrAmbiguous say what was looked for.
func Artifact(ctx context.Context, c *store.Case, text string) (evidence.Digest, error) {
	if d, err := evidence.ParseDigest(text); err == nil {
		if _, err := c.Artifact(ctx, d); err != nil {
			return evidence.Digest{}, fmt.Errorf("artifact %s: %w", d, err)
		}
		return d, nil
	}
	if prefix := strings.ToLower(strings.TrimPrefix(text, evidence.DigestPrefix)); isHex(prefix) {
		found, err := c.Find(ctx, prefix)
		if err != nil {
			return evidence.Digest{}, err
		}
		if len(found) > 0 {
			return one(text, found)
		}
	}
	found, err := byPlace(ctx, c, text)
	if err != nil {
		return evidence.Digest{}, err
	}
	return one(text, found)
}

func one(text string, found []evidence.Digest) (evidence.Digest, error) {
	switch len(found) {
	case 0:
		return evidence.Digest{}, fmt.Errorf("artifact %q: %w; give a digest, or a place such as EX-001:conf/enc.key", text, evidence.ErrNotFound)
	case 1:
		return found[0], nil
	}
	names := make([]string, len(found))
	for i, d := range found {
		names[i] = d.Short()
	}
	return evidence.Digest{}, fmt.Errorf("%w: %q may mean %s", evidence.ErrAmbiguous, text, strings.Join(names, ", "))
}

func byPlace(ctx context.Context, c *store.Case, text string) ([]evidence.Digest, error) {
	item, path, qualified := strings.Cut(text, ":")
	first, rest, _ := strings.Cut(text, "/")
	var found []evidence.Digest
	seen := map[evidence.Digest]bool{}
	places, err := c.PlaceIndex(ctx)
	if err != nil {
		return nil, err
	}
	for a, err := range c.Work(ctx) {
		if err != nil {
			return nil, err
		}
		at, err := places.Places(a.SHA256)
		if err != nil {
			return nil, err
		}
		for _, p := range at {
			if p.Path.String() == text || qualified && p.Item == item && p.Path.String() == path || p.Item == first && p.Path.String() == rest {
				// Under one path stand a file and what was decompressed or decrypted
				// from it; the file itself is meant.
				if len(p.Via) == 0 && !seen[a.SHA256] {
					seen[a.SHA256] = true
					found = append(found, a.SHA256)
				}
			}
		}
	}
	return found, nil
}

func isHex(s string) bool {
	if len(s) < minPrefix || len(s) > 64 {
		return false
	}
	return strings.Trim(s, "0123456789abcdef") == ""
}
