// Package witness is a witness of other people's logs: it remembers the newest checkpoint of
// each log that it admits, cosigns only what continues it (C2SP tlog-witness,
// tlog-cosignature), and keeps what did not continue it. What it signed is durable before
// it is answered. docs/formats/anchors.md has its files.
package witness
