package verify

import (
	"regexp"
	"slices"
	"strings"
)

var recordPath = regexp.MustCompile(`^custody/records/((?:0|[1-9][0-9]{0,15}))-((?:0|[1-9][0-9]{0,15}))\.jsonl$`)

// checkRecords is step 13.
func (c *bundleCheck) checkRecords() (bool, error) {
	if c.bad[recordsFile] {
		c.report.NotChecked = append(c.report.NotChecked, "Where the records come from: "+recordsFile+" is not as listed.")
		return true, nil
	}
	var starts []int64
	end := int64(0)
	whole, err := c.bag.lines(recordsFile, maxLine, func(line []byte, at int64) error {
		starts, end = append(starts, at), at+int64(len(line))+1
		return nil
	})
	if err != nil {
		return false, err
	}
	if !whole {
		c.find(codeRecord, recordsFile, "has a line that is too long, or without its end")
		return true, nil
	}
	r, err := c.bag.open(recordsFile)
	if err != nil {
		return false, err
	}
	defer r.close()
	c.report.Checked.Records = int64(len(starts))
	s := recordCheck{c: c, starts: append(starts, end), used: make([]bool, len(starts)), text: r.ReadAt}
	for _, name := range c.bag.under("custody/records/") {
		ok, err := s.tree(name)
		if err != nil {
			return false, err
		}
		if !ok {
			c.find(codeRecord, name, "does not lead to what a run committed to, or not to records that are there, each once")
		}
	}
	if i := slices.Index(s.used, false); i >= 0 {
		c.find(codeRecord, recordsFile, "has a line that nothing leads to: line "+decimalOf(int64(i)+1))
	}
	return true, nil
}

type recordCheck struct {
	c      *bundleCheck
	starts []int64
	used   []bool
	text   func(b []byte, at int64) (int, error)
}

func (s *recordCheck) tree(path string) (bool, error) {
	m := recordPath.FindStringSubmatch(path)
	if m == nil {
		return false, nil
	}
	seq, _ := parseDecimal(m[1])
	n, _ := parseDecimal(m[2])
	want := s.c.members.trees[[2]int64{seq, n}] // of one that is not open there is no size, and no tree is of that
	var t prunedTree
	whole, err := s.c.bag.lines(path, maxBundleLine, func(line []byte, _ int64) error {
		o, err := parseObject(line)
		if err != nil {
			return errStop
		}
		if isHash, ok := t.hashLine(o); isHash {
			if !ok {
				return errStop
			}
			return nil
		}
		o.only("line", "salt")
		i, salt := o.integer("line")-1, o.text("salt")
		if *o.err != nil || !isHex(salt, 32) || i < 0 || i >= int64(len(s.used)) || s.used[i] {
			return errStop
		}
		s.used[i] = true
		text := make([]byte, s.starts[i+1]-s.starts[i]-1)
		if _, err := s.text(text, s.starts[i]); err != nil {
			return err
		}
		data := append([]byte(`["`+salt+`","record",`), text...)
		if !t.add(leafHash(append(data, ']')), 1, false) {
			return errStop
		}
		return nil
	})
	return whole && t.is(want.root, want.size), err
}

func decimalOf(n int64) string { return strings.TrimPrefix(entryName(n), "entry ") }
