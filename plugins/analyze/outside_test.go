package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
)

// handed is an input as the host hands it over.
func handed(role, name string, data []byte) *sdk.Input {
	in := sdk.NewInput(bytes.NewReader(data), int64(len(data)))
	in.Role, in.Name, in.SHA256 = role, name, evidence.Sum(data)
	return in
}

// TestRealLists compares the changes between the real lists of two days with what sort and
// comm say of them. The lists are not ours: they stay where they are.
func TestRealLists(t *testing.T) {
	const dir = "../../../shared/data/tom-keyword-lists/"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("NOT TESTED: the lists are not at ../shared/data/tom-keyword-lists")
	}
	days := []string{"dlist-5.1s_keyfile_u.2011-04-24.plain", "dlist-5.1s_keyfile_u.2011-05-16.plain"}
	var inputs []*sdk.Input
	for _, name := range append([]string{"dlist-5.0_keyfile.2011-04-24.plain"}, days...) {
		b, err := os.ReadFile(dir + name)
		if err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, handed(roleList, "LIST-1:"+name, b))
	}
	categories, err := os.ReadFile(dir + "blocked-words.csv")
	if err != nil {
		t.Fatal(err)
	}
	inputs = append(inputs, handed(roleCategories, "LIST-1:blocked-words.csv", categories))
	all := do(t, []byte(`{"kind":"message","source":{"pointer":"/"},"text":"关注,六四 LIU SI"}`+"\n"), "{}", inputs...)
	comm := func(column string) (lines []string) {
		script := `f() { tr A-Z a-z < "$1" | tr -d '\r' | sed '1s/^\xef\xbb\xbf//' | grep -v '^$' | LC_ALL=C sort -u; }; LC_ALL=C comm ` + column + ` <(f "$1") <(f "$2")`
		out, err := exec.Command("bash", "-c", script, "-", dir+days[0], dir+days[1]).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	}
	change := of(all, "lists.change")
	if len(change) != 1 {
		t.Fatalf("%+v", change)
	}
	for _, part := range []struct{ rule, column, number string }{{"lists.added", "-13", "added"}, {"lists.removed", "-23", "removed"}, {"", "-12", "kept"}} {
		want := comm(part.column)
		if got := change[0].Numbers[part.number]; got != float64(len(want)) {
			t.Errorf("%s: %v, comm says %d", part.number, got, len(want))
		}
		var got []string
		for _, f := range of(all, part.rule) {
			got = append(got, string(lower([]byte(f.Value))))
		}
		slices.Sort(got)
		// Full width is ours alone: sort knows nothing of it.
		if part.rule != "" && !slices.Equal(got, narrowed(want)) {
			t.Errorf("%s: %d terms, comm has %d", part.rule, len(got), len(want))
		}
	}
	if c := of(all, "terms.category"); len(c) == 0 || !slices.ContainsFunc(c, func(f found) bool { return strings.HasPrefix(f.Value, "Tiananmen") && f.Cited == 1 }) {
		t.Errorf("六四 has no category: %d categories", len(c))
	}
}

