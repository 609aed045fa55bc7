package main_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	main "github.com/exhibit-forensics/exhibit/plugins/ufdr"
)

func parse(t *testing.T, data []byte) sdktest.Output {
	t.Helper()
	return sdktest.Do(t, main.Plugin(), sdktest.Case{Name: t.Name(), Operation: evidence.OpParse, Data: data})
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// lines are the diagnostics as code, severity and data.
func lines(t *testing.T, o sdktest.Output) (out []string) {
	t.Helper()
	for _, line := range o.Diagnostics {
		var d struct {
			Code, Severity string
			Data           map[string]any
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(d.Data)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, d.Code+" "+d.Severity+" "+string(text))
	}
	return out
}

// TestReport compares what each record says with what testdata/make.py put there.
func TestReport(t *testing.T) {
	o := parse(t, sample(t, "report.xml"))
	var got []string
	for _, line := range o.Records {
		var r struct {
			Kind, Direction, State, From, Text, Account, Conversation, Table, Username string
			To, Names                                                                  []string
			Time                                                                       *string
			Duration                                                                   *int64 `json:"duration_s"`
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		at, long := "-", int64(-1)
		if r.Time != nil {
			at = *r.Time
		}
		if r.Duration != nil {
			long = *r.Duration
		}
		got = append(got, fmt.Sprint(r.Kind, " ", at, " ", r.State, " ", r.Direction, " ", r.From, ">", r.To, " ", r.Text, r.Table, r.Username, r.Names, " ", r.Account, " ", r.Conversation, " ", long))
	}
	want := []string{
		"sms 2012-01-02T03:04:05.000Z live incoming +15550100>[] hello[]   -1",
		"sms - deleted outgoing >[+15550101] gone[]   -1",
		"message 2020-08-08T13:50:58.123Z live incoming 4915550100@s.whatsapp.net>[owner@s.whatsapp.net] are you & there? 日本[] owner@s.whatsapp.net 4915550100@s.whatsapp.net -1",
		"message 2020-08-08T13:51:00Z deleted outgoing owner@s.whatsapp.net>[] yes[] owner@s.whatsapp.net 4915550100@s.whatsapp.net -1",
		"row - live  >[] Chat[]   -1",
		"call 2020-08-08T15:50:58Z live outgoing >[4915550100] []   93",
		"call 2020-08-09T15:50:58Z live incoming +15550100>[] []   -1",
		"contact - live  >[] [Anna]   -1",
		"account 2011-01-01T00:00:00Z live  >[] owner[]   -1",
		"message 2015-05-05T05:05:05Z live outgoing owner@example.org>[anna@example.org cc@example.org] a letter[]   -1",
		"row 2019-09-09T09:09:09Z live  >[] Location[]   -1",
	}
	if d := cmp.Diff(want, got); d != "" || len(o.Diagnostics) != 0 {
		t.Error(d, o.Diagnostics)
	}
	other := bytes.Replace(sample(t, "report.xml"), []byte("report/2.0"), []byte("report/3.0"), 1)
	if got := lines(t, parse(t, other)); len(got) != 1 || !strings.HasPrefix(got[0], "ufdr.namespace warning") {
		t.Errorf("another namespace: %q", got)
	}
}

func TestCompare(t *testing.T) {
	if got := lines(t, parse(t, sample(t, "sample.ufdr"))); !cmp.Equal(got, []string{`ufdr.compared info {"as_stated":2,"files":2,"without_a_hash":0}`}) {
		t.Errorf("%q", got)
	}
	want := []string{
		"ufdr.hash_differs damage null", "ufdr.size_differs warning null", "ufdr.file_missing damage null",
		`ufdr.count_differs warning {"found":10,"stated":99}`, `ufdr.file_unlisted warning {"files":1}`, `ufdr.compared info {"as_stated":1,"files":3,"without_a_hash":0}`,
	}
	if d := cmp.Diff(want, lines(t, parse(t, sample(t, "differs.ufdr")))); d != "" {
		t.Error(d)
	}
	// An archive that is cut, one without a report, and one whose report never ends an element.
	for what, data := range map[string][]byte{"cut": sample(t, "sample.ufdr")[:900], "no report": zipOf(t, "other.xml", "<project/>")} {
		if o := parse(t, data); o.Result.Outcome != evidence.OutcomeFailed {
			t.Errorf("%s: %s", what, o.Result.Outcome)
		}
	}
	endless := zipOf(t, "report.xml", "<project><taggedFiles><file>"+strings.Repeat("a", 18<<20))
	if got := lines(t, parse(t, endless)); len(got) != 2 || !strings.HasPrefix(got[0], "ufdr.report damage") {
		t.Errorf("endless: %q", got)
	}
}

func zipOf(t *testing.T, name, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
