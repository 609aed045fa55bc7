//go:build ignore

// Command gendes writes desgates_gen.go: the S-boxes of DES as circuits, and the
// round that they make.
//
//	go run gendes.go > desgates_gen.go
//
// The search is Matthew Kwan's ("Reducing the Gate Count of Bitslice DES", 2000):
// a wanted function is taken from the gates there are, or made with one or two
// more, or split by an input into two halves that are searched alike. Repeated in
// random order, the smallest circuit stays. It takes some minutes, and the same
// seed gives the same file. des_test.go holds the result to crypto/des.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"go/format"
	"log"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
)

// The tables of FIPS 46-3.
var sBoxes = [8][64]byte{
	{14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7, 0, 15, 7, 4, 14, 2, 13, 1, 10, 6, 12, 11, 9, 5, 3, 8, 4, 1, 14, 8, 13, 6, 2, 11, 15, 12, 9, 7, 3, 10, 5, 0, 15, 12, 8, 2, 4, 9, 1, 7, 5, 11, 3, 14, 10, 0, 6, 13},
	{15, 1, 8, 14, 6, 11, 3, 4, 9, 7, 2, 13, 12, 0, 5, 10, 3, 13, 4, 7, 15, 2, 8, 14, 12, 0, 1, 10, 6, 9, 11, 5, 0, 14, 7, 11, 10, 4, 13, 1, 5, 8, 12, 6, 9, 3, 2, 15, 13, 8, 10, 1, 3, 15, 4, 2, 11, 6, 7, 12, 0, 5, 14, 9},
	{10, 0, 9, 14, 6, 3, 15, 5, 1, 13, 12, 7, 11, 4, 2, 8, 13, 7, 0, 9, 3, 4, 6, 10, 2, 8, 5, 14, 12, 11, 15, 1, 13, 6, 4, 9, 8, 15, 3, 0, 11, 1, 2, 12, 5, 10, 14, 7, 1, 10, 13, 0, 6, 9, 8, 7, 4, 15, 14, 3, 11, 5, 2, 12},
	{7, 13, 14, 3, 0, 6, 9, 10, 1, 2, 8, 5, 11, 12, 4, 15, 13, 8, 11, 5, 6, 15, 0, 3, 4, 7, 2, 12, 1, 10, 14, 9, 10, 6, 9, 0, 12, 11, 7, 13, 15, 1, 3, 14, 5, 2, 8, 4, 3, 15, 0, 6, 10, 1, 13, 8, 9, 4, 5, 11, 12, 7, 2, 14},
	{2, 12, 4, 1, 7, 10, 11, 6, 8, 5, 3, 15, 13, 0, 14, 9, 14, 11, 2, 12, 4, 7, 13, 1, 5, 0, 15, 10, 3, 9, 8, 6, 4, 2, 1, 11, 10, 13, 7, 8, 15, 9, 12, 5, 6, 3, 0, 14, 11, 8, 12, 7, 1, 14, 2, 13, 6, 15, 0, 9, 10, 4, 5, 3},
	{12, 1, 10, 15, 9, 2, 6, 8, 0, 13, 3, 4, 14, 7, 5, 11, 10, 15, 4, 2, 7, 12, 9, 5, 6, 1, 13, 14, 0, 11, 3, 8, 9, 14, 15, 5, 2, 8, 12, 3, 7, 0, 4, 10, 1, 13, 11, 6, 4, 3, 2, 12, 9, 5, 15, 10, 11, 14, 1, 7, 6, 0, 8, 13},
	{4, 11, 2, 14, 15, 0, 8, 13, 3, 12, 9, 7, 5, 10, 6, 1, 13, 0, 11, 7, 4, 9, 1, 10, 14, 3, 5, 12, 2, 15, 8, 6, 1, 4, 11, 13, 12, 3, 7, 14, 10, 15, 6, 8, 0, 5, 9, 2, 6, 11, 13, 8, 1, 4, 10, 7, 9, 5, 0, 15, 14, 2, 3, 12},
	{13, 2, 8, 4, 6, 15, 11, 1, 10, 9, 3, 14, 5, 0, 12, 7, 1, 15, 13, 8, 10, 3, 7, 4, 12, 5, 6, 11, 0, 14, 9, 2, 7, 11, 4, 1, 9, 12, 14, 2, 0, 6, 10, 13, 15, 3, 5, 8, 2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0, 3, 5, 6, 11},
}

