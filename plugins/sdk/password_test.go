package sdk_test

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// TestPasswords: each key as it is, and without the line ending that `echo` puts there.
func TestPasswords(t *testing.T) {
	var got []string
	p := sdk.Plugin{Name: "p", Version: "1", Unpack: func(c *sdk.Ctx, _ *sdk.Input, _ *sdk.Out) error {
		for k, password := range c.Passwords() {
			got = append(got, k.Name+" "+string(password))
			if len(got) == 6 {
				break
			}
		}
		return nil
	}}
	j := sdk.Job{Operation: evidence.OpUnpack, Inputs: []*sdk.Input{sdk.NewInput(bytes.NewReader([]byte("x")), 1)}, Records: io.Discard, Diagnostics: io.Discard, Artifacts: io.Discard}
	for i, value := range []string{"one", "two\n", "three\r\n", "\n", "last"} {
		j.Keys = append(j.Keys, sdk.Key{Name: string(rune('a' + i)), Fingerprint: "key:" + string(rune('a'+i)), Value: []byte(value)})
	}
	if _, err := sdk.Run(t.Context(), p, j); err != nil {
		t.Fatal(err)
	}
	if want := []string{"a one", "b two\n", "b two", "c three\r\n", "c three", "d \n"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
