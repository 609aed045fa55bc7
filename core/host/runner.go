package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-plugin/runner"

	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	// handshakeBytes bounds what is read of a plugin's stdout: one line.
	handshakeBytes = 16 << 10
	// afterExit is how long output that a dead process left is waited for.
	afterExit = 200 * time.Millisecond
	// killWait bounds waiting for a process that was sent SIGKILL.
	killWait = 5 * time.Second
	// Descriptors in the launcher, in the order of exec.Cmd.ExtraFiles from 3.
	fdDescriptors, fdProgram, fdStatus, fdDir = 3, 4, 5, 6
)

// procRunner runs one plugin under the launcher. It is go-plugin's Runner, so that
// go-plugin's own ways of starting, waiting and killing, which have no deadlines,
// are never used.
type procRunner struct {
	launcher []string
	spawner  *spawner
	program  *os.File
	argv0    string
	require  string
	limits   sandbox.Limits
	env      []string
	dir      string       // the plugin's own directory
	dirFile  *os.File     // O_PATH descriptor of dir
	sockFile *os.File     // the same of its socket
	peer     *os.File     // the plugin's end of the descriptor socket
	script   *scriptStart // what a script starts with instead of dir and peer
	stderr   *tail
	errPipe  *os.File // what stderr is read from

	cmd    *exec.Cmd
	proc   atomic.Pointer[os.Process] // set when it was started
	killed atomic.Bool
	stdout *firstLine
	report sandbox.Report
	exit   string        // set before done is closed
	done   chan struct{} // closed when the process has been reaped
	// settled is closed when the handshake is over. go-plugin cancels its own dial
	// when Wait returns and then leaks a connection; so Wait holds back until then.
	settled chan struct{}
	once    sync.Once
}

var _ runner.Runner = (*procRunner)(nil)

// exitedWell is procRunner.exit of a process that ended as it meant to.
const exitedWell = "exit status 0"

// errLauncher: our own launcher did not do its part.
var errLauncher = errors.New("sandbox launcher")

// Start starts the launcher and reads its report. On error no process is left.
func (r *procRunner) Start(ctx context.Context) error {
	outR, outW, err := r.pipe()
	if err != nil {
		return err
	}
	errR, errW, err := os.Pipe()
	if err != nil {
		closeAll(outR, outW)
		return err
	}
	statR, statW, err := os.Pipe()
	if err != nil {
		closeAll(outR, outW, errR, errW)
		return err
	}
	r.cmd, err = r.spawner.start(func(w way) (*exec.Cmd, error) { return r.command(w, outW, errW, statW) })
	closeAll(outW, errW, statW)
	if err != nil {
		closeAll(outR, errR, statR)
		return fmt.Errorf("%w: start: %w", errLauncher, err)
	}
	r.proc.Store(r.cmd.Process)
	if r.killed.Load() {
		r.signal()
	}
	r.errPipe = errR
	r.stdout = &firstLine{r: outR, max: handshakeBytes, ended: r.done}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		drain(r.stderr, errR, r.done)
	}()
	go r.reap(drained, outR, errR)

	stop := context.AfterFunc(ctx, r.signal)
	b, err := io.ReadAll(io.LimitReader(statR, 64<<10))
	stop()
	closeAll(statR)
	if err == nil {
		r.report, err = sandbox.ParseReport(b)
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", errLauncher, err)
	}
	if err == nil && r.report.Refused != "" {
		err = fmt.Errorf("%w: %s", evidence.ErrRefused, r.report.Refused)
	}
	if err != nil {
		r.signal()
		r.await(killWait)
	}
	return err
}

// pipe makes the pipe of the handshake. A script has its own, which somebody else reads.
func (r *procRunner) pipe() (read, write *os.File, err error) {
	if r.script != nil {
		return nil, r.script.stdout, nil
	}
	return os.Pipe()
}

// command builds one attempt to start the launcher.
func (r *procRunner) command(w way, stdout, stderr, status *os.File) (*exec.Cmd, error) {
	if r.script != nil {
		return r.script.command(r, stderr, status)
	}
	if os.Geteuid() == 0 {
		uid := max(w.uid, 0)
		if err := os.Chown(r.dir, uid, uid); err != nil {
			return nil, err
		}
	}
	program, path := fdProgram, ""
	if r.program == nil {
		program = -1 // only to report
	} else if !executesDescriptors {
		var err error
		if path, err = filepath.Abs(r.program.Name()); err != nil {
			return nil, err
		}
	}
	spec, err := json.Marshal(sandbox.Spec{
		Require: r.require, Program: program, Path: path, Dir: fdDir, Status: fdStatus, Keep: fdDescriptors,
		Namespaces: sandbox.HostNamespaces(), Limits: r.limits,
	})
	if err != nil {
		return nil, err
	}
	args := append(append([]string{}, r.launcher[1:]...), string(spec), r.argv0)
	cmd := exec.Command(r.launcher[0], args...)
	cmd.Env = r.env
	cmd.Stdout, cmd.Stderr = stdout, stderr                           // stdin: /dev/null
	cmd.ExtraFiles = []*os.File{r.peer, r.program, status, r.dirFile} // nil: closed
	return cmd, nil
}

