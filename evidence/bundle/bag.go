package bundle

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const payloadDir = "data/"

// Bag gathers the files of a bag. First the payload, which a manifest then fixes; then
// the rest, which may say what was done with that manifest.
type Bag struct {
	// Name is the bag's directory in the ZIP file.
	Name    string
	scratch *Scratch
	files   []Content
	// manifest is there once the payload is whole.
	manifest *Content
	bytes    int64
	payload  int64
}

// NewBag begins a bag. It fails with evidence.ErrFormat where its name is not safe, or
// so long that no room is left for the names of files.
func NewBag(name string, scratch *Scratch) (*Bag, error) {
	if len(name) > maxPart/2 || name != SafeName(name) {
		return nil, fmt.Errorf("bundle: %w: a bag cannot be called %q", evidence.ErrFormat, name)
	}
	return &Bag{Name: name, scratch: scratch}, nil
}

// BagName makes the name of a bag out of that of the file it will be in.
func BagName(file string) string {
	if n := len(file) - len(".zip"); n > 0 && fold(file[n:]) == ".zip" {
		file = file[:n]
	}
	return fit(SafeName(file), maxPart/2)
}

// Add adds a file: to the payload where its name begins with data/, which must happen
// before Manifest, to the rest otherwise.
func (b *Bag) Add(c Content) error {
	if err := checkName(b.Name, c.Name); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	if strings.HasPrefix(c.Name, payloadDir) {
		if b.manifest != nil {
			return fmt.Errorf("bundle: %w: %s comes after the manifest", evidence.ErrFormat, c.Name)
		}
		b.bytes += c.Size
		b.payload++
	}
	b.files = append(b.files, c)
	return nil
}

// Make adds a file that is made in the scratch.
func (b *Bag) Make(name string, write func(w *bufio.Writer) error) error {
	c, err := b.scratch.Make(name, write)
	if err != nil {
		return err
	}
	return b.Add(c)
}

// Payload is how many files and bytes the payload has.
func (b *Bag) Payload() (files, bytes int64) { return b.payload, b.bytes }

// Bytes is how many bytes all files have so far.
func (b *Bag) Bytes() (n int64) {
	for _, c := range b.files {
		n += c.Size
	}
	return n
}

// Manifest ends the payload and returns the digest of its manifest: what the entry
// commits to.
func (b *Bag) Manifest() (evidence.Digest, error) {
	c, err := b.list(ManifestFile)
	if err != nil {
		return evidence.Digest{}, err
	}
	b.manifest = &c
	b.files = append(b.files, c)
	return c.SHA256, nil
}

// list makes a manifest of the files so far: of the payload, or of the others.
func (b *Bag) list(name string) (Content, error) {
	slices.SortFunc(b.files, func(x, y Content) int { return strings.Compare(x.Name, y.Name) })
	return b.scratch.Make(name, func(w *bufio.Writer) error {
		for _, c := range b.files {
			if strings.HasPrefix(c.Name, payloadDir) == (name == ManifestFile) {
				if _, err := w.WriteString(c.SHA256.Hex() + "  " + c.Name + "\n"); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Info is what bag-info.txt says.
type Info struct {
	// Origin is the log's.
	Origin string
	// Date is when the bundle was made.
	Date time.Time
	// Entry is the one that commits to the manifest.
	Entry int64
	// Software made the bundle.
	Software string
}

// Finish adds bagit.txt, bag-info.txt and the tag manifest with its signature, which sign
// makes. After it nothing can be added.
func (b *Bag) Finish(ctx context.Context, info Info, sign func(tagManifest []byte) ([]byte, error)) error {
	if b.manifest == nil {
		return fmt.Errorf("bundle: %w: a bag without a manifest", evidence.ErrFormat)
	}
	lines := [][2]string{
		{"Bag-Software-Agent", info.Software},
		{"Bagging-Date", info.Date.UTC().Format(time.DateOnly)},
		{"Payload-Oxum", fmt.Sprintf("%d.%d", b.bytes, b.payload)},
		{"External-Identifier", info.Origin},
		{"Exhibit-Bundle-Version", strconv.Itoa(Version)},
		{"Exhibit-Entry", strconv.FormatInt(info.Entry, 10)},
	}
	var text strings.Builder
	for _, l := range lines {
		text.WriteString(l[0] + ": " + l[1] + "\n")
	}
	for _, c := range []Content{
		Bytes(BagItFile, []byte("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")),
		Bytes(InfoFile, []byte(text.String())),
	} {
		if err := b.Add(c); err != nil {
			return err
		}
	}
	tags, err := b.list(TagManifestFile)
	if err != nil {
		return err
	}
	signature, err := signed(ctx, tags, sign)
	if err != nil {
		return err
	}
	b.files = append(b.files, tags, Bytes(SignatureFile, signature))
	return b.check()
}

func signed(ctx context.Context, tags Content, sign func([]byte) ([]byte, error)) ([]byte, error) {
	r, err := tags.Open(ctx)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	return sign(text)
}

// check looks for names that are one on some system, and for too many of them.
func (b *Bag) check() error {
	if len(b.files) > maxEntries {
		return fmt.Errorf("bundle: %w: %d files, and a bundle may have %d", evidence.ErrFormat, len(b.files), maxEntries)
	}
	names := make([]string, len(b.files))
	for i, c := range b.files {
		names[i] = fold(c.Name)
	}
	files := make(map[string]bool, len(names))
	for _, n := range names {
		if files[n] {
			return fmt.Errorf("bundle: %w: two files are called %q", evidence.ErrFormat, n)
		}
		files[n] = true
	}
	for _, n := range names {
		for i := strings.LastIndexByte(n, '/'); i > 0; i = strings.LastIndexByte(n[:i], '/') {
			if files[n[:i]] {
				return fmt.Errorf("bundle: %w: %q is a file and a directory", evidence.ErrFormat, n[:i])
			}
		}
	}
	return nil
}

// Size is how long the ZIP file will be.
func (b *Bag) Size() int64 {
	var n, directory uint64
	for _, c := range b.sorted() {
		e := zipEntry{name: b.Name + "/" + c.Name, size: uint64(c.Size), crc: c.CRC32, offset: n}
		n += uint64(len(e.local())) + e.size
		directory += uint64(len(e.central()))
	}
	return int64(n + directory + uint64(len(zipEnd(uint64(len(b.files)), directory, n))))
}

func (b *Bag) sorted() []Content {
	slices.SortFunc(b.files, func(x, y Content) int { return strings.Compare(x.Name, y.Name) })
	return b.files
}

// Write writes the ZIP file. It fails with evidence.ErrIntegrity where a file is not as it
// was measured.
func (b *Bag) Write(ctx context.Context, w io.Writer) error {
	z := newZipWriter(w)
	for _, c := range b.sorted() {
		if err := b.write(ctx, z, c); err != nil {
			return fmt.Errorf("bundle: %w", err)
		}
	}
	if err := z.close(); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	return nil
}

func (b *Bag) write(ctx context.Context, z *zipWriter, c Content) error {
	r, err := c.Open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(z.file(b.Name+"/"+c.Name, c.Size, c.CRC32, contextReader{ctx, r}), r.Close())
}

// Contents are the files so far.
func (b *Bag) Contents() []Content { return slices.Clone(b.files) }
