package sdk

// Words of findings and edges (docs/formats/records.md).
const (
	// Counted: the numbers were counted, exactly, over all records that were read.
	Counted = "counted"
	// Tested: a statistical test says so, at the error rate that it states.
	Tested = "tested"
	// Stated: the records themselves say so.
	Stated = "stated"
	// Matched: identifiers are the same, letter for letter or by a stated normal form.
	Matched = "matched"

	// FindsExactly: the query finds the records that are cited or counted, and no others;
	// FindsMore: others too; FindsAbout: it folds text otherwise than was counted, and
	// may find some more and some less.
	FindsExactly = "exactly"
	FindsMore    = "more"
	FindsAbout   = "about"
)

// Finding is what an analysis says of records; kind finding. Numbers are integers,
// or decimals as text, since canonical JSON has no fractions.
type Finding struct {
	// Rule is the dotted name of what was worked out, docs/analysis.md.
	Rule string
	// Statement is one sentence; Caution another, about what does not follow from it.
	Statement, Caution string
	// Subject is what sort of thing it is about, Value the thing; Service that of an account.
	Subject        string
	Value, Service Text
	Numbers        map[string]any
	// Certainty is Counted, Tested, Stated or Matched.
	Certainty string
	// Test describes the test where there is one.
	Test map[string]any
	// Lists are those that a term is on.
	Lists        []string
	Categories   []string
	Themes       []string
	Cites        []string
	Cited        int64
	Query, Finds string
}

// Kind returns "finding".
func (*Finding) Kind() string { return "finding" }

func (f *Finding) encode(e *encoder, src *Source) {
	e.words("categories", f.Categories)
	e.plain("caution", f.Caution)
	e.plain("certainty", f.Certainty)
	e.integer("cited", f.Cited)
	e.words("cites", f.Cites)
	e.plain("finds", f.Finds)
	e.word("kind", "finding")
	e.words("lists", f.Lists)
	if f.Numbers != nil {
		e.key("numbers")
		e.mapping(f.Numbers, 1)
	}
	e.plain("query", f.Query)
	e.plain("rule", f.Rule)
	e.text("service", f.Service)
	src.encode(e)
	e.plain("statement", f.Statement)
	e.plain("subject", f.Subject)
	if f.Test != nil {
		e.key("test")
		e.mapping(f.Test, 1)
	}
	e.words("themes", f.Themes)
	e.text("value", f.Value)
}

// words appends a list of text, where it is not nil.
func (e *encoder) words(name string, list []string) {
	if list == nil {
		return
	}
	e.key(name)
	e.b = append(e.b, '[')
	for i, s := range list {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		e.shown(s)
	}
	e.b = append(e.b, ']')
}

// Edge says that records connect two identifiers; kind edge.
type Edge struct {
	// Relation is message, sms, call or identity.
	Relation                   string
	From, FromType, To, ToType string
	Service                    Text
	// First and Last are RFC 3339 UTC, or null.
	First, Last Text
	// Terms are the listed terms that occur most often, DistinctTerms how many there are.
	Terms         []EdgeTerm
	DistinctTerms int64
	Certainty     string
	Caution       string
	Cites         []string
	Cited         int64
	Query, Finds  string
}

// EdgeTerm is a term and in how many of an edge's records it occurs.
type EdgeTerm struct {
	Term string
	N    int64
}

// Kind returns "edge".
func (*Edge) Kind() string { return "edge" }

func (x *Edge) encode(e *encoder, src *Source) {
	e.plain("caution", x.Caution)
	e.plain("certainty", x.Certainty)
	e.integer("cited", x.Cited)
	e.words("cites", x.Cites)
	e.integer("distinct_terms", x.DistinctTerms)
	e.plain("finds", x.Finds)
	e.text("first", x.First)
	e.text("from", Str(x.From))
	e.plain("from_type", x.FromType)
	e.word("kind", "edge")
	e.text("last", x.Last)
	e.plain("query", x.Query)
	e.plain("relation", x.Relation)
	e.text("service", x.Service)
	src.encode(e)
	e.key("terms")
	e.b = append(e.b, '[')
	for i, t := range x.Terms {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		at := e.open()
		e.integer("n", t.N)
		e.key("term")
		e.shown(t.Term)
		e.close(at)
	}
	e.b = append(e.b, ']')
	e.words("to", []string{x.To})
	e.plain("to_type", x.ToType)
}
