// Command odd is a plugin for the engine's tests. It reads text line by line, a
// record a line, with what its -log companion holds. What a line of the input says in
// capitals it does: CRASH, HANG, MEMORY, LIE, RANDOM.
package main

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

func main() {
	sdk.Main(sdk.Plugin{Name: "test/odd", Version: "0.1.0", Parse: parse, Probe: probe})
}

// probe takes what has "yes" in its first line, and does what it says in capitals.
func probe(s sdk.Sample) sdk.Match {
	line, _, _ := bytes.Cut(s.Head, []byte("\n"))
	switch {
	case bytes.Contains(line, []byte("PROBECRASH")):
		os.Exit(3)
	case bytes.Contains(line, []byte("yes")):
		return sdk.Match{Confidence: 90, Reason: "its first line says yes"}
	}
	return sdk.Match{Confidence: 10, Reason: "its first line does not say yes"}
}

func parse(c *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
	for i, in := range c.Inputs() {
		for line := range in.Lines() {
			text := line.Bytes
			switch string(text) {
			case "CRASH":
				os.Exit(3)
			case "HANG":
				time.Sleep(time.Hour)
			case "MEMORY":
				fill()
			case "RANDOM":
				text = strconv.AppendInt(nil, time.Now().UnixNano(), 10)
			}
			src := line.Source()
			if i > 0 {
				src.Role = in.Role
			}
			if err := out.Put(&sdk.SMS{Text: sdk.Bytes(text)}, src); err != nil {
				return err
			}
		}
		if err := in.Err(); err != nil {
			return err
		}
	}
	return nil
}

// fill takes more memory than any limit allows.
func fill() {
	var hoard [][]byte
	for {
		b := make([]byte, 16<<20)
		for i := range b {
			b[i] = 1
		}
		hoard = append(hoard, b)
		if len(hoard) > 1<<10 {
			return
		}
	}
}
