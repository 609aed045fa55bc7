package sandbox

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// stackBytes is what the first thread's stack may grow to: Linux's usual limit.
const stackBytes = 8 << 20

// setRlimits sets soft and hard limits of the process.
func setRlimits(l Limits, countThreads bool) error {
	limits := []struct {
		name     string
		resource int
		value    uint64
	}{
		{"CORE", unix.RLIMIT_CORE, 0}, // a core dump would hold keys and evidence
		{"FSIZE", unix.RLIMIT_FSIZE, 0},
		{"MEMLOCK", unix.RLIMIT_MEMLOCK, 0},
		{"MSGQUEUE", unix.RLIMIT_MSGQUEUE, 0},
		{"NOFILE", unix.RLIMIT_NOFILE, l.Descriptors},
		{"DATA", unix.RLIMIT_DATA, l.Data},
		{"STACK", unix.RLIMIT_STACK, stackBytes}, // which DATA does not count
		{"CPU", unix.RLIMIT_CPU, l.CPUSeconds},
	}
	for _, r := range limits {
		if err := unix.Setrlimit(r.resource, &unix.Rlimit{Cur: r.value, Max: r.value}); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	if !countThreads {
		return nil
	}
	if err := unix.Setrlimit(unix.RLIMIT_NPROC, &unix.Rlimit{Cur: l.Threads, Max: l.Threads}); err != nil {
		return fmt.Errorf("NPROC: %w", err)
	}
	return nil
}

// dropCapabilities empties the thread's capability sets and checks that they are.
// The bounding set is lowered where that is allowed; no_new_privs makes it moot.
func dropCapabilities() error {
	for c := uintptr(0); c < 64; c++ {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil {
			break // not privileged, or past the last capability
		}
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("ambient: %w", err)
	}
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capset(&hdr, &data[0]); err != nil {
		return fmt.Errorf("capset: %w", err)
	}
	if err := unix.Capget(&hdr, &data[0]); err != nil {
		return fmt.Errorf("capget: %w", err)
	}
	if data != [2]unix.CapUserData{} {
		return fmt.Errorf("capabilities remain: %v", data)
	}
	return nil
}
