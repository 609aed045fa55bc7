package corpus

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"time"
)

// encryptedLog describes a log that is encrypted line by line.
type encryptedLog struct {
	v    Variant
	rows int
	day  time.Time
	// keys: the second is used from the middle on.
	keys    []string
	hex     bool
	zeroPad bool
	gb      bool
	crlf    bool
	// damage is how many lines are spoilt in each of three ways.
	damage int
}

// write returns the log's bytes; each line's truth goes to emit.
func (l encryptedLog) write(s source, file string, emit func(map[string]any)) []byte {
	spoilt := map[int]string{}
	for _, how := range []string{"corrupt", "notenc", "truncated"} {
		for range l.damage {
			spoilt[1+s.IntN(l.rows)] = how
		}
	}
	ending := "\n"
	if l.crlf {
		ending = "\r\n"
	}
	var out bytes.Buffer
	for i := 1; i <= l.rows; i++ {
		m := s.message(l.day)
		key := l.keys[(i-1)*len(l.keys)/l.rows]
		text := l.line(m.row(l.v), key)
		defect := spoilt[i]
		switch defect {
		case "corrupt":
			text = corruptLine(s, text)
		case "notenc":
			text = "## log rotated ##"
		case "truncated":
			// An odd number of characters is left: no decoder takes it for whole.
			text = text[:(len(text)*2/3)|1]
		}
		if defect == "" {
			emit(m.truth(file, i, out.Len(), len(text)))
		} else {
			emit(map[string]any{"kind": "reject", "defect": defect, "file": file, "line": i, "offset": out.Len(), "length": len(text)})
		}
		out.WriteString(text + ending)
	}
	return out.Bytes()
}

func (l encryptedLog) line(row, key string) string {
	text := []byte(row)
	if l.gb {
		text = gb18030(row)
	}
	n := l.v.block(key).BlockSize()
	padded := pkcs7(text, n)
	if l.zeroPad {
		padded = zeroPad(text, n)
	}
	sealed := l.v.seal(key, padded)
	if l.hex {
		return hex.EncodeToString(sealed)
	}
	return base64.StdEncoding.EncodeToString(sealed)
}

// corruptLine replaces the first sixteen characters, where the address stands: the
// line decodes, and decrypts to nonsense.
func corruptLine(s source, text string) string {
	junk := make([]byte, 8)
	for i := range junk {
		junk[i] = byte(s.Uint32())
	}
	return hex.EncodeToString(junk) + text[16:]
}
