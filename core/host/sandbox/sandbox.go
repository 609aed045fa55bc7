// Package sandbox confines the process it runs in and then becomes a plugin.
//
// The host starts its own program once more, in new namespaces where the kernel
// allows, with a Spec as argument; Main applies every layer to one locked thread,
// reports over a pipe what took effect, and executes the plugin's program from an
// open descriptor. What it reports it has checked; the host does not guess.
//
// It is trusted code: it runs before the plugin and in the plugin's place. What it
// holds off: reading or changing files, reaching the network or other programs,
// starting processes, gaining privileges, using more than its share of memory.
// What it does not: the plugin can see the names, sizes and times of files it
// cannot open, and the processor's side channels.
package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Levels, highest first. A level holds all layers of those below it.
const (
	// L3: L2, and namespaces of its own for users, processes and the network.
	L3 = "L3"
	// L2: no_new_privs, Landlock, seccomp and resource limits.
	L2 = "L2"
	// L1: resource limits.
	L1 = "L1"
	// L0: nothing that counts.
	L0 = "L0"
)

// Features as they stand in a Report, besides "landlock:<abi>".
const (
	NoNewPrivs     = "no_new_privs"
	NoCapabilities = "no_capabilities"
	NotRoot        = "not_root"
	Rlimits        = "rlimits"
	Seccomp        = "seccomp"
	SealedProgram  = "sealed_program"
	landlockPrefix = "landlock:"
)

// Namespaces that a plugin may have of its own: the names under /proc/self/ns.
// In features they read "ipcns", "netns", ….
var namespaces = []string{"ipc", "net", "pid", "user", "uts"}

// Spec tells the launcher what to do. Descriptors are numbers in the launcher.
type Spec struct {
	// Require is the lowest level at which the program may be executed.
	Require string `json:"require"`
	// Program is the descriptor of the program to execute; -1 only reports.
	Program int `json:"program"`
	// Path is the program's file, for systems that cannot execute a descriptor.
	Path string `json:"path,omitempty"`
	// Dir is the descriptor of the plugin's own directory: it becomes the working
	// directory and the only place where files can be made. -1 for none.
	Dir int `json:"dir"`
	// Status is the descriptor of the pipe that takes the Report.
	Status int `json:"status"`
	// Keep is the highest descriptor that the program inherits.
	Keep int `json:"keep"`
	// Namespaces are the host's own, by name; what differs is the plugin's own.
	Namespaces map[string]string `json:"namespaces"`
	Limits     Limits            `json:"limits"`
	// Trees are directories that the program may read; the last becomes the working
	// directory. A program that has any executes nothing after itself.
	Trees []Tree `json:"trees,omitempty"`
}

// Tree is a directory whose files the program may read and list. It has the
// directory under the descriptor To, and so its files under /proc/self/fd/<To>/,
// wherever the directory is and whoever may walk there.
type Tree struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Limits of the process, soft and hard. Files (FSIZE) and core dumps are always 0:
// a plugin writes to pipes and sockets.
type Limits struct {
	// Data is RLIMIT_DATA in bytes. RLIMIT_AS would count what Go merely reserves.
	Data uint64 `json:"data"`
	// Descriptors is RLIMIT_NOFILE.
	Descriptors uint64 `json:"descriptors"`
	// CPUSeconds is RLIMIT_CPU, for the life of the process.
	CPUSeconds uint64 `json:"cpu_seconds"`
	// Threads is RLIMIT_NPROC, set only where it counts the plugin's threads alone.
	Threads uint64 `json:"threads"`
}

// Report is what was in force when the program was executed.
type Report struct {
	// Features ascend.
	Features []string `json:"features"`
	Level    string   `json:"level"`
	// Missing says why a layer is not among the features.
	Missing []string `json:"missing,omitempty"`
	// Refused says why the program was not executed, "" where it was.
	Refused string `json:"refused,omitempty"`
}

// Canonical returns {features, level}: the form in a run's row.
func (r Report) Canonical() ([]byte, error) {
	features := make([]any, len(r.Features))
	for i, f := range r.Features {
		features[i] = f
	}
	return evidence.Canonical(map[string]any{"features": features, "level": r.Level})
}

// ParseReport reads what Main wrote to Spec.Status: a Report, and where executing
// failed a second one with Refused.
func ParseReport(b []byte) (Report, error) {
	var r Report
	dec := json.NewDecoder(strings.NewReader(string(b)))
	if err := dec.Decode(&r); err != nil {
		return Report{}, fmt.Errorf("sandbox: report of the launcher: %w", err)
	}
	var failed Report
	if dec.More() {
		if err := dec.Decode(&failed); err != nil {
			return Report{}, fmt.Errorf("sandbox: report of the launcher: %w", err)
		}
		r.Refused = failed.Refused
	}
	return r, nil
}

// LevelOf derives the level from features.
func LevelOf(features []string) string {
	has := func(f string) bool { return slices.Contains(features, f) }
	landlock := slices.ContainsFunc(features, func(f string) bool { return strings.HasPrefix(f, landlockPrefix) })
	switch {
	case !has(Rlimits):
		return L0
	case !has(NoNewPrivs) || !has(Seccomp) || !landlock:
		return L1
	case !has("userns") || !has("pidns") || !has("netns"):
		return L2
	}
	return L3
}

// Reaches reports whether level is at least require. Unknown words reach nothing.
func Reaches(level, require string) bool {
	order := []string{L0, L1, L2, L3}
	have, need := slices.Index(order, level), slices.Index(order, require)
	return have >= 0 && need >= 0 && have >= need
}
