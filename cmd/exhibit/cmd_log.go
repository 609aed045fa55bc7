package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) logCommand() *cli.Command {
	return command(&cli.Command{
		Name: "log", Usage: "the custody log, with what its commitments hide",
		Description: "   Values that a person asserted and values that the program observed are listed\n" +
			"   apart. Observed values are shown where they change; --all shows every one.",
		Flags: []cli.Flag{
			&cli.Int64Flag{Name: "from", Usage: "begin with entry `N`"},
			&cli.BoolFlag{Name: "all", Usage: "show every field of every entry"},
			&cli.BoolFlag{Name: "raw", Usage: "write the exact bytes that are hashed, an entry a line, and nothing else"},
		},
	}, 0, 0, func(c *cli.Context) error {
		if c.Bool("raw") && p.asJSON {
			return usagef("exhibit log: --raw and --json exclude each other")
		}
		if c.Int64("from") < 0 {
			return usagef("exhibit log: --from %d: entries are numbered from 0", c.Int64("from"))
		}
		return p.reading(c, func(ctx context.Context, k *store.Case) error {
			l := logger{p: p, all: c.Bool("all"), last: map[string]string{}}
			if !c.Bool("raw") && !p.asJSON {
				var err error
				if l.corrected, err = superseded(ctx, k); err != nil {
					return err
				}
			}
			for e, err := range k.Entries(ctx, c.Int64("from")) {
				if err != nil {
					return err
				}
				switch {
				case c.Bool("raw"):
					err = p.printf("%s\n", e.Body)
				case p.asJSON:
					err = p.logJSON(e)
				default:
					err = l.show(e)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// logJSON writes an entry as it is, with its leaf hash and its openings. The
// values of "entry" and of openings are the very bytes that are hashed, which
// encoding/json would rewrite.
func (p *program) logJSON(e store.LogEntry) error {
	leaf := custody.LeafHash(e.Body)
	b := fmt.Appendf(nil, `{"seq":%d,"leaf":"%x","entry":%s,"openings":{`, e.Seq, leaf, e.Body)
	for i, o := range e.Openings {
		if i > 0 {
			b = append(b, ',')
		}
		b = evidence.AppendString(b, o.Field)
		b = append(b, `:{"salt":`...)
		b = evidence.AppendString(b, o.Salt)
		b = append(append(append(b, `,"value":`...), o.Value...), '}')
	}
	return p.printf("%s}}\n", b)
}

// logger writes entries for people.
type logger struct {
	p   *program
	all bool
	// last are the observed values as last shown.
	last map[string]string
	// corrected are the entries by which later ones say that they are corrected.
	corrected map[int64]int64
}

// superseded returns, by entry, the last one that says it corrects it.
func superseded(ctx context.Context, k *store.Case) (map[int64]int64, error) {
	out := map[int64]int64{}
	for le, err := range k.Entries(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if !bytes.Contains(le.Body, []byte(`"supersedes":`)) {
			continue
		}
		e, err := custody.ParseEntry(le.Body)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", le.Seq, err)
		}
		if seq, ok := e.Refs["supersedes"]; ok {
			out[seq] = e.Seq
		}
	}
	return out, nil
}

func (l *logger) show(le store.LogEntry) error {
	e, err := custody.ParseEntry(le.Body)
	if err != nil {
		return fmt.Errorf("entry %d: %w", le.Seq, err)
	}
	head := fmt.Sprintf("#%d  %s  %s", e.Seq, clock(e.End, l.p.zone), e.Kind)
	for _, word := range []string{"phase", "action"} {
		if w, ok := e.Plain[word].(string); ok {
			head += " " + w
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Refs)) {
		head += fmt.Sprintf("  (%s #%d)", name, e.Refs[name])
	}
	if by, ok := l.corrected[e.Seq]; ok {
		head += fmt.Sprintf("  CORRECTED by #%d", by)
	}
	rows := [][]string{}
	for _, name := range slices.Sorted(maps.Keys(e.Plain)) {
		if name != "phase" && name != "action" {
			rows = append(rows, []string{"  " + name, "", visible(jsonText(e.Plain[name]))})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Sets)) {
		rows = append(rows, []string{"  " + name, "", fmt.Sprintf("%s, root %s…", number(e.Sets[name].Size), e.Sets[name].Root[:12])})
	}
	rows = append(rows, l.opened(le.Openings)...)
	if l.all {
		rows = append(rows, l.technical(e, le.Body)...)
	}
	if err := l.p.printf("%s\n", head); err != nil {
		return err
	}
	return table(l.p.out, rows)
}

// maxLogValue is how much of a value is shown.
const maxLogValue = 200

func (l *logger) opened(openings []custody.Opening) [][]string {
	var rows [][]string
	for _, o := range openings {
		basis, name, _ := strings.Cut(o.Field, ".")
		value := valueText(o.Value)
		if basis == "observed" && !l.all {
			if l.last[o.Field] == value {
				continue
			}
			l.last[o.Field] = value
		}
		if !l.all {
			value = short(value, maxLogValue)
		}
		rows = append(rows, []string{"  " + name, basis, visible(value)})
	}
	return rows
}

// technical are the members of an entry that matter for checking it.
func (l *logger) technical(e custody.Entry, body []byte) [][]string {
	leaf := custody.LeafHash(body)
	clockText := "not known to be synchronised"
	if e.Clock.Synchronised != nil && *e.Clock.Synchronised {
		clockText = "synchronised"
	}
	if e.Clock.OffsetUS != nil && e.Clock.ErrorUS != nil {
		clockText += fmt.Sprintf(", offset %d µs, error at most %d µs", *e.Clock.OffsetUS, *e.Clock.ErrorUS)
	}
	return [][]string{
		{"  begin", "", clock(e.Start, l.p.zone) + ", local offset " + e.LocalOffset},
		{"  clock", "", e.Clock.Source + " clock, " + clockText},
		{"  since boot", "", (time.Duration(e.MonotonicUS) * time.Microsecond).String()},
		{"  tool", "", fmt.Sprintf("%s %s %s/%s %s", e.Tool.Name, e.Tool.Version, e.Tool.OS, e.Tool.Arch, e.Tool.SHA256)},
		{"  id", "", e.ID},
		{"  leaf", "", hex.EncodeToString(leaf[:])},
		{"  prev", "", e.Prev},
	}
}
