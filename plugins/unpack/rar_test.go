//go:build linux

package main_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// sampleOf reads one of the samples, which testdata/make.rar.py made and 7-Zip agrees with.
func sampleOf(t testing.TB, name string) []byte {
	t.Helper()
	return read(t, "testdata", name)
}

// TestRar: the same files stored, encrypted, and with their list encrypted.
func TestRar(t *testing.T) {
	want := contents(unpack(t, sampleOf(t, "sample.zip")))
	for name, passwords := range map[string][]string{"sample.rar": nil, "secret.rar": {"notthis", "secret\n"}, "headers.rar": {"notthis", "secret"}} {
		o := unpack(t, sampleOf(t, name), keys(passwords...))
		complete(t, o)
		if got := contents(o); fmt.Sprint(got) != fmt.Sprint(want) || len(o.Diagnostics) != 0 {
			t.Errorf("%s: %q, %q", name, names(got), o.Diagnostics)
		}
		for _, a := range o.Artifacts {
			if a.Meta["mtime"] != "2008-07-31T23:10:19Z" || a.Meta["mode"] != "0100644" || len(passwords) > 0 && len(a.Data) > 0 && a.Steps[0]["key"] != "key:0000000000000002" {
				t.Errorf("%s %q: %v, %v", name, a.Name.Text, a.Meta, a.Steps)
			}
		}
	}
	for name, closed := range map[string]int{"secret.rar": 3, "headers.rar": 0} {
		for n, wrong := range [][]string{nil, {"notthis", "Secret"}} {
			o := unpack(t, sampleOf(t, name), keys(wrong...))
			complete(t, o)
			text := message(o, "rar.encrypted")
			if !strings.Contains(text, "exhibit key add NAME --stdin") || (n == 1) != strings.Contains(text, "none of the 2 passwords") {
				t.Errorf("%s: %q", name, o.Diagnostics)
			}
			if got := len(o.Artifacts); got > 1 || !strings.Contains(strings.Join(o.Diagnostics, ""), fmt.Sprintf(`"members":%d`, closed)) || len(o.Result.KeysUsed) != 0 {
				t.Errorf("%s: %d members, %q, used %v", name, got, o.Diagnostics, o.Result.KeysUsed)
			}
		}
	}
}

// TestRarOfRar: what rar itself wrote.
func TestRarOfRar(t *testing.T) {
	o := unpack(t, sampleOf(t, "old.rar"))
	complete(t, o)
	if got := contents(o); got["rar"] != "unarr\n" || len(o.Diagnostics) != 0 {
		t.Errorf("%q, %q", got, o.Diagnostics)
	}
}

// TestRarVolume: a volume of several is partial, and the text says what to do.
func TestRarVolume(t *testing.T) {
	o := unpack(t, sampleOf(t, "volume.rar"))
	if o.Result.Outcome != evidence.OutcomePartial || len(o.Diagnostics) != 1 || !strings.Contains(message(o, "rar.volume"), "all volumes in one directory") {
		t.Errorf("%s, %q", o.Result.Outcome, o.Diagnostics)
	}
	if len(o.Artifacts) != 1 || o.Artifacts[0].Complete || len(o.Artifacts[0].Data) != 700 {
		t.Errorf("%+v", o.Artifacts)
	}
}

// TestRarCut: no cut and no bit turned over makes a whole member that is not what it was.
func TestRarCut(t *testing.T) {
	data := sampleOf(t, "sample.rar")
	want := contents(unpack(t, data))
	check := func(what string, data []byte) {
		o := unpack(t, data)
		for _, a := range o.Artifacts {
			if a.Complete && a.Name != nil && want[a.Name.Text] != "" && !bytes.Equal(a.Data, []byte(want[a.Name.Text])) {
				t.Errorf("%s: %q is complete, and not what it was", what, a.Name.Text)
			}
		}
		if len(o.Diagnostics) == 0 && o.Result.Outcome == evidence.OutcomeComplete && len(contents(o)) < len(want) {
			t.Errorf("%s: nothing is said", what)
		}
	}
	for at := 9; at < len(data); at += 13 {
		check(fmt.Sprintf("cut at %d", at), data[:at])
		flipped := bytes.Clone(data)
		flipped[at] ^= 4
		check(fmt.Sprintf("flipped at %d", at), flipped)
	}
}

// TestSamplesAreThere: the goldens are of all formats that the manifest asks for.
func TestSamplesAreThere(t *testing.T) {
	for _, name := range []string{"old.rar", "sample.rar", "secret.rar", "headers.rar", "volume.rar", "closed.rar", "sample.7z", "secret.7z", "closed.7z", "secret.zip", "old.zip", "closed.zip", "sample.a"} {
		if _, err := os.Stat("testdata/" + name + ".golden.jsonl"); err != nil {
			t.Error(err)
		}
	}
}
