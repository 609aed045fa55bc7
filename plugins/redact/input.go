package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Roles of members that are record sets (docs/formats/plugin.md, analyze).
const (
	roleRecords = "records"
	roleCut     = "cut"
)

// set is one record set: a part of an input.
type set struct {
	id           evidence.Digest
	in           *sdk.Input
	offset, size int64
}

// maxManifest bounds the manifest, in bytes.
const maxManifest = 256 << 20

// open finds the record sets among the inputs.
func open(c *sdk.Ctx, in *sdk.Input) ([]set, error) {
	if len(c.Inputs()) == 1 && in.Role != evidence.RoleMain {
		return []set{{id: in.SHA256, in: in, size: in.Size}}, nil
	}
	if in.Size > maxManifest {
		return nil, fmt.Errorf("%w: a manifest of %d bytes", sdk.ErrLimit, in.Size)
	}
	text, err := io.ReadAll(in.Reader())
	if err != nil {
		return nil, err
	}
	m, err := evidence.ParseManifest(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sdk.ErrMalformed, err)
	}
	var sets []set
	at := map[string]int64{}
	for _, member := range m.Members {
		if member.Role != roleRecords && member.Role != roleCut {
			continue
		}
		from := c.Input(member.Role)
		if from == nil || at[member.Role]+member.Size > from.Size {
			return nil, fmt.Errorf("%w: the manifest names more than it comes with", sdk.ErrMalformed)
		}
		sets = append(sets, set{member.Artifact, from, at[member.Role], member.Size})
		at[member.Role] += member.Size
	}
	return sets, nil
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
