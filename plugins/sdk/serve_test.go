//go:build linux

package sdk_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/wire"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// The test binary is the plugin too, where a host starts it.
func TestMain(m *testing.M) {
	if os.Getenv(sdk.CookieKey) != "" || os.Getenv("SDK_TEST_PLUGIN") != "" {
		sdk.Main(served)
	}
	os.Exit(m.Run())
}

// served does what its config says.
var served = sdk.Plugin{
	Name: "test/served", Version: "1.2.3",
	Probe: func(s sdk.Sample) sdk.Match {
		if s.Name == "panic" {
			panic(string(s.Head))
		}
		return sdk.MagicPrefix("one")(s)
	},
	Parse: func(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		var config struct{ Do string }
		if err := c.Decode(&config); err != nil {
			return err
		}
		for n := int64(0); config.Do == "flood"; n++ {
			if err := out.Put(&sdk.Keyword{Term: sdk.Str(strings.Repeat("x", 500))}, sdk.At(0, 0)); err != nil {
				return err
			}
		}
		for ln := range in.Lines() {
			switch config.Do {
			case "panic":
				panic(string(ln.Bytes))
			case "slow":
				time.Sleep(100 * time.Millisecond)
			case "hang":
				<-c.Done()
				return c.Err()
			}
			for _, k := range c.Keys() {
				c.Use(k)
			}
			if err := out.Put(&sdk.Keyword{Term: sdk.Bytes(ln.Bytes)}, ln.Source()); err != nil {
				return err
			}
		}
		return in.Err()
	},
	Unpack: func(_ *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		a, err := out.Artifact(nil, sdk.ArtifactOptions{})
		if err != nil {
			return err
		}
		if _, err := io.Copy(a, in.Reader()); err != nil {
			return err
		}
		return a.End(true, "")
	},
}

// host is the least that speaks docs/formats/wire.md.
type host struct {
	t      *testing.T
	client wire.PluginClient
	socket *net.UnixConn
	pid    int
	job    uint64
}

type clientPlugin struct {
	goplugin.NetRPCUnsupportedPlugin
}

func (clientPlugin) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error { return errors.New("no") }
func (clientPlugin) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return wire.NewPluginClient(c), nil
}

func start(t *testing.T) *host {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	conn, err := net.FileConn(ours)
	if err != nil {
		t.Fatal(err)
	}
	ours.Close()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Env = []string{sdk.EnvDescriptors + "=3", "TMPDIR=" + t.TempDir()}
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  goplugin.HandshakeConfig{ProtocolVersion: sdk.GoPluginVersion, MagicCookieKey: sdk.CookieKey, MagicCookieValue: sdk.CookieValue},
		Plugins:          goplugin.PluginSet{sdk.GoPluginName: clientPlugin{}},
		Cmd:              cmd,
		AutoMTLS:         true,
		SkipHostEnv:      true,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
		StartTimeout:     30 * time.Second,
	})
	t.Cleanup(func() {
		client.Kill()
		conn.Close()
	})
	rpc, err := client.Client()
	theirs.Close()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := rpc.Dispense(sdk.GoPluginName)
	if err != nil {
		t.Fatal(err)
	}
	return &host{t: t, client: raw.(wire.PluginClient), socket: conn.(*net.UnixConn), pid: cmd.Process.Pid}
}

func (h *host) send(job uint64, files ...*os.File) {
	h.t.Helper()
	fds := make([]int, len(files))
	for i, f := range files {
		fds[i] = int(f.Fd())
	}
	var head [8]byte
	binary.BigEndian.PutUint64(head[:], job)
	if _, _, err := h.socket.WriteMsgUnix(head[:], unix.UnixRights(fds...), nil); err != nil {
		h.t.Fatal(err)
	}
}

// answer is what came of a job.
type answer struct {
	done                            *wire.Done
	progress                        int
	records, diagnostics, artifacts []byte
	err                             error
}

