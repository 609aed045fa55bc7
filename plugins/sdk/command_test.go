package sdk_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// teller says what it was handed.
var teller = sdk.Plugin{
	Name: "acme/teller", Version: "1",
	Parse: func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		b, err := io.ReadAll(in.Reader())
		if err != nil {
			return err
		}
		roles := []any{}
		for _, i := range c.Inputs() {
			roles = append(roles, i.Role)
		}
		fields := map[string]any{"config": string(c.Config()), "roles": roles, "text": string(b)}
		for _, k := range c.Keys() {
			c.Use(k)
			fields["key"] = k.Name + " " + string(k.Value)
		}
		if in.Size == 0 {
			c.Partial("there is nothing")
			return nil
		}
		c.Warn(in.Source(0, 1), "test.warning", "a warning")
		return out.Put(&sdk.Other{Name: "x-acme/told", Fields: fields}, in.Source(0, in.Size))
	},
	Unpack: func(_ *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		for _, name := range []string{"../../etc/passwd", "b\x1b[2J", "b"} {
			a, err := out.Artifact(&evidence.Name{Text: name}, sdk.ArtifactOptions{})
			if err != nil {
				return err
			}
			if _, err := io.Copy(a, in.Reader()); err != nil {
				return err
			}
			if err := a.End(name != "b", "cut"); err != nil {
				return err
			}
		}
		return nil
	},
}

func command(t testing.TB, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = sdk.Command(t.Context(), teller, args, &o, &e)
	return o.String(), e.String(), code
}

func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "chat.db"), "evil \x1b[31m\u202etext\n")
	key := write(t, filepath.Join(dir, "key"), "k\x00y")
	config := write(t, filepath.Join(dir, "config.json"), `{"depth": 3}`)

	stdout, stderr, code := command(t, "run", file, "--zone", "+08:00", "--charset=gbk", "--config", "@"+config, "--key-file", "case="+key)
	want := `1  x-acme/told  bytes 0+18
   config  {"charset":"gbk","depth":3,"zone":"+08:00"}
   key     case k\x00y
   roles   ["input"]
   text    evil \x1b[31m\u202etext\n
`
	if code != 0 || stdout != want || !strings.HasPrefix(stderr, "warning  test.warning  bytes 0+1: a warning\nacme/teller 1 parse: complete\nunits: declared none, read 1,") || !strings.Contains(stderr, "keys used: key:") {
		t.Errorf("%d\n%s\n%s", code, stdout, stderr)
	}

	// What belongs to the file comes with it, and what is stated.
	write(t, file+"-wal", "log")
	other := write(t, filepath.Join(dir, "other"), "more")
	stdout, _, code = command(t, "run", "--json", "--with", "extra="+other, file)
	var told struct {
		Roles  []string
		Source struct{ Role string }
	}
	if err := json.Unmarshal([]byte(stdout), &told); err != nil || code != 0 || fmt.Sprintf("%v %s", told.Roles, told.Source.Role) != "[main extra wal] main" {
		t.Errorf("%d %v %s", code, err, stdout)
	}

	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"nothing":      {nil, 64, "By hand:"},
		"help":         {[]string{"run", "--help"}, 0, "--key-file"},
		"no file":      {[]string{"run"}, 64, "one file is to be stated, not 0"},
		"two files":    {[]string{"run", file, other}, 64, "not 2"},
		"absent":       {[]string{"run", filepath.Join(dir, "absent")}, 1, "no such file"},
		"directory":    {[]string{"run", dir}, 1, "not a regular file"},
		"option":       {[]string{"run", "--verbose", file}, 64, "-verbose"},
		"operation":    {[]string{"run", "--operation", "decrypt", file}, 64, "the plugin has unpack, parse"},
		"config":       {[]string{"run", "--config", "[1]", file}, 64, "not a JSON object"},
		"config, file": {[]string{"run", "--config", "@" + filepath.Join(dir, "absent"), file}, 64, "no such file"},
		"zone":         {[]string{"run", "--zone", "Mars", file}, 64, "--zone"},
		"charset":      {[]string{"run", "--charset", "klingon", file}, 64, "klingon"},
		"key":          {[]string{"run", "--key", "k=xyz", file}, 64, "hexadecimal"},
		"with":         {[]string{"run", "--with", "main=" + other, file}, 64, "ROLE="},
		"partial":      {[]string{"run", write(t, filepath.Join(dir, "empty"), "")}, 3, "partial (there is nothing)"},
	} {
		if _, stderr, code := command(t, c.args...); code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: %d %s", name, code, stderr)
		}
	}
}

func TestCommandArtifacts(t *testing.T) {
	dir := t.TempDir()
	file, out := write(t, filepath.Join(dir, "box"), "content"), filepath.Join(dir, "out")
	stdout, stderr, code := command(t, "run", "--operation", "unpack", "--artifacts", out, file)
	if code != 0 || strings.ContainsRune(stdout, 0x1b) || strings.Count(stdout, "\n") != 3 || !strings.Contains(stdout, "not complete: cut") || !strings.Contains(stdout, "7 bytes") {
		t.Errorf("%d\n%s%s", code, stdout, stderr)
	}
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(out, e.Name()))
		if err != nil || string(b) != "content" {
			t.Errorf("%s: %v %q", e.Name(), err, b)
		}
		names = append(names, e.Name())
	}
	if fmt.Sprint(names) != "[0001-passwd 0002-b__2J 0003-b]" {
		t.Error(names)
	}
	if _, stderr, code := command(t, "run", "--operation", "unpack", "--artifacts", out, file); code != 1 || !strings.Contains(stderr, "exists") {
		t.Errorf("%d %s", code, stderr)
	}
}
