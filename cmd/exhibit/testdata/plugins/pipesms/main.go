// Command pipesms is a plugin for the command line's tests: lines of time,
// sender, recipient and text with a vertical bar between them. A line CRASH ends it;
// a text LIE comes out as the time of day, although it says that it is deterministic.
package main

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

func main() {
	sdk.Main(sdk.Plugin{Name: "test/pipesms", Version: "0.1.0", Parse: parse})
}

func parse(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	zone, err := sdk.ParseZone(c.Zone(), "item")
	if err != nil {
		return err
	}
	format, err := sdk.ParseTimeFormat("%Y-%m-%d %H:%M:%S", zone, sdk.Sent, sdk.Declared)
	if err != nil {
		return err
	}
	for line := range in.Lines() {
		if string(line.Bytes) == "CRASH" {
			os.Exit(1)
		}
		f := bytes.SplitN(line.Bytes, []byte("|"), 4)
		if len(f) != 4 {
			c.Reject(line.Source(), "line.fields", "the line does not have four fields")
			continue
		}
		if string(f[3]) == "LIE" {
			f[3] = strconv.AppendInt(nil, time.Now().UnixNano(), 10)
		}
		m := sdk.SMS{From: sdk.Bytes(f[1]), To: []sdk.Text{sdk.Bytes(f[2])}, Text: sdk.Bytes(f[3])}
		m.Time = format.Parse(sdk.Bytes(f[0]))
		if err := out.Put(&m, line.Source()); err != nil {
			return err
		}
	}
	return in.Err()
}
