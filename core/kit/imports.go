package kit

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// importsScript is run by the plugin's own interpreter, so that it reads the language
// as that does. Nothing of the plugin is executed: its sources are data on stdin.
//
//go:embed imports.py
var importsScript string

const (
	importsTime = 20 * time.Second
	vendorDir   = "vendor/"
)

// imported is one import statement, or why a file cannot be read as Python.
type imported struct {
	File   string
	Line   int
	Module string
	Error  string
}

// imports: a script brings all that it needs. What is not in the plugin's directory
// or in the interpreter's own library is not there when a case is worked on.
func (k *kit) imports(ctx context.Context, f *findings) error {
	if k.plugin.Manifest.Interpreter != evidence.InterpreterPython {
		f.skipped("the program is an executable")
		return nil
	}
	program, library := k.plugin.InterpreterFiles()
	sources := map[string]string{}
	for name := range k.plugin.Files {
		switch {
		case strings.Contains(name, "__pycache__/"):
			f.fault(Fault{Where: name, What: "compiled Python is among the plugin's files, and counts in its digest", Do: "delete it, and set sys.dont_write_bytecode before the imports"})
		case strings.HasSuffix(name, ".py"):
			b, err := k.plugin.ReadFile(name)
			if err != nil {
				return err
			}
			sources[name] = string(b)
		}
	}
	found, builtin, err := scanImports(ctx, program, sources)
	if err != nil {
		return err
	}
	at := importable(library, sources, builtin)
	for _, i := range found {
		where := fmt.Sprintf("%s:%d", i.File, i.Line)
		switch top, _, _ := strings.Cut(i.Module, "."); {
		case i.Error != "":
			f.fault(Fault{Where: where, What: "it cannot be read as Python: " + i.Error})
		case !slices.Contains(at, top):
			f.fault(Fault{
				Where: where, What: fmt.Sprintf("it imports %q, which is neither in the standard library nor in %s", i.Module, vendorDir),
				Do: "do without it, or copy its sources (Python only) to plugin/" + vendorDir + top,
			})
		}
	}
	f.pass("%s in %s, all in the standard library or the plugin", counted(len(found), "import"), counted(len(sources), "file"))
	return nil
}

func scanImports(ctx context.Context, program string, sources map[string]string) (found []imported, builtin []string, err error) {
	in, err := json.Marshal(sources)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, importsTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-I", "-S", "-B", "-c", importsScript)
	cmd.Env, cmd.Dir, cmd.Stdin = []string{"PYTHONHASHSEED=0"}, "/", bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("list imports by %q: %w", program, err)
	}
	var list struct {
		Builtin []string
		Found   []imported
	}
	if err := json.Unmarshal(out, &list); err != nil {
		return nil, nil, fmt.Errorf("list imports: %w", err)
	}
	return list.Found, list.Builtin, nil
}

// importable lists the modules, without what is after a dot, that a script finds.
func importable(library []string, sources map[string]string, builtin []string) []string {
	out := slices.Clone(builtin)
	add := func(rest string) {
		first, more, _ := strings.Cut(rest, "/")
		switch {
		case more != "" && !strings.Contains(first, "."): // a package
			out = append(out, first)
		case more == "" && (strings.HasSuffix(first, ".py") || strings.HasSuffix(first, ".so")):
			module, _, _ := strings.Cut(first, ".")
			out = append(out, module)
		}
	}
	for name := range sources {
		add(strings.TrimPrefix(name, vendorDir))
	}
	for _, name := range library {
		dir, rest, ok := strings.Cut(name, "/python3.")
		if _, inside, found := strings.Cut(rest, "/"); ok && found && (dir == "lib" || dir == "lib64") {
			if path.Dir(inside) == "lib-dynload" {
				inside = path.Base(inside)
			}
			add(inside)
		}
	}
	return out
}
