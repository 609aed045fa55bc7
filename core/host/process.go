package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/wire"
)

// What docs/formats/wire.md fixes.
const (
	cookieKey      = "EXHIBIT_PLUGIN"
	cookieValue    = "6d1cbb5d-plugin-v1"
	pluginName     = "plugin"
	envDescriptors = "EXHIBIT_DESCRIPTORS"
)

const (
	// maxDescriptors is what a plugin may hold open; a job takes three and its inputs.
	maxDescriptors = 512
	// maxInputs is what one SCM_RIGHTS message carries (253) less the three pipes.
	maxInputs = 250
	// maxThreads bounds the threads of a process.
	maxThreads = 512
	// maxDirEntries bounds what a plugin leaves in its directory: its socket.
	maxDirEntries = 8
)

// process is one plugin process, ready for a job or at work on one.
type process struct {
	key    string
	run    *procRunner
	client *goplugin.Client
	rpc    wire.PluginClient
	socket *os.File // the host's end of the descriptor socket
	answer *stream  // of a script, which has none of rpc, client and socket
	jobs   int
	number uint64        // of the last job
	cpu    time.Duration // processor time when it was last looked at
	first  size          // after its first job
	ended  bool
}

const (
	// growthEvery is after how many jobs a process is looked at again.
	growthEvery = 16
	// maxGrowth is what it may hold more than after its first job: memory, descriptors
	// and threads.
	maxGrowth        = 128 * mib
	maxGrowthFiles   = 32
	maxGrowthThreads = 64
)

// size is what a process holds between two jobs.
type size struct {
	memory, threads int64
	files           int
}

// grows reports whether the process keeps more from job to job: what leaks, and what
// is kept of other inputs, is not waited for until a limit ends a job that is not to blame.
func (p *process) grows() bool {
	if p.jobs != 1 && p.jobs%growthEvery != 0 {
		return false
	}
	u, ok := readUsage(p.run.ID())
	if !ok {
		return false
	}
	now := size{memory: u.memory, threads: u.threads, files: descriptorsOf(p.run.ID())}
	if p.jobs == 1 {
		p.first = now
		return false
	}
	return now.memory > p.first.memory+maxGrowth || now.files > p.first.files+maxGrowthFiles || now.threads > p.first.threads+maxGrowthThreads
}

// newRunner returns what starts the launcher for a program.
func (h *Host) newRunner(program *os.File, argv0 string, lim Limits, peer *os.File) *procRunner {
	return &procRunner{
		launcher: h.cfg.Launcher, spawner: h.spawner, program: program, argv0: argv0,
		require: h.cfg.RequireLevel, limits: processLimits(lim), peer: peer, stderr: new(tail),
		done: make(chan struct{}), settled: make(chan struct{}),
	}
}

