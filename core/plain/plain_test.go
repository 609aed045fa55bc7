package plain_test

import (
	"testing"
	"time"

	"github.com/exhibit-forensics/exhibit/core/plain"
)

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", 1 << 62: "4,611,686,018,427,387,904"} {
		if got := plain.Number(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for want, got := range map[string]string{"1 entry": plain.Count(1, "entry"), "0 entries": plain.Count(0, "entry"), "2,000 files": plain.Count(2000, "file")} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for n, want := range map[int64]string{1: "1 byte", 1023: "1,023 bytes", 1024: "1.0 KiB", 5 << 30: "5.0 GiB"} {
		if got, exact := plain.Size(n); got != want || exact != (n < 1024) {
			t.Errorf("%d: %s, exact %v", n, got, exact)
		}
	}
	at := time.Date(2008, 7, 31, 23, 10, 19, 0, time.UTC)
	if got := plain.Clock(at, time.UTC) + " " + plain.Clock(at, time.FixedZone("", 8*3600)); got != "2008-07-31 23:10:19 UTC 2008-08-01 07:10:19 +08:00" {
		t.Error(got)
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"微信　ok": "微信　ok", "a\x1b[2J": `a\x1b[2J`, "a\u202eb": `a\u202eb`, "\xff\u00e9": `\xff` + "é", "\ufffd": "\ufffd", "a\nb": `a\nb`, "": "",
	} {
		if got := plain.Visible(in, plain.Showable); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
