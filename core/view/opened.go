package view

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// maxOpened bounds what is decrypted in order to be shown: a record's own line.
const maxOpened = evidence.MaxLine

// Key is a key as it may be shown: by name, fingerprint and place.
type Key struct {
	Fingerprint string `json:"fingerprint"`
	Name        string `json:"name,omitempty"`
	// Form is given, place or published; "" for a key that the case does not know any more.
	Form     string `json:"form,omitempty"`
	Encoding string `json:"encoding,omitempty"`
	// Place is such as EX-001:conf/enc.key:0:16.
	Place string `json:"place,omitempty"`
	// Hex is the key itself, only where it was asked for.
	Hex string `json:"hex,omitempty"`

	value []byte
	at    *store.Place
	way   *way
}

// Opened is what a decrypted line held.
type Opened struct {
	Profile   string `json:"profile"`
	Title     string `json:"title,omitempty"`
	Certainty string `json:"certainty,omitempty"`
	Source    string `json:"source,omitempty"`
	Cipher    string `json:"cipher,omitempty"`
	Mode      string `json:"mode,omitempty"`
	Encoding  string `json:"encoding,omitempty"`
	Padding   string `json:"padding,omitempty"`
	Key       *Key   `json:"key,omitempty"`
	// Bytes are the decrypted bytes without padding, Text the same in UTF-8.
	Bytes []byte `json:"bytes,omitempty"`
	Text  string `json:"text,omitempty"`
	// Problem says why it is not shown.
	Problem string `json:"problem,omitempty"`

	profile *profile
}

// findProfile looks a profile up: the examiner's own in the run's config come first, as
// they do in the plugin, then those that the plugin brings.
func findProfile(name string, run evidence.Run, bundled []json.RawMessage) (*profile, error) {
	var config struct {
		Profiles []json.RawMessage `json:"profiles"`
	}
	if err := json.Unmarshal(run.Config, &config); err != nil {
		return nil, fmt.Errorf("%w: config of run %s", evidence.ErrFormat, run.ID.Short())
	}
	for _, list := range [][]json.RawMessage{config.Profiles, bundled} {
		for _, body := range list {
			p := new(profile)
			if json.Unmarshal(body, p) == nil && p.Name == name {
				return p, nil
			}
		}
	}
	return nil, fmt.Errorf("profile %q: %w: its definition is not at hand: neither the run nor the plugin that is installed here has it", name, evidence.ErrNotFound)
}

// openLine decrypts a record's line as its source says. What it cannot do is said in
// Problem.
func openLine(line []byte, name, charset string, p *profile, perr error, key *Key) *Opened {
	o := &Opened{Profile: name, Key: key, profile: p}
	if perr != nil {
		o.Problem = perr.Error()
		return o
	}
	o.Title, o.Certainty, o.Source, o.Cipher, o.Mode = p.Title, p.Certainty, p.Source, p.Cipher, p.Mode
	if len(p.Encodings) == 1 {
		o.Encoding = p.Encodings[0]
	} else {
		for _, e := range p.Encodings {
			// Digits of hexadecimal are digits of base64 too; the other way round they are not.
			if _, ok := decodeLine(e, line); ok && (o.Encoding == "" || e == "hex") && e != "raw" {
				o.Encoding = e
			}
		}
	}
	if !p.keyless() && (key == nil || key.value == nil) {
		o.Problem = "the key's bytes are not at hand"
		return o
	}
	var value []byte
	if key != nil {
		value = key.value
	}
	if err := o.open(line, charset, value); err != nil {
		o.Problem = err.Error()
	}
	return o
}

// errNotText: no encoding and padding of the profile give text.
var errNotText = errors.New("under this profile and key the bytes are no text in the record's charset")

// open tries the profile's encodings and paddings in their order; the first that give
// text in the record's charset are those that the plugin took.
func (o *Opened) open(line []byte, charset string, key []byte) error {
	err := errNotText
	for _, encoding := range o.profile.Encodings {
		message, ok := decodeLine(encoding, line)
		if !ok || encoding == "raw" && len(o.profile.Encodings) > 1 {
			continue
		}
		plain, derr := o.profile.decipher(key, message)
		if derr != nil {
			err = derr
			continue
		}
		for _, padding := range o.profile.paddings() {
			body, ok := unpad(padding, plain, blockSize(o.profile.Cipher))
			if !ok {
				continue
			}
			text, terr := toUTF8(charset, body)
			if terr != nil || strings.ContainsRune(text, 0) {
				continue
			}
			o.Encoding, o.Padding, o.Bytes, o.Text = encoding, padding, body, text
			return nil
		}
	}
	return err
}

// keyOf describes a key by its fingerprint.
func keyOf(fingerprint string, state *store.State, keys []keyring.Key, place func(store.Place) string, show bool) *Key {
	if fingerprint == "" {
		return nil
	}
	k := &Key{Fingerprint: fingerprint}
	for _, known := range keys {
		if known.Fingerprint == fingerprint {
			k.Name, k.Form, k.value = strings.TrimPrefix(known.Name, "published:"), known.Form, known.Value
			if show {
				k.Hex = fmt.Sprintf("%x", known.Value)
			}
			break
		}
	}
	for _, s := range state.Keys {
		if s.Fingerprint == fingerprint {
			k.Name, k.Form, k.Encoding, k.at = s.Name, s.Form, s.Encoding, s.Place
			if s.Place != nil {
				k.Place = place(*s.Place)
			}
			break
		}
	}
	return k
}
