package main

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/layout"
)

// people are the headings of tables of accounts, contacts and calls, as normalise
// leaves them, by the column of a layout.
var people = map[string]string{
	"username":     `username user login loginname accountname accountid userid screenname handle nick nickname memberid qq skype skypename 用户名 用户 账号 帐号 昵称 用戶名 帳號 賬號 暱稱 ユーザー名`,
	"name":         `name fullname displayname realname contactname contact personname firstname 姓名 名字 真实姓名 联系人 真實姓名 聯絡人 氏名 名前`,
	"phone":        `phone phonenumber mobile mobilephone mobilenumber cell cellphone telephone telephonenumber tel msisdn number 手机 手机号 手机号码 电话 电话号码 号码 手機 手機號碼 電話 電話號碼 電話番号`,
	"email":        `email emailaddress mail mailaddress 邮箱 电子邮件 邮件 電郵 電子郵件 メール メールアドレス`,
	"ip":           `ip ipaddress ipaddr lastip loginip registerip ip地址`,
	"organisation": `organisation organization company employer 公司 单位 單位 会社名`,
	"owner":        `owner addressbook phonebook`,
	"national_id":  `nationalid idnumber idcard identitycard 身份证 身份证号 身份證 身份證號`,
	"from":         `from caller callernumber callingnumber callingparty source 主叫 主叫号码 主叫號碼`,
	"to":           `to called callednumber calledparty callee destination 被叫 被叫号码 被叫號碼`,
	"duration_s":   `duration durationsec durationseconds seconds durationinsecs calllength 时长 通话时长 時長 通話時長 通話時間`,
	"time":         `time date datetime timestamp created createdat registered registrationdate starttime calldate 时间 日期 注册时间 時間 註冊時間 日時`,
	"password":     `password passwd pwd passwordhash hash 密码 密碼 パスワード`,
}

// columnOf finds a heading of people.
var columnOf = func() map[string]string {
	m := map[string]string{}
	for column, words := range people {
		for w := range strings.FieldsSeq(words) {
			m[w] = column
		}
	}
	return m
}()

// propose is a layout for a table that is no export of text messages, where its headings
// name accounts, contacts or calls; nil where they do not. Nothing of it is evidence:
// columns without a place of their own are known by their number. ask are what a person
// must say.
func (s *sheet) propose() (proposed *layout.Layout, ask []any) {
	found := make([]string, len(s.header))
	has := map[string]int{}
	for i, heading := range s.header {
		word, _ := normalise(heading)
		if c := columnOf[word]; c != "" {
			if _, twice := has[c]; !twice && s.holds(i, c) {
				found[i], has[c] = c, i
			}
		}
	}
	kind := kindOf(has)
	if kind == "" {
		return nil, nil
	}
	l := &layout.Layout{Kind: kind, Plugin: "sms", Delimiter: s.dialect.Delimiter, Fields: len(s.header), Header: int(s.dialect.Skip)}
	if s.dialect.Quote != 0 {
		l.Quote, l.Multiline = string(s.dialect.Quote), true
	}
	ask = []any{"kind: that these are records of kind " + kind}
	for i, c := range found {
		switch {
		case c == "time":
			ask = append(ask, fmt.Sprintf("column_%d: it is named as a time; to read it as one, name it time and state its format and zone", i+1))
			c = ""
		case c == "password":
			ask = append(ask, fmt.Sprintf("column_%d: it is named as a password; in extra it is shown to everybody who sees the record", i+1))
			c = ""
		case kind == "account" && c == "name":
			c = "display_name"
		case kind == "call" && c == "phone" && !in(has, "from") && !in(has, "to"):
			ask = append(ask, "from: whether this number called or was called")
			c = "from"
		case kind == "call" && c == "name":
			c = "display_name"
		}
		if c != "" && layout.Allows(kind, c) {
			l.Columns = append(l.Columns, c)
		} else {
			l.Columns = append(l.Columns, fmt.Sprintf("extra.column_%d", i+1))
		}
	}
	if _, err := l.Compile(layout.Options{}); err != nil {
		return nil, nil
	}
	return l, ask
}

func in(m map[string]int, name string) bool {
	_, ok := m[name]
	return ok
}

// kindOf is what a table with these columns is of; "" where that cannot be told.
func kindOf(has map[string]int) string {
	switch {
	case in(has, "duration_s") && (in(has, "from") || in(has, "to") || in(has, "phone")):
		return "call"
	case in(has, "username") && (in(has, "password") || in(has, "email") || in(has, "ip") || in(has, "phone") || in(has, "national_id")):
		return "account"
	case in(has, "name") && (in(has, "phone") || in(has, "email")):
		return "contact"
	}
	return ""
}

// holds reports whether the rows that were looked at hold what a typed column demands.
func (s *sheet) holds(i int, column string) bool {
	for _, row := range s.rows {
		v := strings.TrimSpace(row[i])
		switch {
		case v == "":
		case column == "ip":
			if a, err := netip.ParseAddr(v); err != nil || a.Zone() != "" {
				return false
			}
		case column == "duration_s":
			if strings.Trim(v, "0123456789") != "" {
				return false
			}
		}
	}
	return true
}

// described is a layout as a diagnostic has it.
func described(l *layout.Layout) map[string]any {
	columns := []any{}
	for _, c := range l.Columns {
		columns = append(columns, c)
	}
	m := map[string]any{"kind": l.Kind, "plugin": l.Plugin, "delimiter": l.Delimiter, "fields": int64(l.Fields), "columns": columns, "header": int64(l.Header)}
	if l.Quote != "" {
		m["quote"], m["multiline"] = l.Quote, true
	}
	return m
}
