package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/metadata"

	"github.com/exhibit-forensics/exhibit/internal/wire"
)

// beforeHandshake misbehaves before a host can speak to it.
func beforeHandshake(program string) {
	forge(program)
	switch program {
	case "garbage":
		line := bytes.Repeat([]byte("garbage "), 4096)
		for {
			os.Stdout.Write(line)
		}
	case "garbage-lines":
		for {
			os.Stdout.Write([]byte("\x1b[31mgarbage\n"))
		}
	case "silent":
		time.Sleep(time.Hour)
	case "mute": // a socket that never answers
		l, err := net.Listen("unix", "mute")
		if err != nil {
			os.Exit(3)
		}
		defer l.Close()
		fmt.Printf("1|1|unix|mute|grpc|\n")
		time.Sleep(time.Hour)
	case "exits":
		fmt.Fprintln(os.Stderr, "good bye")
		os.Exit(3)
	case "sleeper": // what "grandchild" becomes
		time.Sleep(time.Hour)
	}
}

// stderr is descriptor 2 itself: go-plugin sends os.Stderr round by gRPC.
var stderr = os.NewFile(2, "stderr")

// modes is what the config may ask for. A mode that sets j.done to nil sends none.
var modes = map[string]func(*job) error{
	"ok": ok, "echo": echo, "input": input, "partial": partial, "failed": failed,
	"crash": crash, "crash-once": crashOnce, "panic": panics, "hang": hang, "stop-self": stopSelf, "tick": tick,
	"flood": flood, "flood-diagnostics": floodDiagnostics, "giant": giant, "flood-stderr": floodStderr, "flood-events": floodEvents,
	"bomb": bomb, "bomb-shared": bombShared, "files": files, "threads": threads, "fork": forkBomb,
	"wrong-count": wrongCount, "wrong-digest": wrongDigest, "wrong-units": wrongUnits, "wrong-rejects": wrongRejects,
	"wrong-key": wrongKey, "wrong-bytes": wrongBytes, "no-done": noDone, "exit-0": exit0, "two-done": twoDone, "keep-open": keepOpen, "error": rpcError,
	"raw": raw, "raw-diagnostic": rawDiagnostic, "raw-frames": rawFrames, "artifact": artifact, "artifact-open": artifactOpen, "bomb-artifact": bombArtifact,
	"read": read, "flood-stdout": floodStdout, "forge-log": forgeLog, "big-event": bigEvent, "big-trailer": bigTrailer, "grandchild": grandchild, "bomb-stack": bombStack,
	"random": random, "leak": leak, "leak-files": leakFiles, "leak-threads": leakThreads, "busy-after": busyAfter, "done-crash": doneCrash, "send-descriptors": sendDescriptors,
	"late-record": lateRecord, "sent": sent, "stdin": stdin, "wrong-declared": wrongDeclared,
	"artifacts": artifacts, "slow": slow, "tries": tries, "environment": environment, "identity": identity, "clear-deathsig": clearDeathsig,
}

const recordLine = `{"extra":{"pad":"01234560123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456"},"flags":["x"],"kind":"row","source":{"length":1,"offset":0},"state":"live","table":"t","text":"关于taiwan,我有话要说","time":"2008-07-31T23:10:19Z"}`

func (j *job) emit(n int) error {
	for range n {
		if err := j.records.line(recordLine); err != nil {
			return err
		}
	}
	j.done.Units.Read, j.done.Units.Emitted = int64(n), int64(n)
	return nil
}

func ok(j *job) error {
	j.done.BytesRead = j.req.GetInputs()[0].GetSize()
	for _, k := range j.req.GetKeys() {
		j.done.KeysUsed = append(j.done.KeysUsed, k.GetFingerprint())
	}
	return j.emit(j.N)
}

