package main

import (
	"bytes"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// plainReader reads units that are not encrypted.
type plainReader struct {
	charsets []charset
	basis    string
	shut     bool // the input is known to be encrypted
}

func (p *plainReader) read(t *trial, raw []byte) (reading, reach) {
	if p.shut || t.parser == nil || !t.parser.Delimited(raw) {
		return reading{}, reachNothing
	}
	t.plain = true
	defer func() { t.plain = false }()
	if cs, text, ok := t.pick(p.charsets, raw); ok {
		return reading{charset: cs, basis: p.basis, text: text, stray: t.stray}, reachAgreement
	}
	return reading{}, t.judge(p.charsets, raw)
}

// open decodes and decrypts a line under a candidate: reachCipher if it is whole.
// The message is good until the next open.
func (r *reader) open(cand *candidate, raw []byte) ([]byte, reach) {
	var state crypt.State
	r.one[0], state = crypt.Decode(cand.encoding, r.one[0][:0], raw)
	switch {
	case state == crypt.NotEncoded:
		return nil, reachNothing
	case state == crypt.CutShort || len(r.one[0])%cand.opener.Block() != 0:
		return nil, reachCut
	}
	if n := cand.headLength(); cand != r.primary && len(r.one[0]) > n {
		r.one[1] = cand.opener.Begin()(r.one[1][:0], r.one[0][:n])
		if !r.promising(cand, len(r.one[0]), r.one[1]) {
			return nil, reachCipher
		}
	}
	r.one[1] = cand.opener.Open(r.one[1][:0], r.one[0])
	return r.one[1], reachCipher
}

// promising reports whether text that begins as message does can be one of the
// layout's. Where it cannot, nothing of the rest matters. length is the ciphertext's.
func (r *reader) promising(cand *candidate, length int, message []byte) bool {
	n := cand.headLength()
	if !r.trial.strong || !cand.early || length <= n {
		return true // the end of a message may be padding, which looks like noise
	}
	return r.couldStart(message[:min(n, len(message))])
}

// headLength is how much of a message gives its first characters.
func (c *candidate) headLength() int {
	n := max(c.opener.Block(), 8)
	if c.profile.IV == ivPrefix {
		return 2 * n
	}
	return n
}

// try reads a line under one candidate.
func (r *reader) try(cand *candidate, raw []byte) (reading, reach) {
	message, reached := r.open(cand, raw)
	if reached != reachCipher || message == nil {
		return reading{}, reached
	}
	return r.trial.read(cand, message)
}

// search reads a line as plain text, else under every candidate. It says with a
// code why that fails, and fails too where two of them disagree.
func (r *reader) search(raw []byte) (reading, string) {
	got, best := r.plain.read(r.trial, raw)
	if best == reachAgreement {
		return got, ""
	}
	r.mismatch = r.trial.mismatch
	found, kind := false, encodingOf(raw)
	for _, cand := range r.list {
		one, reached := r.try(cand, raw)
		switch {
		case reached != reachAgreement:
			// Digits of hexadecimal are all digits of base64 too; they say nothing about it.
			if reached > best && (reached > reachCipher || kind != encodingHex || cand.encoding == encodingHex) {
				best, r.mismatch = reached, r.trial.mismatch
			}
		case !found:
			found, got = true, one
			r.one[2] = append(r.one[2][:0], one.text...)
			got.text = r.one[2]
		case !bytes.Equal(got.text, one.text):
			return reading{}, codeAmbiguous
		}
	}
	if found {
		// Others were tried since; the parser is to hold this one's fields.
		r.trial.accept(got.text)
		return got, ""
	}
	return reading{}, r.why(max(best, r.encoded(kind, raw)))
}

// encodingOf says how a line looks: base64 is what is not hexadecimal.
func encodingOf(raw []byte) string {
	if _, state := crypt.Decode(encodingHex, nil, raw); state != crypt.NotEncoded {
		return encodingHex
	}
	return encodingBase64
}

// encoded is the reach of a line that no candidate's encoding fits.
func (r *reader) encoded(kind string, raw []byte) reach {
	for _, cand := range r.list {
		if cand.encoding == kind {
			return reachNothing // the candidates said more
		}
	}
	var state crypt.State
	r.one[0], state = crypt.Decode(kind, r.one[0][:0], raw)
	switch state {
	case crypt.Decoded:
		return reachCipher
	case crypt.CutShort:
		return reachCut
	}
	return reachNothing
}

func (r *reader) why(reached reach) string {
	switch reached {
	case reachNothing:
		return codeNotEncoded
	case reachCut, reachOpenEnd:
		return codeCut
	case reachCipher:
		return codeUndecryptable
	case reachCharset:
		return codeCharset
	default:
		return codeLayout
	}
}

// decryptAll decrypts the batch under the primary candidate, and marks the lines
// of which another candidate might make something too.
func (r *reader) decryptAll() {
	r.cipher, r.message = r.cipher[:0], r.message[:0]
	block := r.primary.opener.Block()
	together, isBatcher := r.primary.opener.(crypt.Batcher)
	for i := range r.lines {
		l := &r.lines[i]
		l.whole, l.contested = false, false
		raw := r.bytes(l)
		if !r.plain.shut && r.setup.parser.Delimited(raw) {
			continue
		}
		start := len(r.cipher)
		out, state := crypt.Decode(r.primary.encoding, r.cipher, raw)
		if state != crypt.Decoded || (len(out)-start)%block != 0 || len(out) == start {
			continue
		}
		r.cipher = out
		l.at, l.length = start, len(out)-start
		l.whole = true
		l.first, l.last = start, len(out)
		if !isBatcher {
			l.first = len(r.message)
			r.message = r.primary.opener.Open(r.message, out[start:])
			l.last = len(r.message)
		}
	}
	if isBatcher {
		r.message = together.Batch(r.message, r.cipher)
	}
	for _, cand := range r.list {
		if cand != r.primary {
			r.contest(cand)
		}
	}
}

// contest marks the lines that cand might open. What it makes of a line's first
// block cannot begin a text of the layout, nearly always; then it cannot open the
// line, and no other key than the one that did needs to be tried on all of it.
func (r *reader) contest(cand *candidate) {
	n := cand.headLength()
	together, isBatcher := cand.opener.(crypt.Batcher)
	r.heads = r.heads[:0]
	for i := range r.lines {
		l := &r.lines[i]
		if l.head = -1; !l.whole || l.contested {
			continue
		}
		if !cand.early {
			l.contested = true
			continue
		}
		start := len(r.heads)
		if !r.beginning(cand, l, n) {
			r.heads = r.heads[:start]
			continue
		}
		if len(r.heads)-start < n || l.contested {
			l.contested, r.heads = true, r.heads[:start]
			continue
		}
		r.heads = r.heads[:start+n]
		l.head = start
		if !isBatcher {
			r.one[1] = cand.opener.Begin()(r.one[1][:0], r.heads[start:])
			l.contested = r.couldStart(r.one[1])
			r.heads = r.heads[:start]
		}
	}
	if !isBatcher {
		return
	}
	r.one[1] = together.Batch(r.one[1][:0], r.heads)
	for i := range r.lines {
		if l := &r.lines[i]; l.head >= 0 {
			l.contested = r.couldStart(r.one[1][l.head : l.head+n])
		}
	}
}

// beginning appends to r.heads the first n bytes of a line as cand decodes it, or
// more; false: cand cannot open the line, for its encoding or its length.
func (r *reader) beginning(cand *candidate, l *line, n int) bool {
	block := cand.opener.Block()
	if cand.encoding == r.primary.encoding {
		if l.length%block != 0 {
			return false
		}
		// The end of a message may be padding, which looks like noise.
		if l.contested = l.length <= n; !l.contested {
			r.heads = append(r.heads, r.cipher[l.at:l.at+n]...)
		}
		return true
	}
	raw := crypt.Trim(r.bytes(l))
	front := crypt.Head(cand.encoding, raw, n)
	if len(front) == len(raw) {
		l.contested = true
		return true
	}
	var state crypt.State
	r.heads, state = crypt.Decode(cand.encoding, r.heads, front)
	return state == crypt.Decoded
}

func (r *reader) couldStart(head []byte) bool {
	return plausibleHead(head) && r.setup.parser.Starts(head)
}
