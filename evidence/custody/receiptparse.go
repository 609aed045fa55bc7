package custody

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// MaxReceipt bounds a text in which a receipt is looked for, in bytes.
const MaxReceipt = 4 << 20

// rootDigits is the length of a root in base64.
const rootDigits = 44

// ParseReceipt finds the signed note and the log's verifier key in a text that
// holds a receipt. What mail programs do to it is undone: quoting, indenting,
// other line ends, blank lines added or lost, long lines broken at any place, UTF-16. The
// same receipt may occur several times; different ones give evidence.ErrAmbiguous,
// none gives evidence.ErrNotFound, a damaged one evidence.ErrFormat. The note
// is in its one form and names the key's log, but no signature is verified, and
// the key is the receipt's own word: OpenCheckpoint judges.
func ParseReceipt(text []byte) (note []byte, vkey string, err error) {
	if len(text) > MaxReceipt {
		return nil, "", receiptError("longer than %d bytes", MaxReceipt)
	}
	var blocks receiptBlocks
	if err := blocks.scan(plainText(text)); err != nil {
		return nil, "", err
	}
	if blocks.note == nil && blocks.vkey == "" {
		return nil, "", fmt.Errorf("custody: receipt: %w in the text", evidence.ErrNotFound)
	}
	if blocks.note == nil || blocks.vkey == "" {
		return nil, "", receiptError("checkpoint or key missing")
	}
	cp, err := ParseCheckpoint(blocks.note)
	if err != nil {
		return nil, "", fmt.Errorf("custody: receipt: %w", err)
	}
	origin, _, err := ParseVKey(blocks.vkey)
	if err != nil {
		return nil, "", fmt.Errorf("custody: receipt: %w", err)
	}
	if origin != cp.Origin {
		return nil, "", receiptError("key and checkpoint are of different logs")
	}
	return blocks.note, blocks.vkey, nil
}

func receiptError(format string, args ...any) error {
	return fmt.Errorf("custody: receipt: %w: %s", evidence.ErrFormat, fmt.Sprintf(format, args...))
}

// receiptBlocks collects what stands between marks.
type receiptBlocks struct {
	note []byte
	vkey string
}

func (r *receiptBlocks) scan(text string) error {
	var end string
	var lines []string
	for line := range strings.Lines(text) {
		line = unquote(line)
		switch {
		case end == "" && strings.HasSuffix(line, checkpointBegin):
			end, lines = checkpointEnd, nil
		case end == "" && strings.HasSuffix(line, keyBegin):
			end, lines = keyEnd, nil
		case end == "":
		case strings.HasSuffix(line, end):
			if err := r.block(end, lines); err != nil {
				return err
			}
			end = ""
		case strings.HasSuffix(line, checkpointBegin) || strings.HasSuffix(line, keyBegin):
			return receiptError("a mark is missing")
		case line != "":
			lines = append(lines, line)
		}
	}
	if end != "" {
		return receiptError("cut short")
	}
	return nil
}

func (r *receiptBlocks) block(end string, lines []string) error {
	if end == keyEnd {
		vkey := strings.Join(strings.Fields(strings.Join(lines, "")), "")
		if r.vkey != "" && r.vkey != vkey {
			return fmt.Errorf("custody: receipt: %w: two keys", evidence.ErrAmbiguous)
		}
		r.vkey = vkey
		return nil
	}
	note, err := restoreNote(lines)
	if err != nil {
		return err
	}
	if r.note != nil && !bytes.Equal(r.note, note) {
		return fmt.Errorf("custody: receipt: %w: two checkpoints", evidence.ErrAmbiguous)
	}
	r.note = note
	return nil
}

// restoreNote brings a note's lines, blank ones left out, back into the form that was signed.
// Origin, size, root and each part of a signature line hold no space, so
// wherever a line was broken its parts can be joined again.
func restoreNote(lines []string) ([]byte, error) {
	var text, sigs []string
	for _, line := range lines {
		rest, isSig := signatureLine(line)
		switch {
		case isSig:
			sigs = append(sigs, rest)
		case len(sigs) > 0:
			sigs[len(sigs)-1] += " " + line
		default:
			text = append(text, line)
		}
	}
	// From the end: the root, of known length; the size, too short to be
	// broken; the origin is what is left.
	root, n := "", len(text)
	for n > 0 && len(root) < rootDigits {
		n--
		root = text[n] + root
	}
	if n < 2 || len(sigs) == 0 {
		return nil, receiptError("checkpoint not whole")
	}
	origin := strings.Join(text[:n-1], "")
	note := origin + "\n" + text[n-1] + "\n" + root + "\n\n"
	for _, sig := range sigs {
		name, b64 := splitSignature(origin, strings.Fields(sig))
		note += "— " + name + " " + b64 + "\n"
	}
	return []byte(note), nil
}

// signatureLine cuts the em dash with which a signature line begins, or what
// becomes of one in other character sets.
func signatureLine(line string) (rest string, ok bool) {
	for _, dash := range []string{"— ", "– ", "-- ", "--- ", "\x97 ", "\uFFFD ", "\u0097 "} {
		if rest, ok := strings.CutPrefix(line, dash); ok {
			return rest, true
		}
	}
	return "", false
}

// splitSignature tells name from signature where breaks may have come between
// or into them. The log's own name is known; a cosigner's is taken to be whole.
func splitSignature(origin string, parts []string) (name, b64 string) {
	if len(parts) == 0 {
		return "", ""
	}
	if strings.HasPrefix(origin, parts[0]) {
		if rest, ok := strings.CutPrefix(strings.Join(parts, ""), origin); ok {
			return origin, rest
		}
	}
	return parts[0], strings.Join(parts[1:], "")
}

// unquote strips quoting, indenting and trailing space, and the "- " that
// OpenPGP puts before lines that begin with a dash.
func unquote(line string) string {
	line = strings.Trim(line, "\u00a0\u200b \t\r\n")
	for {
		rest := strings.TrimLeft(line, ">| \t\u00a0\u200b")
		if cut, ok := strings.CutPrefix(rest, "- -----"); ok {
			rest = "-----" + cut
		}
		if rest == line {
			return line
		}
		line = rest
	}
}

// plainText returns text as UTF-8 with newlines, whatever editor saved it.
func plainText(text []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	}
	if order != nil {
		units := make([]uint16, 0, len(text)/2)
		for b := text[2:]; len(b) >= 2; b = b[2:] {
			units = append(units, order.Uint16(b))
		}
		text = []byte(string(utf16.Decode(units)))
	}
	s := strings.TrimPrefix(string(text), "\ufeff")
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}
