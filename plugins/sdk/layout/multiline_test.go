package layout_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/delimited"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/layout"
)

// A layout of several lines: what Check is given is the whole record.
func TestMultiline(t *testing.T) {
	p := compile(t, `{"kind":"sms","delimiter":",","quote":"\"","multiline":true,"fields":3,"columns":["from","text","time"],"header":1,"time":{"kind":"sent","format":"%F"}}`, layout.Options{Zone: "UTC"})
	if !p.Multiline() {
		t.Fatal("it is not multiline")
	}
	utf8, err := sdk.ParseCharset("utf-8")
	if err != nil {
		t.Fatal(err)
	}
	text := "h,h,h\n1,\"a\r\n2,x,2008-08-01\r\n\",2008-08-01\n3,\"cut,2008-08-01\n4,d,2008-08-02\n"
	var got []string
	for u := range delimited.Units(sdk.NewInput(strings.NewReader(text), int64(len(text))), p.Dialect(utf8)) {
		m := p.Check(u.Whole)
		got = append(got, fmt.Sprintf("%d+%d %s%s inside %d", u.Line, u.Lines, u.Defect, m.Code, u.Inside))
	}
	// The text of the first holds a line that would pass for a record: it is none.
	if diff := cmp.Diff([]string{"2+3  inside 1", "5+1 quotequote inside 0", "6+1  inside 0"}, got); diff != "" {
		t.Error(diff)
	}
}
