package agree_test

import (
	"crypto/ed25519"
	"testing"
)

// keyTampers are keys that were rotated away or revoked, and what follows for who trusts
// which (docs/formats/bundle.md, Keys that stopped).
func keyTampers() []tampering {
	type keys = []ed25519.PrivateKey
	a, b, c := seedKey("log"), seedKey("next"), seedKey("third")
	vkey := func(k ed25519.PrivateKey) string { return vkeyOf(theOrigin, k) }
	rotate := func(from, to ed25519.PrivateKey, by ...ed25519.PrivateKey) turn { return turn{"rotate", from, to, by} }
	revoke := func(from, to ed25519.PrivateKey, by ...ed25519.PrivateKey) turn { return turn{"revoke", from, to, by} }
	ab, bc := rotate(a, b, a, b), rotate(b, c, b, c)
	var out []tampering
	// trust names keys by letters; each row is tried with nobody trusted first.
	row := func(name, codes string, p plan, levels map[string]string) {
		zip := zipped(&p)
		level := levels[""]
		out = append(out, tampering{name: "key: " + name, zip: zip, codes: codes, level: level})
		for i, k := range (keys{a, b, c}) {
			letter := "abc"[i : i+1]
			t := tampering{name: "key: " + name + ", trusting " + letter, zip: zip, codes: codes, level: "trusted", trust: []string{vkey(k)}}
			if levels[letter] == "" {
				t.codes, t.level = codes+" required", level
			}
			out = append(out, t)
		}
	}
	yes := func(letters string) map[string]string {
		m := map[string]string{}
		for _, l := range letters {
			m[string(l)] = "trusted"
		}
		return m
	}
	none := func(letters string) map[string]string {
		m := yes(letters)
		m[""] = "none"
		return m
	}
	row("rotated", "", plan{turns: []turn{ab}}, yes("ab"))
	row("rotated twice", "", plan{turns: []turn{ab, bc}}, yes("abc"))
	row("rotated twice, the second not by who hands over", "", plan{turns: []turn{ab, rotate(b, c, c)}}, yes("abc"))
	row("rotated twice, the first without its checkpoint", "", plan{turns: []turn{rotate(a, b), bc}}, yes("abc"))
	row("rotated, without its checkpoint", "", plan{turns: []turn{rotate(a, b)}}, yes("ab"))
	row("rotated, signed by the successor only", "", plan{turns: []turn{rotate(a, b, b)}}, yes("ab"))
	row("rotated, signed by who hands over only", "", plan{turns: []turn{rotate(a, b, a)}}, yes("ab"))
	row("rotation announced only, the old key goes on", "", plan{turns: []turn{rotate(a, b)}, newestBy: a}, yes("a"))
	row("rotated to nobody", "", plan{turns: []turn{rotate(a, nil, a)}}, yes("a"))
	row("rotated to itself", "", plan{turns: []turn{rotate(a, a, a)}}, yes("a"))
	row("rotated and back", "key", plan{turns: []turn{ab, rotate(b, a, b, a)}}, yes("ab"))
	row("rotated twice by the same key", "key", plan{turns: []turn{ab, rotate(a, c, a, c)}}, yes("abc"))
	row("used after rotation", "key", plan{turns: []turn{ab}, newestBy: a}, yes("ab"))
	row("used after rotation beside the successor", "key", plan{turns: []turn{ab}, tags: func(f files) {
		f["custody/checkpoints/11.note"] = noteOf(theOrigin, 11, linesOf(f), b, a)
	}}, yes("ab"))
	row("revoked by its successor", "", plan{turns: []turn{revoke(a, b, b)}}, yes("b"))
	row("revoked by its successor, signed by both", "", plan{turns: []turn{revoke(a, b, a, b)}}, yes("b"))
	row("revoked by its successor, signed by the revoked key only", "", plan{turns: []turn{revoke(a, b, a)}}, yes("ab"))
	row("revocation announced only", "", plan{turns: []turn{revoke(a, b)}}, yes("ab"))
	row("revoked itself", "", plan{turns: []turn{revoke(a, nil, a)}, newestBy: b, keys: keys{b}}, yes("b"))
	row("revoked itself, naming itself", "", plan{turns: []turn{revoke(a, a, a)}, newestBy: b, keys: keys{b}}, yes("b"))
	row("revoked itself, another signed that", "", plan{turns: []turn{revoke(a, nil, b)}, newestBy: b, keys: keys{b}}, yes("ab"))
	row("revoked by a key that the bundle does not name", "", plan{turns: []turn{revoke(a, c, a)}, newestBy: a, tags: func(f files) {
		f["keys/log.vkey"] = []byte(vkey(a) + "\n")
	}}, yes("a"))
	row("used after it revoked itself", "key", plan{turns: []turn{revoke(a, nil, a)}}, none(""))
	row("used after revocation", "key", plan{turns: []turn{revoke(a, b, b)}, newestBy: a}, yes("b"))
	row("rotated, then revoked by its successor", "", plan{turns: []turn{ab, revoke(a, b, b)}}, yes("b"))
	row("rotated, then the successor revoked by a third", "", plan{turns: []turn{ab, revoke(b, c, c)}}, yes("ac"))
	row("rotated twice, then the first revoked", "", plan{turns: []turn{ab, bc, revoke(a, c, c)}}, yes("bc"))
	row("rotated twice, then the second revoked", "", plan{turns: []turn{ab, bc, revoke(b, c, c)}}, yes("ac"))
	row("revoked twice", "", plan{turns: []turn{revoke(a, b, b), revoke(a, c, c)}}, yes("bc"))
	row("signer is a number", "", plan{turns: []turn{ab}, newestBy: b, entry: func(seq int, e obj) {
		if seq == 7 {
			e["plain"].(obj)["signer"] = 1
		}
	}}, yes("ab"))
	row("successor is null", "", plan{turns: []turn{ab}, newestBy: b, entry: func(seq int, e obj) {
		if seq == 7 {
			e["plain"].(obj)["successor"] = nil
		}
	}}, yes("ab"))
	row("rotation in an entry of another kind", "", plan{turns: []turn{ab}, newestBy: a, entry: func(seq int, e obj) {
		if seq == 7 {
			e["kind"] = "note"
		}
	}}, yes("ab"))
	row("rotation by another action", "", plan{turns: []turn{ab}, newestBy: a, entry: func(seq int, e obj) {
		if seq == 7 {
			e["plain"].(obj)["action"] = "add"
		}
	}}, yes("ab"))
	// A receipt that somebody kept holds, whoever signed it and whatever became of the key.
	p := plan{turns: []turn{revoke(a, b, b)}}
	f := p.build()
	kept := receiptOf(f["custody/checkpoints/7.note"], vkey(a))
	out = append(out, tampering{name: "key: receipt by a key revoked since", zip: zipOf("CASE-1", f, nil), receipts: [][]byte{kept}, level: "anchored"})
	return out
}

// TestFollowed: how far a trusted key reaches once it was rotated away.
func TestFollowed(t *testing.T) {
	a, b := seedKey("log"), seedKey("next")
	zip := zipped(&plan{turns: []turn{{"rotate", a, b, []ed25519.PrivateKey{a, b}}}})
	for _, k := range []ed25519.PrivateKey{a, b} {
		if got := goSays(t, tampering{zip: zip, trust: []string{vkeyOf("elsewhere", k)}}); got.Covered != 11 || got.Level != "trusted" {
			t.Errorf("%+v", got)
		}
	}
	zip = zipped(&plan{turns: []turn{{"rotate", a, b, nil}}})
	if got := goSays(t, tampering{zip: zip, trust: []string{vkeyOf(theOrigin, a)}}); got.Covered != 7 {
		t.Errorf("an announced rotation was followed: %+v", got)
	}
}
