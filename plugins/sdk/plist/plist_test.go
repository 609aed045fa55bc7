package plist_test

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/plist"
)

// FuzzParse: whatever the bytes, no panic.
func FuzzParse(f *testing.F) {
	f.Add([]byte("bplist00\xd1\x01\x02Rec\xd0\x08\x0b\x0e\x00\x00\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0f"))
	f.Add(nested(3))
	f.Fuzz(func(_ *testing.T, b []byte) {
		if v, err := plist.Parse(b); err == nil {
			_, _, _ = plist.Archived(v)
		}
	})
}

// A list that names a list that names a list… is no way to fill memory.
func TestPlistBounds(t *testing.T) {
	if _, err := plist.Parse(nested(2)); err != nil {
		t.Error(err)
	}
	if _, err := plist.Parse(nested(12)); err == nil {
		t.Error("14^12 objects")
	}
}

// nested is a list in which object n is an array of fourteen times object n+1.
func nested(levels int) []byte {
	var b, table []byte
	b = append(b, "bplist00"...)
	for n := range levels {
		table = append(table, byte(len(b)))
		b = append(b, 0xae)
		for range 14 {
			b = append(b, byte(n+1))
		}
	}
	table = append(table, byte(len(b)))
	b = append(b, 0x09)
	at := len(b)
	b = append(b, table...)
	b = append(b, 0, 0, 0, 0, 0, 0, 1, 1)
	b = binary.BigEndian.AppendUint64(b, uint64(levels+1))
	b = binary.BigEndian.AppendUint64(b, 0)
	b = binary.BigEndian.AppendUint64(b, uint64(at))
	return b
}

// TestParse reads what Python's plistlib wrote.
func TestParse(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("NOT TESTED: python3 is not installed")
	}
	path := filepath.Join(t.TempDir(), "a")
	const script = `import plistlib, sys
v = {"n": 5, "big": 1 << 40, "neg": -3, "t": "text", "u": "日本", "d": b"\x00\x01", "l": [1, True, None and 0 or False], "f": 1.5,
 "$top": {"root": plistlib.UID(1)}, "$objects": ["$null", {"RelativePath": plistlib.UID(2), "Size": 7}, "a/b"]}
open(sys.argv[1], "wb").write(plistlib.dumps(v, fmt=plistlib.FMT_BINARY))`
	if out, err := exec.Command(python, "-c", script, path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	v, err := plist.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"n": int64(5), "big": int64(1 << 40), "neg": int64(-3), "t": "text", "u": "日本", "d": []byte{0, 1}, "l": []any{int64(1), true, false}, "f": 1.5,
		"$top":     map[string]any{"root": plist.UID(1)},
		"$objects": []any{"$null", map[string]any{"RelativePath": plist.UID(2), "Size": int64(7)}, "a/b"},
	}
	if d := cmp.Diff(want, v); d != "" {
		t.Error(d)
	}
	root, _, err := plist.Archived(v)
	if d := cmp.Diff(map[string]any{"RelativePath": "a/b", "Size": int64(7)}, root); d != "" || err != nil {
		t.Error(d, err)
	}
	for _, bad := range []any{nil, map[string]any{}, map[string]any{"$objects": []any{}, "$top": map[string]any{"root": plist.UID(0)}}} {
		if _, _, err := plist.Archived(bad); err == nil {
			t.Errorf("%v is no archive", bad)
		}
	}
}
