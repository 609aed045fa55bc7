package verify

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Report is what verification found. Its JSON is the form of exhibit verify --json.
type Report struct {
	// Verdict is the worst of Integrity and what attestation lacks.
	Verdict Verdict `json:"verdict"`
	// Exit is the exit code that belongs to Verdict.
	Exit int `json:"exit"`
	// Integrity is the worst finding about the case itself, no matter who signed it.
	Integrity Verdict `json:"integrity"`
	// Attestation says who vouches for the log, and how far.
	Attestation Attestation `json:"attestation"`
	// Anchors are the time stamps and cosignatures that count, by size and name.
	Anchors []Anchor `json:"anchors"`
	// Case is the directory, At the time of verifying (UTC).
	Case string    `json:"case"`
	At   time.Time `json:"at"`
	// Log is what the custody log came to.
	Log Log `json:"log"`
	// Findings are all things that are not as they should be, worst first, and
	// then remarks, whose verdict is Intact. At most maxFindings are kept of each
	// verdict; More counts the others.
	Findings []Finding `json:"findings"`
	More     int64     `json:"more_findings"`
	// Checked says what was looked at, and how much of it.
	Checked []Count `json:"checked"`
	// NotChecked are sentences on what was not, and so is not vouched for.
	NotChecked []string `json:"not_checked"`
	// Sentences say what the verdict rests on, for readers who are no engineers.
	Sentences []string `json:"sentences"`
}

// Log is the custody log as found.
type Log struct {
	Origin string `json:"origin"`
	// Entries is how many entries it has.
	Entries int64 `json:"entries"`
	// Root is the tree's root as 64 hexadecimal digits, "" where it could not be computed.
	Root string `json:"root"`
	// First and Last are the begin of the first and the end of the last entry, as they state them.
	First string `json:"first"`
	Last  string `json:"last"`
}

// Attestation says who vouches for the head of the log.
type Attestation struct {
	// Level is the strongest level that any part of the log has.
	Level Level `json:"level"`
	// Covered is how many entries are attested at that level; Tail how many
	// follow the last entry attested at any level.
	Covered int64 `json:"covered"`
	Tail    int64 `json:"unattested_tail"`
	// Keys are the key IDs (name and hash) that signed at that level, "sha256:…" for an
	// authority's certificate.
	Keys []string `json:"keys"`
	// Weaker are the levels below that cover more entries, strongest first.
	Weaker []Cover `json:"weaker,omitempty"`
}

// Cover says that the first Covered entries are attested at a level.
type Cover struct {
	Level   Level `json:"level"`
	Covered int64 `json:"covered"`
}

// Finding is one thing that is not as it should be, or a remark.
type Finding struct {
	Verdict Verdict `json:"verdict"`
	// Object names exactly what: "object sha256:…", "entry 12",
	// "opening 12/asserted.zone", "node 17", "occurrences row 12/3", "checkpoint 8".
	Object string `json:"object"`
	// What says what is wrong with it, in a sentence.
	What string `json:"what"`
	// Detail holds the values compared, or further explanation; may be "".
	Detail string `json:"detail,omitempty"`

	at int64
}

// Count is how much of one sort of thing was looked at.
type Count struct {
	What string `json:"what"`
	N    int64  `json:"n"`
	// Bytes is how much was hashed of it, 0 where that says nothing.
	Bytes int64 `json:"bytes,omitempty"`
}

// maxFindings bounds how many findings of one verdict a report keeps: one
// damaged disk can make millions.
const maxFindings = 1000

// collector gathers findings from all goroutines.
type collector struct {
	mu         sync.Mutex
	findings   [Forked + 1][]Finding
	more       int64
	worst      Verdict
	counts     []Count
	notChecked []unchecked
	places     int64
}

type unchecked struct {
	at       int64
	sentence string
}

// place is a position in the order in which findings are reported. Work that is
// done concurrently gets its place when it is handed out, so that the same case
// gives the same report.
type place struct {
	c  *collector
	at int64
}

// place returns the next position.
func (c *collector) place() place {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.places++
	return place{c, c.places}
}

func (p place) find(v Verdict, object, what, detail string) {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	p.c.worst = max(p.c.worst, v)
	if len(p.c.findings[v]) >= maxFindings {
		p.c.more++
		return
	}
	p.c.findings[v] = append(p.c.findings[v], Finding{Verdict: v, Object: object, What: what, Detail: detail, at: p.at})
}

// verdict returns the worst finding so far.
func (c *collector) verdict() Verdict {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.worst
}

// count adds to what was checked. Sorts are listed in the order in which they are
// first counted, be it with 0.
func (c *collector) count(what string, n, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.counts {
		if c.counts[i].What == what {
			c.counts[i].N += n
			c.counts[i].Bytes += bytes
			return
		}
	}
	c.counts = append(c.counts, Count{what, n, bytes})
}

func (c *collector) counted(what string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.counts {
		if k.What == what {
			return k.N
		}
	}
	return 0
}

// skip says, once, what was not checked.
func (p place) skip(sentence string) {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	for i, u := range p.c.notChecked {
		if u.sentence == sentence {
			p.c.notChecked[i].at = min(u.at, p.at)
			return
		}
	}
	if len(p.c.notChecked) < maxFindings {
		p.c.notChecked = append(p.c.notChecked, unchecked{p.at, sentence})
	}
}

// skip is that of the next place.
func (c *collector) skip(sentence string) { c.place().skip(sentence) }

// fill moves what was gathered into r.
func (c *collector) fill(r *Report) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Integrity, r.More = c.worst, c.more
	r.Findings, r.Checked = []Finding{}, []Count{}
	for v := Forked; v >= Intact; v-- {
		slices.SortStableFunc(c.findings[v], func(a, b Finding) int { return cmp.Compare(a.at, b.at) })
		r.Findings = append(r.Findings, c.findings[v]...)
	}
	for _, k := range c.counts {
		if k.N > 0 {
			r.Checked = append(r.Checked, k)
		}
	}
	slices.SortStableFunc(c.notChecked, func(a, b unchecked) int { return cmp.Compare(a.at, b.at) })
	for _, u := range c.notChecked {
		r.NotChecked = append(r.NotChecked, u.sentence)
	}
}
