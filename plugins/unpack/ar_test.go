//go:build linux

package main_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

func TestAr(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{"a.log": string(logLines(501)), "a-name-longer-than-sixteen.bin": string(random(300)), "empty": "", "odd": "x"}
	for name, data := range files {
		write(t, dir, name, []byte(data))
	}
	stock(t, dir, "ar", append([]string{"qcS", "s.a"}, names(files)...)...)
	data := read(t, dir, "s.a")
	o := unpack(t, data)
	complete(t, o)
	if d := cmp.Diff(files, contents(o)); d != "" || len(o.Diagnostics) != 0 {
		t.Error(d, o.Diagnostics)
	}
	for _, a := range o.Artifacts {
		at := number(t, a.Steps[0]["offset"])
		if string(data[at:at+number(t, a.Steps[0]["length"])]) != string(a.Data) {
			t.Errorf("%q: the step does not lead to the content", a.Name.Text)
		}
	}
	for at := 8; at < len(data); at++ {
		o := unpack(t, data[:at])
		for _, a := range o.Artifacts {
			if a.Complete && files[a.Name.Text] != string(a.Data) {
				t.Fatalf("cut at %d: %q", at, a.Name.Text)
			}
		}
	}
	bsd := "!<arch>\n" + "#1/8            0           0     0     100644  11        `\nlong nam" + "abc\n" + "no header"
	if o := unpack(t, []byte(bsd)); contents(o)["long nam"] != "abc" || codes(t, o)["ar.cut damage"] != 1 {
		t.Errorf("BSD: %v, %q", contents(o), o.Diagnostics)
	}
	if o := unpack(t, []byte("!<thin>\n"+bsd[8:])); codes(t, o)["ar.thin reject"] != 1 || len(o.Artifacts) != 0 {
		t.Errorf("thin: %q", o.Diagnostics)
	}
}

// TestDeb: a package of dpkg-deb gives its three members; what they hold is another run.
func TestDeb(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "p", "DEBIAN"), "control", []byte("Package: p\nVersion: 1\nArchitecture: all\nMaintainer: nobody <n@example.org>\nDescription: a package\n"))
	write(t, filepath.Join(dir, "p", "var/log"), "a.log", logLines(900))
	stock(t, dir, "chmod", "-R", "go+rX", "p")
	stock(t, dir, "dpkg-deb", "--root-owner-group", "-b", "p", "p.deb")
	o := unpack(t, read(t, dir, "p.deb"))
	complete(t, o)
	if len(o.Artifacts) != 3 || len(o.Diagnostics) != 0 {
		t.Fatalf("%q, %q", names(contents(o)), o.Diagnostics)
	}
	var data sdktest.Output
	for _, a := range o.Artifacts[2:] {
		data = unpack(t, a.Data)
	}
	if contents(data)["./var/log/a.log"] != string(logLines(900)) {
		t.Errorf("%q", names(contents(data)))
	}
}
