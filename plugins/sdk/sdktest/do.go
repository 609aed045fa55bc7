package sdktest

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Case is one input of a corpus, with all that decides what a plugin makes of it.
type Case struct {
	// Name appears in the test's output; it is no part of the job.
	Name string
	// Operation is parse, decrypt or unpack.
	Operation string
	Data      []byte
	// Config is JSON, nil for {}.
	Config json.RawMessage
	Keys   []sdk.Key
	Limits sdk.Limits
	// Companions are handed over with Data, which then has the role main.
	Companions []Companion
	// Canary is text of Data that must never show in a diagnostic or an error; "" for none.
	Canary string
}

// Companion is a file that lies beside an input, such as a database's log.
type Companion struct {
	Role string
	// Name is its path from the input's directory on, where the manifest states one.
	Name string
	Data []byte
}

// inputs returns what is handed over, the case's own input first.
func (c Case) inputs(first *sdk.Input) []*sdk.Input {
	list := []*sdk.Input{first}
	if len(c.Companions) > 0 {
		first.Role = evidence.RoleMain
	}
	for _, f := range c.Companions {
		in := sdk.NewInput(bytes.NewReader(f.Data), int64(len(f.Data)))
		in.Role, in.Name = f.Role, f.Name
		in.SHA256 = evidence.Sum(f.Data)
		list = append(list, in)
	}
	return list
}

// of returns the input that a record or diagnostic lies in.
func (c Case) of(line string) []byte {
	var at struct{ Source struct{ Role string } }
	if json.Unmarshal([]byte(line), &at) == nil {
		for _, f := range c.Companions {
			if f.Role == at.Source.Role {
				return f.Data
			}
		}
	}
	return c.Data
}

// size is that of all inputs.
func (c Case) size() int64 {
	n := int64(len(c.Data))
	for _, f := range c.Companions {
		n += int64(len(f.Data))
	}
	return n
}

// Output is what a plugin made of a Case.
type Output struct {
	Result sdk.Result
	// Records and Diagnostics are lines without their ending.
	Records, Diagnostics []string
	Artifacts            []Artifact
}

// Artifact is one derived artifact as it came over the wire.
type Artifact struct {
	Name     *evidence.Name   `json:"name"`
	Steps    []map[string]any `json:"steps"`
	Meta     map[string]any   `json:"meta"`
	Text     bool             `json:"text"`
	Data     []byte           `json:"-"`
	Complete bool             `json:"complete"`
	Reason   string           `json:"reason"`
}

// Do runs one job in this process and reads what it wrote as a host does. A
// stream that breaks docs/formats/wire.md or records.md fails the test.
func Do(t testing.TB, p sdk.Plugin, c Case) Output {
	t.Helper()
	out, err := do(t.Context(), p, c, sdk.NewInput(bytes.NewReader(c.Data), int64(len(c.Data))))
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	return out
}

func do(ctx context.Context, p sdk.Plugin, c Case, in *sdk.Input) (Output, error) {
	var records, diagnostics, artifacts bytes.Buffer
	in.SHA256 = evidence.Sum(c.Data)
	r, err := sdk.Run(ctx, p, sdk.Job{
		Operation: c.Operation, Config: c.Config, Keys: c.Keys, Limits: c.Limits, Inputs: c.inputs(in),
		Records: &records, Diagnostics: &diagnostics, Artifacts: &artifacts,
	})
	if err != nil {
		return Output{}, err
	}
	out := Output{Result: r, Records: split(records.String()), Diagnostics: split(diagnostics.String())}
	if out.Artifacts, err = readFrames(&artifacts); err != nil {
		return Output{}, fmt.Errorf("artifact stream: %w", err)
	}
	return out, out.check(c)
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// readFrames reads the artifact stream of docs/formats/wire.md.
func readFrames(r io.Reader) (out []Artifact, err error) {
	open := false
	for {
		var head [5]byte
		if _, err := io.ReadFull(r, head[:]); err == io.EOF {
			if open {
				return nil, fmt.Errorf("ends inside an artifact")
			}
			return out, nil
		} else if err != nil {
			return nil, err
		}
		n := binary.BigEndian.Uint32(head[1:])
		if n > 1<<20 {
			return nil, fmt.Errorf("a frame of %d bytes", n)
		}
		payload := make([]byte, n)
		if _, err := io.ReadFull(r, payload); err != nil {
			return nil, err
		}
		if (head[0] == 'B') == open {
			return nil, fmt.Errorf("frame %c out of order", head[0])
		}
		switch head[0] {
		case 'B':
			out, open = append(out, Artifact{}), true
			err = readJSON(payload, &out[len(out)-1])
		case 'D':
			a := &out[len(out)-1]
			a.Data = append(a.Data, payload...)
		case 'E':
			open = false
			err = readJSON(payload, &out[len(out)-1])
		default:
			err = fmt.Errorf("a frame of type %q", head[0])
		}
		if err != nil {
			return nil, err
		}
	}
}

func readJSON(b []byte, into any) error {
	if err := evidence.CheckCanonical(b); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	return dec.Decode(into)
}
