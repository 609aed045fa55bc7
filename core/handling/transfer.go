package handling

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/exhibit-forensics/exhibit/core/sshsig"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// Prepare completes a statement about an item of the case: what it is, its digests, and the
// state of the log. What the caller filled in stays. It fails with evidence.ErrNotFound
// where there is no such item, and with evidence.ErrDisposed where it was destroyed.
func Prepare(ctx context.Context, c *store.Case, s Statement) (Statement, error) {
	state, err := c.State(ctx)
	if err != nil {
		return s, err
	}
	it, err := Item(state, s.Exhibit)
	if err != nil {
		return s, err
	}
	for _, d := range it.Disposals {
		if d.Phase == "destroyed" {
			return s, fmt.Errorf("handling: exhibit %s: %w in entry %d", s.Exhibit, evidence.ErrDisposed, d.Seq)
		}
	}
	all, err := files(ctx, c, s.Exhibit)
	if err != nil {
		return s, err
	}
	s.Origin, s.Item, s.Files, s.Bytes, s.Each = c.Origin(), it.Seq, int64(len(all)), 0, nil
	for _, f := range all {
		s.Bytes += f.Size
	}
	s.List = evidence.Sum(list(all))
	if len(all) <= listed {
		s.Each = all
	}
	if s.Entries, s.Root, err = c.Head(ctx); err != nil {
		return s, err
	}
	_, err = s.Format()
	return s, err
}

// Signed is a statement as it comes back.
type Signed struct {
	// Text is the statement, byte for byte.
	Text []byte
	// Released and Received are the armored signatures of who gives and who takes; one may be
	// nil where it comes later.
	Released, Received []byte
	// Allowed, if not nil, must allow each key; at is when, for keys that are valid for a time.
	Allowed *sshsig.Allowed
	// ReceivedAt, SealIn and ConditionIn are what is said of the taking: they are not in the
	// statement and under no signature.
	ReceivedAt, SealIn, ConditionIn string
	// Said are further asserted fields, by full name.
	Said map[string]any
}

// Entered says which entries a transfer made.
type Entered struct {
	// Released and Received are their numbers, -1 where there is none.
	Released, Received int64
	// From and To are the fingerprints of the keys, with the principals that Allowed has
	// for them.
	From, To                     string
	FromPrincipals, ToPrincipals []string
}

// Enter checks a statement with its signatures against the case and writes the entries. It
// fails with ErrStale where the statement is of another log, item or content, with
// ErrSigned where a signature is wrong, by another key than the statement names, or by one
// that is not allowed. Nothing is written unless all that was given is right.
func Enter(ctx context.Context, c *store.Case, in Signed, now time.Time) (Entered, error) {
	out := Entered{Released: -1, Received: -1}
	s, err := Parse(in.Text)
	if err != nil {
		return out, err
	}
	state, err := c.State(ctx)
	if err != nil {
		return out, err
	}
	it, err := fits(ctx, c, state, s)
	if err != nil {
		return out, err
	}
	if in.Released == nil && in.Received == nil {
		return out, fmt.Errorf("handling: %w: neither party signed", ErrSigned)
	}
	if in.Released != nil {
		if out.From, out.FromPrincipals, err = in.party("who gives", in.Released, s.From.Key, now); err != nil {
			return out, err
		}
	}
	if in.Received != nil {
		if out.To, out.ToPrincipals, err = in.party("who takes", in.Received, s.To.Key, now); err != nil {
			return out, err
		}
		if out.From != "" && out.From == out.To {
			return out, fmt.Errorf("handling: %w: both signatures are by one key", ErrSigned)
		}
	}
	earlier, err := already(it, in)
	if err != nil {
		return out, err
	}
	if in.Released != nil {
		if out.Released, err = c.Append(ctx, in.released(s, out)); err != nil {
			return out, err
		}
		earlier = out.Released
	}
	if in.Received != nil {
		if out.Received, err = c.Append(ctx, in.received(s, out, earlier)); err != nil {
			return out, fmt.Errorf("handling: the releasing is entry %d; give --received alone: %w", earlier, err)
		}
	}
	return out, nil
}

// fits holds a statement against the case.
func fits(ctx context.Context, c *store.Case, state *store.State, s Statement) (store.Item, error) {
	stale := func(format string, args ...any) (store.Item, error) {
		return store.Item{}, fmt.Errorf("handling: %w: %s", ErrStale, fmt.Sprintf(format, args...))
	}
	if s.Origin != c.Origin() {
		return stale("it is of the log %q", s.Origin)
	}
	it, err := Item(state, s.Exhibit)
	if err != nil || it.Seq != s.Item {
		return stale("entry %d did not begin an item %s", s.Item, s.Exhibit)
	}
	if s.Entries < 1 || s.Entries > state.Size {
		return stale("it is of a log of %d entries; this one has %d", s.Entries, state.Size)
	}
	err = c.Nodes(ctx, func(_ int64, read custody.ReadHashes) error {
		root, err := custody.Root(s.Entries, read)
		if err == nil && root != s.Root {
			err = fmt.Errorf("handling: %w: %w: the first %d entries of the log are not those that it states", ErrStale, evidence.ErrIntegrity, s.Entries)
		}
		return err
	})
	if err != nil {
		return it, err
	}
	all, err := files(ctx, c, s.Exhibit)
	if err != nil {
		return it, err
	}
	if evidence.Sum(list(all)) != s.List {
		return stale("the files of %s are not those that it lists", s.Exhibit)
	}
	return it, nil
}

