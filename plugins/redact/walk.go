package main

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// leaf is a string or a number of a record.
type leaf struct {
	// pointer is its JSON pointer; path the names on the way without numbers, with dots.
	pointer, path []byte
	// name is the last name on the way.
	name []byte
	// text is its UTF-8, of a number its decimal digits.
	text   []byte
	number bool
}

// walker reads the leaves of canonical JSON that was checked. It is used for one record
// after another.
type walker struct {
	line []byte
	i    int
	leaf leaf
	buf  []byte
	f    func(*leaf) error
}

// walk calls f with each leaf in the order in which they stand. What it is handed is good
// until the next one.
func (w *walker) walk(line []byte, f func(*leaf) error) error {
	w.line, w.i, w.f = line, 0, f
	w.leaf.pointer, w.leaf.path, w.leaf.name = w.leaf.pointer[:0], w.leaf.path[:0], nil
	return w.value()
}

func (w *walker) value() error {
	switch c := w.line[w.i]; {
	case c == '{':
		return w.object()
	case c == '[':
		return w.array()
	case c == '"':
		from := w.i + 1
		w.skipString()
		w.leaf.number, w.leaf.text = false, w.unescape(w.line[from:w.i-1])
		return w.f(&w.leaf)
	case c == '-' || c >= '0' && c <= '9':
		from := w.i
		for w.i++; w.i < len(w.line) && (w.line[w.i] >= '0' && w.line[w.i] <= '9'); w.i++ {
		}
		w.leaf.number, w.leaf.text = true, w.line[from:w.i]
		return w.f(&w.leaf)
	default: // true, false, null
		for w.i < len(w.line) && w.line[w.i] >= 'a' && w.line[w.i] <= 'z' {
			w.i++
		}
		return nil
	}
}

func (w *walker) skipString() {
	for w.i++; ; w.i++ {
		switch w.line[w.i] {
		case '\\':
			w.i++
		case '"':
			w.i++
			return
		}
	}
}

func (w *walker) unescape(b []byte) []byte {
	if bytes.IndexByte(b, '\\') < 0 {
		return b
	}
	w.buf = append(w.buf[:0], evidence.Unescape(b)...)
	return w.buf
}

func (w *walker) object() error {
	pointer, path, outer := len(w.leaf.pointer), len(w.leaf.path), w.leaf.name
	bytesOnly := w.raw()
	for w.i++; w.line[w.i] != '}'; {
		if w.line[w.i] == ',' {
			w.i++
		}
		from := w.i + 1
		w.skipString()
		name := []byte(evidence.Unescape(w.line[from : w.i-1]))
		w.i++ // the colon
		w.leaf.pointer = append(append(w.leaf.pointer[:pointer], '/'), escapePointer(name)...)
		w.leaf.path = w.leaf.path[:path]
		if path > 0 {
			w.leaf.path = append(w.leaf.path, '.')
		}
		w.leaf.path = append(w.leaf.path, name...)
		w.leaf.name = name
		if bytesOnly && string(name) == "text" {
			w.leaf.name = outer // the text of bytes: what it stands under names it
		}
		f := w.f
		if bytesOnly && string(name) == "raw" || strings.HasSuffix(string(name), "_raw") && path == 0 {
			w.f = func(*leaf) error { return nil }
		}
		err := w.value()
		if w.f = f; err != nil {
			return err
		}
	}
	w.i++
	w.leaf.pointer, w.leaf.path, w.leaf.name = w.leaf.pointer[:pointer], w.leaf.path[:path], outer
	return nil
}

// raw reports whether the object at i is {raw} or {raw, text}: bytes that are no text.
func (w *walker) raw() bool {
	if len(w.leaf.path) == 0 || !bytes.HasPrefix(w.line[w.i:], []byte(`{"raw":"`)) {
		return false
	}
	at := w.i
	defer func() { w.i = at }()
	w.i += len(`{"raw":`)
	w.skipString()
	if bytes.HasPrefix(w.line[w.i:], []byte(`,"text":"`)) {
		w.i += len(`,"text":`)
		w.skipString()
	}
	return w.line[w.i] == '}'
}

func (w *walker) array() error {
	pointer := len(w.leaf.pointer)
	w.i++
	for n := int64(0); w.line[w.i] != ']'; n++ {
		if w.line[w.i] == ',' {
			w.i++
		}
		w.leaf.pointer = strconv.AppendInt(append(w.leaf.pointer[:pointer], '/'), n, 10)
		if err := w.value(); err != nil {
			return err
		}
	}
	w.i++
	w.leaf.pointer = w.leaf.pointer[:pointer]
	return nil
}

// escapePointer writes a name as RFC 6901 has it.
func escapePointer(name []byte) []byte {
	if bytes.IndexByte(name, '~') < 0 && bytes.IndexByte(name, '/') < 0 {
		return name
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(name, []byte("~"), []byte("~0")), []byte("/"), []byte("~1"))
}
