package verify

import (
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	anchorsDir   = "anchors"
	typeStamp    = "rfc3161"
	typeCosigned = "cosignature"
	typeReceipt  = "receipt"
	// clockTolerance is by how much two clocks may differ without a remark.
	clockTolerance = time.Minute
	// maxAnchorFiles bounds how many files under anchors/ are read.
	maxAnchorFiles = 100_000
)

var anchorFile = regexp.MustCompile(`^([1-9][0-9]{0,15})-([0-9a-f]{16})\.(tsr|note)$`)

// Anchor is a trace of a checkpoint with somebody outside that was found right: a receipt,
// or by a certificate or key from outside the case (docs/formats/anchors.md).
type Anchor struct {
	// Object is its file, or the receipt; Type is receipt, rfc3161 or cosignature.
	Object string `json:"object"`
	Type   string `json:"type"`
	// Entries is how many entries the checkpoint covers.
	Entries int64 `json:"entries"`
	// Time is when, as who made it states it, RFC 3339 UTC; "" of a receipt.
	Time string `json:"time,omitempty"`
	// By is the SHA-256 of the authority's certificate, or the ID of the witness's key, or of
	// the key that signed the receipt; Subject whom that certificate names.
	By      string `json:"by"`
	Subject string `json:"subject,omitempty"`
}

// anchors is what the case has under anchors/, and what it is judged by.
type anchors struct {
	witnesses []publicKey
	certs     []*tsaCert
	roots     *x509.CertPool
	// stamps are time-stamp responses that were read, files the digest of each anchor by name,
	// malformed what is no cosigned checkpoint, by name, and why.
	stamps    []stampFile
	files     map[string]digest
	malformed map[string]error
	named     []namedAnchor
	// ends are the times that the last entries state which anchors cover, by size.
	ends map[int64]string
	// asked and held count, by type, what nobody gave a key for and what holds.
	asked, held map[string]int
}

// stampFile is one time-stamp response.
type stampFile struct {
	name  string
	size  int64
	token *token
	// bad says why it could not be read.
	bad error
}

// namedAnchor is an entry of kind anchor.
type namedAnchor struct {
	seq  int64
	name string
	sum  string
}

func newAnchors(o Options) (*anchors, error) {
	a := &anchors{files: map[string]digest{}, malformed: map[string]error{}, ends: map[int64]string{}, asked: map[string]int{}, held: map[string]int{}}
	for _, s := range o.Witnesses {
		w, err := parseWitness(s)
		if err != nil {
			return nil, err
		}
		a.witnesses = append(a.witnesses, w)
	}
	for _, file := range o.TSACerts {
		certs, err := parseTSACerts(file)
		if err != nil {
			return nil, err
		}
		a.certs = append(a.certs, certs...)
	}
	for _, file := range o.TSARoots {
		ders, err := certificatesIn(file)
		if err != nil {
			return nil, err
		}
		if a.roots == nil {
			a.roots = x509.NewCertPool()
		}
		for _, b := range ders {
			cert, err := x509.ParseCertificate(b)
			if err != nil {
				return nil, fmt.Errorf("%w: a root certificate: %w", evidence.ErrFormat, err)
			}
			a.roots.AddCert(cert)
		}
	}
	return a, nil
}

// gatherAnchors reads the files under anchors/, before the log is.
func (v *verifier) gatherAnchors() {
	p := v.c.place()
	names, err := os.ReadDir(filepath.Join(v.dir, anchorsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil && len(names) > maxAnchorFiles {
		err = fmt.Errorf("%w: more than %d files", evidence.ErrFormat, maxAnchorFiles)
	}
	if err != nil {
		p.find(CannotVerify, "directory "+anchorsDir, "cannot be read", err.Error())
		return
	}
	for _, name := range names {
		m := anchorFile.FindStringSubmatch(name.Name())
		if m == nil {
			if name.Name() != "queue" && !strings.HasSuffix(name.Name(), ".pem") && !strings.HasPrefix(name.Name(), ".unfinished-") {
				p.find(Intact, fmt.Sprintf("file %q", anchorsDir+"/"+name.Name()), "does not belong to the case, and was not looked at", "")
			}
			continue
		}
		object := anchorsDir + "/" + name.Name()
		b, err := readSmall(filepath.Join(v.dir, object), maxAnchor)
		if err != nil {
			p.find(CannotVerify, object, "cannot be read", err.Error())
			continue
		}
		v.anchors.files[name.Name()] = sha256.Sum256(b)
		size, _ := strconv.ParseInt(m[1], 10, 64) // sixteen digits fit
		v.anchors.ends[size] = ""
		if m[3] == "tsr" {
			t, err := parseToken(b)
			v.anchors.stamps = append(v.anchors.stamps, stampFile{name.Name(), size, t, err})
			v.c.count("time stamps", 1, 0)
			continue
		}
		v.cosignedNote(p, name.Name(), size, b)
	}
}

// cosignedNote takes a checkpoint with cosignatures for a claim of the case.
func (v *verifier) cosignedNote(p place, name string, size int64, b []byte) {
	v.c.count("cosigned checkpoints", 1, 0)
	object := anchorsDir + "/" + name
	c, err := parseCheckpoint(b)
	if err == nil && c.size != size {
		err = fmt.Errorf("%w: it is over %d entries", evidence.ErrFormat, c.size)
	}
	if err != nil {
		v.anchors.malformed[name] = err
		return
	}
	by, ok := c.cosigned(v.anchors.witnesses)
	switch {
	case !ok:
		p.find(Altered, object, "its cosignature is wrong", "")
		return
	case len(by) == 0:
		v.anchors.asked[typeCosigned]++
	}
	v.claims = append(v.claims, claim{object: object, size: size, root: c.root, note: c, anchor: true, cosigned: by})
}

// anchored takes what an entry says of an anchor.
func (v *verifier) anchored(e *entry) {
	if _, covered := v.anchors.ends[e.seq+1]; covered {
		v.anchors.ends[e.seq+1] = e.end
	}
	if e.kind != "anchor" {
		return
	}
	sum := strings.TrimPrefix(e.plain.text("anchor"), "sha256:")
	size := e.plain.counts("counts")["entries"]
	sort := "note"
	if e.plain.text("service") == typeStamp {
		sort = "tsr"
	}
	if len(sum) != 64 {
		return // the entry has been reported
	}
	v.anchors.named = append(v.anchors.named, namedAnchor{e.seq, fmt.Sprintf("%d-%s.%s", size, sum[:16], sort), sum})
}
