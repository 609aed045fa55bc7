// Package ndjson reads what a script of runtime "ndjson" prints
// (docs/formats/ndjson.md) and writes the three streams that every other plugin
// writes itself (docs/formats/wire.md): records and diagnostics in canonical form,
// artifacts in frames.
//
// What it reads is hostile. A line is decoded in one pass, in memory proportional
// to its length; nothing is recursive beyond maxDepth, and no error quotes the
// line. It decides nothing about the lines' meaning: the host checks the streams
// as it checks any plugin's.
package ndjson
