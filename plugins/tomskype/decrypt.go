package main

import (
	"bytes"
	"errors"
	"io"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
)

const (
	// headBytes is how much of a file is decrypted in order to see whether it is text.
	headBytes = 64 << 10
	// pieceBytes is how much is decrypted at a time.
	pieceBytes = 256 << 10
)

// decrypt makes the plain text of a file that is encrypted as a whole.
func decrypt(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	if in.Size == 0 {
		return nil
	}
	s, err := newSetup(c, true)
	if err != nil {
		return err
	}
	start := make([]byte, min(headBytes, in.Size))
	if _, err := io.ReadFull(io.NewSectionReader(in, 0, in.Size), start); err != nil {
		return err
	}
	t := s.trial()
	plain, basis := s.plainCharsets()
	if t.parser != nil && t.isText(&candidate{charsets: plain, basis: basis}, start, int64(len(start)) == in.Size, true) {
		out.Skip(1)
		diagnose(c, evidence.SeverityInfo, codeFilePlain, sdk.Source{}, nil)
		return nil
	}
	opened, ambiguous := open(s.candidates(c, unitFile), t, start, in.Size)
	if opened == nil {
		code := codeFileUnopened
		if ambiguous {
			code = codeFileAmbiguous
		}
		diagnose(c, evidence.SeverityReject, code, sdk.Source{}, nil)
		diagnose(c, evidence.SeverityUnresolved, codeUnresolved, sdk.Source{}, map[string]any{"keys": len(c.Keys())})
		return nil
	}
	if err := write(c, in, out, opened); err != nil {
		return err
	}
	opened.used = 1
	note(c, []*candidate{opened})
	return nil
}

// open finds the candidate under which start is the beginning of a text; none
// where two give different ones.
func open(list []*candidate, t *trial, start []byte, size int64) (opened *candidate, ambiguous bool) {
	var text []byte
	for _, cand := range list {
		n := len(start) - len(start)%cand.opener.Block()
		if n == 0 {
			continue
		}
		message := cand.opener.Begin()(nil, start[:n])
		all := int64(len(start)) == size
		if all {
			message, _ = cand.strip(message)
		}
		if !t.isText(cand, message, all, false) {
			continue
		}
		if opened != nil && !bytes.Equal(text, message) {
			return nil, true
		}
		if opened == nil {
			opened, text = cand, message
		}
	}
	return opened, false
}

// strip removes the first of the profile's paddings that is there.
func (c *candidate) strip(message []byte) ([]byte, string) {
	for _, padding := range c.profile.Paddings {
		if body, ok := crypt.Strip(padding, message, c.opener.Block()); ok {
			return body, padding
		}
	}
	return message, ""
}

// isText reports whether most lines of start are what a line should be. Its last
// line counts only where it is all of the file.
func (t *trial) isText(cand *candidate, start []byte, all, plain bool) bool {
	t.plain, t.anyText = plain, cand.profile != nil && cand.profile.Kind == ""
	defer func() { t.plain, t.anyText = false, false }()
	lines, good := 0, 0
	for line := range bytes.Lines(start) {
		body, ended := bytes.CutSuffix(line, []byte("\n"))
		body = bytes.TrimSuffix(body, []byte("\r"))
		if !ended && !all || len(bytes.TrimSpace(body)) == 0 {
			continue
		}
		lines++
		if _, _, ok := t.pick(cand.charsets, body); ok {
			good++
		}
	}
	return 2*good > lines
}

// write decrypts the whole input into an artifact.
func write(c *sdk.Ctx, in *sdk.Input, out *sdk.Out, cand *candidate) error {
	block := int64(cand.opener.Block())
	whole := in.Size - in.Size%block
	padding, ended := "", false
	if whole == in.Size {
		var err error
		if padding, ended, err = cand.end(in); err != nil {
			return err
		}
	}
	step := sdk.Step{"do": "decrypt", "profile": cand.profile.Name, "cipher": cand.profile.Cipher, "encoding": encodingRaw}
	if cand.profile.Mode != "" {
		step["mode"] = cand.profile.Mode
	}
	if padding != "" {
		step["padding"] = padding
	}
	if !cand.profile.keyless() {
		c.Use(cand.key)
		step["key"] = cand.key.Fingerprint
	}
	a, err := out.Artifact(nil, sdk.ArtifactOptions{Steps: []sdk.Step{step}, Text: true})
	if err != nil {
		return err
	}
	if err := cand.stream(a, in, whole, padding); err != nil {
		return errors.Join(err, a.End(false, "the file could not be read to its end"))
	}
	if ended {
		return a.End(true, "")
	}
	c.Damage(sdk.At(whole, in.Size-whole), codeFileCut, messages[codeFileCut])
	return a.End(false, messages[codeFileCut])
}

// end decrypts the last blocks to see how the message was padded, "" where none of
// the profile's paddings is there. A block depends on itself and, in CBC, on the
// one before. ended is false where the end seems to be cut off: it is neither
// padded nor that of a line.
func (c *candidate) end(in *sdk.Input) (padding string, ended bool, err error) {
	last := make([]byte, min(int64(2*c.opener.Block()), in.Size))
	if _, err := io.ReadFull(io.NewSectionReader(in, in.Size-int64(len(last)), int64(len(last))), last); err != nil {
		return "", false, err
	}
	if c.opener.Block() == 1 {
		return c.profile.Paddings[0], true, nil
	}
	message := c.opener.Begin()(nil, last)
	body, padding := c.strip(message)
	return padding, len(body) < len(message) || bytes.HasSuffix(message, []byte("\n")), nil
}

// stream decrypts the first whole bytes of in to w, without the padding.
func (c *candidate) stream(w io.Writer, in *sdk.Input, whole int64, padding string) error {
	next := c.opener.Begin()
	r := in.Section(0, whole)
	piece := make([]byte, pieceBytes)
	var message, held []byte // held: a block that may be padding
	for {
		n, err := io.ReadFull(r, piece)
		if n > 0 {
			message = next(append(message[:0], held...), piece[:n])
			keep := min(c.opener.Block(), len(message))
			held = append(held[:0], message[len(message)-keep:]...)
			if _, err := w.Write(message[:len(message)-keep]); err != nil {
				return err
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if padding != "" {
		if body, ok := crypt.Strip(padding, held, c.opener.Block()); ok {
			held = body
		}
	}
	_, err := w.Write(held)
	return err
}
