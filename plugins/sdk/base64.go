package sdk

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// StepUnbase64 is the step of what was read out of base64 (docs/formats/case.md).
const StepUnbase64 = "unbase64"

// Unbase64 derives an artifact of bytes that stand in base64 in a part of the input.
// What is no character of the alphabet (line ends, blanks, the zeros of UTF-16) is
// passed over, and what follows padding left, as base64 -di(1) does. The attachment
// has its name, its size and its digest.
func (o *Out) Unbase64(in *Input, at evidence.Span, name evidence.Name, meta map[string]any) (Attachment, error) {
	a, err := o.Artifact(&name, ArtifactOptions{Steps: []Step{{"do": StepUnbase64, "offset": at.Offset, "length": at.Length}}, Meta: meta})
	if err != nil {
		return Attachment{}, err
	}
	sum := sha256.New()
	damage, err := decodeBase64(io.MultiWriter(a, sum), in.Section(at.Offset, at.Length))
	if err == nil {
		err = in.Err()
	}
	reason := ""
	switch {
	case err != nil:
		reason = reasonOf(err)
	case damage:
		reason = "the base64 ends within a group"
	}
	if ended := a.End(reason == "", reason); ended != nil || err != nil {
		return Attachment{}, errors.Join(err, ended)
	}
	out := Attachment{Name: Str(name.Text), Size: Num(a.Size())}
	copy(out.SHA256[:], sum.Sum(nil))
	return out, nil
}

// decodeBase64 reports whether what it read ends within a group of four.
func decodeBase64(w io.Writer, r io.Reader) (damaged bool, err error) {
	var group, out [4]byte
	n := 0
	in := bufio.NewReaderSize(r, 64<<10)
	to := bufio.NewWriterSize(w, 64<<10)
	for {
		c, err := in.ReadByte()
		if errors.Is(err, io.EOF) || err == nil && c == '=' {
			break
		}
		if err != nil {
			return false, err
		}
		if !alphabet(c) {
			continue
		}
		group[n] = c
		if n++; n < len(group) {
			continue
		}
		n = 0
		k, err := base64.StdEncoding.Decode(out[:], group[:])
		if err != nil {
			return true, nil //nolint:nilerr // every character is one of the alphabet: it cannot be
		}
		if _, err := to.Write(out[:k]); err != nil {
			return false, err
		}
	}
	if n > 1 {
		k, err := base64.RawStdEncoding.Decode(out[:], group[:n])
		if err == nil {
			_, err = to.Write(out[:k])
		}
		if err != nil {
			return false, err
		}
	}
	return n == 1, to.Flush()
}

func alphabet(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/'
}