// probe runs the launcher without a program.
func (h *Host) probe(ctx context.Context) (sandbox.Report, error) {
	dir, err := os.MkdirTemp(h.dir.path, "probe")
	if err != nil {
		return sandbox.Report{}, fmt.Errorf("host: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	lim := Limits{}.resolve(h.cfg.Limits, "", 0)
	r := h.newRunner(nil, pluginName, lim, nil)
	r.require, r.dir = sandbox.L0, dir
	if r.dirFile, err = openDir(dir); err != nil {
		return sandbox.Report{}, fmt.Errorf("host: %w", err)
	}
	defer closeAll(r.dirFile)
	ctx, cancel := context.WithTimeout(ctx, lim.Start)
	defer cancel()
	if err := r.Start(ctx); err != nil {
		return sandbox.Report{}, fmt.Errorf("host: %w", err)
	}
	r.settle()
	if !r.await(killWait) {
		return sandbox.Report{}, errors.New("host: the sandbox launcher does not end")
	}
	return r.report, nil
}

// grpcPlugin tells go-plugin how to make our client.
type grpcPlugin struct {
	goplugin.NetRPCUnsupportedPlugin
}

// GRPCClient returns a wire.PluginClient.
func (grpcPlugin) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return wire.NewPluginClient(c), nil
}

// GRPCServer is the plugin's side, which the host has not.
func (grpcPlugin) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error {
	return errors.New("host: not a plugin")
}

// launch starts a process for p and waits until it has described itself. It fails
// with evidence.ErrRefused where p may not run, with evidence.ErrPlugin where it
// does not start as a plugin does. On error the process, where there was one, has
// ended and nothing of it is left but its exit status and stderr.
func (h *Host) launch(ctx context.Context, key string, p *Plugin, lim Limits) (*process, error) {
	program, shared, err := h.programs.open(p)
	if err != nil {
		return nil, err
	}
	if !shared {
		defer closeAll(program)
	}
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, fmt.Errorf("descriptor socket: %w", err)
	}
	peer := os.NewFile(uintptr(theirs), "descriptors")
	defer closeAll(peer)
	proc := &process{key: key, socket: os.NewFile(uintptr(ours), "descriptors")}
	proc.run = h.newRunner(program, filepath.Base(p.Manifest.Program), lim, peer)
	ctx, cancel := context.WithTimeout(ctx, lim.Start)
	defer cancel()
	err = proc.connect(ctx, h, p, lim)
	if err != nil {
		proc.end()
	}
	return proc, err
}

func processLimits(lim Limits) sandbox.Limits {
	return sandbox.Limits{
		Data: uint64(lim.Memory), Descriptors: maxDescriptors, Threads: maxThreads,
		// For the life of the process, as a last resort: the watchdog bounds each job, and
		// a process that has used maxTotal gets no other job.
		CPUSeconds: uint64(3 * maxTotal.Seconds()),
	}
}

// connect starts the process and speaks the handshake. go-plugin's calls take no
// context: they end because the process is killed when ctx does.
func (p *process) connect(ctx context.Context, h *Host, plugin *Plugin, lim Limits) error {
	config := &goplugin.ClientConfig{
		HandshakeConfig:  goplugin.HandshakeConfig{ProtocolVersion: evidence.PluginProtocol, MagicCookieKey: cookieKey, MagicCookieValue: cookieValue},
		Plugins:          goplugin.PluginSet{pluginName: grpcPlugin{}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		// Always on: without it go-plugin crashes on a plugin that sends a certificate.
		AutoMTLS:    true,
		SkipHostEnv: true,
		Logger:      hclog.NewNullLogger(),
		// Until then ctx has long ended; this only ends what go-plugin waits for.
		StartTimeout:     lim.Start,
		SyncStdout:       &paced{pacer: pacer{ended: p.run.done}, w: io.Discard},
		SyncStderr:       &paced{pacer: pacer{ended: p.run.done}, w: p.run.stderr},
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: h.dir.path},
		GRPCDialOptions:  dialOptions(),
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, dir string) (runner.Runner, error) {
			p.run.dir = dir
			f, err := openDir(dir)
			if err != nil {
				return nil, err
			}
			p.run.dirFile = f
			p.run.env = environment(cmd.Env, lim)
			return p.run, nil
		},
	}
	p.client = goplugin.NewClient(config)
	stop := context.AfterFunc(ctx, p.run.signal)
	defer stop()
	err := p.handshake()
	p.run.settle()
	if err == nil {
		err = p.describe(ctx, plugin, h.cfg.HostVersion)
	}
	if err != nil && ctx.Err() != nil {
		if errors.Is(ctx.Err(), context.Canceled) {
			return context.Cause(ctx)
		}
		return fmt.Errorf("%w: did not start within %v", evidence.ErrPlugin, lim.Start)
	}
	return err
}

