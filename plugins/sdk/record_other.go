package sdk

import (
	"encoding/json"
	"regexp"
	"slices"

	"github.com/exhibit-forensics/exhibit/evidence"
)

var namespaced = regexp.MustCompile(`^x-[a-z0-9][a-z0-9-]{0,62}/[a-z0-9][a-z0-9_-]{0,62}$`)

var commonFields = []string{
	"charset", "charset_basis", "extra", "flags", "kind", "source", "state", "time", "time_basis", "time_kind", "time_raw", "times",
}

func commonField(name string) bool { return slices.Contains(commonFields, name) }

// encodeOther writes the common members by themselves, then merges them with the
// record's own in order: namespaced kinds are rare enough for two passes.
func (e *encoder) encodeOther(o *Other, src *Source) {
	common := encoder{}
	at := common.open()
	o.charset(&common)
	o.extra(&common)
	o.flags(&common)
	common.word("kind", o.Name)
	src.encode(&common)
	common.plain("state", o.State)
	o.times(&common)
	common.close(at)
	if common.err != nil {
		e.err = common.err
		return
	}
	base := len(e.members)
	for name, v := range o.Fields {
		e.members = append(e.members, member{name: name, value: v})
	}
	slices.SortFunc(e.members[base:], func(a, b member) int { return evidence.CompareNames(a.name, b.name) })
	if err := evidence.Members(common.b, func(name, value []byte) error {
		e.members = append(e.members, member{name: evidence.Unescape(name), value: json.RawMessage(value)})
		return nil
	}); err != nil {
		e.fail("%v", err)
		return
	}
	e.object(base, 0)
	e.b = e.b[:len(e.b)-1] // whoever opened the record closes it
}
