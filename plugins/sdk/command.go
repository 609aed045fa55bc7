package sdk

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Exit codes of Command.
const (
	exitDone    = 0
	exitFailed  = 1
	exitPartial = 3
	exitUsage   = 64
)

const usage = `  run [options] FILE

Records go to standard output, diagnostics and a summary to standard error.
Files beside FILE that belong to it (FILE-wal, FILE-journal, and what the plugin's
plugin.json names as companions) are handed over with it.

  --operation NAME    parse, unpack or decrypt; the first of them that the plugin has
  --json              records and diagnostics as the plugin writes them, one JSON object a line
  --config JSON       the configuration, or @FILE
  --zone ZONE         the zone of times that state none: +08:00, UTC
  --charset NAME      the charset of text that states none
  --key NAME=HEX      a key, in hexadecimal digits
  --key-file NAME=F   a key: the bytes of file F
  --with ROLE=F       another file to hand over, in that role
  --artifacts DIR     write the artifacts of unpack and decrypt there; DIR must not exist
`

// request is a command line as understood.
type request struct {
	job       Job
	path      string
	with      []companion
	artifacts string
	json      bool
}

// companion is a file beside the input, in its role.
type companion struct{ role, path, name string }

// Command is a plugin started by hand: `run` reads a file without a host or a
// sandbox. Records go to stdout for people to read, artifacts as one line each;
// diagnostics and a summary go to stderr. It returns the exit code: 0 done, 3 partial,
// 1 failed, 64 usage.
func Command(ctx context.Context, p Plugin, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 || args[0] != "run" {
		fmt.Fprintf(stderr, "%s %s is a plugin of exhibit, which starts it in a sandbox. By hand:\n\n%s", p.Name, p.Version, usage)
		if len(args) == 1 && (args[0] == "help" || args[0] == "--help" || args[0] == "-h") {
			return exitDone
		}
		return exitUsage
	}
	q, err := p.understand(args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stderr, usage)
		return exitDone
	case err != nil:
		fmt.Fprintf(stderr, "%s: %v\nwhat can be stated: %s run --help\n", p.Name, err, p.Name)
		return exitUsage
	}
	r, err := p.runFile(ctx, q, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", p.Name, err)
		return exitFailed
	}
	summarise(stderr, p, q.job.Operation, r)
	switch r.Outcome {
	case evidence.OutcomeComplete:
		return exitDone
	case evidence.OutcomePartial:
		return exitPartial
	default:
		return exitFailed
	}
}

// understand reads the command line.
func (p Plugin) understand(args []string) (*request, error) {
	q := &request{}
	var config, zone, charset string
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&q.job.Operation, "operation", p.preferred(), "")
	flags.BoolVar(&q.json, "json", false, "")
	flags.StringVar(&config, "config", "{}", "")
	flags.StringVar(&zone, "zone", "", "")
	flags.StringVar(&charset, "charset", "", "")
	flags.StringVar(&q.artifacts, "artifacts", "", "")
	flags.Func("key", "", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		b, err := hex.DecodeString(value)
		if !ok || name == "" || err != nil || len(b) == 0 {
			return errors.New("a key is NAME= and hexadecimal digits")
		}
		q.addKey(name, b)
		return nil
	})
	flags.Func("key-file", "", func(s string) error {
		name, path, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return errors.New("a key file is NAME= and a path")
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		q.addKey(name, b)
		return nil
	})
	flags.Func("with", "", func(s string) error {
		role, path, ok := strings.Cut(s, "=")
		if !ok || role == "" || role == evidence.RoleMain || role == evidence.RoleInput {
			return errors.New("another file is ROLE= and a path")
		}
		q.with = append(q.with, companion{role: role, path: path})
		return nil
	})
	// Options may stand after the file too.
	var files []string
	for rest := args; ; {
		if err := flags.Parse(rest); err != nil {
			return nil, err
		}
		if rest = flags.Args(); len(rest) == 0 {
			break
		}
		files, rest = append(files, rest[0]), rest[1:]
	}
	switch {
	case len(files) != 1:
		return nil, fmt.Errorf("one file is to be stated, not %d", len(files))
	case !slices.Contains(p.Operations(), q.job.Operation):
		return nil, fmt.Errorf("operation %q: the plugin has %s", q.job.Operation, strings.Join(p.Operations(), ", "))
	}
	q.path = files[0]
	var err error
	q.job.Config, err = configOf(config, zone, charset)
	return q, err
}

func (q *request) addKey(name string, value []byte) {
	q.job.Keys = append(q.job.Keys, Key{Fingerprint: fingerprint(value), Name: name, Value: value})
}

// configOf puts a configuration together, as canonical JSON.
func configOf(text, zone, charset string) (json.RawMessage, error) {
	if path, ok := strings.CutPrefix(text, "@"); ok {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("--config: %w", err)
		}
		text = string(b)
	}
	canonical, err := evidence.Canonicalize([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(canonical, &members); err != nil || members == nil {
		return nil, errors.New("--config: not a JSON object")
	}
	if zone != "" {
		if _, err := ParseZone(zone, "item"); err != nil {
			return nil, fmt.Errorf("--zone: %w", err)
		}
	}
	if charset != "" {
		if _, err := ParseCharset(charset); err != nil {
			return nil, fmt.Errorf("--charset: %w", err)
		}
	}
	for name, value := range map[string]string{"zone": zone, "charset": charset} {
		if value != "" {
			members[name], _ = json.Marshal(value) // text always is JSON
		}
	}
	b, err := json.Marshal(members)
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	return evidence.Canonicalize(b)
}

// preferred is the operation that `run` does where none is stated.
func (p Plugin) preferred() string {
	for _, name := range []string{evidence.OpParse, evidence.OpUnpack, evidence.OpDecrypt, evidence.OpAnalyze, evidence.OpRedact} {
		if p.op(name) != nil {
			return name
		}
	}
	return ""
}
