package verify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// claim is a statement from somewhere of what the root of the log was at some size.
type claim struct {
	// object names where it was made: "checkpoint 8", "receipt 1".
	object string
	size   int64
	root   digest
	note   *checkpoint
	// receipt: made outside the case; key is the key that the receipt names.
	receipt bool
	key     *publicKey
	// file: a checkpoint of the case that is kept as a file.
	file bool
	// anchor: a cosigned one under anchors/; cosigned are cosignatures by witnesses that were given.
	anchor   bool
	cosigned []cosignature
}

// gatherClaims reads notes and receipts before the log is: files first, so that
// a writer at work can only make the log longer than they say.
func (v *verifier) gatherClaims() error {
	files, err := v.noteFiles()
	if err != nil {
		return err
	}
	v.noteRows = map[int64][]byte{}
	for i, b := range v.o.Receipts {
		v.receipt(i+1, b)
	}
	for _, size := range sortedKeys(files) {
		v.noteClaim(size, files[size], true)
	}
	v.noteFilesSeen = files
	v.gatherAnchors()
	return nil
}

// gatherRows adds the checkpoints kept in case.db.
func (v *verifier) gatherRows() error {
	c, err := v.cursor(v.ctx, "checkpoints", "SELECT size, 0, note, NULL FROM checkpoints ORDER BY size")
	if err != nil {
		return err
	}
	defer c.close()
	for rec := c.peek(); rec != nil; rec = c.peek() {
		v.noteRows[rec.seq] = rec.data
		file, there := v.noteFilesSeen[rec.seq]
		if !there || !bytes.Equal(file, rec.data) {
			v.noteClaim(rec.seq, rec.data, false)
		}
		if err := c.advance(); err != nil {
			return err
		}
	}
	return v.compareNotes()
}

// compareNotes holds the checkpoints in case.db against those in files.
func (v *verifier) compareNotes() error {
	p := v.c.place()
	for _, size := range sortedKeys(v.noteRows) {
		file, there := v.noteFilesSeen[size]
		switch {
		case !there:
			// A writer may have added it since we looked.
			_, err := readSmall(filepath.Join(v.dir, checkpointsDir, noteName(size)), maxNote)
			if errors.Is(err, fs.ErrNotExist) { // what else may be wrong with it has been said
				p.find(Incomplete, noteObject(size), fmt.Sprintf("%s/%s is missing; case.db has it", checkpointsDir, noteName(size)), "")
			}
		case !bytes.Equal(file, v.noteRows[size]):
			p.find(Altered, noteObject(size), fmt.Sprintf("case.db and %s/%s hold different notes", checkpointsDir, noteName(size)), "")
		}
	}
	for _, size := range sortedKeys(v.noteFilesSeen) {
		if _, there := v.noteRows[size]; there {
			continue
		}
		if v.db.busy() {
			v.c.skip("Whether every checkpoint that is kept as a file is also kept in case.db: another process is writing to the case.")
			break
		}
		v.filesOnly = append(v.filesOnly, size)
	}
	return nil
}

func noteName(size int64) string   { return strconv.FormatInt(size, 10) + ".note" }
func noteObject(size int64) string { return fmt.Sprintf("checkpoint %d", size) }

// noteFiles reads checkpoints/<size>.note.
func (v *verifier) noteFiles() (map[int64][]byte, error) {
	p := v.c.place()
	found := map[int64][]byte{}
	dir := filepath.Join(v.dir, checkpointsDir)
	names, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return found, nil
	}
	if err != nil {
		p.find(CannotVerify, "directory "+checkpointsDir, "cannot be read", err.Error())
	}
	for _, name := range names {
		digits, ok := strings.CutSuffix(name.Name(), ".note")
		size, err := strconv.ParseInt(digits, 10, 64)
		if !ok || err != nil || size < 1 || noteName(size) != name.Name() {
			p.find(Intact, fmt.Sprintf("file %q", checkpointsDir+"/"+name.Name()), "does not belong to the case, and was not looked at", "")
			continue
		}
		b, err := readSmall(filepath.Join(dir, name.Name()), maxNote)
		switch {
		case errors.Is(err, evidence.ErrFormat):
			p.find(Altered, noteObject(size), "its file is not a note", err.Error())
		case err != nil:
			p.find(CannotVerify, noteObject(size), "its file cannot be read", err.Error())
		default:
			found[size] = b
		}
	}
	return found, nil
}

// noteClaim adds what a note of the case says.
func (v *verifier) noteClaim(size int64, b []byte, file bool) {
	p := v.c.place()
	where := "in case.db"
	if file {
		where = fmt.Sprintf("%s/%s", checkpointsDir, noteName(size))
	}
	v.c.count("checkpoints", 1, 0)
	c, err := parseCheckpoint(b)
	switch {
	case err != nil:
		p.find(Altered, noteObject(size), "is not a signed checkpoint: "+where, err.Error())
	case c.size != size:
		p.find(Altered, noteObject(size), "is over another number of entries: "+where, fmt.Sprintf("%d", c.size))
	default:
		v.claims = append(v.claims, claim{object: noteObject(size), size: size, root: c.root, note: c, file: file})
	}
}

// receipt adds what a receipt says. A receipt that cannot be used says nothing
// against the case, but what was asked for was not done.
func (v *verifier) receipt(number int, b []byte) {
	p := v.c.place()
	object := fmt.Sprintf("receipt %d", number)
	v.c.count("receipts", 1, 0)
	c, key, err := readReceipt(b)
	if err != nil {
		p.find(CannotVerify, object, "cannot be read", err.Error())
		return
	}
	by, ok := c.cosigned(v.anchors.witnesses)
	if !ok {
		p.find(CannotVerify, object, "its cosignature is wrong: the receipt itself was changed", "")
		return
	}
	v.claims = append(v.claims, claim{object: object, size: c.size, root: c.root, note: c, receipt: true, key: key, cosigned: by})
}

// readReceipt returns the checkpoint in a receipt and the key that it states; nil
// where b is a bare note.
func readReceipt(b []byte) (*checkpoint, *publicKey, error) {
	if c, err := parseCheckpoint(b); err == nil {
		return c, nil, nil
	}
	note, vkey, err := custody.ParseReceipt(b)
	if err != nil {
		return nil, nil, err
	}
	c, err := parseCheckpoint(note)
	if err != nil {
		return nil, nil, err
	}
	key, err := parseKey(vkey)
	return c, &key, err
}

// readSmall reads a regular file of at most limit bytes; anything else is evidence.ErrFormat.
func readSmall(path string, limit int64) ([]byte, error) {
	f, _, err := openRegular(path, unix.O_NOFOLLOW)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%w: longer than %d bytes", evidence.ErrFormat, limit)
	}
	return b, err
}

// openRegular opens a regular file and returns its size. Anything else is
// evidence.ErrFormat, and does not block.
func openRegular(path string, flags int) (*os.File, int64, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|flags, 0)
	if errors.Is(err, unix.ELOOP) {
		return nil, 0, fmt.Errorf("%w: a symbolic link", evidence.ErrFormat)
	}
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: not a regular file", evidence.ErrFormat)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}
