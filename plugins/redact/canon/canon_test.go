package canon_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/plugins/redact/canon"
)

// All spellings of a row are of one value.
func TestSpellings(t *testing.T) {
	for _, row := range []struct {
		category, region, want string
		spellings              []string
	}{
		{"phone", "", "+8613812345678", []string{"13812345678", "+86 138-1234-5678", "0086 13812345678", "8613812345678", "１３８１２３４５６７８", "138\u200b1234\u200d5678", "一三八 一二三四 五六七八", "壹叁捌12345六七八", "(+86)138.1234.5678", "013812345678", "1️⃣3️⃣8️⃣12345678", "①③⑧12345678"}},
		{"phone", "CN", "+861012345678", []string{"010-12345678", "+86 10 1234 5678", "（０１０）１２３４５６７８"}},
		{"phone", "US", "+12025550123", []string{"(202) 555-0123", "202.555.0123", "+1 202 555 0123", "1-202-555-0123", "0012025550123"}},
		{"phone", "US", "+13123456789", []string{"13123456789", "312-345-6789"}},
		{"phone", "", "10086", []string{"10086", "1 00 86"}},
		{"email", "", "zhang@example.com", []string{"Zhang@Example.COM", "ｚｈａｎｇ＠ｅｘａｍｐｌｅ．ｃｏｍ", "zh\u200bang@example.com", "<zhang@example.com>", "mailto:zhang@example.com", "zhаng@еxample.com"}},
		{"email", "", "a@例子.中国", []string{"a@xn--fsqu00a.xn--fiqs8s", "A@例子.中国"}},
		{"ip", "", "192.168.1.5", []string{"192.168.1.5", "192.168.001.005", "::ffff:192.168.1.5", "１９２。168。1。5", "[192.168.1.5]"}},
		{"ip", "", "2001:db8::1", []string{"2001:DB8:0:0:0:0:0:1", "[2001:db8::1]", "2001:0db8::0001%eth0"}},
		{"mac", "", "001a2b3c4d5e", []string{"00:1A:2B:3C:4D:5E", "00-1a-2b-3c-4d-5e", "001a.2b3c.4d5e"}},
		{"cn_resident_id", "", "11010519491231002X", []string{"11010519491231002x", "110105 19491231 002Ｘ", "110105491231002"}},
		{"bank_card", "", "6222021234567890", []string{"6222 0212 3456 7890", "6222-0212-3456-7890", "六二二二021234567890"}},
		{"iban", "", "DE89370400440532013000", []string{"DE89 3704 0044 0532 0130 00", "de89370400440532013000"}},
		{"hkid", "", "A1234563", []string{"A123456(3)", "a123456（３）", "A1234563"}},
		{"plate", "", "京A12345", []string{"京A·12345", "京a12345", "京Ａ 12345"}},
		{"birth_date", "", "1980-01-02", []string{"1980年1月2日", "1980-01-02", "1980/1/2", "19800102", "一九八〇年一月二日", "Jan 2, 1980", "2 January 1980"}},
		{"person_name", "", "张三", []string{"张三", "张 三", "张\u200b三", " 张　三 "}},
		{"username", "", "anna_k", []string{"Anna_K", "ａｎｎａ＿ｋ", "аnna_k", "𝐚𝐧𝐧𝐚_k"}},
		{"username", "", "baca", []string{"ВАСА", "васа"}},
		{"credential", "", "Pa5s", []string{"Pa5s", " Pa5s"}},
		{"iccid", "", "8986012345678901234", []string{"8986 0123 4567 8901 234F", "8986012345678901234"}},
		{"ssn", "", "078051120", []string{"078-05-1120", "078 05 1120"}},
		{"nino", "", "AB123456C", []string{"AB 12 34 56 C", "ab123456c"}},
	} {
		for _, s := range row.spellings {
			got := canon.Of(row.category, s, row.region)
			if got != row.want {
				t.Errorf("%s %q: %q, want %q", row.category, s, got, row.want)
			}
			if again := canon.Of(row.category, got, row.region); again != got {
				t.Errorf("%s %q is %q, and that is %q", row.category, s, got, again)
			}
		}
	}
	if canon.Of("credential", "Pa5s", "") == canon.Of("credential", "pa5s", "") || canon.Of("url_secret", "A", "") == canon.Of("url_secret", "a", "") {
		t.Error("case counts in secrets")
	}
}

// The check characters of the standard's own example and of both ends.
func TestResidentCheck(t *testing.T) {
	for digits, want := range map[string]byte{"11010519491231002": 'X', "44052418800101001": '4'} {
		if got := canon.ResidentCheck(digits); got != want {
			t.Errorf("%s: %c, want %c", digits, got, want)
		}
	}
}

func FuzzOf(f *testing.F) {
	for _, s := range []string{"+86 138", "a@b.cn", "1.2.3.4", "京A·12345", "\xff\x00", "1980年1月2日", "xn--a@xn--"} {
		f.Add("phone", s, "CN")
		f.Add("email", s, "")
	}
	f.Fuzz(func(t *testing.T, category, s, region string) {
		one := canon.Of(category, s, region)
		if two := canon.Of(category, one, region); two != one {
			t.Errorf("%s %q: %q, then %q", category, s, one, two)
		}
		if utf8.ValidString(s) && !utf8.ValidString(one) {
			t.Errorf("%q: %q", s, one)
		}
		if got := canon.Fold(strings.ToUpper(canon.Fold(s))); utf8.ValidString(s) && canon.Fold(got) != got {
			t.Errorf("%q: %q", s, got)
		}
	})
}
