package main

import (
	"cmp"
	"slices"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// candidate is one way in which a unit may have been encrypted: a profile, a key
// and an encoding.
type candidate struct {
	profile  *profile
	key      sdk.Key // without a value where the cipher has no key
	encoding string
	opener   crypt.Cipher
	// charsets are tried in order; basis says who stated them.
	charsets []charset
	basis    string
	// early: the first block of a message shows whether it can be a text.
	early bool

	used int64 // units that it opened and that were emitted
}

// charsetsOf lists the charsets to try under a profile: the layout's; that of a
// profile that knows only one; the item's; the profile's list.
func charsetsOf(p *profile, layouts, items charset) ([]charset, string) {
	none := charset{}
	switch {
	case layouts != none:
		return []charset{layouts}, sdk.Declared
	case len(p.charsets) == 1:
		return p.charsets, sdk.Declared
	case items != none:
		return []charset{items}, sdk.Declared
	}
	return p.charsets, sdk.Detected
}

// candidates lists the ways to open a unit, in a fixed order whatever that of
// keys: ciphers without a key and published keys first, as the profiles stand,
// then all keys, by fingerprint, where a profile without a
// key of its own comes before one that has. What would do the same as an earlier
// one is left out.
func candidates(profiles []*profile, keys []sdk.Key, unit string, layouts, items charset) []*candidate {
	var list []*candidate
	add := func(p *profile, k sdk.Key) {
		iv := p.iv
		if n := ivLengths[p.Cipher]; p.IV == ivKey {
			if len(k.Value) < n {
				return
			}
			iv = k.Value[:n]
		}
		o, err := crypt.New(p.Cipher, p.Mode, k.Value, iv)
		if err != nil {
			return // the key is not for this cipher
		}
		charsets, basis := charsetsOf(p, layouts, items)
		for _, encoding := range p.Encodings {
			if (unit == unitFile) != (encoding == encodingRaw) {
				continue
			}
			c := &candidate{profile: p, key: k, encoding: encoding, opener: o, charsets: charsets, basis: basis, early: asciiAlike(charsets)}
			if !slices.ContainsFunc(list, c.same) {
				list = append(list, c)
			}
		}
	}
	all := slices.Clone(keys)
	slices.SortFunc(all, func(a, b sdk.Key) int { return cmp.Compare(a.Fingerprint, b.Fingerprint) })
	for _, p := range profiles {
		if p.keyless() && slices.Contains(p.Units, unit) {
			add(p, sdk.Key{})
		}
		for _, k := range keys {
			if p.publishes(k) && p.takes(k) && slices.Contains(p.Units, unit) {
				add(p, k)
			}
		}
	}
	for _, k := range all {
		for _, own := range []bool{false, true} {
			for _, p := range profiles {
				if (p.Key != nil) == own && p.takes(k) && slices.Contains(p.Units, unit) {
					add(p, k)
				}
			}
		}
	}
	return list
}

// same reports whether c and d open every unit alike.
func (c *candidate) same(d *candidate) bool {
	p, q := c.profile, d.profile
	return string(c.key.Value) == string(d.key.Value) && c.encoding == d.encoding && c.basis == d.basis &&
		p.Cipher == q.Cipher && p.Mode == q.Mode && p.IV == q.IV && p.Kind == q.Kind &&
		slices.Equal(p.Paddings, q.Paddings) && slices.Equal(c.charsets, d.charsets)
}

// mark makes src say how a unit was decrypted.
func (c *candidate) mark(src *sdk.Source) {
	src.Profile, src.Key = c.profile.Name, c.key.Fingerprint
}
