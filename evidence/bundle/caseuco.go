package bundle

import (
	"bufio"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// ucoContext names the vocabularies inline, so that nothing has to be fetched.
func ucoContext() map[string]any {
	const uco = "https://ontology.unifiedcyberontology.org/uco/"
	return map[string]any{
		"kb": "http://example.org/kb/", "case-investigation": "https://ontology.caseontology.org/case/investigation/",
		"rdfs": "http://www.w3.org/2000/01/rdf-schema#", "xsd": "http://www.w3.org/2001/XMLSchema#",
		"uco-action": uco + "action/", "uco-core": uco + "core/", "uco-identity": uco + "identity/", "uco-observable": uco + "observable/",
		"uco-tool": uco + "tool/", "uco-types": uco + "types/", "uco-vocabulary": uco + "vocabulary/",
	}
}

const ucoRemark = "Written for exchange, in the manner of the CASE examples; not validated against the SHACL shapes of CASE and UCO. What is bound to the custody log is data/files.csv."

// CaseUCO writes what is disclosed as CASE/UCO JSON-LD, a node a line. Identifiers are
// UUIDs of version 5 under the case's.
func CaseUCO(w *bufio.Writer, a About, files func(yield func(File) error) error) error {
	u := uco{w: w, a: a, members: map[string][]string{}, known: map[string]bool{}}
	head, err := evidence.Canonical(ucoContext())
	if err != nil {
		return err
	}
	if _, err := w.WriteString(`{"@context":` + string(head) + `,"@graph":[`); err != nil {
		return err
	}
	for _, step := range []func() error{u.people, func() error { return u.files(files) }, u.exhibits, u.disclosure} {
		if err := step(); err != nil {
			return err
		}
	}
	_, err = w.WriteString("\n]}\n")
	return err
}

type uco struct {
	w *bufio.Writer
	a About
	n int
	// members are the ids of the files of each exhibit, and of what was made of them under
	// the exhibit's number and a slash.
	members map[string][]string
	// known are the people who have a node.
	known map[string]bool
	// performer, tool are ids; "" where nobody is named.
	performer, tool string
	// records, actions are ids of provenance records and of the actions that made them.
	records, actions []string
}

// id is the name of a thing.
func (u *uco) id(sort, name string) string {
	space, _ := hex.DecodeString(strings.ReplaceAll(u.a.Origin[strings.LastIndexByte(u.a.Origin, '/')+1:], "-", ""))
	sum := sha1.Sum(append(space, sort+"/"+name...)) // RFC 9562 §5.5 says SHA-1
	sum[6], sum[8] = sum[6]&0x0f|0x50, sum[8]&0x3f|0x80
	s := hex.EncodeToString(sum[:16])
	return fmt.Sprintf("kb:%s-%s-%s-%s-%s-%s", sort, s[:8], s[8:12], s[12:16], s[16:20], s[20:])
}

type object = map[string]any

func ref(id string) object { return object{"@id": id} }

func refs(ids []string) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = ref(id)
	}
	return out
}

func at(text string) object { return object{"@type": "xsd:dateTime", "@value": text} }

// node writes one, leaving out what is empty.
func (u *uco) node(n object) error {
	for k, v := range n {
		if v == "" || v == nil {
			delete(n, k)
		}
	}
	b, err := evidence.Canonical(n)
	if err != nil {
		return err
	}
	between := ",\n"
	if u.n++; u.n == 1 {
		between = "\n"
	}
	_, err = u.w.WriteString(between + string(b))
	return err
}

func (u *uco) people() error {
	u.tool = u.id("tool", u.a.Tool)
	if err := u.node(object{"@id": u.tool, "@type": "uco-tool:AnalyticTool", "uco-core:name": u.a.Tool, "uco-tool:version": u.a.Version}); err != nil {
		return err
	}
	return u.person(u.a.Examiner, &u.performer)
}

// person writes a person once, and leaves the id in to.
func (u *uco) person(name string, to *string) error {
	if name == "" {
		return nil
	}
	*to = u.id("person", name)
	if u.known[*to] {
		return nil
	}
	u.known[*to] = true
	return u.node(object{"@id": *to, "@type": "uco-identity:Person", "uco-core:name": name})
}

