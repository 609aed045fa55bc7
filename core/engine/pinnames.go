package engine

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/host"
)

// maxChangedNames is how many changed files a refusal names.
const maxChangedNames = 3

// changedFiles says which files of p are not those that the case uses, by
// plugins.lock.json: ": plugin.py, the interpreter python3", or "" where that file
// does not tell. It only helps people; the log says which digest counts.
func (e *Engine) changedFiles(p *host.Plugin) string {
	b, err := os.ReadFile(filepath.Join(e.c.Dir(), lockFile))
	if err != nil {
		return ""
	}
	var lock struct {
		Plugins map[string]struct {
			Files map[string]string `json:"files"`
		} `json:"plugins"`
	}
	if json.Unmarshal(b, &lock) != nil {
		return ""
	}
	before := lock.Plugins[p.Manifest.Name].Files
	if len(before) == 0 {
		return ""
	}
	var names []string
	for name, d := range p.Files {
		if before[name] != d.Hex() {
			names = append(names, name)
		}
	}
	for name := range before {
		if _, ok := p.Files[name]; !ok {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	more := len(names) - maxChangedNames
	names = names[:min(len(names), maxChangedNames)]
	for i, name := range names {
		if in := p.Manifest.Interpreter; in != "" && name == host.InterpreterFile(in) {
			names[i] = "the interpreter " + in
			continue
		}
		names[i] = fmt.Sprintf("%q", name)
	}
	text := ": " + strings.Join(names, ", ")
	if more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
