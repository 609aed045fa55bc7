package sandbox_test

import (
	"testing"

	"github.com/exhibit-forensics/exhibit/core/host/sandbox"
)

// The structure's size tells the kernel which rights the caller knows of: one that
// an older kernel does not know is an error there.
func TestRuleset(t *testing.T) {
	for _, c := range []struct {
		abi         int
		size        uintptr
		fs          uint64
		net, scoped uint64
	}{
		{1, 8, 0x1fff, 0, 0},
		{2, 8, 0x3fff, 0, 0},
		{3, 8, 0x7fff, 0, 0},
		{4, 16, 0x7fff, 3, 0},
		{5, 16, 0xffff, 3, 0},
		{6, 24, 0xffff, 3, 3},
		{7, 24, 0xffff, 3, 3},
		{12, 24, 0xffff, 3, 3},
	} {
		attr, size := sandbox.Ruleset(c.abi)
		if attr.Handled_access_fs != c.fs || attr.Handled_access_net != c.net || attr.Scoped != c.scoped || size != c.size {
			t.Errorf("ABI %d: %+v, %d bytes", c.abi, attr, size)
		}
	}
}
