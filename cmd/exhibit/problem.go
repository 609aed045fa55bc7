package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/signer"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// problem is an error as a person should see it: what happened and to what, what
// was done or not done, and what to try.
type problem struct {
	what, state, try string
	// code is the exit code where the cause alone does not decide it.
	code  int
	cause error
}

func (p *problem) Error() string { return p.what }
func (p *problem) Unwrap() error { return p.cause }

// usagef is a problem with the command line.
func usagef(format string, args ...any) error {
	return &problem{what: fmt.Sprintf(format, args...), state: "Nothing was done.", cause: errUsage}
}

// withState says of an error what was or was not done, unless that was said already.
func withState(err error, state string) error {
	if err == nil {
		return nil
	}
	if p := (*problem)(nil); errors.As(err, &p) {
		if p.state == "" {
			p.state = state
		}
		return err
	}
	return &problem{what: sentence(err), state: state, cause: err}
}

// withTry adds what to try, unless that was said already.
func withTry(err error, try string) error {
	if err == nil {
		return nil
	}
	if p := (*problem)(nil); errors.As(err, &p) {
		if p.try == "" {
			p.try = try
		}
		return err
	}
	return &problem{what: sentence(err), try: try, cause: err}
}

// explain turns any error into a problem.
func explain(err error) *problem {
	var p *problem
	if !errors.As(err, &p) {
		p = &problem{what: sentence(err), cause: err}
	}
	if p.try == "" && !strings.Contains(p.what, "Try: ") {
		p.try = hint(err)
	}
	return p
}

// hint is what to try by the cause alone.
func hint(err error) string {
	switch {
	case errors.Is(err, errUsage):
		return ""
	case errors.Is(err, evidence.ErrNoCase):
		return "give the case with --case DIR or $EXHIBIT_CASE, or make one: exhibit init DIR"
	case errors.Is(err, evidence.ErrLocked):
		return "wait until the other process is done, or end it"
	case errors.Is(err, evidence.ErrNewer):
		return "use the version of exhibit that wrote it, or a later one"
	case errors.Is(err, evidence.ErrNoSpace):
		return "free space where the case is, then give the same command again"
	case errors.Is(err, signer.ErrLax):
		return "make the directory of identities, and the files in it, yours alone: chmod -R go= DIR"
	case errors.Is(err, evidence.ErrIntegrity):
		return "exhibit verify"
	case errors.Is(err, evidence.ErrKey):
		return "exhibit key list"
	case errors.Is(err, fs.ErrPermission):
		return "do it as a user who has the permission"
	}
	return ""
}

// packages begin the messages of our own errors; people need not know them.
var packages = []string{"bundle", "disclose", "store", "intake", "blob", "custody", "signer", "keyring", "layouts", "engine", "locate", "view", "verify", "host", "search", "index", "marks", "timeline", "handling", "sshsig", "proof", "anchor", "witness", "selftest", "kit", "redact", "vault"}

// sentence is an error's text without the names of our packages in front of it.
func sentence(err error) string {
	s := err.Error()
	for again := true; again; {
		again = false
		for _, name := range packages {
			if rest, ok := strings.CutPrefix(s, name+": "); ok {
				s, again = rest, true
			}
		}
	}
	return s
}

// complaint is what is wrong with a value on the command line.
func complaint(err error) string {
	return strings.ReplaceAll(sentence(err), evidence.ErrFormat.Error()+": ", "")
}

// report writes an error to w: as text, or as one line of JSON.
func (p *problem) report(w io.Writer, asJSON bool, code int) error {
	if asJSON {
		b, err := json.Marshal(map[string]any{"error": p.what, "state": p.state, "try": p.try, "exit": code})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s\n", b)
		return err
	}
	what := visible(strings.TrimSuffix(p.what, "."))
	if !strings.HasPrefix(what, "exhibit") {
		what = "exhibit: " + what
	}
	lines := []string{what}
	if p.state != "" {
		lines = append(lines, visible(p.state))
	}
	if p.try != "" {
		lines = append(lines, "Try: "+visible(p.try))
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}
