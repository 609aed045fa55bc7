package redact_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/redact"
	"github.com/exhibit-forensics/exhibit/plugins/redact/detect"
)

// samples are values of categories as they are found.
var samples = map[string][]string{
	"phone": {"13812345678", "+1 212 555 0100"}, "email": {"zhang@example.org"}, "ip": {"203.0.113.77", "2001:db8:1:2::77"}, "mac": {"00:11:22:33:44:55"},
	"url_secret": {"abcdef0123456789"}, "cn_resident_id": {"11010519491231002X"}, "hkid": {"A123456(3)"}, "tw_id": {"A123456789"}, "passport": {"E12345678"}, "plate": {"京A12345"},
	"bank_card": {"4111 1111 1111 1111"}, "iban": {"GB29NWBK60161331926819"}, "account_number": {"000123456789"}, "imei": {"490154203237518"}, "iccid": {"8986012345678901234"}, "imsi": {"460001234567890"},
	"ssn": {"123-45-6789"}, "nino": {"AB123456C"}, "username": {"alice_w"}, "person_name": {"John Quincy Public", "张三"}, "birth_date": {"1984-03-12", "12.3.1984"},
	"address": {"1 Main St"}, "code_name": {"Nightfall"}, "credential": {"hunter2"}, "attachment_name": {"bob.jpg"}, "path": {"/home/alice/x"}, "conversation": {"#a/$b;12"}, "national_id": {"1234567"},
}

// surroundings are words that make a detector believe what stands beside them. In the query
// of a URL it believes whatever stands there: that is not among them.
var surroundings = []string{
	"%s", "phone: %s", "电话%s谢谢", "call me at %s.", "DOB %s", "born %s", "生日：%s", "我叫%s", "姓名:%s", "Mr %s", "%s先生", "card no. %s", "SSN %s", "身份证号%s", "IP %s", "password: %s", "密码%s",
	"account %s", "账号：%s", "mail %s@example.org", "+86%s", "1%s2", "IMEI %s", "护照%s", "车牌%s",
}

// No mark is taken for anything personal, whatever stands beside it.
func TestMarksAreNotFound(t *testing.T) {
	d, err := detect.New(detect.Options{Regions: []string{"CN", "US", "GB", "DE", "HK"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	finder := d.Finder()
	check := func(category, mark string) {
		if mark == "" {
			return
		}
		for _, s := range surroundings {
			text := fmt.Sprintf(s, mark)
			from := strings.Index(text, mark)
			for _, sp := range finder.Find([]byte(text), nil) {
				if sp.Start < from+len(mark) && sp.End > from {
					t.Errorf("%q (%s): %s finds %s %q", text, category, sp.Rule, sp.Category, text[sp.Start:sp.End])
				}
			}
		}
	}
	b := redact.NewBench(policy(t, nil), secretA, "")
	rules := []redact.Rule{
		{Op: redact.OpMask},
		{Op: redact.OpPseudonym},
		{Op: redact.OpKeyedHash},
		{Op: redact.OpDrop},
		{Op: redact.OpReplace, Text: "a person"},
		{Op: redact.OpKeepLast, N: 4, Reason: "5.2(a)(4)"},
		{Op: redact.OpYear, Reason: "5.2(a)(2)"},
		{Op: redact.OpInitials, Reason: "5.2(a)(3)"},
		{Op: redact.OpTruncateIP},
		{Op: redact.OpDateShift, Days: 365},
	}
	for category, values := range samples {
		for _, v := range values {
			for _, r := range rules {
				check(category, b.Mark(r.Op, category, v, r))
			}
		}
	}
	for _, name := range redact.Presets() {
		text, _ := redact.Preset(name)
		p, err := redact.ParsePolicy(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range p.Rules {
			for _, v := range samples[r.Category] {
				check(r.Category, b.Mark(r.Op, r.Category, v, r))
			}
		}
	}
	for i := range 300 {
		for _, category := range []string{"phone", "bank_card", "person_name", "username"} {
			check(category, b.Mark(redact.OpPseudonym, category, fmt.Sprint("v", i), redact.Rule{}))
			check(category, b.Mark(redact.OpKeyedHash, category, fmt.Sprint("v", i), redact.Rule{}))
		}
	}
}
