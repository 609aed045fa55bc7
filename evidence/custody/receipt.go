package custody

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Marks around the parts of a receipt that are read again.
const (
	checkpointBegin = "-----BEGIN EXHIBIT CHECKPOINT-----"
	checkpointEnd   = "-----END EXHIBIT CHECKPOINT-----"
	keyBegin        = "-----BEGIN EXHIBIT LOG KEY-----"
	keyEnd          = "-----END EXHIBIT LOG KEY-----"
)

// FormatReceipt writes a receipt for a checkpoint: a text for print and e-mail
// that says to a lawyer what it is and how to check it, and holds the signed
// note as it is. sealed is the sealing computer's time, which no signature
// covers, and is said to be so. Each of lines, such as "Exhibits: EX-1 to EX-4",
// is added to the facts, kept to one line. It fails as
// OpenCheckpoint does where note is not signed by vkey.
func FormatReceipt(note []byte, vkey string, sealed time.Time, lines ...string) ([]byte, error) {
	cp, err := OpenCheckpoint(note, vkey)
	if err != nil {
		return nil, err
	}
	_, pub, err := ParseVKey(vkey)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, `RECEIPT FOR A SEALED EVIDENCE LOG

Please keep this message. It fixes the state of one evidence log on the
day on which you received it: %s.
If any of them is changed, removed or replaced afterwards, or their
order is changed, checking the log against this receipt shows it. The
receipt does not show that what was entered is true, complete or
lawfully obtained.

Log:     %s
Entries: %d%s
Root:    %s
Sealed:  %s by the sealing computer's clock
Key:     %s
`, entries(cp.Size), cp.Origin, cp.Size, numbers(cp.Size), hex.EncodeToString(cp.Root[:]),
		sealed.UTC().Format("2006-01-02 15:04:05 UTC"), hex.EncodeToString(pub))
	for _, line := range lines {
		b.WriteString(oneLine(line) + "\n")
	}
	b.WriteString(`
To check: save this whole message as a text file, for example
receipt.txt, and run, on the case or on the bundle you were given,

    exhibit verify --receipt receipt.txt PATH

The time above is the sealing computer's statement; no signature covers
it. The day on which this message reached you is yours to prove. Ask the
person who seals to confirm the key (Ed25519) by another way than this
message.

The signed statement itself follows: a C2SP tlog-checkpoint, which other
programs can check too (docs/formats/custody.md). Only what stands
between these marks counts; the text above repeats it for reading.

`)
	b.WriteString(blocks(note, vkey))
	return []byte(b.String()), nil
}

// ReceiptBlocks returns what of a receipt is read again: note and key between their marks,
// each on lines of its own. It fails with evidence.ErrFormat where ParseReceipt would not
// give both back.
func ReceiptBlocks(note []byte, vkey string) ([]byte, error) {
	b := []byte(blocks(note, vkey))
	again, key, err := ParseReceipt(b)
	if err == nil && (!bytes.Equal(again, note) || key != vkey) {
		err = receiptError("the note is not one that a receipt can hold")
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

func blocks(note []byte, vkey string) string {
	return fmt.Sprintf("%s\n%s%s\n\n%s\n%s\n%s\n", checkpointBegin, note, checkpointEnd, keyBegin, vkey, keyEnd)
}

func entries(n int64) string {
	if n == 1 {
		return "one entry"
	}
	return fmt.Sprintf("%d entries", n)
}

func numbers(n int64) string {
	if n < 1 {
		return ""
	}
	return fmt.Sprintf(" (numbers 0 to %d)", n-1)
}

// oneLine keeps a line one line, and free of anything that reads as a mark.
func oneLine(line string) string {
	line = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, line)
	for strings.Contains(line, "-----") {
		line = strings.ReplaceAll(line, "-----", "----")
	}
	return line
}
