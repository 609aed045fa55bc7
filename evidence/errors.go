package evidence

import "errors"

// Sentinels that callers branch on. They are wrapped once per boundary.
var (
	// ErrNotFound: nothing of that name is in the case.
	ErrNotFound = errors.New("not found")
	// ErrDisposed: the log says that the bytes were destroyed on purpose, and they are gone.
	ErrDisposed = errors.New("DISPOSED: the bytes were destroyed on purpose, as the log says")
	// ErrExists: something of that name is there already.
	ErrExists = errors.New("already exists")
	// ErrIntegrity: stored bytes differ from what was recorded.
	ErrIntegrity = errors.New("integrity check failed")
	// ErrNotCanonical: bytes are not the canonical JSON of docs/formats/canonical.md.
	ErrNotCanonical = errors.New("not canonical JSON")
	// ErrFormat: a file or value is not in the format it claims.
	ErrFormat = errors.New("malformed")
	// ErrNewer: written by a newer format version than this program reads.
	ErrNewer = errors.New("written by a newer version")
	// ErrLocked: another process is writing to the case.
	ErrLocked = errors.New("case is locked by another process")
	// ErrNoCase: there is no case at this place.
	ErrNoCase = errors.New("no case here")
	// ErrNoSpace: the storage device is full.
	ErrNoSpace = errors.New("no space left on the device")
	// ErrKey: a key is missing or does not open what it should.
	ErrKey = errors.New("wrong or missing key")
	// ErrAmbiguous: several answers fit and none may be chosen silently.
	ErrAmbiguous = errors.New("ambiguous")
	// ErrRefused: a plugin may not run (its bytes changed, or no sufficient sandbox).
	ErrRefused = errors.New("plugin refused")
	// ErrPlugin: a plugin crashed, hung, lied or went over its limits.
	ErrPlugin = errors.New("plugin failed")
	// ErrChanged: a file changed while it was read.
	ErrChanged = errors.New("changed while read")
)

// IntegrityError says what was expected of which object and what was found.
type IntegrityError struct {
	Object    string
	Want, Got Digest
}

func (e *IntegrityError) Error() string {
	return e.Object + ": expected " + e.Want.String() + ", found " + e.Got.String()
}

// Unwrap makes errors.Is(err, ErrIntegrity) hold.
func (e *IntegrityError) Unwrap() error { return ErrIntegrity }
