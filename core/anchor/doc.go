// Package anchor has checkpoints of a case stamped by time-stamping authorities (RFC 3161)
// and cosigned by witnesses (C2SP tlog-witness), over the network or by hand
// (docs/formats/anchors.md). What was asked for is durable before it is asked, an answer
// is durable before the request is struck off the queue.
package anchor
