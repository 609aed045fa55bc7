package detect_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/exhibit-forensics/exhibit/plugins/redact/canon"
	"github.com/exhibit-forensics/exhibit/plugins/redact/detect"
	"github.com/exhibit-forensics/exhibit/plugins/redact/detect/detecttest"
)

func finder(t testing.TB, o detect.Options, dict *detect.Dictionary) *detect.Finder {
	t.Helper()
	d, err := detect.New(o, dict)
	if err != nil {
		t.Fatal(err)
	}
	return d.Finder()
}

var chinaAndUS = detect.Options{Regions: []string{"CN", "US"}}

// Each line is a text with the value between ‹ and ›, its category, class, rule and form.
func TestFind(t *testing.T) {
	dict := detect.NewDictionary()
	for i, v := range [][2]string{{"username", "tom.sky3806"}, {"username", "will"}, {"username", "888888888"}, {"person_name", "王小明"}, {"person_name", "张三"}, {"phone", "+86 138-0000-1111"}, {"credential", "Pa5sword"}, {"passport", "EA1234567"}} {
		if err := dict.Add(v[0], v[1], "CN", uint64(i)); err != nil {
			t.Fatal(err)
		}
	}
	f := finder(t, chinaAndUS, dict)
	for _, line := range []string{
		"邮箱‹zhang@example.com›谢谢|email strong email@1 plain",
		"服务器‹192.168.1.5›登录|ip strong ipv4@1 plain",
		"三‹13812345678›|phone strong cn_mobile@1 plain",
		"我的‹一三八 一二三四 五六七八›|phone strong cn_mobile@1 han",
		"‹138一二34五678›|phone strong cn_mobile@1 mixed",
		"‹１３８１２３４５６７８›|phone strong cn_mobile@1 fullwidth",
		"‹138\u200b12345678›|phone strong cn_mobile@1 zero_width",
		"‹(+86)138-1234-5678›|phone strong cn_mobile@1 separated",
		"tel‹13812345678›|phone strong cn_mobile@1 plain",
		"abc‹13812345678›|phone weak cn_mobile@1 plain",
		"‹+1 (202) 555-0123 x12› now|phone strong phone_international@1 separated",
		"‹11010519491231002X›.|cn_resident_id proven cn_resident_id@1 plain",
		"身份证‹110105 19491231 002x›|cn_resident_id proven cn_resident_id@1 separated",
		"身份证‹110105491231002›|cn_resident_id strong cn_resident_id_15@1 plain",
		"‹4111 1111 1111 1111›|bank_card proven bank_card@1 separated",
		"‹DE89370400440532013000›|iban proven iban@1 plain",
		"‹gb29 nwbk 6016 1331 9268 19›|iban proven iban@1 separated",
		"‹A123456(3)›|hkid proven hkid@1 separated",
		"‹A123456789›|tw_id strong tw_id@1 plain",
		"my SSN: ‹078-05-1120›|ssn strong us_ssn@1 separated",
		"‹AB123456C›|nino strong uk_nino@1 plain",
		"IMEI ‹490154203237518›|imei proven imei@1 plain",
		"‹2001:db8::1:5›|ip strong ipv6@1 plain",
		"‹00:1A:2B:3C:4D:5E›|mac strong mac@1 plain",
		"‹京A·12345›|plate strong cn_plate@1 plain",
		"加我QQ‹12345678›|username strong qq@1 plain",
		"生日是‹1980年1月2日›|birth_date strong birth_date@1 plain",
		"born on ‹March 3, 1980› in|birth_date strong birth_date@1 plain",
		"DOB ‹03/04/1980›|birth_date strong birth_date@1 plain",
		"http://x.example/?token=‹abc123›|url_secret strong url_query@1 plain",
		"https://‹me:pw›@x.example/|url_secret strong url_userinfo@1 plain",
		"我住‹浦东新区中山路12号3栋402室›。|address review cn_address@1 plain",
		"我叫‹李建国›。|person_name review name_said_han@1 plain",
		"姓名：‹李建国›|person_name weak name_said_han@1 plain",
		"‹赵›先生好|person_name review name_title_han@1 plain",
		"ask Dr. ‹Maria Lopez› today|person_name weak name_title@1 plain",
		"my name is ‹Ann-Marie O'Neil›.|person_name weak name_said@1 plain",
		"加skype ‹ＴＯＭ．sky3806›|username strong known_value@1 fullwidth",
		"加‹tоm.sky3806›吧|username strong known_value@1 homoglyph",
		"yes ‹will› do|username review known_value@1 plain",
		"‹王 小 明›来了|person_name strong known_value@1 plain",
		"‹张三›来了|person_name weak known_value@1 plain",
		"‹13800001111›|phone strong known_value@1 plain",
		"‹88 88 88 888›|username strong known_value@1 plain",
		"pw ‹Pa5sword›|credential strong known_value@1 plain",
		"‹EA 123-4567›|passport strong known_value@1 separated",
	} {
		text, want, _ := strings.Cut(line, "|")
		before, rest, _ := strings.Cut(text, "‹")
		value, after, _ := strings.Cut(rest, "›")
		var got []string
		for _, s := range f.Find([]byte(before+value+after), nil) {
			if s.Start != len(before) || s.End != len(before)+len(value) {
				t.Errorf("%s: found %q", text, (before + value + after)[s.Start:s.End])
			}
			got = append(got, fmt.Sprint(s.Category, " ", s.Class, " ", s.Rule, " ", s.Form))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"", "pa5sword", "tom.sky38061", "xtom.sky3806", "2008-08-01 12:00:00", "version 1.2.3.4", "110105194912310020", "4111111111111112", "DE89370400440532013001", "std::vector", "张 三 丰", "1.13812345678", "a@b", "@all", "0571-1", "A123456(4)"} {
		for _, s := range f.Find([]byte(text), nil) {
			if s.Class > detect.Weak {
				t.Errorf("%q: %+v", text, s)
			}
		}
	}
}

// The goals of docs/redaction.md, on texts of another generator.
func TestScore(t *testing.T) {
	cases := detecttest.Generate(7, 40)
	dict, err := detecttest.Told(cases)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range detecttest.Run(finder(t, chinaAndUS, dict), cases) {
		if c.Recall() < 0.995 {
			t.Errorf("%s %s: %d of %d found: %q", c.Entity, c.Form, c.Exact, c.All, c.Missed)
		}
	}
	all, in := detecttest.FalsePositives(finder(t, chinaAndUS, nil), detecttest.Negatives(7, 2000))
	if in > 6 {
		t.Errorf("%d of 2000 messages that hold nothing personal: %+v", in, all[:min(10, len(all))])
	}
}

// Known values are found in every spelling, whatever else is in the text.
func TestKnownRecall(t *testing.T) {
	cases := detecttest.Generate(11, 100)
	dict := detect.NewDictionary()
	for i, c := range cases {
		if c.Form == "plain" && c.Entity != "url_secret" && c.Entity != "birth_date" && c.Entity != "account_number" {
			if err := dict.Add(c.Category, c.Text[c.Start:c.End], "US", uint64(i)); err != nil {
				t.Fatal(err)
			}
		}
		if c.Known != "" {
			if err := dict.Add(c.Category, c.Known, "US", uint64(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	missed := 0
	for _, c := range detecttest.Run(finder(t, chinaAndUS, dict), cases) {
		if (strings.HasPrefix(c.Entity, "known") || c.Form == "plain") && c.Covered < c.All && c.Entity != "birth_date" && c.Entity != "account_number" {
			missed += c.All - c.Covered
			t.Errorf("%s %s: %d of %d: %q", c.Entity, c.Form, c.Covered, c.All, c.Missed)
		}
	}
	if dict.Len() < 1000 {
		t.Errorf("%d values known", dict.Len())
	}
}

// Spans are of the original's bytes, in order, apart, on character boundaries, and the
// same each time, whatever the text.
func check(t interface{ Errorf(string, ...any) }, f *detect.Finder, text string) {
	first := append([]detect.Span(nil), f.Find([]byte(text), nil)...)
	end, valid := 0, utf8.ValidString(text)
	for _, s := range first {
		if s.Start < end || s.End <= s.Start || s.End > len(text) {
			t.Errorf("%q: span %+v after %d", text, s, end)
			return
		}
		end = s.End
		if valid && (!utf8.RuneStart(text[s.Start]) || s.End < len(text) && !utf8.RuneStart(text[s.End])) {
			t.Errorf("%q: %+v cuts a character", text, s)
		}
		if s.Category == "" || s.Rule == "" || s.Form == "" {
			t.Errorf("%q: %+v", text, s)
		}
	}
	again := f.Find([]byte(text), nil)
	if fmt.Sprint(first) != fmt.Sprint(again) {
		t.Errorf("%q: %v, then %v", text, first, again)
	}
}

func TestSpans(t *testing.T) {
	cases := detecttest.Generate(13, 20)
	dict, err := detecttest.Told(cases)
	if err != nil {
		t.Fatal(err)
	}
	f := finder(t, chinaAndUS, dict)
	piece := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\u200b", "\u3000", "一二三", "１２", "+86", "(", ")", "@", "://", "号", "路", "生日", "Dr. ", "\n", "-", "."}),
		rapid.Custom(func(t *rapid.T) string { return cases[rapid.IntRange(0, len(cases)-1).Draw(t, "case")].Text }))
	rapid.Check(t, func(t *rapid.T) {
		check(t, f, strings.Join(rapid.SliceOfN(piece, 1, 6).Draw(t, "text"), ""))
	})
}

// A value that was found is found in the same place when other text follows: nothing
// depends on what was searched before.
func TestNoStateBetweenTexts(t *testing.T) {
	f := finder(t, chinaAndUS, nil)
	cases := detecttest.Generate(17, 3)
	want := map[string]string{}
	for range 2 {
		for i := range cases {
			c := cases[(i*7919)%len(cases)]
			got := fmt.Sprint(f.Find([]byte(c.Text), nil))
			if w, ok := want[c.Text]; ok && w != got {
				t.Fatalf("%q: %s, before %s", c.Text, got, w)
			}
			want[c.Text] = got
		}
	}
}

// What stands in place of a value is no value: marks match no rule, alone or beside text.
func TestMarksMatchNothing(t *testing.T) {
	f := finder(t, detect.Options{Regions: []string{"CN", "US", "GB", "DE"}, URLs: true}, nil)
	categories := []string{"PHONE", "EMAIL", "IP", "MAC", "CN_RESIDENT_ID", "BANK_CARD", "IBAN", "IMEI", "SSN", "USERNAME", "PERSON_NAME", "BIRTH_DATE", "PASSPORT", "HKID", "ADDRESS", "CODE_NAME"}
	mark := rapid.Custom(func(t *rapid.T) string {
		category := rapid.SampledFrom(categories).Draw(t, "category")
		token := rapid.StringMatching(`[0-9A-HJKMNP-TV-Z]{8,16}`).Draw(t, "token")
		return rapid.SampledFrom([]string{
			"[" + category + "-" + token + "]", "[REDACTED " + strings.ToLower(category) + "]", "[REDACTED " + strings.ToLower(category) + " 5.2(a)(1)]", "[REDACTED " + strings.ToLower(category) + " GDPR Art. 15(4)]",
		}).Draw(t, "mark")
	})
	around := rapid.SampledFrom([]string{"", "电话", "我的手机是", "call ", "QQ", "my name is ", "生日", "passport ", " ", "，", "account number ", "卡号", "身份证号", "IMEI "})
	rapid.Check(t, func(t *rapid.T) {
		text := around.Draw(t, "before") + mark.Draw(t, "one") + around.Draw(t, "between") + mark.Draw(t, "two")
		for _, s := range f.Find([]byte(text), nil) {
			t.Errorf("%q: %+v %q", text, s, text[s.Start:s.End])
		}
	})
}

// A long text that is full of what overlaps takes time by its length, not by its square:
// this would take minutes.
func TestLongTexts(t *testing.T) {
	f := finder(t, detect.Options{Regions: []string{"CN", "US"}, URLs: true}, nil)
	for _, unit := range []string{"a@b.cc@d.eee@", "1 3 8-1 2 3.4 5 6 7 8 ", "一三八", "138", "http://a@b.cc/", "00:11:22:33:44:55:", "::1", "+86", "\u200b１", "路1号", "4111 ", "DE89 ", "Dr. A ", "生日"} {
		for _, n := range []int{1 << 13, 1 << 17} {
			text := strings.Repeat(unit, n/len(unit))
			check(t, f, text)
		}
	}
}

func TestCustomAndAllow(t *testing.T) {
	o := detect.Options{
		Custom: []detect.Custom{
			{ID: "n", Category: "code_name", Literals: []string{"Operation Blue Sky", "蓝天"}},
			{ID: "p", Category: "case_number", Pattern: `(?i)case-\d{2}`, Prefilter: "CASE-"},
			{ID: "l", Category: "initials", Pattern: `^[A-Z]{2}$`, Prefilter: "length:2"},
		},
		Allow: []string{"10086", "support@example.org", "+8613800001111"},
	}
	f := finder(t, o, nil)
	for text, want := range map[string]string{
		"ｏｐｅｒａｔｉｏｎ blue  sky starts": "code_name", "蓝 天计划": "code_name", "see Case-42": "case_number", "AB": "initials", "ABC": "", "Support@Example.org": "", "ring 138-0000-1111": "", "me@example.org": "email",
	} {
		got := ""
		for _, s := range f.Find([]byte(text), nil) {
			got += s.Category
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, bad := range []detect.Custom{{}, {ID: "x", Category: "c"}, {ID: "x", Category: "c", Pattern: "a("}, {ID: "x", Category: "c", Pattern: "a"}, {ID: "x", Category: "c", Pattern: "a*", Prefilter: "aa"}, {ID: "x", Category: "c", Pattern: "a", Prefilter: "length:x"}, {ID: "x", Category: "c", Pattern: "a", Prefilter: "length:99999"}} {
		if _, err := detect.New(detect.Options{Custom: []detect.Custom{bad}}, nil); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
	if _, err := detect.New(detect.Options{Regions: []string{"XX"}}, nil); err == nil {
		t.Error("region XX is taken")
	}
}

func TestDictionary(t *testing.T) {
	d := detect.NewDictionary()
	for i, v := range []string{"Tom", "TOM", "ｔｏｍ", "tom"} {
		if err := d.Add("username", v, "", uint64(i/2)); err != nil {
			t.Fatal(err)
		}
	}
	if d.Len() != 1 || d.KnownIn("username", "tom", "") != 2 || d.KnownIn("username", "tim", "") != 0 {
		t.Errorf("%d values, in %d records", d.Len(), d.KnownIn("username", "tom", ""))
	}
	d = detect.NewDictionary()
	d.Limit = 1 << 10
	var err error
	for i := 0; i < 100 && err == nil; i++ {
		err = d.Add("username", fmt.Sprint("name", i), "", 0)
	}
	if err == nil {
		t.Error("no limit")
	}
	f := finder(t, detect.Options{}, nil)
	if !f.Valid("cn_resident_id", "11010519491231002X") || f.Valid("cn_resident_id", "110105194912310021") || !f.Valid("ssn", "078051120") {
		t.Error("Valid")
	}
	for _, x := range []struct {
		one, next string
		want      bool
	}{{"1380013", "8000", true}, {"我是138", "零零", true}, {"a@", "example.com", true}, {"zhang", "@example.com", true}, {"hello", "world", false}, {"", "1", false}, {"1", "", false}} {
		if got := detect.Continues([]byte(x.one), []byte(x.next)); got != x.want {
			t.Errorf("%q %q: %v", x.one, x.next, got)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, c := range detecttest.Generate(19, 1) {
		f.Add(c.Text, "")
	}
	f.Add("\xff\xfe1\xe4", "tel")
	f.Add("+86(0)138", "\u200b")
	dict := detect.NewDictionary()
	for i, v := range []string{"tom.sky", "王小明", "a b", "13812345678"} {
		if err := dict.Add("username", v, "CN", uint64(i)); err != nil {
			f.Fatal(err)
		}
	}
	find := finder(f, detect.Options{Regions: []string{"CN", "US", "DE"}, URLs: true}, dict)
	f.Fuzz(func(t *testing.T, text, hint string) {
		check(t, find, text)
		find.Find([]byte(text), []byte(hint))
	})
}

// The same value has one canonical spelling however it was found.
func TestCanonicalOfFound(t *testing.T) {
	f := finder(t, chinaAndUS, nil)
	for _, c := range detecttest.Generate(23, 10) {
		for _, s := range f.Find([]byte(c.Text), nil) {
			if s.Start != c.Start || s.End != c.End || s.Category != "bank_card" && s.Category != "cn_resident_id" {
				continue
			}
			if got := canon.Of(s.Category, c.Text[s.Start:s.End], "CN"); len(got) < 12 || strings.Trim(got, "0123456789X") != "" {
				t.Errorf("%q: %q", c.Text, got)
			}
		}
	}
}
