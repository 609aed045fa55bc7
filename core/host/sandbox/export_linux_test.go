package sandbox

import "golang.org/x/net/bpf"

// For tests.
var (
	Denied  = denied
	Numbers = numbers
	Ruleset = ruleset
)

// ABI is abi.
type ABI = abi

// What tests know of it.
const (
	None        = none
	NewestKnown = newestKnown
)

// The architectures that there is a filter for.
var AMD64, ARM64 = abiAMD64, abiARM64

// FilterProgram is a's filter for a process of that number.
func FilterProgram(a ABI, pid int) []bpf.Instruction { return a.filterProgram(pid) }

// Number is a call's on a.
func Number(a ABI, name string) uint32 { return a.number(name) }

// Audit is a's AUDIT_ARCH.
func Audit(a ABI) uint32 { return a.audit }
