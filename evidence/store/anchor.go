package store

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	anchorsDir = "anchors"
	queueDir   = "anchors/queue"
	// maxAnchors bounds how many files are looked at, maxAnchor how many bytes each has.
	maxAnchors = 100_000
	maxAnchor  = 256 << 10
)

// Sorts of files under anchors/ (docs/formats/anchors.md).
const (
	// AnchorStamp is a time-stamp response, AnchorNote a cosigned checkpoint.
	AnchorStamp = "tsr"
	AnchorNote  = "note"
	// AnchorChain are the certificates that belong to a response.
	AnchorChain = "pem"
	// AnchorQueued is a request that has no answer yet.
	AnchorQueued = "json"
)

// Anchor names a file under anchors/.
type Anchor struct {
	// Size is how many entries the checkpoint covers that it is over.
	Size int64
	// ID is the first 16 hexadecimal digits of the file's SHA-256; of a chain that of its response.
	ID string
	// Sort is one of AnchorStamp, AnchorNote, AnchorChain, AnchorQueued.
	Sort string
}

var anchorName = regexp.MustCompile(`^([1-9][0-9]{0,15})-([0-9a-f]{16})\.(tsr|note|pem|json)$`)

// File returns the file's path from the case.
func (a Anchor) File() string {
	dir := anchorsDir
	if a.Sort == AnchorQueued {
		dir = queueDir
	}
	return dir + "/" + strconv.FormatInt(a.Size, 10) + "-" + a.ID + "." + a.Sort
}

// Beside is the file of another sort that belongs to a.
func (a Anchor) Beside(sort string) Anchor { return Anchor{a.Size, a.ID, sort} }

// AnchorOf names the file that holds b.
func AnchorOf(size int64, sort string, b []byte) Anchor {
	sum := sha256.Sum256(b)
	return Anchor{size, hex.EncodeToString(sum[:8]), sort}
}

// Anchors returns the files under anchors/ of some sorts, by size and name. Others are
// left out, whatever they are called.
func (c *Case) Anchors(sorts ...string) ([]Anchor, error) {
	out, err := anchorsIn(c.dir, sorts)
	if err != nil {
		return nil, fmt.Errorf("store: anchors: %w", err)
	}
	return out, nil
}

func anchorsIn(dir string, sorts []string) ([]Anchor, error) {
	var out []Anchor
	for _, sub := range []string{anchorsDir, queueDir} {
		names, err := os.ReadDir(filepath.Join(dir, sub))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			m := anchorName.FindStringSubmatch(name.Name())
			if m == nil || !name.Type().IsRegular() || !slices.Contains(sorts, m[3]) || (m[3] == AnchorQueued) != (sub == queueDir) {
				continue
			}
			if len(out) == maxAnchors {
				return nil, fmt.Errorf("%w: more than %d files in %s", evidence.ErrFormat, maxAnchors, sub)
			}
			size, err := strconv.ParseInt(m[1], 10, 64)
			if err != nil {
				return nil, err
			}
			out = append(out, Anchor{size, m[2], m[3]})
		}
	}
	slices.SortFunc(out, func(a, b Anchor) int {
		return cmp.Or(cmp.Compare(a.Size, b.Size), strings.Compare(a.ID, b.ID), strings.Compare(a.Sort, b.Sort))
	})
	return out, nil
}

// ReadAnchor returns the bytes of a file that Anchors named. It fails with
// evidence.ErrNotFound where there is none, evidence.ErrFormat where it is too long.
func (c *Case) ReadAnchor(a Anchor) ([]byte, error) {
	b, err := readAnchor(c.dir, a)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", a.File(), err)
	}
	return b, nil
}

func readAnchor(dir string, a Anchor) ([]byte, error) {
	info, err := os.Lstat(filepath.Join(dir, a.File()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, evidence.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxAnchor {
		return nil, fmt.Errorf("%w: not a file of at most %d bytes", evidence.ErrFormat, maxAnchor)
	}
	return os.ReadFile(filepath.Join(dir, a.File()))
}

// AddAnchor keeps a file under anchors/: it is durable when AddAnchor returns. The same
// bytes again are no error; a file is never replaced (evidence.ErrExists).
func (c *Case) AddAnchor(a Anchor, b []byte) error {
	if c.w == nil {
		return fmt.Errorf("store: %s: %w", a.File(), ErrClosed)
	}
	if err := c.addAnchor(a, b); err != nil {
		return fmt.Errorf("store: %s: %w", a.File(), classify(err))
	}
	return nil
}

func (c *Case) addAnchor(a Anchor, b []byte) error {
	if !anchorName.MatchString(filepath.Base(a.File())) || len(b) > maxAnchor {
		return fmt.Errorf("%w: no anchor", evidence.ErrFormat)
	}
	name := filepath.Join(c.dir, a.File())
	dirs := []string{anchorsDir}
	if a.Sort == AnchorQueued {
		dirs = append(dirs, queueDir)
	}
	for _, dir := range dirs {
		full := filepath.Join(c.dir, dir)
		if err := os.Mkdir(full, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := errors.Join(removeUnfinished(full), syncDir(filepath.Dir(full))); err != nil {
			return err
		}
	}
	have, err := readAnchor(c.dir, a)
	switch {
	case err == nil && bytes.Equal(have, b):
		return syncDir(filepath.Dir(name)) // it may be there without being durable
	case err == nil:
		return fmt.Errorf("%w: with other bytes", evidence.ErrExists)
	case !errors.Is(err, evidence.ErrNotFound):
		return err
	}
	return writeDurably(name, b, 0o444)
}

// RemoveQueued strikes a request off the queue. That it is gone already is no error.
func (c *Case) RemoveQueued(a Anchor) error {
	if c.w == nil || a.Sort != AnchorQueued {
		return fmt.Errorf("store: %s: %w", a.File(), ErrClosed)
	}
	name := filepath.Join(c.dir, a.File())
	err := os.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err = errors.Join(err, syncDir(filepath.Dir(name))); err != nil {
		return fmt.Errorf("store: %s: %w", a.File(), err)
	}
	return nil
}
