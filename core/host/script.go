package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"

	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// maxScriptInputs keeps the descriptors of a job below those of the script's files.
const maxScriptInputs = 200

// What the host asks of a script besides the operations of its manifest.
const (
	operationDescribe = "describe"
	operationProbe    = "probe"
)

// scriptStart is what the process of a script has from its start: its job is known
// by then, for it has one only.
type scriptStart struct {
	job    *os.File   // its stdin
	stdout *os.File   // the writing end of its answer
	inputs []*os.File // from descriptor 3 on
	argv   []string
	trees  []*tree
	fds    []int // under which it has them
}

// isScript: the plugin prints JSON lines rather than speaking docs/formats/wire.md.
func (p *Plugin) isScript() bool { return p.Manifest.Runtime == evidence.RuntimeNDJSON }

// launchScript starts a process for one job of a script. The answer is read from
// process.answer. Errors are launch's.
func (h *Host) launchScript(ctx context.Context, j Job, lim Limits) (_ *process, err error) {
	if !executesDescriptors {
		return nil, fmt.Errorf("%w: plugins of runtime %q run on Linux only", evidence.ErrRefused, evidence.RuntimeNDJSON)
	}
	if len(j.Inputs) > maxScriptInputs {
		return nil, fmt.Errorf("%d inputs; a script takes %d", len(j.Inputs), maxScriptInputs)
	}
	h.compile(ctx, j.Plugin, lim)
	start := new(scriptStart)
	defer func() { closeAll(append(start.inputs, start.job)...) }()
	program, shared, env, err := h.scriptFiles(j.Plugin, start)
	if err != nil {
		return nil, err
	}
	if !shared {
		defer closeAll(program)
	}
	if err := start.take(j, lim); err != nil {
		return nil, err
	}
	return h.startScript(ctx, program, env, start, lim)
}

// startScript starts a process; start stays the caller's to close.
func (h *Host) startScript(ctx context.Context, program *os.File, env []string, start *scriptStart, lim Limits) (*process, error) {
	answer, err := newStream("answer")
	if err != nil {
		return nil, err
	}
	start.stdout, answer.w = os.NewFile(uintptr(answer.w), "answer"), -1
	defer closeAll(start.stdout)
	proc := &process{run: h.newRunner(program, "", lim, nil), answer: answer}
	proc.run.env, proc.run.script = env, start
	proc.run.settle()
	ctx, cancel := context.WithTimeout(ctx, lim.Start)
	defer cancel()
	if err := proc.run.Start(ctx); err != nil {
		proc.end()
		if ctx.Err() != nil && !errors.Is(ctx.Err(), context.Canceled) {
			return proc, fmt.Errorf("%w: did not start within %v", evidence.ErrPlugin, lim.Start)
		}
		return proc, err
	}
	return proc, nil
}

// scriptFiles opens what is executed and read: the interpreter's program, or the
// plugin's own, and private copies of all files of both.
func (h *Host) scriptFiles(p *Plugin, start *scriptStart) (program *os.File, shared bool, env []string, err error) {
	env = []string{"EXHIBIT_NDJSON=1", "TZ=UTC", "LANG=C.UTF-8"}
	own, err := h.trees.plugin(p)
	if err != nil {
		return nil, false, nil, err
	}
	in := p.interpreter
	if in == nil {
		start.argv = []string{path.Base(p.Manifest.Program)}
		start.trees, start.fds = []*tree{own}, []int{fdPlugin}
		program, shared, err = h.programs.open(p)
		return program, shared, env, err
	}
	theirs, err := h.trees.interpreter(in)
	if err != nil {
		return nil, false, nil, err
	}
	start.argv = append(append([]string{}, in.argv...), treePath(fdPlugin, p.Manifest.Program))
	start.trees, start.fds = []*tree{theirs, own}, []int{fdInterpreter, fdPlugin}
	program, shared, err = h.programs.openTree(theirs, in)
	return program, shared, append(env, in.env...), err
}

// take opens the job's inputs and writes down the job.
func (s *scriptStart) take(j Job, lim Limits) error {
	text, err := jobLine(j, lim)
	if err != nil {
		return err
	}
	if s.job, err = jobFile(text); err != nil {
		return fmt.Errorf("job: %w", err)
	}
	for _, in := range j.Inputs {
		fd, err := reopen(in.File, in.Size)
		if err != nil {
			return fmt.Errorf("input %q: %w", in.Role, err)
		}
		s.inputs = append(s.inputs, os.NewFile(uintptr(fd), "input"))
	}
	return nil
}

// jobLine is what a script reads on its stdin (docs/formats/ndjson.md).
func jobLine(j Job, lim Limits) ([]byte, error) {
	inputs, keys := make([]any, len(j.Inputs)), make([]any, len(j.Keys))
	for i, in := range j.Inputs {
		inputs[i] = map[string]any{"descriptor": 3 + i, "role": in.Role, "name": in.Name, "size": in.Size, "sha256": in.SHA256.Hex()}
	}
	for i, k := range j.Keys {
		keys[i] = map[string]any{"fingerprint": k.Fingerprint, "name": k.Name, "value": k.Value}
	}
	config := json.RawMessage(j.Config)
	if len(config) == 0 {
		config = json.RawMessage("{}")
	}
	b, err := evidence.Canonical(map[string]any{
		"v": 1, "operation": j.Operation, "inputs": inputs, "keys": keys, "config": config,
		"limits": map[string]any{
			"records": lim.Records, "diagnostics": lim.Diagnostics, "artifacts": lim.Artifacts, "record_bytes": lim.RecordBytes,
			"output_bytes": lim.OutputBytes, "ratio": lim.Ratio, "depth": lim.Depth, "memory": lim.Memory,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	return append(b, '\n'), nil
}

// command builds one attempt to start the launcher for a script.
func (s *scriptStart) command(r *procRunner, stderr, status *os.File) (*exec.Cmd, error) {
	n := 3 + len(s.inputs)
	spec := sandbox.Spec{
		Require: r.require, Program: n, Dir: -1, Status: n + 1, Keep: n - 1,
		Namespaces: sandbox.HostNamespaces(), Limits: r.limits,
	}
	files := append(append([]*os.File{}, s.inputs...), r.program, status)
	for i, t := range s.trees {
		spec.Trees = append(spec.Trees, sandbox.Tree{From: 3 + len(files), To: s.fds[i]})
		files = append(files, t.dir)
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	args := append(append(append([]string{}, r.launcher[1:]...), string(text)), s.argv...)
	cmd := exec.Command(r.launcher[0], args...)
	cmd.Env = r.env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.job, s.stdout, stderr
	cmd.ExtraFiles = files
	return cmd, nil
}
