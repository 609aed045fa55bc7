package host

import "github.com/exhibit-forensics/exhibit/evidence"

// sizes says how long the inputs are that spans refer to. A span without a role is
// one of the input called main, else of the largest.
type sizes struct {
	largest int64
	byRole  map[string]int64
}

func newSizes(inputs []Input) sizes {
	s := sizes{byRole: make(map[string]int64, len(inputs))}
	for _, in := range inputs {
		s.largest = max(s.largest, in.Size)
		s.byRole[in.Role] = max(s.byRole[in.Role], in.Size)
	}
	if main, ok := s.byRole[evidence.RoleMain]; ok {
		s.largest = main
	}
	return s
}

// total is the bytes of all inputs.
func total(inputs []Input) int64 {
	var n int64
	for _, in := range inputs {
		n += in.Size
	}
	return n
}

// Why a line fails the run. None quotes it.
var (
	errKind     = errLine("kind is not in its format")
	errNoKind   = errLine("no kind")
	errTime     = errLine("time is not RFC 3339 UTC")
	errOutside  = errLine("span leaves the input")
	errRole     = errLine("source names a role that no input has")
	errCode     = errLine("code is not in its format")
	errNoCode   = errLine("no code")
	errSeverity = errLine("severity is none of those that exist")
)

// within checks the span of a source.
func (s sizes) within(src evidence.SourceHeader) error {
	if !src.HasSpan {
		return nil
	}
	size := s.largest
	if src.Role != nil {
		var ok bool
		if size, ok = s.byRole[evidence.Unescape(src.Role)]; !ok {
			return errRole
		}
	}
	if !src.Span.Within(size) {
		return errOutside
	}
	return nil
}

// names interns the short names that lines have in common, and refuses others.
type names map[string]string

const (
	maxNameBytes = 128
	// maxNames bounds what is interned, should a plugin make names up.
	maxNames = 1000
)

// intern returns b as a string; ok is false where it is no name: printable ASCII
// without spaces.
func (n *names) intern(b []byte) (name string, ok bool) {
	if name, ok = (*n)[string(b)]; ok {
		return name, true
	}
	if len(b) > maxNameBytes {
		return "", false
	}
	for _, c := range b {
		if c <= ' ' || c >= 0x7f {
			return "", false
		}
	}
	if *n == nil || len(*n) == maxNames {
		*n = make(names)
	}
	name = string(b)
	(*n)[name] = name
	return name, true
}

// recordLines checks records and gathers what the sink is told of them.
type recordLines struct {
	sizes sizes
	sink  Sink
	infos []RecordInfo
	kinds names
	// times of the batch, one behind the other, and where each ends: one string for all.
	times []byte
	ends  []int
	// members of all records of the batch, one behind the other.
	members []evidence.Member
}

func (r *recordLines) check(line []byte, offset int) error {
	before := len(r.members)
	h, members, err := evidence.ScanRecord(line, r.members)
	r.members = members
	switch {
	case err != nil:
		return err
	case len(h.Kind) == 0:
		return errNoKind
	case h.Time != nil && !isTime(h.Time):
		return errTime
	}
	if err := r.sizes.within(h.Source); err != nil {
		return err
	}
	kind, ok := r.kinds.intern(h.Kind)
	if !ok {
		return errKind
	}
	r.infos = append(r.infos, RecordInfo{
		Offset: offset, Length: len(line) + 1, Kind: kind, Span: h.Source.Span, HasSpan: h.Source.HasSpan, members: len(members) - before,
	})
	r.times = append(r.times, h.Time...)
	r.ends = append(r.ends, len(r.times))
	return nil
}

func (r *recordLines) flush(batch []byte) error {
	all, start, first := string(r.times), 0, 0
	for i, end := range r.ends {
		info := &r.infos[i]
		info.Time, start = all[start:end], end
		info.Members = r.members[first : first+info.members]
		first += info.members
	}
	err := r.sink.Records(batch, r.infos)
	r.infos, r.times, r.ends, r.members = r.infos[:0], r.times[:0], r.ends[:0], r.members[:0]
	return err
}

// diagnosticLines is recordLines for diagnostics.
type diagnosticLines struct {
	sizes   sizes
	sink    Sink
	infos   []DiagnosticInfo
	codes   names
	rejects int64
}

func (d *diagnosticLines) check(line []byte, offset int) error {
	h, err := evidence.ScanDiagnostic(line)
	switch {
	case err != nil:
		return err
	case len(h.Code) == 0:
		return errNoCode
	}
	severity := severityOf(h.Severity)
	if severity == "" {
		return errSeverity
	}
	if err := d.sizes.within(h.Source); err != nil {
		return err
	}
	code, ok := d.codes.intern(h.Code)
	if !ok {
		return errCode
	}
	if severity == evidence.SeverityReject {
		d.rejects++
	}
	d.infos = append(d.infos, DiagnosticInfo{Offset: offset, Length: len(line) + 1, Code: code, Severity: severity})
	return nil
}

func (d *diagnosticLines) flush(batch []byte) error {
	err := d.sink.Diagnostics(batch, d.infos)
	d.infos = d.infos[:0]
	return err
}

// severityOf returns the constant of that name, "" for none.
func severityOf(b []byte) string {
	switch string(b) {
	case evidence.SeverityReject:
		return evidence.SeverityReject
	case evidence.SeverityDamage:
		return evidence.SeverityDamage
	case evidence.SeverityUnresolved:
		return evidence.SeverityUnresolved
	case evidence.SeverityWarning:
		return evidence.SeverityWarning
	case evidence.SeverityInfo:
		return evidence.SeverityInfo
	}
	return ""
}
