package main_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	cipherfind "github.com/exhibit-forensics/exhibit/plugins/cipherfind"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

func TestConformance(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	s := sealing{"des", "ecb", "", "pkcs7", "hex", "utf-8", []byte("aB3+xY9?")}
	lines := rows(rng, 9, "utf-8", "|")
	sealed := s.seal(t, rng, lines)
	key := sdk.Key{Name: "given", Fingerprint: "key:0011223344556677", Value: s.key}
	sdktest.Run(t, cipherfind.Plugin(), []sdktest.Case{
		{Name: "key beside", Operation: evidence.OpFindKey, Data: append([]byte("key=aB3+xY9?\n"), sealed...)},
		{Name: "opened", Operation: evidence.OpSurvey, Data: sealed, Keys: []sdk.Key{key}},
		{Name: "plain", Operation: evidence.OpSurvey, Data: []byte(strings.Join(lines, "\n") + "\n")},
	})
}

// The manifest says of the plugin what the program says of itself.
func TestManifest(t *testing.T) {
	for _, op := range sdktest.Manifest(t, cipherfind.Plugin(), "plugin.json").Operations {
		if !evidence.Surveys(op.Operation) {
			t.Errorf("operation %s reads evidence", op.Operation)
		}
	}
}
