package sdk

import (
	"fmt"
	"io"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Roles under which record sets are handed over, one behind another
// (docs/formats/plugin.md, analyze).
const (
	RoleRecords = "records"
	// RoleCut is of sets that were read from artifacts that were cut short.
	RoleCut = "cut"
)

// maxManifest bounds the manifest of an operation over record sets, in bytes.
const maxManifest = 256 << 20

// RecordSet is one record set of an operation over record sets: a part of an input.
type RecordSet struct {
	ID evidence.Digest
	// Name is where it stands, of sets that hold keywords only.
	Name string
	// In has it, from Offset on, in bytes.
	In           *Input
	Offset, Size int64
	Cut          bool
}

// RecordSets finds the record sets among the inputs of an operation over them, in the order
// of the manifest, which is main. An input that comes alone and is no manifest is one set.
// It fails with ErrLimit where the manifest is too large, and with ErrMalformed where it is
// none or names more than was handed over.
func (c *Ctx) RecordSets(main *Input) ([]RecordSet, error) {
	if len(c.Inputs()) == 1 && main.Role != evidence.RoleMain {
		return []RecordSet{{ID: main.SHA256, In: main, Size: main.Size}}, nil
	}
	if main.Size > maxManifest {
		return nil, fmt.Errorf("%w: a manifest of %d bytes", ErrLimit, main.Size)
	}
	text, err := io.ReadAll(main.Reader())
	if err != nil {
		return nil, err
	}
	m, err := evidence.ParseManifest(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	var sets []RecordSet
	at := map[string]int64{}
	for _, member := range m.Members {
		if member.Role != RoleRecords && member.Role != RoleCut {
			continue
		}
		in := c.Input(member.Role)
		if in == nil || at[member.Role]+member.Size > in.Size {
			return nil, fmt.Errorf("%w: the manifest names more than it comes with", ErrMalformed)
		}
		sets = append(sets, RecordSet{ID: member.Artifact, Name: member.Name, In: in, Offset: at[member.Role], Size: member.Size, Cut: member.Role == RoleCut})
		at[member.Role] += member.Size
	}
	return sets, nil
}