func (u *uco) files(files func(yield func(File) error) error) error {
	var last []File
	flush := func() error {
		if len(last) == 0 {
			return nil
		}
		return u.file(last)
	}
	err := files(func(f File) error {
		if len(last) > 0 && last[0].Name != f.Name {
			if err := flush(); err != nil {
				return err
			}
			last = last[:0]
		}
		last = append(last, f)
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// file writes one, with all its places.
func (u *uco) file(places []File) error {
	f := places[0]
	id := u.id("file", f.Name)
	var hashes []any
	for _, h := range [][2]string{{"MD5", f.MD5}, {"SHA1", f.SHA1}, {"SHA256", f.SHA256}} {
		if h[1] != "" {
			hashes = append(hashes, object{
				"@id": u.id("hash", h[0]+"/"+f.Name), "@type": "uco-types:Hash",
				"uco-types:hashMethod": object{"@type": "uco-vocabulary:HashNameVocab", "@value": h[0]},
				"uco-types:hashValue":  object{"@type": "xsd:hexBinary", "@value": h[1]},
			})
		}
	}
	facets := []any{object{
		"@id": u.id("content-data-facet", f.Name), "@type": "uco-observable:ContentDataFacet",
		"uco-observable:sizeInBytes": f.Size, "uco-observable:hash": hashes,
	}}
	parents := map[string]bool{}
	var from []any
	for i, p := range places {
		facet := object{
			"@id": u.id("file-facet", fmt.Sprintf("%d/%s", i, p.Name)), "@type": "uco-observable:FileFacet",
			"uco-observable:fileName": p.Path[strings.LastIndexAny(p.Path, "/!")+1:], "uco-observable:filePath": join("/", p.Exhibit, p.Path), "uco-observable:sizeInBytes": p.Size,
		}
		if p.Modified != "" {
			facet["uco-observable:modifiedTime"] = at(p.Modified)
		}
		facets = append(facets, facet)
		if p.From != "" && !parents[p.From] {
			parents[p.From] = true
			from = append(from, ref(u.id("file", p.From)))
		}
		key := p.Exhibit
		if p.Sort == Derived {
			key += "/"
		}
		if ids := u.members[key]; p.Exhibit != "" && (len(ids) == 0 || ids[len(ids)-1] != id) {
			u.members[key] = append(ids, id)
		}
	}
	n := object{"@id": id, "@type": "uco-observable:File", "uco-core:hasFacet": facets}
	if from != nil {
		n["case-investigation:wasDerivedFrom"] = from
	}
	return u.node(n)
}

func (u *uco) exhibits() error {
	for _, x := range u.a.Exhibits {
		var by string
		if err := u.person(x.By, &by); err != nil {
			return err
		}
		record, action := u.id("provenance-record", x.Number), u.id("received", x.Number)
		if err := u.node(object{
			"@id": record, "@type": "case-investigation:ProvenanceRecord", "case-investigation:exhibitNumber": x.Number,
			"uco-core:description": x.Description, "uco-core:object": refs(u.members[x.Number]),
		}); err != nil {
			return err
		}
		n := object{
			"@id": action, "@type": "case-investigation:InvestigativeAction", "uco-core:name": "received", "uco-action:instrument": ref(u.tool),
			"uco-action:startTime": at(x.Received), "uco-action:result": []any{ref(record)},
		}
		if x.Ended != "" {
			n["uco-action:endTime"] = at(x.Ended)
		}
		if by != "" {
			n["uco-action:performer"] = ref(by)
		}
		if err := u.node(n); err != nil {
			return err
		}
		u.records, u.actions = append(u.records, record), append(u.actions, action)
		if err := u.made(x.Number, record, action); err != nil {
			return err
		}
	}
	return nil
}

// made says what was made of an exhibit's files.
func (u *uco) made(number, of, after string) error {
	ids := u.members[number+"/"]
	if len(ids) == 0 {
		return nil
	}
	record, action := u.id("provenance-record", number+"/derived"), u.id("derived", number)
	if err := u.node(object{
		"@id": record, "@type": "case-investigation:ProvenanceRecord", "case-investigation:rootExhibitNumber": number,
		"uco-core:description": "Made of files of " + number, "uco-core:object": refs(ids),
	}); err != nil {
		return err
	}
	u.records, u.actions = append(u.records, record), append(u.actions, action)
	return u.node(object{
		"@id": action, "@type": "case-investigation:InvestigativeAction", "uco-core:name": "derived", "uco-action:instrument": ref(u.tool),
		"uco-action:object": []any{ref(of)}, "uco-action:result": []any{ref(record)}, "case-investigation:wasInformedBy": []any{ref(after)},
	})
}

func (u *uco) disclosure() error {
	action := object{
		"@id": u.id("disclosed", u.a.Manifest), "@type": "case-investigation:InvestigativeAction", "uco-core:name": "disclosed",
		"uco-core:description": join("; ", u.a.Recipient, u.a.Purpose), "uco-action:instrument": ref(u.tool), "uco-action:startTime": at(u.a.Made.UTC().Format(time.RFC3339)),
		"uco-action:object": refs(u.records), "case-investigation:wasInformedBy": refs(u.actions),
	}
	if u.performer != "" {
		action["uco-action:performer"] = ref(u.performer)
	}
	all := append(refs(u.records), refs(append(u.actions, action["@id"].(string)))...)
	if number := join(" ", u.a.AuthorityType, u.a.AuthorityNumber); number != "" {
		id := u.id("authorization", number)
		err := u.node(object{
			"@id": id, "@type": "case-investigation:Authorization",
			"case-investigation:authorizationType": u.a.AuthorityType, "case-investigation:authorizationIdentifier": u.a.AuthorityNumber,
		})
		if err != nil {
			return err
		}
		all = append(all, ref(id))
	}
	if err := u.node(action); err != nil {
		return err
	}
	return u.node(object{
		"@id": u.id("investigation", ""), "@type": "case-investigation:Investigation", "uco-core:name": u.a.name(),
		"rdfs:comment": ucoRemark, "uco-core:object": all,
	})
}
