package dispatch

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// matches checks the conditions that rest on what the input is and on its path.
func (c *candidate) matches(a *evidence.Accept) (because []string, no Refusal, ok bool) {
	id := &c.in.Identity
	if a.Content != "" {
		if a.Content != id.Content {
			no = Refusal{Condition: "content", Met: id.Content, Why: "its content is " + id.Content + ", not " + a.Content}
			if c.in.Explain {
				no.Wanted = []string{a.Content}
			}
			return nil, no, false
		}
		because = append(because, "content "+a.Content)
	}
	if len(a.MediaTypes) > 0 {
		if !slices.Contains(a.MediaTypes, id.MediaType) {
			return nil, Refusal{Condition: "media_types", Wanted: a.MediaTypes, Met: id.MediaType, Why: "its media type is " + id.MediaType}, false
		}
		because = append(because, "media type "+id.MediaType)
	}
	if len(a.Magic) > 0 {
		m, ok := magic(a.Magic, c.in.Head)
		if !ok {
			no = Refusal{Condition: "magic", Why: "it does not begin as such a file does"}
			if c.in.Explain {
				no.Wanted, no.Met = magicText(a.Magic), begins(a.Magic, c.in.Head)
			}
			return nil, no, false
		}
		because = append(because, fmt.Sprintf("bytes %s at %d", m.Hex, m.Offset))
	}
	if len(a.Paths) > 0 {
		glob, ok := anyGlob(a.Paths, c.place.Path)
		if !ok {
			return nil, Refusal{Condition: "paths", Wanted: a.Paths, Met: c.place.Path, Why: "its path fits none of the plugin's"}, false
		}
		because = append(because, fmt.Sprintf("path fits %q", glob))
	}
	if len(a.XMLRoot) > 0 {
		if !slices.ContainsFunc(a.XMLRoot, func(want string) bool { return isRoot(id.XMLRoot, want) }) {
			no = Refusal{Condition: "xml_root", Wanted: a.XMLRoot, Met: id.XMLRoot, Why: "it is no XML with a root that could be found"}
			if id.XMLRoot != "" {
				no.Why = "its XML root is " + id.XMLRoot
			}
			return nil, no, false
		}
		because = append(because, "XML root "+id.XMLRoot)
	}
	if len(a.SQLiteTables) > 0 {
		if no := c.lacksTables(a.SQLiteTables); no != nil {
			return nil, *no, false
		}
		because = append(because, "it has the tables "+strings.Join(a.SQLiteTables, ", "))
	}
	return because, Refusal{}, true
}

// lacksTables compares with the schema as it is at the place.
func (c *candidate) lacksTables(wanted []string) *Refusal {
	schema := c.place.SQLite
	if schema == nil {
		schema = c.in.Identity.SQLite
	}
	if schema == nil {
		return &Refusal{Condition: "sqlite_tables", Wanted: wanted, Met: c.in.Identity.MediaType, Why: "it is no SQLite database"}
	}
	var missing []string
	for _, table := range wanted {
		if !schema.Has(table) {
			missing = append(missing, table)
		}
	}
	if missing == nil {
		return nil
	}
	no := &Refusal{Condition: "sqlite_tables", Wanted: wanted, Why: "it has no table " + strings.Join(missing, ", ")}
	if schema.Problem != "" {
		no.Why += " that could be found (" + schema.Problem + ")"
	}
	if c.in.Explain {
		no.Met = schema.String()
	}
	return no
}

// isRoot compares a root, "local" or "{namespace}local", with a manifest's word for one.
func isRoot(root, want string) bool {
	if root == "" {
		return false
	}
	namespace, local, err := evidence.ParseXMLName(want)
	if err != nil {
		return false
	}
	space := ""
	if i := strings.LastIndexByte(root, '}'); strings.HasPrefix(root, "{") && i > 0 {
		space, root = root[1:i], root[i+1:]
	}
	return root == local && (namespace == nil || *namespace == space)
}

func magic(list []evidence.Magic, head []byte) (evidence.Magic, bool) {
	for _, m := range list {
		want, err := hex.DecodeString(m.Hex)
		if err == nil && m.Offset >= 0 && m.Offset <= int64(len(head)) && bytes.HasPrefix(head[m.Offset:], want) {
			return m, true
		}
	}
	return evidence.Magic{}, false
}

func magicText(list []evidence.Magic) (out []string) {
	for _, m := range list {
		out = append(out, fmt.Sprintf("%s at %d", m.Hex, m.Offset))
	}
	return out
}

// begins shows the bytes of head at each of the offsets.
func begins(list []evidence.Magic, head []byte) string {
	longest := map[int64]int{}
	var offsets []int64
	for _, m := range list {
		if _, ok := longest[m.Offset]; !ok {
			offsets = append(offsets, m.Offset)
		}
		longest[m.Offset] = max(longest[m.Offset], len(m.Hex)/2)
	}
	slices.Sort(offsets)
	var out []string
	for _, at := range offsets {
		shown := "nothing"
		if at < int64(len(head)) {
			shown = hex.EncodeToString(head[at:min(int64(len(head)), at+int64(longest[at]))])
		}
		out = append(out, shown+" at "+strconv.FormatInt(at, 10))
	}
	return strings.Join(out, ", ")
}

// NeededHead is how many of an artifact's first bytes the table's plugins ask for.
func (t *Table) NeededHead() int64 {
	var need int64
	for _, p := range t.Plugins {
		for _, op := range p.Manifest.Operations {
			for _, a := range op.Accepts {
				for _, m := range a.Magic {
					need = max(need, m.Offset+int64(len(m.Hex)/2))
				}
			}
		}
	}
	return min(need, evidence.HeadSize)
}
