// Package blob keeps artifacts as content-addressed, read-only files:
// CASE/objects, docs/formats/case.md.
//
// An object is named by the SHA-256 of its content and written once. The
// sequence of system calls that makes one durable, in batches, is:
//
//	openat(tmp/N, O_CREAT|O_EXCL, 0444)    NewWriter, CopyFile
//	pwrite …                               hashed on the way
//	fsync(tmp/N)…  or one syncfs(objects)  Commit, content
//	mkdirat(sha256/ab)                     where it is missing
//	renameat2(tmp/N → sha256/ab/ab12…, RENAME_NOREPLACE)    never overwrites
//	fsync(sha256/ab), fsync(sha256)  or one syncfs    Commit, names
//
// and only then does Commit return without error. A name below sha256/ therefore
// never stands for content that is not on the device. What a crash leaves behind
// is in tmp/, which Open empties, or is a whole object that no row names yet.
//
// # Failures
//
// A failed fsync or syncfs is never tried again: the kernel may have dropped
// the pages and marked them clean, so that a second call would succeed over
// lost bytes (Rebello et al., "Can Applications Recover from fsync Failures?",
// USENIX ATC 2020). Whatever was staged before a failed syncfs is refused.
//
// syncfs reports such failures since Linux 5.8, and not on every filesystem; it
// is used on those where it does (syncfsReports), elsewhere each file and
// directory has its own fsync.
//
// # Trust
//
// Nothing read from objects/ is trusted before its digest has been compared
// with the one the caller brings from the log, itself in evidence.Artifact.
// Raw objects are hashed at their first opening, and again when the file's
// device, inode, size, mtime or ctime differ from those seen then. An object
// that is wrong is reported (evidence.IntegrityError) and left as it is: it is
// evidence of damage.
//
// Errors never hold content. A full device is evidence.ErrNoSpace.
package blob
