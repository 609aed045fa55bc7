package main

import (
	"bufio"
	"errors"
	"io"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// set is one record set: a part of an input.
type set struct {
	id           evidence.Digest
	in           *sdk.Input
	offset, size int64
}

// open finds the record sets among the inputs.
func open(c *sdk.Ctx, in *sdk.Input) ([]set, error) {
	found, err := c.RecordSets(in)
	sets := make([]set, len(found))
	for i, s := range found {
		sets[i] = set{s.ID, s.In, s.Offset, s.Size}
	}
	return sets, err
}

// lines calls f with each line of the set, its number from 1 and its place. bad is set
// where it cannot be a record: without an end, or too long, and then not whole.
func (s *set) lines(f func(n int64, at sdk.Source, line []byte, bad bool) error) error {
	r := bufio.NewReaderSize(s.in.Section(s.offset, s.size), evidence.MaxLine)
	offset := s.offset
	for n := int64(1); ; n++ {
		line, err := r.ReadSlice('\n')
		length := int64(len(line))
		bad := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			var more []byte
			more, err = r.ReadSlice('\n')
			length += int64(len(more))
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if length == 0 {
			return nil
		}
		ended := err == nil
		if ended {
			length--
		}
		if bad || !ended {
			line = nil
		} else {
			line = line[:length]
		}
		if err := f(n, s.in.Source(offset, length), line, line == nil); err != nil {
			return err
		}
		offset += length + 1
	}
}
