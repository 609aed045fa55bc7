package main_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// times reads an export with these times and returns those of the records, null as "".
func times(t *testing.T, heading, config string, values ...string) (got []string, first object, codes string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("From|To|Text|" + heading + "\n")
	for _, v := range values {
		b.WriteString("5550100|5550101|x|" + v + "\n")
	}
	records, diagnostics, _ := read(t, []byte(b.String()), config)
	for _, r := range records {
		s, _ := r["time"].(string)
		got = append(got, s)
	}
	if len(records) == 0 {
		t.Fatal(diagnostics)
	}
	return got, records[0], codesOf(diagnostics)
}

func codesOf(d []object) string { return codes(d) }

func TestTimes(t *testing.T) {
	for raw, want := range map[string]string{
		"2008-08-20 13:00:05":            "2008-08-20T05:00:05Z",
		"2008/8/2 3:04":                  "2008-08-01T19:04:00Z",
		"2008.08.20 13:00:05.250":        "2008-08-20T05:00:05.250Z",
		"2008-08-20T13:00:05Z":           "2008-08-20T13:00:05Z",
		"2008-08-20T13:00:05.1234+02:00": "2008-08-20T11:00:05.1234Z",
		"2008-08-20 13:00:05 -0330":      "2008-08-20T16:30:05Z",
		"2008-08-20 13:00:05 GMT+9":      "2008-08-20T04:00:05Z",
		"2008-08-20 13:00:05-08:00":      "2008-08-20T21:00:05Z",
		"20080820130005":                 "2008-08-20T05:00:05Z",
		"20080820 130005":                "2008-08-20T05:00:05Z",
		"20080820T1300":                  "2008-08-20T05:00:00Z",
		"200808201300":                   "2008-08-20T05:00:00Z",
		"2008年8月20日 13:00":               "2008-08-20T05:00:00Z",
		"2008年08月20日13时00分05秒":           "2008-08-20T05:00:05Z",
		"2008年8月20日 星期三 下午1:00:05":       "2008-08-20T05:00:05Z",
		"2008-8-20 上午12:30":              "2008-08-19T16:30:00Z",
		"2008-8-20 晚上9点5分":               "2008-08-20T13:05:00Z",
		"2008-8-20 晚上12点":                "",
		"2008-8-20 中午12:30":              "2008-08-20T04:30:00Z",
		"8/20/2008 1:00:05 PM":           "2008-08-20T05:00:05Z",
		"20/08/2008 13:00":               "2008-08-20T05:00:00Z",
		"20.08.08, 13:00":                "2008-08-20T05:00:00Z",
		"Aug 20, 2008 1:00:05 PM":        "2008-08-20T05:00:05Z",
		"Wed, 20 Aug 2008 13:00:05 GMT":  "2008-08-20T13:00:05Z",
		"20-Aug-08 12:00 AM":             "2008-08-19T16:00:00Z",
		"1219237205":                     "2008-08-20T13:00:05Z",
		"1219237205123":                  "2008-08-20T13:00:05.123Z",
		"2008-02-30 13:00:05":            "",
		"2008-08-20 24:00:05":            "",
		"20 o'clock":                     "",
		"2008-08-20 13:00:05 CST":        "", // China's, Cuba's or Chicago's
		"":                               "",
	} {
		// A readable time beside it, so that an unreadable one does not make the column none.
		got, _, _ := times(t, "Time", `{"zone":"+08:00"}`, raw, raw, "2008-08-20 00:00:00 UTC", "2008-08-20 00:00:00 UTC")
		if unit := strings.Trim(raw, "0123456789") == "" && (len(raw) == 10 || len(raw) == 13); unit {
			got, _, _ = times(t, "Time", `{"zone":"+08:00"}`, raw)
		}
		if got[0] != want {
			t.Errorf("%q: %q, want %q", raw, got[0], want)
		}
	}
}