var permutation = [32]int{16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25}

// gate makes word t, the function's value at all 64 inputs, of gates a and b.
type gate struct {
	op   string // "&", "|", "^", "&^", "^1" for not; "" for an input
	a, b int
	t    uint64
}

const inputs = 6

type circuit struct {
	gates []gate
	outs  [4]int
}

func (c *circuit) add(op string, a, b int) int {
	x, y := c.gates[a].t, c.gates[b].t
	var t uint64
	switch op {
	case "&":
		t = x & y
	case "|":
		t = x | y
	case "^":
		t = x ^ y
	case "&^":
		t = x &^ y
	case "^1":
		t = ^x
	}
	c.gates = append(c.gates, gate{op, a, b, t})
	return len(c.gates) - 1
}

// one finds target, where mask has ones, among the gates or makes it with one more.
func one(rng *rand.Rand, c *circuit, target, mask uint64) int {
	n := len(c.gates)
	for i := n - 1; i >= 0; i-- {
		if (c.gates[i].t^target)&mask == 0 {
			return i
		}
	}
	for i := n - 1; i >= 0; i-- {
		if (^c.gates[i].t^target)&mask == 0 {
			return c.add("^1", i, i)
		}
	}
	from := rng.IntN(n)
	for j := range n {
		i := (j + from) % n
		x := c.gates[i].t
		for k := range i {
			y := c.gates[k].t
			switch {
			case (x&y^target)&mask == 0:
				return c.add("&", i, k)
			case ((x|y)^target)&mask == 0:
				return c.add("|", i, k)
			case (x^y^target)&mask == 0:
				return c.add("^", i, k)
			case (x&^y^target)&mask == 0:
				return c.add("&^", i, k)
			case (y&^x^target)&mask == 0:
				return c.add("&^", k, i)
			}
		}
	}
	return -1
}

// two makes target with two more gates: one of two that are there, and one of
// that and a third.
func two(rng *rand.Rand, c *circuit, target, mask uint64) int {
	n := len(c.gates)
	from := rng.IntN(n)
	for j := range n {
		i := (j + from) % n
		for k := range i {
			x, y := c.gates[i].t, c.gates[k].t
			for _, first := range []struct {
				op   string
				a, b int
				t    uint64
			}{{"&", i, k, x & y}, {"|", i, k, x | y}, {"^", i, k, x ^ y}, {"&^", i, k, x &^ y}, {"&^", k, i, y &^ x}} {
				v := first.t
				and, or, not := target&mask&^v == 0, v&mask&^target == 0, target&mask&v == 0
				for m := range n {
					z := c.gates[m].t
					switch {
					case (z^v^target)&mask == 0:
						return c.add("^", c.add(first.op, first.a, first.b), m)
					case and && (z^target)&mask&v == 0:
						return c.add("&", c.add(first.op, first.a, first.b), m)
					case or && (z^target)&mask&^v == 0:
						return c.add("|", c.add(first.op, first.a, first.b), m)
					case and && (^z^target)&mask&v == 0:
						return c.add("&^", c.add(first.op, first.a, first.b), m)
					case not && (z^target)&mask&^v == 0:
						return c.add("&^", m, c.add(first.op, first.a, first.b))
					}
				}
			}
		}
	}
	return -1
}

// build adds gates until one is target where mask has ones, at most limit in all;
// used are the inputs that mask was split by. -1: it cannot be done.
func build(rng *rand.Rand, c *circuit, target, mask uint64, used uint, limit int) int {
	if g := one(rng, c, target, mask); g >= 0 {
		if len(c.gates) > limit {
			return -1
		}
		return g
	}
	if len(c.gates)+2 > limit {
		return -1
	}
	if g := two(rng, c, target, mask); g >= 0 {
		return g
	}
	base, out := len(c.gates), -1
	var best []gate
	for _, in := range rng.Perm(inputs) {
		if used&(1<<in) != 0 {
			continue
		}
		x := c.gates[in].t
		for _, form := range rng.Perm(3) {
			c.gates = c.gates[:base]
			// a is right where the input is on one side, then b mends the other.
			first, rest, want, op := mask&^x, mask&x, target, "&"
			switch form {
			case 1:
				first, rest, op = mask&x, mask&^x, "&^"
			case 2:
				first, rest, want, op = mask&x, mask&^x, ^target, "|"
			}
			a := build(rng, c, want, first, used|1<<in, limit-2)
			if a < 0 {
				continue
			}
			b := build(rng, c, target^c.gates[a].t, rest, used|1<<in, limit-2)
			if b < 0 {
				continue
			}
			g := c.add("^", a, c.add(op, b, in))
			if len(c.gates) <= limit {
				best, out, limit = append(best[:0], c.gates[base:]...), g, len(c.gates)-1
			}
		}
		if out >= 0 && base < 30 && rng.IntN(3) == 0 {
			break // do not spend it all on the first outputs
		}
	}
	c.gates = append(c.gates[:base], best...)
	return out
}

