package main

import (
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/delimited"
)

// Codes of diagnostics, stable; README.md explains each.
const (
	codeMapped        = "table.mapped"
	codeEmpty         = "table.empty"
	codeNotRecognised = "sms.not_recognised"

	codeFields = "record.fields"
	codeQuote  = "record.quote"
	codeOdd    = "record.quote_odd"
	codeInside = "record.lines_inside"
	codeLayout = "line.layout"

	codeCharsetDamaged = "charset.damaged"

	codeTimeOrder      = "time.order_assumed"
	codeTimeUnreadable = "time.unreadable"
	codeTimeDayOnly    = "time.date_only"
	codeZoneAssumed    = "time.zone_assumed"
	codeDirection      = "direction.unknown"
)

var messages = map[string]string{
	codeEmpty:         "there is a header line, but no record follows it",
	codeNotRecognised: "no header line says which columns hold the number and the text of messages; a layout can (exhibit layout add; for records that span lines with the member plugin: sms)",

	codeFields:       "the record does not have as many fields as the header line",
	codeQuote:        "the record has a quote without its counterpart; reading goes on at the next line that is a record by itself",
	codeOdd:          "the record has a quote where none should be; it was taken for text",
	codeInside:       "a quoted field holds lines that would be records by themselves; by its quotes all of it is one record",
	codeLayout:       "the record is not as its layout says",
	sdk.CodeLongLine: "the line is longer than a line may be and was not read",

	codeCharsetDamaged: "bytes that are no text in the charset of the file are shown as U+FFFD and kept beside in base64; the records have the flag charset_damaged",

	codeTimeUnreadable: "times that could not be read are null, with their raw form; the records have the flag time_unreadable",
	codeTimeDayOnly:    "the times name a day only and stand at its midnight; the records have the flag time_date_only",
	codeZoneAssumed:    "nobody stated a zone for the times of this file; they are read as UTC; it can be stated at intake (exhibit add --zone) or in a layout",
	codeDirection:      "the column of the direction holds words that are not known; they are in extra, and the direction is unknown",
}

func diagnose(c *sdk.Ctx, severity, code string, src sdk.Source, data map[string]any) {
	c.Diagnose(sdk.Diagnostic{Code: code, Severity: severity, Message: messages[code], Source: src, Data: data})
}

// located bounds how many warnings of one code name their place.
const located = 100

// tally writes the first warnings of a code one by one and counts the rest.
type tally struct {
	code string
	n    int64
}

func (t *tally) warn(c *sdk.Ctx, src sdk.Source, data map[string]any) {
	if t.n++; t.n <= located {
		diagnose(c, evidence.SeverityWarning, t.code, src, data)
	}
}

// total says how many there were, where not each was named, or none was meant to be.
func (t *tally) total(c *sdk.Ctx, named int64) {
	if t.n > named {
		diagnose(c, evidence.SeverityWarning, t.code, sdk.Source{}, map[string]any{"records": t.n})
	}
}

// rejectUnit says why a unit became no record.
func rejectUnit(c *sdk.Ctx, u *delimited.Unit, expected int) {
	code := u.Defect
	data := map[string]any{"lines": u.Lines}
	switch u.Defect {
	case delimited.CodeFields:
		code = codeFields
		data["fields"], data["expected"] = u.Count, expected
	case delimited.CodeQuote:
		code = codeQuote
	default:
		data = map[string]any{"limit": delimited.MaxUnit}
	}
	diagnose(c, evidence.SeverityReject, code, u.Source(), data)
}
