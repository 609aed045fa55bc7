// Command skype is the plugin for the histories of Skype: the database main.db of its
// classic programs, and messages.json of its export. README.md says what is read, and
// on what evidence.
package main

import "github.com/exhibit-forensics/exhibit/plugins/sdk"

// Version is that of plugin.json.
const Version = "0.1.0"

// Plugin returns the plugin, for Main and for tests.
func Plugin() sdk.Plugin {
	return sdk.Plugin{Name: "skype", Version: Version, Parse: parse, Probe: probe}
}

func main() { sdk.Main(Plugin()) }
