package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// outside refuses a file that would become part of the case.
func outside(command, name string, k *store.Case) error {
	dir, err := filepath.EvalSymlinks(filepath.Dir(name))
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if err != nil {
		return fmt.Errorf("--out %s: %w", visible(name), err)
	}
	own, err := filepath.EvalSymlinks(k.Dir())
	if err == nil {
		own, err = filepath.Abs(own)
	}
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(own, dir); err == nil && rel != ".." && !strings.HasPrefix(rel, "../") {
		return usagef("%s: --out %s is inside the case, where nothing but the case may be; name a place outside", command, visible(name))
	}
	return nil
}
