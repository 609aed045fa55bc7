package sdk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/wire"
)

// The handshake of docs/formats/wire.md.
const (
	// CookieKey is the environment variable by which a plugin knows that a host started it.
	CookieKey = "EXHIBIT_PLUGIN"
	// CookieValue is what it holds.
	CookieValue = "6d1cbb5d-plugin-v1"
	// GoPluginVersion is go-plugin's own protocol version of ours.
	GoPluginVersion = 1
	// GoPluginName is the name under which go-plugin dispenses the service.
	GoPluginName = "plugin"
)

// progressEvery is the least time between two progress events.
const progressEvery = 250 * time.Millisecond

// maxRequest bounds a request: keys, configuration, the list of inputs.
const maxRequest = 64 << 20

// serve answers a host until it goes away.
func serve(p Plugin, d *descriptors) {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{ProtocolVersion: GoPluginVersion, MagicCookieKey: CookieKey, MagicCookieValue: CookieValue},
		Plugins:         goplugin.PluginSet{GoPluginName: &grpcPlugin{server: &server{plugin: p, descriptors: d, stderr: os.Stderr}}},
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(opts, grpc.MaxRecvMsgSize(maxRequest))...)
		},
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Error, Output: os.Stderr, JSONFormat: true}),
	})
}

type grpcPlugin struct {
	goplugin.NetRPCUnsupportedPlugin
	server *server
}

func (g *grpcPlugin) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	wire.RegisterPluginServer(s, g.server)
	return nil
}

func (g *grpcPlugin) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("sdk: a plugin is no host")
}

// server is the plugin's side of the wire.
type server struct {
	wire.UnimplementedPluginServer
	plugin      Plugin
	descriptors *descriptors
	// stderr is the process's own. go-plugin puts a stream of its own in its place, whose
	// bytes the host gets at some time, mixed with the next job's; Describe, which is
	// called before anything else, puts it back. nil leaves os.Stderr as it is.
	stderr  *os.File
	restore sync.Once
}

func (s *server) Describe(_ context.Context, r *wire.DescribeRequest) (*wire.DescribeResponse, error) {
	if r.GetProtocol() != evidence.PluginProtocol {
		return nil, status.Errorf(codes.FailedPrecondition, "protocol %d; this plugin speaks %d", r.GetProtocol(), evidence.PluginProtocol)
	}
	s.restore.Do(func() {
		if s.stderr != nil {
			os.Stderr = s.stderr
		}
	})
	return &wire.DescribeResponse{
		Protocol: evidence.PluginProtocol, Name: s.plugin.Name, Version: s.plugin.Version, Operations: s.plugin.Operations(),
	}, nil
}

func (s *server) Probe(_ context.Context, r *wire.ProbeRequest) (_ *wire.ProbeResponse, err error) {
	if s.plugin.Probe == nil {
		return nil, status.Error(codes.Unimplemented, "the plugin does not probe")
	}
	defer func() {
		if recover() != nil { // its value may hold evidence
			err = status.Error(codes.Internal, "the plugin panicked")
		}
	}()
	m := s.plugin.Probe(Sample{Head: r.GetHead(), Size: int64(r.GetSize()), Name: r.GetName()})
	return &wire.ProbeResponse{Confidence: uint32(min(max(m.Confidence, 0), 100)), Reason: validText(m.Reason)}, nil
}

func (s *server) Process(r *wire.ProcessRequest, events grpc.ServerStreamingServer[wire.ProcessEvent]) error {
	ctx := events.Context()
	count := streams
	for _, in := range r.GetInputs() {
		n := in.GetDescriptor_() // counts from the first of all, streams included
		if n < streams || n >= 1<<20 {
			return status.Error(codes.InvalidArgument, "an input's descriptor is out of range")
		}
		count = max(count, int(n)+1)
	}
	files, err := s.descriptors.take(ctx, r.GetJob(), count)
	if err != nil {
		return processError(ctx, err)
	}
	defer closeAll(files)
	j, err := jobOf(r, files)
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	// A host that has stopped reading must not keep a cancelled job in a write.
	stop := context.AfterFunc(ctx, func() {
		for _, f := range files[:streams] {
			_ = f.SetWriteDeadline(time.Unix(1, 0))
		}
	})
	defer stop()
	run := newJob(ctx, j)
	quiet := reportProgress(run, events)
	result, err := run.run(s.plugin, j.Operation)
	quiet()
	if err != nil {
		return processError(ctx, err)
	}
	closeAll(files[:streams])
	return events.Send(&wire.ProcessEvent{Kind: &wire.ProcessEvent_Done{Done: doneOf(result)}})
}