// party checks one party's signature and returns its key.
func (in Signed) party(who string, sig []byte, key string, now time.Time) (fingerprint string, principals []string, err error) {
	got, err := sshsig.Verify(sig, in.Text, Namespace)
	if err != nil {
		return "", nil, fmt.Errorf("handling: %w: that of %s: %w", ErrSigned, who, err)
	}
	fingerprint = got.Fingerprint()
	if key != "" && key != fingerprint {
		return "", nil, fmt.Errorf("handling: %w: that of %s is by %s, and the statement names %s", ErrSigned, who, fingerprint, key)
	}
	if in.Allowed == nil {
		return fingerprint, nil, nil
	}
	if principals = in.Allowed.Principals(got.Key, Namespace, now); len(principals) == 0 {
		return "", nil, fmt.Errorf("handling: %w: the key of %s, %s, is not among the allowed signers", ErrSigned, who, fingerprint)
	}
	return fingerprint, principals, nil
}

// already returns the entry that released under the same statement, -1 where there is none, and
// refuses what was entered before.
func already(it store.Item, in Signed) (int64, error) {
	earlier := int64(-1)
	for _, t := range it.Transfers {
		if t.Statement != string(in.Text) {
			continue
		}
		if t.Phase == "released" {
			earlier = t.Seq
		}
		if t.Phase == "released" && in.Released != nil || t.Phase == "received" && in.Received != nil {
			return 0, fmt.Errorf("handling: %w: entry %d has it", evidence.ErrExists, t.Seq)
		}
	}
	if earlier < 0 && in.Released == nil {
		return 0, fmt.Errorf("handling: %w: nobody has signed that it was given; it is entered first, or together", ErrSigned)
	}
	return earlier, nil
}

func (in Signed) released(s Statement, out Entered) store.Batch {
	secret := in.secret(s)
	set(secret, map[string]string{
		"asserted.from.signature": text(in.Released), "asserted.from.key": out.From, "asserted.released": s.Released,
		"asserted.seal.out": s.SealOut, "asserted.condition": s.Condition, "asserted.custody.until": s.Released,
	})
	secret["observed.parameters"] = parameters(in, out.FromPrincipals)
	return store.Batch{
		Kind: "transfer", Refs: map[string]int64{"item": s.Item}, Secret: secret,
		Plain: map[string]any{"phase": "released", "counts": map[string]any{"files": s.Files, "bytes": s.Bytes}},
	}
}

func (in Signed) received(s Statement, out Entered, earlier int64) store.Batch {
	secret := in.secret(s)
	set(secret, map[string]string{
		"asserted.to.signature": text(in.Received), "asserted.to.key": out.To, "asserted.received": in.ReceivedAt,
		"asserted.seal.in": in.SealIn, "asserted.condition": in.ConditionIn, "asserted.custody.from": in.ReceivedAt,
	})
	secret["observed.parameters"] = parameters(in, out.ToPrincipals)
	return store.Batch{
		Kind: "transfer", Refs: map[string]int64{"item": s.Item, "intent": earlier}, Secret: secret,
		Plain: map[string]any{"phase": "received", "counts": map[string]any{"files": s.Files, "bytes": s.Bytes}},
	}
}

// secret is what both entries say.
func (in Signed) secret(s Statement) map[string]any {
	secret := maps.Clone(in.Said)
	if secret == nil {
		secret = map[string]any{}
	}
	set(secret, map[string]string{
		"asserted.exhibit": s.Exhibit, "asserted.exhibit.description": s.Description, "asserted.statement": text(in.Text),
		"asserted.from.name": s.From.Name, "asserted.from.organisation": s.From.Organisation, "asserted.from.role": s.From.Role,
		"asserted.to.name": s.To.Name, "asserted.to.organisation": s.To.Organisation, "asserted.to.role": s.To.Role,
		"asserted.transfer.method": s.Method, "asserted.transfer.courier": s.Courier,
		"asserted.purpose": s.Purpose, "asserted.authority.number": s.Authority,
	})
	// What the program found in the case, whatever is said.
	outputs := []any{map[string]any{"algorithm": "sha256", "path": "list of files", "value": s.List.Hex(), "files": s.Files, "size": s.Bytes}}
	for _, f := range s.Each {
		outputs = append(outputs, map[string]any{"algorithm": "sha256", "path": f.Path, "value": f.SHA256.Hex(), "size": f.Size})
	}
	secret["observed.outputs"] = outputs
	return secret
}

func parameters(in Signed, principals []string) map[string]any {
	p := map[string]any{"namespace": Namespace, "allowed_signers": in.Allowed != nil}
	if len(principals) > 0 {
		p["principals"] = principals
	}
	return p
}

// set adds the values that are there, unless the caller said something else.
func set(secret map[string]any, values map[string]string) {
	for name, v := range values {
		if _, said := secret[name]; v != "" && !said {
			secret[name] = v
		}
	}
}

// text is bytes that were found to be text when they were parsed.
func text(b []byte) string { return string(bytes.ToValidUTF8(b, []byte("\uFFFD"))) }
