package ndjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Streams take what the lines become, in the forms of docs/formats/wire.md.
type Streams struct{ Records, Diagnostics, Artifacts io.Writer }

// Options of a translation.
type Options struct {
	// MaxLine is the longest line, its ending included.
	MaxLine int
	// Progress, where not nil, is told what the script says it has read: bytes of the
	// input, units.
	Progress func(bytes, units int64)
	// Done, where not nil, is called at the line that ends the answer.
	Done func()
}

// Account is what a script says of its own work.
type Account struct {
	Outcome evidence.Outcome
	Reason  string
	// Units is what it stated; where it stated nothing, every record a unit.
	Units     evidence.Units
	BytesRead int64
	KeysUsed  []string
	// Describe and Probe are its answers to those two operations.
	Describe *Describe
	Probe    *Probe
}

// Describe is the answer to the operation "describe".
type Describe struct {
	Protocol   int      `json:"protocol"`
	Operations []string `json:"operations"`
}

// Probe is the answer to the operation "probe": 0 (not mine) to 100 (certain).
type Probe struct {
	Confidence int    `json:"confidence"`
	Reason     string `json:"reason"`
}

// ErrNoDone: the lines end without the one that says that they are all.
var ErrNoDone = errors.New("ended without the line {\"done\": …}")

// ErrLine is wrapped where a line is not as docs/formats/ndjson.md says. The text
// names the line by its number and quotes nothing of it.
var ErrLine = errors.New("not as the format says")

// Translate reads lines to the end of r. It returns ErrNoDone, ErrLine, or an
// error of r or of a stream.
func Translate(r io.Reader, to Streams, opt Options) (*Account, error) {
	t := &translator{opt: opt, records: output{w: to.Records}, diagnostics: output{w: to.Diagnostics}, artifacts: output{w: to.Artifacts}}
	err := t.read(r)
	if err == nil && t.account == nil {
		err = ErrNoDone
	}
	// What came before a fault is the host's to count and to drop.
	for _, o := range t.outputs() {
		if flushErr := o.flush(); err == nil {
			err = flushErr
		}
	}
	if err != nil {
		return nil, err
	}
	return t.account, nil
}

// output gathers small writes.
type output struct {
	w     io.Writer
	b     []byte
	count int64
}

// flushAt is what an output gathers before it writes.
const flushAt = 64 << 10

func (o *output) flush() error {
	if len(o.b) == 0 {
		return nil
	}
	_, err := o.w.Write(o.b)
	o.b = o.b[:0]
	return err
}

func (o *output) settle() error {
	if len(o.b) < flushAt {
		return nil
	}
	return o.flush()
}

type translator struct {
	opt     Options
	enc     encoder
	line    int64
	account *Account

	records, diagnostics, artifacts output
	rejects                         int64
	open                            bool // an artifact was begun
	describe                        *Describe
	probe                           *Probe
}

func (t *translator) outputs() []*output {
	return []*output{&t.records, &t.diagnostics, &t.artifacts}
}

const (
	firstBuffer = 64 << 10
	readAtLeast = 32 << 10
)

// read splits r into lines. It flushes what was translated before it waits for more.
func (t *translator) read(r io.Reader) error {
	buf := make([]byte, min(firstBuffer, max(t.opt.MaxLine, 1)))
	from, end := 0, 0 // the rest of a line, not translated yet
	for {
		for _, o := range t.outputs() {
			if err := o.flush(); err != nil {
				return err
			}
		}
		n, err := r.Read(buf[end:])
		scan := end
		end += n
		for {
			i := bytes.IndexByte(buf[scan:end], '\n')
			if i < 0 {
				break
			}
			if err := t.one(buf[from : scan+i+1]); err != nil {
				return err
			}
			from = scan + i + 1
			scan = from
		}
		switch {
		case errors.Is(err, io.EOF) && end > from: // the last line may lack its ending
			return t.one(buf[from:end])
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case end-from >= t.opt.MaxLine:
			t.line++
			return t.refuse(problem(fmt.Sprintf("is longer than %d bytes", t.opt.MaxLine)))
		}
		if from > 0 {
			end = copy(buf, buf[from:end])
			from = 0
		}
		if len(buf)-end < readAtLeast {
			buf = append(buf, make([]byte, len(buf))...)
		}
	}
}

