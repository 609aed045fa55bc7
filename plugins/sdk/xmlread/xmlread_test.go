package xmlread_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/xmlread"
)

// output is what an operation made.
type output struct {
	sdk.Result
	records     []map[string]any
	diagnostics []string // severity, code and the bytes they are about
}

func parse(t testing.TB, data []byte, config string, op sdk.Op) output {
	t.Helper()
	var records, diagnostics bytes.Buffer
	r, err := sdk.Run(t.Context(), sdk.Plugin{Parse: op}, sdk.Job{
		Operation: evidence.OpParse, Config: json.RawMessage(config), Inputs: []*sdk.Input{sdk.NewInput(bytes.NewReader(data), int64(len(data)))},
		Records: &records, Diagnostics: &diagnostics, Artifacts: &bytes.Buffer{},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Units.Consistent() {
		t.Errorf("units do not add up: %+v", r.Units)
	}
	out := output{Result: r}
	for line := range strings.Lines(records.String()) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		out.records = append(out.records, o)
	}
	for line := range strings.Lines(diagnostics.String()) {
		var d struct {
			Code, Severity string
			Source         struct{ Offset, Length int }
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		out.diagnostics = append(out.diagnostics, fmt.Sprintf("%s %s %.40q", d.Severity, d.Code, data[d.Source.Offset:d.Source.Offset+d.Source.Length]))
	}
	return out
}

func (o output) says() string { return strings.Join(o.diagnostics, ", ") }

// elementsOp writes a record of every element of the names.
func elementsOp(names ...string) sdk.Op {
	return func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		d, err := xmlread.Open(c, in)
		if err != nil {
			return err
		}
		for e := range d.Elements(names...) {
			m := sdk.SMS{Common: e.Common(), From: e.Attr("address"), Text: e.Attr("body")}
			if text := e.Text(); strings.TrimSpace(text.String()) != "" {
				m.Text = text
			}
			m.Extra = e.Extra("address", "body")
			if err := out.Put(&m, e.Source()); err != nil {
				return err
			}
		}
		return in.Err()
	}
}

func source(o map[string]any) (offset, length int, pointer string) {
	s := o["source"].(map[string]any)
	pointer, _ = s["pointer"].(string)
	return int(s["offset"].(float64)), int(s["length"].(float64)), pointer
}

const backup = `<?xml version='1.0' encoding='%s' standalone='yes' ?>
<!DOCTYPE smses [ <!ENTITY a "b"> <!ELEMENT sms (#PCDATA)> <!-- > <sms/> --> ]>
<!-- <sms address="in a comment"/> -->
<smses count="3">
  <sms address='+49 151' body="Gr&#252;&#xDF;e &lt;&amp;&quot;&apos; &#55357;&#56842;" date="1"/>
  <group><sms address="2" body="你好
second line"><![CDATA[<sms address="in CDATA"/>]]> and text</sms></group>
  <sms address="3" body="&a; &nbsp; &#0; &#x110000; &#55357; a & b" />
</smses>
`

func TestElements(t *testing.T) {
	for name, e := range map[string]encoding.Encoding{
		"utf-8": unicode.UTF8, "GB18030": simplifiedchinese.GB18030, "UTF-16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
		"utf-16be": unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "gbk": simplifiedchinese.GBK, "utf-8 mark": unicode.UTF8BOM,
	} {
		declared, _, _ := strings.Cut(name, " ")
		text := fmt.Sprintf(backup, declared)
		data, err := e.NewEncoder().Bytes([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		out := parse(t, data, "{}", elementsOp("sms"))
		if out.Err != nil || len(out.records) != 3 || out.says() != "" {
			t.Fatalf("%s: %v, %v; %s", name, out.Err, out.records, out.says())
		}
		for i, want := range []struct{ from, text, span, pointer string }{
			{"+49 151", "Grüße <&\"' 😊", `<sms address='+49 151' body="Gr&#252;`, "/smses/sms[1]"},
			{"2", "<sms address=\"in CDATA\"/> and text", `<sms address="2" body="你好`, "/smses/group[1]/sms[1]"},
			{"3", "&a; &nbsp; \x00 &#x110000; \uFFFD\uFFFD\uFFFD a & b", `<sms address="3"`, "/smses/sms[2]"},
		} {
			o := out.records[i]
			offset, length, pointer := source(o)
			b, err := e.NewDecoder().Bytes(data[offset : offset+length])
			if err != nil {
				t.Fatal(err)
			}
			if o["from"] != want.from || o["text"] != want.text || pointer != want.pointer || !strings.HasPrefix(string(b), want.span) || !strings.HasSuffix(string(b), ">") || strings.Count(string(b), "address=") > 2 {
				t.Errorf("%s: %v, from %q", name, o, b)
			}
		}
		flags := fmt.Sprint(out.records[0]["flags"], out.records[2]["flags"])
		if flags != "<nil> [xml_odd]" || out.records[2]["text_raw"] == nil {
			t.Errorf("%s: flags %s", name, flags)
		}
		if out.BytesRead != int64(len(data)) {
			t.Errorf("%s: read %d of %d bytes", name, out.BytesRead, len(data))
		}
	}
}

// One bad element costs itself.
func TestMalformed(t *testing.T) {
	const good = `<sms address="1" body="good"/>`
	for name, c := range map[string]struct {
		text string
		want int
		says string
	}{
		"quote missing":      {`<r><sms address="x body="y"/>` + good + `</r>`, 1, `reject xml.malformed "<sms address=\"x body=\"y"`},
		"open quote":         {`<r><sms address="x />` + good + good + `</r>`, 2, `reject xml.malformed "<sms address=\"x />"`},
		"no quotes":          {`<r><sms address=7 body="a"/>` + good + `</r>`, 2, ``},
		"no end":             {`<r><sms address="x">` + good + good + `</r>`, 2, `reject xml.truncated "<sms address=\"x\"><sms address=\"1\" body=\""`},
		"wrong end":          {`<r><sms address="x"><a>text</sms>` + good + `</r>`, 2, ``},
		"end of nothing":     {`<r></x>` + good + `</r>`, 1, `warning xml.odd "</x>"`},
		"stray <":            {`<r> 1 < 2 ` + good + `</r>`, 1, `warning xml.odd "<"`},
		"comment open":       {`<r><!-- ` + good + `</r>`, 1, `warning xml.odd "<!-- <sms address=\"1\" body=\"good\"/></r>"`},
		"cut in an element":  {`<r>` + good + `<sms address="2" bo`, 1, `reject xml.malformed "<sms address=\"2\" bo", damage xml.truncated ""`},
		"cut in its content": {`<r>` + good + `<sms address="2"> text`, 1, `reject xml.truncated "<sms address=\"2\"> text", damage xml.truncated ""`},
		"cut between":        {`<r>` + good, 1, `damage xml.truncated ""`},
		"two documents":      {`<r>` + good + `</r><?xml version="1.0"?><r>` + good + `</r>`, 2, ``},
		"binary":             {"<r>\x00\x01\xff<\x00sms" + good + "\xfe</r>", 1, `warning xml.odd "<"`},
	} {
		out := parse(t, []byte(c.text), "{}", elementsOp("sms"))
		if out.Err != nil || len(out.records) != c.want || out.says() != c.says {
			t.Errorf("%s: %v, %d records; %s", name, out.Err, len(out.records), out.says())
		}
	}
	for _, text := range []string{"", "no markup at all", "<", "<!-- ", "{}"} {
		if out := parse(t, []byte(text), "{}", elementsOp("sms")); !errors.Is(out.Err, sdk.ErrMalformed) {
			t.Errorf("%q: %v", text, out.Err)
		}
	}
}

// Bytes that are no text in the document's charset are kept.
func TestDamaged(t *testing.T) {
	text := "<?xml version='1.0' encoding='gbk'?><r><sms address='1' body='ab\xffcd\xc4\xe3'>\xffx</sms><sms address='2' body='\xc4\xe3'/></r>"
	out := parse(t, []byte(text), "{}", elementsOp("sms"))
	if len(out.records) != 2 || out.says() != "" {
		t.Fatal(out.records, out.says())
	}
	first := out.records[0]
	if first["text"] != "\uFFFDx" || first["text_raw"] != "/3g=" || fmt.Sprint(first["flags"]) != "[charset_damaged]" || first["charset"] != "gb18030" || out.records[1]["flags"] != nil || out.records[1]["text"] != "你" {
		t.Errorf("%v", out.records)
	}
	out = parse(t, []byte("<r><sms body='caf\xe9'/></r>"), "{}", elementsOp("sms"))
	if first := out.records[0]; first["text"] != "caf\uFFFD" || first["text_raw"] != "Y2Fm6Q==" {
		t.Errorf("%v", first)
	}
	out = parse(t, []byte("<r><sms body='caf\xe9'/></r>"), `{"charset":"iso-8859-1"}`, elementsOp("sms"))
	if first := out.records[0]; first["text"] != "café" || first["charset_basis"] != "declared" {
		t.Errorf("%v", first)
	}
	out = parse(t, []byte("<?xml version='1.0' encoding='klingon'?><r><sms body='x'/></r>"), "{}", elementsOp("sms"))
	if len(out.records) != 1 || !strings.Contains(out.says(), "unresolved charset.unknown") {
		t.Errorf("%v; %s", out.records, out.says())
	}
}

// What is larger than is kept costs no memory, and says so.
func TestBounds(t *testing.T) {
	const good = `<sms address="1" body="good"/>`
	deep := strings.Repeat("<a>", 300) + strings.Repeat("</a>", 300)
	wide := strings.Repeat("<a/>", 250_000)
	for name, c := range map[string]struct {
		text, says string
		want       int
	}{
		"deep":        {`<r><sms>` + deep + `</sms>` + good + `</r>`, `reject xml.too_deep "<sms><a><a><a><a><a><a><a><a><a><a><a><a"`, 1},
		"deep around": {`<r>` + deep + good + `</r>`, ``, 1},
		"wide":        {`<r><sms>` + wide + `</sms>` + good + `</r>`, `reject xml.element_too_long "<sms><a/><a/><a/><a/><a/><a/><a/><a/><a/"`, 1},
		"bomb":        {`<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]><r><sms body="&b;&c;"/>` + good + `</r>`, ``, 2},
	} {
		out := parse(t, []byte(c.text), "{}", elementsOp("sms"))
		if out.Err != nil || len(out.records) != c.want || out.says() != c.says {
			t.Errorf("%s: %v, %d records; %s", name, out.Err, len(out.records), out.says())
		}
	}
	long := strings.Repeat("A&#66;CD", 500_000)
	text := `<r><sms address="7" body="` + long + `" data='` + long[:96] + `'/>` + good + `</r>`
	op := func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		d, err := xmlread.Open(c, in)
		if err != nil {
			return err
		}
		for e := range d.Elements("sms") {
			if e.Attr("address").String() == "7" {
				span, ok := e.AttrSpan("body")
				b, err := io.ReadAll(in.Section(span.Offset, span.Length))
				if !ok || err != nil || string(b) != long || !e.Attr("body").IsNull() || fmt.Sprint(e.Common().Flags) != "[xml_value_long]" {
					t.Errorf("%v %v %d bytes %v", ok, err, len(b), e.Common().Flags)
				}
			}
			if err := out.Put(&sdk.SMS{From: e.Attr("address")}, e.Source()); err != nil {
				return err
			}
		}
		return in.Err()
	}
	if out := parse(t, []byte(text), "{}", op); len(out.records) != 2 || out.says() != "" {
		t.Errorf("%d records; %s", len(out.records), out.says())
	}
}

// Elements that never end do not make reading the square of the document.
func TestUnended(t *testing.T) {
	text := "<r>" + strings.Repeat("<sms address='x'>", 20000)
	out := parse(t, []byte(text), "{}", elementsOp("sms"))
	if out.Err != nil || len(out.records) != 0 || len(out.diagnostics) == 0 {
		t.Errorf("%v %d %d", out.Err, len(out.records), len(out.diagnostics))
	}
}

// What is found in well-formed documents is what encoding/xml finds.
func TestAgainstEncodingXML(t *testing.T) {
	documents := map[string]string{
		"made":       fmt.Sprintf(strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(backup, "&a; &nbsp; &#0; &#x110000; &#55357; a & b", "plain"), "&#55357;&#56842;", "&#128522;"), "'+49 151'", `"+49 151"`), "utf-8"),
		"namespaces": `<x:r xmlns:x="urn:x" xmlns="urn:d"><sms x:address="1" body="2"><x:part>t</x:part></sms><sms xmlns="urn:other"/></x:r>`,
	}
	const sample = "../../../../shared/data/sms-backup-xml/sms-and-mms.xml"
	if b, err := os.ReadFile(sample); err == nil {
		documents["sample"] = string(b)
	} else {
		t.Logf("NOT TESTED: %s is not there", sample)
	}
	for name, text := range documents {
		want := flatten(t, text, "sms", "mms")
		var got []string
		parse(t, []byte(text), "{}", func(c *sdk.Ctx, in *sdk.Input, _ *sdk.Out) error {
			d, err := xmlread.Open(c, in)
			if err != nil {
				return err
			}
			for range 2 { // and again
				got = nil
				for e := range d.Elements("sms", "mms") {
					b := text[e.Source().Offset : e.Source().Offset+e.Source().Length]
					got = append(got, "AT "+b)
					got = appendElement(got, e)
				}
			}
			return in.Err()
		})
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func appendElement(list []string, e *xmlread.Element) []string {
	list = append(list, "START "+e.Space+" "+e.Name)
	for name, v := range e.Attrs() {
		_, local, ok := strings.Cut(name, ":")
		if !ok {
			local = name
		}
		list = append(list, "ATTR "+local+"="+v.String())
	}
	for c := range e.Children("") {
		list = appendElement(list, c)
	}
	return append(list, "END "+strings.TrimSpace(e.Text().String()))
}

func flatten(t *testing.T, text string, names ...string) (list []string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(text))
	depth, from, at := 0, int64(0), 0
	var texts []string
	for {
		before := dec.InputOffset()
		tok, err := dec.Token()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if depth == 0 && !slices.Contains(names, tok.Name.Local) {
				continue
			}
			if depth == 0 {
				from, at = before, len(list)
				list = append(list, "")
			}
			depth++
			texts = append(texts, "")
			list = append(list, "START "+tok.Name.Space+" "+tok.Name.Local)
			for _, a := range tok.Attr {
				list = append(list, "ATTR "+a.Name.Local+"="+a.Value)
			}
		case xml.CharData:
			if depth > 0 {
				texts[len(texts)-1] += string(tok)
			}
		case xml.EndElement:
			if depth == 0 {
				continue
			}
			list = append(list, "END "+strings.TrimSpace(texts[len(texts)-1]))
			texts = texts[:len(texts)-1]
			if depth--; depth == 0 {
				list[at] = "AT " + text[from:dec.InputOffset()]
			}
		}
	}
}

func FuzzElements(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(backup, "utf-8")))
	f.Add([]byte("<?xml version='1.0' encoding='gbk'?><r><sms a='\xc4\xe3\xff'><a><b>x</a></sms><sms"))
	utf16, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(fmt.Sprintf(backup, "utf-16")))
	f.Add(utf16)
	latin, _ := charmap.ISO8859_1.NewEncoder().Bytes([]byte("<?xml version='1.0' encoding='iso-8859-1'?><r><sms b='é'><sms></r>"))
	f.Add(latin)
	f.Fuzz(func(t *testing.T, data []byte) {
		end := -1
		out := parse(t, data, "{}", elementsOp("sms"))
		if out.Err != nil && !errors.Is(out.Err, sdk.ErrMalformed) {
			t.Fatal(out.Err)
		}
		for _, o := range out.records {
			offset, length, pointer := source(o)
			if offset <= end || length < len("<sms") || pointer == "" {
				t.Fatalf("%d+%d after %d, %q", offset, length, end, pointer)
			}
			end = offset + length - 1
		}
	})
}
