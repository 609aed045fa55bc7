package sqlite_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

func TestConformance(t *testing.T) {
	f := seize(t, "PRAGMA page_size=512;"+messages+"INSERT INTO message SELECT id+2, 'canary ' || hex(zeroblob(id*40)), at FROM message; INSERT INTO message SELECT id+4, body, at FROM message;")
	sdktest.Run(t, sdk.Plugin{Name: "sqlite", Version: "1", Parse: tableOp("message")}, []sdktest.Case{
		{Name: "database", Operation: evidence.OpParse, Data: f["input"], Canary: "canary "},
	})
}

// Whatever the bytes: no panic, and units that add up.
func FuzzTable(f *testing.F) {
	for _, script := range []string{
		"PRAGMA page_size=512;" + messages + "CREATE INDEX i ON message(body);",
		"PRAGMA page_size=512; PRAGMA journal_mode=WAL;" + messages,
	} {
		e := seize(f, script)
		f.Add(e["input"], e["wal"])
	}
	f.Fuzz(func(t *testing.T, db, wal []byte) {
		if len(db) > 1<<18 || len(wal) > 1<<18 {
			t.Skip()
		}
		e := files{"input": db}
		if len(wal) > 0 {
			e["wal"] = wal
		}
		for _, op := range []sdk.Op{tableOp("message"), queryOp("message", "SELECT body, id FROM message ORDER BY body")} {
			out := parse(t, e, op)
			if out.Err != nil && strings.Contains(out.Err.Error(), "panicked") || errors.Is(out.Err, sdk.ErrSource) || errors.Is(out.Err, sdk.ErrRecord) {
				t.Fatal(out.Err)
			}
		}
	})
}
