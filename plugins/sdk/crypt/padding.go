package crypt

import "bytes"

// Strip removes a padding to blocks of n bytes; ok is false where it is not there.
func Strip(padding string, text []byte, n int) (body []byte, ok bool) {
	switch padding {
	case PKCS7: // RFC 5652 §6.3
		if len(text) == 0 {
			return nil, false
		}
		count := int(text[len(text)-1])
		if count == 0 || count > n || count > len(text) {
			return nil, false
		}
		for _, c := range text[len(text)-count:] {
			if int(c) != count {
				return nil, false
			}
		}
		return text[:len(text)-count], true
	case Zero:
		// Less than a block of zeros; none where the text filled its last block.
		body := bytes.TrimRight(text[max(0, len(text)-n+1):], "\x00")
		return text[:max(0, len(text)-n+1)+len(body)], true
	default:
		return text, true
	}
}
