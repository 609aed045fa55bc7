package main

import (
	"context"
	"crypto/sha256"
	"hash"
	"io"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/export"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// announce makes the entry before.
func (x *exporting) announce(ctx context.Context, k *store.Case) (err error) {
	if !x.logged {
		return nil
	}
	secret := x.secret()
	x.intent, err = k.Append(ctx, store.Batch{Kind: "export", Plain: map[string]any{"phase": "intent"}, Secret: secret})
	return err
}

// secret is what both entries say: the query may name a person.
func (x *exporting) secret() map[string]any {
	parameters := map[string]any{
		"format": x.options.Format, "order": x.asked.Order, "zone": x.asked.Zone, "raw": x.asked.Raw, "credentials": x.asked.Credentials,
	}
	for name, v := range map[string]string{"selection": x.asked.Selection, "kind": x.asked.Kind, "exhibit": x.asked.Exhibit} {
		if v != "" {
			parameters[name] = v
		}
	}
	out := map[string]any{"observed.parameters": parameters}
	if x.asked.Normal != "" {
		out["asserted.query"] = x.asked.Normal
	}
	for name, v := range x.said {
		out[name] = v
	}
	return out
}

// finished makes the entry after.
func (x *exporting) finished(ctx context.Context, k *store.Case) error {
	if !x.logged {
		return nil
	}
	a := x.account
	outputs := []any{handedOut(x.out, a.File.SHA256, a.File.Size)}
	if x.file != nil {
		text, err := a.Encode()
		if err != nil {
			return err
		}
		outputs = append(outputs, handedOut(x.out+export.ProvenanceSuffix, evidence.Sum(text), int64(len(text))))
	}
	secret := x.secret()
	secret["observed.outputs"] = outputs
	_, err := k.Append(ctx, store.Batch{
		Kind: "export", Secret: secret, Refs: map[string]int64{"intent": x.intent},
		Plain: map[string]any{"phase": "result", "counts": map[string]any{"records": a.Records, "rows": a.Rows, "bytes": a.File.Size}},
	})
	return err
}

func handedOut(name string, d evidence.Digest, size int64) map[string]any {
	path := map[string]any{"text": strings.ToValidUTF8(name, "\uFFFD")}
	if n := evidence.NewName(name); n.Raw != nil {
		path["raw"] = n.Raw
	}
	return map[string]any{"algorithm": "sha256", "path": path, "size": size, "value": d.Hex()}
}

// failed makes the entry after for an export of which nothing came.
func (x *exporting) failed(ctx context.Context, k *store.Case, why error) error {
	if !x.logged {
		return nil
	}
	secret := x.secret()
	secret["observed.errors"] = []any{map[string]any{"error": strings.ToValidUTF8(sentence(why), "\uFFFD")}}
	_, err := k.Append(ctx, store.Batch{
		Kind: "export", Secret: secret, Refs: map[string]int64{"intent": x.intent},
		Plain: map[string]any{"phase": "result", "counts": map[string]any{"records": 0}},
	})
	return err
}

// digester hashes and counts what passes.
type digester struct {
	to   io.Writer
	hash hash.Hash
	size int64
}

func newDigester(to io.Writer) *digester { return &digester{to: to, hash: sha256.New()} }

func (d *digester) Write(b []byte) (int, error) {
	n, err := d.to.Write(b)
	_, _ = d.hash.Write(b[:n]) // a hash does not fail
	d.size += int64(n)
	return n, err
}

func (d *digester) digest() (evidence.Digest, int64) {
	var out evidence.Digest
	d.hash.Sum(out[:0])
	return out, d.size
}
