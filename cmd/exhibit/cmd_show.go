package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/engine"
	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/locate"
	"github.com/exhibit-forensics/exhibit/core/marks"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// recordID is how records are named: a part of the record set's digest, a line.
var recordID = regexp.MustCompile(`^(?:sha256:)?[0-9a-f]{6,64}:[1-9][0-9]*$`)

func (p *program) showCommand() *cli.Command {
	return command(&cli.Command{
		Name: "show", Usage: "a record with the way to its original bytes, or an artifact", ArgsUsage: "ID|DIGEST|PLACE",
		Description: "   ID is as `exhibit records` prints it; DIGEST may be shortened; PLACE is such as EX-001:conf/enc.key.\n" +
			"   Ends with commands by which anyone can do the same with the original files and public tools.\n\n" +
			"   exhibit show 0123456789abcdef:17\n" +
			"   exhibit show EX-001:backup.tar.gz\n" +
			"   exhibit show 0123456789abcdef:17 --script > redo.sh",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "keys", Usage: "write the bytes of keys too; else only where they are"},
			&cli.BoolFlag{Name: "script", Usage: "write only the commands for doing it by hand, as a shell script"},
		},
	}, 1, 1, func(c *cli.Context) error {
		if c.Bool("script") && p.asJSON {
			return usagef("exhibit show: --script and --json exclude each other")
		}
		return p.reading(c, func(ctx context.Context, k *store.Case) error {
			name := c.Args().First()
			o := view.ShowOptions{Profiles: p.bundledProfiles(), ShowKeys: c.Bool("keys")}
			if recordID.MatchString(name) {
				return p.showRecord(ctx, k, name, o, c.Bool("script"))
			}
			return p.showArtifact(ctx, k, name, o, c.Bool("script"))
		})
	})
}

// bundledProfiles finds the profiles of a run's plugin where that very plugin is installed.
func (p *program) bundledProfiles() func(evidence.Run) []json.RawMessage {
	plugins, err := engine.LoadPlugins(p.pluginDirs())
	if err != nil {
		plugins = nil // then their profiles are not at hand, which is said where one is needed
	}
	return func(run evidence.Run) []json.RawMessage {
		for _, plugin := range plugins {
			if plugin.Digest == run.Plugin.SHA256 {
				return profilesOf(plugin)
			}
		}
		return nil
	}
}

func profilesOf(plugin *host.Plugin) []json.RawMessage {
	if plugin.Manifest.Profiles == "" {
		return nil
	}
	b, err := plugin.ReadFile(plugin.Manifest.Profiles)
	var list []json.RawMessage
	if err != nil || json.Unmarshal(b, &list) != nil {
		return nil
	}
	return list
}

// marked is what is shown, with what the examiner said of it.
type marked struct {
	Tags  []string     `json:"tags,omitempty"`
	Notes []marks.Note `json:"notes,omitempty"`
}

func markedWith(ctx context.Context, k *store.Case, id string) (marked, error) {
	m, err := marks.Load(ctx, k)
	if err != nil {
		return marked{}, err
	}
	out := marked{Tags: m.TagsOf(id)}
	for _, n := range m.Notes() {
		if n.About == id {
			out.Notes = append(out.Notes, n)
		}
	}
	return out, nil
}

func (p *program) showRecord(ctx context.Context, k *store.Case, id string, o view.ShowOptions, script bool) error {
	s, err := view.Record(ctx, k, strings.TrimPrefix(id, evidence.DigestPrefix), o)
	if err != nil {
		return err
	}
	if script {
		return p.writeScript(s.Recipe)
	}
	m, err := markedWith(ctx, k, s.ID)
	if err != nil {
		return err
	}
	if p.asJSON {
		return writeJSON(p.out, struct {
			*view.Shown
			marked
		}{s, m})
	}
	var b strings.Builder
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(s.Record, &fields); err != nil {
		return fmt.Errorf("record %s: %w: %w", id, evidence.ErrFormat, err)
	}
	fmt.Fprintf(&b, "RECORD %s\n", s.ID)
	if s.Superseded {
		b.WriteString("  not current: a later run took the place of the one that made it\n")
	}
	var rows [][]string
	for _, name := range sortedKeys(fields) {
		switch value := visible(valueText(fields[name])); name {
		case "id", "source":
		case "time":
			rows = append(rows, []string{"  time", p.clockText(value)})
		default:
			rows = append(rows, []string{"  " + visible(name), value})
		}
	}
	if err := table(&b, rows); err != nil {
		return err
	}
	p.writeMarks(&b, m)
	fmt.Fprintf(&b, "\nREAD BY %s %s, operation %s, outcome %s\n  plugin %s\n  run    %s, %s\n  config %s\n",
		visible(s.Run.Plugin.Name), visible(s.Run.Plugin.Version), s.Run.Operation, s.Run.Outcome, s.Run.Plugin.SHA256, s.Run.ID, p.clockText(s.Run.End), visible(short(string(s.Run.Config), 400)))
	if evidence.OverRecords(s.Run.Operation) {
		writeRests(&b, s)
		return p.printf("%s", b.String())
	}
	writeSpan(&b, s)
	writeOpened(&b, s.Opened)
	p.writeWalk(&b, s.Walk, s.Original)
	writeRecipe(&b, s.Recipe)
	return p.printf("%s", b.String())
}

