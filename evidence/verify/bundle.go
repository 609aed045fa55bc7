package verify

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// BundleOptions say what a bundle is compared with that is not in it.
type BundleOptions struct {
	// Trust holds verifier keys from outside. What counts is the key, not its name.
	Trust []string
	// Receipts are texts that hold receipts, or bare signed notes.
	Receipts [][]byte
	// TSACerts are files with certificates of time-stamping authorities, Witnesses the keys of
	// witnesses (docs/formats/anchors.md).
	TSACerts  [][]byte
	Witnesses []string
	// Require is the level that all entries must have.
	Require Level
	// Progress, unless nil, is called with how many bytes were hashed of how many.
	Progress func(done, total int64)
}

// BundleReport is what checking a bundle found (docs/formats/bundle.md, Report).
type BundleReport struct {
	Verdict     Verdict           `json:"verdict"`
	Exit        int               `json:"exit"`
	Attestation BundleAttestation `json:"attestation"`
	// Codes are those of the findings, sorted, each once: equal in every verifier.
	Codes    []string        `json:"codes"`
	Findings []BundleFinding `json:"findings"`
	Log      BundleLog       `json:"log"`
	Checked  BundleCounts    `json:"checked"`
	// Anchors are those that hold.
	Anchors []BundleAnchor `json:"anchors"`
	// NotChecked and Sentences are for people.
	NotChecked []string `json:"not_checked"`
	Sentences  []string `json:"sentences"`
}

// BundleAttestation says who vouches for the first Covered entries, by which keys.
type BundleAttestation struct {
	Level   Level    `json:"level"`
	Covered int64    `json:"covered"`
	Keys    []string `json:"keys"`
}

// BundleFinding is one thing that is not as it should be.
type BundleFinding struct {
	Code   string `json:"code"`
	Object string `json:"object"`
	What   string `json:"what"`
}

// BundleLog is the log in the bundle; Root is 64 hexadecimal digits, "" where it was not computed.
type BundleLog struct {
	Origin  string `json:"origin"`
	Entries int64  `json:"entries"`
	Root    string `json:"root"`
}

// BundleCounts says how much was looked at.
type BundleCounts struct {
	Files       int64 `json:"files"`
	Bytes       int64 `json:"bytes"`
	Openings    int64 `json:"openings"`
	Members     int64 `json:"members"`
	Records     int64 `json:"records"`
	Checkpoints int64 `json:"checkpoints"`
	Receipts    int64 `json:"receipts"`
	Anchors     int64 `json:"anchors"`
}

// Codes of findings, as docs/formats/bundle.md has them.
const (
	codeZip               = "zip"
	codeBag               = "bag"
	codeFileMissing       = "file.missing"
	codeFileAltered       = "file.altered"
	codeFileExtra         = "file.extra"
	codeManifest          = "manifest"
	codeSignature         = "signature"
	codeSignatureMissing  = "signature.missing"
	codeLog               = "log"
	codeCheckpoint        = "checkpoint"
	codeCheckpointMissing = "checkpoint.missing"
	codeKey               = "key"
	codeExport            = "export"
	codeOpening           = "opening"
	codeSet               = "set"
	codeRecord            = "record"
	codeList              = "list"
	codeReceipt           = "receipt"
	codeRolledBack        = "receipt.rolled-back"
	codeForked            = "receipt.forked"
	codeAnchor            = "anchor"
	codeAnchorRolledBack  = "anchor.rolled-back"
	codeAnchorForked      = "anchor.forked"
	codeRequired          = "required"
)

// bundleVerdict returns what a finding with this code makes of the whole.
func bundleVerdict(code string) Verdict {
	switch code {
	case codeForked, codeAnchorForked:
		return Forked
	case codeRolledBack, codeAnchorRolledBack:
		return RolledBack
	case codeZip, codeBag, codeReceipt:
		return CannotVerify
	case codeFileMissing, codeSignatureMissing, codeCheckpointMissing:
		return Incomplete
	case codeRequired:
		return BelowRequired
	}
	return Altered
}

// bundleCheck is one bundle being checked. Its steps are those of
// docs/formats/bundle.md, in the same order.
type bundleCheck struct {
	ctx    context.Context
	o      BundleOptions
	trust  []publicKey
	bag    *bag
	report *BundleReport
	count  map[string]int

	// listed is what both manifests say, bad what step 5 found against.
	listed map[string]digest
	bad    map[string]bool
	// signed is the key of the signature over the tag manifest, zero where it is wrong.
	signed string

	origin string
	export int64
	// starts are the offsets of the entries in log.jsonl, and its end.
	starts   []int64
	log      *bagReader
	roots    map[int64]digest
	handover []bundleHandover
	keys     []publicKey
	good     []goodNote
	// followed are the entries by which keys given as trusted handed the log over.
	followed []int64
	// covered is how many entries are attested at each level; anchors apart.
	covered map[Level]int64
	anchors bundleAnchors
	// transfers are the entries of that kind.
	transfers int64
	members   bundleMembers
}

// bundleHandover is an entry by which a key stops signing; successor is "" for none.
type bundleHandover struct {
	seq            int64
	key, successor string
	revoked        bool
}

// goodNote is a checkpoint that agrees with the log, and by whom it is.
type goodNote struct {
	size int64
	by   []publicKey
}

