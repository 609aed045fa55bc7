package witness

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/anchor"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// maxConflicts bounds how many requests that did not continue their log are kept.
const maxConflicts = 1000

// Sentinels of what a request comes to (C2SP tlog-witness).
var (
	errRequest = errors.New("not an add-checkpoint request")
	errUnknown = errors.New("the log is not admitted")
	errKey     = errors.New("no signature by an admitted key")
	errOldSize = errors.New("the old size is greater than the checkpoint's")
	errFork    = errors.New("another root at the same size")
	errProof   = errors.New("the proof does not hold")
)

// staleError: the old size is not the one that was cosigned last.
type staleError struct{ size int64 }

func (e *staleError) Error() string {
	return fmt.Sprintf("the newest checkpoint has %d entries", e.size)
}

// locks are held log by log: what is compared is what is replaced.
type locks struct {
	mu   sync.Mutex
	held map[string]*sync.Mutex
}

func (l *locks) of(origin string) *sync.Mutex {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[string]*sync.Mutex{}
	}
	if l.held[origin] == nil {
		l.held[origin] = &sync.Mutex{}
	}
	return l.held[origin]
}

// cosign answers one add-checkpoint request with the witness's signature line.
func (w *Witness) cosign(body []byte, now func() time.Time) ([]byte, error) {
	r, cp, err := anchor.ParseAddCheckpoint(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRequest, err)
	}
	keys, err := w.admitted(cp.Origin)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, errUnknown
	}
	if _, err := custody.OpenCheckpoint(r.Note, keys...); err != nil {
		return nil, fmt.Errorf("%w: %w", errKey, err)
	}
	if r.Old > cp.Size {
		return nil, errOldSize
	}
	mu := w.locks.of(cp.Origin)
	mu.Lock()
	defer mu.Unlock()
	name := logsDir + "/" + hexSum([]byte(cp.Origin)) + ".note"
	last, err := w.last(name, cp.Origin)
	if err != nil {
		return nil, err
	}
	if r.Old != last.Size {
		return nil, &staleError{last.Size}
	}
	if err := continues(r, cp, last); err != nil {
		return nil, errors.Join(err, w.conflict(body))
	}
	if cp.Size > last.Size {
		if err := replace(w.root, name, r.Note); err != nil {
			return nil, fmt.Errorf("remember the checkpoint: %w", err)
		}
	}
	return anchor.Cosign(r.Note, w.Name, w.key, now())
}

// last returns the newest checkpoint that was cosigned of a log; of size 0 where none was.
func (w *Witness) last(name, origin string) (custody.Checkpoint, error) {
	b, err := readFile(w.root, name)
	if errors.Is(err, fs.ErrNotExist) {
		return custody.Checkpoint{Origin: origin, Root: custody.EmptyRoot()}, nil
	}
	if err != nil {
		return custody.Checkpoint{}, err
	}
	cp, err := custody.ParseCheckpoint(b)
	if err == nil && cp.Origin != origin {
		err = fmt.Errorf("%w: of another log", evidence.ErrFormat)
	}
	if err != nil {
		return custody.Checkpoint{}, fmt.Errorf("%s is damaged: %w", name, err)
	}
	return cp, nil
}

// continues reports whether a checkpoint continues the one that was cosigned last.
func continues(r anchor.AddCheckpoint, cp, last custody.Checkpoint) error {
	switch {
	case last.Size == cp.Size && cp.Root != last.Root:
		return errFork
	case last.Size == cp.Size || last.Size == 0:
		if len(r.Proof) > 0 {
			return errProof
		}
		return nil
	}
	if err := custody.VerifyConsistent(r.Proof, last.Size, last.Root, cp.Size, cp.Root); err != nil {
		return errProof
	}
	return nil
}

// conflict keeps a request that is signed by the log's key and does not continue the log.
func (w *Witness) conflict(body []byte) error {
	names, err := fs.ReadDir(w.root.FS(), conflictsDir)
	if err != nil || len(names) >= maxConflicts {
		return err
	}
	return replace(w.root, conflictsDir+"/"+hexSum(body)+".txt", body)
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
