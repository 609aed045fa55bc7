package host

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// nobody is the user and group that plugins run as where the host is root.
const nobody = 65534

// spawner starts processes from one thread that lives as long as it does. The
// kernel sends Pdeathsig when the thread that started a process ends, not the
// process (golang/go#27505): from an ordinary goroutine plugins would die at random.
type spawner struct {
	work chan func()
	once sync.Once
	ways []way
	// way is the index in ways of the one that worked last: namespaces are not tried again
	// for every process on a system that forbids them.
	way atomic.Int32
}

func newSpawner() *spawner {
	s := &spawner{work: make(chan func()), ways: ways(os.Geteuid())}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for f := range s.work {
			f()
		}
	}()
	return s
}

// close ends the thread, and with it whatever was started and still runs.
func (s *spawner) close() { s.once.Do(func() { close(s.work) }) }

// way is one manner of starting a process.
type way struct {
	namespaces uintptr
	uid        int // the user to run as, -1 to stay
}

const (
	plainNamespaces = syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS
	allNamespaces   = syscall.CLONE_NEWUSER | plainNamespaces
)

// ways lists the manners for a host of the given user, strongest first. What was
// in force in the end is reported by the launcher.
func ways(euid int) []way {
	if euid == 0 {
		return []way{{allNamespaces, nobody}, {plainNamespaces, nobody}, {0, nobody}, {allNamespaces, -1}, {0, -1}}
	}
	return []way{{allNamespaces, -1}, {0, -1}}
}

// start starts the command that build returns, in the strongest way the system
// allows. A way is given up only on errors that speak of permission.
func (s *spawner) start(build func(way) (*exec.Cmd, error)) (*exec.Cmd, error) {
	for i := int(s.way.Load()); ; i++ {
		cmd, err := build(s.ways[i])
		if err != nil {
			return nil, err
		}
		cmd.SysProcAttr = s.ways[i].attributes()
		started := make(chan error, 1)
		s.work <- func() { started <- cmd.Start() }
		if err = <-started; err == nil {
			s.way.Store(int32(i))
			return cmd, nil
		}
		if i+1 == len(s.ways) || !forbidden(err) {
			return nil, err
		}
	}
}

func forbidden(err error) bool {
	for _, e := range []error{unix.EPERM, unix.EACCES, unix.EINVAL, unix.ENOSPC, unix.ENOSYS, unix.EUSERS} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// attributes maps one user and one group, each to itself.
func (w way) attributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{
		Cloneflags: w.namespaces,
		Pdeathsig:  syscall.SIGKILL,
		Setsid:     true, // a terminal's interrupt is for the host to act on
	}
	uid, gid := os.Geteuid(), os.Getegid()
	if w.uid >= 0 {
		uid, gid = w.uid, w.uid
		a.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	if w.namespaces&syscall.CLONE_NEWUSER != 0 {
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
		// Root empties the list of further groups before it gives up the right to.
		a.GidMappingsEnableSetgroups = a.Credential != nil
	}
	return a
}
