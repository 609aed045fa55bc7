package handling

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func decodeName(text string, name *evidence.Name) error {
	if err := evidence.CheckCanonical([]byte(text)); err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), name)
}

// Item finds an item by its exhibit number. It fails with evidence.ErrNotFound.
func Item(state *store.State, exhibit string) (store.Item, error) {
	for _, it := range state.Items {
		if it.Exhibit == exhibit {
			return it, nil
		}
	}
	return store.Item{}, fmt.Errorf("handling: exhibit %q: %w", exhibit, evidence.ErrNotFound)
}

// files are the item's files in the order of their paths' bytes.
func files(ctx context.Context, c *store.Case, exhibit string) ([]File, error) {
	var out []File
	for o, err := range c.Occurrences(ctx, exhibit) {
		if err != nil {
			return nil, err
		}
		if o.Artifact.IsZero() {
			continue
		}
		a, err := c.Artifact(ctx, o.Artifact)
		if err != nil {
			return nil, err
		}
		out = append(out, File{SHA256: o.Artifact, Size: a.Size, Path: o.Path})
	}
	slices.SortStableFunc(out, func(a, b File) int { return strings.Compare(a.Path.Bytes(), b.Path.Bytes()) })
	return out, nil
}

// FileList writes the list of an item's files as sha256sum writes it and sha256sum -c
// checks it: in the order of the paths' bytes, names with a newline, a carriage return or a
// backslash escaped as GNU coreutils do.
func FileList(ctx context.Context, c *store.Case, exhibit string, w io.Writer) error {
	all, err := files(ctx, c, exhibit)
	if err != nil {
		return err
	}
	_, err = w.Write(list(all))
	return err
}

func list(all []File) []byte {
	var b bytes.Buffer
	escape := strings.NewReplacer("\\", `\\`, "\n", `\n`, "\r", `\r`)
	for _, f := range all {
		name := escape.Replace(f.Path.Bytes())
		if name != f.Path.Bytes() {
			b.WriteByte('\\')
		}
		b.WriteString(f.SHA256.Hex() + "  " + name + "\n")
	}
	return b.Bytes()
}
