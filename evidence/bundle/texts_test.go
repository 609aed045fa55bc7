package bundle

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

func about() About {
	return About{
		Bag: "b", Origin: "lab/12f4a465-4efa-4bd1-9e3a-9e97e2e230e1", Title: "Operation <X> & {entry}", Number: "0142", Recipient: "Counsel\n\x1b[31m\u202e", Purpose: "hearing",
		Examiner: "A. Examiner", Organisation: "Laboratory 9", AuthorityNumber: "W-1", Made: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
		Tool: "exhibit", Version: "1", Program: "sha256:" + strings.Repeat("a", 64), Entry: 7, Size: 9, Root: strings.Repeat("b", 64), Manifest: strings.Repeat("c", 64),
		VKey: "lab/x+00000000+AAAA", SSH: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEZx6YTYXk8bs7q1PvWXpvY7kS2dGlq3Y8Kk4Gv9l0n1",
		Exhibits: []Exhibit{
			{Number: "EX-1", Description: "Phone <script>", Received: "2026-11-22T09:00:00Z", Ended: "2026-11-22T09:01:00Z", By: "A. Examiner", Entry: 1, Files: 2, Bytes: 30, Derived: 1},
			{Number: "EX-2", Received: "2026-11-22T09:00:00Z", By: "B. Other", Entry: 3},
		},
		Files: 3, Bytes: 40, Records: 2,
	}
}

func rows() []File {
	d := strings.Repeat("d", 64)
	return []File{
		{Name: "data/files/EX-1/a", Exhibit: "EX-1", Path: `\x3da,"quoted"`, Sort: Received, Size: 10, SHA256: d, MD5: strings.Repeat("e", 32), SHA1: strings.Repeat("f", 40), Modified: "2008-08-01T00:00:00Z", Entry: 2},
		{Name: "data/files/EX-1/a", Exhibit: "EX-1", Path: "消息<b>&", Sort: Received, Size: 10, SHA256: d, Entry: 2},
		{Name: "data/files/EX-1-derived/b", Exhibit: "EX-1", Path: "a!b\uffff", Sort: Derived, Size: 1, SHA256: strings.Repeat("1", 64), Made: "untar", From: "data/files/EX-1/a", Entry: 4, N: 1},
		{Name: "data/files/x", Sort: Derived, SHA256: strings.Repeat("2", 64), Entry: 4, N: 2},
	}
}

func each(yield func(File) error) error {
	for _, f := range rows() {
		if err := yield(f); err != nil {
			return err
		}
	}
	return nil
}

