package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/bodgit/sevenzip"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// The start of a 7z archive (7zFormat.txt of 7-Zip, SignatureHeader).
const (
	sevenHeaderLen = 32
	// seenBytes is how much of a member is compared to learn whether a password matters.
	seenBytes = 64
)

// sevenWalk reads one 7z archive.
type sevenWalk struct {
	*job
	// plain was opened without a password, other with one that is nobody's: a stream that
	// gives different bytes under the two is encrypted. nil where the list is encrypted too.
	plain, other *sevenzip.Reader
	// tries and gives hold the archive as each password opens it. The library puts the
	// password where it keeps a stream's initial vector, so that a stream can be opened
	// once by each reader: to try the password, and to give what is in it.
	tries, gives map[string]*sevenzip.Reader
	// state is what is known of each stream.
	state map[int]sevenStream
	// sealed counts members that no password opens.
	sealed int64
}

type sevenStream struct {
	encrypted bool
	r         *sevenzip.Reader // that opens it, nil for none
	key       *sdk.Key
}

// noPassword is none that a person has.
const noPassword = "\x00exhibit\x00"

func (j *job) sevenZip() error {
	switch whole, err := j.sevenWhole(); {
	case err != nil:
		return err
	case !whole:
		return nil
	}
	w := &sevenWalk{job: j, tries: map[string]*sevenzip.Reader{}, gives: map[string]*sevenzip.Reader{}, state: map[int]sevenStream{}}
	list, key, err := w.list()
	if err != nil || list == nil {
		return err
	}
	offsets := map[int]int64{}
	w.out.Declare(int64(len(list.File)))
	for i, f := range list.File {
		at := offsets[f.Stream]
		offsets[f.Stream] += int64(f.UncompressedSize)
		if err := w.member(i, f, at, list, key); err != nil {
			return err
		}
	}
	w.closed()
	if len(list.File) == 0 {
		w.empty("7z")
	}
	return nil
}

// sevenWhole compares the header's own account of the archive with what is there.
func (j *job) sevenWhole() (bool, error) {
	b := make([]byte, sevenHeaderLen)
	if n, err := j.in.ReadAt(b, 0); n < len(b) {
		if j.in.Err() != nil || !errors.Is(err, io.EOF) {
			return false, err
		}
		j.rejectAll(damaged("7z.cut", "the archive ends inside its header", sdk.Source{}))
		return false, nil
	}
	at, n := binary.LittleEndian.Uint64(b[12:]), binary.LittleEndian.Uint64(b[20:])
	if at > 1<<60 || n > 1<<60 || int64(at+n) > j.in.Size-sevenHeaderLen {
		j.rejectAll(damaged("7z.cut", "the archive's list of members lies behind its end: it is cut short, or the first of several volumes, which are not joined here (join them in order, NAME.7z.001, NAME.7z.002, …, and add the joined file)", sdk.Source{}))
		return false, nil
	}
	return true, nil
}

// input gives the input as the library reads it.
func (w *sevenWalk) open(password string) (r *sevenzip.Reader, err error) {
	err = tame(func() (err error) {
		r, err = sevenzip.NewReaderWithPassword(w.in, w.in.Size, password)
		return err
	})
	return r, err
}

// list opens the archive: with the password of key where its list of members is
// encrypted. There is no reader where it cannot be opened, which is then said.
func (w *sevenWalk) list() (*sevenzip.Reader, *sdk.Key, error) {
	var err error
	if w.plain, err = w.open(""); err == nil {
		if w.other, err = w.open(noPassword); err == nil {
			return w.plain, nil, nil
		}
	}
	if stop := w.fatal(); stop != nil {
		return nil, nil, stop
	}
	var re *sevenzip.ReadError
	if !errors.As(err, &re) || !re.Encrypted {
		w.rejectAll(damaged("7z.header", "the archive's list of members is damaged, or is of a kind that is not read here", sdk.Source{}))
		return nil, nil, nil
	}
	for key, password := range w.candidates() {
		r, err := w.open(string(password))
		if stop := w.fatal(); stop != nil {
			return nil, nil, stop
		}
		if err == nil { // its checksum is right
			w.c.Use(key)
			w.proven = []candidate{{key, password}}
			return r, &key, nil
		}
	}
	why := "the archive is encrypted, its list of members too: " + sdk.AddPassword
	if len(w.c.Keys()) > 0 {
		why = fmt.Sprintf("the archive is encrypted, its list of members too, and none of %s of the case opens it (a wrong password looks as damage does in this format): %s", w.passwords(), sdk.AddPassword)
	}
	w.c.Unresolved(sdk.At(0, w.in.Size), "7z.encrypted", why)
	return nil, nil, nil
}

