package publish

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Kinds of records that are part of a conversation.
const (
	kindMessage  = "message"
	kindSMS      = "sms"
	kindCall     = "call"
	kindTransfer = "transfer"
)

// field is one value of a record, with the JSON pointer to it.
type field struct{ pointer, text string }

// row is a record as the files show it.
type row struct {
	n            int64
	number       string
	kind, time   string
	service      string
	conversation string
	sender       string
	recipients   string
	direction    string
	text         string
	other        string // all further text, for searching
	body         []byte

	entry, run, leaf int64
	commitment       string
	redactions       int64
}

// machinery are members that say how a record was read, and nothing that it says.
var machinery = []string{"source", "time_basis", "charset", "charset_basis", "flags", "state", "times", "time_raw"}

// decode reads a body.
func decode(body []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil || m == nil {
		return nil, fmt.Errorf("publish: %w: a redacted record is no JSON object", evidence.ErrFormat)
	}
	return m, nil
}

// fill takes from a body what the columns of the files are.
func (r *row) fill(body []byte) error {
	m, err := decode(body)
	if err != nil {
		return err
	}
	r.body = body
	r.kind, r.time, r.service, r.sender, r.direction, r.text = text(m["kind"]), text(m["time"]), text(m["service"]), text(m["from"]), text(m["direction"]), text(m["text"])
	to := texts(m["to"])
	r.recipients = strings.Join(to, "; ")
	r.conversation = conversation(m, r, to)
	var rest []string
	for _, f := range flatten(m) {
		switch f.pointer {
		case "/kind", "/time", "/text", "/from", "/direction", "/time_kind":
		default:
			if !strings.HasPrefix(f.pointer, "/to/") {
				rest = append(rest, f.text)
			}
		}
	}
	r.other = strings.Join(rest, "\n")
	return nil
}

// maxShown is how many participants a conversation is called by.
const maxShown = 6

// conversation is what a record is grouped by: the conversation that it states, else who
// took part; "" for what is none.
func conversation(m map[string]any, r *row, to []string) string {
	switch r.kind {
	case kindMessage, kindSMS, kindCall, kindTransfer:
	default:
		return ""
	}
	name := text(m["conversation"])
	if name == "" {
		who := texts(m["participants"])
		if len(who) == 0 {
			who = append(slices.Clone(to), r.sender)
			if len(to) == 0 {
				who = append(who, text(m["account"]))
			}
		}
		slices.Sort(who)
		who = slices.DeleteFunc(slices.Compact(who), func(s string) bool { return s == "" })
		more := len(who) - maxShown
		name = strings.Join(who[:min(len(who), maxShown)], ", ")
		if more > 0 {
			name += " and " + strconv.Itoa(more) + " more"
		}
	}
	if name == "" {
		name = "(not stated)"
	}
	if r.service != "" {
		return r.service + ": " + name
	}
	return name
}

// text is a value as people read it.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case []any:
		return strings.Join(texts(v), "; ")
	}
	b, err := evidence.Canonical(v)
	if err != nil {
		return ""
	}
	return string(b)
}

func texts(v any) []string {
	list, ok := v.([]any)
	if !ok {
		if s := text(v); s != "" {
			return []string{s}
		}
		return nil
	}
	var out []string
	for _, x := range list {
		out = append(out, text(x))
	}
	return out
}

// flatten lists what a record says, value by value, in the order of its canonical form.
func flatten(m map[string]any) []field {
	var out []field
	var walk func(pointer string, v any)
	walk = func(pointer string, v any) {
		switch v := v.(type) {
		case nil:
		case map[string]any:
			for _, k := range slices.SortedFunc(maps.Keys(v), evidence.CompareNames) {
				if pointer == "" && slices.Contains(machinery, k) {
					continue
				}
				walk(pointer+"/"+escape(k), v[k])
			}
		case []any:
			for i, x := range v {
				walk(pointer+"/"+strconv.Itoa(i), x)
			}
		default:
			out = append(out, field{pointer, text(v)})
		}
	}
	walk("", m)
	return out
}

// escape writes a name as a reference token of RFC 6901, unescape reads one.
func escape(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

func unescape(token string) string {
	return strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
}

// has reports whether a body has a value at a JSON pointer.
func has(m map[string]any, pointer string) bool {
	var v any = m
	if pointer == "" || pointer[0] != '/' {
		return false
	}
	for token := range strings.SplitSeq(pointer[1:], "/") {
		name := unescape(token)
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[name]
			if !ok {
				return false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(at) {
				return false
			}
			v = at[i]
		default:
			return false
		}
	}
	return true
}

// place is where a redaction stands. The names below extra and columns are the evidence's
// own: of a member that is not there any more the name is not told.
func place(m map[string]any, pointer string) string {
	if has(m, pointer) {
		return pointer
	}
	top, rest, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	if rest != "" && (top == "extra" || top == "columns") {
		return "/" + top + "/…"
	}
	return pointer
}

// label is a pointer for people: "attachments 1 name".
func label(pointer string) string {
	var words []string
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if i, err := strconv.Atoi(token); err == nil {
			token = strconv.Itoa(i + 1)
		}
		words = append(words, word(unescape(token)))
	}
	return strings.Join(words, " ")
}
