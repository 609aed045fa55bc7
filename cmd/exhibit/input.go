package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// readAtMost reads all of r, or fails where it holds more than most bytes.
func readAtMost(r io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, reasonOf(err)
	}
	if int64(len(b)) > most {
		return nil, fmt.Errorf("%w: it has more than %s", evidence.ErrFormat, size(most))
	}
	return b, nil
}

// readInput reads a file, or standard input for "-".
func (p *program) readInput(name string, most int64) ([]byte, error) {
	if name == "-" {
		return readAtMost(p.in, most)
	}
	return readBounded(name, most)
}

// visibleWriter makes what passes safe to print, line by line: for texts made
// elsewhere that may quote names from evidence.
type visibleWriter struct{ to io.Writer }

func (w visibleWriter) Write(b []byte) (int, error) {
	var out strings.Builder
	for line := range strings.Lines(string(b)) {
		text, ended := strings.CutSuffix(line, "\n")
		out.WriteString(visible(text))
		if ended {
			out.WriteByte('\n')
		}
	}
	if _, err := io.WriteString(w.to, out.String()); err != nil {
		return 0, err
	}
	return len(b), nil
}
