// Package schemas embeds every contract that outlives a process. A released
// file never changes: a new version is a new file.
package schemas

import "embed"

// SQL holds the migrations of case.db, applied in the order of their names.
//
//go:embed sql/*.sql
var SQL embed.FS

// Proto holds the plugin protocol.
//
//go:embed proto
var Proto embed.FS
