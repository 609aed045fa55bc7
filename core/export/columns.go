package export

import "slices"

// typ is how a column's values are shown.
type typ uint8

const (
	text    typ = iota
	list        // of text
	object      // JSON
	integer     // a count or a duration; not a number that names something
	moment      // RFC 3339 UTC
)

// origin is where in a record a column's value stands.
type origin uint8

const (
	member     origin = iota // of the record itself
	source                   // of its "source"
	basis                    // of its "time_basis"
	credential               // of its "credential"
	derived                  // made here
)

// column of a table of records.
type column struct {
	name string
	from origin
	// field is the member's name, which source and the like have without prefix.
	field string
	typ   typ
}

// The columns made here.
const (
	colLocal = "time_local"
	colZone  = "zone"
	colOther = "other"
)

// front, middle and back are all columns, in order: what a reader looks for
// first, what a kind has of its own, and where it came from.
func front() []column {
	return []column{
		{"id", member, "id", text},
		{"exhibit", member, "exhibit", text},
		{"kind", member, "kind", text},
		{"time", member, "time", moment},
		{colLocal, derived, "", text},
		{colZone, derived, "", text},
		{"time_kind", member, "time_kind", text},
	}
}

func middle() []column {
	return []column{
		{"service", member, "service", text},
		{"account", member, "account", text},
		{"conversation", member, "conversation", text},
		{"direction", member, "direction", text},
		{"from", member, "from", text},
		{"to", member, "to", list},
		{"text", member, "text", text},
		{"status", member, "status", text},
		{"duration_s", member, "duration_s", integer},
		{"ip", member, "ip", text},
		{"matched_term", member, "matched_term", text},
		{"participants", member, "participants", list},
		{"attachments", member, "attachments", object},
		{"username", member, "username", text},
		{"display_name", member, "display_name", text},
		{"phones", member, "phones", list},
		{"emails", member, "emails", list},
		{"ips", member, "ips", list},
		{"created", member, "created", text},
		{"credential_type", credential, "type", text},
		{"credential_value", credential, "value", text},
		{"national_id", member, "national_id", text},
		{"owner", member, "owner", text},
		{"names", member, "names", list},
		{"usernames", member, "usernames", list},
		{"organisation", member, "organisation", text},
		{"term", member, "term", text},
		{"list", member, "list", text},
		{"effect", member, "effect", text},
		{"category", member, "category", text},
		{"theme", member, "theme", text},
		{"table", member, "table", text},
		{"columns", member, "columns", object},
		{"file_name", member, "file_name", text},
		{"file_path", member, "file_path", text},
		{"file_size", member, "file_size", integer},
		{"transferred", member, "transferred", integer},
		{"rule", member, "rule", text},
		{"statement", member, "statement", text},
		{"subject", member, "subject", text},
		{"value", member, "value", text},
		{"relation", member, "relation", text},
		{"from_type", member, "from_type", text},
		{"to_type", member, "to_type", text},
		{"first", member, "first", text},
		{"last", member, "last", text},
		{"terms", member, "terms", object},
		{"distinct_terms", member, "distinct_terms", integer},
		{"numbers", member, "numbers", object},
		{"certainty", member, "certainty", text},
		{"test", member, "test", object},
		{"lists", member, "lists", list},
		{"categories", member, "categories", list},
		{"themes", member, "themes", list},
		{"cited", member, "cited", integer},
		{"cites", member, "cites", list},
		{"query", member, "query", text},
		{"finds", member, "finds", text},
		{"caution", member, "caution", text},
	}
}

func back() []column {
	return []column{
		{"state", member, "state", text},
		{"flags", member, "flags", list},
		{"source_path", source, "path", text},
		{"source_offset", source, "offset", integer},
		{"source_length", source, "length", integer},
		{"source_line", source, "line", integer},
		{"source_table", source, "table", text},
		{"source_rowid", source, "rowid", text},
		{"source_pointer", source, "pointer", text},
		{"source_via", source, "via", list},
		{"source_artifact", source, "artifact", text},
		{"source_role", source, "role", text},
		{"source_profile", source, "profile", text},
		{"source_key", source, "key", text},
		{"source_paths", source, "paths", list},
		{"source_partial", source, "partial", text},
		{"time_raw", member, "time_raw", text},
		{"time_basis", basis, "basis", text},
		{"time_unit", basis, "unit", text},
		{"time_epoch", basis, "epoch", text},
		{"time_source_zone", basis, "zone", text},
		{"time_zone_basis", basis, "zone_basis", text},
		{"times", member, "times", object},
		{"charset", member, "charset", text},
		{"charset_basis", member, "charset_basis", text},
		{"extra", member, "extra", object},
		{colOther, derived, "", object},
	}
}

// kind is a kind of record and the columns of its own (docs/design.md §7).
type kind struct {
	name string
	own  []string
}

func kinds() []kind {
	message := []string{"service", "account", "conversation", "direction", "from", "to", "text", "status", "ip", "matched_term", "participants", "attachments"}
	return []kind{
		{"message", message},
		{"sms", message},
		{"call", []string{"service", "account", "direction", "from", "to", "status", "duration_s", "ip", "display_name"}},
		{"account", []string{"service", "username", "display_name", "phones", "emails", "ips", "created", "credential_type", "credential_value", "national_id"}},
		{"contact", []string{"owner", "names", "phones", "emails", "usernames", "organisation"}},
		{"keyword", []string{"term", "list", "effect", "category", "theme"}},
		{"transfer", []string{"service", "account", "conversation", "direction", "from", "to", "status", "file_name", "file_path", "file_size", "transferred"}},
		{"row", []string{"table", "columns"}},
		{"finding", []string{"service", "rule", "statement", "subject", "value", "numbers", "certainty", "test", "lists", "categories", "themes", "cited", "cites", "query", "finds", "caution"}},
		{"edge", []string{"service", "from", "to", "relation", "from_type", "to_type", "first", "last", "terms", "distinct_terms", "certainty", "cited", "cites", "query", "finds", "caution"}},
	}
}

// columnsOf returns the columns of one kind, or of all for "". What a record has
// and no column takes goes into the column "other".
func columnsOf(name string) []column {
	var own []column
	i := slices.IndexFunc(kinds(), func(k kind) bool { return k.name == name })
	for _, c := range middle() {
		if name == "" || i >= 0 && slices.Contains(kinds()[i].own, c.name) {
			own = append(own, c)
		}
	}
	return slices.Concat(front(), own, back())
}

// Columns returns the names of the columns of one kind of record, or of all for
// "", in order.
func Columns(kind string) []string {
	var out []string
	for _, c := range columnsOf(kind) {
		out = append(out, c.name)
	}
	return out
}
