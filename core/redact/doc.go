// Package redact changes the records of a case as a policy says: it takes what the
// redact plugin found (spans and reasons, no plaintext), what reviewers decided, and
// the case's own key, and yields each record as it may be shown. docs/formats/policy.md
// is the format and says what every operator does.
//
// Originals are never changed: what comes out is made anew from redacted values.
package redact
