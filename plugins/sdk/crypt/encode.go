package crypt

// State says what came of decoding a line.
type State uint8

const (
	// Decoded says that the line is the encoding of whole bytes.
	Decoded State = iota
	// NotEncoded says that it holds something that is not of the alphabet.
	NotEncoded
	// CutShort says that all of it is of the alphabet, but its length is not that of whole bytes.
	CutShort
)

// Decode appends the bytes that line encodes. White space at either end is passed
// over, and between the bytes of hexadecimal, whose digits may be of either case;
// base64 may lack its padding.
func Decode(encoding string, dst, line []byte) ([]byte, State) {
	switch encoding {
	case Hex:
		return decodeHex(dst, Trim(line))
	case Base64:
		return decodeBase64(dst, Trim(line))
	default:
		return append(dst, line...), Decoded
	}
}

// Trim returns line without white space at either end.
func Trim(line []byte) []byte {
	for len(line) > 0 && hexDigit[line[0]] == blank {
		line = line[1:]
	}
	for len(line) > 0 && hexDigit[line[len(line)-1]] == blank {
		line = line[:len(line)-1]
	}
	return line
}

// Head returns the part of line whose first n bytes it encodes, longer where that
// is simpler.
func Head(encoding string, line []byte, n int) []byte {
	switch encoding {
	case Hex:
		n = 2 * n
	case Base64:
		n = (n + 2) / 3 * 4
	}
	return line[:min(n, len(line))]
}

const (
	base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	// Values in the tables that are no digits: above 63, so above 15.
	badDigit = 0xC0
	blank    = 0xC1
)

var hexDigit, base64Digit = func() (h, b [256]uint8) {
	for i := range h {
		h[i], b[i] = badDigit, badDigit
	}
	for i := range 16 {
		h["0123456789abcdef"[i]], h["0123456789ABCDEF"[i]] = uint8(i), uint8(i)
	}
	for i := range 64 {
		b[base64[i]] = uint8(i)
	}
	for _, c := range " \t\v\f\r" {
		h[c] = blank
	}
	return h, b
}()

func decodeHex(dst, line []byte) ([]byte, State) {
	start := len(dst)
	dst, out := grow(dst, (len(line)+1)/2)
	n := 0
	for len(line) >= 2 {
		hi, lo := hexDigit[line[0]], hexDigit[line[1]]
		if (hi|lo)&badDigit != 0 {
			if hi != blank {
				return dst[:start], NotEncoded
			}
			line = line[1:]
			continue
		}
		out[n] = hi<<4 | lo
		line, n = line[2:], n+1
	}
	if len(line) == 0 {
		return dst[:start+n], Decoded
	}
	if hexDigit[line[0]]&badDigit != 0 {
		return dst[:start], NotEncoded
	}
	return dst[:start], CutShort
}

func decodeBase64(dst, line []byte) ([]byte, State) {
	start, text := len(dst), line
	for range 2 { // the padding
		if n := len(text); n > 0 && text[n-1] == '=' {
			text = text[:n-1]
		}
	}
	dst, out := grow(dst, (len(text)*3+3)/4)
	n := 0
	for len(text) >= 4 {
		a, b, c, d := base64Digit[text[0]], base64Digit[text[1]], base64Digit[text[2]], base64Digit[text[3]]
		if (a|b|c|d)&badDigit != 0 {
			return dst[:start], NotEncoded
		}
		v := uint32(a)<<18 | uint32(b)<<12 | uint32(c)<<6 | uint32(d)
		out[n], out[n+1], out[n+2] = byte(v>>16), byte(v>>8), byte(v)
		text, n = text[4:], n+3
	}
	var last uint32
	for i, c := range text {
		if base64Digit[c]&badDigit != 0 {
			return dst[:start], NotEncoded
		}
		last |= uint32(base64Digit[c]) << (18 - 6*i)
	}
	padded := len(line) > 0 && line[len(line)-1] == '='
	switch {
	case padded && len(line)%4 != 0, len(text) == 1, last&(1<<(24-len(text)*6/8*8)-1) != 0:
		// Bits beyond the last byte are zero in what was encoded whole (RFC 4648 §3.5).
		return dst[:start], CutShort
	case len(text) >= 2:
		out[n] = byte(last >> 16)
		n++
	}
	if len(text) == 3 {
		out[n] = byte(last >> 8)
		n++
	}
	return dst[:start+n], Decoded
}
