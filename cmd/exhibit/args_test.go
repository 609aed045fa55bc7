package main

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestArrange(t *testing.T) {
	app := (&program{}).app()
	for _, c := range []struct{ in, want []string }{
		{[]string{"add", "a", "--zone", "+08:00", "b"}, []string{"add", "--zone=+08:00", "--", "a", "b"}},
		{[]string{"add", "--zone", "-05:00", "a"}, []string{"add", "--zone=-05:00", "--", "a"}},
		{[]string{"add", "a", "--case=c", "--json"}, []string{"--case=c", "--json=true", "add", "--", "a"}},
		{[]string{"--case", "c", "add", "--", "--zone", "x"}, []string{"--case=c", "add", "--", "--zone", "x"}},
		{[]string{"add", "--exclude", "a,b", "--exclude=--x", "p"}, []string{"add", "--exclude=a,b", "--exclude=--x", "--", "p"}},
		{[]string{"add", "--in-place=false", "p"}, []string{"add", "--in-place=false", "--", "p"}},
		{[]string{"key", "--json", "add", "n", "--stdin"}, []string{"--json=true", "key", "add", "--stdin=true", "--", "n"}},
		{[]string{"layout", "add", "-"}, []string{"layout", "add", "--", "-"}},
		{[]string{"help", "key", "add"}, []string{"key", "add", "--help"}},
		{[]string{"add", "x", "-h"}, []string{"add", "--help"}},
		{[]string{"--help"}, []string{"--help"}},
		{[]string{"--version"}, []string{"version"}},
		{[]string{"status", "extra"}, []string{"status", "--", "extra"}},
	} {
		got, err := arrange(app, append([]string{"exhibit"}, c.in...))
		if diff := cmp.Diff(append([]string{"exhibit"}, c.want...), got); err != nil || diff != "" {
			t.Errorf("%q: %v %s", c.in, err, diff)
		}
	}
}

func TestArrangeRefuses(t *testing.T) {
	app := (&program{}).app()
	for _, in := range [][]string{
		{},
		{"key"},
		{"nothing"},
		{"key", "nothing"},
		{"--case"},
		{"--case", "--json", "status"},
		{"add", "--zone"},
		{"add", "--zone", "--exclude", "x"},
		{"add", "--zon", "+08:00"},
		{"add", "-zone", "+08:00"},
		{"add", "-x"},
		{"add", "--zone=+08:00", "--zone=+09:00"},
		{"--case=a", "status", "--case=b"},
		{"add", "--in-place=maybe"},
		{"status", "--zone", "+08:00"},
		{"add", "--case", "--", "x"},
	} {
		got, err := arrange(app, append([]string{"exhibit"}, in...))
		if !errors.Is(err, errUsage) || got != nil {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}
