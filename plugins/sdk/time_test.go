package sdk_test

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

func zone(t testing.TB, s string) sdk.Zone {
	t.Helper()
	z, err := sdk.ParseZone(s, "item")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func format(t testing.TB, f, z string) sdk.TimeFormat {
	t.Helper()
	var in sdk.Zone
	if z != "" {
		in = zone(t, z)
	}
	tf, err := sdk.ParseTimeFormat(f, in, sdk.Logged, sdk.Declared)
	if err != nil {
		t.Fatalf("%q: %v", f, err)
	}
	return tf
}

func TestTimeFormat(t *testing.T) {
	for _, c := range []struct{ format, zone, raw, want string }{
		{"%Y-%m-%d %H:%M:%S", "+08:00", "2008-08-01 07:10:19", "2008-07-31T23:10:19Z"},
		{"%Y/%m/%d %H:%M:%S", "+08:00", "2008/08/20 21:00:05", "2008-08-20T13:00:05Z"},
		{"%Y-%m-%d", "-03:30", "2008-02-29", "2008-02-29T03:30:00Z"},
		{"%d.%m.%y %H:%M", "UTC", "1.2.69 3:04", "1969-02-01T03:04:00Z"},
		{"%d.%m.%y", "UTC", "31.12.68", "2068-12-31T00:00:00Z"},
		{"%b %e %Y %I:%M:%S %p", "GMT", "Feb 9 2010 12:00:00 AM", "2010-02-09T00:00:00Z"},
		{"%B %d, %Y %I%p", "GMT", "september 30, 2010 12pm", "2010-09-30T12:00:00Z"},
		{"%a, %d %b %Y %T %z", "", "Thu, 01 Jan 2009 00:30:00 +0130", "2008-12-31T23:00:00Z"},
		{"%A %d %B %Y", "Z", "Saturday 01 May 2010", "2010-05-01T00:00:00Z"},
		{"%F %T.%f", "UTC", "2010-05-01 00:00:00.1", "2010-05-01T00:00:00.1Z"},
		{"%FT%T.%f%z", "", "2010-05-01T00:00:00.000100Z", "2010-05-01T00:00:00.000100Z"},
		{"%FT%T%z", "+01:00", "2010-05-01T00:00:00-11", "2010-05-01T11:00:00Z"},
		{"%Y%m%d%H%M%S", "UTC", "20100501235960", "2010-05-02T00:00:00Z"},
		{"%Y %j", "UTC", "2008 366", "2008-12-31T00:00:00Z"},
		{"%s", "", "1217545819", "2008-07-31T23:10:19Z"},
		{"%s.%f", "", "1217545819.123", "2008-07-31T23:10:19.123Z"},
		{"%s", "", "-1", "1969-12-31T23:59:59Z"},
		{"[%D %R] 100%%", "UTC", "[08/01/08 00:00] 100%", "2008-08-01T00:00:00Z"},
		{"%Y年%m月%d日", "+08:00", "2008年8月1日", "2008-07-31T16:00:00Z"},
	} {
		tf := format(t, c.format, c.zone)
		got := tf.Parse(sdk.Str(c.raw))
		if got.String() != c.want || got.Raw.String() != c.raw {
			t.Errorf("%q of %q in %q: got %q, want %q", c.raw, c.format, c.zone, got.String(), c.want)
		}
	}
}

func TestTimesThatAreNone(t *testing.T) {
	for _, c := range []struct{ format, raw string }{
		{"%Y-%m-%d", ""},
		{"%Y-%m-%d", "2009-02-29"},
		{"%Y-%m-%d", "2009-04-31"},
		{"%Y-%m-%d", "2009-13-01"},
		{"%Y-%m-%d", "2009-00-01"},
		{"%Y-%m-%d", "2009-01-00"},
		{"%Y-%m-%d", "2009-01-01 "},
		{"%Y-%m-%d", " 2009-01-01"},
		{"%Y-%m-%d", "2009/01/01"},
		{"%Y-%m-%d", "209-01-01"},
		{"%Y-%m-%d", "20090-01-01"},
		{"%Y-%m-%d", "2009-01"},
		{"%Y-%m-%d %H", "2009-01-01 24"},
		{"%F %R", "2009-01-01 00:60"},
		{"%F %T", "2009-01-01 00:00:61"},
		{"%F %I%p", "2009-01-01 13pm"},
		{"%F %I%p", "2009-01-01 0am"},
		{"%F %I%p", "2009-01-01 1xm"},
		{"%Y %j", "2009 366"},
		{"%Y %j", "2008 0"},
		{"%b %d %Y", "Foo 1 2009"},
		{"%a %F", "Mon 2010-05-01"},
		{"%F %z", "2009-01-01 8:00"},
		{"%F %z", "2009-01-01 +8"},
		{"%F %z", "2009-01-01 +24:00"},
		{"%F %z", "2009-01-01 +08:0"},
		{"%F %T.%f", "2009-01-01 00:00:00."},
		{"%s", "x"},
		{"%s", "-"},
		{"%s", "999999999999999999"},
		{"%F", "２００９-01-01"},
		{"%F", "2009-01-01\x00"},
	} {
		tf := format(t, c.format, "UTC")
		got := tf.Parse(sdk.Str(c.raw))
		if !got.IsNull() || got.String() != "" {
			t.Errorf("%q of %q: got %q", c.raw, c.format, got.String())
		}
		// It is never dropped.
		_, line, _, _ := run(t, "x", func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
			return out.Put(&sdk.Message{Common: sdk.Common{Time: got}}, sdk.At(0, 1))
		})
		if len(line) != 1 || !strings.Contains(line[0], `"flags":["time_unreadable"]`) || !strings.Contains(line[0], `"time":null`) || !strings.Contains(line[0], `"time_raw":"`) {
			t.Errorf("%q of %q: %s", c.raw, c.format, line)
		}
	}
}

