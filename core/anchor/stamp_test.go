package anchor_test

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	core "github.com/exhibit-forensics/exhibit/core/anchor"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/anchor/anchortest"
	"github.com/exhibit-forensics/exhibit/evidence/store"
	"github.com/exhibit-forensics/exhibit/evidence/verify"
)

// A log is sealed, stamped, sealed again: what openssl says of the stamp, and what verify
// does with what it is given from outside.
func TestStamp(t *testing.T) {
	for name, o := range map[string]anchortest.Options{"EC": {}, "RSA": {RSA: true}} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			tsa, url := newTSA(t, o)
			size, _ := l.seal()
			p, err := core.AskStamp(t.Context(), l.k, size, url, now, bytes.NewReader(make([]byte, 8)))
			if err != nil {
				t.Fatal(err)
			}
			if again, err := core.AskStamp(t.Context(), l.k, size, url, now, nil); err != nil || again.File != p.File {
				t.Errorf("asked for twice: %+v %v", again, err)
			}
			kept, err := client.Send(t.Context(), l.k, p)
			if err != nil {
				t.Fatal(err)
			}
			if kept.Subject != "CN=Test TSA" || kept.Time != "2026-11-22T20:00:00Z" || kept.Size != size {
				t.Errorf("%+v", kept)
			}
			if err := openssl(t, l, kept.Anchor, tsa, now); err != nil {
				t.Error(err)
			}
			if queue, err := core.Queue(l.k); err != nil || len(queue) != 0 {
				t.Errorf("%+v %v", queue, err)
			}
			// Enclosed, and nobody's word.
			r := l.verify(verify.Options{Require: verify.SelfAsserted})
			if r.Verdict != verify.Intact || r.Attestation.Level != verify.SelfAsserted || len(r.Anchors) != 0 || !strings.Contains(says(r), "you did not give") {
				t.Error(says(r))
			}
			leaf, roots := [][]byte{anchortest.PEM(tsa.Leaf)}, [][]byte{anchortest.PEM(tsa.Root)}
			for how, o := range map[string]verify.Options{"certificate": {TSACerts: leaf}, "DER": {TSACerts: [][]byte{tsa.Leaf.Raw}}, "root": {TSARoots: roots}} {
				o.Require = verify.Anchored
				r := l.verify(o)
				if r.Verdict != verify.Intact || r.Attestation.Level != verify.Anchored || r.Attestation.Covered != size || len(r.Anchors) != 1 || r.Anchors[0].Time != kept.Time || r.Anchors[0].By != kept.By {
					t.Errorf("%s: %s", how, says(r))
				}
			}
			// A time stamp takes no trusted key's place.
			r = l.verify(verify.Options{TSACerts: leaf, Require: verify.Trusted})
			if r.Verdict != verify.BelowRequired {
				t.Error(says(r))
			}
			other, err := anchortest.New(clock, anchortest.Options{})
			if err != nil {
				t.Fatal(err)
			}
			r = l.verify(verify.Options{TSACerts: [][]byte{anchortest.PEM(other.Leaf)}})
			if r.Verdict != verify.BelowRequired || !strings.Contains(says(r), "stamped by an authority that you gave") {
				t.Errorf("another authority: %s", says(r))
			}
			r = l.verify(verify.Options{TSARoots: [][]byte{anchortest.PEM(other.Root)}})
			if r.Verdict != verify.BelowRequired || !strings.Contains(says(r), "does not lead to a root") {
				t.Errorf("another root: %s", says(r))
			}
			// The next seal names it; what comes after is covered by nothing.
			next, _ := l.seal()
			r = l.verify(verify.Options{TSACerts: leaf, Trust: []string{l.vkey()}, Require: verify.Trusted})
			if r.Verdict != verify.Intact || r.Attestation.Covered != size || len(r.Attestation.Weaker) != 1 || r.Attestation.Weaker[0] != (verify.Cover{Level: verify.Trusted, Covered: next}) {
				t.Error(says(r))
			}
			entered, err := core.Entered(t.Context(), l.k)
			b, rerr := l.k.ReadAnchor(kept.Anchor)
			if err := errors.Join(err, rerr); err != nil || entered[evidence.Sum(b).String()] != size+1 {
				t.Errorf("%v %v", entered, err)
			}
			if n, err := core.Enter(t.Context(), l.k); n != 0 || err != nil {
				t.Errorf("entered twice: %d %v", n, err)
			}
			// Taken away, and changed, since the log names it.
			file := filepath.Join(l.k.Dir(), kept.File())
			if err := os.Rename(file, file+".away"); err != nil {
				t.Fatal(err)
			}
			if r = l.verify(verify.Options{}); r.Verdict != verify.Incomplete || r.Findings[0].Object != kept.File() {
				t.Error(says(r))
			}
			b[len(b)-1] ^= 1
			if err := os.WriteFile(file, b, 0o600); err != nil {
				t.Fatal(err)
			}
			if r = l.verify(verify.Options{}); r.Verdict != verify.Altered || r.Findings[0].Object != kept.File() {
				t.Error(says(r))
			}
		})
	}
}

