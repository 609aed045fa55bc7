//go:build linux

package host_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// asUser are the tests in which it matters who runs them: an ordinary user has
// other means to confine a plugin than root has.
const asUser = "^(TestRun|TestConfined|TestFeatures|TestFailsClosed|TestWithoutNamespaces|TestHostile|TestHostileJobs|TestStopped|TestRefused|TestCancel|TestHostDies|TestInputDescriptor)$"

// userRun is this program run again as an ordinary user, beside the tests from
// TestHostile on, which mostly wait.
var userRun userTests

type userTests struct {
	cmd *exec.Cmd
	out *os.File
	tmp string
}

// bystanders are processes that tests start beside plugins, by number.
var bystanders = map[string]bool{}

func isBystander(pid string) bool {
	return bystanders[pid] || userRun.cmd != nil && pid == strconv.Itoa(userRun.cmd.Process.Pid)
}

// begin starts it where there is something to start.
func (u *userTests) begin(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 || testing.Short() || u.cmd != nil {
		return
	}
	var err error
	if u.tmp, err = os.MkdirTemp("", "exhibit-user"); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(u.tmp, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	if u.out, err = os.Create(filepath.Join(u.tmp, "out")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe", "-test.v", "-test.timeout=5m", "-test.run="+asUser)
	cmd.Env = []string{envProgram + "=" + programPath(t), "TMPDIR=" + u.tmp, "HOME=/nonexistent", "PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	cmd.Stdout, cmd.Stderr = u.out, u.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	u.cmd = cmd
}

// wait returns its output.
func (u *userTests) wait() (string, error) {
	err := u.cmd.Wait()
	b, readErr := os.ReadFile(u.out.Name())
	return string(b), errors.Join(err, readErr)
}

// end removes what is left of it.
func (u *userTests) end() {
	if u.cmd != nil && u.cmd.ProcessState == nil {
		_ = u.cmd.Process.Kill()
		_ = u.cmd.Wait()
	}
	if u.out != nil {
		_ = u.out.Close()
		_ = os.RemoveAll(u.tmp)
	}
}

func TestUserCanRun(t *testing.T) {
	slow.Test(t)
	if os.Getuid() != 0 {
		t.Skip("is an ordinary user")
	}
	if testing.Short() {
		t.Skip("short")
	}
	userRun.begin(t)
	out, err := userRun.wait()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"TestHostile", "TestHostileJobs", "TestConfined"} {
		if !strings.Contains(out, "--- PASS: "+name+" ") {
			t.Errorf("%s did not pass:\n%s", name, out)
		}
	}
}
