package kit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// mostLines is how many lines of a stream a golden has at most; the digests in its
// first line cover all.
const mostLines = 10_000

// goldenOf is what NAME.golden.jsonl should hold: the account, then records,
// diagnostics and artifacts in their order, each as a member that names its sort.
// One canonical JSON object a line, so that a version control shows what changed.
func goldenOf(s *sample, t *taken) ([]byte, error) {
	digests := t.digests()
	account := map[string]any{
		"v": 1, "operation": s.job.Operation, "outcome": string(t.Outcome),
		"units":       map[string]any{"declared": t.Units.Declared, "read": t.Units.Read, "emitted": t.Units.Emitted, "rejected": t.Units.Rejected, "skipped": t.Units.Skipped},
		"records":     stream(len(t.Records), digests[0]),
		"diagnostics": stream(len(t.Diagnostics), digests[1]),
		"artifacts":   stream(len(t.Artifacts), digests[2]),
		"bytes_read":  t.result.BytesRead,
	}
	if t.Reason != "" {
		account["reason"] = t.Reason
	}
	if len(t.KeysUsed) > 0 {
		account["keys_used"] = t.KeysUsed
	}
	line, err := evidence.Canonical(map[string]any{"account": account})
	if err != nil {
		return nil, err
	}
	out := append(line, '\n')
	for _, sort := range []struct {
		name  string
		lines [][]byte
	}{{"record", t.Records}, {"diagnostic", t.Diagnostics}, {"artifact", t.made}} {
		for _, l := range sort.lines[:min(len(sort.lines), mostLines)] {
			out = fmt.Appendf(out, "{%q:%s}\n", sort.name, l)
		}
	}
	return out, nil
}

func stream(n int, sum evidence.Digest) map[string]any {
	return map[string]any{"count": n, "sha256": sum.Hex()}
}

// goldenLine is one line of a golden; exactly one member is there.
type goldenLine struct {
	Account, Record, Diagnostic, Artifact json.RawMessage
}

// goldenFile is a golden by its sorts.
type goldenFile struct{ account, record, diagnostic, artifact []json.RawMessage }

func parseGolden(b []byte) (g goldenFile, err error) {
	for i, line := range split(b) {
		var l goldenLine
		if err := json.Unmarshal(line, &l); err != nil {
			return g, fmt.Errorf("%w: line %d: %w", evidence.ErrFormat, i+1, err)
		}
		switch {
		case l.Account != nil:
			g.account = append(g.account, l.Account)
		case l.Record != nil:
			g.record = append(g.record, l.Record)
		case l.Diagnostic != nil:
			g.diagnostic = append(g.diagnostic, l.Diagnostic)
		case l.Artifact != nil:
			g.artifact = append(g.artifact, l.Artifact)
		default:
			return g, fmt.Errorf("%w: line %d is none of account, record, diagnostic, artifact", evidence.ErrFormat, i+1)
		}
	}
	return g, nil
}

// Accepted is a golden that was written.
type Accepted struct {
	Path string `json:"golden"`
	// New: there was none.
	New bool `json:"new"`
	// Changes are the differences from the one before, or what a new one holds.
	Changes []Fault `json:"changes,omitempty"`
}

// readGolden returns nil where there is none.
func (s *sample) readGolden() ([]byte, error) {
	b, err := os.ReadFile(s.path + goldenSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// writeGolden replaces the file whole.
func (s *sample) writeGolden(b []byte) error {
	path := s.path + goldenSuffix
	f, err := os.CreateTemp(dirOf(path), ".golden-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// compare lists the differences between a golden and what came, records beside
// the bytes they were read from.
func compare(s *sample, old, fresh []byte) ([]Fault, error) {
	if bytes.Equal(old, fresh) {
		return nil, nil
	}
	was, err := parseGolden(old)
	if err != nil {
		return nil, fmt.Errorf("golden of %q: %w", s.name, err)
	}
	is, err := parseGolden(fresh)
	if err != nil {
		return nil, err
	}
	var out []Fault
	for _, sort := range []struct {
		name    string
		was, is []json.RawMessage
	}{{"record", was.record, is.record}, {"diagnostic", was.diagnostic, is.diagnostic}, {"artifact", was.artifact, is.artifact}} {
		out = append(out, compareLines(s, sort.name, sort.was, sort.is)...)
	}
	if len(out) == 0 || !bytes.Equal(plainAccount(was), plainAccount(is)) {
		out = append(out, compareLines(s, "account", was.account, is.account)...)
	}
	return out, nil
}

// plainAccount is the account without the digests, which change with any line.
func plainAccount(g goldenFile) []byte {
	if len(g.account) == 0 {
		return nil
	}
	m := fields(g.account[0])
	for _, name := range []string{"records", "diagnostics", "artifacts"} {
		delete(m, name)
	}
	b, err := json.Marshal(m)
	if err != nil {
		return nil
	}
	return b
}
