package host

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// nobody is the user and group that plugins run as where the host is root.
const nobody = 65534

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
