package redact

import "strings"

// sort is what a field of a record is, and so how it may come out.
type sort uint8

const (
	// dropped fields do not come out: they name, or lead to, the original, or nothing is
	// known of them.
	dropped sort = iota
	// word is a word of ours, or null; what is none is dropped.
	word
	// words is a list of these.
	words
	// scalar is a number, true, false or null; text is dropped.
	scalar
	// text is a string, texts a list of them: shown with what was found in it changed.
	text
	texts
	// at is a time, times a list of objects with one, basis what a time rests on.
	at
	times
	basis
	// free has names of the evidence's own.
	free
	attachments
	credential
)

// field is what is known of a field of a kind.
type field struct {
	sort sort
	// whose is the category of values that name somebody: one in which the detector found
	// nothing is redacted whole all the same.
	whose string
}

// Categories that the host gives to values of structured fields beside the detector's.
const (
	// catAccount stands for username, phone or email, by form.
	catAccount      = "account"
	catConversation = "conversation"
	catNationalID   = "national_id"
)

var common = map[string]field{
	"charset": {sort: word}, "charset_basis": {sort: word}, "extra": {sort: free}, "flags": {sort: words}, "kind": {sort: word},
	"source": {}, "state": {sort: word}, "time": {sort: at}, "time_basis": {sort: basis}, "time_kind": {sort: word}, "time_raw": {}, "times": {sort: times},
}

// spoken is what message, sms, call and transfer share.
var spoken = map[string]field{
	"account": {text, catAccount}, "conversation": {text, catConversation}, "direction": {sort: word}, "from": {text, catAccount},
	"ip": {text, "ip"}, "service": {sort: text}, "status": {sort: text}, "to": {texts, catAccount},
}

var message = map[string]field{
	"attachments": {sort: attachments}, "matched_term": {sort: text}, "participants": {texts, catAccount}, "text": {sort: text},
}

// attachment is what a member of attachments is: its digest leads to the original.
var attachment = map[string]field{
	"media_type": {sort: text}, "missing": {sort: scalar}, "name": {text, "attachment_name"}, "size": {sort: scalar},
}

// byKind are the fields of docs/design.md §7, each kind's own first, then those it shares.
var byKind = map[string][]map[string]field{
	"message": {message, spoken, common},
	"sms":     {message, spoken, common},
	"call":    {{"display_name": {text, "person_name"}, "duration_s": {sort: scalar}}, spoken, common},
	"transfer": {{
		"file_name": {text, "attachment_name"}, "file_path": {text, "path"}, "file_size": {sort: scalar}, "transferred": {sort: scalar},
	}, spoken, common},
	"account": {{
		"created": {sort: at}, "credential": {credential, "credential"}, "display_name": {text, "person_name"}, "emails": {texts, "email"}, "ips": {texts, "ip"},
		"national_id": {text, catNationalID}, "phones": {texts, "phone"}, "service": {sort: text}, "username": {text, catAccount},
	}, common},
	"contact": {{
		"emails": {texts, "email"}, "names": {texts, "person_name"}, "organisation": {sort: text}, "owner": {text, catAccount},
		"phones": {texts, "phone"}, "usernames": {texts, catAccount},
	}, common},
	"keyword": {{
		"category": {sort: text}, "effect": {sort: word}, "list": {sort: text}, "term": {sort: text}, "theme": {sort: text},
	}, common},
	"row": {{"columns": {sort: free}, "table": {sort: text}}, common},
}

// fieldOf is what is known of a field; own says that it is one of the kind's.
func fieldOf(kind, name string) (f field, own bool) {
	maps, known := byKind[kind]
	if !known {
		f, own = common[name]
		return f, own
	}
	for _, m := range maps {
		if f, own = m[name]; own {
			return f, true
		}
	}
	return field{}, false
}

// never are fields that no policy can let out: they lead to the original.
func never(name string) bool {
	return name == "source" || name == "sha256" || name == "raw" || strings.HasSuffix(name, "_raw")
}

// formOf says which category a value that names an account is of.
func formOf(category, value string) string {
	switch category {
	case catAccount:
		if at := strings.IndexByte(value, '@'); at > 0 && strings.IndexByte(value[at:], '.') > 0 {
			return "email"
		}
		digits := 0
		for _, r := range value {
			switch {
			case r >= '0' && r <= '9':
				digits++
			case strings.ContainsRune("+-() .", r):
			default:
				return "username"
			}
		}
		if digits >= 7 {
			return "phone"
		}
		return "username"
	}
	return category
}

// isWord reports whether a JSON string is a word as this program's parts write them: it can
// hold nobody's number or name of length.
func isWord(value []byte) bool {
	if len(value) < 2 || len(value) > 66 || value[0] != '"' {
		return false
	}
	digits := 0
	for _, c := range value[1 : len(value)-1] {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == '-', c == '/', c == '.', c == ':':
		case c >= '0' && c <= '9':
			if digits++; digits > 6 {
				return false
			}
		default:
			return false
		}
	}
	return true
}
