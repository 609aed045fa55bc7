package main_test

import (
	"fmt"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/internal/slow"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// The open directory: which key opens what, and where it lies.
func TestOpenDirectory(t *testing.T) {
	slow.Test(t)
	logs := []string{"contentfilter/ContentFilter_a3_20080801.log", "contentfilter/ContentFilter_a3_20080802.log", "contentfilter/ContentFilter_a3_20080803.bin", "contentfilter/ContentFilter_a3_20080804.log", "pub/core.1234", "call/CallInfo_20080801.log"}
	var inputs []*sdk.Input
	for i, l := range logs {
		inputs = append(inputs, input(fmt.Sprintf("encrypted-%04d", i+1), sample(t, l)))
	}
	for i, l := range []string{"conf/enc.key", "conf/server.conf", "account/mobile_account.sql", "index.html", "pub/movie.torrent"} {
		inputs = append(inputs, input(fmt.Sprintf("source-%04d", i+1), sample(t, l)))
	}
	records, _, _ := run(t, evidence.OpFindKey, "", nil, inputs...)
	got := map[string]bool{}
	for _, r := range records {
		src, opens := r["source"].(object), r["opens"].(object)
		got[fmt.Sprint(src["role"], " ", src["offset"], " ", src["length"], " ", r["key_encoding"], " opens ", opens["units_opened"], " ", opens["unit"], " ", opens["encoding"], " ", opens["padding"], " ", opens["charset"])] = true
	}
	for _, want := range []string{
		"source-0002 65 8 raw opens 12 line base64 pkcs7 utf-8", "source-0002 65 8 raw opens 12 line hex zero gb18030", "source-0002 65 8 raw opens 12 file raw pkcs7 utf-8",
		"source-0002 65 8 raw opens 6 line base64 pkcs7 utf-8", "source-0001 0 16 hex opens 6 line base64 pkcs7 utf-8",
	} {
		if !got[want] {
			t.Errorf("not found: %s", want)
		}
		delete(got, want)
	}
	for extra := range got {
		t.Errorf("found by chance: %s", extra)
	}
}
