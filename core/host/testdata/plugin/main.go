// Plugin is the plugin that core/host is tested with: well behaved on request,
// and otherwise everything that a plugin must not be able to do. Its config names
// the mode; what it does before a config can reach it goes by its program's name.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"

	"github.com/exhibit-forensics/exhibit/internal/wire"
)

func main() {
	program := filepath.Base(os.Args[0])
	beforeHandshake(program)
	socket, err := strconv.Atoi(os.Getenv("EXHIBIT_DESCRIPTORS"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "not started by a host")
		os.Exit(1)
	}
	s := &server{program: program, socket: socket}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "EXHIBIT_PLUGIN", MagicCookieValue: "6d1cbb5d-plugin-v1"},
		Plugins:         goplugin.PluginSet{"plugin": &adapter{server: s}},
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(o, grpc.MaxRecvMsgSize(64<<20), grpc.StreamInterceptor(s.intercept), grpc.MaxHeaderListSize(64<<20))...)
		},
		Logger: hclog.NewNullLogger(),
	})
}

type adapter struct {
	goplugin.NetRPCUnsupportedPlugin
	server wire.PluginServer
}

func (a *adapter) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	wire.RegisterPluginServer(s, a.server)
	return nil
}

func (a *adapter) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, nil
}

type server struct {
	wire.UnimplementedPluginServer
	program string
	socket  int
	jobs    int
	sent    atomic.Int64 // messages that the program's name sends on go-plugin's own streams
}

// Describe says what plugin.json says, unless the program's name asks for a lie.
func (s *server) Describe(context.Context, *wire.DescribeRequest) (*wire.DescribeResponse, error) {
	d := &wire.DescribeResponse{Protocol: 1, Name: "test-plugin", Version: "1.0.0", Operations: []string{"unpack", "parse"}}
	switch s.program {
	case "liar-version":
		d.Version = "9.9.9"
	case "liar-name":
		d.Name = "another-plugin"
	case "liar-protocol":
		d.Protocol = 2
	case "describe-huge":
		d.Version = strings.Repeat("9", 16<<20)
	case "describe-hang":
		select {}
	case "liar-operations":
		d.Operations = append(d.Operations, "decrypt")
	case "crash-describe":
		os.Exit(7)
	}
	return d, nil
}

// config is the job's configuration.
type config struct {
	Mode string `json:"mode"`
	N    int    `json:"n"`
	Path string `json:"path"`
	Pid  int    `json:"pid"`
}

// job is one job at work.
type job struct {
	config
	req     *wire.ProcessRequest
	events  grpc.ServerStreamingServer[wire.ProcessEvent]
	records *out
	diags   *out
	arts    *out
	inputs  []*os.File
	first   bool // the first job of this process
	server  *server
	done    *wire.Done
}

// Process receives the descriptors and runs the mode.
func (s *server) Process(req *wire.ProcessRequest, events grpc.ServerStreamingServer[wire.ProcessEvent]) error {
	s.jobs++
	j := &job{req: req, events: events, first: s.jobs == 1, server: s}
	if err := json.Unmarshal(req.GetConfigJson(), &j.config); err != nil {
		return err
	}
	if err := j.receive(s.socket, req.GetJob()); err != nil {
		return err
	}
	j.done = &wire.Done{Outcome: wire.Outcome_OUTCOME_COMPLETE, Units: &wire.Units{Declared: -1}}
	mode, ok := modes[j.Mode]
	if !ok {
		return fmt.Errorf("no mode %q", j.Mode)
	}
	if err := mode(j); err != nil {
		return err
	}
	if j.done == nil {
		return nil
	}
	j.finish()
	return events.Send(&wire.ProcessEvent{Kind: &wire.ProcessEvent_Done{Done: j.done}})
}

func (j *job) receive(socket int, number uint64) error {
	packet, oob := make([]byte, 16), make([]byte, 4096)
	n, oobn, _, _, err := unix.Recvmsg(socket, packet, oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return err
	}
	if n != 8 || binary.BigEndian.Uint64(packet) != number {
		return fmt.Errorf("packet %x for job %d", packet[:n], number)
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil || len(messages) != 1 {
		return fmt.Errorf("%d control messages, %v", len(messages), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return err
	}
	var files []*os.File
	for _, fd := range fds {
		files = append(files, os.NewFile(uintptr(fd), "fd"))
	}
	j.records, j.diags, j.arts = newOut(files[0]), newOut(files[1]), newOut(files[2])
	j.inputs = files[3:]
	return nil
}

// finish closes the streams and completes Done.
func (j *job) finish() {
	j.done.Records, j.done.Diagnostics, j.done.Artifacts = j.records.close(), j.diags.close(), j.arts.close()
	for _, f := range j.inputs {
		f.Close()
	}
}

// out is one of the three streams.
type out struct {
	f     *os.File
	buf   []byte
	sum   hash.Hash
	bytes uint64
	count uint64
}

func newOut(f *os.File) *out { return &out{f: f, sum: sha256.New()} }

func (o *out) write(b []byte) error {
	o.buf = append(o.buf, b...)
	if len(o.buf) < 64<<10 {
		return nil
	}
	return o.flush()
}

func (o *out) flush() error {
	b := o.buf
	o.buf = o.buf[:0]
	o.sum.Write(b)
	o.bytes += uint64(len(b))
	_, err := o.f.Write(b)
	return err
}

func (o *out) line(s string) error {
	o.count++
	return o.write(append([]byte(s), '\n'))
}

func (o *out) frame(kind byte, payload []byte) error {
	if kind == 'E' {
		o.count++
	}
	return o.write(append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(payload))), payload...))
}

func (o *out) close() *wire.Stream {
	o.flush()
	o.f.Close()
	return &wire.Stream{Count: o.count, Bytes: o.bytes, Sha256: o.sum.Sum(nil)}
}
