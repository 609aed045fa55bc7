// Ufdr reads reports of Cellebrite's Physical Analyzer: the records of a report.xml, and of
// a .ufdr as a whole what its own hashes and counts say of what is in it.
package main

import (
	"bytes"
	"errors"
	"io"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// Version is that of plugin.json.
const Version = "0.1.0"

// Plugin returns the plugin, for main and for tests.
func Plugin() sdk.Plugin { return sdk.Plugin{Name: "ufdr", Version: Version, Parse: parse} }

func main() { sdk.Main(Plugin()) }

// zipMagic begins a .ufdr, which is a ZIP archive.
const zipMagic = "PK\x03\x04"

func parse(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	head := make([]byte, min(int64(len(zipMagic)), in.Size))
	if _, err := in.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.Equal(head, []byte(zipMagic)) {
		return compare(c, in, out)
	}
	return report(c, in, out)
}
