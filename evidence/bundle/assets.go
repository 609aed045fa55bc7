package bundle

import (
	"embed"
	"fmt"
)

// The verifiers that every bundle has with it: a page and a script that share no code
// with this program.
//
//go:embed [Vv][Ee][Rr][Ii][Ff][Yy].*
var assets embed.FS

// Verifiers returns the files for whoever checks a bundle.
func Verifiers() ([]Content, error) {
	found, err := assets.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var out []Content
	for _, f := range found {
		b, err := assets.ReadFile(f.Name())
		if err != nil {
			return nil, fmt.Errorf("bundle: %s: %w", f.Name(), err)
		}
		out = append(out, Bytes(f.Name(), b))
	}
	return out, nil
}