func (t *translator) refuse(err error) error {
	var p problem
	if errors.As(err, &p) {
		return fmt.Errorf("%w: line %d %s", ErrLine, t.line, string(p))
	}
	return err
}

// one translates a line.
func (t *translator) one(line []byte) error {
	t.line++
	if len(line) > t.opt.MaxLine {
		return t.refuse(problem(fmt.Sprintf("is longer than %d bytes", t.opt.MaxLine)))
	}
	return t.refuse(t.statement(line))
}

// statement is one object of one member, whose name says what it is.
func (t *translator) statement(line []byte) error {
	e := &t.enc
	e.start(line)
	c := e.peek()
	switch {
	case e.i == len(line):
		return nil // an empty line
	case c != '{':
		return errNotObject
	case t.account != nil:
		return problem("comes after done")
	}
	e.i++
	if e.peek() != '"' {
		return errSyntax
	}
	if _, err := e.string(); err != nil {
		return err
	}
	name := string(e.out[1 : len(e.out)-1])
	if e.peek() != ':' {
		return errSyntax
	}
	e.i++
	e.peek()
	value := e.i
	e.out = e.out[:0]
	if err := t.value(name); err != nil {
		return err
	}
	if e.peek() != '}' {
		return problem("holds more than one member")
	}
	e.i++
	if e.peek(); e.i < len(line) {
		return errTrailing
	}
	return t.keep(name, line, value)
}

// value translates the value of a statement into enc.out.
func (t *translator) value(name string) error {
	e := &t.enc
	switch name {
	case "record", "diagnostic":
		if e.peek() != '{' {
			return problem("has a " + name + " that is no object")
		}
		_, err := e.value(0, record)
		return err
	case "artifact", "end", "progress", "describe", "probe":
		if e.peek() != '{' {
			return problem("has a value that is no object")
		}
		_, err := e.value(0, apart)
		return err
	case "data":
		if e.peek() != '"' {
			return problem("has data that is no string")
		}
		_, err := e.string()
		return err
	case "done":
		_, err := e.value(0, apart)
		return err
	}
	return problem("begins with a member that the format does not have: what is meant for people belongs on stderr")
}

// keep does what the statement says.
func (t *translator) keep(name string, line []byte, value int) error {
	e := &t.enc
	switch name {
	case "record":
		if e.bad && bytes.Contains(e.out, []byte(`"kind":"x-`)) {
			if err := t.again(line, value); err != nil {
				return err
			}
		}
		t.records.count++
		t.records.b = append(append(t.records.b, e.out...), '\n')
		return t.records.settle()
	case "diagnostic":
		if h, err := evidence.ScanDiagnostic(e.out); err == nil && string(h.Severity) == evidence.SeverityReject {
			t.rejects++
		}
		t.diagnostics.count++
		t.diagnostics.b = append(append(t.diagnostics.b, e.out...), '\n')
		return t.diagnostics.settle()
	case "data":
		return t.data()
	case "artifact":
		return t.begin()
	case "end":
		return t.end()
	case "progress":
		return t.progress()
	case "describe":
		t.describe = new(Describe)
		return strict(e.out, t.describe)
	case "probe":
		t.probe = new(Probe)
		return strict(e.out, t.probe)
	}
	return t.done()
}

// again translates a record of a namespaced kind, whose own members are named by
// the script alone, once more: only where one of its texts is not UTF-8.
func (t *translator) again(line []byte, value int) error {
	e := &t.enc
	h, _, err := evidence.ScanRecord(e.out, nil)
	if err != nil || !bytes.HasPrefix(h.Kind, []byte("x-")) {
		return nil // the host says what is wrong with it
	}
	e.start(line)
	e.i = value
	_, err = e.value(0, own)
	return err
}

// progress passes on what the script has read so far.
func (t *translator) progress() error {
	var p struct {
		Bytes int64 `json:"bytes"`
		Units int64 `json:"units"`
	}
	if err := strict(t.enc.out, &p); err != nil {
		return err
	}
	if p.Bytes < 0 || p.Units < 0 {
		return problem("has progress below zero")
	}
	if t.opt.Progress != nil {
		t.opt.Progress(p.Bytes, p.Units)
	}
	return nil
}

// strict decodes canonical JSON without members that v lacks.
func strict(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if dec.Decode(v) != nil {
		return problem("has not the members it should have")
	}
	return nil
}
