// Package exhibit is the module's root. It holds no code, only files of the module
// that the program carries: the sources that a plugin of somebody else's is built
// from, since the module need not be published anywhere (`exhibit plugin new`), and
// what the bundled plugins are held to (`exhibit selftest`).
package exhibit

import "embed"

// SDK holds the sources of plugins/sdk and of what it needs, with go.mod, go.sum
// and the licence. Whoever writes them out leaves tests away.
//
//go:embed go.mod go.sum LICENSE evidence/*.go plugins/sdk/*.go plugins/sdk/*/*.go plugins/sdk/python/exhibit_sdk.py internal/wire/*.go internal/conform/*.go internal/sqlitefile/*.go
var SDK embed.FS

// Samples holds the manifests of the bundled plugins, with their samples and goldens.
//
//go:embed plugins/*/plugin.json plugins/*/testdata/*.*
var Samples embed.FS
