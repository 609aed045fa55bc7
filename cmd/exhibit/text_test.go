package main

import (
	"bytes"
	"testing"
	"time"
)

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain name.txt": "plain name.txt", "名 é": "名 é", "a\nb": `a\nb`, "\x1b[2J": `\x1b[2J`, "a\u202egpj": `a\u202egpj`,
		"\xff\xfe": `\xff\xfe`, "a\u0000": `a\x00`, "\uFFFD": "\uFFFD", "\u200b": `\u200b`, "tab\t": `tab\t`, "\u0085": `\u0085`,
	} {
		if got := visible(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestVisibleWriter(t *testing.T) {
	var b bytes.Buffer
	if n, err := (visibleWriter{&b}).Write([]byte("a\x1b[1m\nb\r\n")); n != 9 || err != nil || b.String() != "a\\x1b[1m\nb\\r\n" {
		t.Errorf("%d, %v, %q", n, err, b.String())
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := number(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for n, want := range map[int64]string{0: "0 bytes", 1: "1 byte", 1023: "1,023 bytes", 1024: "1.0 KiB", 1 << 20: "1.0 MiB", 10 << 30: "10.0 GiB", 1 << 62: "4096.0 PiB"} {
		if got := size(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	if got := count(2, "entry") + count(1, "directory") + count(3, "directory"); got != "2 entries1 directory3 directories" {
		t.Error(got)
	}
}

func TestClock(t *testing.T) {
	at := time.Date(2008, 7, 31, 23, 10, 19, 0, time.UTC)
	for zone, want := range map[string]string{"UTC": "2008-07-31 23:10:19 UTC", "+08:00": "2008-08-01 07:10:19 +08:00", "Asia/Shanghai": "2008-08-01 07:10:19 +08:00"} {
		l, err := displayZone(zone)
		if err != nil {
			t.Errorf("%s: %v", zone, err)
			continue
		}
		if got := clock(at, l); got != want {
			t.Errorf("%s: %s", zone, got)
		}
	}
	if _, err := displayZone("Mars/Base"); err == nil {
		t.Error("there is no such zone")
	}
}

func TestTable(t *testing.T) {
	var b bytes.Buffer
	if err := table(&b, [][]string{{"a", "bb", "c"}, {"名名", "", "d"}, {"x"}}); err != nil || b.String() != "a     bb  c\n名名      d\nx\n" {
		t.Errorf("%v\n%s", err, b.String())
	}
}
