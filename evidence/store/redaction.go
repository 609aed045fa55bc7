package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// redactionKeyName is the file of the secret under which pseudonyms are made.
const redactionKeyName = "redaction.key"

// RedactionKey returns the 32 bytes under which pseudonyms and shifts of the case are made
// (docs/formats/policy.md). A case that has none yet, and is open for writing, is given one,
// durable before RedactionKey returns; one that is not fails with evidence.ErrNotFound. It
// fails with evidence.ErrIntegrity where the file does not hold that many.
func (c *Case) RedactionKey(ctx context.Context) ([]byte, error) {
	name := filepath.Join(c.dir, secretsDir, redactionKeyName)
	b, err := readSecret(name)
	if errors.Is(err, fs.ErrNotExist) {
		if c.w == nil {
			return nil, fmt.Errorf("store: redaction key: %w: the case has none yet, and is not open for writing", evidence.ErrNotFound)
		}
		err = c.w.submit(ctx, func() error {
			if b, err = readSecret(name); !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			b = make([]byte, secretSize)
			if _, err := io.ReadFull(c.w.o.Rand, b); err != nil {
				return fmt.Errorf("random source: %w", err)
			}
			return writeDurably(name, b, 0o600)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("store: redaction key: %w", classify(err))
	}
	return b, nil
}

// readSecret reads a secret of the case from its file.
func readSecret(name string) ([]byte, error) {
	b, err := os.ReadFile(name)
	if err == nil && len(b) != secretSize {
		return nil, fmt.Errorf("%w: %d bytes, not %d", evidence.ErrIntegrity, len(b), secretSize)
	}
	return b, err
}
