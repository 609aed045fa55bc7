package main_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/layout"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// proposal is what the plugin proposes for a table, and what a person must say.
func proposal(t testing.TB, data string) (kind, columns, asked string, text []byte) {
	t.Helper()
	_, diagnostics, _ := read(t, []byte(data), `{}`)
	for _, d := range diagnostics {
		m, _ := d["data"].(sdktest.Object)
		p, ok := m["proposal"].(sdktest.Object)
		if !ok {
			continue
		}
		l := p["layout"].(sdktest.Object)
		text, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := layout.Parse(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		return l["kind"].(string), sdktest.Join(l["columns"], " "), sdktest.Join(p["ask"], "; "), text
	}
	return "", "", "", nil
}

func rowsOf(heading, format string) string {
	var b strings.Builder
	b.WriteString(heading + "\n")
	for i := range 12 {
		b.WriteString(strings.ReplaceAll(format, "%d", fmt.Sprint(i)) + "\n")
	}
	return b.String()
}

// A table of accounts, contacts or calls is proposed as one, by its headings, and what
// is proposed reads it. Nothing of the evidence stands in the proposal.
func TestPropose(t *testing.T) {
	for _, c := range []struct{ data, kind, columns, asked string }{
		{rowsOf("id,User Name,E-mail,Last IP,Password,Created", "canary%d,user%d,u%d@example.com,192.0.2.%d,canary,2024-05-01"), "account", "extra.column_1 username email ip extra.column_5 extra.column_6", "password"},
		{rowsOf("Name;Mobile;Company", "\"Name; %d\";+1555010%d;Ltd"), "contact", "name phone organisation", "contact"},
		{rowsOf("姓名,手机,电子邮件", "张%d,1380013800%d,%d@example.com"), "contact", "name phone email", "contact"},
		{rowsOf("Caller\tCallee\tDuration\tWhen", "1%d\t2%d\t%d\tx"), "call", "from to duration_s extra.column_4", "call"},
		{rowsOf("Number,Duration", "+1555010%d,%d"), "call", "from duration_s", "called or was called"},
		{rowsOf("user,last ip,email", "u%d,not an address,%d@example.com"), "account", "username extra.column_2 email", "account"}, // its values are no addresses
		{rowsOf("a,b,c", "1,2,%d"), "", "", ""},
		{rowsOf("Name,Colour", "x%d,red"), "", "", ""},
	} {
		kind, columns, asked, text := proposal(t, c.data)
		if kind != c.kind || columns != c.columns || !strings.Contains(asked, c.asked) {
			t.Errorf("%.20q: %s: %s; %s", c.data, kind, columns, asked)
			continue
		}
		if kind == "" {
			continue
		}
		if strings.Contains(string(text), "canary") || strings.Contains(asked, "canary") {
			t.Error("the evidence is quoted")
		}
		records, diagnostics, _ := read(t, []byte(c.data), `{"layout":`+string(text)+`}`)
		if len(records) != 12 || sdktest.Count(records, "kind", kind) != 12 {
			t.Errorf("%.20q: %d records, %s", c.data, len(records), codes(diagnostics))
		}
	}
}
