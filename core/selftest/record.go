package selftest

import (
	"encoding/json"
	"fmt"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
)

// Version and Type are those of the record; Namespace is that of signatures under it.
const (
	Version   = 1
	Type      = "exhibit-selftest"
	Namespace = "exhibit-selftest"
)

// Result is what a known answer, or all of them, came to.
type Result string

// Results.
const (
	Pass Result = "pass"
	// Fail: the answer is another than expected, or there was none.
	Fail Result = "fail"
	// NotRun: it was not tried, and the observation says why.
	NotRun Result = "not_run"
	// Incomplete: nothing failed, and something was not run.
	Incomplete Result = "incomplete"
)

// Record is what selftest found out (docs/formats/selftest.md).
type Record struct {
	V      int    `json:"v"`
	Type   string `json:"type"`
	Result Result `json:"result"`
	// Counts is how many tests came to what.
	Counts map[Result]int64 `json:"counts"`
	// Start and End are RFC 3339 UTC by the computer's clock.
	Start string `json:"start"`
	End   string `json:"end"`
	// By is who had it run, as that person says; may be "".
	By string `json:"by,omitempty"`
	// Signer is who is going to sign the record, nil where nobody.
	Signer  *Signer  `json:"signer,omitempty"`
	Program Program  `json:"program"`
	Machine Machine  `json:"machine"`
	Sandbox Sandbox  `json:"sandbox"`
	Plugins []Plugin `json:"plugins"`
	Tests   []Test   `json:"tests"`
	// Limits are sentences: what the record does not show.
	Limits []string `json:"limits"`
}

// Signer is an identity by its public key.
type Signer struct {
	Name string `json:"name"`
	// Key is the key as it stands in a file of allowed signers: type and base64.
	Key string `json:"key"`
	// Fingerprint is as ssh-keygen -l prints it.
	Fingerprint string `json:"fingerprint"`
}

// Program is the running program.
type Program struct {
	custody.Tool
	Go     string `json:"go"`
	SQLite string `json:"sqlite"`
}

// MarshalJSON writes the tool's members and the program's as one object.
func (p Program) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{
		"name": p.Name, "version": p.Version, "sha256": p.SHA256, "protocol": p.Protocol, "os": p.OS, "arch": p.Arch, "go": p.Go, "sqlite": p.SQLite,
	})
}

// Machine is the computer, as its operating system describes it; what is not known is "".
type Machine struct {
	Host         string `json:"host"`
	Kernel       string `json:"kernel"`
	Distribution string `json:"distribution"`
	Processor    string `json:"processor"`
	// Processors is how many there are, Memory their memory in bytes.
	Processors int64 `json:"processors"`
	Memory     int64 `json:"memory"`
	// Filesystem is the one under the case that was made for the test.
	Filesystem string `json:"filesystem"`
	// User is the account's number.
	User  int64  `json:"user"`
	Clock string `json:"clock"`
}

// Sandbox is what was in force when plugins ran.
type Sandbox struct {
	// Required is the level below which none would have been run.
	Required string   `json:"required"`
	Level    string   `json:"level"`
	Features []string `json:"features"`
}

// Plugin is an installed plugin.
type Plugin struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
	// Files are the digests of its files, by path.
	Files map[string]string `json:"files"`
	// Tested is how many known answers there are of it.
	Tested int64 `json:"tested"`
}

// Test is one known answer.
type Test struct {
	// ID is unique and the same in every run: group/what/which.
	ID string `json:"id"`
	// What is tested, in words, and where the expectation comes from.
	What   string `json:"what"`
	Source string `json:"source"`
	// Rejects: the right answer is a refusal.
	Rejects  bool   `json:"rejects,omitempty"`
	Expected string `json:"expected"`
	Observed string `json:"observed"`
	Result   Result `json:"result"`
	// Detail are lines about how the two differ.
	Detail []string `json:"detail,omitempty"`
}

// Encode returns the record's file: one line of canonical JSON.
func (r *Record) Encode() ([]byte, error) {
	b, err := evidence.Canonical(r)
	if err != nil {
		return nil, fmt.Errorf("selftest: record: %w", err)
	}
	return append(b, '\n'), nil
}

// conclude counts the tests and says what they come to.
func (r *Record) conclude() {
	r.Counts = map[Result]int64{Pass: 0, Fail: 0, NotRun: 0}
	for _, t := range r.Tests {
		r.Counts[t.Result]++
	}
	switch {
	case r.Counts[Fail] > 0 || r.Counts[Pass] == 0:
		r.Result = Fail
	case r.Counts[NotRun] > 0:
		r.Result = Incomplete
	default:
		r.Result = Pass
	}
}
