package evidence

// Severities of a diagnostic.
const (
	// SeverityReject: a unit of the input became no record.
	SeverityReject = "reject"
	// SeverityDamage: the input itself is cut short or corrupt.
	SeverityDamage = "damage"
	// SeverityUnresolved: it could not be opened with the keys, profiles or layouts at hand; new ones may.
	SeverityUnresolved = "unresolved"
	// SeverityWarning: something a reader should know; a record was made all the same.
	SeverityWarning = "warning"
	// SeverityInfo: a fact about the input.
	SeverityInfo = "info"
)

// Span is a range of bytes of a run's input.
type Span struct {
	Offset int64
	Length int64
}

// Within reports whether s lies inside an input of size bytes.
func (s Span) Within(size int64) bool {
	return s.Offset >= 0 && s.Length >= 0 && s.Offset <= size && s.Length <= size-s.Offset
}
