package main

import (
	"encoding/binary"
	"math/bits"
)

// node types: what an identifier is.
type nodeType uint8

const (
	nodeAccount nodeType = iota
	nodePhone
	nodeEmail
	nodeIP
	nodeTypes
)

var nodeNames = [nodeTypes]string{"account", "phone", "email", "ip"}

func (t nodeType) String() string { return nodeNames[t] }

// kinds of records in which an identifier may stand.
const (
	inMessage = iota
	inSMS
	inCall
	inAccount
	inContact
	kindsOfSource
)

var kindNames = [kindsOfSource]string{"message", "sms", "call", "account", "contact"}

// node is what is known of one identifier.
type node struct {
	// key is its type, the length of its service, the service, the value.
	key string
	// records in which it stands, by kind; first and last are the numbers of these.
	records, first, last [kindsOfSource]uint32
	// logged are messages of the account's own log that have a text, unlisted those
	// without a listed term.
	logged, unlisted uint32
	cites            []uint32 // of unlisted
	// forms are the first few ways in which a telephone number is written where that is
	// not its value; manyForms: there are more.
	forms     []string
	manyForms bool
	// mine: it belongs to the part at hand.
	mine bool
	// unserved: some of its records state no service, and were matched by the name alone.
	unserved bool
}

func (n *node) kind() nodeType { return nodeType(n.key[0]) }

func (n *node) service() string {
	size, w := binary.Uvarint([]byte(n.key[1:min(len(n.key), 1+binary.MaxVarintLen64)]))
	return n.key[1+w : 1+w+int(size)]
}

func (n *node) value() string {
	size, w := binary.Uvarint([]byte(n.key[1:min(len(n.key), 1+binary.MaxVarintLen64)]))
	return n.key[1+w+int(size):]
}

// maxForms bounds how many ways of writing a number a query names.
const maxForms = 4

// written notes a way in which it is written.
func (n *node) written(raw []byte) {
	if n.kind() != nodePhone || n.manyForms {
		return
	}
	for _, f := range n.forms {
		if f == string(raw) {
			return
		}
	}
	if n.manyForms = len(n.forms) == maxForms; !n.manyForms {
		n.forms = append(n.forms, string(raw))
	}
}

// is is the condition that a field is this identifier, as it is written.
func (n *node) is(field string) string {
	if len(n.forms) == 0 {
		return field + ":=" + quote(n.value())
	}
	out := ""
	for i, f := range n.forms {
		if i > 0 {
			out += " OR "
		}
		out += field + ":=" + quote(f)
	}
	if len(n.forms) > 1 {
		out = "(" + out + ")"
	}
	return out
}

// total is how many records it stands in.
func (n *node) total() (sum int64) {
	for _, r := range n.records {
		sum += int64(r)
	}
	return sum
}

// appendKey writes the key of an identifier.
func appendKey(dst []byte, t nodeType, service, value []byte) []byte {
	dst = append(dst, byte(t))
	dst = binary.AppendUvarint(dst, uint64(len(service)))
	return append(append(dst, service...), value...)
}

// partOf is the part of the names, one of a power of two, to which a key falls: by its
// value, so that accounts of one name fall together (FNV-1a, 64 bit, its halves mixed).
func partOf(key []byte, parts int) int {
	if parts == 1 {
		return 0
	}
	size, w := binary.Uvarint(key[1:])
	h := uint64(14695981039346656037)
	for _, c := range key[1+w+int(size):] {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return int(bits.RotateLeft64(h, 32)^h) & (parts - 1)
}

// names are the identifiers of one part.
type names struct {
	nodes []node
	index map[string]uint32
	bytes int64
}

// nodeBytes is about what a node takes beside its key: itself and its place in the index.
const nodeBytes = 220

func (t *names) intern(key []byte) uint32 {
	if i, ok := t.index[string(key)]; ok {
		return i
	}
	if t.index == nil {
		t.index = map[string]uint32{}
	}
	i := uint32(len(t.nodes))
	k := string(key)
	t.index[k] = i
	t.nodes = append(t.nodes, node{key: k})
	t.bytes += int64(len(k)) + nodeBytes
	return i
}

// link is one record that connects two identifiers.
type link struct {
	from, to uint32
	record   uint32
	// terms of it are at in the part's list of terms, n of them.
	at       uint32
	n        uint16
	relation uint8
	at64     int64 // seconds since 1970
}

const linkBytes = 32

// relations of a link.
const (
	relMessage = iota
	relSMS
	relCall
	relIdentity
	// relParties: both are parties of a message, and who sent it is not known.
	relParties
)

var relationNames = []string{"message", "sms", "call", "identity", "parties"}
