package agree_test

import (
	"time"

	"github.com/exhibit-forensics/exhibit/core/anchor"
)

// printed is the receipt as one page of HTML.
func printed(note []byte, vkey string) []byte {
	page, err := anchor.Receipt{Note: note, VKey: vkey, Sealed: time.Unix(0, 0), Case: "Smith & Sons <1>", Verifiers: []anchor.Verifier{{Name: "VERIFY.html", SHA256: "00"}}}.Page()
	if err != nil {
		panic(err)
	}
	return page
}
