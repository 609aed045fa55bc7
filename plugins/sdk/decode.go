package sdk

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// AppendShown decodes raw as Append does, but shows each byte, or unit, that is no
// text as U+FFFD and reports whether there was one. Where offsets is not nil it gets,
// for each byte appended, the place in raw of the character it belongs to.
func (c Charset) AppendShown(dst, raw []byte, offsets *[]int) (text []byte, damaged bool) {
	if offsets == nil {
		if text, err := c.Append(dst, raw); err == nil {
			return text, false
		}
	}
	width := 1
	if c.wide() {
		width = 2
	}
	for i := 0; i < len(raw); {
		from, n := len(dst), 0
		if dst, n = c.character(dst, raw[i:], width); n == 0 {
			dst, damaged, n = append(dst, replacement...), true, min(width, len(raw)-i)
		}
		if offsets != nil {
			for range len(dst) - from {
				*offsets = append(*offsets, i)
			}
		}
		i += n
	}
	return dst, damaged
}

// character decodes the character at the start of b, n bytes long; 0 where there is none.
func (c Charset) character(dst, b []byte, width int) (text []byte, n int) {
	if width == 1 && b[0] < utf8.RuneSelf {
		return append(dst, b[0]), 1
	}
	if k := c.length(b); k > 0 && k <= len(b) && c.kind != utf8Charset {
		if out, err := c.Append(dst, b[:k]); err == nil {
			return out, k
		}
	}
	for n = width; n <= 4 && n <= len(b); n++ {
		if out, err := c.Append(dst, b[:n]); err == nil {
			return out, n
		}
	}
	return dst, 0
}

// TextReader is an input read as text in UTF-8 from its start, whatever its charset, and
// the way back from the text to the bytes it was read from. UTF-8 itself is handed
// out as it stands, malformed bytes too; of other charsets what is no text shows as
// U+FFFD. A byte order mark is not part of the text.
type TextReader struct {
	in      *Input
	charset Charset
	r       reader
	mark    int64 // bytes before the text

	raw   []byte // read, not decoded yet
	ended bool
	text  []byte // decoded, not handed out yet
	out   int64  // how much text was decoded

	pieces  []piece
	scratch []byte
	offsets []int // of the piece that begins at known in the text
	known   int64
}

// piece is a run of text that was decoded at once: where it begins in the text and
// in the input.
type piece struct {
	text, at int64
	bytes    int32
	damaged  bool
}

// pieceSize is how much is decoded at once, in bytes of the input.
const pieceSize = 4 << 10

// TextReader returns the input as text in that charset.
func (in *Input) TextReader(c Charset) (*TextReader, error) {
	t := &TextReader{in: in, charset: c, r: reader{in: in}}
	mark := map[charsetKind]string{utf8Charset: "\xef\xbb\xbf", utf16LECharset: "\xff\xfe", utf16BECharset: "\xfe\xff"}[c.kind]
	if n := int64(len(mark)); n > 0 && n <= in.Size {
		b := make([]byte, n)
		if k, err := in.ReadAt(b, 0); int64(k) < n {
			return nil, err
		}
		if string(b) == mark {
			t.mark, t.r.at = n, n
		}
	}
	return t, nil
}

// Read reads text.
func (t *TextReader) Read(p []byte) (int, error) {
	if t.charset.kind == utf8Charset {
		n, err := t.r.Read(p)
		t.out += int64(n)
		return n, err
	}
	for len(t.text) == 0 {
		if err := t.more(); err != nil {
			return 0, err
		}
	}
	n := copy(p, t.text)
	t.text = t.text[n:]
	return n, nil
}

// more decodes the next piece.
func (t *TextReader) more() error {
	if t.raw == nil {
		t.raw = make([]byte, 0, 2*pieceSize)
	}
	if !t.ended && len(t.raw) < pieceSize {
		n, err := t.r.Read(t.raw[len(t.raw):cap(t.raw)])
		t.raw = t.raw[:len(t.raw)+n]
		switch {
		case errors.Is(err, io.EOF):
			t.ended = true
		case err != nil:
			return err
		}
		if !t.ended && len(t.raw) < pieceSize {
			return nil
		}
	}
	if len(t.raw) == 0 {
		return io.EOF
	}
	n := t.charset.whole(t.raw[:min(pieceSize, len(t.raw))], t.ended && len(t.raw) <= pieceSize)
	var damaged bool
	t.scratch, damaged = t.charset.AppendShown(t.scratch[:0], t.raw[:n], nil)
	t.text = t.scratch
	t.pieces = append(t.pieces, piece{text: t.out, at: t.r.at - int64(len(t.raw)), bytes: int32(n), damaged: damaged})
	t.out += int64(len(t.text))
	t.raw = append(t.raw[:0], t.raw[n:]...)
	return nil
}

