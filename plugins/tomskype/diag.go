package main

import (
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Codes of diagnostics, stable; README.md explains each.
const (
	codeNotEncoded    = "line.not_encoded"
	codeCut           = "line.cut"
	codeUndecryptable = "line.undecryptable"
	codeCharset       = "line.charset"
	codeLayout        = "line.layout"
	codeAmbiguous     = "line.ambiguous"
	codeStray         = "line.charset_differs"

	codeFileUnopened   = "file.undecryptable"
	codeFileAmbiguous  = "file.ambiguous"
	codeFileCut        = "file.cut"
	codeFilePlain      = "file.not_encrypted"
	codeUnresolved     = "file.unresolved"
	codeZoneAssumed    = "time.zone_assumed"
	codeReconstructed  = "profile.reconstructed"
	codeProfileAssumed = "profile.assumed"
)

var messages = map[string]string{
	codeNotEncoded:     "the line is neither text of its layout nor encoded as a profile expects",
	codeCut:            "the end of the line is missing: it holds no whole number of bytes or cipher blocks, or not the padding of the others",
	codeUndecryptable:  "no key and profile at hand opens the line",
	codeCharset:        "the line has the layout's fields, but is not text in an expected charset",
	codeLayout:         "the line is text, but a column does not hold what its layout says",
	codeAmbiguous:      "different keys or profiles open the line to different texts, and none was chosen",
	codeStray:          "the line is no text in the charset of the lines before, but in another; it may be damaged",
	codeFileUnopened:   "no key and profile at hand opens the file",
	codeFileAmbiguous:  "different keys or profiles open the file to different texts, and none was chosen",
	codeFileCut:        "the end of the file is missing: it ends within a cipher block, or with neither padding nor a line's end",
	codeFilePlain:      "the file is not encrypted",
	codeUnresolved:     "some of the file could not be opened with the keys, profiles and layouts at hand",
	codeZoneAssumed:    "nobody stated a zone for the times of this file; they are read as UTC",
	codeReconstructed:  "the profile that opened this is stated from memory of a publication",
	codeProfileAssumed: "the profile that opened this is assumed",
}

// diagnose writes a diagnostic of a fixed sentence.
func diagnose(c *sdk.Ctx, severity, code string, src sdk.Source, data map[string]any) {
	c.Diagnose(sdk.Diagnostic{Code: code, Severity: severity, Message: messages[code], Source: src, Data: data})
}

// note says which profiles opened something, where that is not beyond doubt.
func note(c *sdk.Ctx, list []*candidate) {
	type use struct {
		p *profile
		n int64
	}
	var uses []use
	for _, cand := range list {
		if cand.used == 0 {
			continue
		}
		i := 0
		for i < len(uses) && uses[i].p != cand.profile {
			i++
		}
		if i == len(uses) {
			uses = append(uses, use{p: cand.profile})
		}
		uses[i].n += cand.used
	}
	for _, u := range uses {
		code := codeReconstructed
		switch u.p.Certainty {
		case "published":
			continue
		case "assumed":
			code = codeProfileAssumed
		}
		data := map[string]any{"certainty": u.p.Certainty, "profile": u.p.Name, "units": u.n, "publication": u.p.Source}
		diagnose(c, evidence.SeverityInfo, code, sdk.Source{}, data)
	}
}
