package main

import "github.com/exhibit-forensics/exhibit/plugins/sdk"

// sampleSize is how much of the input decides dialect and time format.
const sampleSize = 256 << 10

// charset is the input's, and who says so.
type charset struct{ sdk.TextCharset }

func (c charset) name() string { return c.Stated() }

// of is the name of what a line was read in, "" where nobody knows.
func (c charset) of(line sdk.Charset) string {
	if c.Other.Name() == "" {
		return c.name()
	}
	return line.Name()
}

// readSample returns the beginning of the input.
func readSample(in *sdk.Input) ([]byte, error) {
	sample := make([]byte, min(in.Size, sampleSize))
	if len(sample) == 0 {
		return nil, nil
	}
	if n, err := in.ReadAt(sample, 0); n < len(sample) {
		return nil, err
	}
	return sample, nil
}

// chooseCharset takes a layout's charset; else what the SDK finds.
func chooseCharset(c *sdk.Ctx, in *sdk.Input, layouts sdk.Charset) (charset, error) {
	chosen, err := sdk.ChooseCharset(c, in, layouts)
	return charset{chosen}, err
}
