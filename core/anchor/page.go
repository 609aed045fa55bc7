package anchor

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html"
	"html/template"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// Receipt is what one printable page says (docs/formats/custody.md, Receipts).
type Receipt struct {
	// Note is the signed checkpoint, VKey the log's verifier key.
	Note []byte
	VKey string
	// Sealed is the sealing computer's time, which no signature covers.
	Sealed time.Time
	// Case is what the case is called, Exhibits which it has; "" where nothing is said.
	Case, Exhibits string
	// Verifiers are the programs in bundles that check them.
	Verifiers []Verifier
}

// Verifier is a program that checks bundles, by its digest.
type Verifier struct {
	Name string
	// SHA256 is 64 hexadecimal digits.
	SHA256 string
}

//go:embed receipt.html
var receiptHTML string

// What people wrote is cut so that it stays one page, in characters.
const (
	maxCase     = 80
	maxExhibits = 180
)

// quiet is the margin of a QR code, in modules (ISO/IEC 18004 §9.1).
const quiet = 4

// Page writes a receipt as one page of HTML, of A4 or Letter: no script, nothing from elsewhere. The
// blocks of a receipt stand in it as text, and a QR code holds the note. It fails as
// custody.OpenCheckpoint does where the note is not signed by the key.
func (r Receipt) Page() ([]byte, error) {
	cp, err := custody.OpenCheckpoint(r.Note, r.VKey)
	if err != nil {
		return nil, err
	}
	_, pub, err := custody.ParseVKey(r.VKey)
	if err != nil {
		return nil, err
	}
	code, err := qr.Encode(string(r.Note), qr.M)
	if err != nil {
		return nil, fmt.Errorf("anchor: receipt: QR code: %w", err)
	}
	text, err := custody.ReceiptBlocks(r.Note, r.VKey)
	if err != nil {
		return nil, err
	}
	page, err := template.New("receipt").Parse(receiptHTML)
	if err != nil {
		return nil, fmt.Errorf("anchor: receipt: %w", err)
	}
	var b bytes.Buffer
	err = page.Execute(&b, map[string]any{
		"R": r, "Case": cut(r.Case, maxCase), "Exhibits": cut(r.Exhibits, maxExhibits), "Origin": cp.Origin, "Size": cp.Size, "Root": grouped(hex.EncodeToString(cp.Root[:])), "Key": grouped(hex.EncodeToString(pub)),
		"Sealed": r.Sealed.UTC().Format("2006-01-02 15:04:05 UTC"), "Last": cp.Size - 1, "Entries": entryWord(cp.Size),
		"Box": code.Size + 2*quiet, "Modules": modules(code),
		// Written as it is read: the template's own escapes would change signs of the blocks.
		"Blocks": template.HTML(html.EscapeString(string(text))), //nolint:gosec // escaped just here
	})
	if err != nil {
		return nil, fmt.Errorf("anchor: receipt: %w", err)
	}
	return b.Bytes(), nil
}

// cut shortens text that is too long.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

func entryWord(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

// grouped puts a space after every eight digits, to be read aloud.
func grouped(digits string) string {
	var parts []string
	for len(digits) > 8 {
		parts, digits = append(parts, digits[:8]), digits[8:]
	}
	return strings.Join(append(parts, digits), " ")
}

// modules draws a code as an SVG path, run by run.
func modules(code *qr.Code) string {
	var b strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			n := 0
			for x+n < code.Size && code.Black(x+n, y) {
				n++
			}
			if n > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, n, n)
				x += n
			}
		}
	}
	return b.String()
}
