package verify

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// bag is a bundle's files, by their paths from the bag.
type bag struct {
	files map[string]bagFile
	zip   io.ReaderAt
	dir   *os.Root
}

type bagFile struct {
	size   int64
	offset int64 // in the ZIP file
	crc    uint32
	// odd: neither a file nor a directory.
	odd bool
}

func (b *bag) close() {
	if b.dir != nil {
		b.dir.Close()
	}
}

// openBagZip reads the headers of a ZIP file; why says why it is none of this format.
func openBagZip(r io.ReaderAt, size int64) (b *bag, why string, err error) {
	b = &bag{files: map[string]bagFile{}, zip: r}
	names, dirs, prefix := map[string]bool{}, map[string]bool{}, ""
	why, err = readZip(r, size, func(e zipEntry) bool {
		top, name, _ := strings.Cut(e.name, "/")
		if prefix == "" {
			prefix = top
		}
		folded := strings.ToLower(e.name)
		if !safeName(e.name) || name == "" || top != prefix || names[folded] || dirs[folded] {
			return false
		}
		names[folded] = true
		for d := path.Dir(folded); d != "."; d = path.Dir(d) {
			if names[d] {
				return false
			}
			if dirs[d] {
				break
			}
			dirs[d] = true
		}
		b.files[name] = bagFile{size: e.size, offset: e.offset, crc: e.crc}
		return true
	})
	return b, why, err
}

// openBagDir lists a directory. Nothing in it is followed out of it.
func openBagDir(name string) (*bag, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	b := &bag{files: map[string]bagFile{}, dir: root}
	err = fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		b.files[p] = bagFile{size: info.Size(), odd: !info.Mode().IsRegular()}
		if len(b.files) > maxEntries {
			return fmt.Errorf("%w: more than %d files", evidence.ErrFormat, maxEntries)
		}
		return nil
	})
	if err != nil {
		root.Close()
		return nil, err
	}
	return b, nil
}

// has reports whether a regular file is there.
func (b *bag) has(name string) bool {
	f, ok := b.files[name]
	return ok && !f.odd
}

// names returns the files under a directory, in the order of their bytes.
func (b *bag) under(dir string) []string {
	var out []string
	for _, name := range sortedKeys(b.files) {
		if strings.HasPrefix(name, dir) {
			out = append(out, name)
		}
	}
	return out
}

// bagReader reads one file.
type bagReader struct {
	*io.SectionReader
	f *os.File
}

func (r *bagReader) close() {
	if r != nil && r.f != nil {
		r.f.Close()
	}
}

// open opens a file; one that is not there, or is none, is empty.
func (b *bag) open(name string) (*bagReader, error) {
	f, ok := b.files[name]
	switch {
	case !ok || f.odd:
		return &bagReader{SectionReader: io.NewSectionReader(bytes.NewReader(nil), 0, 0)}, nil
	case b.zip != nil:
		return &bagReader{SectionReader: io.NewSectionReader(b.zip, f.offset, f.size)}, nil
	}
	file, err := b.dir.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: %s was changed while it was checked", evidence.ErrFormat, shown(name))
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &bagReader{SectionReader: io.NewSectionReader(file, 0, info.Size()), f: file}, nil
}

// read returns a small file whole; ok is false where it is not there or too long.
func (b *bag) read(name string, most int64) (text []byte, ok bool, err error) {
	if !b.has(name) {
		return nil, false, nil
	}
	r, err := b.open(name)
	if err != nil {
		return nil, false, err
	}
	defer r.close()
	if r.Size() > most {
		return nil, false, nil
	}
	text, err = io.ReadAll(r)
	return text, err == nil, err
}

// errStop ends a walk over lines; it is no failure.
var errStop = errors.New("stop")

// lines calls f with each line of a file, without its newline, and where it begins.
// whole is false where a line is longer than most or the last has no end. Where f
// returns errStop it ends.
func (b *bag) lines(name string, most int, f func(line []byte, at int64) error) (whole bool, err error) {
	file, err := b.open(name)
	if err != nil {
		return false, err
	}
	defer file.close()
	r := bufio.NewReaderSize(file, int(min(file.Size()+1, 64<<10)))
	var long []byte
	at := int64(0)
	for {
		part, err := r.ReadSlice('\n')
		if err == io.EOF && len(part) == 0 && len(long) == 0 {
			return true, nil
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			if long = append(long, part...); len(long) > most {
				return false, nil
			}
			continue
		}
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		line := part
		if len(long) > 0 {
			long = append(long, part...)
			line = long
		}
		n := int64(len(line))
		if n-1 > int64(most) {
			return false, nil
		}
		if err := f(line[:n-1], at); err != nil {
			if errors.Is(err, errStop) {
				err = nil
			}
			return false, err
		}
		at += n
		long = long[:0]
	}
}
