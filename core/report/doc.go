// Package report writes the report of a case: one HTML file, without scripts or
// network, for a reader who was not there. It answers in this order what was
// received, whether it is unchanged, what was done to it, what was found, what
// could not be read, and what the report does not show.
//
// Every number has a note that says which records it counts and with which
// command it is counted again. Whatever the size of the case, the report stays
// bounded: what is left out is counted and said, and `exhibit export` has it.
package report
