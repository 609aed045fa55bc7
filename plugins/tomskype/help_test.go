package main_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// key is one as the host hands it over, with a fingerprint under a secret.
func key(name string, value []byte) sdk.Key {
	m := hmac.New(sha256.New, []byte("secret of a case"))
	m.Write(value)
	return sdk.Key{Name: name, Value: value, Fingerprint: "key:" + hex.EncodeToString(m.Sum(nil)[:8])}
}

// published reads profiles.json as the host does and offers the keys in it.
func published(t testing.TB) []sdk.Key {
	t.Helper()
	text, err := os.ReadFile("profiles.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Name string
		Key  *struct{ Value, Encoding string }
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	var keys []sdk.Key
	for _, p := range list {
		if p.Key == nil {
			continue
		}
		value := []byte(p.Key.Value)
		if p.Key.Encoding == "hex" {
			if value, err = hex.DecodeString(p.Key.Value); err != nil {
				t.Fatal(err)
			}
		}
		keys = append(keys, key("published:"+p.Name, value))
	}
	if len(keys) == 0 {
		t.Fatal("no published keys")
	}
	return keys
}

// layouts reads truth/layouts.json and leaves out of each what the host leaves out.
func layouts(t testing.TB, truth string) map[string]map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(truth, "layouts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]any{}
	for _, l := range list {
		name := l["name"].(string)
		delete(l, "name")
		delete(l, "for")
		out[name] = l
	}
	return out
}

func manifest(t testing.TB) evidence.PluginManifest {
	t.Helper()
	text, err := os.ReadFile("plugin.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := evidence.ParsePluginManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