// environment is all that a plugin's process knows of where it runs. The zone and
// the locale are fixed, so that they cannot change its output.
func environment(fromGoPlugin []string, lim Limits) []string {
	env := slices.DeleteFunc(slices.Clone(fromGoPlugin), func(e string) bool {
		name, _, _ := cutEnv(e)
		return name == goplugin.EnvUnixSocketDir
	})
	return append(env,
		goplugin.EnvUnixSocketDir+"=.", // the launcher has gone there; the host's path is not told
		"TMPDIR=.",
		envDescriptors+"="+strconv.Itoa(fdDescriptors),
		"TZ=UTC", "LANG=C.UTF-8",
		// Garbage is collected harder before the limit is met.
		"GOMEMLIMIT="+strconv.FormatInt(lim.Memory-lim.Memory/8, 10),
	)
}

// handshake starts the process by way of go-plugin and dials it.
func (p *process) handshake() (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: handshake: go-plugin panicked", evidence.ErrPlugin)
		}
	}()
	protocol, err := p.client.Client()
	switch {
	case err == nil:
	case errors.Is(err, evidence.ErrRefused) || errors.Is(err, errLauncher) || p.run.proc.Load() == nil:
		return err
	default:
		return fmt.Errorf("%w: handshake: %s", evidence.ErrPlugin, printable(err.Error(), 200))
	}
	client, err := protocol.Dispense(pluginName)
	if err != nil {
		return fmt.Errorf("%w: handshake: %s", evidence.ErrPlugin, printable(err.Error(), 200))
	}
	p.rpc = client.(wire.PluginClient)
	return nil
}

// describe refuses a plugin that is not what its manifest says.
func (p *process) describe(ctx context.Context, plugin *Plugin, hostVersion string) error {
	// The plugin is not told the deadline: it could answer in its name a moment before.
	call, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	d, err := p.rpc.Describe(call, &wire.DescribeRequest{Protocol: evidence.PluginProtocol, HostVersion: hostVersion})
	if err != nil {
		return fmt.Errorf("%w: Describe: %s", evidence.ErrPlugin, printable(err.Error(), 200))
	}
	m := plugin.Manifest
	var want []string
	for _, op := range m.Operations {
		want = append(want, op.Operation)
	}
	got := slices.Clone(d.GetOperations())
	slices.Sort(want)
	slices.Sort(got)
	want = slices.Compact(want)
	if d.GetProtocol() != evidence.PluginProtocol || d.GetName() != m.Name || d.GetVersion() != m.Version || !slices.Equal(want, got) {
		return fmt.Errorf("%w: the manifest says %s %s, protocol %d, %v; the program says %s %s, protocol %d, %s", evidence.ErrRefused,
			m.Name, m.Version, m.Protocol, want, printable(d.GetName(), 100), printable(d.GetVersion(), 100), d.GetProtocol(),
			printable(fmt.Sprint(got), 100))
	}
	return nil
}

// alive reports whether the process has not ended.
func (p *process) alive() bool {
	select {
	case <-p.run.done:
		return false
	default:
		return true
	}
}

// exit says how the process ended, "" where it has not.
func (p *process) exit() string {
	if p.alive() {
		return ""
	}
	return p.run.exit
}

// end kills the process, waits for it, and removes all that belongs to it. The
// signal comes first: go-plugin's Kill waits without a deadline for a process that
// does not answer.
func (p *process) end() {
	if p.ended {
		return
	}
	p.ended = true
	p.run.signal()
	p.run.settle()
	if ended := p.run.proc.Load() == nil || p.run.await(killWait); ended && p.client != nil {
		kill(p.client)
	}
	closeAll(p.socket, p.run.dirFile, p.run.sockFile)
	if p.answer != nil {
		p.answer.close()
	}
	if p.run.dir != "" {
		_ = os.RemoveAll(p.run.dir)
	}
}

// kill lets go-plugin close what it has open. A panic of its own must not be ours.
func kill(c *goplugin.Client) {
	defer func() { _ = recover() }()
	c.Kill()
}
