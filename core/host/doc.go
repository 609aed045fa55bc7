// Package host runs plugins: programs that nobody here trusts, over evidence
// that may have been made to break them.
//
// One plugin runs in one process, under the launcher of package sandbox: no
// network, no file but the descriptors it is handed, no other process, bounded
// memory, time and output. What was in force is reported by the launcher and
// stands in Result.Sandbox; below Config.RequireLevel nothing runs.
//
// The bytes of the program are pinned: Load hashes the plugin's directory, and
// every launch executes a descriptor whose bytes were hashed through it.
//
// Control goes by gRPC over hashicorp/go-plugin, data by descriptors; see
// docs/formats/wire.md. The host never believes a plugin: it counts, hashes and
// checks what arrives, and a run is complete only where the plugin's Done and the
// host's own account agree. It parses nothing of the evidence itself.
package host