func narrowed(list []string) (out []string) {
	for _, s := range list {
		out = append(out, string(lower([]byte(s))))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// database is a small one in MaxMind's format (MaxMind DB File Format Specification 2.0):
// a tree over addresses with records of 24 bits, the data, the metadata.
func database(t *testing.T, networks map[string]string) []byte {
	t.Helper()
	type tree struct {
		to   [2]*tree
		data int
	}
	var data bytes.Buffer
	text := func(b *bytes.Buffer, s string) { b.WriteByte(0x40 | byte(len(s))); b.WriteString(s) }
	root := &tree{data: -1}
	for _, network := range slices.Sorted(mapsKeys(networks)) {
		p := netip.MustParsePrefix(network)
		at := root
		for i := range p.Bits() {
			bit := p.Addr().AsSlice()[i/8] >> (7 - i%8) & 1
			if at.to[bit] == nil {
				at.to[bit] = &tree{data: -1}
			}
			at = at.to[bit]
		}
		at.data = data.Len()
		data.WriteByte(0xe1)
		text(&data, "country")
		data.WriteByte(0xe1)
		text(&data, "iso_code")
		text(&data, networks[network])
	}
	var nodes []*tree
	number := map[*tree]int{}
	var walk func(*tree)
	walk = func(n *tree) {
		if n == nil || n.data >= 0 {
			return
		}
		number[n] = len(nodes)
		nodes = append(nodes, n)
		walk(n.to[0])
		walk(n.to[1])
	}
	walk(root)
	var out bytes.Buffer
	for _, n := range nodes {
		for _, to := range n.to {
			v := len(nodes) // nothing
			switch {
			case to != nil && to.data >= 0:
				v = len(nodes) + 16 + to.data
			case to != nil:
				v = number[to]
			}
			out.Write([]byte{byte(v >> 16), byte(v >> 8), byte(v)})
		}
	}
	out.Write(make([]byte, 16))
	out.Write(data.Bytes())
	out.WriteString("\xab\xcd\xefMaxMind.com")
	out.WriteByte(0xe0 | 9)
	short := func(name string, v uint16) {
		text(&out, name)
		out.WriteByte(0xa2)
		_ = binary.Write(&out, binary.BigEndian, v)
	}
	short("binary_format_major_version", 2)
	short("binary_format_minor_version", 0)
	short("ip_version", 4)
	short("record_size", 24)
	text(&out, "node_count")
	out.WriteByte(0xc4)
	_ = binary.Write(&out, binary.BigEndian, uint32(len(nodes)))
	text(&out, "build_epoch")
	out.Write([]byte{0x08, 0x02})
	_ = binary.Write(&out, binary.BigEndian, uint64(1_225_000_000))
	text(&out, "database_type")
	text(&out, "Test")
	text(&out, "description")
	out.WriteByte(0xe0)
	text(&out, "languages")
	out.Write([]byte{0x00, 0x04})
	return out.Bytes()
}

func mapsKeys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func TestCountries(t *testing.T) {
	db := database(t, map[string]string{"192.0.2.0/25": "CN", "192.0.2.128/25": "DE", "198.51.100.0/24": "CN"})
	var set strings.Builder
	for i, ip := range []string{"192.0.2.1", "192.0.2.1", "192.0.2.200", "::ffff:198.51.100.9", "203.0.113.1", "nonsense", "2001:db8::1"} {
		fmt.Fprintf(&set, `{"ip":%q,"kind":"message","source":{"length":1,"offset":%d},"text":"x"}`+"\n", ip, i)
	}
	got := map[string]string{}
	for _, f := range of(do(t, []byte(set.String()), "{}", handed(rolePlaces, "DB:t.mmdb", db)), "places.country") {
		got[f.Value] = fmt.Sprintf("%v %v %d", f.Numbers["records"], f.Numbers["addresses"], len(f.Cites))
	}
	want := map[string]string{"CN": "3 2 2", "DE": "1 1 1", nowhere: "2 2 2", noIP: "1 1 1"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	// A database that is none fails the run, and says so.
	for _, bad := range [][]byte{nil, []byte("x"), db[:len(db)/2], append(bytes.Repeat([]byte{0xff}, 100), db[len(db)-60:]...)} {
		m, _ := evidence.NewManifest([]evidence.ManifestMember{{Role: sdk.RoleRecords, Artifact: evidence.Sum(nil), Size: 0}}).Bytes()
		r, err := sdk.Run(t.Context(), plugin(), sdk.Job{
			Operation: evidence.OpAnalyze, Inputs: []*sdk.Input{handed(evidence.RoleMain, "", m), handed(sdk.RoleRecords, "", nil), handed(rolePlaces, "", bad)},
			Records: &bytes.Buffer{}, Diagnostics: &bytes.Buffer{}, Artifacts: &bytes.Buffer{},
		})
		if err != nil || r.Outcome != evidence.OutcomeFailed {
			t.Errorf("%d bytes: %+v, %v", len(bad), r, err)
		}
	}
}

// One number in several forms is one person's number; without a region none is assumed.
func TestPhones(t *testing.T) {
	p, err := newPhones("CN")
	if err != nil {
		t.Fatal(err)
	}
	none, err := newPhones("")
	if err != nil {
		t.Fatal(err)
	}
	for raw, want := range map[string][2]string{
		"+86 138 1234 5678": {"+8613812345678", "+8613812345678"}, "13812345678": {"+8613812345678", "13812345678"}, "0086-13812345678": {"+8613812345678", "0086-13812345678"},
		"0755-83916509": {"+8675583916509", "0755-83916509"}, "10012345678": {"10012345678", "10012345678"}, "12345": {"12345", "12345"}, "+1": {"+1", "+1"},
	} {
		if got := string(p.normal([]byte(raw))); got != want[0] {
			t.Errorf("%s in China: %s, want %s", raw, got, want[0])
		}
		if got := string(none.normal([]byte(raw))); got != want[1] {
			t.Errorf("%s: %s, want %s", raw, got, want[1])
		}
	}
	if _, err := newPhones("XX"); err == nil {
		t.Error("a region that is none")
	}
}

// People are connected across sources, an account whose service is not stated with the
// one that has its name, and with no other where there are two.
func TestAcrossSources(t *testing.T) {
	set := strings.Join([]string{
		`{"account":"ann","from":"ann","kind":"message","service":"chat","source":{"pointer":"/"},"text":"x","to":["bob"]}`,
		`{"from":"bob","kind":"call","service":"other","source":{"pointer":"/"},"to":["+8613812345678"]}`,
		`{"emails":["ann@example.com"],"kind":"account","phones":["13812345678"],"source":{"pointer":"/"},"username":"ann"}`,
		`{"emails":[],"kind":"account","phones":[],"source":{"pointer":"/"},"username":"bob"}`,
		`{"from":"138 1234 5678","kind":"sms","source":{"pointer":"/"},"text":"y","to":["12345678"]}`,
	}, "\n") + "\n"
	all := do(t, []byte(set), `{"region":"CN"}`)
	got := map[string]string{}
	for _, f := range of(all, "people.across") {
		got[f.Value] = fmt.Sprintf("%v %d", f.Numbers["kinds"], len(f.Cites))
	}
	if want := map[string]string{"ann": "2 2", "+8613812345678": "3 3"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	var edges []string
	for _, f := range all {
		if f.Kind == "edge" {
			edges = append(edges, f.Relation+" "+f.From+" "+f.To[0])
		}
	}
	want := []string{"message ann bob", "sms +8613812345678 12345678", "call bob +8613812345678", "identity ann +8613812345678", "identity ann ann@example.com"}
	slices.Sort(edges)
	slices.Sort(want)
	if !slices.Equal(edges, want) {
		t.Errorf("%q, want %q", edges, want)
	}
}
