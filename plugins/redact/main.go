// Redact reads the record sets of a case and says where in them personal data stand. It
// makes no change: docs/redaction.md says what is found, and who changes it.
package main

import "github.com/exhibit-forensics/exhibit/plugins/sdk"

func main() { sdk.Main(plugin()) }

func plugin() sdk.Plugin {
	return sdk.Plugin{Name: "redact", Version: "0.1.0", Redact: redact}
}
