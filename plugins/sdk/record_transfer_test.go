package sdk_test

import (
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// A transfer is canonical, with every field and with none.
func TestTransfer(t *testing.T) {
	full := sdk.Transfer{
		Common:  sdk.Common{State: sdk.Live, Flags: []string{"odd"}, Charset: "utf-8", CharsetBasis: sdk.Declared, Extra: map[string]any{"status": 8}},
		Service: sdk.Str("skype"), Account: sdk.Str("a"), Conversation: sdk.Null(), From: sdk.Str("a"), To: []sdk.Text{sdk.Str("b\xff")}, Direction: sdk.Outgoing,
		Status: sdk.Str("completed"), FileName: sdk.Str("plan\xff.pdf"), FilePath: sdk.Str("/x/plan.pdf"), FileSize: sdk.Num(69986), Transferred: sdk.NullNum(),
	}
	full.Time = sdk.Epoch{Unit: "s", Epoch: "unix", Kind: sdk.Started, Basis: sdk.Declared}.Time(1382651375, sdk.Str("1382651375"))
	full.Times = []sdk.Time{full.Time, sdk.Epoch{Unit: "s", Epoch: "unix", Kind: sdk.Ended, Basis: sdk.Declared}.Time(1382651377, sdk.Str("1382651377"))}
	r, records, _, _ := run(t, "x", func(_ *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
		if err := out.Put(&full, in.Source(0, 1)); err != nil {
			return err
		}
		return out.Put(&sdk.Transfer{}, in.Source(0, 1))
	})
	if r.Err != nil || full.Kind() != "transfer" {
		t.Fatal(r.Err)
	}
	want := []string{
		`{"account":"a","charset":"utf-8","charset_basis":"declared","conversation":null,"direction":"outgoing","extra":{"status":8},"file_name":"plan�.pdf","file_name_raw":"cGxhbv8ucGRm","file_path":"/x/plan.pdf","file_size":69986,"flags":["odd"],"from":"a","kind":"transfer","service":"skype","source":{"length":1,"offset":0},"state":"live","status":"completed","time":"2013-10-24T21:49:35Z","time_basis":{"basis":"declared","epoch":"unix","unit":"s","zone":"UTC","zone_basis":"source"},"time_kind":"started","time_raw":"1382651375","times":[{"basis":{"basis":"declared","epoch":"unix","unit":"s","zone":"UTC","zone_basis":"source"},"kind":"started","raw":"1382651375","time":"2013-10-24T21:49:35Z"},{"basis":{"basis":"declared","epoch":"unix","unit":"s","zone":"UTC","zone_basis":"source"},"kind":"ended","raw":"1382651377","time":"2013-10-24T21:49:37Z"}],"to":["b�"],"to_raw":["Yv8="],"transferred":null}`,
		`{"kind":"transfer","source":{"length":1,"offset":0}}`,
	}
	for i, w := range want {
		if records[i] != w {
			t.Errorf("%s\n%s", records[i], w)
		}
		if err := evidence.CheckCanonical([]byte(records[i])); err != nil {
			t.Error(err)
		}
	}
}

// Minutes since 1970, as Skype counts when an account was registered.
func TestMinutes(t *testing.T) {
	e := sdk.Epoch{Unit: "min", Epoch: "unix", Kind: sdk.Created, Basis: sdk.Declared}
	for n, want := range map[int64]string{22920322: "2013-07-30T21:22:00Z", -1: "1969-12-31T23:59:00Z", 1 << 60: "", -1 << 60: ""} {
		got := e.Time(n, sdk.Str("raw"))
		if got.String() != want || got.Basis.Unit != "min" {
			t.Errorf("%d: %q in %s", n, got.String(), got.Basis.Unit)
		}
	}
}
