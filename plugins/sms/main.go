// Command sms is the plugin for delimited text exports of text messages, in any
// charset: by their header line, or by an examiner's layout. README.md says what
// it recognises and how it decides.
package main

import "github.com/exhibit-forensics/exhibit/plugins/sdk"

// Version is that of plugin.json.
const Version = "0.1.0"

// Plugin returns the plugin, for Main and for tests.
func Plugin() sdk.Plugin {
	return sdk.Plugin{Name: "sms", Version: Version, Parse: parse}
}

func main() { sdk.Main(Plugin()) }
