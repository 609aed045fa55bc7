package blob

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	// largeFrom is the stored size from which a file is synced by itself, not by
	// a syncfs together with others.
	largeFrom = 1 << 20
	// keepOpenMax is how many staged files of a store keep their descriptor.
	keepOpenMax = 64
)

// Staged is an object that is complete but not yet durable: Store.Commit makes
// it so, Discard gives it up. It is not for concurrent use.
type Staged struct {
	Digest evidence.Digest
	Size   int64
	// Hashes holds the further digests asked for, lower-case hexadecimal.
	Hashes map[string]string
	// Stored describes the object as kept. Commit sets it anew where the store
	// had the content already, in whatever encoding that is.
	Stored evidence.Stored

	s     *Store
	temp  string   // path in tmp/, "" once it is gone
	f     *os.File // counted in s.open; nil once it is closed
	since int64    // failed syncs of the store when the file was created

	synced bool // the content is durable; if not, and f is nil, a syncfs will make it so
	done   bool // committed
}

// Artifact returns the artifact row's body. After Commit it describes what is
// on disk; before, what is about to be.
func (st *Staged) Artifact(origin string) evidence.Artifact {
	return evidence.Artifact{SHA256: st.Digest, Size: st.Size, Origin: origin, Hashes: st.Hashes, Stored: st.Stored}
}

// Discard removes the staged file. After Commit it does nothing.
func (st *Staged) Discard() {
	if st.temp == "" {
		return
	}
	if st.f != nil {
		_ = st.close() // the file goes, whatever became of its content
	}
	st.s.unlink(st.temp)
	st.temp = ""
}

// moved notes that the staged file has the object's name now.
func (st *Staged) moved() {
	if st.f != nil {
		_ = st.close() // its content is durable already
	}
	st.temp = ""
}

// settle decides how the content will become durable: through its descriptor
// while there are few, else by a syncfs, or at once where the file is large or
// a syncfs is not to be relied on.
func (st *Staged) settle() error {
	if st.s.open.Add(1) <= keepOpenMax {
		return nil
	}
	if !st.s.batches || !st.small() {
		return st.sync()
	}
	return st.close()
}

func (st *Staged) small() bool { return st.Stored.Size < largeFrom }

// sync makes the content durable through its own descriptor, which it closes.
func (st *Staged) sync() error {
	if st.synced {
		return nil
	}
	err := st.s.syncFile(st.f)
	st.synced = err == nil
	return errors.Join(err, st.close())
}

// close gives up the descriptor. Its error may be one of writing back.
func (st *Staged) close() error {
	f := st.f
	st.f = nil
	st.s.open.Add(-1)
	return f.Close()
}

// unlink removes an unfinished file. That it fails leaves no more than a file
// in tmp/, for the next Open to remove.
func (s *Store) unlink(path string) {
	_ = retry(func() error { return unix.Unlink(path) })
}
