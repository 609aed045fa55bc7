// Command apple is the plugin for the databases in which iOS and macOS keep messages
// and calls. README.md says what is read, and on what evidence.
package main

import "github.com/exhibit-forensics/exhibit/plugins/sdk"

// Version is that of plugin.json.
const Version = "0.1.0"

// Plugin returns the plugin, for Main and for tests.
func Plugin() sdk.Plugin {
	return sdk.Plugin{Name: "apple", Version: Version, Parse: parse}
}

func main() { sdk.Main(Plugin()) }
