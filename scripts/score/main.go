// Score prints how much the detector finds: of a generated set, of presidio-research's,
// and of what the sample of shared/data states (docs/redaction.md, Measured).
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/exhibit-forensics/exhibit/plugins/redact/detect"
	"github.com/exhibit-forensics/exhibit/plugins/redact/detect/detecttest"
)

func main() {
	n := flag.Int("n", 200, "texts of each entity in each form")
	seed := flag.Uint64("seed", 1, "of the generator")
	missed := flag.Bool("missed", false, "print texts that were not found")
	data := flag.String("data", "../shared/data", "where the samples are")
	flag.Parse()
	if err := run(*n, *seed, *missed, *data); err != nil {
		fmt.Fprintln(os.Stderr, "score:", err)
		os.Exit(1)
	}
}

func run(n int, seed uint64, missed bool, data string) error {
	cases := detecttest.Generate(seed, n)
	dict, err := detecttest.Told(cases)
	if err != nil {
		return err
	}
	d, err := detect.New(detect.Options{Regions: []string{"CN", "US"}}, dict)
	if err != nil {
		return err
	}
	f := d.Finder()
	fmt.Printf("Generated, seed %d, %d texts a cell: whole spans found, right category of these, proven or strong of these\n", seed, n)
	for _, c := range detecttest.Run(f, cases) {
		fmt.Printf("  %-20s %-18s %.3f  %.3f  %.3f\n", c.Entity, c.Form, c.Recall(), share(c.Category, c.Exact), share(c.Sure, c.Exact))
		if missed {
			for _, t := range c.Missed {
				fmt.Printf("      %q\n", t)
			}
		}
	}
	none, err := detect.New(detect.Options{Regions: []string{"CN", "US"}}, nil)
	if err != nil {
		return err
	}
	negatives := detecttest.Negatives(seed, 4000)
	all, in := detecttest.FalsePositives(none.Finder(), negatives)
	fmt.Printf("False positives: %d spans in %d of %d messages, %.2f in 1,000\n", len(all), in, len(negatives), float64(in)*1000/float64(len(negatives)))
	if missed {
		for i, x := range all {
			if i < 60 {
				fmt.Printf("      %s %s %q in %q\n", x.Category, x.Class, x.Text[x.Start:x.End], x.Text)
			}
		}
	}
	return outside(data, missed)
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}
