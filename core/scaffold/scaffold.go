// Package scaffold writes new plugins: sources that build, pass `exhibit plugin
// test` as they are, and say in comments what to change.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Languages of plugins.
const (
	Go     = "go"
	Python = "python"
)

// Options says what to write.
type Options struct {
	// Name is the plugin's: NAME or VENDOR/NAME.
	Name string
	// Language is Go or Python.
	Language string
	// Operation is parse, unpack or decrypt.
	Operation string
	// Dir is made; it must not exist, or be empty.
	Dir string
	// Version is that of this program, noted beside the SDK's sources.
	Version string
}

// ErrUnsupported: there is no template for it, and Error says why.
var ErrUnsupported = errors.New("not supported")

var (
	namePattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}(/[a-z][a-z0-9-]{0,62})?$`)

	//go:embed template
	templates embed.FS
)

// Check says what is wrong with o without writing anything.
func (o Options) Check() error {
	switch {
	case !namePattern.MatchString(o.Name):
		return fmt.Errorf("%w: name %q: NAME or VENDOR/NAME, each of a-z, 0-9 and -, beginning with a letter", evidence.ErrFormat, o.Name)
	case o.Language != Go && o.Language != Python:
		return fmt.Errorf("%w: language %q; there are go and python", ErrUnsupported, o.Language)
	case o.Operation == evidence.OpAnalyze || o.Operation == evidence.OpRedact:
		return fmt.Errorf("%w: operation %q: it reads record sets and not evidence, and there is no template for it; there are parse, unpack and decrypt", ErrUnsupported, o.Operation)
	case o.Operation != evidence.OpParse && o.Operation != evidence.OpUnpack && o.Operation != evidence.OpDecrypt:
		return fmt.Errorf("%w: operation %q; there are parse, unpack and decrypt", ErrUnsupported, o.Operation)
	}
	return nil
}

// New writes the plugin: all of it, or on error nothing. It fails with
// evidence.ErrExists where Dir is there and not empty.
func New(o Options) (err error) {
	if err := o.Check(); err != nil {
		return err
	}
	if entries, err := os.ReadDir(o.Dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("scaffold: %q: %w and is not empty", o.Dir, evidence.ErrExists)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("scaffold: %w", err)
	}
	parent := filepath.Dir(filepath.Clean(o.Dir))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("scaffold: %w", err)
	}
	staging, err := os.MkdirTemp(parent, ".new-plugin-*")
	if err != nil {
		return fmt.Errorf("scaffold: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(staging)) }()
	if err := o.write(staging); err != nil {
		return fmt.Errorf("scaffold: %w", err)
	}
	if err := os.Chmod(staging, 0o755); err != nil {
		return fmt.Errorf("scaffold: %w", err)
	}
	if err := os.Remove(o.Dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("scaffold: %w", err)
	}
	if err := os.Rename(staging, o.Dir); err != nil {
		return fmt.Errorf("scaffold: %w", err)
	}
	return nil
}

func (o Options) write(dir string) error {
	values := map[string]string{
		"Name": o.Name, "Short": path.Base(o.Name), "Operation": o.Operation, "Exhibit": o.Version,
		"Requires": requires(), "GoVersion": goVersion(),
	}
	for _, part := range []string{"common", o.Operation} {
		if err := expand(dir, path.Join("template", o.Language, part), values); err != nil {
			return err
		}
	}
	if o.Language == Python {
		return writePython(dir)
	}
	return writeGo(dir, o.Version)
}

// expand writes the files of one template directory. A name that ends in .tmpl is a
// text/template; "dot-" begins names that begin with a dot.
func expand(dir, from string, values map[string]string) error {
	return fs.WalkDir(templates, from, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := templates.ReadFile(name)
		if err != nil {
			return err
		}
		to := strings.ReplaceAll(strings.TrimPrefix(name, from+"/"), "dot-", ".")
		if rest, ok := strings.CutSuffix(to, ".tmpl"); ok {
			to = rest
			t, err := template.New(name).Delims("[[", "]]").Option("missingkey=error").Parse(string(b))
			if err != nil {
				return err
			}
			var out bytes.Buffer
			if err := t.Execute(&out, values); err != nil {
				return err
			}
			b = out.Bytes()
		}
		return writeFile(filepath.Join(dir, filepath.FromSlash(to)), b)
	})
}

func writeFile(name string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, b, 0o644)
}