// call runs one job over data; unread leaves the pipes full.
func (h *host) call(ctx context.Context, operation, do, data string, unread bool) (a answer) {
	h.t.Helper()
	h.job++
	path := filepath.Join(h.t.TempDir(), "input")
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		h.t.Fatal(err)
	}
	in, err := os.Open(path)
	if err != nil {
		h.t.Fatal(err)
	}
	var readers, writers []*os.File
	for range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			h.t.Fatal(err)
		}
		readers, writers = append(readers, r), append(writers, w)
	}
	h.send(h.job, append(writers, in)...)
	for _, f := range append(writers, in) {
		f.Close()
	}
	var wg sync.WaitGroup
	for i, into := range []*[]byte{&a.records, &a.diagnostics, &a.artifacts} {
		wg.Go(func() {
			if unread {
				<-ctx.Done()
			}
			*into, _ = io.ReadAll(readers[i])
			readers[i].Close()
		})
	}
	sum := sha256.Sum256([]byte(data))
	stream, err := h.client.Process(ctx, &wire.ProcessRequest{
		Job: h.job, Operation: operation, ConfigJson: []byte(`{"do":"` + do + `"}`),
		Inputs: []*wire.Input{{Role: "input", Size: uint64(len(data)), Sha256: sum[:], Descriptor_: 3}},
		Keys:   []*wire.Key{{Fingerprint: "key:1", Value: []byte{1}}},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	for {
		e, err := stream.Recv()
		if err != nil {
			if err != io.EOF {
				a.err = err
			}
			break
		}
		if d := e.GetDone(); d != nil {
			a.done = d
		} else {
			a.progress++
		}
	}
	wg.Wait()
	return a
}

func (a answer) check(t *testing.T) {
	t.Helper()
	if a.err != nil || a.done == nil {
		t.Fatal("no done:", a.err)
	}
	for name, s := range map[string]struct {
		sum *wire.Stream
		got []byte
	}{"records": {a.done.Records, a.records}, "diagnostics": {a.done.Diagnostics, a.diagnostics}, "artifacts": {a.done.Artifacts, a.artifacts}} {
		want := sha256.Sum256(s.got)
		if s.sum.Bytes != uint64(len(s.got)) || !bytes.Equal(s.sum.Sha256, want[:]) {
			t.Errorf("%s: done says %d bytes, %d came", name, s.sum.Bytes, len(s.got))
		}
	}
}

func (h *host) descriptors() int {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", h.pid))
	if err != nil {
		h.t.Fatal(err)
	}
	return len(entries)
}

func TestServe(t *testing.T) {
	h, ctx := start(t), t.Context()
	d, err := h.client.Describe(ctx, &wire.DescribeRequest{Protocol: 1})
	if err != nil || d.Name != "test/served" || d.Version != "1.2.3" || d.Protocol != 1 || strings.Join(d.Operations, " ") != "unpack parse" {
		t.Errorf("%v, %v", d, err)
	}
	if _, err := h.client.Describe(ctx, &wire.DescribeRequest{Protocol: 2}); status.Code(err) != codes.FailedPrecondition {
		t.Error(err)
	}
	if m, err := h.client.Probe(ctx, &wire.ProbeRequest{Head: []byte("one two")}); err != nil || m.Confidence != 100 {
		t.Error(m, err)
	}
	if _, err := h.client.Probe(ctx, &wire.ProbeRequest{Head: []byte("secret"), Name: "panic"}); status.Code(err) != codes.Internal || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}

	// One process, many jobs, in any order of fates.
	before := 0
	for round := range 12 {
		a := h.call(ctx, evidence.OpParse, "", "one\ntwo\nthree", false)
		a.check(t)
		if a.done.Outcome != wire.Outcome_OUTCOME_COMPLETE || a.done.Records.Count != 3 || a.done.BytesRead != 13 || len(a.done.KeysUsed) != 1 || a.done.Units.Declared != -1 || a.done.Units.Emitted != 3 {
			t.Fatalf("round %d: %v", round, a.done)
		}
		a = h.call(ctx, evidence.OpParse, "panic", "secret words\n", false)
		a.check(t)
		if a.done.Outcome != wire.Outcome_OUTCOME_FAILED || a.done.Diagnostics.Count != 1 || strings.Contains(a.done.Reason+string(a.diagnostics), "secret") {
			t.Fatalf("round %d: %v", round, a.done)
		}
		a = h.call(ctx, evidence.OpUnpack, "", strings.Repeat("0123456789", 50_000), false)
		a.check(t)
		if a.done.Outcome != wire.Outcome_OUTCOME_COMPLETE || len(a.artifacts) < 500_000 || a.done.Records.Count != 0 {
			t.Fatalf("round %d: %v", round, a.done)
		}
		a = h.call(ctx, evidence.OpDecrypt, "", "x", false)
		a.check(t)
		if a.done.Outcome != wire.Outcome_OUTCOME_FAILED {
			t.Fatalf("round %d: %v", round, a.done)
		}
		if round == 1 {
			before = h.descriptors()
		}
	}
	if after := h.descriptors(); after > before {
		t.Errorf("%d descriptors open, %d before", after, before)
	}
}

