package main

import (
	"bytes"

	"github.com/exhibit-forensics/exhibit/plugins/redact/canon"
)

// What a field is to a run, beside a category.
const (
	asText  = "text"  // searched
	asSkip  = "skip"  // words of ours, and times
	asParty = "party" // who took part: an account, a telephone number or an address
	asID    = "id"    // a number of identity: by its form
)

// standing are the fields of every kind that hold nothing of a person.
func standing(path []byte) bool {
	switch string(path) {
	case "kind", "time", "time_kind", "time_raw", "state", "flags", "charset", "charset_basis", "direction", "effect", "created", "created_raw",
		"duration_s", "file_size", "transferred", "credential.type", "attachments.size", "attachments.sha256", "attachments.missing":
		return true
	}
	for _, under := range []string{"time_basis.", "times.", "source."} {
		if bytes.HasPrefix(path, []byte(under)) {
			return true
		}
	}
	return false
}

// field says what the leaf of a record of a kind is: one of the words above, or a category.
func (r *redaction) field(kind string, path []byte) string {
	if len(r.o.Fields) > 0 {
		if what, ok := r.o.Fields[kind+"."+string(path)]; ok {
			return what
		}
		if what, ok := r.o.Fields["*."+string(path)]; ok {
			return what
		}
	}
	if standing(path) {
		return asSkip
	}
	switch kind {
	case "message", "sms", "call", "transfer", "account", "contact":
	default:
		return asText
	}
	switch string(path) {
	case "account", "from", "to", "participants", "username", "usernames", "owner":
		return asParty
	case "phones":
		return "phone"
	case "emails":
		return "email"
	case "ip", "ips":
		return "ip"
	case "display_name", "names":
		return "person_name"
	case "conversation":
		return "conversation"
	case "national_id":
		return asID
	case "credential.value":
		return "credential"
	case "attachments.name", "file_name":
		return "attachment_name"
	case "file_path":
		return "path"
	}
	return asText
}

// category is that of the value of a structured field.
func (r *redaction) category(kind, what string, text []byte) string {
	switch what {
	case asParty:
		return party(kind, string(text))
	case asID:
		for _, c := range []string{"cn_resident_id", "tw_id", "hkid", "ssn", "nino"} {
			if r.plain.Valid(c, canon.Of(c, string(text), "")) {
				return c
			}
		}
		return "national_id"
	}
	return what
}

// party tells by its form what names somebody who took part.
func party(kind, text string) string {
	if i := bytes.IndexByte([]byte(text), '@'); i > 0 && i < len(text)-1 {
		return "email"
	}
	digits, other, plus := 0, 0, false
	for i, c := range []rune(text) {
		switch c = canon.Width(c); {
		case c >= '0' && c <= '9':
			digits++
		case c == '+' && i == 0:
			plus = true
		case c == canon.Dropped, c == ' ', c == '-', c == '(', c == ')', c == '.', c == '/':
		default:
			other++
		}
	}
	if other == 0 && digits >= 5 && (plus || kind == "sms" || kind == "call" || canon.Mobile(canon.Digits(text))) {
		return "phone"
	}
	return "username"
}

// learned reports whether the values of a category are looked for in all text.
func learned(category string) bool {
	switch category {
	case "conversation", "attachment_name", "path":
		return false
	}
	return true
}
