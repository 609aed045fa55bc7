package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/exhibit-forensics/exhibit/core/plain"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// Markdown is a page about one plugin: from its manifest, its digests, and its own
// README, nil for none. The text is the plugin's: nothing in it can end a table, start
// a tag or move a terminal's cursor.
func Markdown(m evidence.PluginManifest, digest evidence.Digest, files map[string]evidence.Digest, readme []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s %s\n\n%s\n\n%s\n\n", text(m.Name), text(m.Version), text(m.Title), text(m.Description))
	b.WriteString("| | |\n|---|---|\n")
	row := func(name, value string) { fmt.Fprintf(&b, "| %s | %s |\n", name, value) }
	row("digest", "`"+digest.String()+"`")
	row("licence", text(m.Licence))
	row("runs as", RunsAs(m))
	if m.Profiles != "" {
		row("encryption profiles", code(m.Profiles))
	}
	if m.Keys {
		row("keys", "is handed those of the case, as passwords")
	}
	for _, op := range m.Operations {
		fmt.Fprintf(&b, "\n## %s\n\n", text(op.Operation))
		if len(op.Emits) > 0 {
			fmt.Fprintf(&b, "Makes records of kind %s.\n\n", list(op.Emits))
		}
		b.WriteString("Takes an input if one of these holds:\n\n")
		for _, a := range op.Accepts {
			fmt.Fprintf(&b, "- %s\n", strings.Join(Conditions(a, code), "; "))
		}
		for _, c := range op.Companions {
			fmt.Fprintf(&b, "\nWith it, as %s, goes %s.\n", code(c.Role), Companion(c, code))
		}
	}
	b.WriteString("\n## Files\n\n| file | SHA-256 |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		row(code(name), "`"+files[name].Hex()+"`")
	}
	if len(readme) > 0 {
		b.WriteString("\n## What the plugin says of itself\n\n")
		for line := range strings.Lines(string(readme)) {
			fmt.Fprintf(&b, "> %s\n", plain.Visible(strings.TrimRight(strings.ReplaceAll(line, "<", "&lt;"), "\r\n"), plain.Showable))
		}
	}
	return b.String()
}

// Companion says in words which file it is; show writes what a manifest states.
func Companion(c evidence.Companion, show func(string) string) string {
	switch {
	case c.Many():
		return "every file from its directory on that fits " + show(c.Beside)
	case c.Beside != "":
		return "the file " + show(c.Beside) + " in its directory"
	}
	return "the file beside it that ends in " + show(c.Suffix)
}

// RunsAs says in words what is started.
func RunsAs(m evidence.PluginManifest) string {
	switch {
	case m.Interpreter != "":
		return fmt.Sprintf("%s, by %s (runtime %s)", code(m.Program), code(m.Interpreter), text(m.Runtime))
	default:
		return fmt.Sprintf("%s, an executable (runtime %s)", code(m.Program), text(m.Runtime))
	}
}

// Conditions says in words what an accept states; quote marks values of the manifest.
func Conditions(a evidence.Accept, quote func(string) string) []string {
	quoted := func(values []string) string {
		out := make([]string, len(values))
		for i, v := range values {
			out[i] = quote(v)
		}
		return strings.Join(out, ", ")
	}
	var out []string
	if len(a.MediaTypes) > 0 {
		out = append(out, "its media type is "+quoted(a.MediaTypes))
	}
	if len(a.Magic) > 0 {
		var all []string
		for _, m := range a.Magic {
			all = append(all, fmt.Sprintf("%s at %d", quote(m.Hex), m.Offset))
		}
		out = append(out, "its bytes are "+strings.Join(all, " or "))
	}
	if len(a.Paths) > 0 {
		out = append(out, "its path is like "+quoted(a.Paths))
	}
	if a.Content != "" {
		out = append(out, "it is "+text(a.Content))
	}
	if len(a.SQLiteTables) > 0 {
		out = append(out, "it is an SQLite database with the tables "+quoted(a.SQLiteTables))
	}
	if len(a.XMLRoot) > 0 {
		out = append(out, "it is XML whose root is "+quoted(a.XMLRoot))
	}
	if a.Layout {
		out = append(out, "a layout of the case is for its path")
	}
	if a.LayoutNamed {
		out = append(out, "a layout of the case that names this plugin is for its path")
	}
	if a.Profile {
		out = append(out, "an encryption profile is for its path")
	}
	if a.Probe {
		out = append(out, "the plugin itself says so")
	}
	if len(out) == 0 {
		return []string{"it is anything"}
	}
	return out
}

func list(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = code(w)
	}
	return strings.Join(out, ", ")
}

// code is a code span, which text with a backquote cannot leave.
func code(s string) string {
	return "`" + strings.ReplaceAll(strings.ReplaceAll(plain.Visible(s, plain.Showable), "`", "'"), "|", "\\|") + "`"
}

// text escapes what Markdown and HTML would take for more than text.
func text(s string) string {
	var b strings.Builder
	for _, r := range plain.Visible(strings.Join(strings.Fields(s), " "), plain.Showable) {
		if strings.ContainsRune("\\`*[]<>|#", r) && !unicode.IsSpace(r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