// reap waits for the process, then closes its pipes whether or not somebody else
// still holds their other ends.
func (r *procRunner) reap(drained <-chan struct{}, pipes ...*os.File) {
	afterLeader(r.cmd.Process.Pid)
	err := r.cmd.Wait()
	var status *exec.ExitError
	switch {
	case err == nil:
		r.exit = exitedWell
	case errors.As(err, &status):
		r.exit = status.ProcessState.String()
	default:
		r.exit = err.Error()
	}
	t := time.NewTimer(afterExit)
	select {
	case <-drained:
	case <-t.C:
	}
	t.Stop()
	closeAll(pipes...)
	<-drained
	close(r.done)
}

// signal kills the process, and with a namespace of its own everything in it. A
// process that is only being started is killed when it has been.
func (r *procRunner) signal() {
	r.killed.Store(true)
	if p := r.proc.Load(); p != nil {
		_ = p.Kill()
	}
}

// await reports whether the process ended within d.
func (r *procRunner) await(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-r.done:
		return true
	case <-t.C:
		return false
	}
}

// settle lets Wait return.
func (r *procRunner) settle() { r.once.Do(func() { close(r.settled) }) }

// Wait waits for the process.
func (r *procRunner) Wait(context.Context) error {
	<-r.done
	<-r.settled
	return nil
}

// Kill kills the process.
func (r *procRunner) Kill(context.Context) error {
	r.signal()
	if r.proc.Load() != nil && !r.await(killWait) {
		return fmt.Errorf("process %s did not end", r.ID())
	}
	return nil
}

// Stdout gives go-plugin the handshake's line and nothing else.
func (r *procRunner) Stdout() io.ReadCloser { return r.stdout }

// Stderr gives go-plugin nothing: it would log it with the plugin's own level and text.
func (r *procRunner) Stderr() io.ReadCloser { return io.NopCloser(bytes.NewReader(nil)) }

// Name is for go-plugin's log, which is off.
func (r *procRunner) Name() string { return "plugin" }

// ID is the process's number.
func (r *procRunner) ID() string {
	p := r.proc.Load()
	if p == nil {
		return ""
	}
	return strconv.Itoa(p.Pid)
}

// Diagnose adds nothing.
func (r *procRunner) Diagnose(context.Context) string { return "" }

// PluginToHost accepts a socket in the plugin's own directory and nothing else: the
// host dials whatever it is told, and authentication is by a certificate that comes
// from the same source.
func (r *procRunner) PluginToHost(network, address string) (string, string, error) {
	name := filepath.Clean(address)
	if network != "unix" || name != filepath.Base(name) || name == "." || name == ".." || name == "/" {
		return "", "", errors.New("the plugin's address is not a unix socket in its own directory")
	}
	f, path, err := openSocket(r.dirFile, name)
	if err != nil {
		return "", "", errors.New("the plugin's address is not a unix socket")
	}
	r.sockFile = f
	return network, path, nil
}

// HostToPlugin refuses: plugins do not call the host.
func (r *procRunner) HostToPlugin(string, string) (string, string, error) {
	return "", "", errors.New("the host offers no address")
}

// firstLine passes the first line of r, of at most max bytes, then discards.
type firstLine struct {
	r     io.ReadCloser
	max   int
	over  bool
	ended <-chan struct{}
}

// Read implements io.Reader.
func (f *firstLine) Read(p []byte) (int, error) {
	if f.over {
		drain(io.Discard, f.r, f.ended)
		return 0, io.EOF
	}
	if f.max < len(p) {
		p = p[:f.max]
	}
	n, err := f.r.Read(p)
	if i := bytes.IndexByte(p[:n], '\n'); i >= 0 {
		n, f.over = i+1, true
	} else if f.max -= n; f.max == 0 {
		return n, io.EOF
	}
	return n, err
}

// Close implements io.Closer. The reaper closes the pipe.
func (f *firstLine) Close() error { return nil }

func closeAll(files ...*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}