// Day and month: any row may decide; where none does, it is assumed and said.
func TestDayAndMonth(t *testing.T) {
	basis := func(first object) string {
		b := first["time_basis"].(object)
		return fmt.Sprint(b["basis"], " ", b["zone"], " ", b["zone_basis"])
	}
	for name, c := range map[string]struct {
		heading, config string
		values          []string
		first, basis    string
		codes           string
	}{
		"day first": {"Date", `{"zone":"UTC"}`, []string{"01/02/2008 00:00", "13/02/2008 00:00"}, "2008-02-01T00:00:00Z", "detected UTC item", ""},
		"month first": {
			"Date", `{"zone":"UTC"}`, []string{"01/02/2008 00:00", "02/13/2008 00:00"}, "2008-01-02T00:00:00Z", "detected UTC item", "",
		},
		"neither": {
			"Date", `{"zone":"UTC"}`, []string{"01/02/2008 00:00", "03/04/2008 00:00"}, "2008-02-01T00:00:00Z", "assumed UTC item", "warning time.order_assumed",
		},
		"no matter": {"Date", `{"zone":"UTC"}`, []string{"02/02/2008 00:00"}, "2008-02-02T00:00:00Z", "detected UTC item", ""},
		"a damaged row decides nothing": {
			"Date", `{"zone":"UTC"}`, []string{"01/02/2008 00:00", "01/02/2008 00:00", "45/45/2008 00:00"}, "2008-02-01T00:00:00Z", "assumed UTC item", "warning time.order_assumed, warning time.unreadable",
		},
		"no zone":             {"Date", `{}`, []string{"2008-08-20 13:00"}, "2008-08-20T13:00:00Z", "detected UTC assumed", "warning time.zone_assumed"},
		"zone in the heading": {"Date (UTC+8)", `{"zone":"UTC"}`, []string{"2008-08-20 13:00"}, "2008-08-20T05:00:00Z", "detected +08:00 source", ""},
		"Beijing time":        {"北京时间", `{}`, []string{"2008-08-20 13:00"}, "2008-08-20T05:00:00Z", "detected +08:00 source", ""},
		"a day alone":         {"Date", `{"zone":"UTC"}`, []string{"2008-08-20"}, "2008-08-20T00:00:00Z", "detected UTC item", "warning time.date_only"},
	} {
		got, first, codes := times(t, c.heading, c.config, c.values...)
		if got[0] != c.first || basis(first) != c.basis || codes != c.codes {
			t.Errorf("%s: %s, %s; %s", name, got[0], basis(first), codes)
		}
	}
	// The row that decides may stand far behind what is looked at first.
	values := make([]string, 30_000)
	for i := range values {
		values[i] = "02/03/2008 10:00"
	}
	values[29_999] = "25/03/2008 10:00"
	if got, _, codes := times(t, "Date", `{"zone":"UTC"}`, values...); got[0] != "2008-03-02T10:00:00Z" || codes != "" {
		t.Error(got[0], codes)
	}
}

// Times of several columns: each is stated, the record's own is the first.
func TestSeveralTimes(t *testing.T) {
	got, _, _ := read(t, []byte("From,To,Text,Received,Sent\n5550100,5550101,x,2008-08-20 13:00:09,2008-08-20 13:00:05\n5550100,5550101,y,2008-08-20 13:00:09,\n"), `{"zone":"UTC"}`)
	if got[0]["time"] != "2008-08-20T13:00:05Z" || got[0]["time_kind"] != "sent" || len(got[0]["times"].([]any)) != 2 {
		t.Error(got[0])
	}
	if got[1]["time"] != "2008-08-20T13:00:09Z" || got[1]["time_kind"] != "received" {
		t.Error(got[1])
	}
	// "Sent" may as well be yes or no.
	got, _, _ = read(t, []byte("From,To,Text,Sent\n5550100,5550101,x,yes\n"), `{}`)
	if got[0]["time"] != nil || got[0]["extra"].(object)["Sent"] != "yes" {
		t.Error(got[0])
	}
}

// Whatever Go writes in one of many forms is read as Go reads it.
func TestTimesAsGo(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, form := range []string{
		"2006-01-02 15:04:05", "2006/1/2 15:04", "02.01.2006 15:04:05", "1/2/2006 3:04:05 PM", "Jan 2, 2006 3:04 PM", "Mon, 02 Jan 2006 15:04:05",
		"20060102150405", "20060102", "2006年1月2日 15:04", "2006年01月02日15时04分05秒", "2006-01-02T15:04:05-07:00", "2 January 2006 15:04:05.000",
	} {
		var values, want []string
		for range 300 {
			at := time.Unix(r.Int64N(1<<31), r.Int64N(1000)*1e6).In(time.FixedZone("", int(r.Int64N(25)-12)*3600))
			values = append(values, at.Format(form))
			back, err := time.ParseInLocation(form, values[len(values)-1], time.FixedZone("", 8*3600))
			if err != nil {
				t.Fatal(err)
			}
			s := back.UTC().Format("2006-01-02T15:04:05Z")
			if strings.HasSuffix(form, ".000") {
				s = back.UTC().Format("2006-01-02T15:04:05.000Z")
			}
			want = append(want, s)
		}
		got, _, _ := times(t, "Time", `{"zone":"+08:00"}`, values...)
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("%s: %q is %s, not %s", form, values[i], got[i], want[i])
			}
		}
	}
}
