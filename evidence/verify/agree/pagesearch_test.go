package agree_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

type searchResult struct {
	Mode    string
	Verdict string
	Found   int
	Places  int
	Files   int
	Inner   int
	Hits    []struct {
		Place    string
		Offset   int
		Term     int
		Encoding string
	}
	Unread []struct{ Place, Why string }
	Weak   []int
}

// planted is a term written one way, and where in the written bytes the page should find it.
type planted struct {
	name string
	term int // in searchTerms, from 1
	what []byte
	at   int
}

var searchTerms = []string{"+86 138 0013 8765", "Zhang_Wei-88x", "歐陽明華", "Zhao.Liu1987@Example.org", "bob"}

func plantings(t *testing.T) []planted {
	t.Helper()
	user, name, mail := searchTerms[1], searchTerms[2], searchTerms[3]
	units := func(s string, little bool) []byte {
		var b []byte
		for _, u := range utf16.Encode([]rune(s)) {
			if little {
				b = append(b, byte(u), byte(u>>8))
			} else {
				b = append(b, byte(u>>8), byte(u))
			}
		}
		return b
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(name))
	if err != nil {
		t.Fatal(err)
	}
	big5, err := traditionalchinese.Big5.NewEncoder().Bytes([]byte(name))
	if err != nil {
		t.Fatal(err)
	}
	each := func(s, form string) []byte {
		var b strings.Builder
		for _, r := range s {
			fmt.Fprintf(&b, form, r)
		}
		return []byte(b.String())
	}
	list := []planted{
		{"as it is", 2, []byte(user), 0},
		{"capitals", 2, []byte(strings.ToUpper(user)), 0},
		{"UTF-8", 3, []byte(name), 0},
		{"UTF-16LE", 3, units(name, true), 0},
		{"UTF-16BE of ASCII", 4, units(mail, false), 0},
		{"GB18030", 3, gb, 0},
		{"Big5", 3, big5, 0},
		{"JSON", 3, each(name, `\u%04x`), 0},
		{"JSON of ASCII, capitals", 2, each(user, `\u%04X`), 0},
		{"HTML, decimal", 3, each(name, "&#%d;"), 0},
		{"HTML, hexadecimal", 3, each(name, "&#x%X;"), 0},
		{"percent", 4, []byte(url.QueryEscape(mail)), 0},
		{"percent, Han", 3, []byte(url.QueryEscape(name)), 0},
		{"full-width", 2, []byte(strings.Map(func(r rune) rune { return r + 0xfee0 }, user)), 0},
		{"hexadecimal", 2, []byte(hex.EncodeToString([]byte(user))), 0},
		{"hexadecimal, capitals", 3, []byte(strings.ToUpper(hex.EncodeToString([]byte(name)))), 0},
		{"digits in groups", 1, []byte("138-0013.8765"), 0},
		{"digits alone", 1, []byte("8613800138765"), 0},
		{"digits, full-width", 1, []byte("１３８００１３８７６５"), 0},
		{"digits, Han", 1, []byte("一三八〇〇一三八七六五"), 0},
		{"the last 7 digits", 1, []byte("0138765"), 0},
		{"a short word", 5, []byte("Bob"), 0},
	}
	for shift := range 3 {
		list = append(list, planted{fmt.Sprintf("base64, %d", shift), 2, []byte(base64.StdEncoding.EncodeToString([]byte("<<<"[:shift] + user + ">>>"))), []int{0, 2, 3}[shift]})
	}
	list = append(list, planted{"base64 for URLs", 3, []byte(base64.URLEncoding.EncodeToString([]byte("?" + name))), 2})
	return list
}

