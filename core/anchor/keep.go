package anchor

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/anchor"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// Kept is an anchor of the case.
type Kept struct {
	store.Anchor
	// Service is anchor.Stamp or anchor.Cosignature.
	Service string
	// Time is when, as who made it states it, RFC 3339 UTC; "" where it cannot be read.
	Time string
	// By is the SHA-256 of the authority's certificate that is enclosed, or the witness's
	// key ID, Subject whom that certificate names. Neither was compared with anything from outside.
	By, Subject string
	// Broken says what is wrong with it, nil where nothing is.
	Broken error
}

// NoteOf returns the checkpoint over the first size entries, evidence.ErrNotFound where
// there is none.
func NoteOf(ctx context.Context, k *store.Case, size int64) ([]byte, error) {
	for cp, err := range k.Checkpoints(ctx) {
		if err != nil || cp.Size == size {
			return cp.Note, err
		}
	}
	return nil, fmt.Errorf("anchor: checkpoint of %d entries: %w", size, evidence.ErrNotFound)
}

// KeepStamp keeps a time-stamp response over a checkpoint, durably, after checking it
// against the certificate that it encloses or one of certs (files). With it go the
// certificates, for those who check it in years. The same again is no error.
func KeepStamp(k *store.Case, size int64, note, response []byte, certs ...[]byte) (Kept, error) {
	s, err := verify.CheckStamp(response, note, certs...)
	if err != nil {
		return Kept{}, err
	}
	if _, err := time.Parse(time.RFC3339, s.Time); err != nil {
		return Kept{}, fmt.Errorf("anchor: time-stamp response: %w: %s is no time", evidence.ErrFormat, s.Time)
	}
	a := store.AnchorOf(size, store.AnchorStamp, response)
	// The certificates first: the response is what counts, and acknowledges both.
	var chain bytes.Buffer
	for _, cert := range s.Certificates {
		if err := pem.Encode(&chain, &pem.Block{Type: "CERTIFICATE", Bytes: cert}); err != nil {
			return Kept{}, fmt.Errorf("anchor: certificates: %w", err)
		}
	}
	err = k.AddAnchor(a.Beside(store.AnchorChain), chain.Bytes())
	if err != nil && !errors.Is(err, evidence.ErrExists) { // the same response came with other certificates before
		return Kept{}, err
	}
	if err := k.AddAnchor(a, response); err != nil {
		return Kept{}, err
	}
	return Kept{Anchor: a, Service: anchor.Stamp, Time: s.Time, By: s.By, Subject: s.Subject}, nil
}

// KeepCosigned keeps a checkpoint with the lines that a witness answered.
func KeepCosigned(k *store.Case, size int64, note, lines []byte, vkey string) (Kept, error) {
	joined, at, err := anchor.Cosigned(note, lines, vkey)
	if err != nil {
		return Kept{}, err
	}
	c, err := verify.CheckCosigned(joined, vkey)
	if err != nil {
		return Kept{}, err
	}
	a := store.AnchorOf(size, store.AnchorNote, joined)
	if err := k.AddAnchor(a, joined); err != nil {
		return Kept{}, err
	}
	return Kept{Anchor: a, Service: anchor.Cosignature, Time: at.Format(time.RFC3339), By: c.By}, nil
}

// List describes the anchors of the case, by size. What is wrong with one stands in it.
func List(ctx context.Context, k *store.Case) ([]Kept, error) {
	files, err := k.Anchors(store.AnchorStamp, store.AnchorNote)
	if err != nil {
		return nil, err
	}
	notes := map[int64][]byte{}
	for cp, err := range k.Checkpoints(ctx) {
		if err != nil {
			return nil, err
		}
		notes[cp.Size] = cp.Note
	}
	out := make([]Kept, 0, len(files))
	for _, a := range files {
		b, err := k.ReadAnchor(a)
		if err != nil {
			return nil, err
		}
		out = append(out, describe(k, a, b, notes[a.Size]))
	}
	return out, nil
}

func describe(k *store.Case, a store.Anchor, b, note []byte) Kept {
	switch kept := (Kept{Anchor: a, Service: anchor.Cosignature}); {
	case note == nil:
		kept.Broken = fmt.Errorf("checkpoint of %d entries: %w", a.Size, evidence.ErrNotFound)
		return kept
	case a.Sort == store.AnchorStamp:
		kept.Service = anchor.Stamp
		var certs [][]byte
		if chain, err := k.ReadAnchor(a.Beside(store.AnchorChain)); err == nil && len(chain) > 0 {
			certs = append(certs, chain)
		}
		s, err := verify.CheckStamp(b, note, certs...)
		kept.Time, kept.By, kept.Subject, kept.Broken = s.Time, s.By, s.Subject, err
		return kept
	default:
		kept.Time, kept.By, kept.Broken = cosigner(b, note)
		return kept
	}
}

// cosigner reads time and key ID of the line that follows the checkpoint's own. Its
// signature is for those to check who have the key.
func cosigner(cosigned, note []byte) (at, by string, err error) {
	line, ok := bytes.CutPrefix(cosigned, note)
	cp, perr := custody.ParseCheckpoint(cosigned)
	if !ok || perr != nil {
		return "", "", errors.Join(fmt.Errorf("%w: not over this checkpoint", evidence.ErrIntegrity), perr)
	}
	seconds, err := anchor.TimeOf(line)
	if err != nil {
		return "", "", err
	}
	return seconds.Format(time.RFC3339), cp.Signers[len(cp.Signers)-1], nil
}

// Entered returns the digests of the anchors that the log names, in hexadecimal.
func Entered(ctx context.Context, k *store.Case) (map[string]int64, error) {
	out := map[string]int64{}
	for le, err := range k.Entries(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if !bytes.Contains(le.Body, []byte(`"kind":"anchor"`)) {
			continue
		}
		e, err := custody.ParseEntry(le.Body)
		if err != nil {
			return nil, err
		}
		if d, ok := e.Plain["anchor"].(string); ok && e.Kind == "anchor" {
			out[d] = e.Seq
		}
	}
	return out, nil
}

// Enter writes an entry for each anchor that the log does not name yet, and returns how
// many. Where the log is about to be sealed, the sealed head is then what names them.
func Enter(ctx context.Context, k *store.Case) (int, error) {
	kept, err := List(ctx, k)
	if err != nil || len(kept) == 0 {
		return 0, err
	}
	known, err := Entered(ctx, k)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, a := range kept {
		b, err := k.ReadAnchor(a.Anchor)
		if err != nil {
			return n, err
		}
		digest := evidence.Sum(b).String()
		if _, there := known[digest]; there || a.Broken != nil {
			continue
		}
		plain := map[string]any{"service": a.Service, "anchor": digest, "stamped": a.Time, "counts": map[string]int64{"entries": a.Size}}
		if _, err := k.Append(ctx, store.Batch{Kind: "anchor", Plain: plain}); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
