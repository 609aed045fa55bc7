// Package fault is the programme of kills and injected faults: the built program,
// over generated evidence, is killed and made to fail at every step that makes
// something durable, and must each time reopen, verify, and complete to what an
// undisturbed run gives. It is tests only; EXHIBIT_FAULT=1 asks for all of it.
package fault
