// Command cipherfind is the plugin that looks into what no other plugin opens: it
// says how the bytes are made up, looks for the key of what is encrypted in the
// evidence itself, and proposes how lines are laid out. It knows no product: README.md.
package main

import "github.com/exhibit-forensics/exhibit/plugins/sdk"

// Version is that of plugin.json.
const Version = "0.1.0"

// Plugin returns the plugin, for Main and for tests.
func Plugin() sdk.Plugin {
	return sdk.Plugin{Name: "cipherfind", Version: Version, Survey: survey, FindKey: findKey}
}

func main() { sdk.Main(Plugin()) }
