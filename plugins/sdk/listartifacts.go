package sdk

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// artifactLister reads artifact frames, prints a line for each artifact and, where it
// has a directory, writes each to a file there.
type artifactLister struct {
	w    io.Writer
	json bool
	dir  string

	buf   []byte
	line  map[string]any
	sum   hash.Hash
	size  int64
	count int
	file  *os.File
}

func (l *artifactLister) Write(p []byte) (int, error) {
	l.buf = append(l.buf, p...)
	for len(l.buf) >= frameHeader {
		n := frameHeader + int(binary.BigEndian.Uint32(l.buf[1:]))
		if len(l.buf) < n {
			break
		}
		if err := l.frame(l.buf[0], l.buf[frameHeader:n]); err != nil {
			return 0, err
		}
		l.buf = l.buf[n:]
	}
	l.buf = append(make([]byte, 0, len(l.buf)), l.buf...)
	return len(p), nil
}

func (l *artifactLister) frame(kind byte, payload []byte) error {
	switch kind {
	case frameData:
		l.size += int64(len(payload))
		l.sum.Write(payload)
		if l.file != nil {
			_, err := l.file.Write(payload)
			return err
		}
		return nil
	case frameBegin:
		l.line, l.sum, l.size = map[string]any{}, sha256.New(), 0
		l.count++
	}
	dec := json.NewDecoder(bytes.NewReader(payload))
	dec.UseNumber()
	if err := dec.Decode(&l.line); err != nil {
		return err
	}
	if kind == frameBegin {
		return l.create()
	}
	if err := l.close(); err != nil {
		return err
	}
	l.line["size"], l.line["artifact"] = l.size, evidence.Digest(l.sum.Sum(nil)).String()
	return l.print()
}

// create makes the artifact's file. A name in a container is evidence: what is not
// plain in it does not get into a path.
func (l *artifactLister) create() (err error) {
	if l.dir == "" {
		return nil
	}
	name := []byte(path.Base(l.name()))
	for i, c := range name {
		if c != '.' && c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			name[i] = '_'
		}
	}
	if len(name) > 100 {
		name = name[len(name)-100:]
	}
	file := fmt.Sprintf("%04d-%s", l.count, name)
	l.line["file"] = file
	l.file, err = os.OpenFile(filepath.Join(l.dir, file), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	return err
}

// name is the artifact's name as text.
func (l *artifactLister) name() string {
	if n, ok := l.line["name"].(map[string]any); ok {
		if s, ok := n["text"].(string); ok {
			return s
		}
	}
	return "artifact"
}

func (l *artifactLister) close() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

func (l *artifactLister) print() error {
	if l.json {
		b, err := evidence.Canonical(l.line)
		if err != nil {
			return err
		}
		_, err = l.w.Write(append(b, '\n'))
		return err
	}
	state := "complete"
	if whole, _ := l.line["complete"].(bool); !whole {
		state = fmt.Sprintf("not complete: %v", l.line["reason"])
	}
	at := l.name()
	if file, ok := l.line["file"].(string); ok {
		at += " → " + file
	}
	_, err := fmt.Fprintf(l.w, "%4d  %12d bytes  %s  %s  (%s)\n", l.count, l.size, l.line["artifact"], visible(at, maxShown), state)
	return err
}
