package host

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// clockTick is USER_HZ: 100 on every architecture we build for.
const clockTick = 100

// readUsage reads /proc; ok is false once the process is gone.
func readUsage(pid string) (u usage, ok bool) {
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return usage{}, false
	}
	for line := range bytes.Lines(status) {
		name, value, _ := bytes.Cut(line, []byte{':'})
		n, _ := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(value), []byte("kB")))), 10, 64)
		switch string(name) {
		case "RssAnon", "RssShmem", "VmSwap":
			u.memory += n << 10
		case "Threads":
			u.threads = n
		}
	}
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return usage{}, false
	}
	// The program's name, in parentheses, may hold anything; fields count from behind it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return usage{}, false
	}
	for _, f := range fields[11:13] { // utime, stime: fields 14 and 15 of proc_pid_stat(5)
		n, _ := strconv.ParseInt(string(f), 10, 64)
		u.cpu += time.Duration(n) * time.Second / clockTick
	}
	return u, true
}

// descriptorsOf counts a process's open descriptors, 0 where that is not to be seen.
func descriptorsOf(pid string) int {
	d, err := os.Open("/proc/" + pid + "/fd")
	if err != nil {
		return 0
	}
	defer func() { _ = d.Close() }()
	names, _ := d.Readdirnames(2 * maxDescriptors)
	return len(names)
}
