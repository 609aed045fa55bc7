package intake

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// pathColumns are headings of a column of paths, best first: a table may have
// both a whole path and a bare name.
var pathColumns = [][]string{
	{"fullpath", "filepath", "pathname", "relativepath", "path"},
	{"filename", "file", "name"},
}

// readDelimited reads a table whose first line names its columns.
func readDelimited(text []byte) ([]Listed, error) {
	in := csv.NewReader(bytes.NewReader(text))
	in.Comma = delimiterOf(firstLine(text))
	in.Comment = '#'
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: neither a known form of hash list nor delimited text", evidence.ErrFormat)
	}
	path, sums, err := columnsOf(header)
	if err != nil {
		return nil, err
	}
	var out []Listed
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", evidence.ErrFormat, err)
		}
		line, _ := in.FieldPos(0)
		e := Listed{Path: row[path], Line: line}
		for i, algorithm := range sums {
			if algorithm == columnOther || strings.TrimSpace(row[i]) == "" {
				continue
			}
			if algorithm == columnByLength {
				algorithm = ""
			}
			sum, err := newSum(algorithm, row[i])
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", line, err)
			}
			e.Sums = append(e.Sums, sum)
		}
		switch {
		case len(e.Sums) == 0: // a directory, or a file that was not hashed
		case e.Path == "":
			return nil, fmt.Errorf("line %d: %w: a digest without a path", line, evidence.ErrFormat)
		default:
			out = append(out, e)
		}
	}
}

func delimiterOf(header string) rune {
	best, most := ',', 0
	for _, c := range ",\t;" {
		if n := strings.Count(header, string(c)); n > most {
			best, most = c, n
		}
	}
	return best
}

// What a column is, beside the name of an algorithm.
const (
	columnOther    = "-"
	columnByLength = "?"
)

// columnsOf finds the column of paths, and says of each column which digest it holds.
func columnsOf(header []string) (path int, sums []string, err error) {
	plain := make([]string, len(header))
	sums = make([]string, len(header))
	found := 0
	for i, h := range header {
		h = strings.ToLower(strings.TrimSpace(h))
		plain[i] = strings.NewReplacer(" ", "", "_", "", "-", "").Replace(h)
		name := strings.TrimSuffix(strings.TrimSuffix(plain[i], "hash"), "sum")
		algorithm, known := algorithmName(name)
		switch {
		case known:
			sums[i] = algorithm
			found++
		case plain[i] == "hash" || plain[i] == "digest" || plain[i] == "checksum" || plain[i] == "hashvalue":
			sums[i] = columnByLength
			found++
		default:
			sums[i] = columnOther
		}
	}
	if found == 0 {
		return 0, nil, fmt.Errorf("%w: neither a known form of hash list nor a table whose header names a column md5, sha1, sha256, sha512 or hash", evidence.ErrFormat)
	}
	for _, class := range pathColumns {
		var at []int
		for i, p := range plain {
			for _, want := range class {
				if p == want {
					at = append(at, i)
				}
			}
		}
		switch len(at) {
		case 0:
		case 1:
			return at[0], sums, nil
		default:
			return 0, nil, fmt.Errorf("%w: columns %q and %q both look like the path", evidence.ErrAmbiguous, header[at[0]], header[at[1]])
		}
	}
	return 0, nil, fmt.Errorf("%w: the table's header names no column path, file path, full path, file name or name", evidence.ErrFormat)
}
