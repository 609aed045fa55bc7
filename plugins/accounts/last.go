package main

import (
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// lastWords says what was read, and what is missing.
func (p *parser) lastWords() {
	statements := map[string]any{}
	var n int64
	for w, k := range p.counts {
		statements[w], n = k, n+k
	}
	switch {
	case n == 0:
		p.c.Reject(sdk.At(0, p.size), "dump.unknown", "no statement of SQL was found: the input is no dump that this plugin reads")
		return
	case p.rows+p.rejected == 0:
		p.c.Warn(sdk.At(0, p.size), "dump.no_rows", "the dump holds no rows")
	}
	if p.marked && !p.ended {
		p.c.Warn(sdk.At(p.size, 0), "dump.no_end_mark", "the line that the dump's program writes last is missing: the dump may be cut short between two statements")
	}
	if p.undecoded > 0 {
		p.c.Diagnose(sdk.Diagnostic{
			Code: "charset.undecoded", Severity: evidence.SeverityWarning, Data: map[string]any{"values": p.undecoded, "charset": p.text.current.name},
			Message: "values are not text in the charset they were read in; their bytes are kept beside what is shown",
		})
	}
	if p.tables.full {
		p.c.Warn(sdk.At(0, p.size), "dump.tables", "there are more tables or lists of columns than are remembered; the others become rows, their columns may have no names")
	}
	p.c.Diagnose(sdk.Diagnostic{
		Code: "dump.read", Severity: evidence.SeverityInfo, Message: "what the dump holds, by statements and by rows of tables",
		Data: map[string]any{"dialect": p.dialect.String(), "statements": statements, "tables": p.tables.counts()},
	})
}

// maxListed is how many tables the last word counts one by one.
const maxListed = 1000

func (t *tables) counts() map[string]any {
	m := map[string]any{}
	for _, one := range t.order[:min(len(t.order), maxListed)] {
		m[one.name] = one.rows
	}
	return m
}
