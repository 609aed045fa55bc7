package main

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Where nobody knows who sent a message its parties are connected, as such; and records that
// rest on a guess are counted and told.
func TestParties(t *testing.T) {
	var b bytes.Buffer
	for i, r := range []string{
		`"account":"anna","direction":"unknown","flags":["layout_unconfirmed"],"from":null,"kind":"message","participants":["anna","ben"],"service":"chat","text":"march"`,
		`"account":"anna","direction":"unknown","flags":["charset_damaged","layout_unconfirmed"],"from":null,"kind":"message","participants":["anna","ben"],"service":"chat","text":"x"`,
		`"account":"anna","direction":"unknown","flags":["charset_damaged"],"from":null,"kind":"message","participants":["anna"],"service":"chat","text":"x"`,
		`"account":"anna","direction":"incoming","from":"ben","kind":"message","participants":["anna","ben"],"service":"chat","text":"x","to":["anna"]`,
		`"account":"carl","direction":"unknown","from":null,"kind":"sms","participants":["carl","+8613800138000","carl"],"service":"chat","text":"x"`,
		`"account":null,"direction":"unknown","from":null,"kind":"message","participants":["x","y"],"service":"chat","text":"x"`,
		`"kind":"keyword","list":"k","term":"march"`,
	} {
		line, err := evidence.Canonicalize(fmt.Appendf(nil, `{%s,"source":{"length":1,"offset":%d}}`, r, i))
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	for _, config := range []string{`{}`, `{"memory":4096}`} {
		all := do(t, b.Bytes(), config)
		got := map[string]int64{}
		for _, f := range all {
			if f.Kind == "edge" {
				got[f.Relation+" "+f.From+" "+f.To[0]] = f.Cited
				if f.Relation == "parties" && f.From == "anna" && f.Query != `(kind:message OR kind:sms) account:="anna" "ben"` {
					t.Error(f.Query)
				}
			}
		}
		want := map[string]int64{"parties anna ben": 2, "message ben anna": 1, "parties carl +8613800138000": 1}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v, want %v", got, want)
		}
		if f := of(all, "records.unconfirmed"); len(f) != 1 || f[0].Cited != 2 {
			t.Errorf("%+v", f)
		}
	}
}
