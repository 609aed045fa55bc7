package redact

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

//go:embed preset/*.json
var presets embed.FS

// Presets are the names of the policies that the program brings, in order.
func Presets() []string {
	files, err := fs.ReadDir(presets, "preset")
	if err != nil { // it is embedded
		return nil
	}
	var out []string
	for _, f := range files {
		out = append(out, strings.TrimSuffix(f.Name(), path.Ext(f.Name())))
	}
	return out
}

// Preset is the text of a policy that the program brings, ok false where there is none of
// that name.
func Preset(name string) (text []byte, ok bool) {
	text, err := presets.ReadFile("preset/" + name + ".json")
	return text, err == nil
}
