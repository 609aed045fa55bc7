// Package identify says what an artifact may be: a media type, whether it reads as
// text, the root element of XML, the tables of an SQLite database. It reads first
// bytes and a schema, bounded; parsing is for plugins. Trust: its answer routes, it
// proves nothing.
package identify

import (
	"bytes"
	"unicode/utf16"

	"github.com/gabriel-vasile/mimetype"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// HeadSize is how many bytes from the start are enough, at most, for all but the
// schema of an SQLite database.
const HeadSize = evidence.HeadSize

// Contents of an artifact, as far as routing needs to know.
const (
	// Empty: no bytes at all.
	Empty = "empty"
	// Text: lines in some charset; also base64 or hexadecimal.
	Text = "text"
	// Binary: bytes of no known type, such as a file encrypted whole.
	Binary = "binary"
	// Known: a recognised binary format.
	Known = "known"
)

// unknownType is what mimetype says of bytes it does not recognise.
const unknownType = "application/octet-stream"

// Identity is the answer for one artifact.
type Identity struct {
	MediaType string `json:"media_type"`
	Content   string `json:"content"`
	// XMLRoot is the root element of an XML document, "local" or "{namespace}local".
	XMLRoot string `json:"xml_root,omitempty"`
	// SQLite is what the schema of an SQLite database says, nil for anything else.
	SQLite *SQLite `json:"sqlite,omitempty"`
}

// Sniff looks at head, the first min(size, HeadSize) bytes. The answer depends
// on nothing else.
func Sniff(head []byte) Identity {
	id := sniff(head)
	if id.XMLRoot = xmlRoot(head); id.XMLRoot != "" && (id.MediaType == "text/plain" || id.MediaType == unknownType) {
		id.MediaType, id.Content = "text/xml", Text
	}
	return id
}

func sniff(head []byte) Identity {
	if len(head) == 0 {
		return Identity{MediaType: "inode/x-empty", Content: Empty}
	}
	kind := mimetype.Detect(head)
	media := kind.String()
	if i := bytes.IndexByte([]byte(media), ';'); i >= 0 {
		media = media[:i]
	}
	switch {
	case bytes.HasPrefix(head, []byte("ANDROID BACKUP\n")): // of adb: text, then what may be encrypted
		return Identity{MediaType: "application/x-android-backup", Content: Known}
	case bytes.HasPrefix(head, []byte("bplist0")):
		return Identity{MediaType: "application/x-bplist", Content: Known}
	case isText(head):
		if media == unknownType {
			media = "text/plain"
		}
		return Identity{MediaType: media, Content: Text}
	case kind.Is(unknownType) || kind.Is("text/plain"):
		return Identity{MediaType: unknownType, Content: Binary}
	}
	return Identity{MediaType: media, Content: Known}
}

// isText: no more than one control character in two hundred, so that a damaged
// line does not turn a log into a binary; bytes above 0x7F may be any charset.
// Random bytes hold one in ten. UTF-16 with a byte order mark is text as well.
func isText(head []byte) bool {
	if len(head) >= 2 && (head[0] == 0xFF && head[1] == 0xFE || head[0] == 0xFE && head[1] == 0xFF) {
		return isUTF16(head)
	}
	control := 0
	for _, c := range head {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' || c == 0x7F {
			control++
		}
	}
	return control*200 <= len(head)
}

func isUTF16(head []byte) bool {
	little := head[0] == 0xFF
	bad := 0
	for i := 2; i+1 < len(head); i += 2 {
		u := uint16(head[i])<<8 | uint16(head[i+1])
		if little {
			u = uint16(head[i+1])<<8 | uint16(head[i])
		}
		if u < 0x20 && u != '\t' && u != '\n' && u != '\r' || u == 0xFFFF || utf16.IsSurrogate(rune(u)) && i+3 >= len(head) {
			bad++
		}
	}
	return bad*100 <= len(head)
}