func TestServeCancels(t *testing.T) {
	h := start(t)
	for _, do := range []string{"flood", "hang"} {
		for _, unread := range []bool{false, true} {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(200*time.Millisecond, cancel)
			a := h.call(ctx, evidence.OpParse, do, "one\n", unread)
			if status.Code(a.err) != codes.Canceled || a.done != nil {
				t.Errorf("%s: %v, %v", do, a.done, a.err)
			}
			// The process is as good as new, at once.
			ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
			a = h.call(ctx, evidence.OpParse, "", "one\n", false)
			a.check(t)
			stop()
			cancel()
		}
	}
}

func TestServeReportsProgress(t *testing.T) {
	h := start(t)
	a := h.call(t.Context(), evidence.OpParse, "slow", strings.Repeat("line\n", 12), false)
	a.check(t)
	if a.progress < 2 || a.progress > 8 {
		t.Errorf("%d progress events in 1.2 s", a.progress)
	}
}

// A host may send a job's descriptors in several packets, and those of another job before.
func TestDescriptorsInParts(t *testing.T) {
	h := start(t)
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	h.send(99, null, null)
	h.send(7, null)
	h.send(7, null, null)
	h.send(99, null)
	h.send(7, null)
	for _, c := range []struct {
		job    uint64
		inputs []*wire.Input
	}{{7, []*wire.Input{{Role: "input", Sha256: make([]byte, 32), Descriptor_: 3}}}, {99, nil}} {
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
		stream, err := h.client.Process(ctx, &wire.ProcessRequest{Job: c.job, Operation: evidence.OpParse, Inputs: c.inputs})
		if err != nil {
			t.Fatal(err)
		}
		e, err := stream.Recv()
		if err != nil || e.GetDone() == nil {
			t.Errorf("job %d: %v, %v", c.job, e, err)
		}
		stop()
	}
	// Too many, too few until the call ends, and nonsense: an error, not a hang.
	h.send(8, null, null, null, null, null)
	for job, in := range map[uint64]*wire.Input{8: {Role: "input", Sha256: make([]byte, 32)}, 9: {Role: "input", Descriptor_: 1 << 30}, 10: {Role: "input", Descriptor_: 3, Sha256: []byte{1}}} {
		if job == 10 {
			h.send(10, null, null, null, null)
		}
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
		stream, err := h.client.Process(ctx, &wire.ProcessRequest{Job: job, Operation: evidence.OpParse, Inputs: []*wire.Input{in}})
		if err != nil {
			t.Fatal(err)
		}
		if e, err := stream.Recv(); err == nil || ctx.Err() != nil {
			t.Errorf("job %d: %v, %v", job, e, err)
		}
		stop()
	}
}

func TestMainByHand(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(file, []byte("one\ntwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		out  string
	}{
		{nil, 64, ""},
		{[]string{"run"}, 64, ""},
		{[]string{"run", "--nonsense", file}, 64, ""},
		{[]string{"run", file, file}, 64, ""},
		{[]string{"run", "--key", "k", file}, 64, ""},
		{[]string{"run", "--config", "{", file}, 64, ""},
		{[]string{"run", "--operation", "decrypt", file}, 64, ""},
		{[]string{"run", "/nonexistent"}, 1, ""},
		{[]string{"run", "/dev/null"}, 1, ""},
		{[]string{"run", "--config", `{"do":"panic"}`, file}, 1, ""},
		{[]string{"run", "--json", "--key", "k=00ff", file}, 0, `{"kind":"keyword","source":{"length":3,"line":1,"offset":0},"term":"one"}` + "\n" + `{"kind":"keyword","source":{"length":3,"line":2,"offset":4},"term":"two"}` + "\n"},
		{[]string{"run", "--json", "--operation", "unpack", file}, 0, `{"artifact":"` + evidence.Sum([]byte("one\ntwo\n")).String() + `","complete":true,"size":8}` + "\n"},
	} {
		cmd := exec.Command(exe, c.args...)
		cmd.Env = []string{"SDK_TEST_PLUGIN=1"}
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		_ = cmd.Run()
		if cmd.ProcessState.ExitCode() != c.code || stdout.String() != c.out || stderr.Len() == 0 {
			t.Errorf("%q: exit %d, %q, %q", c.args, cmd.ProcessState.ExitCode(), stdout.String(), stderr.String())
		}
	}
}
