package anchor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/anchor"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// Pending is a request in the queue.
type Pending struct {
	File store.Anchor
	anchor.Queued
}

// Queue returns what has no answer yet, by size. A file that is none of ours fails it with
// evidence.ErrFormat: nothing is passed over.
func Queue(k *store.Case) ([]Pending, error) {
	files, err := k.Anchors(store.AnchorQueued)
	if err != nil {
		return nil, err
	}
	out := make([]Pending, 0, len(files))
	for _, f := range files {
		b, err := k.ReadAnchor(f)
		if err != nil {
			return nil, err
		}
		q, err := anchor.ParseQueued(b)
		if err != nil || q.Size != f.Size {
			return nil, errors.Join(fmt.Errorf("anchor: %s: %w: not a request", f.File(), evidence.ErrFormat), err)
		}
		out = append(out, Pending{f, q})
	}
	return out, nil
}

// AskStamp queues a request for a time stamp over the checkpoint of size entries, durably;
// url is whom to ask, "" where it will be carried by hand. One that waits already is
// returned as it is.
func AskStamp(ctx context.Context, k *store.Case, size int64, url string, now time.Time, rand io.Reader) (Pending, error) {
	if url != "" {
		if err := CheckURL(url); err != nil {
			return Pending{}, fmt.Errorf("anchor: %w", err)
		}
	}
	note, err := NoteOf(ctx, k, size)
	if err != nil {
		return Pending{}, err
	}
	waiting, err := Queue(k)
	if err != nil {
		return Pending{}, err
	}
	for _, p := range waiting {
		if p.Service == anchor.Stamp && p.Size == size && p.URL == url {
			return p, nil
		}
	}
	request, err := anchor.StampRequest(note, rand)
	if err != nil {
		return Pending{}, err
	}
	return enqueue(k, anchor.Queued{Service: anchor.Stamp, Size: size, URL: url, Request: request, Queued: now})
}

// AskCosignature queues a request for a witness's cosignature, durably. vkey is its key.
func AskCosignature(k *store.Case, size int64, url, vkey string, now time.Time) (Pending, error) {
	if err := CheckURL(url); err != nil {
		return Pending{}, fmt.Errorf("anchor: %w", err)
	}
	waiting, err := Queue(k)
	if err != nil {
		return Pending{}, err
	}
	for _, p := range waiting {
		if p.Service == anchor.Cosignature && p.Size == size && p.URL == url && p.Key == vkey {
			return p, nil
		}
	}
	return enqueue(k, anchor.Queued{Service: anchor.Cosignature, Size: size, URL: url, Key: vkey, Queued: now})
}

func enqueue(k *store.Case, q anchor.Queued) (Pending, error) {
	q.Queued = q.Queued.UTC().Truncate(time.Second)
	b, err := q.Marshal()
	if err != nil {
		return Pending{}, err
	}
	p := Pending{store.AnchorOf(q.Size, store.AnchorQueued, b), q}
	return p, k.AddAnchor(p.File, b)
}

// Send asks what p is about, keeps the answer durably and strikes p off the queue. certs are
// files with certificates of the authority, where it does not enclose its own. It fails with
// ErrUnreachable, ErrRefused, ErrForked, ErrAhead, and as KeepStamp and KeepCosigned do; p is then
// still there.
func (c Client) Send(ctx context.Context, k *store.Case, p Pending, certs ...[]byte) (Kept, error) {
	if p.URL == "" {
		return Kept{}, fmt.Errorf("anchor: %s: %w: it is carried by hand", p.File.File(), ErrRefused)
	}
	note, err := NoteOf(ctx, k, p.Size)
	if err != nil {
		return Kept{}, err
	}
	var kept Kept
	if p.Service == anchor.Stamp {
		kept, err = c.sendStamp(ctx, k, p, note, certs)
	} else {
		kept, err = c.sendCosignature(ctx, k, p, note)
	}
	if err != nil {
		return Kept{}, fmt.Errorf("anchor: %w", err)
	}
	return kept, k.RemoveQueued(p.File)
}

func (c Client) sendStamp(ctx context.Context, k *store.Case, p Pending, note []byte, certs [][]byte) (Kept, error) {
	response, err := c.Stamp(ctx, p.URL, p.Request)
	if err != nil {
		return Kept{}, err
	}
	if err := answers(response, p.Request); err != nil {
		return Kept{}, fmt.Errorf("%s: %w", p.URL, err)
	}
	return KeepStamp(k, p.Size, note, response, certs...)
}

