package main_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
	main "github.com/exhibit-forensics/exhibit/plugins/whatsapp"
)

func samples() []string {
	return []string{"testdata/msgstore.db", "testdata/msgstore-2020.db", "testdata/ChatStorage.sqlite"}
}

func TestConformance(t *testing.T) {
	var corpus []sdktest.Case
	for _, name := range samples() {
		c := load(t, name)
		c.Canary = "hello"
		corpus = append(corpus, c)
	}
	sdktest.Run(t, main.Plugin(), corpus)
}

// The manifest says of the plugin what the program says of itself.
func TestManifest(t *testing.T) {
	text, err := os.ReadFile("plugin.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := evidence.ParsePluginManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	p := main.Plugin()
	if m.Name != p.Name || m.Version != p.Version || len(m.Operations) != 1 || !slices.Equal(p.Operations(), []string{m.Operations[0].Operation}) {
		t.Errorf("%+v", m)
	}
}

// Whatever the bytes: no panic, no defect, and units that add up.
func FuzzParse(f *testing.F) {
	for _, name := range samples() {
		c := load(f, name)
		var wal []byte
		if len(c.Companions) > 0 {
			wal = c.Companions[0].Data
		}
		f.Add(c.Data, wal)
	}
	f.Fuzz(func(t *testing.T, db, wal []byte) {
		if len(db) > 1<<18 || len(wal) > 1<<18 {
			t.Skip()
		}
		c := sdktest.Case{Name: "fuzz", Operation: evidence.OpParse, Data: db}
		if len(wal) > 0 {
			c.Companions = []sdktest.Companion{{Role: "wal", Data: wal}}
		}
		out := sdktest.Do(t, main.Plugin(), c)
		if err := out.Result.Err; err != nil && (strings.Contains(err.Error(), "panicked") || errors.Is(err, sdk.ErrSource) || errors.Is(err, sdk.ErrRecord)) {
			t.Fatal(err)
		}
	})
}
