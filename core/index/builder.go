package index

import (
	"bytes"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/core/search/fold"
	"github.com/exhibit-forensics/exhibit/evidence"
)

const (
	// ChunkRecords is how many records a chunk holds at most: enough that a query
	// reads few chunks, few enough that one is built in tens of megabytes.
	ChunkRecords = 1 << 17
	// chunkMemory closes a chunk early where its records hold very many letter pairs.
	chunkMemory = 48 << 20
	// maxSeen is how many values of a record are remembered: some occur twice.
	maxSeen = 8
)

// A gram is two letters that stand side by side in a folded value, or the last
// letter and the value's end: first<<21 | second+1, the end being 0. So one
// letter is a range of grams, and two are one.
const (
	secondBits = 21
	maxGram    = 1<<42 - 1
)

func gramOf(first, second rune) uint64 { return uint64(first)<<secondBits | uint64(second+1) }

// builder gathers a chunk in memory: pairs of ASCII, of which there are few that
// each have many records, in lists; others, of which there are many that each have
// few, by sorting. It is not for concurrent use.
type builder struct {
	n             uint32 // records
	times         []int64
	kinds         map[string]uint32 // number of the list in kinded
	ascii         [128 * 129]uint32 // 1 + number of the list, by first and second+1
	lists, kinded lists
	wide          sorter

	walker fold.Walker
	folded []byte
	seen   [maxSeen][]byte
	values int
}

func newBuilder() *builder {
	return &builder{walker: fold.Walker{Texts: true}, kinds: map[string]uint32{}}
}

// reset empties b and keeps its memory.
func (b *builder) reset() {
	b.n, b.times = 0, b.times[:0]
	clear(b.ascii[:])
	clear(b.kinds)
	b.lists.reset()
	b.kinded.reset()
	b.wide.reset()
}

func (b *builder) full() bool { return b.n == ChunkRecords || b.memory() > chunkMemory }

func (b *builder) memory() int { return b.lists.memory() + b.wide.memory() }

// add takes the next record.
func (b *builder) add(line []byte, members []evidence.Member, kind string, at int64) error {
	b.values = 0
	b.kind(kind)
	if err := b.walker.WalkMembers(line, members, b.value); err != nil {
		return err
	}
	b.next(at)
	return nil
}

// next ends a record.
func (b *builder) next(at int64) {
	b.times = append(b.times, at)
	b.n++
	b.wide.settle()
}

func (b *builder) value(v *fold.Value) {
	if !v.Searched { // bytes as base64, or true and false
		return
	}
	for _, s := range b.seen[:min(b.values, maxSeen)] {
		if bytes.Equal(s, v.Raw) {
			return
		}
	}
	b.seen[b.values%maxSeen] = v.Raw
	b.values++
	b.folded = v.AppendFolded(b.folded[:0])
	last := rune(-1)
	for s := b.folded; len(s) > 0; {
		r, n := rune(s[0]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(s)
		}
		s = s[n:]
		if last >= 0 {
			b.pair(last, r)
		}
		last = r
	}
	if last >= 0 {
		b.pair(last, -1)
	}
}

// pair notes that the record being added has two letters.
func (b *builder) pair(first, second rune) {
	if first < 128 && second < 128 {
		p := &b.ascii[first*129+second+1]
		if *p == 0 {
			*p = b.lists.list(gramOf(first, second)) + 1
		}
		b.lists.append(*p-1, b.n)
		return
	}
	b.wide.add(gramOf(first, second), b.n)
}

func (b *builder) kind(name string) {
	k, ok := b.kinds[name]
	if !ok {
		k = b.kinded.list(0)
		b.kinds[name] = k
	}
	b.kinded.append(k, b.n)
}

// eachKind calls f with each kind in ascending order as each does with grams.
func (b *builder) eachKind(f func(name string, count uint32, gaps []byte) error) error {
	for _, name := range slices.Sorted(maps.Keys(b.kinds)) {
		k := b.kinds[name]
		if err := f(name, b.kinded.all[k].count, b.kinded.bytes(k)); err != nil {
			return err
		}
	}
	return nil
}

// each calls f with each gram in ascending order, how many records have it, and
// the gaps between them less one, as uvarints.
func (b *builder) each(f func(gram uint64, count uint32, gaps []byte) error) error {
	rest := b.lists.sorted()
	list := func() error {
		err := f(b.lists.grams[rest[0]], b.lists.all[rest[0]].count, b.lists.bytes(rest[0]))
		rest = rest[1:]
		return err
	}
	if err := b.wide.each(func(gram uint64, count uint32, gaps []byte) error {
		for len(rest) > 0 && b.lists.grams[rest[0]] < gram {
			if err := list(); err != nil {
				return err
			}
		}
		return f(gram, count, gaps)
	}); err != nil {
		return err
	}
	for len(rest) > 0 {
		if err := list(); err != nil {
			return err
		}
	}
	return nil
}

// join adds the records of o behind those of b.
func (b *builder) join(o *builder) error {
	base := b.n
	each := func(gaps []byte, add func()) error {
		next := base
		return eachGap(gaps, func(gap uint32) {
			b.n = next + gap
			next = b.n + 1
			add()
		})
	}
	err := o.eachKind(func(name string, _ uint32, gaps []byte) error {
		return each(gaps, func() { b.kind(name) })
	})
	if err == nil {
		err = o.each(func(gram uint64, _ uint32, gaps []byte) error {
			b.wide.settle()
			first, second := rune(gram>>secondBits), rune(gram&(1<<secondBits-1))-1
			return each(gaps, func() { b.pair(first, second) })
		})
	}
	b.n = base
	for _, at := range o.times {
		b.next(at)
	}
	return err
}
