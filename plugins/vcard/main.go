// Command vcard is the plugin for vCard files, versions 2.1, 3.0 and 4.0. README.md
// says what is read, and how what is not as it should be.
package main

import "github.com/exhibit-forensics/exhibit/plugins/sdk"

// Version is that of plugin.json.
const Version = "0.1.0"

// Plugin returns the plugin, for Main and for tests.
func Plugin() sdk.Plugin {
	return sdk.Plugin{Name: "vcard", Version: Version, Parse: parse}
}

func main() { sdk.Main(Plugin()) }
