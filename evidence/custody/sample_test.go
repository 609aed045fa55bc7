package custody_test

import (
	"math/rand/v2"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence/custody"
	"pgregory.net/rapid"
)

const (
	origin  = "lab.example/0b9f0b57-6a3c-4c0e-9b1e-0d6d3f6b2a11"
	aDigest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// randomness is seeded: every test is the same every time.
func randomness(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

func ptr[T any](v T) *T { return &v }

func draft() custody.Draft {
	start := time.Date(2026, 11, 22, 10, 11, 12, 345678000, time.UTC)
	return custody.Draft{
		Kind: "receive", Start: start, End: start.Add(1500 * time.Millisecond), LocalOffset: "+08:00", MonotonicUS: 86_400_000_001,
		Clock: custody.Clock{Source: "system", Synchronised: ptr(true), OffsetUS: ptr(int64(-42)), ErrorUS: nil},
		Tool:  custody.Tool{Name: "exhibit", Version: "0.1.0", SHA256: aDigest, Protocol: 1, OS: "linux", Arch: "amd64"},
		Plain: map[string]any{"phase": "end", "counts": map[string]int64{"files": 3, "directories": 1}, "in_place": false},
		Secret: map[string]any{
			"asserted.exhibit":     "EX-001",
			"asserted.actor.name":  "Zhāng Wěi \u2028 \U0001F600",
			"observed.source.path": map[string]any{"text": "/media/usb/a\uFFFD.log", "raw": "L21lZGlhL3VzYi9h/w=="},
		},
		Sets: map[string]custody.SetRoot{"artifacts": {Root: strings.Repeat("ab", 32), Size: 3}},
		Refs: map[string]int64{"intent": 6, "item": 6},
	}
}

func head() custody.Head {
	return custody.Head{Origin: origin, Size: 7, Prev: strings.Repeat("0f", 32)}
}

// sample returns an entry that has something in every place.
func sample(tb rapid.TB) ([]byte, []custody.Opening) {
	tb.Helper()
	body, openings, err := custody.Build(head(), draft(), randomness(1))
	if err != nil {
		tb.Fatal(err)
	}
	return body, openings
}
