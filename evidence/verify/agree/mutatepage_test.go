package agree_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// pageMutants are the page's conditions that can be switched off: what need() asks for,
// each operand of && of it by itself, and what an if asks before it finds something.
type pageMutant struct {
	At, To int // in the script
	Text   string
	With   string
}

var (
	needCall = regexp.MustCompile(`\bneed\(`)
	findIf   = regexp.MustCompile(`\bif \(`)
)

// operands splits an argument at its outermost && , and ends it at a comma or parenthesis.
func operands(s string, at int) (parts [][2]int, end int) {
	depth, start := 0, at
	for i := at; i < len(s); i++ {
		switch c := s[i]; c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth == 0 {
				return append(parts, [2]int{start, i}), i
			}
			depth--
		case '"', '`', '\'':
			for i++; s[i] != c; i++ {
				if s[i] == '\\' {
					i++
				}
			}
		case '/': // a regular expression, or a division
			if prev := strings.TrimRight(s[at:i], " "); prev == "" || strings.ContainsAny(prev[len(prev)-1:], "(,&|!=") {
				class := false
				for i++; s[i] != '/' || class; i++ {
					switch s[i] {
					case '\\':
						i++
					case '[':
						class = true
					case ']':
						class = false
					}
				}
			}
		case ',':
			if depth == 0 {
				return append(parts, [2]int{start, i}), i
			}
		case '|':
			if depth == 0 && s[i+1] == '|' { // an alternative as a whole
				for _, end := operands(s, i+2); ; {
					return append(parts[:0:0], [2]int{at, end}), end
				}
			}
		case '&':
			if depth == 0 && s[i+1] == '&' {
				parts = append(parts, [2]int{start, i})
				i++
				start = i + 1
			}
		}
	}
	return parts, len(s)
}

// pageMutants finds them in the script that checks.
func pageMutants(core string) (out []pageMutant) {
	list := strings.Index(core, "// --- anybody's files")                                              // from there on no bundle is checked
	from, to := strings.Index(core, "function parseCertificates"), strings.Index(core, "const CURVES") // TestCertificatesRefused
	for _, m := range needCall.FindAllStringIndex(core[:list], -1) {
		if strings.HasSuffix(core[:m[0]], "function ") || from < m[0] && m[0] < to {
			continue
		}
		parts, _ := operands(core, m[1])
		for _, p := range parts {
			out = append(out, pageMutant{p[0], p[1], strings.TrimSpace(core[p[0]:p[1]]), " true "})
		}
	}
	for _, m := range findIf.FindAllStringIndex(core[:list], -1) {
		parts, end := operands(core, m[1])
		rest := core[end+1 : min(len(core), end+90)]
		if line, _, _ := strings.Cut(rest, "\n"); !strings.Contains(line, "this.find(") && !strings.HasPrefix(strings.TrimSpace(line), "bad(") && !strings.HasPrefix(strings.TrimSpace(line), "return false") {
			continue
		}
		out = append(out, pageMutant{m[1], end, strings.TrimSpace(core[m[1]:end]), " false "})
		_ = parts
	}
	return out
}

