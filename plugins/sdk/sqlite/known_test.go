package sqlite_test

import (
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

const odd = `CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT, picture BLOB, at, note TEXT, unheard_of TEXT);
INSERT INTO t VALUES (1, 'a', x'ff00', 1714536428038, NULL, 'kept');
INSERT INTO t VALUES (2, printf('%.*c', 65537, 'x'), zeroblob(5000), 1714536428, NULL, NULL);
INSERT INTO t VALUES (3, NULL, NULL, 736228800.25, NULL, NULL), (4, NULL, NULL, 0, NULL, NULL), (5, NULL, NULL, 'soon', NULL, NULL), (6, NULL, NULL, NULL, NULL, NULL), (7, NULL, NULL, 9.5e300, NULL, NULL);
CREATE TABLE other(number INTEGER, of_what INTEGER); INSERT INTO other VALUES (70, 1), (NULL, 2);
CREATE TABLE empty(a);`

// withDB runs f over a database of the script, and returns the codes of what was said.
func withDB(t *testing.T, script string, f func(c *sdk.Ctx, db *sqlite.DB, out *sdk.Out)) output {
	t.Helper()
	return parse(t, seize(t, script), func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		db, err := sqlite.Open(c, in)
		if err != nil {
			return err
		}
		defer db.Close()
		f(c, db, out)
		return db.Err()
	})
}

// A record has all columns that say something and were not taken; what is long is
// described, and its record flagged.
func TestCommon(t *testing.T) {
	out := withDB(t, odd, func(_ *sdk.Ctx, db *sqlite.DB, out *sdk.Out) {
		for row := range db.Table("t") {
			m := sdk.Message{Common: row.Common("body", "AT")}
			if err := out.Put(&m, row.Source()); err != nil {
				t.Error(err)
			}
		}
	})
	extra := out.records[0]["extra"].(object)
	if len(extra) != 2 || extra["unheard_of"] != "kept" || extra["picture"].(object)["raw"] != "/wA=" || out.records[0]["flags"] != nil {
		t.Errorf("%v", out.records[0])
	}
	long := out.records[1]
	if p := long["extra"].(object)["picture"].(object); len(long["extra"].(object)) != 1 || p["bytes"].(interface{ String() string }).String() != "5000" || !strings.HasPrefix(p["sha256"].(string), "7ca5bd879f393d9d") || long["flags"].([]any)[0] != sqlite.FlagLong {
		t.Errorf("%v", long)
	}
	if out.records[5]["extra"] != nil {
		t.Errorf("%v", out.records[5])
	}
}

func TestRecord(t *testing.T) {
	out := withDB(t, odd, func(_ *sdk.Ctx, db *sqlite.DB, out *sdk.Out) {
		for row := range db.Table("t") {
			if err := out.Put(row.Record(), row.Source()); err != nil {
				t.Error(err)
			}
		}
		for row := range db.Table("other") { // its rowid is no column
			if err := out.Put(row.Record(), row.Source()); err != nil {
				t.Error(err)
			}
		}
	})
	r := out.records[1]
	columns := r["columns"].(object)
	if r["table"] != "t" || len(columns) != 6 || columns["note"] != nil || columns["body"].(object)["bytes"] == nil || r["flags"].([]any)[0] != sqlite.FlagLong {
		t.Errorf("%v", r)
	}
	if last := out.records[len(out.records)-1]; len(last["columns"].(object)) != 2 {
		t.Errorf("%v", last)
	}
}

func TestTime(t *testing.T) {
	ms := sdk.Epoch{Unit: "ms", Epoch: "unix", Kind: sdk.Sent, Basis: sdk.Declared}
	seconds := sdk.Epoch{Unit: "s", Epoch: "unix"}
	since2001 := sdk.Epoch{Unit: "s", Epoch: "mac", Kind: sdk.Sent, Basis: sdk.Declared}
	var got, set, mac []string
	withDB(t, odd, func(_ *sdk.Ctx, db *sqlite.DB, _ *sdk.Out) {
		for row := range db.Table("t") {
			a, b, c := row.Time("at", ms, seconds), row.SetTime("at", ms), row.Time("at", since2001)
			got = append(got, a.String()+" "+a.Basis.Basis+" "+a.Basis.Unit)
			set, mac = append(set, b.String()), append(mac, c.String()+" "+c.Basis.Unit)
			if row.ID("id") == 4 && !b.Raw.IsAbsent() {
				t.Error("0 is a time")
			}
			if gone := row.Time("nowhere", ms); !gone.Raw.IsAbsent() || gone.Kind != "" {
				t.Errorf("%+v", gone)
			}
		}
	})
	want := []string{
		"2024-05-01T04:07:08.038Z declared ms", "2024-05-01T04:07:08Z detected s", "1993-05-01T04:00:00.250000Z detected s", "1970-01-01T00:00:00.000Z declared ms", " declared ms", "  ", " declared ms",
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: %q, not %q", i+1, got[i], want[i])
		}
	}
	if set[0] != "2024-05-01T04:07:08.038Z" || set[1] != "1970-01-20T20:15:36.428Z" || set[3] != "" {
		t.Errorf("%q", set)
	}
	if mac[2] != "2024-05-01T04:00:00.250000Z s" || mac[6] != " s" {
		t.Errorf("%q", mac)
	}
}

// Tables that are not as they are known, and tables with rows that nobody reads, are named.
func TestKnown(t *testing.T) {
	var ids []int64
	out := withDB(t, odd, func(_ *sdk.Ctx, db *sqlite.DB, _ *sdk.Out) {
		if !db.Has("T", "body", "AT") || db.Has("t", "body", "nothing") || db.Has("nowhere", "a") {
			t.Error("Has")
		}
		if err := db.NotRead("other", "empty", "nowhere"); err != nil {
			t.Error(err)
		}
		for row := range db.Table("other") {
			ids = append(ids, row.ID("number"))
		}
	})
	if got := out.says(); got != "unresolved sqlite.column_missing, info sqlite.table_not_read" {
		t.Error(got)
	}
	if len(ids) != 2 || ids[0] != 70 || ids[1] != 2 {
		t.Errorf("%v", ids)
	}
}

// A budget ends, says so once, and the run is partial.
func TestBudget(t *testing.T) {
	out := withDB(t, odd, func(c *sdk.Ctx, _ *sqlite.DB, _ *sdk.Out) {
		b := sqlite.NewBudget(c)
		if !b.Take("t", sqlite.MaxJoined/2) || b.Take("t", sqlite.MaxJoined/2) || b.Take("t", 0) {
			t.Error("half and half and each one's own cost is more than all")
		}
	})
	all := withDB(t, odd, func(c *sdk.Ctx, db *sqlite.DB, _ *sdk.Out) {
		b := sqlite.NewBudget(c)
		values := map[string]any{"text": sdk.Str(strings.Repeat("x", 64<<10)), "bytes": make([]byte, 4<<10), "n": int64(1)}
		n := 0
		for b.TakeAll("t", values) {
			n++
		}
		if each := sqlite.MaxJoined / n; each < 68<<10 || each > 70<<10 || b.Bytes("t", 1) {
			t.Errorf("%d rows of 68 KiB", n)
		}
	})
	if all.Outcome != "partial" {
		t.Error(all.Outcome)
	}
	if out.says() != "warning sqlite.too_much_to_join" || out.Outcome != "partial" {
		t.Errorf("%s %s", out.says(), out.Outcome)
	}
}