func processError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return status.FromContextError(ctx.Err()).Err()
	}
	return status.Error(codes.Unavailable, err.Error())
}

// reportProgress sends the job's counters while they change, until the returned
// function is called, which returns after the last event.
func reportProgress(j *job, events grpc.ServerStreamingServer[wire.ProcessEvent]) (quiet func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		var bytes, units int64
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			b, u := j.progress()
			if b == bytes && u == units {
				continue // silence is how the host learns that a plugin hangs
			}
			bytes, units = b, u
			p := &wire.Progress{BytesRead: uint64(b), UnitsRead: uint64(u)}
			if events.Send(&wire.ProcessEvent{Kind: &wire.ProcessEvent_Progress{Progress: p}}) != nil {
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

func (j *job) progress() (bytes, units int64) {
	for _, in := range j.inputs {
		bytes += in.covered.total()
	}
	return bytes, j.read.Load()
}

// jobOf reads a request; files are its descriptors.
func jobOf(r *wire.ProcessRequest, files []*os.File) (Job, error) {
	l := r.GetLimits()
	j := Job{
		Operation: r.GetOperation(), Config: r.GetConfigJson(),
		Records: files[0], Diagnostics: files[1], Artifacts: files[2],
		Limits: Limits{
			MaxRecords: clamp(l.GetMaxRecords()), MaxRecordBytes: clamp(l.GetMaxRecordBytes()), MaxDiagnostics: clamp(l.GetMaxDiagnostics()),
			MaxArtifacts: clamp(l.GetMaxArtifacts()), MaxOutputBytes: clamp(l.GetMaxOutputBytes()), MaxRatio: clamp(l.GetMaxRatio()), MaxDepth: clamp(l.GetMaxDepth()),
		},
	}
	for _, in := range r.GetInputs() {
		i := NewInput(files[in.GetDescriptor_()], clamp(in.GetSize()))
		i.Role, i.Name = in.GetRole(), in.GetName()
		if copy(i.SHA256[:], in.GetSha256()) != len(i.SHA256) || len(in.GetSha256()) != len(i.SHA256) {
			return Job{}, fmt.Errorf("input with a digest of %d bytes", len(in.GetSha256()))
		}
		j.Inputs = append(j.Inputs, i)
	}
	for _, k := range r.GetKeys() {
		j.Keys = append(j.Keys, Key{Fingerprint: k.GetFingerprint(), Name: k.GetName(), Value: k.GetValue()})
	}
	return j, nil
}

func clamp(n uint64) int64 { return int64(min(n, 1<<62)) }

func doneOf(r Result) *wire.Done {
	outcome := map[evidence.Outcome]wire.Outcome{
		evidence.OutcomeComplete: wire.Outcome_OUTCOME_COMPLETE,
		evidence.OutcomePartial:  wire.Outcome_OUTCOME_PARTIAL,
		evidence.OutcomeFailed:   wire.Outcome_OUTCOME_FAILED,
	}[r.Outcome]
	return &wire.Done{
		Outcome: outcome, Reason: r.Reason, BytesRead: uint64(r.BytesRead), KeysUsed: r.KeysUsed,
		Units:   &wire.Units{Declared: r.Units.Declared, Read: r.Units.Read, Emitted: r.Units.Emitted, Rejected: r.Units.Rejected, Skipped: r.Units.Skipped},
		Records: streamOf(r.Records), Diagnostics: streamOf(r.Diagnostics), Artifacts: streamOf(r.Artifacts),
	}
}

func streamOf(s StreamSum) *wire.Stream {
	return &wire.Stream{Count: uint64(s.Count), Bytes: uint64(s.Bytes), Sha256: s.SHA256[:]}
}
