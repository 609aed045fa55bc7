package intake_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/intake"
	"github.com/exhibit-forensics/exhibit/evidence"
)

func TestZone(t *testing.T) {
	for in, want := range map[string]string{"+08:00": "+08:00", "-03:30": "-03:30", "+14:00": "+14:00", "UTC": "UTC", "Z": "UTC", "+00:00": "UTC", "-00:00": "UTC"} {
		if got, err := intake.Zone(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "08:00", "+8", "+8:00", "+0800", "+08:60", "+14:01", "-15:00", "Asia/Shanghai", "CST", "utc", "+08:00 ", "+٠8:00"} {
		if got, err := intake.Zone(bad); !errors.Is(err, evidence.ErrFormat) || got != "" {
			t.Errorf("%q: %q, %v", bad, got, err)
		}
	}
}

func TestCharset(t *testing.T) {
	for in, want := range map[string]string{"UTF-8": "utf-8", "gb18030": "gb18030", "GB2312": "gbk", "latin1": "windows-1252", "UTF-16LE": "utf-16le", "big5": "big5", "shift_jis": "shift_jis"} {
		if got, err := intake.Charset(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "utf8x", "ebcdic", "replacement", "iso-2022-kr"} {
		if got, err := intake.Charset(bad); !errors.Is(err, evidence.ErrFormat) || got != "" {
			t.Errorf("%q: %q, %v", bad, got, err)
		}
	}
}

func TestCheckExhibit(t *testing.T) {
	for _, good := range []string{"EX-001", "KK/1"[:2], "物证-7", "A 1", "2026.14(b)"} {
		if err := intake.CheckExhibit(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", " A", "A ", "a/b", "a!b", "a\nb", "a\x7f", "\xff", "\u202eA", strings.Repeat("x", 65)} {
		if err := intake.CheckExhibit(bad); !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
