package bundle

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// About is what the texts of a bundle say. Everything in it is disclosed: it stands in
// openings, or in the entries themselves.
type About struct {
	// Bag is the bag's name, Origin the log's.
	Bag, Origin string
	// Title and Number are the case's.
	Title, Number string
	// Recipient and Purpose are as stated, Examiner … of the person who discloses.
	Recipient, Purpose             string
	Examiner, Organisation, Role   string
	AuthorityType, AuthorityNumber string
	// Made is when.
	Made time.Time
	// Tool, Version and Program (a digest) made the bundle.
	Tool, Version, Program string
	// Entry commits to Manifest, a digest without prefix; Size entries have the root Root,
	// in hexadecimal.
	Entry, Size    int64
	Root, Manifest string
	// VKey and SSH are the signer's, Fingerprint as ssh-keygen -l prints it.
	VKey, SSH, Fingerprint string
	Exhibits               []Exhibit
	// Anchors are time stamps and cosigned checkpoints that are enclosed.
	Anchors int64
	// Files, Bytes of which are received and derived artifacts; Records and Enclosed count.
	Files, Bytes, Records, Enclosed int64
	// Redacted records are in data/redacted. Draft: they were not checked.
	Redacted int64
	Draft    bool
}

// Exhibit is an item that is disclosed whole.
type Exhibit struct {
	Number      string `json:"exhibit"`
	Description string `json:"description,omitempty"`
	Source      string `json:"source,omitempty"`
	// Received and Ended are when receiving it began and ended, RFC 3339 UTC.
	Received string `json:"received"`
	Ended    string `json:"ended,omitempty"`
	By       string `json:"by,omitempty"`
	// Organisation is of that person.
	Organisation string `json:"organisation,omitempty"`
	// Entry is the one that began it.
	Entry int64 `json:"entry"`
	// Files are the received ones, with Bytes in all; Derived was made of them.
	Files   int64 `json:"files"`
	Bytes   int64 `json:"bytes"`
	Derived int64 `json:"derived"`
	// Unread things were found and could not be received.
	Unread int64 `json:"unread,omitempty"`
}

// name is what the case is called.
func (a *About) name() string {
	if text := join(", ", a.Title, a.Number); text != "" {
		return text
	}
	return a.Origin
}

func (a *About) person() string { return join(", ", a.Examiner, a.Role, a.Organisation) }

// contents counts what is in the bundle.
func (a *About) contents() string {
	var parts []string
	for _, c := range []struct {
		n         int64
		one, more string
	}{
		{int64(len(a.Exhibits)), "exhibit", "exhibits"},
		{a.Files, "file", "files"},
		{a.Records, "record", "records"},
		{a.Redacted, "redacted record", "redacted records"},
		{a.Enclosed, "enclosed file", "enclosed files"},
	} {
		switch {
		case c.n == 1:
			parts = append(parts, "1 "+c.one)
		case c.n > 1:
			parts = append(parts, strconv.FormatInt(c.n, 10)+" "+c.more)
		}
	}
	return strings.Join(parts, ", ")
}

// join joins what is not empty.
func join(between string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), between)
}
