package redact

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// findings are the plugin's record set, open.
type findings struct {
	obj   *blob.Object
	buf   *bufio.Reader
	rules map[string]string
}

func openFound(ctx context.Context, c *store.Case, run *evidence.Run) (*findings, error) {
	a, err := c.Artifact(ctx, run.Records.Artifact)
	if err != nil {
		return nil, err
	}
	obj, err := c.Blobs().Reader(ctx, a)
	if err != nil {
		return nil, err
	}
	return &findings{obj: obj, buf: bufio.NewReaderSize(nil, evidence.MaxLine), rules: map[string]string{}}, nil
}

// locate finds where the redactions of each set begin, and how long they are: those of one
// stand together. It fails with evidence.ErrIntegrity where they do not, or name a set that
// the run was not handed.
func (f *findings) locate(ctx context.Context, sets map[string]*set, handed map[string]bool) error {
	var at int64
	last, n := "", 0
	over := map[string]bool{}
	return evidence.Lines(f.obj, f.obj.Size(), func(line []byte) error {
		if n++; n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		id := ""
		err := evidence.Members(line, func(name, value []byte) error {
			if string(name) == "record" {
				id = textOf(value)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("redact: redaction %d: %w", n, err)
		}
		prefix, _, ok := strings.Cut(id, ":")
		if !ok || !handed[prefix] {
			return fmt.Errorf("redact: redaction %d: %w: it is in record %q, which the run was not handed", n, evidence.ErrIntegrity, id)
		}
		if prefix != last {
			if over[prefix] {
				return fmt.Errorf("redact: redaction %d: %w: those of one record set do not stand together", n, evidence.ErrIntegrity)
			}
			over[prefix], last = true, prefix
			if s := sets[prefix]; s != nil {
				s.spans = at
			}
		}
		length := int64(len(line)) + 1
		at += length
		if s := sets[prefix]; s != nil {
			s.bytes += length
		}
		return nil
	})
}

// reader hands out the spans of one set, record by record.
type reader struct {
	buf  *bufio.Reader
	next int64 // the line of what was read last
	one  span
	have bool
	end  bool
	out  []span
	// rules are names of rules by their JSON.
	rules map[string]string
}

func (f *findings) reader(s *set) *reader {
	f.buf.Reset(io.NewSectionReader(f.obj, s.spans, s.bytes))
	return &reader{buf: f.buf, rules: f.rules}
}

// of returns the spans of a line, asked for in ascending order; they are good until the
// next call.
func (r *reader) of(line int64) ([]span, error) {
	r.out = r.out[:0]
	for {
		if !r.have && !r.end {
			if err := r.read(); err != nil {
				return nil, err
			}
		}
		switch {
		case r.end || r.next > line:
			return r.out, nil
		case r.next < line:
			return nil, fmt.Errorf("%w: redactions do not stand in the order of the records", evidence.ErrIntegrity)
		}
		r.out = append(r.out, r.one)
		r.have = false
	}
}

// done reports with evidence.ErrIntegrity that spans are left after the last record.
func (r *reader) done() error {
	if r.have {
		return fmt.Errorf("%w: a redaction is in record %d, which the set does not have", evidence.ErrIntegrity, r.next)
	}
	_, err := r.buf.ReadByte()
	if !r.end && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: redactions are left over after the last record", evidence.ErrIntegrity)
	}
	return nil
}

func (r *reader) read() error {
	text, err := r.buf.ReadSlice('\n')
	if errors.Is(err, io.EOF) && len(text) == 0 {
		r.end = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("read redactions: %w", err)
	}
	r.one, r.have = span{}, true
	s, before := &r.one, r.next
	err = evidence.Members(text[:len(text)-1], func(name, value []byte) error {
		switch string(name) {
		case "category":
			s.category = word1(value)
		case "class":
			s.class = word1(value)
		case "end":
			s.end = number(value)
		case "field":
			s.field = textOf(value)
		case "form":
			s.form = word1(value)
		case "known_in":
			s.knownIn = int64(number(value))
		case "part":
			s.part = string(value) != "null"
		case "record":
			id := textOf(value)
			r.next, _ = strconv.ParseInt(id[strings.IndexByte(id, ':')+1:], 10, 64) // located before
		case "rule":
			s.rule = r.rule(value)
		case "start":
			s.start = number(value)
		case "validator":
			s.validator = word1(value)
		}
		return nil
	})
	if err == nil && r.next < max(before, 1) {
		err = fmt.Errorf("%w: redactions do not stand in the order of the records", evidence.ErrIntegrity)
	}
	return err
}

// word1 is a word of the plugin's, "" for what is none: nothing else of it comes out.
func word1(value []byte) string {
	if isWord(value) {
		return textOf(value)
	}
	return ""
}

// ruleName is a rule with its version, cn_mobile@1.
func ruleName(value []byte) string {
	s := textOf(value)
	if name, version, ok := strings.Cut(s, "@"); ok && isWord([]byte(`"`+name+`"`)) && isWord([]byte(`"`+version+`"`)) {
		return s
	}
	return word1(value)
}

// rule is a rule's name; there are few.
func (r *reader) rule(value []byte) string {
	s, ok := r.rules[string(value)]
	if !ok {
		s = ruleName(value)
		if len(r.rules) < maxNames {
			r.rules[string(value)] = s
		}
	}
	return s
}

// number is an offset, -1 for what is none.
func number(value []byte) int {
	n, err := strconv.ParseInt(string(value), 10, 32)
	if err != nil {
		return -1
	}
	return int(n)
}
