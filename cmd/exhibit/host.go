package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/user"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// version of the program. CHANGELOG.md says what is in it.
const version = "0.1.0"

// storeOptions are what a case's writer needs of the world: clocks, randomness,
// this program, and what can be observed of the computer and its user.
func (p *program) storeOptions(c *cli.Context) store.Options {
	asserted := map[string]any{}
	examiner := c.String("examiner")
	if examiner == "" {
		examiner = p.env("EXHIBIT_EXAMINER")
	}
	if examiner != "" {
		asserted["asserted.actor.name"] = examiner
	}
	return store.Options{
		Now: p.now, Rand: p.rand, Clock: kernelClock, Monotonic: sinceBoot,
		LocalOffset: func() string { return p.now().Format("-07:00") },
		Tool:        tool(),
		Observed:    observed(p.line),
		Asserted:    asserted,
	}
}

// tool is the running program, known by the digest of its file.
func tool() custody.Tool {
	return custody.Tool{
		Name: "exhibit", Version: version, SHA256: ownDigest(), Protocol: evidence.PluginProtocol,
		OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
}

// ownDigest hashes the file that is running, which may have been replaced on
// disk meanwhile; "" where it cannot be read.
func ownDigest() string {
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		return ""
	}
	defer f.Close() // only read from
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return evidence.DigestPrefix + hex.EncodeToString(h.Sum(nil))
}

// kernelClock is what the kernel says of its own clock (adjtimex(2)).
func kernelClock() custody.Clock {
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err != nil {
		return custody.Clock{Source: "system"}
	}
	synchronised := t.Status&unix.STA_UNSYNC == 0
	offset, bound := t.Offset, t.Maxerror
	if t.Status&unix.STA_NANO != 0 {
		offset /= 1000
	}
	return custody.Clock{Source: "system", Synchronised: &synchronised, OffsetUS: &offset, ErrorUS: &bound}
}

// sinceBoot is CLOCK_BOOTTIME: it goes on while the computer sleeps, and nobody sets it.
func sinceBoot() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// observed is what every entry says of the computer and the account, as the
// system tells it. What cannot be found out is left out.
func observed(line []string) map[string]any {
	m := map[string]any{"observed.os.uid": os.Getuid(), "observed.command": plainTexts(line)}
	text := func(field, value string, err error) {
		if value = strings.TrimSpace(strings.ToValidUTF8(value, "\uFFFD")); err == nil && value != "" {
			m[field] = value
		}
	}
	if u, err := user.Current(); err == nil {
		text("observed.os.user", u.Username, nil)
	}
	host, err := os.Hostname()
	text("observed.os.host", host, err)
	for field, file := range map[string]string{"observed.boot_id": "/proc/sys/kernel/random/boot_id", "observed.os.machine_id": "/etc/machine-id"} {
		b, err := os.ReadFile(file)
		text(field, string(b), err)
	}
	if env := environment(); len(env) > 0 {
		m["observed.environment"] = env
	}
	return m
}

// environment describes the computer: kernel, distribution, processors.
func environment() map[string]any {
	env := map[string]any{"processors": strconv.Itoa(runtime.NumCPU())}
	var u unix.Utsname
	if err := unix.Uname(&u); err == nil {
		env["kernel"] = unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
	}
	b, err := os.ReadFile("/etc/os-release")
	if errors.Is(err, os.ErrNotExist) {
		b, _ = os.ReadFile("/usr/lib/os-release")
	}
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
			env["distribution"] = strings.ToValidUTF8(strings.Trim(value, `"'`), "\uFFFD")
		}
	}
	return env
}

// plainTexts makes words of a command line recordable: they may be any bytes.
// No secret stands on a command line: keys come from files.
func plainTexts(line []string) []string {
	out := make([]string, len(line))
	for i, word := range line {
		out[i] = strings.ToValidUTF8(word, "\uFFFD")
	}
	return out
}

// bootID names this start of the computer, "" where it is not known.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