// custody.md, test 9: what an authority may answer, or somebody put in its place. None of it is
// kept; put there by hand, none of it counts.
func TestStampRefused(t *testing.T) {
	l := newLab(t)
	size, _ := l.seal()
	later, laterNote := l.seal()
	day := 24 * time.Hour
	mime := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 4}
	for name, c := range map[string]struct {
		o       anchortest.Options
		refused error
		verdict verify.Verdict // put there by hand, its certificate given
		usage   bool           // the certificate itself is refused
	}{
		"wrong imprint":         {anchortest.Options{Answer: func(s *timestamp.Timestamp) { s.HashedMessage = bytes.Repeat([]byte{7}, 32) }}, evidence.ErrIntegrity, verify.Altered, false},
		"replayed":              {anchortest.Options{Answer: func(s *timestamp.Timestamp) { sum := evidence.Sum(laterNote); s.HashedMessage = sum[:] }}, evidence.ErrIntegrity, verify.Altered, false},
		"wrong nonce":           {anchortest.Options{Answer: func(s *timestamp.Timestamp) { s.Nonce = big.NewInt(1) }}, evidence.ErrIntegrity, verify.Intact, false},
		"no nonce":              {anchortest.Options{Answer: func(s *timestamp.Timestamp) { s.Nonce = nil }}, evidence.ErrIntegrity, verify.Intact, false},
		"expired at signing":    {anchortest.Options{From: now.Add(-2 * day), Until: now.Add(-day)}, evidence.ErrIntegrity, verify.Altered, false},
		"not yet valid":         {anchortest.Options{From: now.Add(day)}, evidence.ErrIntegrity, verify.Altered, false},
		"wrong EKU":             {anchortest.Options{Usage: mime}, evidence.ErrFormat, 0, true},
		"EKU not critical":      {anchortest.Options{NotCritical: true}, evidence.ErrFormat, 0, true},
		"no certificate":        {anchortest.Options{Bare: true}, evidence.ErrFormat, verify.Intact, false},
		"stamped in the future": {anchortest.Options{Answer: func(s *timestamp.Timestamp) { s.Time = now.Add(365 * day) }}, nil, verify.Intact, false},
	} {
		tsa, url := newTSA(t, c.o)
		p, err := core.AskStamp(t.Context(), l.k, size, url, now, bytes.NewReader(make([]byte, 8)))
		if err != nil {
			t.Fatal(err)
		}
		kept, err := client.Send(t.Context(), l.k, p)
		if !errors.Is(err, c.refused) {
			t.Errorf("%s: %v", name, err)
		}
		if queue, qerr := core.Queue(l.k); qerr != nil || (len(queue) == 0) != (err == nil) {
			t.Errorf("%s: %d requests wait, %v", name, len(queue), qerr)
		}
		response, rerr := tsa.Response(p.Request)
		a := store.AnchorOf(size, store.AnchorStamp, response)
		if err == nil {
			a = kept.Anchor
		} else if err := errors.Join(rerr, l.k.AddAnchor(a, response)); err != nil {
			t.Fatal(err)
		}
		given := verify.Options{TSACerts: [][]byte{anchortest.PEM(tsa.Leaf)}}
		if c.usage {
			given.Now = clock
			if _, err := verify.Case(t.Context(), l.k.Dir(), given); !errors.Is(err, evidence.ErrFormat) {
				t.Errorf("%s: the certificate is taken: %v", name, err)
			}
			given = verify.Options{TSARoots: [][]byte{anchortest.PEM(tsa.Root)}}
			if r := l.verify(given); r.Verdict != verify.BelowRequired || len(r.Anchors) != 0 {
				t.Errorf("%s: by its root: %s", name, says(r))
			}
		} else if r := l.verify(given); r.Verdict != c.verdict || (len(r.Anchors) == 1) != (c.verdict == verify.Intact) {
			t.Errorf("%s: %s", name, says(r))
		}
		for _, f := range []store.Anchor{a, a.Beside(store.AnchorChain)} {
			if err := os.RemoveAll(filepath.Join(l.k.Dir(), f.File())); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.k.RemoveQueued(p.File); err != nil {
			t.Fatal(err)
		}
	}
	// A right one, under a name that says it is over something else.
	tsa, _ := newTSA(t, anchortest.Options{})
	p, err := core.AskStamp(t.Context(), l.k, size, "", now, bytes.NewReader(make([]byte, 8)))
	if err != nil {
		t.Fatal(err)
	}
	response, err := tsa.Response(p.Request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := core.KeepStamp(l.k, later, laterNote, response); !errors.Is(err, evidence.ErrIntegrity) {
		t.Errorf("kept under another checkpoint: %v", err)
	}
	for misplaced, want := range map[int64]verify.Verdict{later: verify.Altered, size + 1: verify.Incomplete, later + 5: verify.RolledBack} {
		a := store.AnchorOf(misplaced, store.AnchorStamp, response)
		if err := l.k.AddAnchor(a, response); err != nil {
			t.Fatal(err)
		}
		if r := l.verify(verify.Options{}); r.Verdict != want || r.Findings[0].Object != a.File() {
			t.Errorf("of %d, named %d: %s", size, misplaced, says(r))
		}
		if err := os.Remove(filepath.Join(l.k.Dir(), a.File())); err != nil {
			t.Fatal(err)
		}
	}
}

// Its certificate has run out since: the stamp holds all the same.
func TestStampExpiredSince(t *testing.T) {
	l := newLab(t)
	size, _ := l.seal()
	tsa, url := newTSA(t, anchortest.Options{From: now.Add(-time.Hour), Until: now.Add(time.Hour)})
	p, err := core.AskStamp(t.Context(), l.k, size, url, now, bytes.NewReader(make([]byte, 8)))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := client.Send(t.Context(), l.k, p)
	if err != nil {
		t.Fatal(err)
	}
	dir := l.k.Dir()
	if err := l.k.Close(); err != nil {
		t.Fatal(err)
	}
	for _, o := range []verify.Options{{TSACerts: [][]byte{anchortest.PEM(tsa.Leaf)}}, {TSARoots: [][]byte{anchortest.PEM(tsa.Root)}}} {
		o.Now, o.Require = func() time.Time { return now.AddDate(5, 0, 0) }, verify.Anchored
		r, err := verify.Case(t.Context(), dir, o)
		if err != nil || r.Verdict != verify.Intact {
			t.Errorf("%v %s", err, says(r))
		}
	}
	if err := openssl(t, l, kept.Anchor, tsa, now); err != nil {
		t.Error(err)
	}
	if err := openssl(t, l, kept.Anchor, tsa, now.AddDate(5, 0, 0)); err == nil {
		t.Error("openssl takes it after its time: the test proves nothing")
	}
}

// The authority's clock says that the case's was ahead; that the stamp came late says nothing.
func TestClockAhead(t *testing.T) {
	l := newLab(t)
	size, note := l.seal()
	for shift, remarks := range map[time.Duration]int{-time.Hour: 1, -30 * time.Second: 0, time.Hour: 0} {
		tsa, _ := newTSA(t, anchortest.Options{Answer: func(s *timestamp.Timestamp) { s.Time = now.Add(shift) }})
		p, err := core.AskStamp(t.Context(), l.k, size, "", now, bytes.NewReader(make([]byte, 8)))
		if err != nil {
			t.Fatal(err)
		}
		response, err := tsa.Response(p.Request)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := core.KeepStamp(l.k, size, note, response); err != nil {
			t.Fatal(err)
		}
		r := l.verify(verify.Options{TSACerts: [][]byte{anchortest.PEM(tsa.Leaf)}})
		if r.Verdict != verify.Intact || len(r.Anchors) != 1 || len(r.Findings) != remarks {
			t.Errorf("%v: %s", shift, says(r))
		}
	}
}

// No network, a network that lies: the request is kept, and the error says what to do.
func TestUnreachable(t *testing.T) {
	l := newLab(t)
	size, _ := l.seal()
	var answer http.HandlerFunc
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r) }))
	defer server.Close()
	dead := httptest.NewServer(nil)
	dead.Close()
	reply := func(kind string, status int, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = w.Write(body)
		}
	}
	refusal, err := timestamp.CreateErrorResponse(timestamp.Rejection, timestamp.BadRequest)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		url    string
		answer http.HandlerFunc
		want   error
	}{
		"nobody there": {dead.URL, nil, core.ErrUnreachable},
		"a web page":   {server.URL, reply("text/html", 200, []byte("<html>")), core.ErrRefused},
		"not found":    {server.URL, reply("text/plain", 404, nil), core.ErrRefused},
		"redirected":   {server.URL, reply("text/plain", 302, nil), core.ErrRefused},
		"garbage":      {server.URL, reply("application/timestamp-reply", 200, []byte("garbage")), evidence.ErrFormat},
		"too long":     {server.URL, reply("application/timestamp-reply", 200, make([]byte, 1<<19)), evidence.ErrFormat},
		"rejected":     {server.URL, reply("application/timestamp-reply", 200, refusal), evidence.ErrFormat},
		"nothing":      {server.URL, reply("application/timestamp-reply", 200, nil), evidence.ErrFormat},
		"hangs": {server.URL, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // else the server does not see that the client left
			<-r.Context().Done()
		}, core.ErrUnreachable},
	} {
		answer = c.answer
		p, err := core.AskStamp(t.Context(), l.k, size, c.url, now, bytes.NewReader(make([]byte, 8)))
		if err != nil {
			t.Fatal(err)
		}
		hasty := core.Client{Timeout: 300 * time.Millisecond}
		if _, err := hasty.Send(t.Context(), l.k, p); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if queue, err := core.Queue(l.k); err != nil || len(queue) != 1 {
			t.Errorf("%s: %d wait, %v", name, len(queue), err)
		}
		if list, err := core.List(t.Context(), l.k); err != nil || len(list) != 0 {
			t.Errorf("%s: kept %v %v", name, list, err)
		}
		if err := l.k.RemoveQueued(p.File); err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{"ftp://x/", "tsa.example.org", "https://user:secret@x/", "http:///", "https://x/#f", "https://x/\x00"} {
		if _, err := core.AskStamp(t.Context(), l.k, size, bad, now, nil); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Carried out and in by hand.
func TestImport(t *testing.T) {
	l := newLab(t)
	tsa, _ := newTSA(t, anchortest.Options{})
	size, _ := l.seal()
	p, err := core.AskStamp(t.Context(), l.k, size, "", now, bytes.NewReader(make([]byte, 8)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Send(t.Context(), l.k, p); !errors.Is(err, core.ErrRefused) {
		t.Errorf("sent without an address: %v", err)
	}
	l.seal() // time goes by
	response, err := tsa.Response(p.Request)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // also after a crash between keeping it and striking the request off
		kept, err := core.Import(t.Context(), l.k, response)
		if err != nil || kept.Size != size {
			t.Errorf("%+v %v", kept, err)
		}
		if queue, err := core.Queue(l.k); err != nil || len(queue) != 0 {
			t.Errorf("%+v %v", queue, err)
		}
	}
	// Of another case, and asked for by another program.
	other := newLab(t)
	other.seal()
	if _, err := core.Import(t.Context(), other.k, response); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("another case's: %v", err)
	}
	if _, err := core.Import(t.Context(), l.k, []byte("x")); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("garbage: %v", err)
	}
	bare, _ := newTSA(t, anchortest.Options{Bare: true})
	p, err = core.AskStamp(t.Context(), other.k, 3, "", now, bytes.NewReader(make([]byte, 8)))
	if err != nil {
		t.Fatal(err)
	}
	if response, err = bare.Response(p.Request); err != nil {
		t.Fatal(err)
	}
	if _, err := core.Import(t.Context(), other.k, response); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("without its certificate: %v", err)
	}
	if kept, err := core.Import(t.Context(), other.k, response, anchortest.PEM(bare.Leaf, bare.Sub)); err != nil || kept.By == "" {
		t.Errorf("with its certificate beside it: %v", err)
	}
	if _, err := core.AskStamp(t.Context(), l.k, 999, "", now, nil); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("a checkpoint that is not there: %v", err)
	}
}
