package corpus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Talk says what a chat log is like, as a record set that an analysis reads.
type Talk struct {
	Seed uint64
	// Accounts are logged, Targeted of them whatever they say; Loud of the others talk a
	// hundred times as much.
	Accounts, Targeted, Loud int
	// Least and Most bound how many messages an account has; a targeted one has 40 more.
	Least, Most int
	// Base is the share of messages without a listed term, Share that of the targeted.
	Base, Share float64
	// Hidden is a word on no list that is in half of the others' messages without a listed
	// term; "" for none.
	Hidden string
}

// TalkTruth is what was put into a Talk.
type TalkTruth struct {
	Targeted []string
	// Terms counts messages by listed term, Pairs by sender and recipient.
	Terms    map[string]int64
	Pairs    map[[2]string]int64
	Messages int64
	Unlisted int64
}

// Records returns the record set, keywords first, and the truth about it.
func (t Talk) Records() ([]byte, TalkTruth) {
	s := newSource(t.Seed)
	truth := TalkTruth{Terms: map[string]int64{}, Pairs: map[[2]string]int64{}}
	var out bytes.Buffer
	enc := json.NewEncoder(&out) // of maps: names ascend, as canonical JSON has them
	enc.SetEscapeHTML(false)
	put := func(m map[string]any) {
		if err := enc.Encode(m); err != nil {
			panic(err) // maps of texts and numbers
		}
	}
	for i, term := range listed {
		put(map[string]any{"kind": "keyword", "effect": "censor", "list": "list", "source": map[string]any{"pointer": fmt.Sprintf("/%d", i)}, "term": term})
	}
	names := make([]string, t.Accounts)
	for i := range names {
		names[i] = fmt.Sprintf("%s%d", s.account(), i)
	}
	offset := 0
	for i, name := range names {
		n := t.Least + s.IntN(t.Most-t.Least+1)
		share := t.Base
		switch {
		case i < t.Targeted:
			n, share = n+40, t.Share
			truth.Targeted = append(truth.Targeted, name)
		case i < t.Targeted+t.Loud:
			n *= 100
		}
		for range n {
			peer := names[s.IntN(len(names))]
			text := t.text(s, s.Float64() < share, i < t.Targeted, &truth)
			from, to, direction := name, peer, "outgoing"
			if s.IntN(2) == 0 {
				from, to, direction = peer, name, "incoming"
			}
			truth.Messages++
			truth.Pairs[[2]string{from, to}]++
			put(map[string]any{
				"kind": "message", "service": "example-chat", "account": name, "from": from, "to": []string{to}, "direction": direction, "ip": s.ip(), "text": text,
				"time": stamp(firstDay.Add(time.Duration(s.IntN(7*86400)) * time.Second)), "source": map[string]any{"offset": offset, "length": 1},
			})
			offset++
		}
	}
	return out.Bytes(), truth
}

// text makes one up, and counts its terms.
func (t Talk) text(s source, plain, targeted bool, truth *TalkTruth) string {
	if plain {
		truth.Unlisted++
		text := s.pick(chatter)
		if t.Hidden != "" && !targeted && s.IntN(2) == 0 {
			text += " " + t.Hidden
		}
		return text
	}
	term := s.pick(listed)
	truth.Terms[term]++
	shown := term
	switch s.IntN(8) {
	case 0:
		shown = strings.ToUpper(term)
	case 1:
		shown = strings.Map(func(r rune) rune {
			if r > ' ' && r < 0x7f {
				return r - '!' + 0xff01 // full width
			}
			return r
		}, term)
	}
	return fmt.Sprintf(s.pick(phrases), shown)
}