// whole returns how many bytes at the start of b are whole characters; all of them
// at the end of the input.
func (c Charset) whole(b []byte, last bool) int {
	if last {
		return len(b)
	}
	n := 0
	for {
		k := c.length(b[n:])
		if n+k > len(b) || k == 0 {
			return n
		}
		n += k
	}
}

// length returns how long the character at the start of b is, or claims to be; 0
// where that cannot be told yet.
func (c Charset) length(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	switch c.kind {
	case singleByteCharset:
		return 1
	case utf16LECharset, utf16BECharset:
		if len(b) < 2 {
			return 0
		}
		high := b[0]
		if c.kind == utf16LECharset {
			high = b[1]
		}
		if high >= 0xD8 && high < 0xDC {
			return 4
		}
		return 2
	}
	if b[0] < utf8.RuneSelf {
		return 1
	}
	if len(b) < 2 {
		return 0
	}
	n, _, _ := c.char(b)
	if c.kind == gb18030Charset && b[1] >= '0' && b[1] <= '9' {
		n = 4
	}
	return n
}

// Offset returns the place in the input of byte n of the text. Text before that of
// an earlier Forget is not known any more.
func (t *TextReader) Offset(n int64) int64 {
	if t.charset.kind == utf8Charset {
		return t.mark + n
	}
	p := t.piece(n)
	if p == nil {
		return t.r.at - int64(len(t.raw))
	}
	if n == p.text {
		return p.at
	}
	if t.known != p.text || len(t.offsets) == 0 {
		raw := make([]byte, p.bytes)
		if k, _ := t.in.peek(raw, p.at); k < len(raw) {
			return p.at
		}
		t.offsets, t.known = t.offsets[:0], p.text
		t.charset.AppendShown(nil, raw, &t.offsets)
	}
	if i := int(n - p.text); i < len(t.offsets) {
		return p.at + int64(t.offsets[i])
	}
	return p.at + int64(p.bytes)
}

// piece returns the one that byte n of the text is in, nil where it was not decoded yet.
func (t *TextReader) piece(n int64) *piece {
	if n >= t.out {
		return nil
	}
	lo, hi := 0, len(t.pieces)
	for lo < hi {
		if mid := (lo + hi) / 2; t.pieces[mid].text <= n {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return nil
	}
	return &t.pieces[lo-1]
}

// Damaged reports whether text in [from, to) shows bytes that are no text in the
// charset. It is always false for UTF-8, whose bytes are handed out as they stand.
func (t *TextReader) Damaged(from, to int64) bool {
	for i := range t.pieces {
		p := &t.pieces[i]
		if !p.damaged || p.text >= to {
			continue
		}
		raw := make([]byte, p.bytes)
		if k, _ := t.in.peek(raw, p.at); k < len(raw) {
			continue
		}
		text, _ := t.charset.AppendShown(nil, raw, nil)
		part := int64(len(replacement)) - 1 // one that reaches into the span counts
		a, b := max(0, from-p.text-part), min(int64(len(text)), to-p.text+part)
		if a < b && bytes.Contains(text[a:b], []byte(replacement)) {
			return true
		}
	}
	return false
}

// Restart makes byte n of the text, which Offset still knows, the next to be read.
func (t *TextReader) Restart(n int64) {
	at := t.Offset(n)
	t.r.at, t.out = at, n
	t.raw, t.text, t.ended, t.offsets = t.raw[:0], nil, false, nil
	for len(t.pieces) > 0 && t.pieces[len(t.pieces)-1].text >= n {
		t.pieces = t.pieces[:len(t.pieces)-1]
	}
	if k := len(t.pieces); k > 0 { // the one that is cut through is decoded again from there
		t.pieces[k-1].bytes = int32(at - t.pieces[k-1].at)
	}
}

// Forget says that Offset will not be asked about text before n.
func (t *TextReader) Forget(n int64) {
	i := 0
	for i+1 < len(t.pieces) && t.pieces[i+1].text <= n {
		i++
	}
	t.pieces = append(t.pieces[:0], t.pieces[i:]...)
}
