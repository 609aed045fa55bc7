package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// judgeNamed compares the files with the entries that name them.
func (v *verifier) judgeNamed() {
	p := v.c.place()
	for _, name := range sortedKeys(v.anchors.malformed) {
		p.find(v.blame(name), anchorsDir+"/"+name, "is not a cosigned checkpoint as the format has it", v.anchors.malformed[name].Error())
	}
	for _, n := range v.anchors.named {
		object := anchorsDir + "/" + n.name
		sum, there := v.anchors.files[n.name]
		if !there {
			// A writer may have added it since we looked.
			b, err := readSmall(filepath.Join(v.dir, object), maxAnchor)
			if sum = sha256.Sum256(b); err != nil {
				p.find(Incomplete, object, fmt.Sprintf("is not there, or cannot be read; entry %d names it", n.seq), "")
				continue
			}
		}
		if hex.EncodeToString(sum[:]) != n.sum {
			p.find(Altered, object, fmt.Sprintf("is not the file that entry %d names", n.seq), hexOf(sum))
		}
	}
}

// judgeStamps judges the time stamps. What claims came to is known.
func (v *verifier) judgeStamps() {
	for _, s := range v.anchors.stamps {
		p := v.c.place()
		object := anchorsDir + "/" + s.name
		if s.bad != nil {
			p.find(v.blame(s.name), object, "is not a time stamp as the format has it", s.bad.Error())
			continue
		}
		note, there := v.noteOf(s.size)
		says, ok := s.token.says()
		switch sum := sha256.Sum256(note); {
		case s.size > v.size:
			p.find(RolledBack, object, "is over more entries than there are: entries have been removed from the log's end, or an older copy of the case put back",
				fmt.Sprintf("the log has %d entries now, and by the name of this file it had %d", v.size, s.size))
		case !there:
			p.find(Incomplete, object, "is over a checkpoint that is not there", fmt.Sprintf("of %d entries", s.size))
		case !ok:
			p.find(v.blame(s.name), object, "is not a time stamp as the format has it", "")
		case string(sum[:]) != string(says.imprint):
			p.find(Altered, object, wrongImprint+": that was changed since, or the stamp is of another log", hex.EncodeToString(says.imprint))
		default:
			v.judgeStamp(p, s, note)
		}
	}
}

// blame is what a file that is no anchor makes of the case: nothing where the log does
// not name it, since anybody may have put it there.
func (v *verifier) blame(name string) Verdict {
	for _, n := range v.anchors.named {
		if n.name == name {
			return Altered
		}
	}
	return Intact
}

func (v *verifier) noteOf(size int64) ([]byte, bool) {
	if b, ok := v.noteFilesSeen[size]; ok {
		return b, true
	}
	b, ok := v.noteRows[size]
	return b, ok
}

// judgeStamp judges one time stamp that is over its checkpoint, by what was given.
func (v *verifier) judgeStamp(p place, s stampFile, note []byte) {
	object := anchorsDir + "/" + s.name
	cert := v.authority(p, s)
	if cert == nil {
		v.anchors.asked[typeStamp]++
		return
	}
	says, why := s.token.check(cert, note)
	switch {
	case why != "":
		p.find(Altered, object, why, cert.id())
	case !v.agrees[s.size]:
		p.skip(fmt.Sprintf("What the time stamp %s shows: the checkpoint that it is over does not agree with the log.", object))
	default:
		p.skip(notRevoked)
		v.hold(Anchor{object, typeStamp, s.size, says.text(), cert.id(), cert.subject()})
	}
}

// notRevoked is not checked of any time stamp.
const notRevoked = "Whether the certificate of a time-stamping authority was revoked: neither lists of revoked certificates (CRL) nor OCSP are looked at."

// authority returns the certificate from outside that the stamp is by.
func (v *verifier) authority(p place, s stampFile) *tsaCert {
	for _, c := range v.anchors.certs {
		if s.token.by(c) {
			return c
		}
	}
	if v.anchors.roots == nil {
		return nil
	}
	var beside [][]byte
	name := strings.TrimSuffix(s.name, ".tsr") + ".pem"
	if b, err := readSmall(filepath.Join(v.dir, anchorsDir, name), maxAnchor); err == nil {
		beside, _ = certificatesIn(b) // what cannot be read adds nothing
	}
	cert, err := chained(s.token, beside, v.anchors.roots)
	if err != nil {
		p.skip(fmt.Sprintf("Whether the time stamp %s counts: %v.", anchorsDir+"/"+s.name, err))
		return nil
	}
	return cert
}

// hold notes an anchor that counts.
func (v *verifier) hold(a Anchor) {
	v.anchors.held[a.Type]++
	v.report.Anchors = append(v.report.Anchors, a)
	v.coverage.anchor(a.Entries, a.By)
	end, err := time.Parse(time.RFC3339, v.anchors.ends[a.Entries])
	at, aerr := time.Parse(time.RFC3339, a.Time)
	if err == nil && aerr == nil && end.Sub(at) > clockTolerance {
		v.c.place().find(Intact, a.Object, fmt.Sprintf("states an earlier time than entry %d, which it covers: the clock of the computer that wrote that entry was ahead", a.Entries-1),
			fmt.Sprintf("%s, before %s", a.Time, v.anchors.ends[a.Entries]))
	}
}

// orderAnchors puts receipts first, then files by name.
func (v *verifier) orderAnchors() {
	slices.SortStableFunc(v.report.Anchors, func(a, b Anchor) int {
		if first := a.Type == typeReceipt; first != (b.Type == typeReceipt) {
			return map[bool]int{true: -1, false: 1}[first]
		}
		if a.Type == typeReceipt {
			return 0
		}
		return strings.Compare(a.Object, b.Object)
	})
}

// said is when and by whom, for the head of a report.
func (a Anchor) said() string {
	switch {
	case a.Type == typeReceipt:
		return ""
	case a.Subject != "":
		return ", " + a.Time + ", " + a.Subject
	}
	return ", " + a.Time + ", " + a.By
}

// requireAnchors says what is lacking where certificates or keys were given.
func (v *verifier) requireAnchors(p place) {
	a := v.anchors
	if len(a.witnesses) > 0 && a.held[typeCosigned] == 0 {
		p.find(BelowRequired, "attestation", "no checkpoint is cosigned by a witness that you gave", "")
	}
	if (len(a.certs) > 0 || a.roots != nil) && a.held[typeStamp] == 0 {
		p.find(BelowRequired, "attestation", "no checkpoint is stamped by an authority that you gave", "")
	}
	if n := a.asked[typeStamp]; n > 0 {
		v.c.skip(fmt.Sprintf("Time stamps that are enclosed, %d of them, by authorities whose certificate you did not give (--tsa-cert, --tsa-ca): they count for nothing.", n))
	}
	if n := a.asked[typeCosigned]; n > 0 {
		v.c.skip(fmt.Sprintf("Cosignatures that are enclosed, in %d files, by witnesses whose key you did not give (--witness): they count for nothing.", n))
	}
}
