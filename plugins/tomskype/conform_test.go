package main_test

import (
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	tomskype "github.com/exhibit-forensics/exhibit/plugins/tomskype"
)

func TestConformance(t *testing.T) {
	config := json.RawMessage(mustJSON(map[string]any{"layout": chat}))
	keys := append(published(t), key("second", []byte(keyTwo)))
	var log1, log2 []string
	for range 12 {
		log1 = append(log1, b64(sealDES(t, keyOne, row("canary text"))), "", row("canary text"))
		log2 = append(log2, hex.EncodeToString(sealDES(t, keyTwo, gb(t, row("金丝雀")))))
	}
	sdktest.Run(t, tomskype.Plugin(), []sdktest.Case{
		{Name: "base64 and plain", Operation: evidence.OpParse, Data: lines(log1...), Config: config, Keys: keys, Canary: "canary"},
		{Name: "hexadecimal, gb18030", Operation: evidence.OpParse, Data: lines(log2...), Config: config, Keys: keys, Canary: "金丝雀"},
		{Name: "no key", Operation: evidence.OpParse, Data: lines(log2...), Config: config, Canary: log2[0][:20]},
		{Name: "keywords", Operation: evidence.OpParse, Data: lines("4FAB7DB77581", "4FAB7DB77581"), Keys: keys, Canary: "4FAB7D"},
		{Name: "whole file", Operation: evidence.OpDecrypt, Data: sealDES(t, keyOne, string(log(40))), Config: config, Keys: keys, Canary: "你好"},
	})
}

// The manifest says of the plugin what the program says of itself.
func TestManifest(t *testing.T) {
	m := manifest(t)
	p := tomskype.Plugin()
	if m.Name != p.Name || m.Version != p.Version {
		t.Errorf("%s %s, but the program is %s %s", m.Name, m.Version, p.Name, p.Version)
	}
	var operations []string
	for _, op := range m.Operations {
		operations = append(operations, op.Operation)
	}
	for _, name := range p.Operations() {
		found := false
		for _, o := range operations {
			found = found || o == name
		}
		if !found {
			t.Errorf("plugin.json has no operation %s", name)
		}
	}
	if len(operations) != len(p.Operations()) || m.Profiles != "profiles.json" {
		t.Errorf("operations %v, profiles %q", operations, m.Profiles)
	}
}
