package sandbox

// For tests.
var (
	FilterProgram = filterProgram
	Denied        = append(append([]uint32{}, denied...), deniedArch...)
	Ruleset       = ruleset
)

// AuditArch is the architecture that the filter is for.
const AuditArch = auditArch
