package agree_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pageMutant is a condition of the page that can be switched off: what need() asks for,
// each operand of && of it by itself; what an if asks before it finds something, each
// operand of ||; and what a reader asks of a value's form.
type pageMutant struct {
	n        int
	at, to   int    // in the script
	with     string // what stands there without it: true, false, or the value as it is
	children []*pageMutant
}

var (
	needCall = regexp.MustCompile(`\bneed\(`)
	findIf   = regexp.MustCompile(`\bif \(`)
	formCall = regexp.MustCompile(`\b(text|filled|count|number|held|kids)\(`)
)

// operands splits an argument at its outermost sep, and ends it at a comma or parenthesis.
// One with another operator of that sort, or a choice, outermost is a single operand.
func operands(s string, at int, sep string) (parts [][2]int, end int) {
	depth, start, whole := 0, at, false
	ended := func(i int) ([][2]int, int) {
		if whole {
			return [][2]int{{at, i}}, i
		}
		return append(parts, [2]int{start, i}), i
	}
	for i := at; i < len(s); i++ {
		switch c := s[i]; c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth == 0 {
				return ended(i)
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
				return ended(i)
			}
		case '?':
			whole = whole || depth == 0 && s[i+1] == ' ' && s[i-1] != '?'
		case '|', '&':
			if depth > 0 || s[i+1] != c {
				continue
			}
			if s[i:i+2] == sep {
				parts = append(parts, [2]int{start, i})
				start = i + 2
			} else if sep == "&&" {
				whole = true
			}
			i++
		}
	}
	return ended(len(s))
}

// pageMutants finds them in the part of the script that checks bundles: the outermost,
// each with those in it, and all by number.
func pageMutants(core string) (outer, all []*pageMutant) {
	core = core[:strings.Index(core, "// --- anybody's files")] // from there on no bundle is checked
	add := func(p [2]int, with string) {
		for strings.ContainsRune(" \n", rune(core[p[0]])) {
			p[0]++
		}
		all = append(all, &pageMutant{at: p[0], to: p[1], with: with})
	}
	defined := func(at int) bool { return strings.HasSuffix(core[:at], "function ") }
	for _, m := range needCall.FindAllStringIndex(core, -1) {
		if !defined(m[0]) {
			parts, _ := operands(core, m[1], "&&")
			for _, p := range parts {
				add(p, "true")
			}
		}
	}
	for _, m := range findIf.FindAllStringIndex(core, -1) {
		parts, end := operands(core, m[1], "||")
		line, _, _ := strings.Cut(core[end+1:], "\n")
		if strings.Contains(line, "this.find(") || strings.HasPrefix(strings.TrimSpace(line), "return false") {
			for _, p := range parts {
				add(p, "false")
			}
		}
	}
	for _, m := range formCall.FindAllStringSubmatchIndex(core, -1) {
		if defined(m[0]) {
			continue
		}
		first, end := operands(core, m[1], "")
		value, name := first[0], core[m[2]:m[3]]
		if core[end] == ',' {
			first, end = operands(core, end+1, "")
			if name == "held" || name == "kids" {
				value = first[0]
			}
		}
		if name == "kids" { // without the tag, and without the numbers
			e, bounds := core[value[0]:value[1]], ""
			if core[end] == ',' {
				var last int
				for last = end; core[last] == ','; {
					_, last = operands(core, last+1, "")
				}
				bounds = core[end:last]
				end = last
				add([2]int{m[0], end + 1}, "kids("+core[m[1]:value[0]-1]+","+e+")")
			}
			add([2]int{m[0], end + 1}, "kids(("+e+").tag, "+e+bounds+")")
			continue
		}
		arg := core[value[0]:value[1]]
		with := map[string]string{"number": "Number(" + arg + ")", "held": "(" + arg + ").content"}[name]
		add([2]int{m[0], end + 1}, cmp.Or(with, arg))
	}
	slices.SortStableFunc(all, func(a, b *pageMutant) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.to, a.to)) })
	var open []*pageMutant
	for i, m := range all {
		m.n = i + 1
		for len(open) > 0 && open[len(open)-1].to < m.to {
			open = open[:len(open)-1]
		}
		if len(open) > 0 {
			open[len(open)-1].children = append(open[len(open)-1].children, m)
		} else {
			outer = append(outer, m)
		}
		open = append(open, m)
	}
	return outer, all
}

// switched is a part of the script with a switch before each condition in it.
func switched(core string, mutants []*pageMutant, from, to int) string {
	var b strings.Builder
	for _, m := range mutants {
		b.WriteString(core[from:m.at])
		inner := switched(core, m.children, m.at, m.to)
		call, async := "mutant", ""
		if strings.Contains(inner, "await ") {
			call, async = "await mutantLater", "async "
		}
		fmt.Fprintf(&b, "%s(%d, %s() => (%s), () => (%s), %q)", call, m.n, async, inner, m.with, m.with)
		from = m.to
	}
	b.WriteString(core[from:to])
	return b.String()
}

