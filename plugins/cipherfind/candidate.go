package main

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

// How a key is written down at its place (docs/formats/case.md, Keys).
const (
	asRaw    = "raw"
	asHex    = "hex"
	asBase64 = "base64"
	// asUTF16: the key is the text at the place, in UTF-16, little end first.
	asUTF16 = "utf-16le"
	// asNarrow: the text at the place is UTF-16, and the key is its UTF-8.
	asNarrow = "from-utf-16le"
	// asPadded8 and so on: the bytes at the place, and zeros up to that length.
	asPadded = "zero-"
)

// Ranks of candidates: those that are likelier keys are tried first, and where a
// cipher is too slow for all, alone.
const (
	rankGiven   = iota // handed over with the job
	rankNamed          // the value of something whose name speaks of a key
	rankValue          // a value, or all of a line, of a small text
	rankToken          // a word of a text
	rankString         // a string in a binary
	rankChanged        // one of the above, cut or filled up to the length of a key
	rankDigest         // a digest of what may be a passphrase
	rankWindow         // any bytes in a part of a binary that is not random
)

// place is where a candidate lies: input number and bytes of it.
type place struct {
	input          int
	offset, length int64
	encoding       string
}

// candidate is bytes that may be a key.
type candidate struct {
	key   []byte
	rank  int
	given *sdk.Key // of rankGiven
	// twin: one before it differs in nothing but bits that DES ignores.
	twin bool
	place
}

const (
	minKey, maxKey = 4, 56
	// maxCandidates bounds the memory; beyond it the least likely are left out, and counted.
	maxCandidates = 2_000_000
	// maxWindows bounds how much of a binary every offset is a candidate of, in bytes.
	maxWindows = 256 << 10
	// smallText is up to what size a text is one that holds settings rather than data.
	smallText = 64 << 10
	// maxHashed is of how many of the likeliest texts digests are keys too.
	maxHashed = 10_000
	scanPiece = 1 << 20
	// scanOverlap is how much of a piece is seen again with the next, so that nothing is cut.
	scanOverlap = 512
)

// keyLengths are those of block ciphers with keys of fixed length.
var keyLengths = []int{8, 16, 24, 32}

// collector gathers candidates, each key once, at its likeliest place.
type collector struct {
	list []candidate
	at   map[string]int32
	// found is how many places there were, dropped how many keys did not fit in.
	found, dropped int64
	// only, where not nil, gathers every place of these keys and nothing else.
	only   map[string]bool
	places map[string][]place
	// hashed is of how many texts the digests were taken.
	hashed int
}

// maxPlaces is how many places of one key are stated.
const maxPlaces = 20

func newCollector() *collector { return &collector{at: map[string]int32{}} }

func (c *collector) add(rank int, key []byte, p place) {
	if len(key) < minKey || len(key) > maxKey || constant(key) {
		return
	}
	if c.only != nil {
		if c.only[string(key)] && rank < rankWindow && len(c.places[string(key)]) < maxPlaces && !slices.Contains(c.places[string(key)], p) {
			c.places[string(key)] = append(c.places[string(key)], p)
		}
		return
	}
	c.found++
	if i, ok := c.at[string(key)]; ok {
		if old := &c.list[i]; rank < old.rank {
			old.rank, old.place = rank, p
		}
		return
	}
	if len(c.list) >= maxCandidates {
		c.dropped++
		return
	}
	c.at[string(key)] = int32(len(c.list))
	c.list = append(c.list, candidate{key: bytes.Clone(key), rank: rank, place: p})
}

// constant: one byte over and over, as fills and rules are made of.
func constant(key []byte) bool {
	return bytes.Count(key, key[:1]) == len(key)
}

// ordered returns the candidates, the likeliest first.
func (c *collector) ordered() []candidate {
	slices.SortStableFunc(c.list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.input, b.input), cmp.Compare(a.offset, b.offset), cmp.Compare(a.length, b.length), cmp.Compare(a.encoding, b.encoding))
	})
	return c.list
}

// scan takes the candidates out of an input.
func (c *collector) scan(number int, in *sdk.Input, ctx *sdk.Ctx) error {
	buf := make([]byte, scanPiece+scanOverlap)
	for at := int64(0); at < in.Size; at += scanPiece {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(int64(len(buf)), in.Size-at)
		if m, err := in.ReadAt(buf[:n], at); int64(m) < n {
			return err
		}
		s := scanner{c: c, input: number, base: at, text: buf[:n], small: in.Size <= smallText}
		if isBinary(s.text) {
			s.binary(in.Size <= maxWindows*16)
		} else {
			s.lines()
		}
	}
	return nil
}

// isBinary: more than one byte in a hundred is a control character.
func isBinary(b []byte) bool {
	control := 0
	for _, c := range b {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' {
			control++
		}
	}
	return control*100 > len(b)
}

// scanner is one piece of an input.
type scanner struct {
	c     *collector
	input int
	base  int64
	text  []byte
	small bool
}

var (
	quoted   = regexp.MustCompile("\"([^\"\n]{1,80})\"|'([^'\n]{1,80})'|>([^<>\n]{1,80})<|`([^`\n]{1,80})`")
	assigned = regexp.MustCompile(`[=:]`)
	keyish   = regexp.MustCompile(`(?i)key|pass|secret|pwd|crypt|cipher|des\b|aes|salt|token|seed|priv`)
	words    = regexp.MustCompile(`[^\s,;|"'<>()\[\]{}]+`)
	plain    = regexp.MustCompile(`[A-Za-z0-9+/_-]+={0,2}`)
)

func (s *scanner) lines() {
	at := 0
	for l := range bytes.Lines(s.text) {
		s.line(at, bytes.TrimRight(l, "\r\n"), rankValue, rankToken)
		at += len(l)
	}
}