func (p *program) showArtifact(ctx context.Context, k *store.Case, name string, o view.ShowOptions, script bool) error {
	d, err := locate.Artifact(ctx, k, name)
	if err != nil {
		return err
	}
	s, err := view.Artifact(ctx, k, d, o)
	if err != nil {
		return err
	}
	if script {
		if s.Recipe == nil {
			return &problem{what: fmt.Sprintf("artifact %s is no file of the evidence: exhibit made it", d), cause: evidence.ErrNotFound}
		}
		return p.writeScript(s.Recipe)
	}
	m, err := markedWith(ctx, k, d.String())
	if err != nil {
		return err
	}
	if p.asJSON {
		return writeJSON(p.out, struct {
			*view.ShownArtifact
			marked
		}{s, m})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "ARTIFACT %s\n  %s, %s, stored %s\n", s.Artifact.SHA256, count(s.Artifact.Size, "byte"), s.Artifact.Origin, s.Artifact.Stored.Encoding)
	p.writeMarks(&b, m)
	p.writeWalk(&b, s.Walk, s.Original)
	for _, r := range s.Runs {
		fmt.Fprintf(&b, "\n%s %s: %s", visible(r.Plugin.Name), r.Operation, r.Outcome)
		if r.Reason != "" {
			fmt.Fprintf(&b, ": %s", visible(r.Reason))
		}
		fmt.Fprintf(&b, "\n  run %s\n  units: %d read, %d emitted, %d rejected, %d skipped; %d of %d bytes read\n",
			r.ID, r.Units.Read, r.Units.Emitted, r.Units.Rejected, r.Units.Skipped, r.BytesRead, r.Size)
		if r.Records != nil {
			fmt.Fprintf(&b, "  %s in %s\n", count(r.Records.Count, "record"), r.Records.Artifact)
		}
		if r.Diagnostics != nil {
			fmt.Fprintf(&b, "  %s in %s\n", count(r.Diagnostics.Count, "diagnostic"), r.Diagnostics.Artifact)
		}
	}
	if s.Recipe != nil && len(s.Walk) > 1 {
		writeRecipe(&b, s.Recipe)
	}
	return p.printf("%s", b.String())
}

func (p *program) writeScript(r *view.Recipe) error {
	if err := p.printf("%s", r.Script()); err != nil {
		return err
	}
	if len(r.Unknown) > 0 {
		p.note("the commands end before the goal: %s", visible(r.Unknown[0]))
		return ended(exitInputs)
	}
	return nil
}

func (p *program) writeMarks(b *strings.Builder, m marked) {
	if len(m.Tags) > 0 {
		fmt.Fprintf(b, "  tags: %s\n", visible(strings.Join(m.Tags, ", ")))
	}
	for _, n := range m.Notes {
		fmt.Fprintf(b, "  note #%d, %s, %s: %s\n", n.Seq, p.clockText(n.Time), visible(n.By), visible(n.Text))
	}
}

func writeSpan(b *strings.Builder, s *view.Shown) {
	if !s.HasSpan {
		return
	}
	fmt.Fprintf(b, "\nITS BYTES: %s at %d of %s\n%s", number(s.Length), s.Offset, s.Walk[0].Artifact, hex.Dump(s.Bytes))
	if int64(len(s.Bytes)) < s.Length {
		fmt.Fprintf(b, "… %s more\n", count(s.Length-int64(len(s.Bytes)), "byte"))
	}
	if s.Text != "" {
		fmt.Fprintf(b, "as text (%s): %s\n", charsetName(s.Charset), visible(s.Text))
	}
}

func charsetName(s string) string {
	if s == "" {
		return "utf-8"
	}
	return visible(s)
}

func writeOpened(b *strings.Builder, o *view.Opened) {
	if o == nil {
		return
	}
	fmt.Fprintf(b, "\nDECRYPTED as profile %s says", visible(o.Profile))
	if o.Cipher != "" {
		fmt.Fprintf(b, ": %s", strings.Join(nonEmpty(o.Encoding, o.Cipher, o.Mode, paddingText(o.Padding)), ", "))
	}
	b.WriteString("\n")
	if o.Source != "" {
		fmt.Fprintf(b, "  certainty of the profile: %s (%s)\n", visible(o.Certainty), visible(o.Source))
	}
	if k := o.Key; k != nil {
		fmt.Fprintf(b, "  %s\n", visible(strings.Join(nonEmpty("key "+k.Fingerprint, k.Name, k.Form, k.Place), ", ")))
		if k.Hex != "" {
			fmt.Fprintf(b, "  its bytes: %s\n", k.Hex)
		}
	}
	if o.Problem != "" {
		fmt.Fprintf(b, "  not shown: %s\n", visible(o.Problem))
		return
	}
	fmt.Fprintf(b, "%sas text: %s\n", hex.Dump(o.Bytes[:min(len(o.Bytes), 4096)]), visible(o.Text))
}