// fatal is what must end the run.
func (j *job) fatal() error {
	if j.in.Err() != nil {
		return j.in.Err()
	}
	return j.c.Err()
}

func (w *sevenWalk) member(i int, f *sevenzip.File, at int64, list *sevenzip.Reader, key *sdk.Key) error {
	if strings.HasSuffix(f.Name, "/") || f.Mode().IsDir() {
		w.out.Skip(1)
		return nil
	}
	r := list
	if w.plain != nil && f.UncompressedSize > 0 {
		s, err := w.streamOf(i, f)
		if err != nil {
			return err
		}
		if s.encrypted && s.r == nil {
			w.sealed++
			return nil
		}
		if s.encrypted {
			r, key = s.r, s.key
		} else {
			key = nil
		}
	}
	name := evidence.NewName(f.Name)
	step := sdk.Step{"do": un7z, "member": i, "stream": f.Stream, "offset": at, "length": int64(f.UncompressedSize)}
	if key != nil {
		step["key"] = key.Fingerprint
	}
	bad, err := w.copyMember(member{name: &name, meta: sevenMeta(f), steps: []sdk.Step{step}}, w.content(r.File[i]), false)
	if bad != nil {
		w.report(bad)
	}
	return err
}

func sevenMeta(f *sevenzip.File) map[string]any {
	m := map[string]any{}
	if !f.Modified.IsZero() {
		m["mtime"] = rfc3339(f.Modified.Unix(), int64(f.Modified.Nanosecond()))
	}
	if f.Attributes>>28 != 0 { // Unix's in the high half
		m["mode"] = fmt.Sprintf("%07o", f.Attributes>>16)
	}
	if f.Mode()&fs.ModeSymlink != 0 {
		m["symlink"] = true
	}
	return m
}

// streamOf settles, once, whether the stream that holds a member is encrypted, and which
// password opens it: one with which the member's checksum is right.
func (w *sevenWalk) streamOf(i int, f *sevenzip.File) (sevenStream, error) {
	s, known := w.state[f.Stream]
	if known {
		return s, nil
	}
	var err error
	if s.encrypted, err = w.isEncrypted(i); err != nil {
		return s, err
	}
	if s.encrypted {
		for key, password := range w.candidates() {
			r, err := w.reader(w.tries, password)
			if err != nil {
				return s, err
			}
			_, err = io.CopyBuffer(io.Discard, struct{ io.Reader }{w.content(r.File[i])}, w.buf)
			if stop := w.fatal(); stop != nil {
				return s, stop
			}
			if err == nil {
				w.c.Use(key)
				w.proven = []candidate{{key, password}}
				s.key = &key
				if s.r, err = w.reader(w.gives, password); err != nil {
					return s, err
				}
				break
			}
		}
	}
	w.state[f.Stream] = s
	return s, w.fatal()
}

// reader is the archive as a password opens it, which without one was opened before.
func (w *sevenWalk) reader(of map[string]*sevenzip.Reader, password []byte) (*sevenzip.Reader, error) {
	if of[string(password)] == nil {
		r, err := w.open(string(password))
		if err != nil {
			return nil, errors.Join(w.fatal(), err)
		}
		of[string(password)] = r
	}
	return of[string(password)], nil
}

// isEncrypted reports whether a password matters to a member's bytes.
func (w *sevenWalk) isEncrypted(i int) (bool, error) {
	var seen [2]string
	for n, r := range []*sevenzip.Reader{w.plain, w.other} {
		b := make([]byte, seenBytes)
		d := w.content(r.File[i])
		k, err := io.ReadFull(d, b)
		d.close()
		if stop := w.fatal(); stop != nil {
			return false, stop
		}
		var re *sevenzip.ReadError
		if errors.As(d.cause, &re) && re.Encrypted {
			return true, nil
		}
		seen[n] = fmt.Sprintf("%x %v", b[:k], err)
	}
	return seen[0] != seen[1], nil
}

// closed says that members stay closed, once.
func (w *sevenWalk) closed() {
	if w.sealed == 0 {
		return
	}
	why := "members are encrypted: " + sdk.AddPassword
	if len(w.c.Keys()) > 0 {
		why = fmt.Sprintf("members are encrypted, and none of %s of the case opens them (a wrong password looks as damage does in this format): %s", w.passwords(), sdk.AddPassword)
	}
	w.c.Diagnose(sdk.Diagnostic{Code: "7z.encrypted", Severity: evidence.SeverityUnresolved, Message: why, Data: map[string]any{"members": w.sealed}})
}
