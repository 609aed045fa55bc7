//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// spot is what a redaction says, as tests read it.
type spot struct {
	Record, Field, Category, Class, Rule, Form string
	Validator                                  *string
	Start, End                                 int
	KnownIn                                    int64 `json:"known_in"`
	Part                                       *struct{ Group, N, Of int64 }
}

// of runs the plugin over one record set.
func of(t interface{ Fatalf(string, ...any) }, config string, lines ...string) (spots []spot, texts []string, r sdk.Result) {
	input := strings.Join(lines, "\n") + "\n"
	var records, rest bytes.Buffer
	r, err := sdk.Run(context.Background(), plugin(), sdk.Job{
		Operation: evidence.OpRedact, Config: json.RawMessage(config), Inputs: []*sdk.Input{sdk.NewInput(strings.NewReader(input), int64(len(input)))},
		Records: &records, Diagnostics: &rest, Artifacts: &rest,
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	for _, line := range strings.Split(strings.TrimSuffix(records.String(), "\n"), "\n") {
		if line == "" {
			continue
		}
		var s spot
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		spots = append(spots, s)
		texts = append(texts, cut(t, lines, s))
	}
	return spots, texts, r
}

// cut is what stands in a redaction's span, found by another JSON reader.
func cut(t interface{ Fatalf(string, ...any) }, lines []string, s spot) string {
	_, number, _ := strings.Cut(s.Record, ":")
	var n int
	if _, err := fmt.Sscan(number, &n); err != nil || n < 1 || n > len(lines) {
		t.Fatalf("record %q", s.Record)
	}
	dec := json.NewDecoder(strings.NewReader(lines[n-1]))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v", err)
	}
	for _, step := range strings.Split(s.Field, "/")[1:] {
		step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil {
				t.Fatalf("%s: %v", s.Field, err)
			}
			v = x[i]
		}
	}
	text, ok := v.(string)
	if !ok {
		text = fmt.Sprint(v)
	}
	if s.Start < 0 || s.End > len(text) || s.Start >= s.End {
		t.Fatalf("%+v in %q", s, text)
	}
	return text[s.Start:s.End]
}

