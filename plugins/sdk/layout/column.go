package layout

import (
	"slices"
	"strings"
)

// column is what a field of the text becomes.
type column uint8

const (
	colExtra column = iota
	colAccount
	colPeer
	colFrom
	colTo
	colDirection
	colTime
	colText
	colStatus
	colIP
	colMatchedTerm
	colConversation
	colDuration
	colDisplayName
	colUsername
	colPhone
	colEmail
	colNationalID
	colOwner
	colName
	colOrganisation
	colTerm
	colList
	colCategory
	colTheme
)

var columnNames = map[string]column{
	"account": colAccount, "peer": colPeer, "from": colFrom, "to": colTo, "direction": colDirection, "time": colTime,
	"text": colText, "status": colStatus, "ip": colIP, "matched_term": colMatchedTerm, "conversation": colConversation,
	"duration_s": colDuration, "display_name": colDisplayName, "username": colUsername, "phone": colPhone, "email": colEmail,
	"national_id": colNationalID, "owner": colOwner, "name": colName, "organisation": colOrganisation,
	"term": colTerm, "list": colList, "category": colCategory, "theme": colTheme,
}

// columnsOf lists what a layout of each kind may name, besides extra.NAME. A row
// takes any name as it is.
var columnsOf = map[string][]string{
	"message": {"account", "peer", "from", "to", "direction", "time", "text", "status", "ip", "matched_term", "conversation"},
	"sms":     {"account", "peer", "from", "to", "direction", "time", "text", "status", "ip", "matched_term", "conversation"},
	"call":    {"account", "peer", "from", "to", "direction", "time", "duration_s", "status", "ip", "display_name"},
	"account": {"username", "display_name", "phone", "email", "ip", "time", "national_id"},
	"contact": {"owner", "name", "phone", "email", "username", "organisation", "time"},
	"keyword": {"term", "list", "category", "theme"},
	"row":     {"time"},
}

// Allows reports whether a layout of a kind may name a column, besides extra.NAME.
func Allows(kind, column string) bool { return slices.Contains(columnsOf[kind], column) }

// extraPrefix begins the name of a column that goes into a record's extra.
const extraPrefix = "extra."

// field is one compiled column.
type field struct {
	column column
	name   string // of an extra, or of a row's column
}

// compileColumns resolves the names for l.Kind.
func (l *Layout) compileColumns() ([]field, error) {
	allowed, ok := columnsOf[l.Kind]
	if !ok {
		return nil, refuse("kind %q is none of message, sms, call, account, contact, keyword, row", l.Kind)
	}
	fields := make([]field, len(l.Columns))
	for i, name := range l.Columns {
		switch extra, isExtra := strings.CutPrefix(name, extraPrefix); {
		case name == "" || slices.Index(l.Columns, name) < i:
			return nil, refuse("column %d has no name or that of another: %q", i+1, name)
		case slices.Contains(allowed, name):
			fields[i] = field{column: columnNames[name], name: name}
		case l.Kind == "row":
			fields[i] = field{name: name}
		case isExtra && extra != "":
			fields[i] = field{name: extra}
		default:
			return nil, refuse("a %s has no column %q; it has %s, and extra.NAME for anything else", l.Kind, name, strings.Join(allowed, ", "))
		}
	}
	return fields, l.checkParties()
}

// checkParties refuses columns that would name sender and recipient twice.
func (l *Layout) checkParties() error {
	has := func(name string) bool { return slices.Contains(l.Columns, name) }
	switch {
	case has("peer") && !has("account"):
		return refuse("the column peer needs the column account: it is the other side of it")
	case has("peer") && (has("from") || has("to")):
		return refuse("account and peer, or from and to: not both")
	}
	return nil
}
