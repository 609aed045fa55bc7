package export

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Options say how records are written.
type Options struct {
	// Format is one of Formats.
	Format string
	// Kind: the table has the columns of this kind alone; "" of all.
	Kind string
	// Zone is the zone of time_local and of dates in XLSX, ZoneName its name.
	Zone     *time.Location
	ZoneName string
	// Raw: cells of CSV that a spreadsheet would take for formulas are left as they are.
	Raw bool
	// Credentials: values of credentials are shown in tables, else masked. Formats
	// that hold exact records (JSON Lines, Parquet) always hold them.
	Credentials bool
	// Tool names the program that writes, for the formats that name it.
	Tool string
	// About returns what the first sheet of XLSX says, name and value, once all
	// records are written.
	About func(Result) [][2]string
	// Scratch makes temporary files for XLSX. They are closed, not removed.
	Scratch func() (*os.File, error)
}

// Result says what was written.
type Result struct {
	// Records is how many records came; Rows how many rows or events became of them.
	Records, Rows int64
	// Kinds counts records by kind, Sets by the first part of their ids.
	Kinds, Sets map[string]int64
	// Sheets of XLSX in order, without the first.
	Sheets  []Sheet
	Changes Changes
	LeftOut LeftOut
}

// Sheet of XLSX.
type Sheet struct {
	Name string `json:"name"`
	Rows int64  `json:"rows"`
}

// Changes counts cells whose content is not exactly the record's.
type Changes struct {
	// Prefixed cells have an apostrophe in front that is not the record's;
	// PrefixedIn counts them by column.
	Prefixed   int64            `json:"prefixed"`
	PrefixedIn map[string]int64 `json:"prefixed_columns,omitempty"`
	// Cut cells hold the beginning of a longer text.
	Cut int64 `json:"cut"`
	// Replaced characters, and the cells they stand in.
	Replaced      int64 `json:"replaced_characters"`
	ReplacedCells int64 `json:"replaced_cells"`
	// Masked values of credentials.
	Masked int64 `json:"masked_credentials"`
	// Undated: the time is outside what the format's own type of time can hold, and
	// stands as text alone.
	Undated int64 `json:"undated"`
}

// LeftOut counts what the file does not hold.
type LeftOut struct {
	// Untimed records are no events.
	Untimed int64 `json:"untimed"`
	// NoEdges are records of other kinds than edge: no part of a graph.
	NoEdges int64 `json:"no_edges,omitempty"`
}

// Formats returns the formats; streaming says which may go to standard output.
func Formats() (names []string, streaming []string) {
	return []string{"csv", "jsonl", "xlsx", "timesketch", "parquet", "graphml"}, []string{"csv", "jsonl", "timesketch", "graphml"}
}

// sink is a format. It may keep nothing of a line.
type sink interface {
	// record writes a line and returns its id and kind as they are written there.
	record(line []byte) (id, kind []byte, err error)
	// close ends the file; r is complete but for what close itself adds to it.
	close(r *Result) error
}

// Writer writes records in one format.
type Writer struct {
	out    *bufio.Writer
	sink   sink
	result Result
	// run is how many records of one set and kind came last.
	run       int64
	set, kind []byte
}

// NewWriter begins a file. It fails with evidence.ErrNotFound for an unknown format.
func NewWriter(w io.Writer, o Options) (*Writer, error) {
	if o.Zone == nil {
		o.Zone, o.ZoneName = time.UTC, "UTC"
	}
	x := &Writer{out: bufio.NewWriterSize(w, 256<<10), result: Result{Kinds: map[string]int64{}, Sets: map[string]int64{}}}
	var err error
	switch o.Format {
	case "csv":
		x.sink, err = newCSV(x.out, o, &x.result)
	case "jsonl":
		x.sink = &jsonLines{x.out, &x.result}
	case "timesketch":
		x.sink = newTimesketch(x.out, o, &x.result)
	case "xlsx":
		x.sink, err = newXLSX(x.out, o, &x.result)
	case "graphml":
		x.sink, err = newGraphML(x.out, &x.result)
	case "parquet":
		x.sink, err = newParquet(x.out, o, &x.result)
	default:
		names, _ := Formats()
		err = fmt.Errorf("%w: format %q; there are %s", evidence.ErrNotFound, o.Format, strings.Join(names, ", "))
	}
	if err != nil {
		return nil, wrap(err)
	}
	return x, nil
}

// maxKinds bounds how many kinds are told apart: their names come from plugins.
const maxKinds = 1024

// Record writes one joined record, canonical JSON, and keeps nothing of it.
func (w *Writer) Record(line []byte) error {
	id, kind, err := w.sink.record(line)
	if err != nil {
		return wrap(err)
	}
	w.result.Records++
	set, _, _ := bytes.Cut(id, []byte{':'})
	if !bytes.Equal(set, w.set) || !bytes.Equal(kind, w.kind) {
		w.count()
		w.set, w.kind = append(w.set[:0], set...), append(w.kind[:0], kind...)
	}
	w.run++
	return nil
}

// count adds records of one set and kind that came one after another.
func (w *Writer) count() {
	if w.run == 0 {
		return
	}
	// The set of an id has lost its second quote.
	set, kind := stringOf(append(bytes.TrimSuffix(w.set, []byte{'"'}), '"')), stringOf(w.kind)
	if _, known := w.result.Kinds[kind]; !known && len(w.result.Kinds) >= maxKinds {
		kind = manyKinds
	}
	w.result.Kinds[kind] += w.run
	w.result.Sets[set] += w.run
	w.run = 0
}

// manyKinds is where kinds beyond the bound are counted.
const manyKinds = "other kinds"

// Close ends the file, which its own writer still has to be told of.
func (w *Writer) Close() (Result, error) {
	w.count()
	err := w.sink.close(&w.result)
	if err == nil {
		err = w.out.Flush()
	}
	return w.result, wrap(err)
}

// Abort gives up what the writer holds, the file left unfinished.
func (w *Writer) Abort() {
	if a, ok := w.sink.(interface{ abort() }); ok {
		a.abort()
	}
}

var (
	memberID   = []byte("id")
	memberKind = []byte("kind")
)

// header reads a record's id and kind, and checks all of it.
func header(line []byte) (id, kind []byte, err error) {
	err = evidence.Members(line, func(name, value []byte) error {
		switch {
		case bytes.Equal(name, memberID):
			id = value
		case bytes.Equal(name, memberKind):
			kind = value
		}
		return nil
	})
	return id, kind, err
}

func stringOf(value []byte) string {
	if len(value) < 2 || value[0] != '"' {
		return ""
	}
	return evidence.Unescape(value[1 : len(value)-1])
}

// kindRank orders kinds: those of the design first, then by name.
func kindRank(a, b string) int {
	rank := func(name string) int {
		if i := slices.IndexFunc(kinds(), func(k kind) bool { return k.name == name }); i >= 0 {
			return i
		}
		return len(kinds())
	}
	if d := rank(a) - rank(b); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

// jsonLines are the records as they are.
type jsonLines struct {
	out    *bufio.Writer
	result *Result
}

func (j *jsonLines) record(line []byte) (id, kind []byte, err error) {
	if id, kind, err = header(line); err != nil {
		return nil, nil, err
	}
	j.result.Rows++
	if _, err = j.out.Write(line); err == nil {
		err = j.out.WriteByte('\n')
	}
	return id, kind, err
}

func (j *jsonLines) close(*Result) error { return nil }
