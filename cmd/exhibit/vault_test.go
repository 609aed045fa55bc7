package main

import (
	"os"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"
)

// ageKey makes a secret key of age in a file and puts its public key into a variable:
// agekey FILE NAME.
func ageKey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: agekey FILE NAME")
	}
	id, err := age.GenerateX25519Identity()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("# made by a test\n"+id.String()+"\n"), 0o600))
	ts.Setenv(args[1], id.Recipient().String())
}
