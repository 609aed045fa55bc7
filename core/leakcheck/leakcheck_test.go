package leakcheck

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
)

func check(t *testing.T, values []string, name, content string, o Options) *Report {
	t.Helper()
	n, err := NewNeedles(func(yield func(category, raw, canonical string) error) error {
		for _, v := range values {
			if err := yield("term", v, ""); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Check(context.Background(), oneFile(name, []byte(content)), n, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestFalseAlarms: what only looks like a value is none.
func TestFalseAlarms(t *testing.T) {
	for _, c := range []struct {
		name, value, text string
		verdict           Verdict
		uncertain         int64
	}{
		{"a word within a word", "monica", "harmonica", Releasable, 0},
		{"the word", "monica", "play, Monica!", Leak, 0},
		{"short, within", "bob", "bobbin kebob", NotChecked, 0},
		{"short, a word", "bob", "ask Bob.", NotChecked, 1},
		{"common", "message", `{"kind":"message"}`, NotChecked, 1},
		{"few digits", "123456", "size 123456", NotChecked, 1},
		{"one character", "x", "x", NotChecked, 0},
		{"8 digits within more", "80471926", "9980471926", Releasable, 0},
		{"8 digits", "80471926", "no 80471926.", Leak, 0},
		{"8 digits glued to letters", "80471926", "QQ80471926", Leak, 0},
		{"8 digits in a digest", "80471926", "a0f1e2d380471926b4c5d6e7f8091a2b", Releasable, 0},
		{"11 digits anywhere", "13800138765", "4413800138765001", Leak, 0},
		{"another number with the same end", "13800138765", "13900138765", Releasable, 0},
		{"the end alone", "13800138765", "local 00138765", Leak, 0},
		{"the end as a size", "13800138765", `{"size":"x","bytes": 10138765}`, Releasable, 0},
		{"the end as a JSON number", "13800138765", `{"bytes":138765,"n":0138765}`, Releasable, 0},
		{"a day", "4420100825", "on 2010-08-25", Releasable, 0},
		{"an address of a network", "10.20.30.40", "110.20.30.40 and 10.20.30.401", Releasable, 0},
		{"the address", "10.20.30.40", "from 10.20.30.40:80", Leak, 0},
		{"Han in other Han", "王小明", "國王小明天", Leak, 0}, // nothing tells where a name ends
		{"two Han characters in a sentence", "明慧", "关于明慧的文章", Releasable, 1},
		{"two Han characters by themselves", "明慧", `{"from":"明慧"}`, Leak, 0},
		{"UTF-16 by chance in ASCII", "\u4e2d\u6587", "xN-e\u0087y -N\u0087e", Releasable, 0},
	} {
		r := check(t, []string{c.value}, "f.txt", c.text, Options{})
		if r.Verdict != c.verdict || r.Counts.Uncertain != c.uncertain {
			t.Errorf("%s: %s, %d uncertain, not %s, %d: %+v", c.name, r.Verdict, r.Counts.Uncertain, c.verdict, c.uncertain, r.Findings)
		}
	}
}

// TestPlaces: where something was found, and that a name that holds a value is not told.
func TestPlaces(t *testing.T) {
	r := check(t, []string{"Secret-Person"}, "of secret-person.txt", "one, secret%2dPERSON", Options{})
	if len(r.Findings) != 2 || r.Findings[0].Surface != InName || r.Findings[0].Offset != 3 || r.Findings[1].Surface != InContent || r.Findings[1].Offset != 5 {
		t.Fatalf("%+v", r.Findings)
	}
	var page bytes.Buffer
	if err := r.Page(&page); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := evidence.Canonical(r); err != nil {
		t.Error(err)
	}
	if all := strings.ToLower(string(text) + page.String() + r.Text()); strings.Contains(all, "secret-person") {
		t.Error("the report says the value")
	}
	if !regexp.MustCompile(`id="verdict">LEAK<`).Match(page.Bytes()) {
		t.Error(page.String())
	}
}

// TestOwn: files of the program are told by their digest; one that was changed is not.
func TestOwn(t *testing.T) {
	d := newDigestReader(strings.NewReader("about Secret-Person"))
	if _, err := io.Copy(io.Discard, d); err != nil {
		t.Fatal(err)
	}
	own := Options{Own: map[string]bool{d.sum(): true}}
	if r := check(t, []string{"Secret-Person"}, "VERIFY.html", "about Secret-Person", own); r.Verdict != Releasable || r.Searched.Own != 1 {
		t.Errorf("%+v", r)
	}
	if r := check(t, []string{"Secret-Person"}, "VERIFY.html", "about Secret-Person!", own); r.Verdict != Leak {
		t.Errorf("%+v", r)
	}
}

// TestNotRead: what cannot be read is said, and nothing is called releasable.
func TestNotRead(t *testing.T) {
	for name, content := range map[string]string{
		"p.png": "\x89PNG\r\n\x1a\n...", "a.7z": "7z\xbc\xaf\x27\x1c", "v.age": "age-encryption.org/v1\n", "d.zip": "PK\x03\x04damaged", "d.gz": "\x1f\x8b\x08damaged",
		"cut.gz": string(gzipped(t, bytes.Repeat([]byte("text "), 5000), "")[:40]), "m.eml": "no mail",
	} {
		if r := check(t, []string{"Secret-Person"}, name, content, Options{}); r.Verdict != NotChecked || len(r.Unread) == 0 {
			t.Errorf("%s: %s %+v", name, r.Verdict, r.Unread)
		}
	}
	deep := []byte("Secret-Person")
	for range maxNested + 2 {
		deep = gzipped(t, deep, "")
	}
	if r := check(t, []string{"Secret-Person"}, "deep.gz", string(deep), Options{}); r.Verdict != NotChecked {
		t.Errorf("%s %+v", r.Verdict, r.Unread)
	}
	broken := errors.New("broken")
	n := canaryNeedles(t)
	_, err := Check(context.Background(), func(yield func(File, error) bool) { yield(File{}, broken) }, n, Options{})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := CheckZIP(context.Background(), strings.NewReader("x"), 1, n, Options{}); !errors.Is(err, evidence.ErrFormat) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Check(ctx, oneFile("a", []byte("b")), n, Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestDetect: what a detector finds is listed and counts for nothing by itself.
func TestDetect(t *testing.T) {
	r := check(t, []string{"Secret-Person"}, "a.txt", "call 0301234567", Options{Detect: func(text []byte, found func(string, bool, int, int)) {
		if i := bytes.Index(text, []byte("030")); i >= 0 {
			found("phone", true, i, i+10)
		}
	}})
	if r.Verdict != Releasable || len(r.LooksLike) != 1 || r.LooksLike[0].Offset != 5 {
		t.Errorf("%s %+v", r.Verdict, r.LooksLike)
	}
}

// TestForRecipient: the report that goes with the files says nothing of where, or how
// often, a word stands that may be a value, since that would tell which word it is.
func TestForRecipient(t *testing.T) {
	r := check(t, []string{"bob", "Secret-Person"}, "a.txt", "ask Bob.", Options{})
	if r.Counts.Uncertain != 1 || len(r.Uncertain) != 1 {
		t.Fatalf("%+v", r)
	}
	out := r.ForRecipient()
	if text := out.Text(); !out.Abridged || out.Counts.Uncertain != 0 || len(out.Uncertain) != 0 || strings.Contains(text, "a.txt") || strings.Contains(text, "1 place") || !strings.Contains(text, "is not said here") {
		t.Error(text)
	}
	if r.Abridged || len(r.Uncertain) != 1 {
		t.Error("the discloser's own report was changed")
	}
}

// TestCounts: what is beyond the lists is counted, the certain and the uncertain apart.
func TestCounts(t *testing.T) {
	r := check(t, []string{"Secret-Person", "message"}, "a", strings.Repeat("message ", 5000), Options{})
	if r.Verdict != Releasable || r.Counts.Uncertain != 5000 || len(r.Uncertain) != maxFindings || r.Counts.Certain != 0 {
		t.Errorf("%s, %+v, %d listed", r.Verdict, r.Counts, len(r.Uncertain))
	}
	r = check(t, []string{"Secret-Person", "message"}, "a", strings.Repeat("message ", 200_000)+strings.Repeat("secret-person,", 3000), Options{})
	if r.Verdict != Leak || r.Counts.Certain != 3000 || len(r.Findings) != maxFindings || r.Counts.ByCategory["term"] != 3000 || r.Counts.Values != 1 {
		t.Errorf("%s, %+v, %d listed", r.Verdict, r.Counts, len(r.Findings))
	}
}

// TestManyValues: memory for a hundred thousand values stays bounded, and each is found.
func TestManyValues(t *testing.T) {
	values := hundredThousand()[:20_000]
	n := needlesOf(t, values)
	var text strings.Builder
	for i, v := range values {
		if i%200 == 0 {
			fmt.Fprintf(&text, "line %d: <%s>\n", i, v)
		}
	}
	r, err := Check(context.Background(), oneFile("a", []byte(text.String())), n, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Counts.Values < 100 || r.Counts.Values > 105 {
		t.Errorf("%d of 100 values found", r.Counts.Values)
	}
}
