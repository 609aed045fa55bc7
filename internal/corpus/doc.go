// Package corpus makes synthetic evidence: a chat logging server's open directory,
// with the truth about it in a file beside. It is seeded: the same seed gives the
// same bytes. All names, numbers and addresses are invented; addresses lie in the
// ranges reserved for documentation (RFC 5737, RFC 2606).
//
// It encrypts with the standard library and shares no code with the plugins that
// read what it writes. Test code and the demonstration use it; the product does not.
package corpus
