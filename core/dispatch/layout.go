package dispatch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// refusesLayout says why a may not take an input by layout l, "" where it may.
// What parses heeds the plugin that a layout names; what decrypts does not, since
// a layout says how the plain text is read, and by whom.
func (t *Table) refusesLayout(p Plugin, a evidence.Accept, l *Layout, parses bool) (why string, ambiguous bool) {
	switch {
	case l.Tables && !parses && l.Plugin != p.Manifest.Name:
		return fmt.Sprintf("layout %q describes tables, not lines that a decryption could be proved by", l.Name), false
	case l.Plugin == p.Manifest.Name, !parses && a.Layout:
		return "", false
	case l.Plugin != "" && !slices.ContainsFunc(t.Plugins, func(o Plugin) bool { return o.Manifest.Name == l.Plugin }):
		return fmt.Sprintf("layout %q names plugin %q, which is not here", l.Name, l.Plugin), true
	case l.Plugin != "":
		return fmt.Sprintf("layout %q names plugin %q", l.Name, l.Plugin), false
	case a.LayoutNamed:
		return fmt.Sprintf("layout %q does not name it", l.Name), false
	}
	if readers := t.readers(); len(readers) > 1 {
		return fmt.Sprintf("layout %q names no plugin, and %s each read any; name one in its member plugin", l.Name, strings.Join(readers, ", ")), true
	}
	return "", false
}

// readers names the plugins that parse by any layout.
func (t *Table) readers() (out []string) {
	for _, p := range t.Plugins {
		if slices.ContainsFunc(p.Manifest.Operations, func(op evidence.PluginOperation) bool {
			return op.Operation == evidence.OpParse && slices.ContainsFunc(op.Accepts, func(a evidence.Accept) bool { return a.Layout })
		}) {
			out = append(out, p.Manifest.Name)
		}
	}
	return out
}

// claimed says that the examiner's statement goes before a plugin's guess.
func claimed(found []Layout) string {
	if len(found) == 1 {
		return names(found) + " says how it is read"
	}
	return names(found) + " say how it is read"
}

// names lists layouts for a sentence: layout "a", layouts "a", "b".
func names(found []Layout) string {
	quoted := make([]string, len(found))
	for i, l := range found {
		quoted[i] = fmt.Sprintf("%q", l.Name)
	}
	if len(quoted) == 1 {
		return "layout " + quoted[0]
	}
	return "layouts " + strings.Join(quoted, ", ")
}
