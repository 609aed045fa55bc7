package verify

import (
	"encoding/base64"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// artifact is an artifact row, as this package reads it.
type artifact struct {
	digest     evidence.Digest
	size       int64
	hashes     map[string]string
	encoding   string
	stored     evidence.Digest
	storedSize int64
	path       string // of an artifact in place
}

func parseArtifact(body []byte) (*artifact, error) {
	o, err := parseObject(body)
	if err != nil {
		return nil, err
	}
	stored := o.sub("stored")
	a := &artifact{
		digest: o.digest("artifact"), size: o.integer("size"), hashes: map[string]string{},
		encoding: stored.text("encoding"), stored: stored.digest("sha256"), storedSize: stored.integer("size"),
	}
	hashes := o.sub("hashes")
	for name := range hashes.members {
		a.hashes[name] = hashes.text(name)
	}
	if stored.has("path") {
		a.path = nameOf(stored.sub("path"))
	}
	switch {
	case a.digest.IsZero() || a.stored.IsZero() || a.size < 0 || a.storedSize < 0:
		o.fail("", "not an artifact")
	case a.encoding != evidence.StoredRaw && a.encoding != evidence.StoredZstd && a.encoding != evidence.StoredInPlace:
		o.fail("stored.encoding", "unknown")
	case (a.encoding == evidence.StoredInPlace) != (a.path != ""):
		o.fail("stored.path", "present where it should not be, or the other way round")
	case a.encoding != evidence.StoredZstd && (a.stored != a.digest || a.storedSize != a.size):
		o.fail("stored", "differs from the artifact, though it is stored as it is")
	}
	return a, *o.err
}

// nameOf returns the bytes of a name (docs/formats/case.md, occurrences).
func nameOf(o object) string {
	if !o.has("raw") {
		return o.text("text")
	}
	b, err := base64.StdEncoding.Strict().DecodeString(o.text("raw"))
	if err != nil {
		o.fail("raw", "not base64")
	}
	return string(b)
}

// name says which artifact, for a finding.
func (a *artifact) name() string { return "object " + a.digest.String() }
