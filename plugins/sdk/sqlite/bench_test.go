package sqlite_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

// BenchmarkRows reads a table of messages, and SQLite's own program does the same.
func BenchmarkRows(b *testing.B) {
	const rows = 200_000
	f := seize(b, `CREATE TABLE message(id INTEGER PRIMARY KEY, peer TEXT, body TEXT, at INTEGER, state INTEGER);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 200000) INSERT INTO message SELECT i, printf('+1390000%04d', i%10000), printf('message number %d, a text of usual length', i), 1217574619+i, i%3 FROM n;`)
	report := func(b *testing.B) {
		b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	}
	db := filepath.Join(b.TempDir(), "b.db")
	if err := os.WriteFile(db, f["input"], 0o600); err != nil {
		b.Fatal(err)
	}
	b.Run("sqlite3", func(b *testing.B) {
		for range b.N {
			cmd := exec.Command("sqlite3", db, "SELECT id, peer, body, at, state FROM message")
			out, err := cmd.Output()
			if n := bytes.Count(out, []byte("\n")); err != nil || n != rows {
				b.Fatal(err, n)
			}
		}
		report(b)
	})
	read := func(b *testing.B, op sdk.Op) {
		for range b.N {
			in := sdk.NewInput(bytes.NewReader(f["input"]), int64(len(f["input"])))
			r, err := sdk.Run(b.Context(), sdk.Plugin{Parse: op}, sdk.Job{Operation: evidence.OpParse, Inputs: []*sdk.Input{in}, Records: io.Discard, Diagnostics: io.Discard, Artifacts: io.Discard})
			if err != nil || r.Err != nil {
				b.Fatal(err, r.Err)
			}
		}
		report(b)
	}
	loop := func(each func(*sqlite.Row, *sdk.Out) error) sdk.Op {
		return func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
			db, err := sqlite.Open(c, in)
			if err != nil {
				return err
			}
			defer db.Close()
			n := 0
			for row := range db.Query("message", "SELECT id, peer, body, at, state FROM message") {
				n++
				if err := each(row, out); err != nil {
					return err
				}
			}
			if n != rows {
				b.Fatal(n)
			}
			return db.Err()
		}
	}
	b.Run("rows", func(b *testing.B) { read(b, loop(func(*sqlite.Row, *sdk.Out) error { return nil })) })
	b.Run("values", func(b *testing.B) {
		read(b, loop(func(r *sqlite.Row, _ *sdk.Out) error {
			_, _, _, _ = r.Text("peer"), r.Text("body"), r.Int("at"), r.Int("state")
			return nil
		}))
	})
	b.Run("values and places", func(b *testing.B) {
		read(b, loop(func(r *sqlite.Row, _ *sdk.Out) error {
			_, _, _, _, _ = r.Text("peer"), r.Text("body"), r.Int("at"), r.Int("state"), r.Source()
			return nil
		}))
	})
	b.Run("records", func(b *testing.B) {
		read(b, loop(func(r *sqlite.Row, out *sdk.Out) error {
			return out.Put(&sdk.SMS{From: r.Text("peer"), Text: r.Text("body"), Common: sdk.Common{Extra: r.Extra("peer", "body")}}, r.Source())
		}))
	})
}
