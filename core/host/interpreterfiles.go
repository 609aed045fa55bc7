package host

import (
	"maps"
	"slices"
)

// InterpreterFiles returns where the interpreter that runs p's program is on this
// computer, and the names of all files that a script can load of it, such as
// lib/python3.11/json/__init__.py; "" and nil where the program runs by itself.
func (p *Plugin) InterpreterFiles() (program string, names []string) {
	if p.interpreter == nil {
		return "", nil
	}
	return p.interpreter.files["bin/python3"].path, slices.Sorted(maps.Keys(p.interpreter.files))
}
