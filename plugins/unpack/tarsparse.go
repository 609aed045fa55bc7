package main

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

// extent is a part of a sparse file that the archive holds.
type extent struct{ offset, length int64 }

// maxExtents bounds a sparse file's map; real ones have tens.
const maxExtents = 16384

// oldSparse appends the n entries of an old GNU header, up to the first empty one.
func oldSparse(list []extent, b []byte, n int) []extent {
	for i := range n {
		e := b[i*24 : i*24+24]
		if e[0] == 0 {
			break
		}
		offset, ok1 := number(e[:12])
		length, ok2 := number(e[12:])
		if !ok1 || !ok2 {
			return append(list, extent{-1, -1}) // found out by checkSparse
		}
		list = append(list, extent{offset, length})
	}
	return list
}

// paxSparse gathers what PAX says of a sparse file: GNU's versions 0.0, 0.1 and 1.0.
type paxSparse struct {
	any, inData bool
	name        string
	size        int64
	list        []extent
	half        bool
}

func (s *paxSparse) add(key, value string) (ok bool) {
	ok = true
	switch key {
	case "name":
		s.name = value
		return true
	case "size", "realsize":
		s.size, ok = decimal(value)
	case "major":
		s.inData = value == "1"
	case "minor", "numblocks":
	case "offset":
		s.list, s.half = append(s.list, extent{}), true
		s.list[len(s.list)-1].offset, ok = decimal(value)
	case "numbytes":
		if !s.half {
			return false
		}
		s.half = false
		s.list[len(s.list)-1].length, ok = decimal(value)
	case "map":
		s.list, ok = parseMap(strings.Split(value, ","))
	default:
		return true
	}
	s.any = true
	return ok && len(s.list) <= maxExtents
}

func (s *paxSparse) apply(h *tarHeader) bool {
	if s.name != "" {
		h.name = s.name
	}
	h.realSize, h.sparse, h.sparseInData = s.size, s.list, s.inData
	if h.sparse == nil {
		h.sparse = []extent{}
	}
	return !s.half
}

// parseMap reads pairs of offset and length.
func parseMap(words []string) ([]extent, bool) {
	if len(words) == 1 && words[0] == "" {
		return []extent{}, true
	}
	if len(words)%2 != 0 || len(words) > 2*maxExtents {
		return nil, false
	}
	list := make([]extent, 0, len(words)/2)
	for i := 0; i < len(words); i += 2 {
		offset, ok1 := decimal(words[i])
		length, ok2 := decimal(words[i+1])
		if !ok1 || !ok2 {
			return nil, false
		}
		list = append(list, extent{offset, length})
	}
	return list, true
}

// readMap reads a PAX 1.0 map from the head of a member's data, of which at most
// size bytes are left: decimal lines, padded to a block. It returns how many bytes
// it took.
func readMap(r io.Reader, size int64) (list []extent, taken int64, ok bool, err error) {
	var lines []byte
	want := -1 // numbers after the first
	block := make([]byte, blockSize)
	for {
		if size-taken < blockSize || taken > maxExtents*2*20 {
			return nil, taken, false, nil
		}
		if _, err := io.ReadFull(r, block); err != nil {
			return nil, taken, false, err
		}
		taken += blockSize
		lines = append(lines, block...)
		if want < 0 {
			first, _, found := bytes.Cut(lines, []byte("\n"))
			if !found {
				return nil, taken, false, nil
			}
			n, err := strconv.Atoi(string(first))
			if err != nil || n < 0 || n > maxExtents {
				return nil, taken, false, nil
			}
			want = 2 * n
		}
		if bytes.Count(lines, []byte("\n")) > want {
			words := strings.SplitN(string(lines), "\n", want+2)[1 : want+1]
			list, ok := parseMap(words)
			if want == 0 {
				list, ok = []extent{}, true
			}
			return list, taken, ok, nil
		}
	}
}

// checkSparse reports whether the map makes sense: ascending, inside the file, and
// as long in all as the data that follows.
func (h *tarHeader) checkSparse() bool {
	var end, stored int64
	for _, e := range h.sparse {
		if e.offset < end || e.length < 0 || e.offset > h.realSize || e.length > h.realSize-e.offset {
			return false
		}
		end = e.offset + e.length
		stored += e.length
	}
	return stored == h.size && h.realSize >= 0
}

// holes is a sparse file's content: stored bytes, with zeros between.
type holes struct {
	r    io.Reader // the stored bytes
	list []extent
	size int64
	pos  int64
}

func (s *holes) Read(p []byte) (int, error) {
	for len(s.list) > 0 && s.list[0].length == 0 {
		s.list = s.list[1:]
	}
	next := s.size
	if len(s.list) > 0 {
		next = s.list[0].offset
	}
	switch {
	case s.pos < next:
		p = p[:min(int64(len(p)), next-s.pos)]
		clear(p)
		s.pos += int64(len(p))
		return len(p), nil
	case s.pos >= s.size:
		return 0, io.EOF
	}
	e := &s.list[0]
	n, err := s.r.Read(p[:min(int64(len(p)), e.length)])
	s.pos += int64(n)
	e.offset += int64(n)
	e.length -= int64(n)
	if errors.Is(err, io.EOF) && n > 0 {
		err = nil
	}
	return n, err
}
