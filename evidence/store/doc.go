// Package store keeps a case on disk: case.db and the directory around it, as
// docs/formats/case.md describes them.
//
// It is the only writer of a case and is trusted not to lose what it
// acknowledged. The order of every write is fixed: the objects are durable, then
// one transaction holds the log entry, its tree nodes, openings, sets and rows,
// then Append returns. A process killed at any moment leaves a case that opens,
// holds all that was acknowledged, and at most one entry more.
//
// After a write has failed nothing is known of what reached the disk, so the
// writer is suspect: every later write fails with ErrSuspect until the case has
// been opened anew, which reads the truth back.
//
// One process writes (flock on CASE/lock), in it one goroutine; any number of
// processes read beside it. A reader changes nothing in the directory.
package store
