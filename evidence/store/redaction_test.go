package store_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func TestRedactionKey(t *testing.T) {
	ctx := t.Context()
	c := create(t)
	name := filepath.Join(c.Dir(), "secrets", "redaction.key")
	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		t.Fatal("it is there before anybody needs it", err)
	}
	if _, err := openReader(t, c.Dir()).RedactionKey(ctx); !errors.Is(err, evidence.ErrNotFound) {
		t.Fatal("a reader made one, or:", err)
	}
	var all [8][]byte
	var done sync.WaitGroup
	for i := range all {
		done.Go(func() {
			key, err := c.RedactionKey(ctx)
			if err != nil {
				t.Error(err)
			}
			all[i] = key
		})
	}
	done.Wait()
	for _, key := range all {
		if len(key) != 32 || !bytes.Equal(key, all[0]) {
			t.Fatal("several keys")
		}
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if secret, err := c.Secret(); err != nil || bytes.Equal(secret, all[0]) {
		t.Error("the key of fingerprints is another one", err)
	}
	c = reopen(t, c)
	if key, err := c.RedactionKey(ctx); err != nil || !bytes.Equal(key, all[0]) {
		t.Error(key, err)
	}
	for _, secrets := range []bool{true, false} {
		to := filepath.Join(t.TempDir(), "copy")
		if _, err := store.Backup(ctx, c.Dir(), to, store.BackupOptions{Secrets: secrets}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(to, "secrets", "redaction.key")); secrets != bytes.Equal(got, all[0]) || secrets != (err == nil) {
			t.Errorf("backup with secrets %v: %v", secrets, err)
		}
		intact(t, to)
	}
	if err := os.WriteFile(name, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.RedactionKey(ctx); !errors.Is(err, evidence.ErrIntegrity) {
		t.Error(err)
	}
}
