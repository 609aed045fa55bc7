package report

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// OpenKey is a key that lies in the evidence. Opens is what it opens, where the program found
// it by trial.
type OpenKey struct {
	Name, Place, Fingerprint string
	Opens                    []string
}

// keysInTheOpen lists the keys whose place is in the evidence.
func (m *maker) keysInTheOpen(ctx context.Context, a *Analysed) error {
	if !slices.ContainsFunc(m.state.Keys, func(k store.Key) bool { return k.Place != nil }) {
		return nil
	}
	places, err := m.c.PlaceIndex(ctx)
	if err != nil {
		return err
	}
	for _, k := range m.state.Keys {
		if k.Place == nil {
			continue
		}
		at, err := places.Places(k.Place.Artifact)
		if err != nil {
			return err
		}
		where := k.Place.Artifact.Short()
		if len(at) > 0 {
			where = at[0].Item + ": " + at[0].Path.String()
		}
		a.Keys = append(a.Keys, OpenKey{
			Name: visible(k.Name), Fingerprint: k.Fingerprint,
			Place: fmt.Sprintf("%s, %s at %s", visible(where), count(k.Place.Length, "byte"), number(k.Place.Offset)),
			Opens: opens(k.Found, places),
		})
	}
	return nil
}

// opens says what a key that was found opens, and how sure that is.
func opens(found json.RawMessage, places *store.PlaceIndex) (out []string) {
	var f struct {
		Opens []struct {
			Artifact         evidence.Digest
			Cipher, Mode     string
			Unit             string
			Opened           int64  `json:"units_opened"`
			Tried            int64  `json:"units_tried"`
			ByChanceExpected string `json:"expected_false"`
		}
	}
	if json.Unmarshal(found, &f) != nil {
		return nil
	}
	for _, o := range f.Opens {
		where := o.Artifact.Short()
		if at, err := places.Places(o.Artifact); err == nil && len(at) > 0 {
			where = at[0].Path.String()
		}
		out = append(out, fmt.Sprintf("%s: %s by %s, %d of %d samples; by chance expected %s times", visible(where), strings.TrimSuffix(o.Cipher+"-"+o.Mode, "-"), o.Unit, o.Opened, o.Tried, o.ByChanceExpected))
	}
	return out
}
