package main

import (
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/disclose"
	"github.com/exhibit-forensics/exhibit/core/signer"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
)

// disclosed says what is inside, what is not, and how the recipient checks it.
func (p *program) disclosed(name string, out disclosureFile, s *signer.Signer, r *disclose.Report) error {
	digest, n := out.Digest()
	public, err := s.SSH()
	if err != nil {
		return err
	}
	vkey, ssh := s.VKey(r.Origin), bundle.Fingerprint(public)
	if p.asJSON {
		return writeJSON(p.out, map[string]any{
			"file": name, "size": n, "sha256": digest.Hex(), "signer": s.Name, "vkey": vkey, "ssh_fingerprint": ssh, "report": r,
		})
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s: %s\nsha256 %s", visible(name), size(n), digest.Hex())
	line("\nInside:")
	for _, x := range r.Exhibits {
		text := fmt.Sprintf("  %s: %s, %s", visible(x.Number), count(x.Files, "received file"), size(x.Bytes))
		if x.Derived > 0 {
			text += fmt.Sprintf("; %s made of them", count(x.Derived, "file"))
		}
		if x.Unread > 0 {
			text += fmt.Sprintf("; %s that could not be received", count(x.Unread, "thing"))
		}
		line("%s", text)
	}
	if r.Records > 0 {
		line("  %s, each with its exhibit and the path it was read in", count(r.Records, "record"))
	}
	if r.Production != nil {
		tellProduction(line, r)
	}
	if r.Enclosed > 0 {
		line("  %s enclosed as they are: what they say was not looked at", count(r.Enclosed, "file"))
	}
	line("  the log's %s, with commitments that tell nothing; opened are those to what is named above", count(r.Size, "entry"))
	w := r.Withheld
	if r.Production != nil {
		w.Records = r.Production.Withheld // what was shown, redacted, is not counted as withheld
	}
	line("Withheld: %s, %s, %s made of files, %s, %s of entries", count(w.Exhibits, "exhibit"), count(w.Files, "received file"), count(w.Derived, "file"),
		count(w.Records, "record"), count(w.Fields, "field"))
	line("Signed by %s, over %s, root %s", s.Name, count(r.Size, "entry"), r.Root)
	line("  verifier key  %s\n  SSH key       %s", vkey, ssh)
	if r.Anchors > 0 {
		line("  %s (time stamps, cosignatures) over earlier heads of the log; who checks needs the authority's certificate or the witness's key by another way", count(r.Anchors, "outside anchor"))
	}
	for _, c := range r.Certificates {
		line("\n%s is a draft. Somebody qualified must check it against the rule, fill in what is missing and sign it:", c.File)
		for _, open := range c.Open {
			line("  [ ] %s", visible(open))
		}
	}
	line("\nThe recipient unpacks it and reads HOW-TO-VERIFY.txt, or opens VERIFY.html.")
	line("Tell him one of these keys by another way than the file, or give him a receipt (exhibit seal --receipt): with what is in the file alone he can only see that it agrees with itself.")
	return p.printf("%s", b.String())
}
