package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/marks"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// maxNoteText bounds what is read of a note, in bytes.
const maxNoteText = 64 << 10

func (p *program) noteCommand() *cli.Command {
	return group("note", "remarks of the examiner, in the log",
		command(&cli.Command{
			Name: "add", Usage: "write a remark into the log; it is never changed", ArgsUsage: "TEXT",
			Description: "   - as TEXT reads it from standard input. What a note says cannot be taken back; another\n" +
				"   one may say that it corrects it.\n\n" +
				"   exhibit note add 'The suspect confirmed this number.' --about 0123456789abcdef:17\n" +
				"   exhibit note add 'Seal 4711 was intact.' --about EX-001\n" +
				"   exhibit note add 'It was seal 4712.' --about EX-001 --corrects 12",
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "about", Usage: "what it is about: a record's `ID`, an artifact's digest or place, an exhibit number"},
				&cli.Int64Flag{Name: "corrects", Usage: "the number `SEQ` of the entry whose note this one corrects"},
			},
		}, 1, 1, p.addNote),
		command(&cli.Command{
			Name: "list", Usage: "all remarks, or those about one thing",
			Flags: []cli.Flag{&cli.StringFlag{Name: "about", Usage: "only those about this: an `ID`, a digest, a place, an exhibit number"}},
		}, 0, 0, func(c *cli.Context) error {
			return p.reading(c, func(ctx context.Context, k *store.Case) error { return p.listNotes(ctx, k, c.String("about")) })
		}),
	)
}

func (p *program) addNote(c *cli.Context) error {
	text := c.Args().First()
	if c.IsSet("corrects") && c.Int64("corrects") < 1 {
		return usagef("exhibit note add: --corrects %d: that entry is no note", c.Int64("corrects"))
	}
	if text == "-" {
		b, err := readAtMost(p.in, maxNoteText)
		if err != nil {
			return withState(err, "Nothing was written.")
		}
		text = string(b)
	}
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		var about evidence.Subject
		if name := c.String("about"); name != "" {
			r, err := marks.NewResolver(ctx, k)
			if err != nil {
				return err
			}
			if about, err = r.Resolve(ctx, name); err != nil {
				return withState(err, "Nothing was written.")
			}
		}
		seq, err := marks.AddNote(ctx, k, text, about, c.Int64("corrects"))
		if err != nil {
			return withState(err, "Nothing was written.")
		}
		if p.asJSON {
			return writeJSON(p.out, map[string]any{"seq": seq})
		}
		return p.printf("note #%d\n", seq)
	})
}

func (p *program) listNotes(ctx context.Context, k *store.Case, about string) error {
	m, err := marks.Load(ctx, k)
	if err != nil {
		return err
	}
	only := ""
	if about != "" {
		r, err := marks.NewResolver(ctx, k)
		if err != nil {
			return err
		}
		s, err := r.Resolve(ctx, about)
		if err != nil {
			return err
		}
		only = s.Short()
	}
	for _, n := range m.Notes() {
		if only != "" && n.About != only {
			continue
		}
		if p.asJSON {
			if err := writeJSON(p.out, n); err != nil {
				return err
			}
			continue
		}
		head := fmt.Sprintf("#%d  %s  %s", n.Seq, p.clockText(n.Time), visible(n.By))
		if n.About != "" {
			head += "  about " + visible(n.About)
		}
		if n.Corrects > 0 {
			head += fmt.Sprintf("  corrects #%d", n.Corrects)
		}
		if n.CorrectedBy > 0 {
			head += fmt.Sprintf("  (corrected by #%d)", n.CorrectedBy)
		}
		if err := p.printf("%s\n  %s\n", head, visible(n.Text)); err != nil {
			return err
		}
	}
	return nil
}

// jsonID is the member id of a line of JSON, "" where it has none.
func jsonID(line []byte) string {
	var v struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(line, &v) != nil {
		return ""
	}
	return v.ID
}
