package custody_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the tables in docs/formats/custody.md and golden files")

const document = "../../docs/formats/custody.md"

// The tables of the document are those of the code.
func TestDocumentListsTheTables(t *testing.T) {
	doc, err := os.ReadFile(filepath.FromSlash(document))
	if err != nil {
		t.Fatal(err)
	}
	for name, table := range map[string]string{"fields": fieldTable(), "types": typeTable(), "kinds": kindTable()} {
		begin, end := "<!-- "+name+": begin -->\n", "<!-- "+name+": end -->\n"
		head, rest, ok := bytes.Cut(doc, []byte(begin))
		was, tail, ok2 := bytes.Cut(rest, []byte(end))
		if !ok || !ok2 {
			t.Errorf("%s has no place for %s", document, name)
			continue
		}
		if *update {
			doc = slices.Concat(head, []byte(begin), []byte(table), []byte(end), tail)
			continue
		}
		if diff := cmp.Diff(table, string(was)); diff != "" {
			t.Errorf("%s of %s differ from the code's; go test -update writes them (-code +document):\n%s", name, document, diff)
		}
	}
	if *update {
		if err := os.WriteFile(filepath.FromSlash(document), doc, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func fieldTable() string {
	var b strings.Builder
	group := ""
	for _, f := range custody.Fields() {
		if f.Group != group {
			group = f.Group
			fmt.Fprintf(&b, "\n**%s**\n\n| field | stands in | type | meaning |\n|---|---|---|---|\n", group)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, f.Place(), f.Type, f.Meaning)
	}
	return b.String()
}

func typeTable() string {
	b := "| type | values |\n|---|---|\n"
	for _, t := range custody.Types() {
		b += fmt.Sprintf("| %s | %s |\n", t.Name, t.Meaning)
	}
	return b
}

func kindTable() string {
	b := "| kind | meaning | fields in `plain` |\n|---|---|---|\n"
	for _, k := range custody.Kinds() {
		var fields []string
		for _, name := range k.Plain {
			field := "`" + name + "`"
			if words := k.Words[name]; words != nil {
				field += " (" + strings.Join(words, ", ") + ")"
			}
			fields = append(fields, field)
		}
		b += fmt.Sprintf("| %s | %s | %s |\n", k.Name, k.Meaning, strings.Join(fields, " "))
	}
	return b
}

func TestFieldTableIsSound(t *testing.T) {
	types := map[string]bool{}
	for _, typ := range custody.Types() {
		if types[typ.Name] {
			t.Errorf("type %s twice", typ.Name)
		}
		types[typ.Name] = true
	}
	var groups []string
	seen := map[string]bool{}
	for _, f := range custody.Fields() {
		if seen[f.Name] {
			t.Errorf("field %s twice", f.Name)
		}
		seen[f.Name] = true
		if len(groups) == 0 || groups[len(groups)-1] != f.Group {
			groups = append(groups, f.Group)
		}
		if !types[f.Type] {
			t.Errorf("field %s has no type %s", f.Name, f.Type)
		}
		if f.Meaning == "" || strings.ContainsAny(f.Meaning, "|\n") {
			t.Errorf("field %s: meaning %q", f.Name, f.Meaning)
		}
		// Asserted and observed are told apart by the name alone, and nothing
		// that is asserted stands readable in an entry.
		wantPlace := "entry or plain"
		switch {
		case strings.HasPrefix(f.Name, "asserted."), strings.HasPrefix(f.Name, "observed."):
			wantPlace = "commit"
		}
		if f.Asserted != strings.HasPrefix(f.Name, "asserted.") || !strings.Contains(wantPlace, f.Place()) || f.Member && !f.Plain {
			t.Errorf("field %s: asserted %v, in %s", f.Name, f.Asserted, f.Place())
		}
	}
	want := []string{"identity", "who", "what", "when", "where", "why", "how", "hashes", "transfer", "changes", "privacy"}
	if diff := cmp.Diff(want, groups); diff != "" {
		t.Error(diff)
	}
	for _, k := range custody.Kinds() {
		for _, name := range k.Plain {
			if !seen[name] {
				t.Errorf("kind %s carries field %s, which is not in the table", k.Name, name)
			}
		}
		for name, words := range k.Words {
			if !slices.Contains(k.Plain, name) || len(words) == 0 {
				t.Errorf("kind %s: words for %s", k.Name, name)
			}
		}
	}
}

// What the standards demand of a custody record (the table of fields to
// require, docs/design.md) has a field each.
func TestFieldTableIsComplete(t *testing.T) {
	demanded := map[string]string{
		"identity": "v origin case seq id asserted.exhibit asserted.exhibit.root asserted.exhibit.parents",
		"who": "asserted.actor.id asserted.actor.name asserted.actor.organisation asserted.actor.role asserted.actor.key " +
			"asserted.on_behalf_of.name asserted.witness.name observed.os.user observed.os.host",
		"what": "kind observed.command",
		"when": "time.start time.end time.local_offset time.monotonic_us observed.boot_id time.clock.source time.clock.offset_us " +
			"time.clock.error_us asserted.device.clock_offset_us asserted.device.clock_error_us",
		"where": "asserted.site asserted.room asserted.locker asserted.storage asserted.device.make asserted.device.model " +
			"asserted.device.serial asserted.device.volume",
		"why": "asserted.purpose asserted.authority.type asserted.authority.number asserted.authority.valid_from asserted.authority.valid_until",
		"how": "tool.name tool.version tool.sha256 plugin tool.protocol revision observed.parameters observed.environment asserted.write_blocker",
		"hashes": "observed.before observed.after observed.outputs sets.derivations sets.artifacts sets.occurrences observed.unread " +
			"asserted.expected observed.mismatches",
		"transfer": "asserted.from.name asserted.to.name asserted.released asserted.received asserted.transfer.method " +
			"asserted.transfer.courier asserted.seal.out asserted.seal.in asserted.condition asserted.from.signature asserted.to.signature",
		"changes": "asserted.change asserted.justification refs.supersedes",
		"privacy": "asserted.policy observed.policy.sha256 fingerprint nonce",
	}
	group := map[string]string{}
	for _, f := range custody.Fields() {
		group[f.Name] = f.Group
	}
	for g, names := range demanded {
		for name := range strings.FieldsSeq(names) {
			if group[name] != g {
				t.Errorf("field %s is in group %q, want %q", name, group[name], g)
			}
		}
	}
	var kinds []string
	for _, k := range custody.Kinds() {
		kinds = append(kinds, k.Name)
	}
	for want := range strings.FieldsSeq("seize acquire receive transfer access derive verify redact export dispose correct note create key layout profile plugin seal identity tag selection") {
		if !slices.Contains(kinds, want) {
			t.Errorf("no kind %s", want)
		}
	}
}

// The table's types hold for the members of a real entry, and every member is in it.
func TestMembersOfAnEntryAreInTheTable(t *testing.T) {
	body, _ := sample(t)
	rows := map[string]custody.Field{}
	for _, f := range custody.Fields() {
		if f.Member {
			rows[f.Name] = f
		}
	}
	met := 0
	var walk func(path string, m map[string]any)
	walk = func(path string, m map[string]any) {
		for name, v := range m {
			at := path + name
			if at == "plain" || at == "commit" {
				continue
			}
			if f, ok := rows[at]; ok {
				met++
				if err := f.Check(canonical(t, v)); err != nil {
					t.Error(err)
				}
			} else if sub, ok := v.(map[string]any); ok {
				walk(at+".", sub)
			} else {
				t.Errorf("member %s is not in the table", at)
			}
		}
	}
	walk("", decode(t, body))
	// supersedes and four of the sets are not in the sample.
	if met != len(rows)-5 {
		t.Errorf("%d members met of %d in the table", met, len(rows))
	}
}
