package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What doctor asks the system.

func checkCompiler() checked {
	if cc, err := exec.LookPath("cc"); err == nil {
		return checked{Check: "compiler", Result: checkOK, Found: cc + "; needed for building only, not for working"}
	}
	return checked{Check: "compiler", Result: checkOK, Found: "none; building needs Go and a C compiler, working needs neither"}
}

func checkKernel() checked {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return checked{Check: "kernel", Result: checkWarn, Found: "unknown: " + err.Error()}
	}
	release := unix.ByteSliceToString(u.Release[:])
	ch := checked{Check: "kernel", Result: checkOK, Found: unix.ByteSliceToString(u.Sysname[:]) + " " + release}
	var major, minor int
	if n, _ := fmt.Sscanf(release, "%d.%d", &major, &minor); n == 2 && (major < 5 || major == 5 && minor < 13) {
		ch.Result, ch.Do = checkWarn, "Linux 5.13 or later has everything that is used: Landlock, close_range, syncfs that reports failures"
	}
	return ch
}

// checkLandlock asks for the ABI's version (landlock_create_ruleset(2)).
func checkLandlock() checked {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return checked{Check: "landlock", Result: checkFail, Found: "not available: " + errno.Error(), Do: "a kernel of 5.13 or later with CONFIG_SECURITY_LANDLOCK, and landlock among those of lsm= on its command line"}
	}
	ch := checked{Check: "landlock", Result: checkOK, Found: fmt.Sprintf("ABI %d", abi)}
	if abi < 4 {
		ch.Result, ch.Do = checkWarn, "ABI 4 (Linux 6.7) also forbids TCP; until then namespaces and seccomp do"
	}
	return ch
}

func checkSeccomp() checked {
	action := uint32(unix.SECCOMP_RET_KILL_PROCESS)
	if err := seccompAvail(&action); err != nil {
		return checked{Check: "seccomp", Result: checkFail, Found: "filters are not available: " + err.Error(), Do: "a kernel with CONFIG_SECCOMP_FILTER; in a container, a profile that permits seccomp(2)"}
	}
	return checked{Check: "seccomp", Result: checkOK, Found: "filters are available"}
}

func checkNamespaces() checked {
	const what = "user namespaces"
	// A child is asked to do nothing in namespaces of its own.
	cmd := exec.Command("/proc/self/exe", "version")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}},
	}
	if err := cmd.Run(); err != nil {
		return checked{Check: what, Result: checkWarn, Found: "not permitted here: " + err.Error(), Do: "sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone; in a container, permit unshare"}
	}
	return checked{Check: what, Result: checkOK, Found: "permitted"}
}

func checkMemfd() checked {
	fd, err := unix.MemfdCreate("exhibit-doctor", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3 all were executable
		fd, err = unix.MemfdCreate("exhibit-doctor", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return checked{Check: "sealed memory files", Result: checkWarn, Found: "not executable here: " + err.Error(), Do: "sysctl vm.memfd_noexec=0; until then a plugin's program is hashed at every start"}
	}
	_ = unix.Close(fd)
	return checked{Check: "sealed memory files", Result: checkOK, Found: "plugins run from copies that nobody can change"}
}

// seccompAvail is seccomp(SECCOMP_GET_ACTION_AVAIL).
func seccompAvail(action *uint32) error {
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(action)))
	if errno != 0 {
		return errno
	}
	return nil
}

func checkClock(now time.Time) checked {
	clock := kernelClock()
	ch := checked{Check: "clock", Result: checkOK}
	zone, offset := now.Zone()
	ch.Found = fmt.Sprintf("%s, zone %s (%s)", now.UTC().Format("2006-01-02 15:04:05 UTC"), zone, time.FixedZone("", offset).String()+now.Format("-07:00"))
	switch {
	case clock.Synchronised == nil:
		ch.Result = checkWarn
		ch.Found += "; the kernel does not say whether it is synchronised"
	case !*clock.Synchronised:
		ch.Result = checkWarn
		ch.Found += "; not synchronised, as far as the kernel knows"
	default:
		ch.Found += "; synchronised"
		if clock.ErrorUS != nil {
			ch.Found += fmt.Sprintf(", error at most %s", time.Duration(*clock.ErrorUS)*time.Microsecond)
		}
	}
	if ch.Result == checkWarn {
		ch.Do = "start a time service (chrony, systemd-timesyncd), or compare with a clock you trust and write it down: exhibit note add"
	}
	if now.Year() < 2024 {
		ch.Result, ch.Do = checkFail, "set the clock: entries would bear a time that cannot be"
	}
	return ch
}

func checkBoot() checked {
	if id := bootID(); id != "" {
		return checked{Check: "boot id", Result: checkOK, Found: id}
	}
	return checked{Check: "boot id", Result: checkWarn, Found: "not readable: entries will not say which start of the computer they are of", Do: "mount /proc"}
}

// wantFiles is how many files a run may have open: descriptors of plugins' pipes.
const wantFiles = 1024

