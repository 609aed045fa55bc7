package selftest

import (
	"context"
	"encoding/json"
)

// VectorsJSON is what the program has.
func VectorsJSON() []byte { return vectorsJSON }

// RunVectors carries out what needs no plugin and no case, with these vectors.
func RunVectors(ctx context.Context, vectors []byte) (*Record, error) {
	t := &tester{record: &Record{}}
	if err := json.Unmarshal(vectors, &t.vectors); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{t.primitives, t.log, t.proofs} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	t.record.conclude()
	return t.record, nil
}
