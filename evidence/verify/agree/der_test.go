package agree_test

import (
	"encoding/asn1"
	"fmt"
	"slices"
)

// derChanges are what is done to one element of DER, each in turn; nil where it cannot be.
var derChanges = map[string]func(tag byte, content []byte) []byte{
	"of another tag": func(tag byte, content []byte) []byte {
		if tag == 0x0c {
			return tlv(0x13, content)
		}
		return tlv(0x0c, content)
	},
	"with more in it": func(tag byte, content []byte) []byte {
		if tag&0x20 == 0 {
			return nil
		}
		return tlv(tag, content, null)
	},
	"with more before its end": func(tag byte, content []byte) []byte {
		if tag&0x20 == 0 || len(content) == 0 {
			return nil
		}
		last := lastOf(content)
		return tlv(tag, content[:last], null, content[last:])
	},
	"with less in it": func(tag byte, content []byte) []byte {
		if tag&0x20 == 0 || len(content) == 0 {
			return nil
		}
		return tlv(tag, content[:lastOf(content)])
	},
}

func firstOf(b []byte) (v asn1.RawValue) {
	if _, err := asn1.Unmarshal(b, &v); err != nil {
		panic(err)
	}
	return v
}

// lastOf is where the last element begins.
func lastOf(b []byte) (last int) {
	for at := 0; at < len(b); {
		last = at
		at += len(firstOf(b[at:]).FullBytes)
	}
	return last
}

// elements counts those of DER, outermost first, with those inside.
func elements(b []byte) (n int) {
	for len(b) > 0 {
		v := firstOf(b)
		n++
		if v.IsCompound {
			n += elements(v.Bytes)
		}
		b = b[len(v.FullBytes):]
	}
	return n
}

// rewritten is DER with element n changed; nil where that cannot be.
func rewritten(b []byte, n int, change func(tag byte, content []byte) []byte) (out []byte) {
	for len(b) > 0 {
		v := firstOf(b)
		inside := 0
		if v.IsCompound {
			inside = elements(v.Bytes)
		}
		switch {
		case n == 0:
			made := change(b[0], v.Bytes)
			if made == nil {
				return nil
			}
			return slices.Concat(out, made, b[len(v.FullBytes):])
		case n <= inside:
			made := rewritten(v.Bytes, n-1, change)
			if made == nil {
				return nil
			}
			return slices.Concat(out, tlv(b[0], made), b[len(v.FullBytes):])
		}
		n -= 1 + inside
		out = append(out, v.FullBytes...)
		b = b[len(v.FullBytes):]
	}
	return nil
}

// eachDER is DER with one change to one element, for all of them, by name.
func eachDER(b []byte) (names []string, all [][]byte) {
	for n := range elements(b) {
		for _, what := range []string{"of another tag", "with more in it", "with more before its end", "with less in it"} {
			if made := rewritten(b, n, derChanges[what]); made != nil {
				names = append(names, fmt.Sprintf("element %d %s", n, what))
				all = append(all, made)
			}
		}
	}
	return names, all
}
