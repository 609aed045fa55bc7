package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"sync"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// PlaceIndex answers Places from memory, as of the moment it was made. It takes
// about 200 bytes for each occurrence and derivation. It is safe for concurrent use.
type PlaceIndex struct {
	occurrences map[evidence.Digest][]root
	derivations map[evidence.Digest][]link

	mu sync.Mutex
	// last remembers answers: whoever prints asks the same for many lines in a row.
	last map[evidence.Digest][]PlaceOf
	// beside holds, by suffix, what stands where under a name that ends so.
	beside map[string]map[stand][]evidence.Digest
}

// maxAnswers bounds the answers a PlaceIndex remembers.
const maxAnswers = 4096

// PlaceIndex reads every occurrence and derivation once.
func (c *Case) PlaceIndex(ctx context.Context) (*PlaceIndex, error) {
	x := &PlaceIndex{
		occurrences: map[evidence.Digest][]root{}, derivations: map[evidence.Digest][]link{},
		last: map[evidence.Digest][]PlaceOf{},
	}
	err := c.reader.do(ctx, func(tx *sql.Tx) error {
		items := map[string]string{}
		g := tableGraph{ctx: ctx, tx: tx}
		if err := g.all("SELECT body FROM occurrences WHERE digest <> '' ORDER BY seq, n", func(body []byte) error {
			d, r, err := rootOf(body)
			if err != nil {
				return err
			}
			item, ok := items[r.item]
			if !ok {
				item, items[r.item] = r.item, r.item
			}
			r.item = item
			x.occurrences[d] = append(x.occurrences[d], r)
			return nil
		}); err != nil {
			return err
		}
		return g.all("SELECT body FROM derivations ORDER BY seq, n", func(body []byte) error {
			var d evidence.Derivation
			if err := decode(body, &d); err != nil {
				return err
			}
			l, err := linkOf(&d)
			x.derivations[d.Child] = append(x.derivations[d.Child], l)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("store: places: %w", classify(err))
	}
	return x, nil
}

// rootOf reads what places need of an occurrence's body, which is canonical JSON.
// encoding/json takes ten times as long, and there may be millions.
func rootOf(body []byte) (d evidence.Digest, r root, err error) {
	err = evidence.Members(body, func(name, value []byte) (err error) {
		switch string(name) {
		case "artifact":
			d, err = evidence.ParseDigest(unquote(value))
		case "item":
			r.item = unquote(value)
		case "path":
			err = evidence.Members(value, func(name, value []byte) (err error) {
				switch string(name) {
				case "text":
					r.path.Text = unquote(value)
				case "raw":
					r.path.Raw, err = base64.StdEncoding.DecodeString(unquote(value))
				}
				return err
			})
		}
		return err
	})
	if err != nil {
		return d, r, fmt.Errorf("%w: the body of an occurrence: %w", evidence.ErrIntegrity, err)
	}
	return d, r, nil
}

// unquote returns the text of a canonical JSON string, "" for any other value.
func unquote(value []byte) string {
	if len(value) < 2 || value[0] != '"' {
		return ""
	}
	return evidence.Unescape(value[1 : len(value)-1])
}

func (g *tableGraph) all(query string, f func(body []byte) error) error {
	rows, err := g.tx.QueryContext(g.ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var body sql.RawBytes
		if err := rows.Scan(&body); err != nil {
			return err
		}
		if err := f(body); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Places returns where d is found, as Case.Places does but for Occurrence. The
// caller must not change what it is given.
func (x *PlaceIndex) Places(d evidence.Digest) ([]PlaceOf, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if p, ok := x.last[d]; ok {
		return p, nil
	}
	p, err := find(x, d)
	if err != nil {
		return nil, fmt.Errorf("store: places of %s: %w", d, err)
	}
	if len(x.last) >= maxAnswers {
		clear(x.last)
	}
	x.last[d] = p
	return p, nil
}

func (x *PlaceIndex) roots(d evidence.Digest) ([]root, error)     { return x.occurrences[d], nil }
func (x *PlaceIndex) links(child evidence.Digest) ([]link, error) { return x.derivations[child], nil }