func checkFiles() checked {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return checked{Check: "open files", Result: checkWarn, Found: err.Error()}
	}
	ch := checked{Check: "open files", Result: checkOK, Found: fmt.Sprintf("up to %d (%d if raised)", r.Cur, r.Max)}
	if r.Max < wantFiles {
		ch.Result, ch.Do = checkWarn, fmt.Sprintf("raise the limit to %d or more: ulimit -n", wantFiles)
	}
	return ch
}

func (p *program) checkTempDir() checked {
	dir := p.env("XDG_RUNTIME_DIR")
	if dir == "" {
		dir = os.TempDir()
	}
	const what = "temporary directory"
	made, err := os.MkdirTemp(dir, "exhibit-")
	if err != nil {
		return checked{Check: what, Result: checkFail, Found: err.Error(), Do: "set $XDG_RUNTIME_DIR or $TMPDIR to a directory of your own"}
	}
	_ = os.Remove(made)
	// A unix socket's path has at most 107 bytes (unix(7)).
	if len(made)+len("/host/host-0123456789/plugin/plugin0123456789") > 107 {
		return checked{Check: what, Result: checkFail, Found: dir + ": its path is too long for sockets", Do: "set $XDG_RUNTIME_DIR or $TMPDIR to a shorter one"}
	}
	return checked{Check: what, Result: checkOK, Found: dir}
}

// minSpace is below which work is likely to end for want of space, in bytes.
const minSpace = 1 << 30

func checkSpace(what, dir string) checked {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return checked{Check: what, Result: checkWarn, Found: err.Error()}
	}
	free := int64(s.Bavail) * s.Bsize
	ch := checked{Check: what, Result: checkOK, Found: fmt.Sprintf("%s free of %s", size(free), size(int64(s.Blocks)*s.Bsize))}
	switch {
	case s.Flags&unix.ST_RDONLY != 0:
		ch.Result = checkWarn
		ch.Found += "; mounted read-only: the case can be read, not continued"
	case free < 64<<20:
		ch.Result, ch.Do = checkFail, "free space before anything else"
	case free < minSpace:
		ch.Result, ch.Do = checkWarn, "a case grows by what is received and by what is read from it: free space"
	}
	if s.Files > 0 && s.Ffree < 10_000 {
		ch.Result, ch.Do = checkWarn, fmt.Sprintf("%d names (inodes) are left: each object needs one", s.Ffree)
	}
	return ch
}

// networked filesystems: their locks and syncs are not to be relied on.
var networked = map[int64]string{
	unix.NFS_SUPER_MAGIC: "nfs", unix.SMB2_SUPER_MAGIC: "smb", unix.SMB_SUPER_MAGIC: "smb", unix.CIFS_SUPER_MAGIC: "cifs", unix.FUSE_SUPER_MAGIC: "fuse",
	unix.V9FS_MAGIC: "9p", unix.CEPH_SUPER_MAGIC: "ceph", unix.AFS_SUPER_MAGIC: "afs",
}

var filesystems = map[int64]string{
	unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs", unix.F2FS_SUPER_MAGIC: "f2fs", unix.TMPFS_MAGIC: "tmpfs",
	unix.OVERLAYFS_SUPER_MAGIC: "overlay", unix.MSDOS_SUPER_MAGIC: "vfat", unix.EXFAT_SUPER_MAGIC: "exfat", 0x2fc12fc1: "zfs",
}

func checkFilesystem(what, dir string) checked {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return checked{Check: what, Result: checkWarn, Found: err.Error()}
	}
	if name, ok := networked[int64(s.Type)]; ok {
		return checked{Check: what, Result: checkWarn, Found: name, Do: "keep a case on a disk of this computer: SQLite's locks and what syncfs reports are not to be relied on there"}
	}
	name, ok := filesystems[int64(s.Type)]
	if !ok {
		name = fmt.Sprintf("type %#x", uint32(s.Type))
	}
	ch := checked{Check: what, Result: checkOK, Found: name}
	switch name {
	case "tmpfs":
		ch.Result, ch.Do = checkWarn, "this is memory: what is here is gone with the power"
	case "vfat", "exfat":
		ch.Result, ch.Do = checkWarn, "it has no permissions and cannot rename safely: keep a case on ext4, xfs or btrfs"
	}
	f, err := os.Open(dir)
	if err == nil {
		err = unix.Syncfs(int(f.Fd()))
		_ = f.Close()
	}
	if err != nil {
		ch.Result, ch.Do = checkFail, "syncfs fails: what is written is not known to be on the device"
		ch.Found += ": " + err.Error()
		return ch
	}
	ch.Found += ", syncfs works"
	return ch
}

func checkOpenSSL() checked {
	const what = "openssl (for doing it by hand)"
	name, err := exec.LookPath("openssl")
	if err != nil {
		return checked{Check: what, Result: checkOK, Found: "none; exhibit itself does not need it"}
	}
	out, err := exec.Command(name, "list", "-providers", "-provider", "legacy").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "legacy") {
		return checked{Check: what, Result: checkOK, Found: filepath.Base(name) + " without the legacy provider: single DES is -des-ede3 with the key three times over"}
	}
	return checked{Check: what, Result: checkOK, Found: name + " with the legacy provider (DES)"}
}
