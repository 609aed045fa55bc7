//go:build linux

package main_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// TestAndroidBackup: backups of every sort, which testdata/make.ab.py made with Python.
func TestAndroidBackup(t *testing.T) {
	want := contents(unpack(t, sampleOf(t, "plain.ab")))
	if len(want) != 4 || want["apps/org.example.chat/f/notes.txt"] != strings.Repeat("a note\n", 50) {
		t.Fatalf("%q", names(want))
	}
	for name, passwords := range map[string][]string{"sample.ab": nil, "secret.ab": {"secret", "pässwörd\n"}, "secret1.ab": {"secret", "pässwörd"}, "closed.ab": {"notthis", "secret"}} {
		o := unpack(t, sampleOf(t, name), keys(passwords...))
		complete(t, o)
		if got := contents(o); fmt.Sprint(got) != fmt.Sprint(want) || len(o.Diagnostics) != 0 {
			t.Errorf("%s: %q, %q", name, names(got), o.Diagnostics)
		}
		if used := o.Result.KeysUsed; len(passwords) > 0 && (len(used) != 1 || used[0] != "key:0000000000000002") {
			t.Errorf("%s: used %v", name, used)
		}
		if step := o.Artifacts[0].Steps; step[0]["do"] != "unab" || step[1]["do"] != "untar" {
			t.Errorf("%s: %v", name, step)
		}
	}
}

// TestAndroidBackupPassword: a wrong password is told apart from damage.
func TestAndroidBackupPassword(t *testing.T) {
	data := sampleOf(t, "closed.ab")
	for n, passwords := range [][]string{nil, {"notthis", "Secret"}} {
		o := unpack(t, data, keys(passwords...))
		complete(t, o)
		text := message(o, "ab.encrypted")
		if len(o.Artifacts) != 0 || !strings.Contains(text, "exhibit key add NAME --stdin") || (n == 1) != strings.Contains(text, "none of the 2 passwords") {
			t.Errorf("%q", o.Diagnostics)
		}
	}
	for at := 1; at < 400; at += 30 {
		o := unpack(t, data[:len(data)-at], keys("secret"))
		got := codes(t, o)
		if got["ab.cut damage"] != 1 && got["ab.corrupt damage"] != 1 || got["ab.encrypted unresolved"] != 0 || len(o.Result.KeysUsed) != 1 {
			t.Errorf("%d bytes cut off: %v", at, got)
		}
	}
	flipped := bytes.Clone(data)
	flipped[len(flipped)-100] ^= 1
	if got := codes(t, unpack(t, flipped, keys("secret"))); got["ab.encrypted unresolved"] != 0 || got["ab.corrupt damage"]+got["ab.checksum damage"]+got["ab.cut damage"] == 0 {
		t.Errorf("a bit turned over: %v", got)
	}
	// More rounds than are spent: refused, and not tried for an hour.
	many := bytes.Replace(data, []byte("\n1000\n"), []byte("\n4000000000\n"), 1)
	if got := codes(t, unpack(t, many, keys("secret"))); got["ab.header reject"] != 1 {
		t.Errorf("many rounds: %v", got)
	}
	some := bytes.Replace(data, []byte("\n1000\n"), []byte("\n30000000\n"), 1)
	if o := unpack(t, some, keys("secret")); codes(t, o)["ab.encrypted unresolved"] != 1 || !strings.Contains(strings.Join(o.Diagnostics, ""), `"not_tried":1`) {
		t.Errorf("too many rounds: %q", o.Diagnostics)
	}
}

func TestAndroidBackupHeader(t *testing.T) {
	if o := unpack(t, sampleOf(t, "new.ab")); !strings.Contains(message(o, "ab.header"), "versions 1 to 5") || o.Result.Outcome != evidence.OutcomeComplete {
		t.Errorf("%q", o.Diagnostics)
	}
	data := sampleOf(t, "closed.ab")
	end := 0
	for range 9 { // lines
		end += 1 + bytes.IndexByte(data[end:], '\n')
	}
	for at := 15; at < end; at += 23 {
		if got := codes(t, unpack(t, data[:at])); got["ab.header reject"] != 1 {
			t.Errorf("cut at %d: %v", at, got)
		}
	}
}
