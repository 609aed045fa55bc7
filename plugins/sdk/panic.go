package sdk

import (
	"errors"
	"fmt"
	"os"
	"path"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// CodePanic is the code of the diagnostic about a plugin that panicked.
const CodePanic = "plugin.panic"

var errPanic = errors.New("the plugin panicked")

// call runs op and turns a panic into a failed run. The value of a panic may hold
// evidence and is dropped; where it happened is not evidence.
func (j *job) call(op Op) (err error) {
	defer func() {
		if recover() == nil {
			return
		}
		where := panicked()
		_, _ = os.Stderr.WriteString("plugin panicked at " + where + "\n" + string(debug.Stack()))
		err = fmt.Errorf("%w at %s", errPanic, where)
		j.err = nil // the diagnostic must get through
		j.diagnose(&Diagnostic{
			Code: CodePanic, Severity: evidence.SeverityWarning,
			Message: "the plugin stopped at a defect of its own; what it had read so far is not to be relied on",
			Data:    map[string]any{"at": where},
		}, true)
	}()
	return op(&Ctx{Context: j.ctx, job: j}, j.main(), &Out{job: j})
}

// panicked names the file and line of the innermost frame outside the runtime.
func panicked() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	past := false
	for {
		f, more := frames.Next()
		if f.Function == "runtime.gopanic" {
			past = true
		} else if past && !strings.HasPrefix(f.Function, "runtime.") {
			return fmt.Sprintf("%s:%d", path.Join(path.Base(path.Dir(f.File)), path.Base(f.File)), f.Line)
		}
		if !more {
			return "unknown place"
		}
	}
}