// line takes what a line may hold: all of it, values after = and :, quoted text, words.
func (s *scanner) line(at int, l []byte, value, token int) {
	if !s.small {
		value = max(value, rankToken)
	}
	s.span(value, at, l)
	for _, m := range assigned.FindAllIndex(l, 16) {
		rank := value
		if keyish.Match(l[:m[0]]) {
			rank = min(rank, rankNamed)
		}
		s.span(rank, at+m[1], l[m[1]:])
	}
	for _, m := range quoted.FindAllSubmatchIndex(l, 64) {
		rank := value
		if keyish.Match(l[:m[0]]) {
			rank = min(rank, rankNamed)
		}
		for g := 2; g < len(m); g += 2 {
			if m[g] >= 0 {
				s.exact(rank, at+m[g], l[m[g]:m[g+1]])
			}
		}
	}
	for _, re := range []*regexp.Regexp{words, plain} {
		for _, m := range re.FindAllIndex(l, 4096) {
			s.exact(token, at+m[0], l[m[0]:m[1]])
		}
	}
}

// span is exact without white space around, nor the comma or semicolon after it.
func (s *scanner) span(rank, at int, b []byte) {
	front := len(b) - len(bytes.TrimLeft(b, " \t"))
	b = bytes.TrimRight(b[front:], " \t")
	s.exact(rank, at+front, b)
	if t := bytes.TrimRight(b, ",; \t"); len(t) < len(b) {
		s.exact(rank, at+front, t)
	}
}

// exact takes a text at its place: as it is, decoded, as UTF-16, and cut or filled
// up to the length of a key.
func (s *scanner) exact(rank, at int, b []byte) {
	n := len(b)
	if n < minKey || n > 128 {
		return
	}
	s.add(rank, b, at, n, asRaw)
	if n >= 2*minKey {
		if key, state := crypt.Decode(crypt.Hex, nil, b); state == crypt.Decoded && !bytes.ContainsAny(b, " \t") {
			s.add(rank, key, at, n, asHex)
		}
		if key, state := crypt.Decode(crypt.Base64, nil, b); state == crypt.Decoded && len(key) >= 8 {
			s.add(rank, key, at, n, asBase64)
		}
	}
	if n <= maxKey/2 && utf16Length(n) {
		s.add(rank, widen(b), at, n, asUTF16)
	}
	if rank <= rankValue && s.c.hashed < maxHashed {
		s.c.hashed++
		for i := range digests {
			d := &digests[i]
			s.add(rankDigest, d.of(b), at, n, d.encoding)
		}
	}
	changed := max(rank, rankChanged)
	for i, length := range keyLengths {
		switch {
		case n > length && (i == len(keyLengths)-1 || n < keyLengths[i+1] || length == 8):
			s.add(changed, b[:length], at, length, asRaw)
		case n < length && (i == 0 || n > keyLengths[i-1]):
			s.add(changed, append(bytes.Clone(b), make([]byte, length-n)...), at, n, asPadded+sizeName[length])
		}
	}
}

var sizeName = map[int]string{8: "8", 16: "16", 24: "24", 32: "32"}

func utf16Length(n int) bool { return slices.Contains(keyLengths, 2*n) }

// widen writes ASCII as UTF-16. Other text is left to its bytes: where a key is not
// ASCII, nobody knows which charset it was typed in.
func widen(b []byte) []byte {
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		if c >= 0x80 {
			return nil
		}
		out = append(out, c, 0)
	}
	return out
}

func (s *scanner) add(rank int, key []byte, at, length int, encoding string) {
	s.c.add(rank, key, place{s.input, s.base + int64(at), int64(length), encoding})
}

// binary takes strings in ASCII and UTF-16, and of what is not random every offset.
func (s *scanner) binary(everywhere bool) {
	start := 0
	for i := 0; i <= len(s.text); i++ {
		if i < len(s.text) && s.text[i] >= 0x20 && s.text[i] < 0x7F {
			continue
		}
		if i-start >= minKey {
			s.line(start, s.text[start:i], rankString, rankString)
			if i < len(s.text) && s.text[i] == 0 && (i+1-start)%8 == 0 { // with the zero that ends it
				s.add(rankString, s.text[start:i+1], start, i+1-start, asRaw)
			}
		}
		start = i + 1
	}
	for odd := range 2 {
		start = odd
		for i := odd; i+1 < len(s.text); i += 2 {
			if s.text[i+1] == 0 && s.text[i] >= 0x20 && s.text[i] < 0x7F {
				continue
			}
			s.wide(start, i)
			start = i + 2
		}
	}
	if !everywhere {
		return
	}
	const region = 4096
	for from := 0; from < len(s.text); from += region {
		to := min(from+region, len(s.text))
		if crowded(s.text[from:to]) {
			continue
		}
		for i := from; i < to; i++ {
			for _, n := range keyLengths {
				if i+n <= len(s.text) {
					s.add(rankWindow, s.text[i:i+n], i, n, asRaw)
				}
			}
		}
	}
}

// wide takes a string in UTF-16: its bytes, and its text.
func (s *scanner) wide(from, to int) {
	n := to - from
	if n < 2*minKey || n > 2*maxKey {
		return
	}
	s.add(rankString, s.text[from:to], from, n, asRaw)
	narrow := make([]byte, 0, n/2)
	for i := from; i < to; i += 2 {
		narrow = append(narrow, s.text[i])
	}
	s.add(rankString, narrow, from, n, asNarrow)
}

// crowded: so many different bytes that it is random, compressed or encrypted.
func crowded(b []byte) bool {
	var seen [256]int
	for _, c := range b {
		seen[c]++
	}
	most := slices.Max(seen[:])
	return len(b) >= 512 && most*256 < 4*len(b)
}
