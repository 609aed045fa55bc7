package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// roleList is that of terms, one a line, in UTF-8 (docs/formats/plugin.md, analyze).
const roleList = "list"

// set is one record set: a part of an input.
type set struct {
	id   evidence.Digest
	name string // where it stands, of sets that hold keywords
	in   *sdk.Input
	// offset and size place it in in.
	offset, size int64
	cut          bool
	// keywords: it may hold records of lists.
	keywords bool
	// first is the number of its first line among all lines, from 0.
	first int64
}

// recordSets is all that is analysed.
type recordSets struct {
	sets  []set
	lists []*sdk.Input
	// lines is how many there are in all sets.
	lines int64
}

const chunk = 1 << 20

// open finds the record sets among the inputs.
func open(c *sdk.Ctx, main *sdk.Input) (*recordSets, error) {
	found, err := c.RecordSets(main)
	if err != nil {
		return nil, err
	}
	x := &recordSets{}
	for _, s := range found {
		alone := s.In == main
		x.sets = append(x.sets, set{id: s.ID, name: s.Name, in: s.In, offset: s.Offset, size: s.Size, cut: s.Cut, keywords: alone || s.Name != ""})
	}
	if len(c.Inputs()) > 1 {
		for _, in := range c.Inputs() {
			if in.Role == roleList {
				x.lists = append(x.lists, in)
			}
		}
	}
	for i := range x.sets {
		s := &x.sets[i]
		s.first = x.lines
		n, err := count(s)
		if err != nil {
			return nil, err
		}
		x.lines += n
	}
	return x, nil
}

// count counts lines, one without an end too.
func count(s *set) (n int64, err error) {
	ended := true
	err = blocks(s.in, s.offset, s.size, func(b []byte) error {
		n += int64(bytes.Count(b, []byte{'\n'}))
		ended = b[len(b)-1] == '\n'
		return nil
	})
	if !ended {
		n++
	}
	return n, err
}

// blocks calls f with a part of an input, piece by piece.
func blocks(in *sdk.Input, offset, size int64, f func([]byte) error) error {
	r := in.Section(offset, size)
	buf := make([]byte, chunk)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if err := f(buf[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// each calls f with every record of the sets that want takes, and its number among
// all lines. What is no record goes to bad, with its number and place, where bad is not nil.
func (x *recordSets) each(want func(*set) bool, bad func(int64, sdk.Source), f func(s *set, n int64, r *record) error) error {
	r := &record{}
	for i := range x.sets {
		s := &x.sets[i]
		if want != nil && !want(s) {
			continue
		}
		n, offset := s.first, s.offset
		line := func(b []byte) error {
			err := r.read(b)
			if err == nil && r.value[fKind] != nil {
				err = f(s, n, r)
				if err != nil {
					return err
				}
			} else if bad != nil {
				bad(n, s.in.Source(offset, int64(len(b))))
			}
			n++
			offset += int64(len(b)) + 1
			return nil
		}
		var rest []byte
		err := blocks(s.in, s.offset, s.size, func(b []byte) error {
			if len(rest) > 0 {
				end := bytes.IndexByte(b, '\n')
				if end < 0 {
					if len(rest)+len(b) > 4*sdk.MaxLineBytes {
						return fmt.Errorf("%w: a line of more than %d bytes", sdk.ErrMalformed, 4*sdk.MaxLineBytes)
					}
					rest = append(rest, b...)
					return nil
				}
				rest = append(rest, b[:end]...)
				if err := line(rest); err != nil {
					return err
				}
				rest, b = rest[:0], b[end+1:]
			}
			for {
				end := bytes.IndexByte(b, '\n')
				if end < 0 {
					rest = append(rest, b...)
					return nil
				}
				if err := line(b[:end]); err != nil {
					return err
				}
				b = b[end+1:]
			}
		})
		if err != nil {
			return err
		}
		if len(rest) > 0 && bad != nil { // a line without an end: no record set ends like this
			bad(n, s.in.Source(offset, int64(len(rest))))
		}
	}
	return nil
}

// id is the id of the line of that number.
func (x *recordSets) id(n int64) string {
	i, found := slices.BinarySearchFunc(x.sets, n, func(s set, n int64) int { return int(min(max(s.first-n, -1), 1)) })
	if !found {
		i--
	}
	// Sets without lines begin where the next one does.
	for i+1 < len(x.sets) && x.sets[i+1].first == x.sets[i].first {
		i++
	}
	return evidence.RecordID(x.sets[i].id, n-x.sets[i].first+1)
}

func (x *recordSets) ids(numbers []uint32) []string {
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = x.id(int64(n))
	}
	return out
}