// Bundle checks the bundle at path, a ZIP file or a directory. It returns an error
// where path cannot be read, or an option makes no sense (evidence.ErrFormat);
// whatever else is the matter stands in the report.
func Bundle(ctx context.Context, path string, o BundleOptions) (*BundleReport, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("verify bundle: %w", err)
	}
	if info.IsDir() {
		b, err := openBagDir(path)
		if err != nil {
			return nil, fmt.Errorf("verify bundle: %w", err)
		}
		defer b.close()
		return checkBundle(ctx, b, "", o)
	}
	f, size, err := openRegular(path, 0)
	if err != nil {
		return nil, fmt.Errorf("verify bundle: %w", err)
	}
	defer f.Close() // only read from
	return BundleZip(ctx, f, size, o)
}

// BundleZip is Bundle of a ZIP file's bytes.
func BundleZip(ctx context.Context, r io.ReaderAt, size int64, o BundleOptions) (*BundleReport, error) {
	b, why, err := openBagZip(r, size)
	if err != nil {
		return nil, fmt.Errorf("verify bundle: %w", err)
	}
	return checkBundle(ctx, b, why, o)
}

// IsBundle reports whether path is to be checked as a bundle: a file that is called
// .zip or begins as one, or a directory that holds a bag and no case.
func IsBundle(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	there := func(name string) bool {
		_, err := os.Lstat(filepath.Join(path, name))
		return err == nil
	}
	if info.IsDir() {
		return !there("case.db") && (there("bagit.txt") || there(tagManifest))
	}
	if !info.Mode().IsRegular() {
		return false
	}
	if strings.EqualFold(filepath.Ext(path), ".zip") {
		return true
	}
	f, _, err := openRegular(path, 0)
	if err != nil {
		return false
	}
	defer f.Close() // only read from
	var first [4]byte
	_, err = io.ReadFull(f, first[:])
	return err == nil && string(first[:]) == "PK\x03\x04"
}

func checkBundle(ctx context.Context, b *bag, badZip string, o BundleOptions) (*BundleReport, error) {
	c := &bundleCheck{
		ctx: ctx, o: o, bag: b, count: map[string]int{}, listed: map[string]digest{}, bad: map[string]bool{}, roots: map[int64]digest{}, covered: map[Level]int64{},
		report: &BundleReport{Anchors: []BundleAnchor{}, Attestation: BundleAttestation{Keys: []string{}}, Codes: []string{}, Findings: []BundleFinding{}, NotChecked: []string{}},
	}
	for _, s := range o.Trust {
		k, err := parseKey(s)
		if err != nil {
			return nil, err
		}
		c.trust = append(c.trust, k)
	}
	if err := c.parseAnchorOptions(); err != nil {
		return nil, err
	}
	if badZip != "" {
		c.find(codeZip, "bundle", badZip)
	} else if err := c.steps(); err != nil {
		return nil, err
	}
	c.required()
	c.conclude()
	return c.report, nil
}

// find adds a finding.
func (c *bundleCheck) find(code, object, what string) {
	if c.count[code]++; c.count[code] == 1 {
		c.report.Codes = append(c.report.Codes, code)
	}
	if c.count[code] <= maxFindings {
		c.report.Findings = append(c.report.Findings, BundleFinding{code, shown(object), what})
	}
}

// steps are those of docs/formats/bundle.md, from the second on. A step that says
// so ends the check.
func (c *bundleCheck) steps() error {
	for _, step := range []func() (bool, error){
		c.checkManifests, c.checkFiles, c.checkBagInfo, c.checkEntries, c.checkNotes, c.checkReceipts, c.checkAnchors,
		c.checkOpenings, c.checkSets, c.checkRecords, c.checkList,
	} {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		if goOn, err := step(); err != nil || !goOn {
			return err
		}
	}
	return nil
}

// required compares attestation with what was asked for. A time stamp cannot take the
// place of a signature that somebody trusts.
func (c *bundleCheck) required() {
	a, want := &c.anchors, c.o.Require
	if len(c.trust) > 0 && a.plain.Level < Trusted {
		c.find(codeRequired, "attestation", "no checkpoint is signed by a key that you trust")
	}
	if len(a.certs) > 0 && a.stamps == 0 {
		c.find(codeRequired, "attestation", "no time stamp is by an authority whose certificate you gave")
	}
	if len(a.witnesses) > 0 && a.cosigned == 0 {
		c.find(codeRequired, "attestation", "no checkpoint is cosigned by a witness whose key you gave")
	}
	covered := int64(0)
	for level, size := range c.covered {
		if level >= want {
			covered = max(covered, size)
		}
	}
	if want != Trusted {
		for _, x := range c.report.Anchors {
			covered = max(covered, x.Entries)
		}
	}
	if want > Unattested && (covered == 0 || covered < c.report.Log.Entries) {
		c.find(codeRequired, "attestation", fmt.Sprintf("is %s or more for %d of %d entries; all were required", want, covered, c.report.Log.Entries))
	}
}

func (c *bundleCheck) conclude() {
	r := c.report
	slices.Sort(r.Codes)
	for _, code := range r.Codes {
		r.Verdict = max(r.Verdict, bundleVerdict(code))
	}
	r.Exit = r.Verdict.ExitCode()
	slices.SortStableFunc(r.Findings, func(a, b BundleFinding) int { return cmp.Compare(bundleVerdict(b.Code), bundleVerdict(a.Code)) })
	r.tell(c)
}

// JSON returns the report as one JSON object, indented, with a newline.
func (r *BundleReport) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	return append(b, '\n'), err
}
