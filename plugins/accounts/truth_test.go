package main_test

import (
	"bufio"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The dump of the synthetic server, against its truth, field for field.
func TestMobileAccounts(t *testing.T) {
	dump := shared(t, "tom-open-directory/a3.skype.example/account/mobile_account.sql")
	var want []object
	lines := bufio.NewScanner(strings.NewReader(shared(t, "tom-open-directory/truth/records.jsonl")))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if rec := decoded(t, []string{lines.Text()})[0]; rec["kind"] == "account" {
			delete(rec, "file")
			want = append(want, rec)
		}
	}
	o := parse(t, dump, `{"zone":"+08:00"}`)
	if c := codes(t, o); len(c) > 0 {
		t.Errorf("%v", c)
	}
	var got []object
	for _, rec := range decoded(t, o.Records) {
		if rec["kind"] != "account" {
			continue
		}
		fields := object{"row": rec["source"].(object)["rowid"]}
		for f := range want[0] {
			if f != "row" {
				fields[f] = rec[f]
			}
		}
		got = append(got, fields)
	}
	if len(want) != 540 {
		t.Errorf("the truth has %d accounts", len(want))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%.2000s", d)
	}
}

// Sakila's data without its schema: 599 customers with 599 addresses, by values
// alone; and with its schema before it, by names.
func TestSakila(t *testing.T) {
	data, schema := shared(t, "mysqldump/sakila-mv-data.sql"), shared(t, "mysqldump/sakila-mv-schema.sql")
	for name, c := range map[string]struct{ dump, basis, display string }{
		"data alone":      {data, "values", "MARY SMITH"},
		"with the schema": {schema + data, "names", "MARY SMITH"},
	} {
		o := parse(t, c.dump, "")
		emails := map[string]bool{}
		n := 0
		for _, rec := range decoded(t, o.Records) {
			if rec["kind"] != "account" {
				continue
			}
			for _, e := range rec["emails"].([]any) {
				if strings.HasSuffix(e.(string), "@sakilacustomer.org") {
					emails[e.(string)] = true
					if n++; n == 1 && rec["display_name"] != c.display {
						t.Errorf("%s: %v", name, rec)
					}
				}
			}
		}
		if n != 599 || len(emails) != 599 {
			t.Errorf("%s: %d customers, %d addresses", name, n, len(emails))
		}
		if u := o.Result.Units; u.Emitted != 46273 || u.Rejected != 0 {
			t.Errorf("%s: %+v", name, u)
		}
		found := ""
		for _, d := range decoded(t, o.Diagnostics) {
			if data, _ := d["data"].(object); d["code"] == "table.mapped" && data["table"] == "sakila.customer" {
				found = data["basis"].(string)
			}
		}
		if found != c.basis {
			t.Errorf("%s: basis %q", name, found)
		}
	}
	// Its schema holds triggers that insert, and no rows.
	if o := parse(t, schema, ""); len(o.Records) > 0 || codes(t, o)["dump.no_rows"] != 1 || len(codes(t, o)) != 1 {
		t.Errorf("the schema: %q, %v", o.Records, codes(t, o))
	}
}

// Cut anywhere, everything complete before the cut comes out, the cut is told, and
// nothing is invented.
func TestCutAnywhere(t *testing.T) {
	for name, dump := range samples() {
		all := map[string]bool{}
		for _, r := range parse(t, dump, "").Records {
			all[place(t, r)] = true
		}
		for at := range len(dump) {
			if at%7 > 0 {
				continue
			}
			o := parse(t, dump[:at], "")
			told := len(codes(t, o)) > 0
			for _, r := range o.Records {
				if !all[place(t, r)] {
					t.Fatalf("%s cut at %d: a record that the whole has not: %s", name, at, r)
				}
			}
			if at > 0 && !told {
				t.Errorf("%s cut at %d: nothing is said of it", name, at)
			}
		}
	}
}

func place(t *testing.T, line string) string {
	t.Helper()
	var rec struct{ Source json.RawMessage }
	if err := json.Unmarshal([]byte(line), &rec); err != nil {
		t.Fatal(err)
	}
	return string(rec.Source)
}
