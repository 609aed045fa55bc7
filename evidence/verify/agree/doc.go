// Package agree holds the tests that the three verifiers of bundles agree: package
// verify, evidence/bundle/verify.py and evidence/bundle/VERIFY.html share no code,
// and must give the same verdict, attestation and codes whatever is done to a
// bundle (docs/formats/bundle.md, Verdict). The bundles are made here by code of
// its own, written from that document, so that the maker is read a second time too.
package agree
