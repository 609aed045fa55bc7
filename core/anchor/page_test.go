package anchor_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	core "github.com/exhibit-forensics/exhibit/core/anchor"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/internal/slow"
)

const uuid = "1b4e28ba-2fa1-4d2e-883f-0016d3cca427"

// receipts are a usual one and the longest that there can be: a lab's name of 200 bytes, signatures
// by two keys, texts as long as the command line lets them be.
func receipts(t *testing.T) map[string]core.Receipt {
	t.Helper()
	sum := strings.Repeat("0123456789abcdef", 4)
	out := map[string]core.Receipt{}
	for name, lab := range map[string]string{"usual": "exhibit", "longest": strings.Repeat("laboratory", 20)} {
		origin := lab + "/" + uuid
		key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
		r := core.Receipt{VKey: custody.VKey(origin, key.Public().(ed25519.PublicKey)), Sealed: now, Case: "<script>alert(1)</script>", Exhibits: "EX-001 & EX-002", Verifiers: []core.Verifier{{Name: "VERIFY.html", SHA256: sum}, {Name: "verify.py", SHA256: sum}}}
		var err error
		if r.Note, err = custody.SignCheckpoint(origin, 123456789, sha256.Sum256(nil), key); err != nil {
			t.Fatal(err)
		}
		if name == "longest" {
			other, err := custody.SignCheckpoint(origin, 123456789, sha256.Sum256(nil), ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32)))
			if err == nil {
				r.Note, err = custody.JoinSignatures(r.Note, other)
			}
			if err != nil {
				t.Fatal(err)
			}
			r.Case, r.Exhibits = strings.Repeat("W", 200), strings.Repeat("EX-001, ", 50)
		}
		out[name] = r
	}
	return out
}

var (
	boxOf = regexp.MustCompile(`viewBox="0 0 ([0-9]+) `)
	codes = regexp.MustCompile(`<path id="qr" fill="#000" d="([^"]*)"`)
	runs  = regexp.MustCompile(`M([0-9]+) ([0-9]+)h([0-9]+)v1h-[0-9]+z`)
)

// draw makes a picture of the page's QR code.
func draw(t *testing.T, page []byte) []byte {
	t.Helper()
	box, path := boxOf.FindSubmatch(page), codes.FindSubmatch(page)
	if box == nil || path == nil {
		t.Fatal("no QR code")
	}
	number := func(b []byte) int {
		n, err := strconv.Atoi(string(b))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const scale = 6
	size := number(box[1])
	img := image.NewGray(image.Rect(0, 0, size*scale, size*scale))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for _, m := range runs.FindAllSubmatch(path[1], -1) {
		x, y, n := number(m[1]), number(m[2]), number(m[3])
		for dy := range scale {
			for dx := range n * scale {
				img.SetGray(x*scale+dx, y*scale+dy, color.Gray{})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Its QR code, read by another program, is the note, byte for byte.
func TestPageQR(t *testing.T) {
	zbar, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Skip("NOT TESTED: zbarimg is not here (apt-get install zbar-tools)")
	}
	for name, r := range receipts(t) {
		page, err := r.Page()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "qr.png")
		if err := os.WriteFile(file, draw(t, page), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), zbar, "-q", "--raw", "--oneshot", "-Sbinary", file).Output()
		if err != nil || !bytes.Equal(out, r.Note) {
			t.Errorf("%s: %v: %q, not %q", name, err, out, r.Note)
		}
	}
}

// It is read as a receipt, whatever mail or an editor does to its lines.
func TestPageIsReceipt(t *testing.T) {
	for name, r := range receipts(t) {
		page, err := r.Page()
		if err != nil {
			t.Fatal(err)
		}
		for how, text := range map[string][]byte{"as it is": page, "CRLF": bytes.ReplaceAll(page, []byte("\n"), []byte("\r\n"))} {
			note, vkey, err := custody.ParseReceipt(text)
			if err != nil || !bytes.Equal(note, r.Note) || vkey != r.VKey {
				t.Errorf("%s, %s: %v", name, how, err)
			}
		}
		if n := bytes.Count(page, []byte("<script")); n > 0 || !bytes.Contains(page, []byte(`default-src 'none'`)) {
			t.Errorf("%s: %d scripts", name, n)
		}
		for _, v := range r.Verifiers {
			if !bytes.Contains(page, []byte(v.Name)) || !bytes.Contains(page, []byte(v.SHA256)) {
				t.Errorf("%s: %s is not named", name, v.Name)
			}
		}
		r.VKey = custody.VKey(strings.TrimSuffix(r.VKey[:strings.IndexByte(r.VKey, '+')], uuid)+uuid, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)).Public().(ed25519.PublicKey))
		if _, err := r.Page(); !errors.Is(err, custody.ErrUnknownSigner) {
			t.Errorf("%s: a page for another key: %v", name, err)
		}
	}
}

// Printed by Chromium it is one page, of A4 and of Letter.
func TestPagePrints(t *testing.T) {
	chromium, cerr := exec.LookPath("chromium")
	info, ierr := exec.LookPath("pdfinfo")
	if cerr != nil || ierr != nil {
		t.Skip("NOT TESTED: chromium or pdfinfo is not here")
	}
	for name, r := range receipts(t) {
		page, err := r.Page()
		if err != nil {
			t.Fatal(err)
		}
		papers := []string{"Letter", "A4"}
		if !slow.Asked() { // the one that is most likely not to fit
			if papers = papers[:1]; name != "longest" {
				continue
			}
		}
		for _, paper := range papers {
			dir := t.TempDir()
			html, pdf := filepath.Join(dir, "r.html"), filepath.Join(dir, "r.pdf")
			sized := bytes.Replace(page, []byte("@page {"), fmt.Appendf(nil, "@page { size: %s;", paper), 1)
			if err := os.WriteFile(html, sized, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), chromium, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+filepath.Join(dir, "profile"), "--no-pdf-header-footer", "--print-to-pdf="+pdf, "file://"+html)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			out, err := exec.CommandContext(t.Context(), info, pdf).Output()
			if err != nil || !regexp.MustCompile(`(?m)^Pages: +1$`).Match(out) || !strings.Contains(strings.ToLower(string(out)), strings.ToLower(paper)) {
				t.Errorf("%s, %s: %v\n%s", name, paper, err, out)
			}
		}
	}
}
