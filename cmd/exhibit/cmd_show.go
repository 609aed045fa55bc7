package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/locate"
	"github.com/exhibit-forensics/exhibit/core/view"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// recordID is how records are named: a part of the record set's digest, a line.
var recordID = regexp.MustCompile(`^[0-9a-f]{6,64}:[1-9][0-9]*$`)

func (p *program) showCommand() *cli.Command {
	return command(&cli.Command{
		Name: "show", Usage: "a record with the way to its original bytes, or an artifact", ArgsUsage: "ID|DIGEST|PLACE",
		Description: "   ID is as `exhibit records` prints it; DIGEST may be shortened; PLACE is such as EX-001:conf/enc.key.",
	}, 1, 1, func(c *cli.Context) error {
		return p.reading(c, func(ctx context.Context, k *store.Case) error {
			name := c.Args().First()
			if recordID.MatchString(name) {
				return p.showRecord(ctx, k, name)
			}
			return p.showArtifact(ctx, k, name)
		})
	})
}

func (p *program) showRecord(ctx context.Context, k *store.Case, id string) error {
	s, err := view.Record(ctx, k, id)
	if err != nil {
		return err
	}
	if p.asJSON {
		return writeJSON(p.out, s)
	}
	var b strings.Builder
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(s.Record, &fields); err != nil {
		return fmt.Errorf("record %s: %w: %w", id, evidence.ErrFormat, err)
	}
	fmt.Fprintf(&b, "record %s\n", s.ID)
	var rows [][]string
	for _, name := range sortedKeys(fields) {
		rows = append(rows, []string{"  " + visible(name), visible(valueText(fields[name]))})
	}
	if err := table(&b, rows); err != nil {
		return err
	}
	fmt.Fprintf(&b, "\nread by %s %s (%s)\n  run %s\n", visible(s.Run.Plugin.Name), visible(s.Run.Plugin.Version), s.Run.Plugin.SHA256, s.Run.ID)
	writeWalk(&b, s.Walk)
	fmt.Fprintf(&b, "\nbytes %d to %d of %s\n", s.Offset, s.Offset+s.Length, s.Run.Input)
	b.WriteString(hex.Dump(s.Bytes))
	if int64(len(s.Bytes)) < s.Length {
		fmt.Fprintf(&b, "… %s more\n", count(s.Length-int64(len(s.Bytes)), "byte"))
	}
	return p.printf("%s", b.String())
}

func (p *program) showArtifact(ctx context.Context, k *store.Case, name string) error {
	d, err := locate.Artifact(ctx, k, name)
	if err != nil {
		return err
	}
	s, err := view.Artifact(ctx, k, d)
	if err != nil {
		return err
	}
	if p.asJSON {
		return writeJSON(p.out, s)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "artifact %s\n  %s, %s, stored %s\n", s.Artifact.SHA256, count(s.Artifact.Size, "byte"), s.Artifact.Origin, s.Artifact.Stored.Encoding)
	for _, name := range sortedKeys(s.Artifact.Hashes) {
		fmt.Fprintf(&b, "  %s %s\n", name, s.Artifact.Hashes[name])
	}
	writeWalk(&b, s.Walk)
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
	return p.printf("%s", b.String())
}

// writeWalk writes the way from an artifact to the original.
func writeWalk(b *strings.Builder, walk []view.Link) {
	for i, l := range walk {
		if i == 0 {
			b.WriteString("\nfound in\n")
		} else {
			b.WriteString("which was made out of\n")
		}
		fmt.Fprintf(b, "  %s  %s, %s\n", l.Artifact, count(l.Size, "byte"), l.Origin)
		for _, place := range l.Places {
			fmt.Fprintf(b, "  at %s\n", visible(place))
		}
		if l.Plugin != "" {
			fmt.Fprintf(b, "  by %s: %s\n", visible(l.Plugin), visible(string(l.Steps)))
		}
		if l.Partial != "" {
			fmt.Fprintf(b, "  cut short: %s\n", visible(l.Partial))
		}
	}
}