// sendCosignature asks a witness. What it knows of the log is learnt from its answer.
func (c Client) sendCosignature(ctx context.Context, k *store.Case, p Pending, note []byte) (Kept, error) {
	old := int64(0)
	for range 4 { // others may send checkpoints of this log at the same time
		proof, err := consistency(ctx, k, old, p.Size)
		if err != nil {
			return Kept{}, err
		}
		lines, err := c.Cosign(ctx, p.URL, anchor.AddCheckpoint{Old: old, Proof: proof, Note: note})
		var stale *errStale
		switch {
		case errors.As(err, &stale) && stale.size > p.Size:
			size, _, herr := k.Head(ctx)
			if herr != nil {
				return Kept{}, herr
			}
			if stale.size > size {
				return Kept{}, fmt.Errorf("%s: %w: %d, and the log has %d", p.URL, ErrAhead, stale.size, size)
			}
			return Kept{}, fmt.Errorf("%s: %w: it has cosigned a later checkpoint already, of %d entries; this one, of %d, is too old for it", p.URL, ErrRefused, stale.size, p.Size)
		case errors.As(err, &stale):
			old = stale.size
			continue
		case err != nil:
			return Kept{}, err
		}
		return KeepCosigned(k, p.Size, note, lines, p.Key)
	}
	return Kept{}, fmt.Errorf("%s: %w: what it knows of the log changed each time it was asked", p.URL, ErrRefused)
}

// consistency proves that the tree of size entries continues that of old.
func consistency(ctx context.Context, k *store.Case, old, size int64) (proof [][32]byte, err error) {
	if old < 1 || old >= size {
		return nil, nil
	}
	err = k.Nodes(ctx, func(_ int64, read custody.ReadHashes) error {
		proof, err = custody.ProveConsistent(old, size, read)
		return err
	})
	return proof, err
}

// answers reports whether a response answers a request: the same imprint, the same nonce. It
// fails with evidence.ErrIntegrity where it does not, with evidence.ErrFormat where one of them
// cannot be read, or the authority refused.
func answers(response, request []byte) error {
	asked, nonce, err := anchor.ReadRequest(request)
	if err != nil {
		return err
	}
	imprint, answered, err := verify.ReadStamp(response)
	switch {
	case err != nil:
		return err
	case imprint != asked:
		return fmt.Errorf("anchor: time-stamp response: %w: it is over something else than was asked", evidence.ErrIntegrity)
	case nonce != nil && (answered == nil || answered.Cmp(nonce) != 0):
		return fmt.Errorf("anchor: time-stamp response: %w: its nonce is not that of the request: it answers another one", evidence.ErrIntegrity)
	}
	return nil
}

// Import takes a response that was carried in: it finds out which request it answers, keeps
// it and strikes that request off the queue. One that answers no request of ours, but is over
// a checkpoint of the case, is kept too. It fails with evidence.ErrNotFound where it is over
// something else.
func Import(ctx context.Context, k *store.Case, response []byte, certs ...[]byte) (Kept, error) {
	waiting, err := Queue(k)
	if err != nil {
		return Kept{}, err
	}
	for _, p := range waiting {
		if p.Service != anchor.Stamp {
			continue
		}
		err := answers(response, p.Request)
		if errors.Is(err, evidence.ErrFormat) {
			return Kept{}, err
		}
		if err != nil {
			continue
		}
		note, err := NoteOf(ctx, k, p.Size)
		if err != nil {
			return Kept{}, err
		}
		kept, err := KeepStamp(k, p.Size, note, response, certs...)
		if err != nil {
			return Kept{}, err
		}
		return kept, k.RemoveQueued(p.File)
	}
	// Somebody may have asked with another program.
	imprint, _, err := verify.ReadStamp(response)
	if err != nil {
		return Kept{}, err
	}
	for cp, err := range k.Checkpoints(ctx) {
		if err != nil {
			return Kept{}, err
		}
		if evidence.Sum(cp.Note) == evidence.Digest(imprint) {
			return KeepStamp(k, cp.Size, cp.Note, response, certs...)
		}
	}
	return Kept{}, fmt.Errorf("anchor: time-stamp response: it is over %w in this case: no checkpoint has the SHA-256 %x", evidence.ErrNotFound, imprint)
}
