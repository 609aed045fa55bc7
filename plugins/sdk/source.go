package sdk

import (
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Source says where in the run's input something was read
// (docs/formats/records.md). At least one of a span, a row and a pointer is
// stated; the zero Source is the whole input, and only diagnostics may have it.
type Source struct {
	// Offset and Length are bytes of the input, without a line's ending; stated where HasSpan.
	Offset, Length int64
	HasSpan        bool
	// Line counts from 1; 0 where there are no lines.
	Line int64
	// Table names a table, and RowID a row of it where HasRow; without, the row is
	// known by its span alone.
	Table  string
	RowID  int64
	HasRow bool
	// Pointer is a JSON pointer (RFC 6901) or an XPath.
	Pointer string
	// Role is that of the manifest's member; "" where the input is one artifact.
	Role string
	// Profile and Key say how it was decrypted: the profile's name, the key's fingerprint.
	Profile, Key string
}

// At returns the Source of a span.
func At(offset, length int64) Source {
	return Source{Offset: offset, Length: length, HasSpan: true}
}

// RowOf returns the Source of a database row.
func RowOf(table string, rowid int64) Source { return Source{Table: table, RowID: rowid, HasRow: true} }

// PointerTo returns the Source of what a JSON pointer or XPath names.
func PointerTo(pointer string) Source { return Source{Pointer: pointer} }

// unit is the part of a Source that tells units of the input apart.
type unit struct {
	offset, length, line, rowid int64
	hasSpan, hasRow             bool
	table, pointer, role        string
}

func (s *Source) unit() unit {
	return unit{s.Offset, s.Length, s.Line, s.RowID, s.HasSpan, s.HasRow, s.Table, s.Pointer, s.Role}
}

func (s *Source) placed() bool { return s.HasSpan || s.Table != "" && s.HasRow || s.Pointer != "" }

// checkSource reports with ErrSource why s is no place in the job's inputs.
func (j *job) checkSource(s *Source) error {
	switch {
	case !s.placed():
		return fmt.Errorf("%w: it states neither span nor row nor pointer", ErrSource)
	case !s.HasSpan && (s.Offset != 0 || s.Length != 0):
		return fmt.Errorf("%w: offset or length without HasSpan", ErrSource)
	case s.HasRow && s.Table == "" || !s.HasRow && s.RowID != 0:
		return fmt.Errorf("%w: a row without its table, or without HasRow", ErrSource)
	case s.Line < 0 || s.Line > evidence.MaxSafeInteger:
		return fmt.Errorf("%w: line %d", ErrSource, s.Line)
	}
	span := evidence.Span{Offset: s.Offset, Length: s.Length}
	for _, in := range j.inputs {
		if (s.Role == "" || s.Role == in.Role) && span.Within(in.Size) {
			return nil
		}
	}
	return fmt.Errorf("%w: bytes %d+%d, role %q", ErrSource, s.Offset, s.Length, s.Role)
}

// encode appends the object of docs/formats/records.md.
func (s *Source) encode(e *encoder) {
	e.key("source")
	at := e.open()
	e.plain("key", s.Key)
	if s.HasSpan {
		e.integer("length", s.Length)
	}
	if s.Line > 0 {
		e.integer("line", s.Line)
	}
	if s.HasSpan {
		e.integer("offset", s.Offset)
	}
	e.plain("pointer", s.Pointer)
	e.plain("profile", s.Profile)
	e.plain("role", s.Role)
	if s.HasRow {
		e.key("rowid")
		e.int(s.RowID)
	}
	e.plain("table", s.Table)
	e.close(at)
}
