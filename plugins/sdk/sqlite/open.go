// Package sqlite reads SQLite databases that are evidence: with their write-ahead
// log, read-only, in memory that is bounded, and with the exact place of every row.
//
//	db, err := sqlite.Open(c, in)
//	if err != nil {
//		return err
//	}
//	defer db.Close()
//	for row := range db.Query("sms", `SELECT _id, address, body, date FROM sms`) {
//		m := sdk.SMS{From: row.Text("address"), Text: row.Text("body"), Extra: row.Extra("address", "body", "date")}
//		if err := out.Put(&m, row.Source()); err != nil {
//			return err
//		}
//	}
//	return db.Err()
//
// The log is the input with the role "wal", which a manifest's companions ask for
// (docs/formats/plugin.md): its committed transactions are laid over the database,
// and a row whose bytes stand in the log has that role in its Source. A log that is
// missing, has no commit, or holds more than was committed is a diagnostic, and so is
// a rollback journal (role "journal") of a transaction that had not ended.
//
// The SQL is run by SQLite translated to Go (github.com/ncruces/go-sqlite3), which
// has its memory to itself. Sorting and grouping happen there, in 256 MiB at most:
// let Go sort what is larger, or read in the order of the rowid. Functions and
// collations of an application's own do not exist; a collation compares bytes.
package sqlite

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/sqlitefile"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// The roles of the files that come with a database.
const (
	RoleWAL     = "wal"
	RoleJournal = "journal"
)

// Codes of diagnostics.
const (
	codeWALMissing     = "sqlite.wal_missing"
	codeWALUnused      = "sqlite.wal_unused"
	codeWALUncommitted = "sqlite.wal_uncommitted"
	codeWALBroken      = "sqlite.wal_broken"
	codeWALStale       = "sqlite.wal_stale"
	codeJournal        = "sqlite.journal"
	codeTruncated      = "sqlite.truncated"
	codeSchema         = "sqlite.schema_damaged"
	codePage           = "sqlite.page_damaged"
	codeRow            = "sqlite.row_unreadable"
	codeStopped        = "sqlite.query_stopped"
	codeBudget         = "sqlite.too_much_to_join"
	codeColumn         = "sqlite.column_missing"
	codeNotRead        = "sqlite.table_not_read"
)

// Bounds, and what they are for.
const (
	maxMemory  = 256 << 20 // of SQLite
	maxValue   = 64 << 20  // bytes of a value, or of a row: beyond, the row is rejected
	cacheKiB   = 8 << 10   // of pages
	maxObjects = 100_000   // of a schema
)

// DB is a database. It is for one goroutine at a time.
type DB struct {
	c       *sdk.Ctx
	in, wal *sdk.Input
	file    *sqlitefile.File
	conn    *sqlite3.Conn
	vfs     string
	tables  map[string]*table // by name, in lower case
	names   []string
	damage  sdk.Tally
	err     error
}

// Open opens the database that in is. The error is sdk.ErrMalformed where it is none,
// which an encrypted one looks like too.
func Open(c *sdk.Ctx, in *sdk.Input) (*DB, error) {
	db := &DB{c: c, in: in, damage: sdk.Tally{Code: codePage, Severity: evidence.SeverityDamage, Message: "a page of the database is damaged; the rows that were on it, or below it, are not seen"}}
	if w := c.Input(RoleWAL); w != in {
		db.wal = w
	}
	var err error
	if db.wal != nil {
		db.file, err = sqlitefile.Open(in, in.Size, db.wal, db.wal.Size)
	} else {
		db.file, err = sqlitefile.Open(in, in.Size, nil, 0)
	}
	switch {
	case errors.Is(err, sqlitefile.ErrNotDatabase):
		return nil, fmt.Errorf("%w: no SQLite database, or one that is encrypted: %w", sdk.ErrMalformed, err)
	case err != nil:
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	if err := db.describe(); err != nil {
		return nil, err
	}
	if err := db.connect(); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// Header is what the database says of itself.
type Header = sqlitefile.Header

// Header returns what the database says of itself: its page size, the encoding of
// its text, and the numbers that applications tell their schemas apart by.
func (db *DB) Header() Header { return db.file.Header() }

// Close frees what the database holds.
func (db *DB) Close() error {
	db.damage.Total(db.c)
	db.damage = sdk.Tally{}
	return db.disconnect()
}

// Err says why a loop over rows ended before the rows did: the input could not be
// read, the run was cancelled, or the query is one that this database cannot answer.
// Damage is no error but a diagnostic.
func (db *DB) Err() error {
	if err := db.c.Err(); err != nil {
		return err
	}
	for _, in := range []*sdk.Input{db.in, db.wal} {
		if in != nil && in.Err() != nil {
			return in.Err()
		}
	}
	return db.err
}

// describe says what an examiner should know of the files.
func (db *DB) describe() error {
	h, w := db.file.Header(), db.file.WAL()
	if h.Missing > 0 {
		db.c.Diagnose(sdk.Diagnostic{
			Code: codeTruncated, Severity: evidence.SeverityDamage, Source: db.in.Source(0, db.in.Size),
			Message: "the database is cut short; rows on the pages that are missing are not seen",
			Data:    map[string]any{"pages": h.Pages, "missing": h.Missing},
		})
	}
	if h.WALMode && !w.Present {
		db.c.Warn(db.in.Source(0, db.in.Size), codeWALMissing,
			"the database was written through a write-ahead log and came without one: if there was one, its rows and changes are not seen (hand over the file with -wal at the end of its name)")
	}
	if w.Present {
		db.describeLog(w)
	}
	return db.describeJournal()
}

func (db *DB) describeLog(w sqlitefile.WAL) {
	say := func(severity, code, message string, n int64, unit string) {
		if n > 0 {
			db.c.Diagnose(sdk.Diagnostic{Code: code, Severity: severity, Message: message, Source: db.wal.Source(0, db.wal.Size), Data: map[string]any{unit: n}})
		}
	}
	if w.Frames == 0 && db.wal.Size > 0 {
		severity := evidence.SeverityWarning
		if w.Valid {
			severity = evidence.SeverityInfo
		}
		say(severity, codeWALUnused, "nothing of the write-ahead log was used: "+w.Reason, db.wal.Size, "bytes")
	}
	say(evidence.SeverityInfo, codeWALUncommitted, "the write-ahead log holds pages of a transaction that was never committed; they are not read", w.Uncommitted, "frames")
	say(evidence.SeverityDamage, codeWALBroken, "the write-ahead log holds pages whose checksums are wrong; they and what follows them are not read", w.Broken, "frames")
	say(evidence.SeverityInfo, codeWALStale, "the write-ahead log holds older versions of pages, from before it was last begun anew; they are not read", w.Stale, "frames")
}

// journalMagic begins a rollback journal that is in use (fileformat2.html §3).
const journalMagic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"

func (db *DB) describeJournal() error {
	j := db.c.Input(RoleJournal)
	if j == nil || j == db.in || j.Size < int64(len(journalMagic)) {
		return nil
	}
	b := make([]byte, len(journalMagic))
	if n, err := j.ReadAt(b, 0); n < len(b) {
		return err
	}
	if bytes.Equal(b, []byte(journalMagic)) {
		db.c.Warn(j.Source(0, j.Size), codeJournal,
			"a transaction had not ended: the rollback journal holds pages as they were before it; the database is read as it stands, without going back")
	}
	return nil
}
