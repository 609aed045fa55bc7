package anchor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Services that anchor a checkpoint.
const (
	Stamp       = "rfc3161"
	Cosignature = "cosignature"
)

// Queued is a request that has no answer yet.
type Queued struct {
	// Service is Stamp or Cosignature, Size how many entries the checkpoint covers.
	Service string
	Size    int64
	// URL is whom to ask, "" where the request is carried by hand.
	URL string
	// Request is the TimeStampReq in DER, of a Stamp.
	Request []byte
	// Key is the witness's verifier key, of a Cosignature.
	Key    string
	Queued time.Time
}

// queued is the canonical JSON of it.
type queued struct {
	Key     string `json:"key"`
	Queued  string `json:"queued"`
	Request []byte `json:"request"`
	Service string `json:"service"`
	Size    int64  `json:"size"`
	URL     string `json:"url"`
	V       int    `json:"v"`
}

// Marshal writes the queue's file: one line of canonical JSON and a newline.
func (q Queued) Marshal() ([]byte, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	if q.Request == nil {
		q.Request = []byte{}
	}
	b, err := evidence.Canonical(queued{q.Key, q.Queued.UTC().Format(time.RFC3339), q.Request, q.Service, q.Size, q.URL, evidence.FormatVersion})
	if err != nil {
		return nil, fmt.Errorf("anchor: queue: %w", err)
	}
	return append(b, '\n'), nil
}

// ParseQueued reads what Marshal writes; evidence.ErrFormat otherwise.
func ParseQueued(b []byte) (Queued, error) {
	var f queued
	err := json.Unmarshal(b, &f)
	at, terr := time.Parse(time.RFC3339, f.Queued)
	if err != nil || terr != nil || f.V != evidence.FormatVersion {
		return Queued{}, fmt.Errorf("anchor: queue: %w: not a request", evidence.ErrFormat)
	}
	q := Queued{f.Service, f.Size, f.URL, f.Request, f.Key, at}
	again, err := q.Marshal()
	if err != nil || !bytes.Equal(again, b) {
		return Queued{}, fmt.Errorf("anchor: queue: %w: not in its one form", evidence.ErrFormat)
	}
	return q, nil
}

func (q Queued) check() error {
	ok := q.Size > 0 && q.Size <= evidence.MaxSafeInteger
	switch q.Service {
	case Stamp:
		ok = ok && q.Key == "" && len(q.Request) > 0
	case Cosignature:
		_, _, err := ParseVKey(q.Key)
		ok = ok && err == nil && len(q.Request) == 0
	default:
		ok = false
	}
	if !ok {
		return fmt.Errorf("anchor: queue: %w: not a request for a time stamp or a cosignature", evidence.ErrFormat)
	}
	return nil
}
