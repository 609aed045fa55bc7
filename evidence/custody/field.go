package custody

import (
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Field is one row of the field table: something that an entry may say.
// The table is docs/formats/custody.md's, complete from the first version on.
type Field struct {
	// Name is how the field is called everywhere: v, time.start, refs.item for
	// members of the entry itself; phase, counts for fields under plain;
	// asserted.… and observed.… for fields that are committed to.
	Name string
	// Group is the question it answers: identity, who, what, when, where, why,
	// how, hashes, transfer, changes, privacy.
	Group string
	// Asserted: a person says so. Otherwise the program observed or made it.
	Asserted bool
	// Plain: readable in the entry, because it identifies nobody and no content.
	// Otherwise the entry holds a salted commitment.
	Plain bool
	// Member: a member of the entry itself, written by Build from a Draft's own
	// members. Otherwise it stands under plain or commit.
	Member bool
	// Type is one of Types.
	Type string
	// Meaning says what it means.
	Meaning string
}

// Check reports whether value, canonical JSON, is of f's type. It fails with
// evidence.ErrNotCanonical or evidence.ErrFormat.
func (f Field) Check(value []byte) error {
	if err := evidence.CheckCanonical(value); err != nil {
		return fmt.Errorf("field %s: %w", f.Name, err)
	}
	v, err := decode(value)
	if err != nil {
		return fmt.Errorf("field %s: %w", f.Name, err)
	}
	return f.check(v)
}

func (f Field) check(v any) error {
	ok := tables().types[f.Type]
	if ok == nil || !ok(v) {
		return fmt.Errorf("%w: field %s is not of type %s", evidence.ErrFormat, f.Name, f.Type)
	}
	return nil
}

// Fields returns the complete table, group by group.
func Fields() []Field {
	groups := [][]Field{
		identityFields(), whoFields(), whatFields(), whenFields(), whereFields(), whyFields(),
		howFields(), hashFields(), transferFields(), changeFields(), privacyFields(),
	}
	return slices.Concat(groups...)
}

// member, plain, asserted and observed make rows of the table.
func member(group, name, typ, meaning string) Field {
	return Field{Name: name, Group: group, Plain: true, Member: true, Type: typ, Meaning: meaning}
}

func plain(group, name, typ, meaning string) Field {
	return Field{Name: name, Group: group, Plain: true, Type: typ, Meaning: meaning}
}

func asserted(group, name, typ, meaning string) Field {
	return Field{Name: "asserted." + name, Group: group, Asserted: true, Type: typ, Meaning: meaning}
}

func observed(group, name, typ, meaning string) Field {
	return Field{Name: "observed." + name, Group: group, Type: typ, Meaning: meaning}
}

// Place says where in an entry the field stands: entry, plain or commit.
func (f Field) Place() string {
	switch {
	case f.Member:
		return "entry"
	case f.Plain:
		return "plain"
	}
	return "commit"
}

// SetNames returns the names of the sets an entry may be about.
func SetNames() []string {
	return []string{"artifacts", "derivations", "occurrences", "runs", "subjects"}
}

// Kind is one sort of entry and what it may carry.
type Kind struct {
	Name, Meaning string
	// Plain are the fields that may stand plain in an entry of this kind.
	Plain []string
	// Words are the values that a plain field of type word may have in this kind. Where
	// there are words for phase, every entry of the kind has one.
	Words map[string][]string
}

// Kinds returns every kind of entry.
func Kinds() []Kind {
	kind := func(name, meaning string, plain ...string) Kind {
		k := Kind{Name: name, Meaning: meaning, Plain: []string{"counts", "revision"}}
		for _, p := range plain {
			// phase=begin|part: the field and the words it may have.
			field, words, ok := strings.Cut(p, "=")
			if ok {
				if k.Words == nil {
					k.Words = map[string][]string{}
				}
				k.Words[field] = strings.Split(words, "|")
			}
			k.Plain = append(k.Plain, field)
		}
		slices.Sort(k.Plain)
		return k
	}
	return []Kind{
		kind("create", "the case is created; entry 0 of every log and no other", "case", "format"),
		kind("seize", "something is taken into custody at its place", "phase=begin|end"),
		kind("acquire", "a copy is made of a source", "phase=begin|part|end", "in_place"),
		kind("receive", "an item is taken into the case: begun, received in parts, ended", "phase=begin|part|end", "in_place", "resumed"),
		kind("transfer", "custody passes from one party to another", "phase=released|received"),
		kind("access", "someone had access to an item"),
		kind("derive", "plugins are run: the intent before, the result after", "phase=intent|result", "plugins"),
		kind("verify", "case or bundle is verified", "verdict"),
		kind("redact", "redactions are planned, reviewed or made", "phase=intent|result", "plugins"),
		kind("export", "something is handed out", "phase=intent|result"),
		kind("dispose", "an item is returned or destroyed", "phase=returned|destroyed"),
		kind("correct", "an earlier entry is corrected; it stays"),
		kind("note", "a remark"),
		kind("tag", "records, artifacts or exhibits are marked with a name", "action=add|remove"),
		kind("selection", "a query is kept under a name", "action=add|remove"),
		kind("key", "a decryption key becomes known", "action=add", "encoding", "fingerprint", "form"),
		kind("layout", "a layout becomes known", "action=add"),
		kind("profile", "a profile becomes known", "action=add"),
		kind("plugin", "a plugin's bytes are fixed for this case", "action=add|pin|update", "plugin", "plugins"),
		kind("identity", "the log's signing key changes", "action=add|rotate|revoke", "signer", "successor"),
		kind("seal", "the head of the log, this entry included, is about to be signed", "signer"),
		kind("anchor", "a checkpoint was stamped or cosigned by somebody outside, before this entry", "anchor", "service", "stamped"),
	}
}