func search(box int, seed uint64, tries int) circuit {
	rng := rand.New(rand.NewPCG(seed, uint64(box)))
	best, limit := circuit{}, 120
	for range tries {
		c := circuit{}
		for i := range inputs {
			var t uint64
			for v := range 64 {
				t |= uint64(v>>(5-i)&1) << v
			}
			c.gates = append(c.gates, gate{t: t})
		}
		done := true
		for _, o := range rng.Perm(4) {
			var t uint64
			for v := range 64 {
				t |= uint64(sBoxes[box][(v>>4&2|v&1)*16+v>>1&15]>>(3-o)&1) << v
			}
			if c.outs[o] = build(rng, &c, t, ^uint64(0), 0, limit); c.outs[o] < 0 {
				done = false
				break
			}
		}
		if done {
			best, limit = c, len(c.gates)-1
			log.Printf("S-box %d: %d gates", box+1, len(c.gates)-inputs)
		}
	}
	return best
}

func name(g int) string {
	if g < inputs {
		return string(rune('a' + g))
	}
	return fmt.Sprintf("x%d", g-inputs+1)
}

func write(circuits [8]circuit) string {
	var b strings.Builder
	b.WriteString("// Code generated by gendes.go. DO NOT EDIT.\n\npackage crypt\n")
	for box, c := range circuits {
		fmt.Fprintf(&b, "\n// sBox%d is S%d of FIPS 46-3 in %d gates: inputs and outputs from the left.\n", box+1, box+1, len(c.gates)-inputs)
		fmt.Fprintf(&b, "func sBox%d(a, b, c, d, e, f uint64) (uint64, uint64, uint64, uint64) {\n", box+1)
		for i, g := range c.gates[inputs:] {
			if g.op == "^1" {
				fmt.Fprintf(&b, "\t%s := ^%s\n", name(i+inputs), name(g.a))
				continue
			}
			fmt.Fprintf(&b, "\t%s := %s %s %s\n", name(i+inputs), name(g.a), g.op, name(g.b))
		}
		fmt.Fprintf(&b, "\treturn %s, %s, %s, %s\n}\n", name(c.outs[0]), name(c.outs[1]), name(c.outs[2]), name(c.outs[3]))
	}
	b.WriteString("\n// desRound changes l by the round function of r under the key bits k.\nfunc desRound(l, r *[32]uint64, k *[48]uint64) {\n\tvar w, x, y, z uint64\n")
	var to [32]int // output bit of the S-boxes, to the bit of l that it changes
	for i, from := range permutation {
		to[from-1] = i
	}
	for box := range 8 {
		fmt.Fprintf(&b, "\tw, x, y, z = sBox%d(", box+1)
		for i := range inputs {
			fmt.Fprintf(&b, "r[%d]^k[%d], ", (4*box+i+31)%32, inputs*box+i)
		}
		b.WriteString(")\n")
		for i, v := range "wxyz" {
			fmt.Fprintf(&b, "\tl[%d] ^= %c\n", to[4*box+i], v)
		}
	}
	b.WriteString("}\n")
	return b.String()
}

func main() {
	log.SetFlags(0)
	seed := flag.Uint64("seed", 7, "of the search")
	tries := flag.Int("tries", 60, "circuits to try for each S-box")
	flag.Parse()
	var circuits [8]circuit
	var wg sync.WaitGroup
	for box := range circuits {
		wg.Go(func() { circuits[box] = search(box, *seed, *tries) })
	}
	wg.Wait()
	src, err := format.Source([]byte(strings.ReplaceAll(write(circuits), ", )", ")")))
	if err != nil {
		log.Fatal(err)
	}
	w := bufio.NewWriter(os.Stdout)
	w.Write(src)
	if err := w.Flush(); err != nil {
		log.Fatal(err)
	}
}
