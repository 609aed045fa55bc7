// Command userdb is the plugin for directories and lists of users: LDIF, and the
// passwd, shadow and htpasswd files of Unix and web servers. README.md says what is
// read, and how what is not as it should be.
package main

import "github.com/exhibit-forensics/exhibit/plugins/sdk"

// Version is that of plugin.json.
const Version = "0.1.0"

// Plugin returns the plugin, for Main and for tests.
func Plugin() sdk.Plugin {
	return sdk.Plugin{Name: "userdb", Version: Version, Parse: parse}
}

func main() { sdk.Main(Plugin()) }