func written(t testing.TB, write func(w *bufio.Writer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	must(t, write(w))
	must(t, w.Flush())
	return out.Bytes()
}

func TestFilesCSV(t *testing.T) {
	b := written(t, func(w *bufio.Writer) error { return FilesCSV(w, each) })
	got, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	must(t, err)
	if len(got) != 1+len(rows()) || !slices.Equal(got[0], fileColumns) || got[1][2] != `\x3da,"quoted"` || got[3][10] != "data/files/EX-1/a" || got[3][12] != "1" {
		t.Errorf("%q", got)
	}
	if bytes.Contains(b, []byte("\r")) {
		t.Error("a line ends in CR LF")
	}
}

func TestFilesPage(t *testing.T) {
	b := string(written(t, func(w *bufio.Writer) error { return FilesPage(w, about(), each) }))
	for _, bad := range []string{"<script", "<b>", "http:", "https:", "\x1b", "src=", "href="} {
		if strings.Contains(b, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	for _, want := range []string{"Phone &lt;script&gt;", "消息&lt;b&gt;&amp;", "default-src 'none'", strings.Repeat("d", 64), "EX-2"} {
		if !strings.Contains(b, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	many := func(yield func(File) error) error {
		for range maxPageFiles + 5 {
			if err := yield(File{Path: "x"}); err != nil {
				return err
			}
		}
		return nil
	}
	if b := string(written(t, func(w *bufio.Writer) error { return FilesPage(w, about(), many) })); !strings.Contains(b, "This list ends here, after 20000 lines") {
		t.Error("a list that is cut does not say so")
	}
}

// TestDFXML: it parses, and says of each file what hashdeep -d says.
func TestDFXML(t *testing.T) {
	b := written(t, func(w *bufio.Writer) error { return DFXML(w, about(), each) })
	var doc struct {
		XMLName xml.Name `xml:"http://www.forensicswiki.org/wiki/Category:Digital_Forensics_XML dfxml"`
		Version string   `xml:"version,attr"`
		Files   []struct {
			Name   string `xml:"filename"`
			Size   int64  `xml:"filesize"`
			MTime  string `xml:"mtime"`
			Hashes []struct {
				Type  string `xml:"type,attr"`
				Value string `xml:",chardata"`
			} `xml:"hashdigest"`
		} `xml:"fileobject"`
	}
	must(t, xml.Unmarshal(b, &doc))
	if len(doc.Files) != len(rows()) || doc.Version != "1.0" {
		t.Fatalf("%+v", doc)
	}
	f := doc.Files[0]
	if f.Name != `EX-1/\x3da,"quoted"` || f.Size != 10 || f.MTime == "" || len(f.Hashes) != 3 || f.Hashes[2].Type != "SHA256" {
		t.Errorf("%+v", f)
	}
}

// TestCaseUCO: it parses, ids are their nodes' own, what is referred to is there, and no
// class or property is used that neither the examples have nor CASE 1.4 and UCO 1.4.
func TestCaseUCO(t *testing.T) {
	b := written(t, func(w *bufio.Writer) error { return CaseUCO(w, about(), each) })
	var doc struct {
		Context map[string]string `json:"@context"`
		Graph   []map[string]any  `json:"@graph"`
	}
	must(t, json.Unmarshal(b, &doc))
	ids, types, refs := map[string]bool{}, map[string]int{}, map[string]bool{}
	name := regexp.MustCompile(`^kb:[a-z0-9-]+-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	used := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			id, _ := v["@id"].(string)
			if id != "" && !name.MatchString(id) {
				t.Errorf("id %q", id)
			}
			if id != "" && len(v) == 1 {
				refs[id] = true
				return
			}
			if id != "" && ids[id] {
				t.Errorf("two nodes are called %s", id)
			}
			ids[id] = true
			for k, e := range v {
				if k == "@type" {
					types[e.(string)]++
					used[e.(string)] = true
				} else if k[0] != '@' {
					used[k] = true
				}
				walk(e)
			}
		}
	}
	for _, n := range doc.Graph {
		walk(n)
	}
	for id := range refs {
		if !ids[id] {
			t.Errorf("%s is nowhere", id)
		}
	}
	for sort, want := range map[string]int{
		"uco-observable:File": 3, "uco-observable:FileFacet": 4, "uco-types:Hash": 5, "case-investigation:ProvenanceRecord": 3, "case-investigation:InvestigativeAction": 4,
		"uco-identity:Person": 2, "uco-tool:AnalyticTool": 1, "case-investigation:Investigation": 1, "case-investigation:Authorization": 1,
	} {
		if types[sort] != want {
			t.Errorf("%d of %s, want %d", types[sort], sort, want)
		}
	}
	if !strings.Contains(string(b), "not validated against the SHACL shapes") {
		t.Error("it does not say that it was not validated")
	}
	for term := range used {
		prefix, _, ok := strings.Cut(term, ":")
		if !ok || doc.Context[prefix] == "" {
			t.Errorf("%s has no vocabulary", term)
		}
	}
	examples(t, used, doc.Context)
}

// examples compares terms and vocabularies with those of the CASE examples.
func examples(t *testing.T, used map[string]bool, context map[string]string) {
	t.Helper()
	files, err := filepath.Glob("../../../shared/data/case-examples/*.json")
	must(t, err)
	if len(files) == 0 {
		t.Log("NOT TESTED: the CASE examples are not there")
		return
	}
	var all []byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		must(t, err)
		all = append(all, b...)
	}
	// What the examples have no occasion for, out of the ontologies.
	beyond := []string{
		"case-investigation:Authorization", "case-investigation:authorizationIdentifier", "case-investigation:rootExhibitNumber",
		"case-investigation:wasDerivedFrom", "case-investigation:wasInformedBy", "uco-observable:FileFacet", "uco-observable:fileName", "uco-observable:filePath",
		"uco-observable:hash", "uco-observable:modifiedTime", "uco-observable:sizeInBytes", "uco-tool:version", "uco-types:Hash", "uco-types:hashMethod", "uco-types:hashValue", "uco-vocabulary:HashNameVocab", "xsd:hexBinary",
	}
	for term := range used {
		if !bytes.Contains(all, []byte(`"`+term+`"`)) && !slices.Contains(beyond, term) {
			t.Errorf("%s stands in no example", term)
		}
	}
	for prefix, iri := range context {
		if prefix != "uco-vocabulary" && !bytes.Contains(all, []byte(`"`+iri+`"`)) {
			t.Errorf("%s: %s stands in no example", prefix, iri)
		}
	}
}

// TestCertificates: each form that comes with the program is filled in as far as the case
// goes, says what is open, and claims nothing of courts.
func TestCertificates(t *testing.T) {
	packs, err := Packs()
	must(t, err)
	asks := map[string][]string{
		"902-13":    {"that person's position", "signature, under penalty of perjury (28 U.S.C. § 1746)"},
		"902-14":    {"that person's position", "signature, under penalty of perjury (28 U.S.C. § 1746)"},
		"uk-s9":     {"number of pages", "signature, on each page"},
		"in-bsa-63": {"Part A: name of the party", "Part B: signature"},
	}
	if len(packs) != len(asks) {
		t.Errorf("%d packs", len(packs))
	}
	var all []Pack
	for id, want := range asks {
		p := packs[id]
		all = append(all, p)
		b, open := Certificate(about(), p)
		text := string(b)
		if strings.Contains(strings.ReplaceAll(text, "{entry}", ""), "{") || strings.Contains(text, "\x1b") || strings.ContainsRune(text, '\u202e') {
			t.Errorf("%s: not all is filled in, or something hidden is in it:\n%s", id, text)
		}
		for _, part := range []string{"DRAFT — NOT SIGNED", "A. Examiner", strings.Repeat("c", 64), "EX-1, Phone <script>", "\n   EX-2: received", "Operation <X> & {entry}, 0142", blank} {
			if !strings.Contains(text, part) {
				t.Errorf("%s lacks %q:\n%s", id, part, text)
			}
		}
		for _, ask := range want {
			if !strings.Contains(text, "[ ] "+ask+"\n") || !slices.Contains(open, ask) {
				t.Errorf("%s does not ask for %q: %q", id, ask, open)
			}
		}
		if slices.Contains(open, "name of the person who certifies") {
			t.Error("what the case says is asked for")
		}
		for _, claim := range []string{"admissible", "shall be admitted", "self-authenticating"} {
			if strings.Contains(strings.ToLower(text), claim) {
				t.Errorf("%s claims %q", id, claim)
			}
		}
	}
	for _, id := range DefaultPacks() {
		if _, ok := packs[id]; !ok {
			t.Errorf("there is no %s", id)
		}
	}
	b, err := CertificateFacts(about(), all)
	must(t, err)
	var facts struct {
		Case string              `json:"case"`
		Open map[string][]string `json:"to_be_filled_in"`
	}
	must(t, json.Unmarshal(b, &facts))
	if len(facts.Open) != len(all) || len(facts.Open["902-13"]) < 7 || facts.Case == "" {
		t.Errorf("%+v", facts)
	}
	if p := packs["902-14"]; p.Suits(0, 1) || !p.Suits(1, 0) || !packs["902-13"].Suits(0, 1) || packs["902-13"].Suits(1, 0) || !packs["uk-s9"].Suits(0, 0) || p.File() != "CERTIFICATE-902-14.txt" {
		t.Error("what a form is for")
	}
}

// TestCertificateBlank: a case that says nothing leaves every mandatory field to a person.
func TestCertificateBlank(t *testing.T) {
	packs, err := Packs()
	must(t, err)
	for id, p := range packs {
		_, open := Certificate(About{}, p)
		var want []string
		known := (&About{}).caseValues()
		for _, f := range p.Fields {
			if !f.Optional && known[f.Case] == "" {
				want = append(want, f.Ask)
			}
		}
		if !slices.Equal(open, want) {
			t.Errorf("%s: %q, not %q", id, open, want)
		}
	}
}

func TestParsePackRefuses(t *testing.T) {
	good := `{"v":1,"id":"x","jurisdiction":"J","title":"T","sources":["S"],"with":"any","text":["{a} {b}"],"fields":[{"name":"a","case":"log"},{"name":"b","ask":"what"}]}`
	if _, err := ParsePack([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for what, bad := range map[string]string{
		"version": strings.Replace(good, `"v":1`, `"v":2`, 1), "id": strings.Replace(good, `"id":"x"`, `"id":"../x"`, 1), "member": strings.Replace(good, `"v":1`, `"v":1,"y":1`, 1),
		"with": strings.Replace(good, `"any"`, `"all"`, 1), "no sources": strings.Replace(good, `["S"]`, `[]`, 1), "undeclared": strings.Replace(good, `{a} {b}`, `{a} {b} {c}`, 1),
		"unused": strings.Replace(good, `{a} {b}`, `{a}`, 1), "twice": strings.Replace(good, `{"name":"b","ask":"what"}`, `{"name":"b","ask":"what"},{"name":"b","ask":"what"}`, 1),
		"no ask": strings.Replace(good, `"ask":"what"`, `"optional":false`, 1), "optional without otherwise": strings.Replace(good, `"ask":"what"`, `"optional":true`, 1),
		"unknown value": strings.Replace(good, `"case":"log"`, `"case":"verdict"`, 1), "hidden": strings.Replace(good, `"T"`, `"T\u202e"`, 1), "more": good + "{}", "too long": good + strings.Repeat(" ", MaxPack), "no JSON": "x",
		"field name": strings.NewReplacer(`{b}`, `{B}`, `"b"`, `"B"`).Replace(good),
	} {
		if _, err := ParsePack([]byte(bad)); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestHowToCommands: the commands of the text find what they say they find.
func TestHowToCommands(t *testing.T) {
	with := about()
	with.Anchors = 1
	if text := string(HowToVerify(with)); !strings.Contains(text, "openssl ts -verify") || !strings.Contains(text, "exhibit verify b.zip --tsa-cert") {
		t.Errorf("it does not say how time stamps are checked:\n%s", text)
	}
	text := string(HowToVerify(about()))
	for _, bad := range []string{"{case}", "{origin}", "{anchors}", "openssl ts", "\x1b", "\u202e"} {
		if strings.Contains(text, bad) {
			t.Errorf("the text holds %q", bad)
		}
	}
	for _, want := range []string{"DO NOT SEE FILES THAT WERE ADDED", "PowerShell", "macOS", "Linux", Fingerprint(about().SSH), "true, complete or lawfully obtained"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q", want)
		}
	}
	_, linux, _ := strings.Cut(text, "\nLinux:\n")
	linux, mac, _ := strings.Cut(linux, "\nmacOS")
	mac, _, _ = strings.Cut(mac, "\nWindows")
	for system, part := range map[string]string{"Linux": linux, "macOS": mac} {
		var commands []string
		for line := range strings.Lines(part) {
			if command, ok := strings.CutPrefix(line, "  "); ok {
				commands = append(commands, command)
			}
		}
		if len(commands) != 2 {
			t.Fatalf("%s: %q", system, commands)
		}
		if _, err := exec.LookPath("shasum"); system == "macOS" && err != nil {
			t.Log("NOT TESTED: shasum is not installed")
			continue
		}
		for what, change := range map[string]func(dir string) error{
			"":                        func(string) error { return nil },
			"data/files/EX-1/new.txt": func(dir string) error { return os.WriteFile(filepath.Join(dir, "data/files/EX-1/new.txt"), nil, 0o600) },
			"custody":                 func(dir string) error { return os.Symlink("data", filepath.Join(dir, "custody")) },
			HowToFile:                 func(dir string) error { return os.WriteFile(filepath.Join(dir, HowToFile), []byte("other"), 0o600) },
			"data/files/EX-1/z.txt":   func(dir string) error { return os.Remove(filepath.Join(dir, "data/files/EX-1/z.txt")) },
		} {
			dir := filepath.Join(unpacked(t, finished(t)), "b")
			must(t, change(dir))
			var out bytes.Buffer
			for _, c := range commands {
				cmd := exec.Command("bash", "-c", c)
				cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, io.Discard
				_ = cmd.Run() // what it prints counts
			}
			if got := out.String(); what == "" && got != "" || !strings.Contains(got, what) {
				t.Errorf("%s: %q changed, and the commands say %q", system, what, got)
			}
		}
	}
	if _, err := exec.LookPath("pwsh"); err != nil {
		t.Log("NOT TESTED: the lines for PowerShell, which is not installed")
	}
}

// TestScriptLength: whoever wants to can read it.
func TestScriptLength(t *testing.T) {
	contents, err := Verifiers()
	must(t, err)
	for _, c := range contents {
		r, err := c.Open(t.Context())
		must(t, err)
		b, err := io.ReadAll(r)
		must(t, err)
		if n := bytes.Count(b, []byte("\n")); c.Name == ScriptFile && n >= 300 {
			t.Errorf("%s has %d lines", c.Name, n)
		}
	}
}
