package compare_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/compare"
)

const mapping = `{"name":"m","title":"A table","evidence":"own","format":"csv","kinds":["sms"],"tables":["sms"],"fields":[
 {"name":"time","ours":["time"],"theirs":"When","is":"time","format":"%Y-%m-%d %H:%M:%S"},
 {"name":"peer","ours":["peer"],"theirs":"Who"},
 {"name":"direction","ours":["direction"],"theirs":"Way","words":{"Received":"incoming","Sent":"outgoing"}},
 {"name":"text","ours":["extra.original","text"],"theirs":"What","pick":"no_breaks"},
 {"name":"row","ours":["source.rowid"],"theirs":"No","is":"row"}]}`

func parse(t testing.TB, text string) *compare.Mapping {
	t.Helper()
	m, err := compare.ParseMapping([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// ours is a record of a row.
func ours(row int, at, from, text string) string {
	return fmt.Sprintf(`{"direction":"incoming","from":%q,"id":"0123456789abcdef:%d","kind":"sms","source":{"rowid":%d,"table":"sms"},"text":%q,"time":%q,"to":[]}`, from, row, row, text, at)
}

func run(t testing.TB, theirs, with, zone string, tolerance time.Duration, records ...string) *compare.Result {
	t.Helper()
	c := compare.Comparison{Tolerance: tolerance}
	var m *compare.Mapping
	if with != "" {
		m = parse(t, with)
	}
	if err := c.Read(strings.NewReader(theirs), m, zone); err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := c.Add([]byte(r)); err != nil {
			t.Fatal(err)
		}
	}
	return c.Result()
}

const head = "\ufeffWhen,Who,Way,What,No\r\n"

func verdicts(p *compare.Part) string {
	return fmt.Sprint(p.Matched, " ", p.Differing, " ", p.OnlyOurs, " ", p.OnlyTheirs)
}

// Each row has one other at most, however many say the same.
func TestDuplicates(t *testing.T) {
	line := "2024-05-01 04:07:08,+1,Received,hello,\r\n"
	rec := ours(1, "2024-05-01T04:07:08.999Z", "+1", "hello")
	for _, c := range []struct {
		theirs, ours int
		want         string
	}{{3, 3, "3 0 0 0"}, {3, 2, "2 0 0 1"}, {1, 2, "1 0 1 0"}, {0, 2, "no part"}} {
		var records []string
		for range c.ours {
			records = append(records, rec)
		}
		r := run(t, head+strings.Repeat(line, c.theirs), mapping, "", 0, records...)
		got := "no part"
		if len(r.Parts) > 0 {
			got = verdicts(r.Parts[0])
		}
		if got != c.want {
			t.Errorf("%d there, %d here: %s, not %s", c.theirs, c.ours, got, c.want)
		}
	}
}

func TestDifferences(t *testing.T) {
	r := run(t, head+
		"2024-05-01 04:07:08,+1,Received,\"two\r\nlines\",1\r\n"+ // the same, but for line ends
		"2024-05-01 04:08:00,+1,Received,changed,2\r\n"+
		"2024-05-01 12:09:00,+1,Received,the zone,\r\n"+
		"2024-05-01 04:10:00,+2,Sent,only there,9\r\n"+
		"2024-05-01 04:11:00,+3,Received,of another number,\r\n"+
		"a,b\r\n",
		mapping, "", 0,
		ours(1, "2024-05-01T04:07:08.038Z", "+1", "two\nlines"), ours(2, "2024-05-01T04:08:00Z", "+1", "as it was"), ours(3, "2024-05-01T04:09:00Z", "+1", "the zone"),
		ours(4, "2024-05-01T04:11:00Z", "+1", "of another number"), ours(5, "2020-05-01T04:07:08Z", "+9", "only here"),
		`{"kind":"call","id":"x:1","source":{"table":"sms"}}`, `{"kind":"sms","id":"x:2","source":{"table":"parts"}}`)
	p := r.Parts[0]
	if verdicts(p) != "1 3 1 1" || r.Left["rows with another number of fields than there are headings"] != 1 || r.Same() {
		t.Fatalf("%s %v", verdicts(p), r.Left)
	}
	if compare.Apart("8h0m0s") != "later by 8h0m0s" || compare.Apart("-1s") != "earlier by 1s" || compare.Apart("") != "" {
		t.Error("an offset in words")
	}
	if !maps.Equal(p.Fields, map[string]int64{"text": 1, "time": 1, "peer": 1}) || !maps.Equal(p.Offsets, map[string]int64{"8h0m0s": 1}) {
		t.Errorf("%v %v", p.Fields, p.Offsets)
	}
	var got []string
	for _, pair := range p.Pairs {
		s := pair.Verdict
		if pair.Ours != nil {
			s += " " + pair.Ours.ID
		}
		if pair.Theirs != nil {
			s += fmt.Sprintf(" line %d", pair.Theirs.Line)
		}
		got = append(got, s)
	}
	want := "differs 0123456789abcdef:2 line 4, differs 0123456789abcdef:3 line 5, only_theirs line 6, differs 0123456789abcdef:4 line 7, only_ours 0123456789abcdef:5"
	if strings.Join(got, ", ") != want {
		t.Errorf("%s", strings.Join(got, ", "))
	}
}

func TestTimes(t *testing.T) {
	for _, c := range []struct {
		theirs, zone, ours string
		tolerance          time.Duration
		same               bool
	}{
		{"2024-05-01 04:07:08", "", "2024-05-01T04:07:08.999999Z", 0, true}, // theirs is no more exact
		{"2024-05-01 04:07:08", "", "2024-05-01T04:07:09Z", 0, false},
		{"2024-05-01 04:07:08", "", "2024-05-01T04:07:09Z", time.Second, true},
		{"2024-05-01 12:07:08", "+08:00", "2024-05-01T04:07:08Z", 0, true},
		{"1969-12-31 23:59:59", "", "1969-12-31T23:59:59.5Z", 0, true},
		{"2405-01-01 06:47:00", "", "2405-01-01T06:47:00Z", 0, true},
		{"no time", "", "2024-05-01T04:07:09Z", time.Hour, false},
		{"no time", "", "", time.Hour, false}, // it is no absent one either
		{"", "", "", 0, true},
	} {
		if r := run(t, head+c.theirs+",+1,Received,x,\n", mapping, c.zone, c.tolerance, ours(1, c.ours, "+1", "x")); r.Same() != c.same {
			t.Errorf("%s in %q and %s: %v", c.theirs, c.zone, c.ours, r.Same())
		}
	}
}

// Rows of JSON Lines find their own mapping; what has none is counted.
func TestPlaso(t *testing.T) {
	text := `{"data_type":"android:messaging:sms","timestamp":1383065788038000,"address":"1","body":"x","sms_type":"SENT","offset":"1"}
{"data_type":"android:event:call","timestamp_desc":"Call Ended","timestamp":1}
{"data_type":"skype:event:chat","timestamp":13727168620000000,"from_account":"A <b> <anna>","to_account":"bo, al","text":null}
not json
`
	r := run(t, text, "", "", 0,
		`{"direction":"outgoing","from":null,"id":"a:1","kind":"sms","source":{"rowid":1,"table":"sms"},"text":"x","time":"2013-10-29T16:56:28.038Z","to":["1"]}`,
		`{"direction":"outgoing","from":"anna","id":"a:2","kind":"message","source":{"rowid":7,"table":"Messages"},"text":null,"time":"2404-12-30T06:23:40Z","to":["al","bo"]}`)
	if len(r.Parts) != 2 || !r.Same() || r.Left["android:event:call Call Ended"] != 1 || r.Left["lines that are no JSON object"] != 1 {
		for _, p := range r.Parts {
			t.Errorf("%s %s %+v", p.Mapping.Name, verdicts(p), p.Pairs)
		}
		t.Fatal(r.Left)
	}
}

func TestMappings(t *testing.T) {
	list, err := compare.Mappings()
	if err != nil || len(list) < 9 {
		t.Fatal(len(list), err)
	}
	for _, m := range list {
		if m.Title == "" || !strings.HasPrefix(m.Evidence, "source: ") {
			t.Errorf("%s does not say on what it rests", m.Name)
		}
	}
	for _, bad := range []string{
		`{}`, strings.Replace(mapping, `"csv"`, `"xlsx"`, 1), strings.Replace(mapping, `"is":"time","format":"%Y-%m-%d %H:%M:%S"`, `"is":"time"`, 1), strings.Replace(mapping, `%S"`, `%Q"`, 1),
		strings.Replace(mapping, `"name":"peer"`, `"name":"time"`, 1), strings.Replace(mapping, `"pick"`, `"pock"`, 1), strings.Replace(mapping, `"no_breaks"`, `"x"`, 1),
	} {
		if _, err := compare.ParseMapping([]byte(bad)); err == nil {
			t.Errorf("taken: %s", bad)
		}
	}
	var c compare.Comparison
	for _, text := range []string{"", "a,b\n1,2\n", "Date\tAddress\n"} {
		if err := c.Read(strings.NewReader(text), nil, ""); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

func TestWriting(t *testing.T) {
	r := run(t, head+"2024-05-01 04:08:00,+1,Received,=cmd(),2\r\n", mapping, "", 0, ours(2, "2024-05-01T04:08:00Z", "+1", "<b>as it was</b>"))
	at := int64(5)
	place := func(id string) (compare.Place, error) {
		return compare.Place{ID: id, Exhibit: "EX-001", Path: "mmssms.db", Offset: &at, Length: 3, Bytes: []byte{1, 2, 0xff}}, nil
	}
	var page, table, lines bytes.Buffer
	a := compare.About{File: "x.csv", SHA256: "sha256:00"}
	if err := r.HTML(&page, a, place); err != nil || strings.Contains(page.String(), "<b>as") || !strings.Contains(page.String(), "0102 ff") || !strings.Contains(page.String(), "EX-001:mmssms.db bytes 5&#43;3") {
		t.Errorf("%v %s", err, page.String())
	}
	want := "verdict,mapping,field,ours,theirs,theirs_later_by,record,place,bytes,their_line,their_offset\r\n" +
		"differs,m,text,<b>as it was</b>,'=cmd(),,0123456789abcdef:2,EX-001:mmssms.db bytes 5+3,0102ff,2,25\r\n"
	if err := r.CSV(&table, place); err != nil || table.String() != want {
		t.Errorf("%v %s", err, table.String())
	}
	if err := r.JSON(&lines, a, place); err != nil {
		t.Fatal(err)
	}
	list := strings.Split(strings.TrimSpace(lines.String()), "\n")
	var pair struct {
		Verdict string
		Ours    struct{ ID, Bytes string }
		Theirs  struct{ Line, Offset, Length int64 }
	}
	if err := json.Unmarshal([]byte(list[0]), &pair); err != nil || pair.Verdict != "differs" || pair.Ours.Bytes != "0102ff" || pair.Theirs.Line != 2 || !strings.Contains(list[1], `"differing":1`) {
		t.Errorf("%v %s", err, lines.String())
	}
}

// Many of one time do not make it slow: what is held against each other is bounded.
func TestManyAlike(t *testing.T) {
	var theirs strings.Builder
	var records []string
	theirs.WriteString(head)
	for i := range 20_000 {
		fmt.Fprintf(&theirs, "2024-05-01 04:08:00,+1,Received,theirs %d,\n", i)
		records = append(records, ours(i, "2024-05-01T04:08:00Z", "+1", fmt.Sprintf("ours %d", i)))
	}
	if r := run(t, theirs.String(), mapping, "", 0, records...); r.Parts[0].Differing == 0 || r.Parts[0].Matched != 0 {
		t.Error(verdicts(r.Parts[0]))
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(head+"2024-05-01 04:08:00,+1,Received,x,2\r\n"), true)
	f.Add([]byte(`{"data_type":"imessage:event:chat","timestamp_desc":"Creation Time","timestamp":1,"text":[null,{}]}`), false)
	m := parse(f, mapping)
	f.Fuzz(func(t *testing.T, b []byte, mapped bool) {
		c := compare.Comparison{}
		var with *compare.Mapping
		if mapped {
			with = m
		}
		if c.Read(bytes.NewReader(b), with, "") == nil {
			c.Result()
		}
	})
}