// sparePage are conditions that others imply, and why they stand there all the same. They
// are not tried.
var sparePage = map[string]string{
	"(left -= r.value.length) >= 0":        "no bundle is deflated",
	"left === 0":                           "the same",
	"isObject(v)":                          "what is no object lacks its members",
	"isObject(o)":                          "the same",
	"Object.hasOwn(o, n)":                  "what is undefined fails where it is used",
	`typeof v === "string"`:                "what is no text fails where it is used",
	"size > 0":                             "no number is divisible by 0; and a set without members is no tree of a bundle",
	"this.size + size <= MAX":              "no set has as many members; other languages would count wrongly",
	"this.has(name)":                       "says why; what is read instead is empty",
	"rest.length <= most":                  "bounds memory; the line is found to be too long at its end as well",
	"n <= BigInt(MAX)":                     "the end that is made anew would differ",
	"at >= 0":                              "bounds what is read",
	"at + n <= blob.size":                  "the same",
	"n <= 1000000":                         "bounds the work",
	"long <= 150":                          "bounds what is read; such a name is not safe",
	"extras <= 28":                         "the same; such a header is not the one there can be",
	"at + local.length + length <= offset": "the last entry would not end where the directory begins",
	"cut >= 0":                             "without signatures there is no line of one",
	"cut + 2 < s.length":                   "the same",
	"s.signature.length === 64":            "a signature of another length is wrong",
	"armor.startsWith(begin)":              "the whole is compared with what it must be",
	"armor.endsWith(end)":                  "the same",
	"blob.length === 184":                  "the whole is compared with what it must be",
	"long <= 4":                            "bounds what is read; no file is as long",
	"b.length >= 2 + long":                 "the element would end behind the file",
	"whole":                                "what is not there has no children",
	"c.length":                             "what is not there is not less than 128",
	"inside":                               "an empty part is not safe",
}

// TestMutationsPage: every condition of VERIFY.html's check is needed by some tampering.
func TestMutationsPage(t *testing.T) {
	if !long() {
		t.Skip("long: ./task mutate")
	}
	text, err := os.ReadFile(page(t))
	if err != nil {
		t.Fatal(err)
	}
	_, core, _ := strings.Cut(string(text), `<script id="core">`)
	core, _, _ = strings.Cut(core, "</script>")
	before := 1 + strings.Count(string(text[:strings.Index(string(text), core)]), "\n")
	mutants := pageMutants(core)
	if len(mutants) < 100 {
		t.Fatalf("%d conditions found", len(mutants))
	}
	table := theTable()
	jobs := lay(t, table)
	b := openBrowser(t, "file://"+page(t))
	pageSays(t, b, jobs) // gives the page the files
	type expected struct {
		job
		Want said
	}
	var list []expected
	for i, j := range jobs {
		list = append(list, expected{j, goSays(t, table[i])})
	}
	asJSON := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	b.eval(`window.jobs = `+asJSON(list)+`; window.bytesIn = s => Uint8Array.from(atob(s ?? ""), c => c.charCodeAt(0)); window.order = jobs.map((_, i) => i);
	window.tried = async examine => {
		for (const [at, i] of order.entries()) {
			const j = jobs[i];
			let r;
			try { r = await examine({ items: [{ path: "b.zip", blob: testing.files[i] }], as: "bundle", trust: j.trust, receipts: j.receipts.map(bytesIn), tsa: (j.tsa ?? []).map(bytesIn), witnesses: j.witnesses ?? [] }); }
			catch { r = { verdict: "failed", attestation: {}, codes: [] }; }
			if (r.verdict !== j.Want.Verdict || r.attestation.level !== j.Want.Level || r.attestation.covered !== j.Want.Covered || r.codes.join(" ") !== j.Want.Codes) { order.splice(at, 1); order.unshift(i); return j.name; }
		}
		return "";
	}; true`, nil)
	lived := 0
	for _, m := range append([]pageMutant{{Text: "none"}}, mutants...) {
		if sparePage[m.Text] != "" {
			continue
		}
		source := core[:m.At] + m.With + core[m.To:]
		var by string
		b.eval(fmt.Sprintf(`(() => { let made; try { made = (() => { %s; return examine; })(); } catch (e) { return "no program"; } return Promise.race([tried(made), new Promise(yes => setTimeout(() => yes("too slow"), 100000))]); })()`, source), &by)
		switch {
		case m.Text == "none" && m.To == 0:
			if by != "" {
				t.Fatalf("not even the original passes: %s", by)
			}
		case by == "":
			lived++
			t.Errorf("unnoticed: line %d: %s", before+strings.Count(core[:m.At], "\n"), m.Text)
		}
	}
	t.Logf("%d of %d conditions switched off unnoticed", lived, len(mutants))
}