func TestTimeFormatsThatAreRefused(t *testing.T) {
	for _, f := range []string{"", "%H:%M", "%A %d May %Y", "%Y", "%Y-%m", "%m-%d", "%F %I", "%F %p", "%F %H %I %p", "%F %", "%F %Q", "%c"} {
		if _, err := sdk.ParseTimeFormat(f, zone(t, "UTC"), "", ""); !errors.Is(err, sdk.ErrUnsupported) {
			t.Errorf("%q: %v", f, err)
		}
	}
	if _, err := sdk.ParseTimeFormat("%F", sdk.Zone{}, "", ""); !errors.Is(err, sdk.ErrUnsupported) {
		t.Error("a format without a zone:", err)
	}
	for _, z := range []string{"", "Asia/Shanghai", "CST", "+8", "+8:00", "08:00", "+25:00", "+08:60", "+08:00 "} {
		if _, err := sdk.ParseZone(z, ""); !errors.Is(err, sdk.ErrUnsupported) {
			t.Errorf("zone %q: %v", z, err)
		}
	}
	for in, want := range map[string]string{"+0530": "+05:30", "-08": "-08:00", "+00:00": "UTC", "GMT": "UTC"} {
		if got := zone(t, in).Name(); got != want {
			t.Errorf("zone %q is %q", in, got)
		}
	}
}

// Any moment that Go's time package writes must come back as that moment.
func TestTimesAgainstGo(t *testing.T) {
	layouts := map[string]string{
		"%Y-%m-%d %H:%M:%S.%f":    "2006-01-02 15:04:05.000000000",
		"%a %b %d %I:%M:%S %p %Y": "Mon Jan 02 03:04:05 PM 2006",
		"%A, %d %B %Y %T %z":      "Monday, 02 January 2006 15:04:05 -0700",
		"%Y%j%H%M%S":              "2006002150405",
	}
	rapid.Check(t, func(rt *rapid.T) {
		offset := rapid.IntRange(-23*60-59, 23*60+59).Draw(rt, "offset") * 60
		sec := rapid.Int64Range(-62135596800+90000, 253402300799-90000).Draw(rt, "sec")
		for f, layout := range layouts {
			at := time.Unix(sec, 7).In(time.FixedZone("", offset))
			sign := '+'
			if offset < 0 {
				sign = '-'
			}
			tf := format(t, f, fmt.Sprintf("%c%02d:%02d", sign, max(offset, -offset)/3600, max(offset, -offset)/60%60))
			got := tf.Parse(sdk.Str(at.Format(layout)))
			want := at.UTC().Format("2006-01-02T15:04:05")
			if strings.Contains(f, "%f") {
				want += ".000000007"
			}
			if got.String() != want+"Z" {
				rt.Fatalf("%q by %q: got %q, want %q", at.Format(layout), f, got.String(), want)
			}
		}
	})
}

