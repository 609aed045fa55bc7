package layout_test

import (
	"bytes"
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/layout"
)

// Whatever stands in a layout, reading it does not panic, and an error gives no layout.
func FuzzParse(f *testing.F) {
	f.Add([]byte(messages))
	f.Add([]byte(`{"kind":"row","delimiter":",","quote":"\"","fields":2,"columns":["a","b"]}`))
	f.Add([]byte(`{"kind":"call","delimiter":"::","fields":1,"columns":["extra.x"],"header":3}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := layout.Parse(text)
		if err != nil {
			if l != nil {
				t.Fatal("an error and a layout")
			}
			return
		}
		p, err := l.Compile(layout.Options{Zone: "+08:00"})
		if err != nil {
			t.Fatal("Parse accepts what Compile refuses:", err)
		}
		p.Check(text)
	})
}

// A line that is accepted splits into fields that joined give the line again.
func FuzzCheck(f *testing.F) {
	f.Add([]byte("192.0.2.7\tanna\tbo\t0\t2008-08-01 07:10:19\t自由\ta\tb"))
	f.Add([]byte("\t\t\t\t\t\tx"))
	f.Add([]byte("192.0.2.7\tanna\tbo\t1\t2008-08-01 07:10:60\t\t\xff"))
	p := compile(f, messages, layout.Options{})
	f.Fuzz(func(t *testing.T, line []byte) {
		if m := p.Check(line); !m.OK() {
			if m.Reason() == "" {
				t.Fatalf("no sentence for %v", m)
			}
			return
		}
		p.Record()
		if !p.Starts(line[:min(8, len(line))]) {
			t.Fatal("an accepted line does not start like one")
		}
		if bytes.Count(line, []byte("\t")) < 6 {
			t.Fatal("fields from nowhere")
		}
	})
}
