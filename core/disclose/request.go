package disclose

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/exhibit-forensics/exhibit/core/leakcheck"
	"github.com/exhibit-forensics/exhibit/core/marks"
	"github.com/exhibit-forensics/exhibit/core/publish"
	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
)

// ErrNothing: nothing was chosen, or what was chosen is empty.
var ErrNothing = errors.New("nothing to disclose")

// Request says what is disclosed to whom. What it does not name is withheld.
type Request struct {
	// Said are the fields of both entries, asserted.recipient among them.
	Said map[string]any
	// Exhibits are disclosed with every file that was received.
	Exhibits []string
	// Derived: with what plugins made of those files. Records: with the records that they
	// read in those and in what was made of them.
	Derived, Records bool
	// Select chooses single records of the whole case; nil for none. Selection is the name
	// it is kept under, or empty.
	Select    *search.Query
	Selection string
	// Redacted asks for a redacted production: then nothing is disclosed as it is, and Select
	// narrows which records are produced. nil for none.
	Redacted *Redaction
	// Enclose are names of files outside the case.
	Enclose []string
	// Bag is the name of the bag (bundle.BagName).
	Bag string
	// Certificates are the forms of which drafts are filled in; nil for those that suit.
	Certificates []bundle.Pack
	// Since are earlier checkpoints, signed notes, that the recipient has: it is proved that
	// the log continues them.
	Since [][]byte
}

// File is where the bundle is written to.
type File interface {
	io.Writer
	// Scratch makes a temporary file that is gone when it is closed.
	Scratch() (*os.File, error)
	// Reserve takes room for so many bytes, where it can.
	Reserve(n int64) error
	// Place gives the file its name, durably; Abort gives it up.
	Place() error
	Abort() error
}

// World is what disclosing needs of the world.
type World struct {
	Now func() time.Time
	// Software made the bundle, printable ASCII.
	Software string
	// Marks and Search are for Request.Select.
	Marks  *marks.Marks
	Search search.Options
	// Signer is who seals and signs.
	Signer Signer
	// Remark is called with what should be known and is no error.
	Remark func(text string)
}

// Signer seals the log and signs the bundle, with one key.
type Signer interface {
	// Seal signs the head of the log and returns the note.
	Seal(ctx context.Context) ([]byte, error)
	// SSH is the public key as `ssh-ed25519 BASE64`, VKey the same key as the log's verifier key.
	SSH() string
	VKey() string
	// SignSSH returns an armored SSH signature.
	SignSSH(ctx context.Context, namespace string, message []byte) ([]byte, error)
}

// Report says what was disclosed and what was not.
type Report struct {
	Bag string `json:"bag"`
	// Origin is the log's.
	Origin string `json:"origin"`
	// Entry commits to the manifest, Size entries are covered by the checkpoint.
	Entry int64  `json:"entry"`
	Size  int64  `json:"size"`
	Root  string `json:"root"`
	// Manifest is the digest of the manifest, without prefix.
	Manifest string           `json:"manifest"`
	Exhibits []bundle.Exhibit `json:"exhibits"`
	Files    int64            `json:"files"`
	Received int64            `json:"received"`
	Derived  int64            `json:"derived"`
	Records  int64            `json:"records"`
	Enclosed int64            `json:"enclosed"`
	// Production is what was built of redacted records, nil where there are none.
	Production *publish.Report `json:"production,omitempty"`
	// Leaks is what the leak check of a redacted production came to.
	Leaks *leakcheck.Report `json:"leak_check,omitempty"`
	// Payload is the bytes of what was disclosed, lists included.
	Payload int64 `json:"payload_bytes"`
	// Withheld counts what the case has beside that.
	Withheld Withheld `json:"withheld"`
	// Anchors is how many time stamps and cosigned checkpoints are enclosed.
	Anchors int64 `json:"anchors"`
	// Proofs is how many are in custody/proofs.
	Proofs int64 `json:"proofs"`
	// Certificates are the drafts, with what a person must add.
	Certificates []Draft `json:"certificates"`
	// Remarks are what should be known before the bundle is handed over.
	Remarks []string `json:"remarks,omitempty"`
}

// Draft is a certificate that was filled in as far as the case does.
type Draft struct {
	File string   `json:"file"`
	Open []string `json:"to_be_filled_in"`
}

// Withheld counts what a case has and a bundle has not.
type Withheld struct {
	Exhibits int64 `json:"exhibits"`
	// Files are received ones, Derived what was made of files.
	Files   int64 `json:"files"`
	Derived int64 `json:"derived"`
	Records int64 `json:"records"`
	// Fields are those of entries that are committed to and not opened.
	Fields int64 `json:"fields"`
}