// pageSwitches is what the switches call. A row that takes too many steps is noticed.
const pageSwitches = `
window.off = 0; window.met = new Set(); window.calls = 0;
window.meets = (n, v, sort) => { if (sort === "true" && !v || sort === "false" && v) met.add(n); return v; };
window.mutant = (n, real, without, sort) => {
	if (++calls > 3e7) throw new Error("too long");
	if (n === off) return without();
	try { return meets(n, real(), sort); } catch (e) { met.add(n); throw e; }
};
window.mutantLater = async (n, real, without, sort) => {
	if (n === off) return without();
	try { return meets(n, await real(), sort); } catch (e) { met.add(n); throw e; }
};
window.bytesIn = s => Uint8Array.from(atob(s ?? ""), c => c.charCodeAt(0));
window.outcome = async i => {
	const j = jobs[i];
	calls = 0;
	try {
		const r = await examineMutant({ items: [{ path: "b.zip", blob: testing.files[i] }], as: "bundle", trust: j.trust, receipts: j.receipts.map(bytesIn), tsa: (j.tsa ?? []).map(bytesIn), witnesses: j.witnesses ?? [] });
		return [r.verdict, r.attestation.level, r.attestation.covered, r.codes.join(" ")].join("|");
	} catch { return "refused||0|"; }
};
window.record = async (from, to) => {
	const rows = [];
	for (let i = from; i < to; i++) {
		met.clear();
		const said = await outcome(i);
		if (said !== jobs[i].want) throw new Error(jobs[i].name + ": " + said + ", not " + jobs[i].want);
		rows.push([...met]);
	}
	return rows;
};
window.tried = async (n, rows) => {
	off = n;
	try { for (const i of rows) if (await outcome(i) !== jobs[i].want) return true; return false; } finally { off = 0; }
};
true`

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
	"if !A":                                "TestPageSignatures: the browser's own is asked first",
	"if S >= q":                            "the same",
	"b.length > 1":                         "what is not there is no length",
	"kids(0x30, status, 1)":                "what is not there holds nothing",
	"kids(0x30, signed, 4)":                "the same",
	"kids(0x30, kids(0x30, named ?? values.get(PKCS + \"0910020c\"), 1)[0], 1)": "the same",
	"kids(0x30, named ?? values.get(PKCS + \"0910020c\"), 1)":                   "the same",
	"kids(0x30, tbs, 8)":                  "the same",
	"kids(0x30, whole, 5)":                "the same",
	"curve":                               "what is no curve has no size",
	"point.length === 1 + 2 * curve.size": "a point of another length lies beside the curve",
	"y < curve.p":                         "no point is known whose y is so small that the field's order can be added",
	"if e instanceof Wrong":               "is refused either way",
	"if r <= 0n":                          "fits no signature",
	"if s <= 0n":                          "the same",
	"if r >= n":                           "the same",
	"Number.isSafeInteger(seq)":           "there is no such entry",
	"seq >= 0":                            "the same",
	"seq < this.entries":                  "the same",
	"count(i)":                            "there is no such line",
	"count(i) > 0":                        "the same",
	"i <= used.length":                    "the same",
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
	table := judged(t)
	outer, mutants := pageMutants(core)
	if len(mutants) < 200 {
		t.Fatalf("%d conditions found", len(mutants))
	}
	b := openBrowser(t, "file://"+page(t))
	jobs := lay(t, table)
	b.handOver(jobs)
	type expected struct {
		job
		Want string `json:"want"`
	}
	var list []expected
	for i, j := range jobs {
		s := goOutcome(t, table[i])
		list = append(list, expected{j, fmt.Sprintf("%s|%s|%d|%s", s.Verdict, s.Level, s.Covered, s.Codes)})
	}
	asked, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	b.eval("window.jobs = "+string(asked)+";"+pageSwitches, nil)
	b.eval("window.examineMutant = (() => {"+switched(core, outer, 0, len(core))+"; return examine; })(); true", nil)
	rows := map[int][]int{}
	const step = 50
	for at := 0; at < len(jobs); at += step {
		var met [][]int
		b.eval(fmt.Sprintf("record(%d, %d)", at, min(at+step, len(jobs))), &met)
		for i, all := range met {
			for _, n := range all {
				rows[n] = append(rows[n], at+i)
			}
		}
	}
	lived, tried := 0, 0
	for _, m := range mutants {
		condition := strings.Join(strings.Fields(core[m.at:m.to]), " ")
		if m.with == "false" {
			condition = "if " + condition
		}
		if sparePage[condition] != "" {
			continue
		}
		tried++
		noticed := false
		for some := range slices.Chunk(rows[m.n], step) {
			asked, err := json.Marshal(some)
			if err != nil {
				t.Fatal(err)
			}
			if b.eval(fmt.Sprintf("tried(%d, %s)", m.n, asked), &noticed); noticed {
				break
			}
		}
		if !noticed {
			lived++
			t.Errorf("unnoticed: line %d: %s (%d rows meet it)", before+strings.Count(core[:m.at], "\n"), condition, len(rows[m.n]))
		}
	}
	t.Logf("%d of %d conditions switched off unnoticed, %d more not tried", lived, tried, len(mutants)-tried)
}
