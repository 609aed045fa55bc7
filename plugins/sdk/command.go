package sdk

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
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

// Command is a plugin started by hand: `run` reads a file without a host or a
// sandbox. Records go to stdout one a line, artifacts as one line each of their
// name, size and digest; diagnostics and a summary go to stderr. It returns the
// exit code: 0 done, 3 partial, 1 failed, 64 usage.
func Command(ctx context.Context, p Plugin, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 || args[0] != "run" {
		fmt.Fprintf(stderr, "%s %s is a plugin of exhibit, which starts it in a sandbox. By hand:\n\n%s", p.Name, p.Version, usage)
		return exitUsage
	}
	var (
		config    string
		operation string
		keys      []Key
	)
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, usage) }
	flags.StringVar(&config, "config", "{}", "")
	flags.StringVar(&operation, "operation", "", "")
	flags.Func("key", "", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		b, err := hex.DecodeString(value)
		if !ok || name == "" || err != nil {
			return errors.New("a key is NAME= and hexadecimal digits")
		}
		keys = append(keys, Key{Fingerprint: fingerprint(b), Name: name, Value: b})
		return nil
	})
	if err := flags.Parse(args[1:]); err != nil {
		return exitUsage
	}
	if operation == "" {
		operation = p.preferred()
	}
	if flags.NArg() != 1 || !slices.Contains(p.Operations(), operation) {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	canonical, err := evidence.Canonicalize([]byte(config))
	if err != nil {
		fmt.Fprintf(stderr, "--config: %v\n", err)
		return exitUsage
	}
	r, err := runFile(ctx, p, Job{Operation: operation, Config: canonical, Keys: keys}, flags.Arg(0), stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", p.Name, err)
		return exitFailed
	}
	summarise(stderr, p, operation, r)
	switch r.Outcome {
	case evidence.OutcomeComplete:
		return exitDone
	case evidence.OutcomePartial:
		return exitPartial
	default:
		return exitFailed
	}
}

const usage = `  run [--operation parse|decrypt|unpack] [--config JSON] [--key NAME=HEX]… FILE

Records go to standard output, diagnostics and a summary to standard error.
`

// preferred is the operation that `run` does where none is stated.
func (p Plugin) preferred() string {
	for _, name := range []string{evidence.OpParse, evidence.OpUnpack, evidence.OpDecrypt} {
		if p.op(name) != nil {
			return name
		}
	}
	return ""
}

// fingerprint is that of docs/formats/runs.md under an empty secret: no case is at hand.
func fingerprint(key []byte) string {
	m := hmac.New(sha256.New, nil)
	m.Write(key)
	return "key:" + hex.EncodeToString(m.Sum(nil)[:8])
}

func runFile(ctx context.Context, p Plugin, j Job, path string, stdout, stderr io.Writer) (Result, error) {
	f, err := os.Open(path)
	if err != nil {
		return Result{}, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return Result{}, err
	}
	if !st.Mode().IsRegular() {
		return Result{}, fmt.Errorf("%s is not a regular file", path)
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return Result{}, err
	}
	in := NewInput(f, st.Size())
	h.Sum(in.SHA256[:0])
	j.Inputs = []*Input{in}
	j.Records, j.Diagnostics, j.Artifacts = stdout, stderr, &artifactLister{w: stdout}
	return Run(ctx, p, j)
}

func summarise(w io.Writer, p Plugin, operation string, r Result) {
	declared := "none"
	if r.Units.Declared >= 0 {
		declared = fmt.Sprint(r.Units.Declared)
	}
	fmt.Fprintf(w, "%s %s %s: %s", p.Name, p.Version, operation, r.Outcome)
	if r.Reason != "" {
		fmt.Fprintf(w, " (%s)", r.Reason)
	}
	fmt.Fprintf(w, "\nunits: declared %s, read %d, emitted %d, rejected %d, skipped %d\n", declared, r.Units.Read, r.Units.Emitted, r.Units.Rejected, r.Units.Skipped)
	fmt.Fprintf(w, "records: %d, sha256:%x\n", r.Records.Count, r.Records.SHA256)
	fmt.Fprintf(w, "diagnostics: %d; artifacts: %d; bytes read: %d\n", r.Diagnostics.Count, r.Artifacts.Count, r.BytesRead)
	if len(r.KeysUsed) > 0 {
		fmt.Fprintf(w, "keys used: %s\n", strings.Join(r.KeysUsed, " "))
	}
}

// artifactLister reads artifact frames and prints one JSON line for each artifact.
type artifactLister struct {
	w    io.Writer
	buf  []byte
	line map[string]any
	sum  interface {
		io.Writer
		Sum([]byte) []byte
	}
	size int64
}

func (l *artifactLister) Write(p []byte) (int, error) {
	l.buf = append(l.buf, p...)
	for len(l.buf) >= frameHeader {
		n := frameHeader + int(binary.BigEndian.Uint32(l.buf[1:]))
		if len(l.buf) < n {
			break
		}
		if err := l.frame(l.buf[0], l.buf[frameHeader:n]); err != nil {
			return 0, err
		}
		l.buf = l.buf[n:]
	}
	l.buf = append(make([]byte, 0, len(l.buf)), l.buf...)
	return len(p), nil
}

func (l *artifactLister) frame(kind byte, payload []byte) error {
	switch kind {
	case frameData:
		l.size += int64(len(payload))
		l.sum.Write(payload)
		return nil
	case frameBegin:
		l.line, l.sum, l.size = map[string]any{}, sha256.New(), 0
	}
	dec := json.NewDecoder(bytes.NewReader(payload))
	dec.UseNumber()
	if err := dec.Decode(&l.line); err != nil {
		return err
	}
	if kind == frameBegin {
		return nil
	}
	l.line["size"], l.line["artifact"] = l.size, evidence.Digest(l.sum.Sum(nil)).String()
	b, err := evidence.Canonical(l.line)
	if err != nil {
		return err
	}
	_, err = l.w.Write(append(b, '\n'))
	return err
}
