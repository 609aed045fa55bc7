package kit

import (
	"fmt"
	"sync"
)

// mostFaults is how many faults of one check are told.
const mostFaults = 5

// findings gathers what one check finds; many goroutines may.
type findings struct {
	mu     sync.Mutex
	faults []Fault
	more   int
	found  string
	skip   string
}

func (f *findings) fault(x Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.faults) == mostFaults {
		f.more++
		return
	}
	f.faults = append(f.faults, x)
}

// enough reports whether more faults would not be told anyway.
func (f *findings) enough() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.more > 0
}

// pass says what was seen where nothing is wrong.
func (f *findings) pass(format string, a ...any) { f.found = fmt.Sprintf(format, a...) }

// skipped says why nothing was looked at.
func (f *findings) skipped(format string, a ...any) { f.skip = fmt.Sprintf(format, a...) }

func (f *findings) check(name string) Check {
	c := Check{Name: name, Result: Pass, Found: f.found, Faults: f.faults}
	switch {
	case len(f.faults) > 0:
		c.Result, c.Found = Fail, fmt.Sprintf("%d %s", len(f.faults)+f.more, plural("fault", len(f.faults)+f.more))
		if f.more > 0 {
			c.Found += fmt.Sprintf("; the first %d are told", mostFaults)
		}
	case f.skip != "":
		c.Result, c.Found = Skip, f.skip
	}
	return c
}

func plural(word string, n int) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

func counted(n int, word string) string { return fmt.Sprintf("%d %s", n, plural(word, n)) }
