// Package replay makes the runs of a case again and compares: the same plugin bytes
// over the same input under the same configuration with the same keys must give the
// same records, diagnostics and artifacts, byte for byte (docs/formats/runs.md).
//
// It writes nothing into the case: what plugins give is compared as it comes and
// dropped. What cannot be made again (another plugin is here, a key is gone, a clock
// ended the run) is told apart from what came out otherwise, and what was not made
// again is never called reproduced.
package replay
