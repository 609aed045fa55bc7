// Analyze reads the record sets of a case and says what they come to together:
// listed terms in messages, accounts that stand out by a stated test, who spoke to
// whom about what. Every rule and every test: docs/analysis.md.
//
// It reads records that the host has checked, never evidence itself. What it
// counts it counts exactly; where memory does not hold all names at once, the
// records are read several times, each time for a part of the names.
package main

import "github.com/exhibit-forensics/exhibit/plugins/sdk"

func main() { sdk.Main(plugin()) }

func plugin() sdk.Plugin {
	return sdk.Plugin{Name: "analyze", Version: "0.1.0", Analyze: analyze}
}
