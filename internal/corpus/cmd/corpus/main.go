// Command corpus writes synthetic evidence and the truth about it.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/exhibit-forensics/exhibit/internal/corpus"
)

func main() {
	var o corpus.Options
	out := flag.String("out", "", "directory to make")
	flag.Uint64Var(&o.Seed, "seed", 1, "the same seed gives the same bytes")
	flag.IntVar(&o.Messages, "messages", 0, "one log of this many messages instead of the whole directory")
	flag.IntVar(&o.Scale, "scale", 1, "multiply the rows of every file")
	flag.Parse()
	if *out == "" {
		flag.Usage()
		os.Exit(64)
	}
	if err := corpus.Write(*out, o); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(1)
	}
}