// What strptime of Python reads from text that fits, we read alike.
func TestTimesAgainstPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	const script = `
import sys, datetime, random
random.seed(7)
formats = ["%Y-%m-%d %H:%M:%S", "%d/%b/%Y:%H:%M:%S", "%B %d %Y %I:%M %p", "%y%m%d %H%M", "%Y.%j", "%m/%d/%y %H:%M:%S.%f", "%A %d %b %Y", "%Y-%m-%dT%H:%M:%S%z"]
for i in range(800):
    f = formats[i % len(formats)]
    raw = datetime.datetime.fromtimestamp(random.randrange(-100000000, 3000000000), datetime.timezone(datetime.timedelta(minutes=random.randrange(-700, 800)))).strftime(f)
    d = datetime.datetime.strptime(raw, f)
    if d.tzinfo is None: d = d.replace(tzinfo=datetime.timezone.utc)
    print("\t".join([f, raw, d.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")]))
`
	out, err := exec.Command(python, "-c", script).Output()
	if err != nil {
		t.Skipf("python3 does not run: %v", err)
	}
	n := 0
	for _, line := range lines(string(out)) {
		c := strings.Split(line, "\t")
		tf := format(t, c[0], "UTC")
		got := tf.Parse(sdk.Str(c[1]))
		if s, _, _ := strings.Cut(strings.TrimSuffix(got.String(), "Z"), "."); s != c[2] {
			t.Errorf("%q by %q: got %q, python %q", c[1], c[0], got.String(), c[2])
		}
		n++
	}
	if n != 800 {
		t.Errorf("%d lines", n)
	}
}

func TestEpoch(t *testing.T) {
	for _, c := range []struct {
		unit, epoch string
		n           int64
		want        string
	}{
		{"s", "unix", 0, "1970-01-01T00:00:00Z"},
		{"ms", "unix", 1217545819007, "2008-07-31T23:10:19.007Z"},
		{"us", "unix", -1, "1969-12-31T23:59:59.999999Z"},
		{"s", "mac", 0, "2001-01-01T00:00:00Z"},
		{"ns", "mac", 1, "2001-01-01T00:00:00.000000001Z"},
		{"100ns", "windows", 116444736000000000, "1970-01-01T00:00:00.0000000Z"},
		{"us", "windows", 0, "1601-01-01T00:00:00.000000Z"},
		{"s", "unix", 253402300799, "9999-12-31T23:59:59Z"},
		{"s", "unix", 253402300800, ""},
		{"s", "unix", 1 << 62, ""},
		{"s", "windows", -1 << 63, ""},
		{"fortnight", "unix", 1, ""},
		{"s", "julian", 1, ""},
	} {
		got := sdk.Epoch{Unit: c.unit, Epoch: c.epoch, Kind: sdk.Sent, Basis: sdk.Declared}.Time(c.n, sdk.Str("raw"))
		if got.String() != c.want {
			t.Errorf("%d %s since %s: got %q, want %q", c.n, c.unit, c.epoch, got.String(), c.want)
		}
	}
}

func TestTimePlausibility(t *testing.T) {
	for raw, flagged := range map[string]bool{"1979-12-31 23:59:59": true, "1980-01-01 00:00:00": false, "2099-12-31 23:59:59": false, "2100-01-01 00:00:00": true} {
		tf := format(t, "%F %T", "UTC")
		_, line, _, _ := run(t, "x", func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
			return out.Put(&sdk.Message{Common: sdk.Common{Time: tf.Parse(sdk.Str(raw))}}, sdk.At(0, 1))
		})
		if strings.Contains(line[0], `"flags":["time_implausible"]`) != flagged {
			t.Errorf("%s: %s", raw, line[0])
		}
	}
}

func TestTimeBasis(t *testing.T) {
	for _, c := range []struct{ format, zone, raw, want string }{
		{"%F", "+08:00", "2009-01-01", `"time_basis":{"basis":"declared","unit":"text","zone":"+08:00","zone_basis":"item"}`},
		{"%F%z", "+08:00", "2009-01-01-0130", `"time_basis":{"basis":"declared","unit":"text","zone":"-01:30","zone_basis":"source"}`},
		{"%s", "", "1234567890", `"time_basis":{"basis":"declared","epoch":"unix","unit":"s","zone":"UTC","zone_basis":"source"}`},
	} {
		tf := format(t, c.format, c.zone)
		_, line, _, _ := run(t, "x", func(_ *sdk.Ctx, _ *sdk.Input, out *sdk.Out) error {
			return out.Put(&sdk.Message{Common: sdk.Common{Time: tf.Parse(sdk.Str(c.raw))}}, sdk.At(0, 1))
		})
		if !strings.Contains(line[0], c.want) {
			t.Errorf("got %s, want %s", line[0], c.want)
		}
	}
}
