package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/core/selftest"
	"github.com/exhibit-forensics/exhibit/core/signer"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) selftestCommand() *cli.Command {
	return command(&cli.Command{
		Name: "selftest", Usage: "give this program and its plugins inputs whose right answers are known, and write down what came",
		Description: "   Every bundled plugin runs in the sandbox over samples, some of which it must refuse; the formats of the\n" +
			"   custody log are held against vectors that other programs computed; a case is made, verified, and\n" +
			"   tampered with. Exit 0: every answer is as expected. 3: one is not, or was not tried.\n\n" +
			"   exhibit selftest\n   exhibit selftest --out selftest-2026-11 --identity lab\n   exhibit selftest --out record.json --at /cases",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "write the record, for filing, into a new directory `DIR`; or into FILE.json or FILE.html alone"},
			&cli.StringFlag{Name: "identity", Usage: "sign the record as `NAME`; needed where there are several"},
			&cli.StringFlag{Name: "at", Usage: "make the case of the test in `DIR`, on the filesystem where cases lie; else among temporary files"},
			sandboxFlag(), identitiesFlag(),
		},
	}, 0, 0, p.selftest)
}

// Names in a directory of a record.
const (
	recordName = "selftest.json"
	recordPage = "selftest.html"
)

func (p *program) selftest(c *cli.Context) (err error) {
	out := c.String("out")
	if err := mustBeNew(out); err != nil {
		return withState(err, "Nothing was tested.")
	}
	s, err := p.testSigner(c, out)
	if err != nil {
		return withState(err, "Nothing was tested.")
	}
	config, done, err := p.hostConfig(c)
	if err != nil {
		return withState(err, "Nothing was tested.")
	}
	defer func() { err = errors.Join(err, done()) }()
	plugins, err := p.loadPlugins()
	if err != nil {
		return withState(err, "Nothing was tested.")
	}
	work, err := os.MkdirTemp(c.String("at"), "exhibit-selftest-")
	if err != nil {
		return &problem{what: "no case can be made for the test: " + reasonOf(err).Error(), state: "Nothing was tested.", try: "--at DIR", cause: noSpaceError(err)}
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	line := &progress{p: p}
	show := func(t selftest.Test) {
		if p.terminal {
			line.show("%s", visible(t.ID))
		}
	}
	result, err := selftest.Run(c.Context, selftest.Options{
		Samples: selftest.Samples(), Plugins: plugins, Host: config, Work: work, Now: p.now, Rand: p.rand, By: p.examiner(c),
		Program: selftest.Program{Tool: tool(), Go: runtime.Version(), SQLite: store.SQLiteVersion()}, Machine: p.machine(work), Progress: show,
	})
	line.clear()
	if err != nil {
		return withState(err, "Testing did not come to its end; nothing was written.")
	}
	if err := p.recorded(c.Context, result.Record, out, s); err != nil {
		return err
	}
	code := exitDone
	if result.Record.Result != selftest.Pass {
		code = exitInputs
	}
	if result.Crashed {
		code = worst(code, exitCrashed)
	}
	if result.Refused {
		code = worst(code, exitRefused)
	}
	return ended(code)
}

// testSigner is who signs a record, nil where nobody does: the identity that was named, or
// the only one there is.
func (p *program) testSigner(c *cli.Context, out string) (*signer.Signer, error) {
	if out == "" && c.String("identity") == "" {
		return nil, nil
	}
	if out == "" {
		return nil, usagef("exhibit selftest --identity %s: what is signed is what --out writes", visible(c.String("identity")))
	}
	s, err := p.signer(c, "identity")
	if c.String("identity") == "" && exitCode(err) == exitKey {
		p.note("there is no signing key: the record will not be signed, and anybody could have written it. exhibit identity new NAME makes one")
		return nil, nil
	}
	return s, err
}

// examiner is who acts, "" where nobody said.
func (p *program) examiner(c *cli.Context) string {
	if name := c.String("examiner"); name != "" {
		return name
	}
	return p.env("EXHIBIT_EXAMINER")
}

// recorded writes the record and says what it comes to.
func (p *program) recorded(ctx context.Context, r *selftest.Record, out string, s *signer.Signer) error {
	if s != nil {
		line, err := s.SSH()
		if err != nil {
			return err
		}
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil {
			return err
		}
		r.Signer = &selftest.Signer{Name: s.Name, Key: strings.Join(strings.Fields(line)[:2], " "), Fingerprint: ssh.FingerprintSHA256(key)}
	}
	record, err := r.Encode()
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := r.Page(&page, recordFile(out), evidence.Sum(record)); err != nil {
		return err
	}
	if err := p.fileRecord(ctx, out, record, page.Bytes(), s); err != nil {
		return withState(err, "The tests were carried out, and the record was not written: "+r.Sentence())
	}
	if p.asJSON {
		_, err = p.out.Write(record)
		return err
	}
	if err := r.Text(p.out); err != nil {
		return err
	}
	if err := p.printf("\n%s\n", r.Sentence()); err != nil {
		return err
	}
	if out != "" {
		p.note("written: %s", visible(out))
	} else {
		p.note("a record for the laboratory's files: exhibit selftest --out DIR --identity NAME")
	}
	return nil
}

// recordFile is what the record's file is called beside its page.
func recordFile(out string) string {
	if strings.HasSuffix(out, ".json") {
		return filepath.Base(out)
	}
	return recordName
}

// fileRecord writes a directory, or one file, with signatures.
func (p *program) fileRecord(ctx context.Context, out string, record, page []byte, s *signer.Signer) error {
	type file struct {
		name string
		b    []byte
	}
	var files []file
	dir := ""
	switch filepath.Ext(out) {
	case "":
		if out == "" {
			return nil
		}
		dir = out
		files = []file{{filepath.Join(out, recordName), record}, {filepath.Join(out, recordPage), page}}
	case ".json":
		files = []file{{out, record}}
	case ".html":
		files = []file{{out, page}}
	default:
		dir = out
		files = []file{{filepath.Join(out, recordName), record}, {filepath.Join(out, recordPage), page}}
	}
	if s != nil {
		for _, f := range files {
			sig, err := s.SignSSH(ctx, selftest.Namespace, f.b)
			if err != nil {
				return err
			}
			files = append(files, file{f.name + ".sig", sig})
		}
	}
	if dir != "" {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return noSpaceError(err)
		}
	}
	for _, f := range files {
		if err := writeNewBytes(f.name, f.b); err != nil {
			return err
		}
	}
	return nil
}

// machine describes this computer; work is on the filesystem that is tested.
func (p *program) machine(work string) selftest.Machine {
	env := environment()
	text := func(name string) string { s, _ := env[name].(string); return s }
	m := selftest.Machine{
		Kernel: text("kernel"), Distribution: text("distribution"), Processors: int64(runtime.NumCPU()), User: int64(os.Getuid()),
		Processor: procField("/proc/cpuinfo", "model name"), Filesystem: checkFilesystem("", work).Found, Clock: checkClock(p.now()).Found,
	}
	if host, err := os.Hostname(); err == nil {
		m.Host = strings.ToValidUTF8(host, "\uFFFD")
	}
	var s unix.Sysinfo_t
	if unix.Sysinfo(&s) == nil {
		m.Memory = int64(s.Totalram) * int64(s.Unit)
	}
	if m.Processor == "" {
		m.Processor = runtime.GOARCH
	}
	return m
}

// procField is a field of a file of /proc, "" where it is not there.
func procField(name, field string) string {
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == field {
			return strings.ToValidUTF8(strings.TrimSpace(value), "\uFFFD")
		}
	}
	return ""
}