// TestPageSearch: the page finds each term however it is written, where it stands, and finds
// nothing where nothing is.
func TestPageSearch(t *testing.T) {
	t.Parallel()
	b := openBrowser(t, "file://"+page(t))
	look := func(files map[string][]byte, terms []string) searchResult {
		t.Helper()
		text, err := json.Marshal([]any{files, terms})
		if err != nil {
			t.Fatal(err)
		}
		var r searchResult
		b.eval(`(async ([files, terms]) => check({ items: Object.entries(files).map(([path, b]) => ({ path, blob: new Blob([Uint8Array.from(atob(b ?? ""), c => c.charCodeAt(0))]) })), terms }, () => {}))(`+string(text)+`)`, &r)
		return r
	}
	clean := map[string][]byte{"data/records.jsonl": []byte(`{"from":"[USERNAME-7F3KQ2M9]","text":"來電 [PHONE-7F3KQ2M9]","time":"2010-08-25T14:22:03Z","sum":"` + strings.Repeat("0138765a", 8) + `","to":"bobby"}`)}
	if r := look(clean, searchTerms); r.Verdict != "NOT FOUND" || r.Places != 0 || r.Files != 1 {
		t.Fatalf("nothing is there: %+v", r)
	}
	files, at, term := map[string][]byte{}, map[string]int{}, map[string]int{}
	for _, p := range plantings(t) {
		for where, before := range map[string][]byte{"text": []byte("from: "), "bytes": {0, 1, 0xff, 0}, "border": bytes.Repeat([]byte("."), 1<<20-len(p.what)/2)} {
			if where == "border" && !slices.Contains([]string{"as it is", "UTF-16LE", "digits in groups", "base64, 1"}, p.name) {
				continue
			}
			name := p.name + " in " + where
			files[name], at[name], term[name] = slices.Concat(before, p.what, []byte(" end")), len(before)+p.at, p.term
		}
	}
	all := look(files, searchTerms)
	if all.Verdict != "FOUND" || all.Files != len(files) {
		t.Errorf("%s, %d files", all.Verdict, all.Files)
	}
	for _, h := range all.Hits {
		if strings.HasSuffix(h.Place, "(its name)") {
			t.Errorf("in a name: %+v", h)
		}
		if term[h.Place] == h.Term && at[h.Place] == h.Offset {
			delete(term, h.Place)
		}
	}
	for name := range term {
		t.Errorf("not found where it stands, or not at byte %d: %s", at[name], name)
	}
	// In a name, in archives, and in a mail; what cannot be read is said.
	var z, g bytes.Buffer
	w := zip.NewWriter(&z)
	f, err := w.Create("inner/Zhang_Wei-88x.txt")
	if err == nil {
		_, err = f.Write([]byte("x"))
	}
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	gz := gzip.NewWriter(&g)
	if _, err := gz.Write([]byte("mail to zhao.liu1987@example.org")); err != nil || gz.Close() != nil {
		t.Fatal(err)
	}
	lines := base64.StdEncoding.EncodeToString(z.Bytes())
	var wrapped strings.Builder
	for ; len(lines) > 76; lines = lines[76:] {
		wrapped.WriteString(lines[:76] + "\r\n")
	}
	r := look(map[string][]byte{
		"names/歐陽明華.txt": []byte("x"), "in.gz": g.Bytes(), "in.zip": z.Bytes(), "P-1.rsmf": []byte("MIME-Version: 1.0\r\n\r\n" + wrapped.String() + lines + "\r\n"), "p.png": []byte("\x89PNG\r\n\x1a\n"),
	}, searchTerms)
	var places []string
	for _, h := range r.Hits {
		places = append(places, fmt.Sprintf("%d %s", h.Term, h.Place))
	}
	slices.Sort(places)
	want := []string{
		"2 P-1.rsmf → part 1 → inner/Zhang_Wei-88x.txt (its name)", "2 in.zip → inner/Zhang_Wei-88x.txt (its name)", "3 names/歐陽明華.txt (its name)", "4 in.gz → unpacked",
	}
	for _, one := range want {
		if !slices.Contains(places, one) {
			t.Errorf("%s is not in %q", one, places)
		}
	}
	if len(r.Unread) != 1 || r.Unread[0].Place != "p.png" {
		t.Errorf("%+v", r.Unread)
	}
	if len(b.errors) > 0 {
		t.Errorf("%q", b.errors)
	}
}

// TestPageSearchByHand does it as a person does: chooses a bundle, types terms, presses Search.
func TestPageSearchByHand(t *testing.T) {
	b := openBrowser(t, "file://"+page(t))
	name := filepath.Join(t.TempDir(), "bundle.zip")
	if err := os.WriteFile(name, zipOf("CASE-1", (&plan{}).build(), nil), 0o600); err != nil {
		t.Fatal(err)
	}
	b.give("files", "", "", "auto", name)
	press := func(terms string) (r searchResult, text string) {
		t.Helper()
		quoted, err := json.Marshal(terms)
		if err != nil {
			t.Fatal(err)
		}
		var out string
		b.eval(`new Promise(yes => {
			$("terms").closest("details").open = true; $("result").textContent = "pending"; $("terms").value = `+string(quoted)+`; $("seek").click();
			const look = () => { const s = $("result").textContent; s === "pending" ? setTimeout(look, 2) : yes(s); }; look();
		})`, &out)
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		b.eval(`$("outcome").innerText`, &text)
		return r, text
	}
	r, text := press("nobody-of-that-name\n\n+49 170 9876543\n")
	if r.Mode != "search" || r.Verdict != "NOT FOUND" || !strings.Contains(text, "Nothing of your list was found") || !strings.Contains(text, "What was not searched?") {
		t.Errorf("%+v\n%s", r, text)
	}
	dir := os.Getenv("AGREE_SHOTS")
	if dir != "" {
		b.screenshot(dir+"/search-none.png", 1200, 1500)
	}
	r, text = press("bagit-version\nnobody")
	if r.Verdict != "FOUND" || r.Found != 1 || r.Hits[0].Place != "CASE-1/bagit.txt" || r.Hits[0].Offset != 0 || !strings.Contains(text, "1 term of your list was found") {
		t.Errorf("%+v\n%s", r, text)
	}
	if dir != "" {
		b.screenshot(dir+"/search-found.png", 1200, 1500)
	}
	if len(b.errors) > 0 {
		t.Errorf("%q", b.errors)
	}
}
