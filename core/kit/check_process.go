package kit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/conform"
)

const (
	// longInput is what samples are repeated to, to see a plugin at work for a while;
	// slowInput where its language is slow.
	longInput = 2 << 20
	slowInput = 512 << 10
	// promptly is how soon a cancelled job must be over.
	promptly = time.Second
	// cancelAfter is how long it is at work before that.
	cancelAfter = 20 * time.Millisecond
)

// limits: told to make less than a sample holds, a plugin ends partial.
func (k *kit) limits(ctx context.Context, f *findings) error {
	n, cutOff := 0, 0
	for _, s := range k.samples {
		for _, l := range []struct {
			name string
			have int
			set  func(*host.Limits)
		}{
			{"1 record", len(s.base.Records), func(l *host.Limits) { l.Records = 1 }},
			{"1 diagnostic", len(s.base.Diagnostics), func(l *host.Limits) { l.Diagnostics = 1 }},
			{"1 artifact", len(s.base.Artifacts), func(l *host.Limits) { l.Artifacts = 1 }},
			{"1 byte of output", biggest(s.base), func(l *host.Limits) { l.OutputBytes = 1 }},
		} {
			if l.have < 2 {
				continue
			}
			q := s.request(s.data)
			q.limits = limitsFor(l.set)
			t, err := k.take(ctx, k.here, q)
			if err != nil {
				return err
			}
			n++
			where := fmt.Sprintf("%s, told to make at most %s of %d", s.name, l.name, l.have)
			switch {
			case k.crashed(f, s, where, t):
			case t.Outcome != evidence.OutcomePartial:
				f.fault(Fault{Where: where, What: fmt.Sprintf("the outcome is %s (%s)", t.Outcome, shown(t.Reason)), Do: "stop there and end partial: an examiner must know that there is more"})
			case strings.HasPrefix(t.Reason, "over its limits"):
				cutOff++
			}
		}
	}
	if n == 0 {
		f.skipped("no sample makes two of anything")
		return nil
	}
	f.pass("%s kept, the outcome partial each time; the host had to stop it %d times", counted(n, "limit"), cutOff)
	return nil
}

// biggest is the size of the largest artifact.
func biggest(t *taken) int {
	var n int64
	for _, a := range t.Artifacts {
		n = max(n, a.Size)
	}
	return int(n)
}

// keys: a key that does not open the input gives no output that looks as if it did,
// and no key is ever told to anybody.
func (k *kit) keys(ctx context.Context, f *findings) error {
	n := 0
	for _, s := range k.samples {
		if len(s.job.Keys) == 0 {
			continue
		}
		n++
		k.tells(f, s, s.name, s.keys(nil), s.base)
		for _, w := range []struct {
			name   string
			change func([]byte) []byte
		}{{"the wrong keys", inverted}, {"keys of one byte", func([]byte) []byte { return []byte{7} }}, {"no key", nil}} {
			q := s.request(s.data)
			if q.keys = nil; w.change != nil {
				q.keys = s.keys(w.change)
			}
			t, err := k.take(ctx, k.here, q)
			if err != nil {
				return err
			}
			where := s.name + ", with " + w.name
			if k.crashed(f, s, where, t) {
				continue
			}
			k.tells(f, s, where, q.keys, t)
			k.opens(f, s, where, t)
		}
	}
	if n == 0 {
		f.skipped("no sample has keys")
		return nil
	}
	f.pass("%s with wrong keys and none: nothing opened, the reason said, no key told", counted(n, "sample"))
	return nil
}

func inverted(key []byte) []byte {
	out := bytes.Clone(key)
	for i := range out {
		out[i] ^= 0xff
	}
	return out
}

// opens judges what came without the right keys.
func (k *kit) opens(f *findings, s *sample, where string, t *taken) {
	if len(s.base.KeysUsed) == 0 {
		return // the sample's keys did not matter in the first place
	}
	if why := conform.Opened(t.Output, s.job.Operation); why != "" {
		f.fault(Fault{Where: where, What: why, Do: "prove the key first (a tag, a magic, a checksum), then write; else the SDK's error for a wrong key, or a diagnostic of severity unresolved for each part that stays closed"})
	}
}

// tells looks for keys in all that the plugin says.
func (k *kit) tells(f *findings, s *sample, where string, keys []host.Key, t *taken) {
	texts := append(append([][]byte{[]byte(t.Reason), t.result.Stderr}, t.Records...), t.Diagnostics...)
	texts = append(texts, t.made...)
	for _, key := range keys {
		// What the sample holds in clear, such as a published key, is no secret of the call.
		if how := conform.Secret(key.Value, texts...); how != "" && !bytes.Contains(s.data, key.Value) {
			f.fault(Fault{Where: where, What: fmt.Sprintf("the key %q stands %s in what the plugin says", key.Name, how), Do: "a key is named by its fingerprint, and by nothing else"})
		}
	}
}

// long is the sample, again and again.
func (k *kit) long(s *sample) []byte {
	size := longInput
	if k.processPerJob() && !k.o.Thorough {
		size = slowInput
	}
	if len(s.data) == 0 {
		return make([]byte, size)
	}
	return bytes.Repeat(s.data, max(1, size/len(s.data)))
}

// progress: a plugin at work shows that it goes on.
func (k *kit) progress(ctx context.Context, f *findings) error {
	size, slowest := 0, time.Duration(0)
	for _, s := range k.models() {
		start, data := k.o.Now(), k.long(s)
		size = max(size, len(data))
		t, err := k.take(ctx, k.here, s.request(data))
		if err != nil && !errors.Is(err, errTooMuch) {
			return err
		}
		slowest = max(slowest, k.o.Now().Sub(start))
		if err == nil {
			k.crashed(f, s, s.name+" repeated", t)
		}
	}
	if len(k.samples) == 0 {
		f.skipped("there is no sample")
	}
	f.pass("a sample repeated to %d KiB: never %v without a sign of progress, %v in all", size>>10, hangs, slowest.Round(time.Millisecond))
	return nil
}

// cancel: a job that is no longer wanted is over at once, and the next one is not
// the worse for it.
func (k *kit) cancel(ctx context.Context, f *findings) error {
	if len(k.samples) == 0 {
		f.skipped("there is no sample")
		return nil
	}
	s := k.samples[0]
	job, stop := context.WithCancel(ctx)
	defer stop()
	cancelled := make(chan time.Time, 1)
	timer := time.AfterFunc(cancelAfter, func() {
		cancelled <- k.o.Now()
		stop()
	})
	_, err := k.take(job, k.here, s.request(k.long(s)))
	if !timer.Stop() {
		if took := k.o.Now().Sub(<-cancelled); took > promptly {
			f.fault(Fault{Where: s.name, What: fmt.Sprintf("still at work %v after it was cancelled", took.Round(time.Millisecond)), Do: "look at the context in every loop"})
		}
	} else if err != nil && !errors.Is(err, errTooMuch) {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	t, err := k.take(ctx, k.here, s.request(s.data))
	if err != nil {
		return err
	}
	k.same(f, s, t, "after a job that was cancelled", "nothing of one job may reach the next")
	f.pass("over within a second, and the next job is as ever")
	return nil
}
