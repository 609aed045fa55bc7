// Command tomskype is the plugin for TOM-Skype's logs and keyword lists and for
// whatever else is encrypted line by line or as a whole file in a way that a
// profile describes. What columns a line has is said by a layout. Both are data:
// README.md.
package main

import "github.com/exhibit-forensics/exhibit/plugins/sdk"

// Version is that of plugin.json.
const Version = "0.1.0"

// Plugin returns the plugin, for Main and for tests.
func Plugin() sdk.Plugin {
	return sdk.Plugin{Name: "tomskype", Version: Version, Parse: parse, Decrypt: decrypt}
}

func main() { sdk.Main(Plugin()) }
