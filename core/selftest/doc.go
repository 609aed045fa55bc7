// Package selftest runs known answers: every bundled plugin, in the sandbox, over
// samples whose results are known; the formats of the custody log, by vectors that
// other programs computed; and a case of its own, which must hold, and must not
// hold once it was tampered with. What came of it is a record that a laboratory
// can file (docs/formats/selftest.md).
//
// An answer is right where it is, byte for byte, the one expected. What is expected
// is part of the program, and so of its digest: samples and goldens of the plugins
// (plugins/*/testdata), and vectors.json, which testdata/vectors.py made from
// docs/formats without any of the code that is tested.
package selftest