func TestFields(t *testing.T) {
	spots, texts, _ := of(t, `{}`,
		`{"account":"anna","conversation":"#fam","from":"anna","kind":"message","service":"chat","source":{"pointer":"/a"},"text":"tell ANNA or王小明, \"tab\"\t13812345678","time":"2008-08-01T00:00:00Z","to":["+8613800001111","bob@example.com"]}`,
		`{"columns":{"qq":"12345678","raw":{"raw":"/w==","text":"王小明"},"tel":13812345678,"x/y~z":"anna"},"kind":"row","source":{"pointer":"/b"},"table":"t"}`,
		`{"kind":"contact","names":["王小明"],"organisation":"Acme","phones":["138 0000 1111"],"phones_raw":[null],"source":{"pointer":"/c"}}`,
		`{"deep":[{"k":["13812345678"]}],"kind":"x-a/b","note":"see anna","source":{"pointer":"/d"}}`,
	)
	var got []string
	for i, s := range spots {
		got = append(got, fmt.Sprintf("%s%s %s %s %s %d", s.Record[16:], s.Field, s.Category, s.Class, texts[i], s.KnownIn))
	}
	want := []string{
		":1/account username proven anna 1", ":1/conversation conversation proven #fam 0", ":1/from username proven anna 1", ":1/text username review ANNA 1", ":1/text person_name strong 王小明 1", ":1/text phone strong 13812345678 0",
		":1/to/0 phone proven +8613800001111 2", ":1/to/1 email proven bob@example.com 1",
		":2/columns/qq username strong 12345678 0", ":2/columns/raw/text person_name strong 王小明 1", ":2/columns/tel phone strong 13812345678 0", ":2/columns/x~1y~0z username strong anna 1",
		":3/names/0 person_name proven 王小明 1", ":3/phones/0 phone proven 138 0000 1111 2",
		":4/deep/0/k/0 phone strong 13812345678 0", ":4/note username review anna 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestFieldRules(t *testing.T) {
	line := `{"from":"annabel","ip":"192.0.2.1","kind":"message","source":{"pointer":"/a"},"text":"annabel said 蓝天","to":["bob12"]}`
	spots, texts, _ := of(t, `{"allow":["bob12"],"custom":[{"category":"code_name","id":"c","literals":["蓝天"]}],"fields":{"message.ip":"skip","*.from":"text"}}`, line)
	got := fmt.Sprint(texts)
	if got != "[蓝天 bob12]" || spots[0].Rule != "custom:c@1" {
		t.Errorf("%s %+v", got, spots)
	}
	for _, bad := range []string{`{"fields":{"x":"y"}}`, `{"regions":["ZZ"]}`, `{"custom":[{"id":"a","category":"b","pattern":"x"}]}`, `{"memory":1}`} {
		if _, _, r := of(t, bad, line); r.Outcome != evidence.OutcomeFailed || !errors.Is(r.Err, sdk.ErrMalformed) {
			t.Errorf("%s: %+v", bad, r)
		}
	}
	if _, _, r := of(t, `{"memory":1024}`, line, strings.ReplaceAll(line, "annabel", "annabel2"), strings.ReplaceAll(line, "annabel", "annabel3"), strings.ReplaceAll(line, "annabel", "annabel4")); !errors.Is(r.Err, sdk.ErrLimit) {
		t.Errorf("memory: %+v", r)
	}
}

// A value split over messages of one sender, others between them or not, is found and its
// parts numbered; not where the messages are of different people, or far apart.
func TestSplits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SampledFrom([]string{"13812345678", "110105194912310029", "4111111111111111", "zhang@example.com"}).Draw(t, "value")
		if value[0] == '1' && len(value) == 18 {
			value = "11010519491231002X"
		}
		at := rapid.IntRange(4, len(value)-4).Draw(t, "at")
		if strings.Contains(value, "@") {
			at = rapid.SampledFrom([]int{5, 6}).Draw(t, "at the @")
		}
		parts := []string{value[:at], value[at:]}
		apart := rapid.SampledFrom([]int{0, 30, 60, 61}).Draw(t, "seconds")
		sender := rapid.SampledFrom([]string{"anna", "carl"}).Draw(t, "sender")
		message := func(from string, second int, text string) string {
			return fmt.Sprintf(`{"from":%q,"kind":"message","source":{"pointer":"/a"},"text":%q,"time":"2008-08-01T00:%02d:%02dZ","to":["bob"]}`, from, text, second/60, second%60)
		}
		lines := []string{message("anna", 0, "我的是"+parts[0])}
		for i := range rapid.IntRange(0, 5).Draw(t, "between") {
			lines = append(lines, message(fmt.Sprint("other", i), 0, "hello"))
		}
		lines = append(lines, message(sender, apart, parts[1]+" ok"))
		spots, texts, _ := of(t, `{}`, lines...)
		joined := ""
		for i, s := range spots {
			if s.Part != nil {
				if s.Class != "review" || s.Form != "split" || s.Part.Of != 2 || s.Field != "/text" {
					t.Fatalf("%+v", s)
				}
				joined += texts[i]
			}
		}
		want := value
		if sender != "anna" || apart > 60 {
			want = ""
		}
		if joined != want {
			t.Fatalf("%q, want %q: %+v", joined, want, spots)
		}
	})
}

// Redactions stand in the order of the records and, in a string, apart; and they hold
// nothing of what was found.
func TestOrder(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(records(600), "\n"), "\n")
	spots, texts, r := of(t, `{"regions":["CN","US"]}`, lines...)
	if r.Outcome != evidence.OutcomeComplete || len(spots) < 1000 {
		t.Fatalf("%+v, %d", r, len(spots))
	}
	last, field, end := 0, "", 0
	for i, s := range spots {
		var n int
		if _, err := fmt.Sscan(s.Record[17:], &n); err != nil || n < last {
			t.Fatalf("%d after %d", n, last)
		}
		if n != last || s.Field != field {
			end = 0
		}
		if s.Start < end || texts[i] == "" {
			t.Fatalf("%+v after %d", s, end)
		}
		last, field, end = n, s.Field, s.End
	}
}
