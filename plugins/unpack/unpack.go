package main

import (
	"bytes"
	"errors"
	"io"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// version is that of plugin.json.
const version = "0.1.0"

func plugin() sdk.Plugin {
	boundMethods()
	return sdk.Plugin{Name: "unpack", Version: version, Unpack: unpack, Probe: probe}
}

// formats by how they begin. zip is read from its end and by its own code.
var magics = []struct{ do, magic string }{
	{gunzip, "\x1f\x8b\x08"},
	{bunzip2, "BZh"},
	{unxz, "\xfd7zXZ\x00"},
	{unzstd, "\x28\xb5\x2f\xfd"},
	{unzip, "PK\x03\x04"},
	{unzip, "PK\x05\x06"},
	{unzip, "PK\x07\x08PK\x03\x04"},
	{un7z, "7z\xbc\xaf\x27\x1c"},
	{unrar, "Rar!\x1a\x07\x00"},
	{unrar, "Rar!\x1a\x07\x01\x00"},
	{unab, abMagic},
	{unar, arMagic},
	{unar, thinMagic},
}

// The words of docs/formats/case.md for a derivation's steps.
const (
	gunzip  = "gunzip"
	bunzip2 = "bunzip2"
	unxz    = "unxz"
	unzstd  = "unzstd"
	untar   = "untar"
	unzip   = "unzip"
	un7z    = "un7z"
	unrar   = "unrar"
	unar    = "unar"
	unab    = "unab"
	// unzipEncrypted is unzip of a member that a password opens.
	unzipEncrypted = "unzip-encrypted"
)

// sniff says which step opens an input that begins with head, "" for none.
func sniff(head []byte) string {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.do
		}
	}
	// A skippable frame may come first (RFC 8878 §3.1.2).
	if len(head) >= 4 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18" {
		return unzstd
	}
	if isTar(head) {
		return untar
	}
	return ""
}

func probe(s sdk.Sample) sdk.Match {
	if do := sniff(s.Head); do != "" {
		return sdk.Match{Confidence: 100, Reason: "begins as a container does: " + do}
	}
	return sdk.Match{Reason: "begins as no known container does"}
}

// job is one container being unpacked.
type job struct {
	c   *sdk.Ctx
	in  *sdk.Input
	out *sdk.Out
	// escapes counts members whose names point out of any directory they might be put in.
	escapes int64
	buf     []byte
	// proven is the password that last opened something here, none at first.
	proven []candidate
	// volume: it was said that the input is one volume of several.
	volume bool
	// any: a member was met.
	any bool
}

func unpack(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	j := &job{c: c, in: in, out: out, buf: make([]byte, 64<<10)}
	head := make([]byte, min(blockSize, in.Size))
	if n, err := in.ReadAt(head, 0); n < len(head) {
		return err
	}
	var err error
	switch do := sniff(head); do {
	case unzip:
		err = j.zip()
	case untar:
		err = j.tar(in.Reader(), nil)
	case un7z:
		err = j.sevenZip()
	case unrar:
		err = j.rar()
	case unar:
		err = j.ar()
	case unab:
		err = j.ab()
	case "":
		c.Reject(sdk.At(0, in.Size), "container.unknown", "the input begins as no container does that this plugin reads")
	default:
		err = j.stream(do)
	}
	if err == nil {
		err = in.Err()
	}
	if j.escapes > 0 {
		c.Diagnose(sdk.Diagnostic{
			Code: "name.escapes", Severity: evidence.SeverityWarning, Data: map[string]any{"members": j.escapes},
			Message: "members have absolute names or names with a parent directory in them; the names are kept as they are and nothing is written to any path",
		})
	}
	return err
}

// damage is an error of the container, not of reading it: what came before is good.
type damage struct {
	// reason says in a few words what happened: the child's reason.
	reason string
	code   string // "" where it was reported when it was found
	source sdk.Source
}

func (d *damage) Error() string { return d.reason }

func damaged(code, reason string, source sdk.Source) *damage {
	return &damage{reason: reason, code: code, source: source}
}

// report writes the diagnostic about d.
func (j *job) report(d *damage) {
	if d.code != "" {
		j.c.Damage(d.source, d.code, d.reason+"; what could be read before is kept")
	}
}

// empty says that an archive has no member: whether it ever had, nothing tells.
func (j *job) empty(format string) {
	j.c.Warn(sdk.At(0, j.in.Size), format+".empty", "no member is in the archive: it was made so, or is cut short after its header")
}

// member is what is known of an artifact before its bytes.
type member struct {
	name  *evidence.Name
	steps []sdk.Step
	meta  map[string]any
	// flaw says what is known to be wrong with it beforehand, "" for nothing.
	flaw string
}

// copyMember makes an artifact of r's bytes. A *damage that r ends with is
// returned as such, after what came before was kept; so is, as an error, anything
// that must end the run. With skipEmpty, r failing before its first byte makes no
// artifact.
func (j *job) copyMember(m member, r io.Reader, skipEmpty bool) (*damage, error) {
	head := make([]byte, sampleSize)
	n, err := io.ReadFull(r, head)
	bad, err := j.judge(err)
	if err != nil || bad != nil && n == 0 && skipEmpty {
		return bad, err
	}
	if m.name != nil && escapes(m.name.Bytes()) {
		j.escapes++
	}
	a, err := j.out.Artifact(m.name, sdk.ArtifactOptions{Steps: m.steps, Meta: m.meta, Text: looksLikeText(head[:n])})
	if err != nil {
		return nil, err
	}
	if _, err := a.Write(head[:n]); err != nil {
		return nil, err
	}
	for bad == nil && n == sampleSize {
		k, rerr := r.Read(j.buf)
		if _, err := a.Write(j.buf[:k]); err != nil {
			return nil, err
		}
		if rerr == nil {
			continue
		}
		if bad, err = j.judge(rerr); err != nil {
			return nil, err
		}
		break
	}
	if bad != nil {
		return bad, a.End(false, bad.reason)
	}
	return nil, a.End(m.flaw == "", m.flaw)
}

// judge tells damage of the container from what must end the run; the end is neither.
func (j *job) judge(err error) (*damage, error) {
	var d *damage
	switch {
	case j.in.Err() != nil:
		return nil, j.in.Err()
	case j.c.Err() != nil:
		return nil, j.c.Err()
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF): // the latter from io.ReadFull
		return nil, nil
	case errors.As(err, &d):
		return d, nil
	}
	return nil, err
}
