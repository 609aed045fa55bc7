package main

import (
	"bytes"
	"io"
	"math"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

const (
	// sampleUnits is how many units of a target each candidate is tried on.
	sampleUnits = 12
	// windowBytes is how much is read at the start, the middle and the end of a target.
	windowBytes = 256 << 10
	// chunkBytes is a unit of a file that is encrypted as a whole.
	chunkBytes = 256
	// maxUnit bounds what is kept of a line's ciphertext.
	maxUnit = 4096
)

const (
	unitLine = "line"
	unitFile = "file"
)

// unit is a piece of ciphertext on which candidates are tried.
type unit struct {
	data []byte
	// at is where its message's ciphertext begins before it: 0 for the first piece.
	at int64
	// before are the bytes of the same message before it, at most 16.
	before []byte
	// last: it ends its message, so that padding may stand there.
	last bool
	// fresh is how many bytes of it lie in the longest run of blocks that no unit
	// before had: what repeats proves nothing a second time.
	fresh int
}

// target is an input that may be encrypted, with the one way of dividing it that
// its bytes suggest.
type target struct {
	in             *sdk.Input
	unit, encoding string
	units          []unit
	// long is more of it, for what a few units do not prove.
	long  []unit
	shape *shape
}

// windows reads the start, the middle and the end of in; all of it where it is small.
// Each but the first begins after a line's end, where there is one.
func windows(in *sdk.Input) ([][]byte, error) {
	if in.Size <= 3*windowBytes {
		all := make([]byte, in.Size)
		if _, err := io.ReadFull(in.Section(0, in.Size), all); err != nil {
			return nil, err
		}
		return [][]byte{all}, nil
	}
	var out [][]byte
	for _, at := range []int64{0, (in.Size - windowBytes) / 2 &^ 15, (in.Size - windowBytes) &^ 15} {
		w := make([]byte, min(windowBytes, in.Size-at))
		if _, err := io.ReadFull(in.Section(at, int64(len(w))), w); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// linesOf are the whole lines of the windows, without their ends.
func linesOf(parts [][]byte) (lines [][]byte) {
	for i, w := range parts {
		if i > 0 {
			_, w, _ = bytes.Cut(w, []byte{'\n'})
		}
		if i < len(parts)-1 {
			w = w[:bytes.LastIndexByte(w, '\n')+1]
		}
		for l := range bytes.Lines(w) {
			if l = bytes.TrimRight(l, "\r\n"); len(bytes.TrimSpace(l)) > 0 {
				lines = append(lines, l)
			}
		}
	}
	return lines
}

// newTarget samples in, nil where nothing suggests that it is encrypted.
func newTarget(in *sdk.Input) (*target, error) {
	parts, err := windows(in)
	if err != nil {
		return nil, err
	}
	t := &target{in: in, shape: newShape(in.Size, parts)}
	switch {
	case t.shape.encoding != "":
		t.unit, t.encoding = unitLine, t.shape.encoding
		t.sampleLines(linesOf(parts))
	case t.shape.text == "" && t.shape.magic == "":
		t.unit, t.encoding = unitFile, crypt.Raw
		if err := t.sampleFile(); err != nil {
			return nil, err
		}
	}
	if len(t.units) == 0 {
		return t, nil
	}
	t.mark()
	return t, nil
}

const (
	// longUnits and longBytes bound target.long.
	longUnits = 400
	longBytes = 64 << 10
)

// sampleLines takes lines spread evenly, rather whole blocks than not, none twice.
func (t *target) sampleLines(lines [][]byte) {
	seen := map[string]bool{}
	for i, size := 0, 0; i < len(lines) && len(t.long) < longUnits && size < longBytes; i += max(1, len(lines)/longUnits) {
		if b, state := crypt.Decode(t.encoding, nil, lines[i]); state == crypt.Decoded {
			t.long = append(t.long, unit{data: b, last: true})
			size += len(b)
		}
	}
	for i := range sampleUnits {
		from, to := i*len(lines)/sampleUnits, (i+1)*len(lines)/sampleUnits
		var best []byte
		for _, l := range lines[from:to] {
			b, state := crypt.Decode(t.encoding, nil, l)
			if state != crypt.Decoded || len(b) < 8 || seen[string(b)] {
				continue
			}
			if best == nil || len(best)%8 != 0 && len(b)%8 == 0 || len(best) < 24 && len(b) >= 24 && len(b)%8 == 0 {
				best = b
			}
			if len(best)%8 == 0 && len(best) >= 24 {
				break
			}
		}
		if best == nil {
			continue
		}
		seen[string(best)] = true
		u := unit{data: best, last: true}
		if len(best) > maxUnit {
			u.data, u.last = best[:maxUnit], false
		}
		t.units = append(t.units, u)
	}
}

// sampleFile takes pieces spread evenly, at whole blocks, the first and the last among them.
func (t *target) sampleFile() error {
	size := t.in.Size
	end := size &^ 7
	if end < 8 {
		return nil
	}
	start := make([]byte, min(size, longBytes))
	if _, err := io.ReadFull(t.in.Section(0, int64(len(start))), start); err != nil {
		return err
	}
	t.long = []unit{{data: start}}
	n := int64(sampleUnits)
	if end < n*chunkBytes {
		n = (end + chunkBytes - 1) / chunkBytes
	}
	for i := range n {
		at := int64(0)
		if n > 1 {
			at = (end - chunkBytes) / 16 * i / (n - 1) * 16
		}
		if i == n-1 {
			at = max(0, (end-chunkBytes)/16*16)
		}
		length := min(chunkBytes+16, size-at)
		if i < n-1 {
			length = min(chunkBytes, length)
		}
		from := max(0, at-16)
		b := make([]byte, at-from+length)
		if _, err := io.ReadFull(t.in.Section(from, int64(len(b))), b); err != nil {
			return err
		}
		t.units = append(t.units, unit{data: b[at-from:], at: at, before: b[:at-from], last: at+length == size})
	}
	return nil
}

// mark counts what is new in each unit.
func (t *target) mark() {
	seen := map[[8]byte]bool{}
	for i := range t.units {
		u := &t.units[i]
		run := 0
		for b := u.data; len(b) >= 8; b = b[8:] {
			k := [8]byte(b)
			if run += 8; seen[k] {
				run = 0
			}
			seen[k] = true
			u.fresh = max(u.fresh, run)
		}
		if u.fresh == len(u.data)&^7 {
			u.fresh = len(u.data)
		}
	}
}

// logP bounds log10 of the probability that random bytes in place of what u decrypts
// to are text of form f: the whole message with one of its paddings to blocks of n
// bytes, or a piece of one. skip is how many bytes carry no text.
func (u *unit) logP(f *textForm, n, skip int) float64 {
	length := len(u.data) - skip
	if u.fresh < len(u.data) {
		return f.logWithin(max(0, u.fresh-skip))
	}
	if u.at > 0 {
		return f.logWithin(length - n)
	}
	if !u.last {
		return f.logWithin(length)
	}
	sum := f.logP(length)
	// k bytes of padding, of either sort, are k bytes that are fixed.
	for k := 1; n > 1 && k <= n && k <= length; k++ {
		sum = addLog(sum, math.Log10(2)-float64(k)*math.Log10(256)+f.logP(length-k))
	}
	return min(0, sum)
}
