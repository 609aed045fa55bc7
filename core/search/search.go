// Package search finds records of a case: text in any script, fields, times,
// tags (docs/search.md). It finds the same records in the same order whether
// they are indexed or not.
package search

// Order of hits. It is always the same for the same case and query.
type Order int

const (
	// InLog is the order of view.Records.
	InLog Order = iota
	// ByTime is earliest first, to the microsecond, then as InLog. Records without
	// a time come last.
	ByTime
	// ByTimeDesc is latest first; records without a time come last here too.
	ByTimeDesc
	// ByRelevance is highest score first, then as ByTime.
	ByRelevance
)

// Options of Select; the zero value is every hit in the order of the log.
type Options struct {
	Order Order
	// Offset hits are left out, and at most Limit yielded; 0 is all.
	Offset, Limit int64
	// Tagged returns the ids of the records with a tag; without it a query that
	// has tag: fails.
	Tagged func(tag string) (map[string]bool, error)
	// Count all hits even beyond Limit.
	Count bool
	// Boot names this boot of the machine. Where it is not known, an index that
	// another process is writing to is not used.
	Boot string
}

// Hit is a record that fulfils a query.
type Hit struct {
	ID string
	// Line is the joined line as view.Records yields it, good until yield returns.
	Line []byte
	// Score is 0 unless ordered ByRelevance.
	Score float64
}

// Summary says what a search came to.
type Summary struct {
	// Hits is how many there are; how many were met where it is not Exact.
	Hits  int64
	Exact bool
	// Untimed are records about which after: or before: leave it open whether
	// they are hits, because they state no time. They are no hits.
	Untimed int64
	// Unindexed are record sets that were read through because they are not indexed.
	Unindexed int64
	// Records is how many were searched.
	Records int64
}
