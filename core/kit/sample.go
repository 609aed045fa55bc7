package kit

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	goldenSuffix = ".golden.jsonl"
	jobSuffix    = ".job.json"
	// maxSample is how large a sample may be: what shows a format fits in a few KiB.
	maxSample = 16 << 20
)

// sample is one input of testdata/, with the job it is for and what came of it.
type sample struct {
	name string // of the file
	path string
	data []byte
	job  job
	// companions are handed over with it, by role.
	companions []companion
	// base is what the plugin made of it first.
	base *taken
}

type companion struct {
	role string
	name string // its path, where the manifest states one
	data []byte
}

// job is NAME.job.json: how a sample is run. All of it may be left out.
type job struct {
	Operation string            `json:"operation"`
	Config    json.RawMessage   `json:"config"`
	Keys      []key             `json:"keys"`
	Skip      map[string]string `json:"skip"`
}

// key is a key by exactly one of its forms.
type key struct {
	Name string `json:"name"`
	Hex  string `json:"hex"`
	Text string `json:"text"`
}

// readSamples reads the samples of dir, none where it is not there. Files that
// begin with a dot, README or make. (what made the samples), goldens, jobs and
// directories are no samples.
func readSamples(dir string, m evidence.PluginManifest) ([]*sample, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("kit: samples: %w", err)
	}
	names := map[string]bool{}
	for _, e := range entries {
		n := e.Name()
		if e.Type().IsRegular() && !strings.HasPrefix(n, ".") && !strings.HasPrefix(n, "README") && !strings.HasPrefix(n, "make.") && !strings.HasSuffix(n, goldenSuffix) && !strings.HasSuffix(n, jobSuffix) {
			names[n] = true
		}
	}
	var out []*sample
	for _, e := range entries {
		if !names[e.Name()] || isCompanion(e.Name(), names, m) {
			continue
		}
		s, err := readSample(dir, e.Name(), m)
		if err != nil {
			return nil, fmt.Errorf("kit: sample %q: %w", e.Name(), err)
		}
		out = append(out, s)
	}
	return out, nil
}

func readSample(dir, name string, m evidence.PluginManifest) (*sample, error) {
	s := &sample{name: name, path: filepath.Join(dir, name)}
	info, err := os.Stat(s.path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxSample {
		return nil, fmt.Errorf("%w: %d bytes; a sample has at most %d, and a few KiB show a format", evidence.ErrFormat, info.Size(), maxSample)
	}
	if s.data, err = os.ReadFile(s.path); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(s.path + jobSuffix)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&s.job); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", evidence.ErrFormat, name+jobSuffix, err)
		}
	}
	if s.job.Operation == "" {
		s.job.Operation = preferred(m)
	}
	if len(s.job.Config) == 0 {
		s.job.Config = json.RawMessage("{}")
	}
	if s.job.Config, err = evidence.Canonicalize(s.job.Config); err != nil {
		return nil, fmt.Errorf("%s: config: %w", name+jobSuffix, err)
	}
	for i, k := range s.job.Keys {
		if _, err := k.value(); err != nil || k.Name == "" {
			return nil, fmt.Errorf("%w: %s: key %d has a name, and a text or hexadecimal digits", evidence.ErrFormat, name+jobSuffix, i+1)
		}
	}
	if !slices.ContainsFunc(m.Operations, func(o evidence.PluginOperation) bool { return o.Operation == s.job.Operation }) {
		return nil, fmt.Errorf("%w: the plugin has no operation %q", evidence.ErrFormat, s.job.Operation)
	}
	return s, s.readCompanions(m)
}

// preferred is the operation of a sample that names none.
func preferred(m evidence.PluginManifest) string {
	for _, name := range []string{evidence.OpParse, evidence.OpUnpack, evidence.OpDecrypt} {
		if slices.ContainsFunc(m.Operations, func(o evidence.PluginOperation) bool { return o.Operation == name }) {
			return name
		}
	}
	return m.Operations[0].Operation
}

func (k key) value() ([]byte, error) {
	if (k.Hex == "") == (k.Text == "") {
		return nil, errors.New("either text or hex")
	}
	if k.Text != "" {
		return []byte(k.Text), nil
	}
	return hex.DecodeString(k.Hex)
}

// keys are those of the sample as a host hands them over; change may replace the values.
func (s *sample) keys(change func([]byte) []byte) []host.Key {
	var out []host.Key
	for _, k := range s.job.Keys {
		b, err := k.value()
		if err != nil {
			continue // read refused it
		}
		if change != nil {
			b = change(b)
		}
		out = append(out, host.Key{Fingerprint: fingerprint(b), Name: k.Name, Value: b})
	}
	return out
}

// fingerprint is that of docs/formats/runs.md under an empty secret, as `./plugin
// run` has it: no case is at hand.
func fingerprint(key []byte) string {
	m := hmac.New(sha256.New, nil)
	m.Write(key)
	return "key:" + hex.EncodeToString(m.Sum(nil)[:8])
}