func paddingText(s string) string {
	if s == "" {
		return ""
	}
	return "padding " + s
}

func nonEmpty(list ...string) []string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// writeWalk writes the way from an artifact to the original, and how that came in.
func (p *program) writeWalk(b *strings.Builder, walk []view.Link, o *view.Original) {
	for i, l := range walk {
		if i == 0 {
			b.WriteString("\nFOUND IN\n")
		} else {
			b.WriteString("WHICH WAS MADE OUT OF\n")
		}
		fmt.Fprintf(b, "  %s  %s, %s\n", l.Artifact, count(l.Size, "byte"), l.Origin)
		for j, place := range l.Places {
			if j == maxPlaces {
				fmt.Fprintf(b, "  … and at %s more\n", count(int64(len(l.Places)-j), "place"))
				break
			}
			fmt.Fprintf(b, "  at %s\n", visible(place))
		}
		for _, name := range sortedKeys(l.Hashes) {
			fmt.Fprintf(b, "  %s %s\n", name, l.Hashes[name])
		}
		if l.Plugin != "" {
			fmt.Fprintf(b, "  by %s, run %s: %s\n", visible(l.Plugin), l.Run.Short(), visible(string(l.Steps)))
		}
		if l.Partial != "" {
			fmt.Fprintf(b, "  cut short: %s\n", visible(l.Partial))
		}
	}
	if o != nil {
		p.writeOriginal(b, o)
	}
}

// maxPlaces is how many places of one artifact are listed.
const maxPlaces = 10

func (p *program) writeOriginal(b *strings.Builder, o *view.Original) {
	fmt.Fprintf(b, "\nRECEIVED as %s of exhibit %s\n", visible(o.Path.String()), visible(o.Exhibit))
	entry := func(what string, r view.Receipt) {
		sealed := "not sealed yet"
		if r.Sealed > 0 {
			sealed = fmt.Sprintf("under the seal of the first %s", count(r.Sealed, "entry"))
		}
		fmt.Fprintf(b, "  %s: entry #%d, %s, %s\n", what, r.Seq, p.clockText(r.Time), sealed)
		for _, basis := range []struct {
			name   string
			fields map[string]json.RawMessage
		}{{"asserted", r.Asserted}, {"observed", r.Observed}} {
			for _, name := range sortedKeys(basis.fields) {
				fmt.Fprintf(b, "    %s (%s): %s\n", name, basis.name, visible(short(valueText(basis.fields[name]), maxLogValue)))
			}
		}
	}
	entry("the exhibit", o.Item)
	if o.Received.Seq != o.Item.Seq {
		fmt.Fprintf(b, "  the file: entry #%d, %s\n", o.Received.Seq, p.clockText(o.Received.Time))
	}
	var fs map[string]json.RawMessage
	if json.Unmarshal(o.FS, &fs) == nil {
		for _, name := range []string{"mtime", "ctime", "btime", "atime", "mode", "uid", "gid", "inode"} {
			if v := textOrNumber(fs[name]); v != "" {
				if strings.HasSuffix(name, "time") {
					v = p.clockText(v) + " (" + v + ")"
				}
				fmt.Fprintf(b, "  %s of the file as received: %s\n", name, visible(v))
			}
		}
	}
	if len(o.Flags) > 0 {
		fmt.Fprintf(b, "  flags: %s %s\n", visible(strings.Join(o.Flags, ", ")), visible(o.Note))
	}
	if o.InPlace != "" {
		fmt.Fprintf(b, "  not copied: its bytes lie at %s\n", visible(o.InPlace))
	}
}

func textOrNumber(v json.RawMessage) string {
	if len(v) == 0 {
		return ""
	}
	return valueText(v)
}

func writeRecipe(b *strings.Builder, r *view.Recipe) {
	if r == nil || len(r.Steps) == 0 {
		return
	}
	b.WriteString("\nTO DO THIS BY HAND, in a directory that holds the exhibit's files as they were received\n")
	if len(r.Tools) > 0 {
		fmt.Fprintf(b, "(needs %s beside the usual tools)\n", strings.Join(r.Tools, ", "))
	}
	for i, s := range r.Steps {
		fmt.Fprintf(b, "%3d. %s\n", i+1, visible(s.What))
		for _, c := range s.Commands {
			// Further lines of a command are not moved in: they may be Python.
			for n, line := range strings.Split(c, "\n") {
				if n == 0 {
					line = "     " + line
				}
				fmt.Fprintf(b, "%s\n", visible(line))
			}
		}
	}
	for _, c := range r.Steps {
		if strings.Contains(strings.Join(c.Commands, " "), "-provider legacy") {
			b.WriteString("     (before OpenSSL 3 leave out -provider …; where the legacy provider is missing, single DES is -des-ede3 with the key three times over)\n")
			break
		}
	}
	for _, u := range r.Unknown {
		fmt.Fprintf(b, "  not known: %s\n", visible(u))
	}
}
