//go:build linux

package sdk_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// corpusLine is a line of a chat log as long as those of real ones.
const corpusLine = "203.0.113.210\tbluetom2950\tskyblue1541\t1\t2008-08-01 07:10:19\ttaiwan\t关于taiwan,我有话要说\n"

// parseChat reads corpusLine into messages the way a plugin does.
func parseChat(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	zone, err := sdk.ParseZone("+08:00", "layout")
	if err != nil {
		return err
	}
	format, err := sdk.ParseTimeFormat("%Y-%m-%d %H:%M:%S", zone, sdk.Logged, sdk.Declared)
	if err != nil {
		return err
	}
	m := sdk.Message{Service: sdk.Str("tom-skype"), To: make([]sdk.Text, 1)}
	m.Charset, m.CharsetBasis, m.State = "utf-8", sdk.Detected, sdk.Live
	var fields [7][]byte
	for ln := range in.Lines() {
		rest := ln.Bytes
		for i := range fields {
			fields[i], rest, _ = bytes.Cut(rest, []byte{'\t'})
		}
		m.IP, m.Account, m.From, m.To[0] = sdk.Bytes(fields[0]), sdk.Bytes(fields[1]), sdk.Bytes(fields[2]), sdk.Bytes(fields[1])
		m.Direction = sdk.Incoming
		m.Time = format.Parse(sdk.Bytes(fields[4]))
		m.MatchedTerm, m.Text = sdk.BytesOrNull(fields[5]), sdk.Bytes(fields[6])
		src := ln.Source()
		src.Profile, src.Key = "tom-messages-3.6", "key:0011223344556677"
		if err := out.Put(&m, src); err != nil {
			return err
		}
	}
	return in.Err()
}

func chatJob(lines int) (sdk.Plugin, sdk.Job) {
	data := strings.Repeat(corpusLine, lines)
	return sdk.Plugin{Name: "bench", Version: "0", Parse: parseChat}, sdk.Job{
		Operation: "parse", Inputs: []*sdk.Input{sdk.NewInput(strings.NewReader(data), int64(len(data)))},
		Records: io.Discard, Diagnostics: io.Discard, Artifacts: io.Discard,
	}
}

func BenchmarkParse(b *testing.B) {
	const lines = 100_000
	p, j := chatJob(lines)
	b.ReportAllocs()
	var bytes int64
	before := cpuTime()
	for b.Loop() {
		r, err := sdk.Run(context.Background(), p, j)
		if err != nil || r.Records.Count != lines {
			b.Fatal(r.Reason, err)
		}
		bytes = r.Records.Bytes
	}
	b.ReportMetric(float64(b.N)*lines/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N)/lines, "cpu-ns/record")
	b.ReportMetric(float64(bytes)/lines, "B/record")
}

// BenchmarkPut is the record alone: canonical JSON, hashed and counted.
func BenchmarkPut(b *testing.B) {
	const records = 100_000
	m := sdk.Message{
		Service: sdk.Str("tom-skype"), Account: sdk.Str("bluetom2950"), From: sdk.Str("skyblue1541"), To: []sdk.Text{sdk.Str("bluetom2950")},
		Direction: sdk.Incoming, Text: sdk.Str("关于taiwan,我有话要说"), IP: sdk.Str("203.0.113.210"), MatchedTerm: sdk.Str("taiwan"),
	}
	m.Time = sdk.Epoch{Unit: "s", Epoch: "unix", Kind: sdk.Logged, Basis: sdk.Declared}.Time(1217545819, sdk.Text{})
	p := sdk.Plugin{Parse: func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
		for i := range int64(records) {
			if err := out.Put(&m, sdk.At(i, 1)); err != nil {
				return err
			}
		}
		return nil
	}}
	_, j := chatJob(records)
	b.ReportAllocs()
	before := cpuTime()
	for b.Loop() {
		if r, err := sdk.Run(context.Background(), p, j); err != nil || r.Records.Count != records {
			b.Fatal(r.Reason, err)
		}
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N)/records, "cpu-ns/record")
}

// cpuTime is this process's in nanoseconds: on a shared machine it says more than the clock.
func cpuTime() int64 {
	var u unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}
