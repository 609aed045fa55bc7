package verify_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// Plugins are pinned by an entry first, then in plugins.lock.json, then they
// run. A program stopped in between leaves a lock that lags behind the log: that is
// no alteration, unless something was run since.
func TestPinInterrupted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		history string // p: pin version 1, u: update to version 2, r: intent to run
		lock    string // version in the lock, "" for no lock
		want    verify.Verdict
		remark  bool
	}{
		{"pinned and run", "pr", "1", verify.Intact, false},
		{"first pin, no lock", "p", "", verify.Intact, true},
		{"first pin, no lock, run", "pr", "", verify.Incomplete, false},
		{"update, old lock", "pru", "1", verify.Intact, true},
		{"update, new lock", "pru", "2", verify.Intact, false},
		{"update, no lock", "pru", "", verify.Incomplete, false},
		{"update, old lock, run", "prur", "1", verify.Altered, false},
		{"never pinned", "r", "1", verify.Altered, false},
		{"no plugin", "r", "", verify.Intact, false},
		{"newer than the log", "pr", "2", verify.Altered, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBuilder(t, filepath.Join(t.TempDir(), "case"), "pins")
			b.entry(draft{kind: "create"})
			files := func(version string) object { return object{"plugin": strings.Repeat(version, 64)} }
			plugin := func(version string) object {
				return object{"name": "p", "version": version, "sha256": sum(canon(t, files(version)))}
			}
			for _, step := range c.history {
				switch step {
				case 'p':
					b.entry(draft{kind: "plugin", plain: object{"action": "pin", "plugin": plugin("1")}})
				case 'u':
					b.entry(draft{kind: "plugin", plain: object{"action": "update", "plugins": []object{plugin("2")}}})
				case 'r':
					intent := b.entry(draft{kind: "derive", plain: object{"phase": "intent"}})
					b.entry(draft{kind: "derive", plain: object{"phase": "result"}, refs: object{"intent": intent}})
				}
			}
			b.close()
			named := "plugin p"
			if c.lock != "" {
				write(t, filepath.Join(b.dir, "plugins.lock.json"), canon(t, object{"v": 1, "plugins": object{
					"p": object{"files": files(c.lock), "sha256": plugin(c.lock)["sha256"], "version": c.lock},
				}}))
			} else {
				named = "plugins.lock.json"
			}
			if c.want == verify.Intact {
				named = ""
			}
			r := check(t, b.dir, verify.Options{})
			expect(t, r, c.want, named)
			if got := len(r.Findings) > 0; c.want == verify.Intact && got != c.remark {
				t.Errorf("remarks:\n%s", findings(r))
			}
		})
	}
}
