// Package disclose hands out part of a case as a bundle (docs/formats/bundle.md): it
// chooses, announces in the log, gathers what was chosen with what proves it, and leaves
// out everything else. What is not chosen must not be there in any form: each field that
// is opened is on a list here (allow.go), and what was written is looked through for
// digests of what is withheld before anything is handed out (scan.go).
package disclose
