package store

import (
	"fmt"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/blob"
)

// Batch is what one entry says and what becomes durable with it.
type Batch struct {
	// Kind is one of custody's kinds.
	Kind string
	// Start and End bound the act; Options.Now where they are zero.
	Start, End time.Time
	// Plain and Secret are fields of custody's table, by full name.
	Plain, Secret map[string]any
	Refs          map[string]int64
	// Staged are the objects that the rows name.
	Staged []*blob.Staged
	// Artifacts says what is known of artifacts. Where one was committed just now,
	// how it is stored is taken from there. What the table says already is left out.
	Artifacts   []evidence.Artifact
	Occurrences []evidence.Occurrence
	Derivations []evidence.Derivation
	Runs        []RunRow
	// Subjects are what the entry is about, where that may be many things.
	Subjects []evidence.Subject
}

// RunRow is a run with its place in the log.
type RunRow struct {
	// Seq and N are the entry and the position in its set; Append ignores them.
	Seq, N int64
	Run    evidence.Run
	// Seed is that of the salts of the record set's leaves (docs/formats/custody.md).
	Seed [32]byte
}

// batch is a Batch with its rows encoded, which needs no writer.
type batch struct {
	Batch
	artifacts                                []artifactRow
	occurrences, derivations, runs, subjects [][]byte
}

type artifactRow struct {
	artifact evidence.Artifact
	body     []byte
}

func (b *batch) encode() (err error) {
	if b.occurrences, err = encodeAll(b.Occurrences, occurrenceBody); err != nil {
		return fmt.Errorf("occurrence: %w", err)
	}
	if b.derivations, err = encodeAll(b.Derivations, derivationBody); err != nil {
		return fmt.Errorf("derivation: %w", err)
	}
	if b.runs, err = encodeAll(b.Runs, func(r RunRow) ([]byte, error) { return runBody(r.Run) }); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	if b.subjects, err = encodeAll(b.Subjects, subjectBody); err != nil {
		return fmt.Errorf("subject: %w", err)
	}
	for _, a := range b.Artifacts {
		if err := checkArtifact(a); err != nil {
			return err
		}
	}
	return nil
}

func encodeAll[T any](list []T, body func(T) ([]byte, error)) ([][]byte, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out := make([][]byte, len(list))
	for i, v := range list {
		var err error
		if out[i], err = body(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// encodeArtifacts runs after the objects have been committed: content that was
// there before is stored as it was then.
func (b *batch) encodeArtifacts() (err error) {
	stored := make(map[evidence.Digest]evidence.Stored, len(b.Staged))
	for _, st := range b.Staged {
		stored[st.Digest] = st.Stored
	}
	b.artifacts = make([]artifactRow, len(b.Artifacts))
	for i, a := range b.Artifacts {
		if s, ok := stored[a.SHA256]; ok && a.Stored.Encoding != evidence.StoredInPlace {
			a.Stored = s
		}
		b.artifacts[i].artifact = a
		if b.artifacts[i].body, err = artifactBody(a); err != nil {
			return fmt.Errorf("artifact: %w", err)
		}
	}
	return nil
}
