//go:build linux

package host_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// piped gives b through a pipe, in pieces whose ends fall anywhere.
func piped(t interface{ Fatal(...any) }, b []byte, pieces []int) (*os.File, func()) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer w.Close()
		for i := 0; len(b) > 0; i++ {
			n := len(b)
			if len(pieces) > 0 {
				n = min(n, 1+pieces[i%len(pieces)])
			}
			if _, err := w.Write(b[:n]); err != nil {
				return // the reader has seen enough
			}
			b = b[n:]
		}
	}()
	return r, func() { r.Close(); <-done }
}

// TestAnyPieces: what the sink gets does not depend on how the stream was cut.
func TestAnyPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var want []string
		for range rapid.IntRange(0, 40).Draw(t, "lines") {
			line := `{"kind":"row","text":"` + strings.Repeat("x", rapid.SampledFrom([]int{0, 1, 100, 5000, 20_000, 70_000}).Draw(t, "text")) + `"}`
			want = append(want, line)
			stream = append(append(stream, line...), '\n')
		}
		pieces := rapid.SliceOfN(rapid.SampledFrom([]int{0, 1, 7, 4095, 16_383, 65_535}), 1, 5).Draw(t, "pieces")
		if len(stream) > 100_000 { // not byte by byte
			pieces = append(pieces, 65_535)
		}
		r, end := piped(t, stream, pieces)
		defer end()
		sink := new(memory)
		got, err := host.ReadRecords(r, sink, 0, 1<<20)
		if err != nil || got.Count != int64(len(want)) || got.Bytes != int64(len(stream)) || got.SHA256 != evidence.Sum(stream) {
			t.Fatalf("%+v, %v", got, err)
		}
		if strings.Join(sink.lines, "\n") != strings.Join(want, "\n") {
			t.Fatal("other lines than were sent")
		}
	})
}

// FuzzRecords compares the reader with the plainest one there is: split, then check.
func FuzzRecords(f *testing.F) {
	for _, s := range []string{"", "{}\n", `{"kind":"row"}` + "\n", `{"kind":"row","source":{"length":3,"offset":98}}` + "\n", "\n", `{"kind":"row"}`, `{"kind":"row","time":"2008-07-31T23:10:19Z"}` + "\n{\"kind\":\"x\"}\n"} {
		f.Add([]byte(s), byte(3))
	}
	f.Fuzz(func(t *testing.T, stream []byte, piece byte) {
		const size, maxLine = 100, 200
		r, end := piped(t, stream, []int{int(piece)})
		defer end()
		sink := new(memory)
		got, err := host.ReadRecords(r, sink, size, maxLine)
		good := 0
		rest, bad := stream, false
		for len(rest) > 0 && !bad {
			line, after, found := bytes.Cut(rest, []byte("\n"))
			h, _, lineErr := evidence.ScanRecord(line, nil)
			if bad = !found || len(line)+1 > maxLine || lineErr != nil || len(h.Kind) == 0 || bytes.ContainsFunc(h.Kind, func(r rune) bool { return r <= ' ' || r >= 0x7f }) ||
				len(h.Kind) > 128 || h.Time != nil && !host.IsTime(h.Time) || h.Source.Role != nil && h.Source.HasSpan || h.Source.HasSpan && !h.Source.Span.Within(size); !bad {
				good, rest = good+len(line)+1, after
			}
		}
		if bad != (err != nil) || got.Bytes != int64(good) || got.SHA256 != evidence.Sum(stream[:good]) {
			t.Fatalf("%q: %+v, %v; %d bytes are good", stream, got, err, good)
		}
		if joined := strings.Join(sink.lines, "\n"); good > 0 && joined+"\n" != string(stream[:good]) {
			t.Fatalf("%q: sink got %q", stream, joined)
		}
	})
}

// FuzzArtifacts: no frame stream makes the reader panic, give an artifact twice, or
// give other bytes than the data frames hold.
func FuzzArtifacts(f *testing.F) {
	one := frame('B', `{}`) + frame('D', "abc") + frame('E', `{"complete":true,"reason":""}`)
	for _, s := range []string{"", one, one + one, frame('B', `{"name":{"text":"a"}}`), "D\xff\xff\xff\xff", one[:len(one)-1], frame('X', "")} {
		f.Add([]byte(s), byte(2))
	}
	f.Fuzz(func(t *testing.T, stream []byte, piece byte) {
		const maxBytes = 1 << 16
		r, end := piped(t, stream, []int{int(piece)})
		defer end()
		sink := new(memory)
		got, err := host.ReadArtifacts(r, sink, maxBytes)
		if got.Bytes > int64(len(stream)) || err == nil && (got.Bytes != int64(len(stream)) || got.SHA256 != evidence.Sum(stream)) {
			t.Fatalf("%q: %+v, %v", stream, got, err)
		}
		var data []byte
		var ended int64
		for _, a := range sink.arts {
			if a.ended == a.aborted {
				t.Fatalf("%q: ended %v, aborted %v", stream, a.ended, a.aborted)
			}
			if a.ended {
				ended++
			}
			data = append(data, a.data...)
		}
		if ended != got.Count || len(data) > maxBytes {
			t.Fatalf("%q: %d ended, %+v, %d bytes", stream, ended, got, len(data))
		}
		if err == nil && !bytes.Equal(data, payloads(stream)) {
			t.Fatalf("%q: %q", stream, data)
		}
	})
}

// payloads joins the payloads of the data frames of a stream that is whole.
func payloads(stream []byte) []byte {
	var out []byte
	for len(stream) >= 5 {
		n := int(binary.BigEndian.Uint32(stream[1:5]))
		if stream[0] == 'D' {
			out = append(out, stream[5:5+n]...)
		}
		stream = stream[5+n:]
	}
	return out
}
