package publish

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/ncruces/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/core/redact"
)

// Names of the files of a production, below data/redacted.
const (
	readmeFile        = "README.txt"
	aboutFile         = "about.json"
	recordsFile       = "records.jsonl"
	tableFile         = "records.csv"
	databaseFile      = "records.db"
	conversationsFile = "conversations.html"
	reportFile        = "report.html"
	logFile           = "redaction-log.csv"
	logPage           = "redaction-log.html"
	withheldFile      = "withhold-log.csv"
	withheldPage      = "withhold-log.html"
	originalsFile     = "originals.csv"
)

// Add takes a file of the production, which it makes at once; writing to it is buffered.
type Add func(name string, make func(w io.Writer) error) error

// Report says what was built.
type Report struct {
	Prefix string `json:"prefix"`
	Draft  bool   `json:"draft,omitempty"`
	// First and Last are the lowest and highest number, "" where there are no records.
	First string `json:"first,omitempty"`
	Last  string `json:"last,omitempty"`
	// Records are produced; Again of them had their number from an earlier production.
	Records int64 `json:"records"`
	Again   int64 `json:"again"`
	// Redactions are in them; Kept of these were found and left as they are.
	Redactions    int64            `json:"redactions"`
	Kept          int64            `json:"kept"`
	Kinds         map[string]int64 `json:"kinds"`
	Categories    map[string]int64 `json:"categories"`
	Conversations int64            `json:"conversations"`
	OutOfScope    int64            `json:"out_of_scope"`
	Withheld      int64            `json:"withheld"`
	Pending       int64            `json:"pending"`
	// Texts and RSMF are how many of these files were made.
	Texts int64 `json:"texts"`
	RSMF  int64 `json:"rsmf"`
	// Tables are what was published of them.
	Tables []Table `json:"tables,omitempty"`
	// Remarks are what whoever hands it out should know.
	Remarks []string `json:"remarks,omitempty"`
}

// builder is one call of Build.
type builder struct {
	ctx    context.Context
	src    Source
	q      Request
	add    Add
	db     *database
	report Report
	// changed counts what a format could not hold (load/): characters replaced.
	changed int64
}

// Build makes the files of a production and hands each to add.
func Build(ctx context.Context, src Source, q Request, add Add) (*Report, error) {
	b := &builder{ctx: ctx, src: src, q: q, add: add, report: Report{
		Prefix: q.Numbers.prefix, Draft: q.Draft, Kinds: map[string]int64{}, Categories: map[string]int64{},
	}}
	var err error
	if b.db, err = openDatabase(ctx, q.Scratch); err != nil {
		return nil, err
	}
	defer b.db.close()
	for _, step := range []func() error{
		b.records, b.database, b.lines, b.table, b.texts, b.conversations, b.log, b.withheld, b.originals, b.tables, b.rsmf, b.load, b.page, b.readme, b.about,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return &b.report, nil
}

// records puts everything that may be shown into the database.
func (b *builder) records() error {
	r := &b.report
	err := b.src.Each(b.ctx, b.q.Choose, func(rec *redact.Record) error {
		n, err := b.q.Numbers.Of(rec.ID)
		if err != nil {
			return err
		}
		commitment, err := b.q.Commitment(rec)
		if err != nil {
			return err
		}
		row := row{n: n, number: b.q.Numbers.Text(n), entry: rec.Entry, run: rec.Run, leaf: rec.Leaf, commitment: commitment.Hex(), redactions: int64(len(rec.Applied))}
		if err := row.fill(rec.Body); err != nil {
			return fmt.Errorf("%s: %w", row.number, err)
		}
		m, err := decode(rec.Body)
		if err != nil {
			return err
		}
		places := make([]string, len(rec.Applied))
		for i, a := range rec.Applied {
			places[i] = place(m, a.Field)
			if a.Operator == redact.OpKeep {
				r.Kept++
				continue
			}
			r.Redactions++
			r.Categories[a.Category]++
		}
		r.Records++
		r.Kinds[row.kind]++
		return b.db.add(&row, rec.Applied, places)
	})
	if err != nil {
		return err
	}
	r.Again = b.q.Numbers.kept
	counts := b.src.Counts()
	r.OutOfScope, r.Pending = counts.OutOfScope, counts.Pending
	return b.db.finish([][2]string{
		{"what", "Redacted records: what they said was changed as the table redaction says. Nothing of the originals is in here."},
		{"draft", strconv.FormatBool(b.q.Draft)},
		{"policy", b.q.Policy.Name},
		{"basis", b.q.Policy.Basis},
		{"search", "SELECT r.* FROM search s JOIN record r ON r.n = s.rowid WHERE search MATCH '\"three letters or more\"'; shorter: WHERE text LIKE '%ab%'"},
	})
}

func (b *builder) database() error {
	err := b.db.query("SELECT count(DISTINCT conversation), (SELECT number FROM record ORDER BY n LIMIT 1), (SELECT number FROM record ORDER BY n DESC LIMIT 1) FROM record WHERE conversation<>''", func(s *sqlite3.Stmt) error {
		b.report.Conversations, b.report.First, b.report.Last = s.ColumnInt64(0), s.ColumnText(1), s.ColumnText(2)
		return nil
	})
	if err != nil {
		return err
	}
	return b.add(databaseFile, b.db.writeTo)
}

// remark keeps what should be known.
func (b *builder) remark(format string, args ...any) {
	b.report.Remarks = append(b.report.Remarks, fmt.Sprintf(format, args...))
}
