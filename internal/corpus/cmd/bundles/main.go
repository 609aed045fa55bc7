// Command bundles writes bundles of a small made-up case, for tests of other programs:
//
//	go run ./internal/corpus/cmd/bundles DIR
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/exhibit-forensics/exhibit/core/disclose/disclosetest"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: bundles DIR")
		os.Exit(64)
	}
	if err := write(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "bundles:", err)
		os.Exit(1)
	}
}

func write(ctx context.Context, dir string) error {
	requests := disclosetest.Requests()
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		work, err := os.MkdirTemp("", "bundles")
		if err != nil {
			return err
		}
		defer os.RemoveAll(work)
		c, err := disclosetest.New(ctx, filepath.Join(work, "case"), 1)
		if err != nil {
			return err
		}
		if err := c.Sample(ctx); err != nil {
			return err
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if _, err := c.Disclose(ctx, filepath.Join(dir, name+".zip"), requests[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := c.Store.Close(); err != nil {
			return err
		}
	}
	return nil
}
