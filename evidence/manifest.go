package evidence

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// ManifestType is the media type of a manifest artifact.
const ManifestType = "application/vnd.exhibit.manifest+json"

// ManifestMember is one artifact of a manifest with the part it plays: "db" and
// "wal" of a database, "member" of a backup.
type ManifestMember struct {
	Role     string `json:"role"`
	Artifact Digest `json:"artifact"`
	Size     int64  `json:"size"`
	// Name is what the plugin needs to know the member by, where a role is not enough; "" otherwise.
	Name string `json:"name,omitempty"`
}

// Manifest is the input of a run that reads several artifacts. Its canonical
// JSON is itself an artifact, so that a run still has one input digest.
type Manifest struct {
	V       int              `json:"v"`
	Members []ManifestMember `json:"members"`
}

// NewManifest orders members by role, name and digest, so that the same members
// give the same digest.
func NewManifest(members []ManifestMember) Manifest {
	m := Manifest{V: 1, Members: slices.Clone(members)}
	slices.SortFunc(m.Members, func(a, b ManifestMember) int {
		if c := strings.Compare(a.Role, b.Role); c != 0 {
			return c
		}
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.Artifact.Hex(), b.Artifact.Hex())
	})
	return m
}

// Bytes returns the canonical JSON, the artifact's bytes.
func (m Manifest) Bytes() ([]byte, error) { return Canonical(m) }

// ParseManifest reads what Bytes wrote; ErrFormat or ErrNewer otherwise.
func ParseManifest(b []byte) (Manifest, error) {
	if err := CheckCanonical(b); err != nil {
		return Manifest{}, fmt.Errorf("%w: manifest: %w", ErrFormat, err)
	}
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return Manifest{}, fmt.Errorf("%w: manifest: %w", ErrFormat, err)
	}
	if m.V != 1 {
		return Manifest{}, fmt.Errorf("%w: manifest version %d", ErrNewer, m.V)
	}
	if len(m.Members) == 0 {
		return Manifest{}, fmt.Errorf("%w: manifest without members", ErrFormat)
	}
	for _, e := range m.Members {
		if e.Role == "" || e.Artifact.IsZero() || e.Size < 0 {
			return Manifest{}, fmt.Errorf("%w: manifest member %+v", ErrFormat, e)
		}
	}
	return m, nil
}
