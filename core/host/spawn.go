package host

import (
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
)

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