// echo makes one record of every line of the input, one diagnostic of every empty one.
func echo(j *job) error {
	b := make([]byte, j.req.GetInputs()[0].GetSize())
	if _, err := j.inputs[0].ReadAt(b, 0); err != nil && len(b) > 0 {
		return err
	}
	off := 0
	for l := range bytes.Lines(b) {
		j.done.Units.Read++
		if text := bytes.TrimSuffix(l, []byte("\n")); len(text) == 0 {
			j.done.Units.Rejected++
			j.diags.line(fmt.Sprintf(`{"code":"line.empty","message":"The line is empty.","severity":"reject","source":{"length":0,"line":%d,"offset":%d}}`, j.done.Units.Read, off))
		} else {
			j.done.Units.Emitted++
			j.records.line(fmt.Sprintf(`{"kind":"row","source":{"length":%d,"line":%d,"offset":%d},"text":"%s","time":null}`, len(text), j.done.Units.Read, off, text))
		}
		off += len(l)
	}
	j.done.BytesRead = uint64(off)
	return nil
}

// input says in a record how the input's descriptor is.
func input(j *job) error {
	fd := int(j.inputs[0].Fd())
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return err
	}
	pos, err := unix.Seek(fd, 0, unix.SEEK_CUR)
	if err != nil {
		return err
	}
	_, writeErr := unix.Pwrite(fd, []byte("x"), 0)
	_, seekErr := unix.Seek(fd, 3, unix.SEEK_SET) // must not show in the host's own
	return j.records.line(fmt.Sprintf(`{"kind":"row","mode":%d,"offset":%d,"seek":"%v","time":null,"write":"%v"}`, flags&unix.O_ACCMODE, pos, seekErr, writeErr))
}

func partial(j *job) error {
	j.done.Outcome, j.done.Reason = wire.Outcome_OUTCOME_PARTIAL, "cut\x1b[31m short"
	return j.emit(3)
}

func failed(j *job) error {
	j.done.Outcome, j.done.Reason = wire.Outcome_OUTCOME_FAILED, "wrong password"
	return j.emit(3)
}

func crash(j *job) error {
	j.emit(10_000)
	j.records.flush()
	fmt.Fprintln(stderr, "about to crash")
	os.Exit(3)
	return nil
}

// crashOnce crashes where the process has had a job before.
func crashOnce(j *job) error {
	if !j.first {
		os.Exit(4)
	}
	return j.emit(1)
}

func panics(j *job) error {
	j.emit(5)
	var m map[string]int
	m["x"] = 1
	return nil
}

func hang(j *job) error {
	j.emit(5)
	j.records.flush()
	select {}
}

// stopSelf stops the process. As first process of its namespace it cannot.
func stopSelf(j *job) error {
	j.records.flush()
	unix.Kill(os.Getpid(), unix.SIGSTOP)
	select {}
}

