package sdk

// Classes of redactions: how sure it is that the span is what its category says.
const (
	// Proven: the record's own field says so, or a check character does.
	Proven = "proven"
	// Strong: the form says so, and so does what stands around it.
	Strong = "strong"
	// Weak: the form allows it; it needs words beside it to be believed.
	Weak = "weak"
	// Review: a person must decide.
	Review = "review"
)

// Redaction says that a part of one field of a record is personal; kind redaction. It
// holds nothing of what stands there, and no hash of it.
type Redaction struct {
	// Record is the id of the record that it is in, Field the JSON pointer (RFC 6901)
	// of the string, or the number, in it.
	Record, Field string
	// Start and End are offsets in the string's UTF-8; End is that of the first byte after.
	Start, End int64
	// Category is a word of docs/redaction.md, Class Proven, Strong, Weak or Review.
	Category, Class string
	// Rule is the name and version of what found it, such as cn_mobile@1; Validator what
	// it was checked by, or null.
	Rule      string
	Validator Text
	// Form is how it is written: plain, fullwidth, separated, …
	Form string
	// Part is nil where the span is the whole value.
	Part *RedactionPart
	// KnownIn is in how many records a field states the value.
	KnownIn int64
	// Certainty is Stated, Tested or Matched.
	Certainty string
}

// RedactionPart numbers the spans over which one value is split.
type RedactionPart struct {
	// Group tells the value apart from others of the run; N counts from 1, to Of.
	Group, N, Of int64
}

// Kind returns "redaction".
func (*Redaction) Kind() string { return "redaction" }

func (r *Redaction) encode(e *encoder, src *Source) {
	e.plain("category", r.Category)
	e.plain("certainty", r.Certainty)
	e.plain("class", r.Class)
	e.integer("end", r.End)
	e.text("field", Str(r.Field))
	e.plain("form", r.Form)
	e.word("kind", "redaction")
	e.integer("known_in", r.KnownIn)
	e.key("part")
	if r.Part == nil {
		e.null()
	} else {
		at := e.open()
		e.integer("group", r.Part.Group)
		e.integer("n", r.Part.N)
		e.integer("of", r.Part.Of)
		e.close(at)
	}
	e.plain("record", r.Record)
	e.plain("rule", r.Rule)
	src.encode(e)
	e.integer("start", r.Start)
	e.key("time")
	e.null()
	e.text("validator", r.Validator)
}
