package publish_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/schema"
)

// rsmfSchema states what Relativity's published schema of the manifest demands
// (rsmf_schema_2_0_0.json of relativitydev/rsmf-validator-samples): required members, types,
// and enumerated words.
const rsmfSchema = `{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","required":["version","participants","conversations","events"],"properties":{
 "version":{"type":"string","minLength":5,"const":"2.0.0"},
 "eventcollectionid":{"type":"string"},
 "participants":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["id"],"properties":{"id":{"type":"string","minLength":1},"display":{"type":"string"}}}},
 "conversations":{"type":"array","minItems":1,"items":{"type":"object","additionalProperties":false,"required":["id","platform","participants"],"properties":{
  "id":{"type":"string","minLength":1},"display":{"type":"string"},"platform":{"type":"string","minLength":1},"type":{"enum":["direct","channel"]},"participants":{"type":"array","items":{"type":"string","minLength":1}}}}},
 "events":{"type":"array","minItems":1,"items":{"type":"object","additionalProperties":false,"required":["type"],"properties":{
  "id":{"type":"string"},"type":{"enum":["message","disclaimer","join","leave","history","unknown"]},"body":{"type":"string"},"participant":{"type":"string"},"conversation":{"type":"string"},
  "timestamp":{"type":"string","format":"date-time"},"direction":{"enum":["incoming","outgoing"]},
  "custom":{"type":"array","items":{"type":"object","required":["name","value"],"properties":{"name":{"type":"string","minLength":1},"value":{"type":"string","minLength":1}}}}}}}}}`

// unpackRSMF is Python's reading of a message: its headers, its text, the manifest in the
// one attachment.
const unpackRSMF = `
import email, email.policy, io, json, sys, zipfile
m = email.message_from_bytes(open(sys.argv[1], "rb").read(), policy=email.policy.default)
parts = list(m.iter_attachments())
assert len(parts) == 1 and parts[0].get_filename() == "rsmf.zip" and parts[0]["Content-Transfer-Encoding"] == "base64", parts
z = zipfile.ZipFile(io.BytesIO(parts[0].get_content()))
assert z.testzip() is None and z.namelist() == ["rsmf_manifest.json"], z.namelist()
assert not m.defects, m.defects
assert max(map(len, open(sys.argv[1], "rb").read().split(b"\r\n"))) <= 998
print(json.dumps({"headers": {k: str(v) for k, v in m.items()}, "text": m.get_body().get_content(), "manifest": json.loads(z.read("rsmf_manifest.json"))}))
`

type event struct {
	ID, Body, Participant, Conversation, Timestamp, Direction string
	Custom                                                    []struct{ Name, Value string }
}

// TestRSMF: another implementation of mail and ZIP reads the files, the manifest is as the
// published schema demands, and all that it refers to is there.
func TestRSMF(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("NOT TESTED: no python3 here")
	}
	s, err := schema.Compile("rsmf", []byte(rsmfSchema))
	if err != nil {
		t.Fatal(err)
	}
	files, _ := build(t, sample(), request(t))
	seen := 0
	for name, b := range files {
		if !strings.HasPrefix(name, "rsmf/") {
			continue
		}
		file := filepath.Join(t.TempDir(), "x.rsmf")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(python, "-c", unpackRSMF, file).Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var m struct {
			Headers  map[string]string
			Text     string
			Manifest json.RawMessage
		}
		if err := json.Unmarshal(out, &m); err != nil {
			t.Fatal(err)
		}
		if err := s.Check(m.Manifest); err != nil {
			t.Errorf("%s: %v\n%s", name, err, m.Manifest)
		}
		var manifest struct {
			Participants  []struct{ ID, Display string }
			Conversations []struct {
				ID           string
				Participants []string
			}
			Events []event
		}
		if err := json.Unmarshal(m.Manifest, &manifest); err != nil {
			t.Fatal(err)
		}
		people := map[string]string{}
		for _, p := range manifest.Participants {
			people[p.ID] = p.Display
		}
		for _, id := range manifest.Conversations[0].Participants {
			if people[id] == "" {
				t.Errorf("%s: participant %q of the conversation is nobody", name, id)
			}
		}
		for _, e := range manifest.Events {
			seen++
			if people[e.Participant] == "" || e.Conversation != manifest.Conversations[0].ID || !strings.Contains(m.Text, e.Body) || "rsmf/"+manifest.Events[0].ID+".rsmf" != name {
				t.Errorf("%s: %+v", name, e)
			}
			if e.ID == "EX-000001" && (people[e.Participant] != who || !strings.Contains(e.Body, phone) || e.Direction != "incoming" || len(e.Custom) != 3) {
				t.Errorf("%+v", e)
			}
		}
		if m.Headers["X-RSMF-Version"] != "2.0.0" || m.Headers["From"] == "" || m.Headers["Date"] == "" {
			t.Errorf("%s: %v", name, m.Headers)
		}
	}
	if seen != 3 {
		t.Errorf("%d events", seen)
	}
}

// TestLoadFile reads the load file as review platforms do.
func TestLoadFile(t *testing.T) {
	files, _ := build(t, sample(), request(t))
	text, ok := strings.CutPrefix(string(files["load/EX.dat"]), "\uFEFF")
	lines := strings.Split(text, "\r\n")
	if !ok || len(lines) != 13 || lines[12] != "" {
		t.Fatalf("%q", text)
	}
	var names []string
	for i, line := range lines[:12] {
		fields := strings.Split(line, "\x14")
		for j, f := range fields {
			inner, ok := strings.CutPrefix(f, "\u00fe")
			inner, end := strings.CutSuffix(inner, "\u00fe")
			if !ok || !end || strings.Contains(inner, "\u00fe") {
				t.Errorf("line %d: field %q", i, f)
			}
			fields[j] = inner
		}
		if i == 0 {
			names = fields
			continue
		}
		if len(fields) != len(names) || names[0] != "BEGDOC" || names[11] != "TEXTPATH" {
			t.Fatalf("%q of %q", fields, names)
		}
		path := strings.ReplaceAll(strings.TrimPrefix(fields[11], `..\`), `\`, "/")
		if files[path] == nil || path != "texts/"+fields[0]+".txt" {
			t.Errorf("%s leads to %s", fields[0], path)
		}
	}
	// A text of more lines, with the three characters that the format has no way to write.
	q := request(t)
	s := sample()
	s.records[0].Body = bytes.ReplaceAll(s.records[0].Body, []byte(`"from":"`+who), []byte(`"from":"a\nb þ ®`))
	files, _ = build(t, s, q)
	if !bytes.Contains(files["load/EX.dat"], []byte("\u00fea\u00aeb (thorn) (R)\u00fe")) || !bytes.Contains(files["about.json"], []byte(`"load_values_changed":2`)) {
		t.Errorf("%.600s %s", files["load/EX.dat"], files["about.json"])
	}
}
