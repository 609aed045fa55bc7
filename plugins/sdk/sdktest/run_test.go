package sdktest_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

func put(out *sdk.Out, ln sdk.Line) error {
	return out.Put(&sdk.Keyword{Term: sdk.Bytes(ln.Bytes)}, ln.Source())
}

// good does all a plugin must.
func good(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	for ln := range in.Lines() {
		if len(ln.Bytes) == 0 {
			c.Reject(ln.Source(), "line.empty", "the line is empty")
			continue
		}
		if err := put(out, ln); err != nil {
			return err
		}
	}
	return in.Err()
}

// Each of these breaks one promise; the kit must notice.
var bad = map[string]sdk.Op{
	"ignores errors of reading": func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		for ln := range in.Lines() {
			if err := put(out, ln); err != nil {
				return err
			}
		}
		return nil
	},
	"panics at what is cut": func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		for ln := range in.Lines() {
			_ = ln.Bytes[2]
			if err := put(out, ln); err != nil {
				return err
			}
		}
		return in.Err()
	},
	"has a memory": func() sdk.Op {
		n := 0
		return func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
			n++
			for ln := range in.Lines() {
				if err := out.Put(&sdk.Keyword{Common: sdk.Common{Extra: map[string]any{"n": n}}}, ln.Source()); err != nil {
					return err
				}
			}
			return in.Err()
		}
	}(),
	"claims spans outside": func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		for ln := range in.Lines() {
			src := ln.Source()
			src.Length += 2
			if err := out.Put(&sdk.Keyword{}, src); err != nil {
				return err
			}
		}
		return in.Err()
	},
	"quotes the evidence": func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		for ln := range in.Lines() {
			c.Reject(ln.Source(), "line.odd", "cannot read "+string(ln.Bytes))
		}
		return in.Err()
	},
	"reads nothing": func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error { return nil },
}

var corpus = []sdktest.Case{{Name: "lines", Operation: evidence.OpParse, Data: []byte("one one\ntwo two\n\nthree\n"), Canary: "two two"}}

func TestRun(t *testing.T) {
	if name := os.Getenv("SDKTEST_BAD"); name != "" {
		sdktest.Run(t, sdk.Plugin{Name: name, Parse: bad[name]}, corpus)
		return
	}
	sdktest.Run(t, sdk.Plugin{Name: "good", Parse: good}, corpus)
}

// A kit that cannot fail is worth nothing.
func TestRunNotices(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name := range bad {
		cmd := exec.Command(exe, "-test.run=^TestRun$")
		cmd.Env = append(os.Environ(), "SDKTEST_BAD="+name)
		out, err := cmd.CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte("--- FAIL: TestRun")) {
			t.Errorf("a plugin that %s passes:\n%s", name, out)
		}
		if strings.Contains(string(out), "panic: runtime error") {
			t.Errorf("a plugin that %s breaks the kit:\n%s", name, out)
		}
	}
}
