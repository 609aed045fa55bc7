// Package intake receives files and directories into a case as they are.
//
// What is given becomes an item with an exhibit number. The log says first what
// is about to be received and what was asserted about it, then, in parts, what
// was found, and last how much it was; so an intake that was interrupted shows,
// and the same request resumes it.
//
// Names are bytes. Symbolic links are recorded with their target and never
// followed; special files are never opened; every file is opened without
// following links, without blocking and, where the system permits it, without
// touching its access time, and what was opened is looked at again through the
// descriptor. Nothing at the source is written to. Contents are never parsed.
//
// The package trusts the case it writes to and nothing at the source: files may
// change, vanish, fail to read or be replaced by something else at any moment.
package intake
