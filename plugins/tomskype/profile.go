package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// errProfile: a profile that cannot be followed.
var errProfile = errors.New("profile")

// The words of a profile (docs/formats/profiles.md, schemas/profile).
const (
	unitLine = "line"
	unitFile = "file"

	encodingBase64 = crypt.Base64
	encodingHex    = crypt.Hex
	encodingRaw    = crypt.Raw

	cipherNone     = crypt.None
	cipherDES      = crypt.DES
	cipher3DES     = crypt.TripleDES
	cipherAES      = crypt.AES
	cipherBlowfish = crypt.Blowfish
	cipherRC4      = crypt.RC4
	cipherXOR      = crypt.XOR
	cipherChain    = crypt.Chain

	modeECB = crypt.ECB
	modeCBC = crypt.CBC

	paddingPKCS7 = crypt.PKCS7
	paddingZero  = crypt.Zero
	paddingNone  = crypt.NoPadding

	ivPrefix = "prefix"
	ivKey    = "key"
)

// profile describes an encryption, as data.
type profile struct {
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	// Kind is "keyword" for a list of terms, one a unit; "" where a layout says what a unit holds.
	Kind string   `json:"kind,omitempty"`
	For  []string `json:"for,omitempty"`
	// List and Effect are written into the keywords.
	List   string `json:"list,omitempty"`
	Effect string `json:"effect,omitempty"`

	Units     []string `json:"units"`
	Encodings []string `json:"encodings"`
	Cipher    string   `json:"cipher"`
	Mode      string   `json:"mode,omitempty"`
	// IV is hexadecimal digits; "prefix" where each message begins with it; "key" where it is the
	// beginning of the key.
	IV       string        `json:"iv,omitempty"`
	Paddings []string      `json:"paddings,omitempty"`
	Charsets []string      `json:"charsets,omitempty"`
	Key      *publishedKey `json:"key,omitempty"`

	Source    string `json:"source"`
	Certainty string `json:"certainty"`
	Note      string `json:"note,omitempty"`

	iv       []byte
	charsets []charset
}

// publishedKey is a key as a publication states it. The host decodes and offers
// it; nothing here uses Value.
type publishedKey struct {
	Value    string `json:"value"`
	Encoding string `json:"encoding"`
	Text     string `json:"text,omitempty"`
}

// parseProfiles reads a list of profiles strictly.
func parseProfiles(b []byte) ([]*profile, error) {
	var list []*profile
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&list); err != nil {
		return nil, fmt.Errorf("%w: %w", errProfile, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: data after the list", errProfile)
	}
	for i, p := range list {
		if p == nil {
			return nil, fmt.Errorf("%w: number %d is null", errProfile, i+1)
		}
		if err := p.complete(); err != nil {
			return nil, fmt.Errorf("%w: %q: %w", errProfile, p.Name, err)
		}
		if slices.ContainsFunc(list[:i], func(o *profile) bool { return o.Name == p.Name }) {
			return nil, fmt.Errorf("%w: %q is there twice", errProfile, p.Name)
		}
	}
	return list, nil
}

var ivLengths = map[string]int{cipherDES: 8, cipher3DES: 8, cipherBlowfish: 8, cipherAES: 16}

// complete checks p and fills in what may be left out.
func (p *profile) complete() error {
	blocks := ivLengths[p.Cipher] // 0 for ciphers without blocks
	switch {
	case p.Name == "":
		return errors.New("no name")
	case p.Kind != "" && p.Kind != "keyword":
		return fmt.Errorf("kind %q", p.Kind)
	case !slices.Contains([]string{"", sdk.Censor, sdk.Surveil, sdk.Unknown}, p.Effect):
		return fmt.Errorf("effect %q", p.Effect)
	case !within(p.Units, unitLine, unitFile):
		return errors.New("units are line, file")
	case !within(p.Encodings, encodingBase64, encodingHex, encodingRaw):
		return errors.New("encodings are base64, hex, raw")
	case slices.Contains(p.Units, unitFile) && !slices.Contains(p.Encodings, encodingRaw):
		return errors.New("a file is encrypted raw, but that encoding is not listed")
	case !slices.Contains([]string{cipherNone, cipherChain, cipherXOR, cipherRC4}, p.Cipher) && blocks == 0:
		return fmt.Errorf("cipher %q", p.Cipher)
	case blocks > 0 && p.Mode != modeECB && p.Mode != modeCBC, blocks == 0 && p.Mode != "":
		return fmt.Errorf("mode %q with cipher %s", p.Mode, p.Cipher)
	case !slices.Contains([]string{"published", "reconstructed", "assumed"}, p.Certainty):
		return fmt.Errorf("certainty %q", p.Certainty)
	case (p.Cipher == cipherNone || p.Cipher == cipherChain) && p.Key != nil:
		return fmt.Errorf("a key with cipher %s", p.Cipher)
	}
	if err := p.completeIV(blocks); err != nil {
		return err
	}
	if len(p.Paddings) == 0 {
		p.Paddings = []string{paddingNone}
	}
	if !within(p.Paddings, paddingPKCS7, paddingZero, paddingNone) || blocks == 0 && !slices.Equal(p.Paddings, []string{paddingNone}) {
		return fmt.Errorf("paddings %q with cipher %s", p.Paddings, p.Cipher)
	}
	return p.completeCharsets()
}

func (p *profile) completeIV(blocks int) error {
	if p.Mode != modeCBC || p.IV == ivPrefix || p.IV == ivKey {
		if p.Mode != modeCBC && p.IV != "" {
			return errors.New("an iv without mode cbc")
		}
		return nil
	}
	iv, err := hex.DecodeString(p.IV)
	if err != nil || len(iv) != blocks {
		return fmt.Errorf("an iv is %d bytes in hexadecimal, or %q, or %q", blocks, ivPrefix, ivKey)
	}
	p.iv = iv
	return nil
}

// defaultCharsets are tried where nobody states one.
var defaultCharsets = func() []charset {
	list := make([]charset, 2)
	for i, name := range []string{"utf-8", "gb18030"} {
		var err error
		if list[i], err = newCharset(name); err != nil {
			panic(err)
		}
	}
	return list
}()

func (p *profile) completeCharsets() error {
	if len(p.Charsets) == 0 {
		p.charsets = defaultCharsets
	}
	for _, name := range p.Charsets {
		c, err := newCharset(name)
		if err != nil {
			return err
		}
		p.charsets = append(p.charsets, c)
	}
	return nil
}

// within reports whether list has something and nothing but words.
func within(list []string, words ...string) bool {
	for _, w := range list {
		if !slices.Contains(words, w) {
			return false
		}
	}
	return len(list) > 0
}

// keyless ciphers open without a key.
func (p *profile) keyless() bool { return p.Cipher == cipherNone || p.Cipher == cipherChain }

// publishedPrefix begins the name under which the host offers a profile's own key.
const publishedPrefix = "published:"

// takes reports whether p is to be tried with k. A published key is for its own profile
// and for those that have none; one that was given or found is for every profile whose
// cipher it fits.
func (p *profile) takes(k sdk.Key) bool {
	if p.keyless() {
		return false
	}
	if strings.HasPrefix(k.Name, publishedPrefix) {
		return p.Key == nil || p.publishes(k)
	}
	return true
}

// publishes reports whether k is p's own.
func (p *profile) publishes(k sdk.Key) bool { return k.Name == publishedPrefix+p.Name }
