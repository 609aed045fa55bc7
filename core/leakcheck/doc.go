// Package leakcheck looks for values that must not be in a file, in every spelling and place
// in which one is known to come through a redaction: before a bundle is handed out, and for
// whoever received it.
//
// It is written apart from what redacts: the values come in, and nothing else of it is used.
// Files are read as streams, in pieces that overlap. Each piece is searched as it is and in
// several views: with the escapes of JSON, HTML, URLs and quoted-printable undone, as digits
// alone, and with what hexadecimal and base64 encode. A view of a view is searched as well.
// Archives, mails and PDF streams are unpacked. What cannot be read is said, and then nothing
// is called releasable.
package leakcheck
