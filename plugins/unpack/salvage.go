package main

import (
	"bytes"
)

// salvage finds members in [from, to) by their local headers, one after the other:
// those that no central directory lists. Of each it takes what can be read. It
// returns how many it found.
func (z *zipWalk) salvage(from, to int64) (found int64, err error) {
	for at := from; ; {
		next, err := z.find(localHeader, at, to)
		if err != nil || next < 0 {
			return found, err
		}
		end, err := z.salvageMember(next, to)
		if err != nil {
			return found, err
		}
		if end > 0 {
			found++
		}
		at = max(end, next+int64(len(localHeader)))
	}
}

// find returns the offset of the next signature in [at, to), or -1. It keeps what
// it read last: signatures may stand close together by the million.
func (z *zipWalk) find(signature string, at, to int64) (int64, error) {
	for to-at >= int64(len(signature)) {
		part, err := z.view(at)
		if err != nil || len(part) < len(signature) {
			return -1, err
		}
		part = part[:min(int64(len(part)), to-at)]
		if i := bytes.Index(part, []byte(signature)); i >= 0 {
			return at + int64(i), nil
		}
		at += int64(len(part)) - int64(len(signature)) + 1
	}
	return -1, nil
}

const viewSize = 256 << 10

// view returns bytes of the input from an offset on: at least a signature's, but at
// the end.
func (z *zipWalk) view(at int64) ([]byte, error) {
	if at >= z.viewAt && at+4 <= z.viewAt+int64(len(z.viewed)) {
		return z.viewed[at-z.viewAt:], nil
	}
	if err := z.c.Err(); err != nil {
		return nil, err
	}
	if z.viewed == nil {
		z.viewed = make([]byte, 0, viewSize)
	}
	z.viewed = z.viewed[:max(0, min(viewSize, z.in.Size-at))]
	z.viewAt = at
	if ok, err := z.read(z.viewed, at); !ok {
		z.viewed = z.viewed[:0]
		return nil, err
	}
	return z.viewed, nil
}

// salvageMember reads the member whose local header is at an offset and returns
// where its data end, as far as that is known; 0 where there is no member after all.
func (z *zipWalk) salvageMember(at, to int64) (end int64, err error) {
	e, data, why, err := z.localAt(at)
	if err != nil {
		return 0, err
	}
	switch {
	case why != "" || data > to:
		z.c.Reject(z.place(at, to-at), "zip.cut", "the input ends within a member's header")
		return to, nil
	case e.version&0xff > 100 || e.name == "" && e.packed > 0:
		return 0, nil // four bytes that happen to be a signature's
	case !e.sized:
		if err := z.measure(&e, data, to); err != nil {
			return 0, err
		}
	}
	if e.packed > to-data && to < z.in.Size {
		e.packed = to - data // the next member begins before
	}
	if err := z.unpack(&e, at, data); err != nil {
		return 0, err
	}
	return data + min(e.packed, to-data), nil
}

// maxMeasured bounds, in lengths of the input, how much is searched for descriptors
// in all: headers made up to have none would have each of them search to the end.
const maxMeasured = 8

// measure finds out how long the data of a member are whose header leaves it to a
// descriptor behind them (APPNOTE §4.3.9): by one that states the very distance it
// is found at. Failing that, they end at the next header, and stay unchecked.
func (z *zipWalk) measure(e *zipEntry, data, to int64) error {
	for at := data; z.measured < maxMeasured*z.in.Size; at++ {
		next, err := z.find(dataDescriptor, at, to)
		if err != nil {
			return err
		}
		if next < 0 {
			z.measured += to - at
			break
		}
		z.measured += next - at
		b := make([]byte, 24)
		n := min(int64(len(b)), z.in.Size-next)
		if ok, err := z.read(b[:n], next); err != nil {
			return err
		} else if !ok {
			break
		}
		switch {
		case n >= 16 && u32(b, 8) == next-data:
			e.crc, e.packed, e.size, e.sized = uint32(u32(b, 4)), u32(b, 8), u32(b, 12), true
			return nil
		case n >= 24 && u64(b, 8) == next-data && u64(b, 16) >= 0:
			e.crc, e.packed, e.size, e.sized = uint32(u32(b, 4)), u64(b, 8), u64(b, 16), true
			return nil
		}
		at = next
	}
	next, err := z.find(localHeader, data, to)
	if err != nil {
		return err
	}
	if next < 0 {
		next = to
	}
	e.packed = next - data
	return nil
}
