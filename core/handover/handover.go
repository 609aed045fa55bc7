// Package handover opens what an analysis is handed: the record sets of a case,
// tens of thousands of them, where a process takes a few hundred descriptors. They
// come one behind the other in a file for each role, with the manifest that says
// which they are (docs/formats/plugin.md, analyze).
package handover

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Roles of the members of an analysis's manifest.
const (
	// Records are record sets; Cut those that were read from artifacts cut short.
	Records = "records"
	Cut     = "cut"
	// List is a list of terms, Categories a table of what terms are about: artifacts of
	// the case that the examiner names.
	List       = "list"
	Categories = "categories"
	// Places is a database that says in which country addresses are.
	Places = "places"
)

// maxFiles bounds what is handed over besides record sets.
const maxFiles = 200

// Open opens the inputs of an analysis with these members: the manifest, with the role
// main; the record sets of each role in a file, in the manifest's order; all others by
// themselves. Whoever calls it closes their files, those returned with an error too.
func Open(ctx context.Context, c *store.Case, members []evidence.ManifestMember) (inputs []host.Input, err error) {
	manifest := evidence.NewManifest(members)
	text, err := manifest.Bytes()
	if err != nil {
		return nil, err
	}
	f, err := memory(text)
	if err != nil {
		return nil, err
	}
	inputs = append(inputs, host.Input{Role: evidence.RoleMain, File: f, Size: int64(len(text)), SHA256: evidence.Sum(text)})
	sets := map[string][]evidence.Artifact{}
	for _, m := range manifest.Members {
		a, err := c.Artifact(ctx, m.Artifact)
		if err != nil {
			return inputs, err
		}
		if m.Role == Records || m.Role == Cut {
			sets[m.Role] = append(sets[m.Role], a)
			continue
		}
		if len(inputs) > maxFiles {
			return inputs, fmt.Errorf("%w: more than %d lists", evidence.ErrFormat, maxFiles)
		}
		f, err := c.Blobs().Descriptor(ctx, a)
		if err != nil {
			return inputs, err
		}
		inputs = append(inputs, host.Input{Role: m.Role, Name: m.Name, File: f, Size: a.Size, SHA256: a.SHA256})
	}
	for _, role := range []string{Records, Cut} {
		if len(sets[role]) == 0 {
			continue
		}
		in := host.Input{Role: role}
		for _, a := range sets[role] {
			in.Size += a.Size
		}
		if in.File, err = c.Blobs().Series(ctx, sets[role]); err != nil {
			return inputs, err
		}
		inputs = append(inputs, in)
	}
	return inputs, nil
}

// ManifestSize is the size of the manifest of these members, which a plugin reads
// besides them.
func ManifestSize(members []evidence.ManifestMember) int64 {
	b, err := evidence.NewManifest(members).Bytes()
	if err != nil {
		return 0
	}
	return int64(len(b))
}

// memory holds b as a file.
func memory(b []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("exhibit-manifest", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memory file: %w", err)
	}
	f := os.NewFile(uintptr(fd), "manifest")
	if _, err := f.Write(b); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
