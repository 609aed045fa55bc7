package ndjson_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/ndjson"
)

func translate(r io.Reader, maxLine int) (*ndjson.Account, [3]string, error) {
	var out [3]bytes.Buffer
	a, err := ndjson.Translate(r, ndjson.Streams{Records: &out[0], Diagnostics: &out[1], Artifacts: &out[2]}, ndjson.Options{MaxLine: maxLine})
	return a, [3]string{out[0].String(), out[1].String(), out[2].String()}, err
}

const answer = `{"record":{"kind":"row","b":1,"a":2}}
` + "\r\n" + `{"diagnostic":{"severity":"reject","code":"x.y"}}
{"artifact":{"name":"d\udcff","text":true,"steps":[{"do":"x"}]}}
{"data":"aGVsbG8="}
{"data":""}
{"end":{"complete":true}}
{"progress":{"bytes":5,"units":1}}
{"done":{"outcome":"partial","reason":"half","bytes_read":5,"keys_used":["k"],"records":1,"diagnostics":1,"artifacts":1}}`

func TestTranslate(t *testing.T) {
	for name, r := range map[string]io.Reader{
		"whole": strings.NewReader(answer), "bytewise": iotest.OneByteReader(strings.NewReader(answer)), "with EOF": iotest.DataErrReader(strings.NewReader(answer + "\n")),
	} {
		a, out, err := translate(r, 1000)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := [3]string{
			`{"a":2,"b":1,"kind":"row"}` + "\n",
			`{"code":"x.y","severity":"reject"}` + "\n",
			"B\x00\x00\x00\x50" + `{"name":{"raw":"ZP8=","text":"d` + "\ufffd" + `"},"steps":[{"do":"x"}],"text":true}` +
				"D\x00\x00\x00\x05hello" + "D\x00\x00\x00\x00" + "E\x00\x00\x00\x1d" + `{"complete":true,"reason":""}`,
		}
		for i := range want {
			if i == 2 { // the length of the first frame's payload is counted, not typed
				want[i] = "B\x00\x00\x00" + string(rune(len(want[i])-5-10-5-34)) + want[i][5:]
			}
			if out[i] != want[i] {
				t.Errorf("%s: stream %d\ngot  %q\nwant %q", name, i, out[i], want[i])
			}
		}
		if a.Outcome != evidence.OutcomePartial || a.Reason != "half" || a.BytesRead != 5 || len(a.KeysUsed) != 1 ||
			a.Units != (evidence.Units{Declared: -1, Read: 3, Emitted: 2, Rejected: 1}) {
			t.Errorf("%+v", a)
		}
	}
}

func TestTranslateRefuses(t *testing.T) {
	row := `{"record":{"kind":"row"}}` + "\n"
	for _, c := range []struct {
		in, want string
		err      error
	}{
		{"", "ended without", ndjson.ErrNoDone},
		{row, "ended without", ndjson.ErrNoDone},
		{row + "x", "line 2 is no JSON object", ndjson.ErrLine},
		{row + `{"done":true} x`, "line 2 has something after the value", ndjson.ErrLine},
		{row + `{"done":true`, "line 2", ndjson.ErrLine},
		{row + strings.Repeat(" ", 100), "line 2 is longer than 100 bytes", ndjson.ErrLine},
		{strings.Repeat(" ", 100) + "\n", "line 1 is longer than 100 bytes", ndjson.ErrLine},
		{strings.Repeat(" ", 100_000), "line 1 is longer than 100 bytes", ndjson.ErrLine},
		{`{"done":{"records":1}}`, "counts other", ndjson.ErrLine},
		{`{"done":{"outcome":"good"}}`, "an outcome that is none", ndjson.ErrLine},
		{`{"done":{"what":1}}`, "not the members", ndjson.ErrLine},
		{`{"done":1}`, "neither true nor an object", ndjson.ErrLine},
		{`{"done":{"bytes_read":-1}}`, "below zero", ndjson.ErrLine},
		{`{"progress":{"bytes":-1}}`, "below zero", ndjson.ErrLine},
		{`{"artifact":{"name":{"raw":"","text":""}}}`, "a name that is no text", ndjson.ErrLine},
		{`{"end":{}}`, "was not begun", ndjson.ErrLine},
		{`{"record":[]}`, "that is no object", ndjson.ErrLine},
	} {
		_, _, err := translate(strings.NewReader(c.in), 100)
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: %v", c.in, err)
		}
	}
	failed := errors.New("disk")
	if _, _, err := translate(iotest.ErrReader(failed), 100); !errors.Is(err, failed) {
		t.Error(err)
	}
}

// TestSlowScript: what a script has said is passed on before more of it is waited for.
func TestSlowScript(t *testing.T) {
	in, script := io.Pipe()
	got, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := ndjson.Translate(in, ndjson.Streams{Records: out, Diagnostics: io.Discard, Artifacts: io.Discard}, ndjson.Options{MaxLine: 1000})
		done <- err
	}()
	for range 3 {
		if _, err := io.WriteString(script, `{"record":{"kind":"row"}}`+"\n"); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 15)
		if _, err := io.ReadFull(got, b); err != nil || string(b) != `{"kind":"row"}`+"\n" {
			t.Fatalf("%q %v", b, err)
		}
	}
	go script.Close()
	if err := <-done; !errors.Is(err, ndjson.ErrNoDone) {
		t.Error(err)
	}
}

func BenchmarkTranslate(b *testing.B) {
	line := `{"record":{"kind":"sms","time":"2013-10-29T16:56:28Z","from":"+86 138 0000 0001","to":["10086"],"text":"a message of some length, as one finds them 中文","source":{"offset":1000,"length":100,"line":12}}}` + "\n"
	in := strings.Repeat(line, 1000) + `{"done":true}`
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if _, err := ndjson.Translate(strings.NewReader(in), ndjson.Streams{Records: io.Discard, Diagnostics: io.Discard, Artifacts: io.Discard}, ndjson.Options{MaxLine: 1 << 20}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "records/s")
}