// tick hangs, but keeps saying so.
func tick(j *job) error {
	for {
		err := j.events.Send(&wire.ProcessEvent{Kind: &wire.ProcessEvent_Progress{Progress: &wire.Progress{BytesRead: 7}}})
		if err != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// slow works for as long as it takes, and says how far it is.
func slow(j *job) error {
	for i := range j.N {
		j.events.Send(&wire.ProcessEvent{Kind: &wire.ProcessEvent_Progress{Progress: &wire.Progress{UnitsRead: uint64(i + 1)}}})
		time.Sleep(50 * time.Millisecond)
	}
	return j.emit(1)
}

func flood(j *job) error {
	for {
		if err := j.records.line(recordLine); err != nil {
			return err
		}
	}
}

func floodDiagnostics(j *job) error {
	for {
		if err := j.diags.line(`{"code":"x","message":"x","severity":"info"}`); err != nil {
			return err
		}
	}
}

func floodEvents(j *job) error {
	for i := uint64(0); ; i++ {
		if err := j.events.Send(&wire.ProcessEvent{Kind: &wire.ProcessEvent_Progress{Progress: &wire.Progress{BytesRead: i}}}); err != nil {
			return err
		}
	}
}

func floodStderr(j *job) error {
	line := strings.Repeat("evidence ", 1000)
	for range j.N {
		fmt.Fprintln(stderr, line)
	}
	return j.emit(1)
}

func giant(j *job) error {
	j.records.write([]byte(`{"kind":"row","text":"`))
	for {
		if err := j.records.write(bytes.Repeat([]byte("x"), 64<<10)); err != nil {
			return err
		}
	}
}

// bomb fills private memory: RLIMIT_DATA.
func bomb(j *job) error {
	var keep [][]byte
	for {
		b := make([]byte, 16<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		keep = append(keep, b)
		runtime.KeepAlive(keep)
	}
}

// bombShared fills shared memory, which RLIMIT_DATA does not count: the watchdog.
func bombShared(j *job) error {
	for {
		b, err := unix.Mmap(-1, 0, 64<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
		if err != nil {
			return err
		}
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
	}
}

func files(j *job) error {
	for i := 0; ; i++ {
		f, err := os.Create(fmt.Sprintf("f%d", i))
		if err != nil {
			return err
		}
		f.Close()
		time.Sleep(time.Millisecond)
	}
}

func threads(j *job) error {
	for range 2000 {
		go func() {
			runtime.LockOSThread()
			time.Sleep(time.Hour)
		}()
	}
	select {}
}

// forkBomb tries to become many; where it cannot it says how often it failed.
func forkBomb(j *job) error {
	var refused int
	for range 100 {
		pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
		if errno == 0 && pid == 0 {
			for {
				syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
			}
		}
		if errno == syscall.EPERM {
			refused++
		}
	}
	return j.records.line(fmt.Sprintf(`{"kind":"row","refused":%d}`, refused))
}

func wrongCount(j *job) error  { j.emit(5); j.records.count--; return nil }
func wrongDigest(j *job) error { j.emit(5); j.records.sum.Write([]byte("x")); return nil }
func wrongUnits(j *job) error  { j.emit(5); j.done.Units.Skipped = 1; return nil }
func wrongBytes(j *job) error {
	j.emit(5)
	j.done.BytesRead = 1 << 40
	return nil
}

func wrongKey(j *job) error {
	j.emit(5)
	j.done.KeysUsed = []string{"key:0000000000000000"}
	return nil
}

func wrongRejects(j *job) error {
	j.done.Units.Read, j.done.Units.Rejected = 1, 1 // without the diagnostic
	return nil
}

func noDone(j *job) error { j.emit(5); j.finish(); j.done = nil; return nil }

func exit0(j *job) error {
	j.emit(5)
	j.finish()
	os.Exit(0)
	return nil
}

func twoDone(j *job) error {
	j.emit(5)
	d := j.done
	j.finish()
	j.done = nil
	for range 2 {
		j.events.Send(&wire.ProcessEvent{Kind: &wire.ProcessEvent_Done{Done: d}})
	}
	return nil
}

// keepOpen keeps a second descriptor of a stream it says it has closed.
func keepOpen(j *job) error {
	unix.FcntlInt(j.records.f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	return j.emit(5)
}

func rpcError(j *job) error { return errors.New("no such thing") }

// raw writes the input's bytes to the records as they are.
func raw(j *job) error { return rawTo(j, j.records) }

func rawDiagnostic(j *job) error { return rawTo(j, j.diags) }

func rawFrames(j *job) error { return rawTo(j, j.arts) }

func rawTo(j *job, o *out) error {
	b := make([]byte, j.req.GetInputs()[0].GetSize())
	if _, err := j.inputs[0].ReadAt(b, 0); err != nil {
		return err
	}
	o.count = uint64(bytes.Count(b, []byte("\n")))
	if o == j.arts {
		o.count = uint64(j.N)
	}
	return o.write(b)
}

// artifact copies the input as one artifact.
func artifact(j *job) error {
	b := make([]byte, j.req.GetInputs()[0].GetSize())
	if _, err := j.inputs[0].ReadAt(b, 0); err != nil {
		return err
	}
	j.arts.frame('B', []byte(`{"meta":{"mode":420},"name":{"raw":"/2EK","text":"`+"\uFFFD"+`a\n"},"steps":[{"op":"copy"}],"text":true}`))
	for len(b) > 0 {
		n := min(len(b), 1000)
		j.arts.frame('D', b[:n])
		b = b[n:]
	}
	return j.arts.frame('E', []byte(`{"complete":true,"reason":""}`))
}

func artifacts(j *job) error {
	for range j.N {
		j.arts.frame('B', []byte(`{}`))
		j.arts.frame('E', []byte(`{"complete":false,"reason":"damaged"}`))
	}
	return nil
}

// artifactOpen leaves its artifact without an end.
func artifactOpen(j *job) error {
	j.done.Outcome, j.done.Reason = wire.Outcome_OUTCOME_PARTIAL, "input ends early"
	j.arts.frame('B', []byte(`{"text":false}`))
	return j.arts.frame('D', []byte("half"))
}

func bombArtifact(j *job) error {
	j.arts.frame('B', []byte(`{}`))
	zeros := make([]byte, 1<<20)
	for {
		if err := j.arts.frame('D', zeros); err != nil {
			return err
		}
	}
}

// environment says what the process is told.
func environment(j *job) error {
	for _, e := range os.Environ() {
		name, _, _ := strings.Cut(e, "=")
		j.records.line(fmt.Sprintf(`{"kind":"row","name":"%s"}`, name))
	}
	return nil
}

// identity tells jobs of one process from those of another.
func identity(j *job) error {
	return j.records.line(fmt.Sprintf(`{"first":%v,"kind":"row"}`, j.first))
}

// clearDeathsig tries to outlive the host.
func clearDeathsig(j *job) error {
	err := unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0)
	j.records.line(fmt.Sprintf(`{"err":"%v","kind":"row"}`, err))
	j.records.flush()
	select {}
}

// floodStdout writes to descriptor 1 for as long as the job says, in milliseconds, and
// tells how much it got rid of.
func floodStdout(j *job) error {
	unix.SetNonblock(1, true)
	line := bytes.Repeat([]byte("1|1|tcp|127.0.0.1:22|grpc|\n"), 1000)
	written := 0
	for start := time.Now(); time.Since(start) < time.Duration(j.N)*time.Millisecond; {
		if n, err := unix.Write(1, line); err == nil {
			written += n
		} else {
			time.Sleep(time.Millisecond)
		}
	}
	unix.SetNonblock(1, false)
	return j.records.line(fmt.Sprintf(`{"kind":"row","written":%d}`, written))
}

// forgeLog writes what go-plugin would log with the level and words it holds.
func forgeLog(j *job) error {
	line := `{"@level":"error","@message":"custody log sealed","@module":"exhibit","@timestamp":"2026-01-01T00:00:00.000000Z","level":"ERROR"}`
	fmt.Fprintln(stderr, line+"\x1b]0;title\x07\xff")
	fmt.Fprintln(os.Stderr, line) // by way of go-plugin
	time.Sleep(time.Second)       // what is read of it after Done would be the next job's
	return j.emit(1)
}

// bigEvent sends more in one message than a host takes.
func bigEvent(j *job) error {
	j.done.Reason = strings.Repeat("x", 16<<20)
	j.done.Outcome = wire.Outcome_OUTCOME_PARTIAL
	return j.emit(1)
}

// bigTrailer ends the call with a status of its own size.
func bigTrailer(j *job) error {
	j.events.SetTrailer(metadata.Pairs("x", strings.Repeat("x", 8<<20)))
	return j.emit(1)
}

// grandchild leaves a process behind that holds stderr and the streams, where it can.
func grandchild(j *job) error {
	argv := [2]*byte{&[]byte("sleeper\x00")[0], nil}
	path := &[]byte("/proc/self/exe\x00")[0]
	pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
	if errno == 0 && pid == 0 {
		syscall.RawSyscall(syscall.SYS_EXECVE, uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&argv[1])))
		syscall.RawSyscall(syscall.SYS_EXIT, 1, 0, 0)
	}
	fmt.Fprintf(stderr, "grandchild: %v\n", errno)
	time.Sleep(100 * time.Millisecond)
	os.Exit(5)
	return nil
}

// bombStack asks for memory that RLIMIT_DATA does not count.
func bombStack(j *job) error {
	var got []string
	for _, flags := range []int{unix.MAP_PRIVATE | unix.MAP_GROWSDOWN, unix.MAP_SHARED} {
		_, err := unix.Mmap(-1, 0, 1<<20, unix.PROT_READ|unix.PROT_WRITE, flags|unix.MAP_ANONYMOUS)
		got = append(got, fmt.Sprint(err))
	}
	return j.records.line(fmt.Sprintf(`{"errors":"%s","kind":"row"}`, strings.Join(got, "; ")))
}

// random says something else every time.
func random(j *job) error {
	return j.records.line(fmt.Sprintf(`{"kind":"row","n":%d}`, rand.Uint64()>>12))
}

var kept []any

// leak keeps N MiB of every job.
func leak(j *job) error {
	b := make([]byte, j.N<<20)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	kept = append(kept, b)
	return identity(j)
}

// leakFiles keeps its inputs, N times.
func leakFiles(j *job) error {
	for range j.N {
		if _, err := unix.FcntlInt(j.inputs[0].Fd(), unix.F_DUPFD_CLOEXEC, 0); err != nil {
			return err
		}
	}
	return identity(j)
}

func leakThreads(j *job) error {
	var started sync.WaitGroup
	for range j.N {
		started.Add(1)
		go func() { runtime.LockOSThread(); started.Done(); time.Sleep(time.Hour) }()
	}
	started.Wait()
	return identity(j)
}

// busyAfter goes on working when its job is done.
func busyAfter(j *job) error {
	go func() {
		for {
		}
	}()
	return identity(j)
}

// doneCrash sends a good Done and dies before the call has ended.
func doneCrash(j *job) error {
	j.emit(5)
	d := j.done
	j.finish()
	j.done = nil
	j.events.Send(&wire.ProcessEvent{Kind: &wire.ProcessEvent_Done{Done: d}})
	time.Sleep(50 * time.Millisecond)
	os.Exit(6)
	return nil
}

// sendDescriptors sends the host descriptors, which it has not asked for.
func sendDescriptors(j *job) error {
	n := 0
	for range 1000 {
		err := unix.Sendmsg(j.server.socket, []byte("x"), unix.UnixRights(0, 1, 2), nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		if err != nil {
			return j.records.line(fmt.Sprintf(`{"error":"%v","kind":"row","sent":%d}`, err, n))
		}
		n++
	}
	return j.records.line(`{"kind":"row","sent":1000}`)
}

// lateRecord writes one record more after it has said how many there are.
func lateRecord(j *job) error {
	fd, err := unix.FcntlInt(j.records.f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return err
	}
	j.emit(5)
	d := j.done
	j.finish()
	j.done = nil
	j.events.Send(&wire.ProcessEvent{Kind: &wire.ProcessEvent_Done{Done: d}})
	unix.Write(fd, []byte(recordLine+"\n"))
	unix.Close(fd)
	return nil
}

// sent tells what the program's name has sent on go-plugin's own streams in N ms.
func sent(j *job) error {
	time.Sleep(time.Duration(j.N) * time.Millisecond)
	return j.records.line(fmt.Sprintf(`{"kind":"row","sent":%d}`, j.server.sent.Load()))
}

func stdin(j *job) error {
	n, err := os.Stdin.Read(make([]byte, 1))
	return j.records.line(fmt.Sprintf(`{"error":"%v","kind":"row","n":%d}`, err, n))
}

func wrongDeclared(j *job) error { j.emit(5); j.done.Units.Declared = -7; return nil }

// read reads its input N times over by pread, and tells how long each took, in nanoseconds.
func read(j *job) error {
	buf := make([]byte, 1<<20)
	for range j.N {
		start := time.Now()
		for off := int64(0); ; {
			n, err := j.inputs[0].ReadAt(buf, off)
			if off += int64(n); err != nil {
				break
			}
		}
		j.records.line(fmt.Sprintf(`{"kind":"row","ns":%d}`, time.Since(start).Nanoseconds()))
	}
	return nil
}
