// Command plugin is a plugin for the kit's tests: it reads lines after a first line
// LINES. The name of its program says which promise it breaks; "good" breaks none.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

var (
	jobs int
	kept [][]byte
)

func main() {
	p := sdk.Plugin{Name: "test/kit", Version: "1.0.0", Parse: parse, Decrypt: decrypt}
	if mode == "liar" {
		p.Version = "1.0.1"
	}
	sdk.Main(p)
}

var mode = filepath.Base(os.Args[0])

func parse(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	jobs++
	switch mode {
	case "chatter":
		fmt.Fprintln(os.Stderr, "hello")
	case "hoards":
		b := make([]byte, 1<<20)
		for i := range b {
			b[i] = 1
		}
		kept = append(kept, b)
	case "opens":
		if _, err := syscall.Dup(0); err != nil {
			return err
		}
	case "mistaken":
		return out.Put(&sdk.Keyword{Term: sdk.Str("everything")}, sdk.At(0, in.Size))
	}
	known := false
	var last sdk.Source
	for line := range in.Lines() {
		switch {
		case !known && string(line.Bytes) != "LINES":
			switch mode {
			case "silent":
				return nil
			case "exits":
				os.Exit(3)
			case "panics":
				return fmt.Errorf("%d", line.Bytes[len(line.Bytes)+1])
			}
			return sdk.ErrMalformed
		case !known:
			known = true
			out.Skip(1)
		case len(line.Bytes) == 0:
			out.Skip(1)
		default:
			if err := put(c, line, last, out); err != nil {
				return err
			}
		}
		last = line.Source()
	}
	if err := in.Err(); err != nil {
		return err
	}
	if !known {
		return sdk.ErrMalformed
	}
	return nil
}

func put(_ *sdk.Ctx, line sdk.Line, before sdk.Source, out *sdk.Out) error {
	term, source := string(line.Bytes), line.Source()
	switch mode {
	case "remembers":
		term += fmt.Sprint(jobs)
	case "looks":
		term += os.Getenv("TZ")
	case "drifts":
		source = before
	}
	if mode == "other" {
		return out.Put(&sdk.Other{Name: "x-test/kind"}, source)
	}
	return out.Put(&sdk.Keyword{Term: sdk.Str(term)}, source)
}

// decrypt takes a first line LOCKED and the key itself, then what it locks.
func decrypt(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	b := make([]byte, min(in.Size, 1<<20))
	if _, err := in.ReadAt(b, 0); err != nil && in.Size > 0 {
		return err
	}
	for _, key := range c.Keys() {
		prefix := append([]byte("LOCKED\n"), reversed(key.Value)...)
		ok := bytes.HasPrefix(b, prefix)
		if !ok && mode != "opens-anything" {
			continue
		}
		c.Use(key)
		if mode == "tells" {
			c.Warn(sdk.At(0, 1), "key.told", "the key is "+string(key.Value))
		}
		a, err := out.Artifact(nil, sdk.ArtifactOptions{})
		if err != nil {
			return err
		}
		if _, err := a.Write(b[min(len(b), len(prefix)):]); err != nil {
			return err
		}
		return a.End(true, "")
	}
	return sdk.ErrWrongKey
}

func reversed(b []byte) []byte {
	out := bytes.Clone(b)
	for i, c := range b {
		out[len(b)-1-i] = c
	}
	return out
}
