package main_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// writer makes exports of its own: charset, delimiter, quoting, line endings and
// the order of columns by the seed.
type writer struct {
	*rand.Rand
	charset, delimiter, ending string
	quote                      string
	always                     bool // quote every field
	mark                       bool // begin with a byte order mark
	columns                    []string
}

// headings by language, then by column.
var testHeadings = []map[string]string{
	{"id": "编号", "from": "发送方", "to": "接收方", "text": "短信内容", "time": "发送时间", "status": "状态"},
	{"id": "編號", "from": "發送號碼", "to": "接收號碼", "text": "簡訊內容", "time": "發送時間", "status": "狀態"},
	{"id": "No.", "from": "Sender", "to": "Recipient", "text": "Message", "time": "Sent Time", "status": "Status"},
	{"id": "No.", "from": "送信者", "to": "受信者", "text": "本文", "time": "送信日時", "status": "Status"},
}

// alphabets are characters that each charset has.
var alphabets = map[string]string{
	"utf-8":     "你好再見さくら😀é ab,;|\t\"'",
	"gb18030":   "你好再见同学晚上吃饭明天😀 ab,;|\t\"'",
	"big5":      "你好再見同學晚上吃飯明天 ab,;|\t\"'",
	"shift_jis": "さくらがさいたソ表示能十明日 ab,;|\t\"'",
	"utf-16le":  "你好再見さくら😀é ab,;|\t\"'",
	"utf-16be":  "你好再見さくら😀é ab,;|\t\"'",
}

func newWriter(seed uint64) *writer {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	w := &writer{
		Rand: r, charset: pick("utf-8", "gb18030", "big5", "shift_jis", "utf-16le", "utf-16be"), delimiter: pick(",", "\t", ";", "|"),
		ending: pick("\n", "\r\n"), quote: pick(`"`, `"`, `"`, "'"), always: r.IntN(2) == 0, mark: r.IntN(2) == 0,
		columns: []string{"id", "from", "to", "text", "time", "status"},
	}
	w.always = w.always || w.quote == "'"
	r.Shuffle(len(w.columns), func(i, j int) { w.columns[i], w.columns[j] = w.columns[j], w.columns[i] })
	return w
}

func (w *writer) field(s string) string {
	if w.always || strings.ContainsAny(s, "\r\n"+w.delimiter) || strings.Contains(s, w.quote) || s != strings.TrimSpace(s) {
		return w.quote + strings.ReplaceAll(s, w.quote, w.quote+w.quote) + w.quote
	}
	return s
}

func (w *writer) text() string {
	letters := []rune(alphabets[w.charset])
	var b strings.Builder
	for range 4 + w.IntN(40) {
		if w.IntN(30) == 0 {
			b.WriteString([]string{"\n", "\r\n", "\n\n"}[w.IntN(3)])
			continue
		}
		b.WriteRune(letters[w.IntN(len(letters))])
	}
	return b.String()
}

// TestAnyWriter: whatever a writer chooses, every field and every span is exact.
func TestAnyWriter(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(200) {
		w := newWriter(seed)
		language := testHeadings[map[string]int{"gb18030": 0, "big5": 1, "shift_jis": 3}[w.charset]]
		if strings.HasPrefix(w.charset, "utf") {
			language = testHeadings[w.IntN(len(testHeadings))]
		}
		var text strings.Builder
		var want []object
		var spans []string
		if w.mark && strings.HasPrefix(w.charset, "utf") {
			text.WriteString("\ufeff")
		}
		emit := func(cells map[string]string) string {
			var fields []string
			for _, c := range w.columns {
				fields = append(fields, w.field(cells[c]))
			}
			row := strings.Join(fields, w.delimiter)
			text.WriteString(row + w.ending)
			return row
		}
		emit(language)
		for i := range 30 + w.IntN(40) {
			at := time.Date(2008, 8, 1+w.IntN(28), w.IntN(24), w.IntN(60), w.IntN(60), 0, time.UTC)
			from, to, body := fmt.Sprintf("10%09d", w.IntN(1e9)), fmt.Sprintf("+10%09d", w.IntN(1e9)), w.text()
			raw := at.Format("2006/01/02 15:04:05")
			spans = append(spans, emit(map[string]string{"id": fmt.Sprint(i), "from": from, "to": to, "text": body, "time": raw, "status": "OK"}))
			want = append(want, object{
				"kind": "sms", "from": from, "to": []any{to}, "text": body, "status": "OK", "time_raw": raw, "time": at.Add(-8 * time.Hour).Format(time.RFC3339),
				"time_kind": "sent", "charset": w.charset, "charset_basis": "detected", "direction": "unknown", "service": nil, "account": nil,
				"extra":      object{language["id"]: fmt.Sprint(i)},
				"time_basis": object{"basis": "detected", "unit": "text", "zone": "+08:00", "zone_basis": "item"},
			})
		}
		data := encode(t, w.charset, text.String())
		got, diagnostics, _ := read(t, data, `{"zone":"+08:00"}`)
		name := fmt.Sprintf("seed %d: %s %q %s always %v mark %v", seed, w.charset, w.delimiter, w.quote, w.always, w.mark)
		if len(got) != len(want) {
			t.Fatalf("%s: %d records of %d; %s", name, len(got), len(want), codes(diagnostics))
		}
		line := 2.0
		for i := range got {
			if s := encode(t, w.charset, spans[i]); span(data, got[i]) != string(s) {
				t.Fatalf("%s: record %d has the span %q, not %q", name, i, span(data, got[i]), s)
			}
			if l := got[i]["source"].(object)["line"]; l != line {
				t.Fatalf("%s: record %d is at line %v, not %v", name, i, l, line)
			}
			line += float64(strings.Count(spans[i], "\n") + 1)
			delete(got[i], "source")
			delete(got[i], "flags")
			if diff := cmp.Diff(want[i], got[i]); diff != "" {
				t.Fatalf("%s: record %d: %s", name, i, diff)
			}
		}
		seen[w.charset+w.delimiter]++
	}
	if len(seen) != 24 {
		t.Errorf("only %d of 24 charsets and delimiters were written", len(seen))
	}
}
