package sdk_test

import (
	"bytes"
	"encoding/base64"
	"os/exec"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// What base64(1) makes of bytes comes out again, however its lines are broken, and its
// digest is that of SHA-256; what is cut within a group is said to be.
func TestUnbase64(t *testing.T) {
	whole := bytes.Repeat([]byte("0123456789 bytes of a picture \xff\xd8\x00\n"), 5000)
	text := base64.StdEncoding.EncodeToString(whole)
	var folded []byte
	for i := 0; i < len(text); i += 72 {
		folded = append(append(folded, text[i:min(i+72, len(text))]...), "\r\n "...)
	}
	wide := []byte{}
	for _, c := range []byte(text) {
		wide = append(wide, c, 0)
	}
	for name, c := range map[string]struct {
		in       string
		want     []byte
		complete bool
	}{
		"one line": {text, whole, true}, "folded": {string(folded), whole, true}, "UTF-16": {string(wide), whole, true},
		"two bytes over": {"QUJDRA==", []byte("ABCD"), true}, "without padding": {"QUJDRA", []byte("ABCD"), true}, "after padding": {"QQ==QUJD", []byte("A"), true},
		"cut": {"QUJDR", []byte("ABC"), false}, "nothing": {"", nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			data := "PHOTO:" + c.in + ";"
			r, records, _, frames := run(t, data, func(_ *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
				a, err := out.Unbase64(in, evidence.Span{Offset: 6, Length: int64(len(c.in))}, evidence.Name{Text: "a.jpg"}, map[string]any{"of": "a card"})
				if err != nil {
					return err
				}
				return out.Put(&sdk.Message{Attachments: []sdk.Attachment{a}}, in.Source(0, in.Size))
			})
			if r.Err != nil || r.Artifacts.Count != 1 || r.Units.Emitted != 2 {
				t.Fatalf("%+v", r)
			}
			if !bytes.Contains([]byte(records[0]), []byte(evidence.Sum(c.want).String())) {
				t.Errorf("%s is not of the bytes", records[0])
			}
			if len(c.want) < 1000 && !bytes.Contains(frames, c.want) {
				t.Errorf("%q", frames)
			}
			if got := bytes.Contains(frames, []byte(`"complete":true`)); got != c.complete {
				t.Errorf("complete: %v", got)
			}
		})
	}
	if _, err := exec.LookPath("base64"); err != nil {
		t.Skip("NOT TESTED: base64(1) is not there to compare with")
	}
	cmd := exec.Command("base64", "-di")
	cmd.Stdin = bytes.NewReader(folded)
	if out, err := cmd.Output(); err != nil || !bytes.Equal(out, whole) {
		t.Errorf("base64 -di gives %d bytes, %v", len(out), err)
	}
}
