package main_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// What tables of common programs become, by names, types and values.
func TestMapping(t *testing.T) {
	for name, c := range map[string]struct {
		dump string
		want string // kind, basis and columns by field
	}{
		"Chinese names": {
			"CREATE TABLE `用户表` (`编号` int, `用户名` varchar(20), `昵称` varchar(20), `手机` varchar(20), `邮箱` varchar(50), `密码` char(32), `身份证` char(18), `注册时间` datetime, `注册IP` varchar(15));\nINSERT INTO `用户表` VALUES (1,'li','小李','13800138000','li@example.cn','e0fe73d6b89f6450716620de49ee32d6','110101196203083948','2008-01-01 00:00:00','192.0.2.1');\n",
			`account names credential=密码 display_name=昵称 email=邮箱 ip=注册IP national_id=身份证 phone=手机 time=注册时间 username=用户名`,
		},
		"WordPress": {
			"CREATE TABLE `wp_users` (`ID` bigint(20), `user_login` varchar(60), `user_pass` varchar(255), `user_nicename` varchar(50), `user_email` varchar(100), `user_url` varchar(100), `user_registered` datetime, `user_activation_key` varchar(255), `user_status` int, `display_name` varchar(250));\nINSERT INTO `wp_users` VALUES (1,'admin','$P$Bxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx','admin','a@example.org','','2020-01-01 10:00:00','',0,'Admin');\n",
			`account names credential=user_pass display_name=display_name email=user_email time=user_registered username=user_login`,
		},
		"comments of WordPress": {
			"CREATE TABLE `wp_comments` (`comment_ID` bigint, `comment_author` tinytext, `comment_author_email` varchar(100), `comment_author_IP` varchar(100), `comment_date` datetime, `comment_content` text);\nINSERT INTO `wp_comments` VALUES (1,'A','a@example.org','192.0.2.1','2020-01-01 10:00:00','Hi'),(2,'B','b@example.org','192.0.2.1','2020-01-01 10:00:00','Hi');\n",
			"row",
		},
		"Discuz": {
			"CREATE TABLE `cdb_members` (`uid` mediumint, `username` char(15), `password` char(32), `email` char(40), `regip` char(15), `regdate` int(10), `salt` char(6));\nINSERT INTO `cdb_members` VALUES (1,'a','e0fe73d6b89f6450716620de49ee32d6','a@example.org','192.0.2.1',1217574619,'abc123');\n",
			`account names credential=password email=email ip=regip time=regdate username=username`,
		},
		"logins":     {"CREATE TABLE `login_log` (`id` int, `username` varchar(20), `ip` varchar(15), `time` datetime);\nINSERT INTO `login_log` VALUES (1,'a','192.0.2.1','2020-01-01 10:00:00');\n", "row"},
		"orders":     {"CREATE TABLE `orders` (`id` int, `customer_name` varchar(20), `customer_email` varchar(50), `phone` varchar(15), `total` decimal(9,2));\nINSERT INTO `orders` VALUES (1,'a','a@example.org','13800138000','9.99');\n", "row"},
		"contacts":   {"CREATE TABLE contacts (id int, owner_id int, name varchar(20), phone varchar(20), company varchar(20));\nINSERT INTO contacts VALUES (1,7,'Bob','+441632960001','ACME');\n", `contact names name=name organisation=company owner=owner_id phone=phone`},
		"friends":    {"CREATE TABLE `im_friends` (`username` varchar(20), `friend` varchar(20), `nickname` varchar(20));\nINSERT INTO `im_friends` VALUES ('ann','bob','Bobby');\n", `contact names name=nickname owner=username username=friend`},
		"names only": {"CREATE TABLE actor (actor_id int, first_name varchar(45), last_name varchar(45));\nINSERT INTO actor VALUES (1,'PENELOPE','GUINESS');\n", "row"},
		"numbers that are called mail and user": {
			"CREATE TABLE user_stats (user int, mail int, ip int, phone int);\nINSERT INTO user_stats VALUES (1,2,3,4);\n", "row",
		},
		"an odd name for addresses": {
			"CREATE TABLE users (id int, login varchar(9), kontakt varchar(50));\nINSERT INTO users VALUES (1,'a','a@example.org'),(2,'b','b@example.org');\n",
			`account names and values email=kontakt username=login`,
		},
		"no names": {
			"INSERT INTO kunden VALUES (1,'a@example.org','13800138000','192.0.2.1'),(2,'b@example.org','13800138001','192.0.2.2'),(3,'c@example.org','13800138002','192.0.2.3'),(4,'d@example.org','13800138003','192.0.2.4'),(5,'e@example.org','13800138004','192.0.2.5');\n",
			`account values email=column_2 ip=column_4 phone=column_3`,
		},
		"the same people again and again": {
			"INSERT INTO x (email,phone,what) VALUES " + strings.Repeat("('a@example.org','13800138000','x'),('b@example.org','13800138001','y'),", 20) + "('a@example.org','13800138000','x');\n",
			"row",
		},
		"COPY": {
			pgHead + "CREATE TABLE public.accounts (id integer, email text, created_at timestamp with time zone);\nCOPY public.accounts (id, email, created_at) FROM stdin;\n1\ta@example.org\t2020-01-01 00:00:00+08\n\\.\n" + pgTail,
			`account names email=email time=created_at`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := parse(t, c.dump, "")
			recs := decoded(t, o.Records)
			got := recs[0]["kind"].(string)
			if got != "row" {
				data := diagnostic(t, o, "table.mapped")["data"].(object)
				if data["kind"] != got {
					t.Errorf("mapped to %v, records are of kind %s", data["kind"], got)
				}
				got += " " + data["basis"].(string)
				columns := data["columns"].(object)
				for _, f := range slices.Sorted(maps.Keys(columns)) {
					got += " " + f + "="
					for i, name := range columns[f].([]any) {
						got += strings.Repeat("+", min(i, 1)) + name.(string)
					}
				}
			} else {
				diagnostic(t, o, "table.unmapped")
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s\n%s", got, c.want, o.Diagnostics)
			}
		})
	}
}

const users = "CREATE TABLE `users` (`uid` int(11) NOT NULL, `username` varchar(20), `first_name` varchar(20), `last_name` varchar(20), `email` varchar(50), `last_ip` varchar(15), `reg_time` %s, `pwd` varchar(99), `note` blob, PRIMARY KEY (`uid`));\nINSERT INTO `users` VALUES "

// Everything of a row is in its record, once, or in extra.
func TestAccount(t *testing.T) {
	dump := fmt.Sprintf(users, "datetime") + "(7,'ann','Ann','Lee','a@example.org',NULL,'2008-08-01 07:10:19','$2y$10$abc',_binary '\\0'),(8,'',NULL,'Ray','','192.0.2.1',NULL,NULL,NULL);\n"
	want := []object{
		{
			"kind": "account", "username": "ann", "display_name": "Ann Lee", "emails": []any{"a@example.org"}, "ips": []any{}, "created": "2008-07-31T23:10:19Z",
			"credential": object{"type": "bcrypt", "value": "$2y$10$abc"}, "time": "2008-07-31T23:10:19Z", "time_kind": "created", "time_raw": "2008-08-01 07:10:19",
			"time_basis": object{"basis": "declared", "unit": "text", "zone": "+08:00", "zone_basis": "item"},
			"extra":      object{"uid": json.Number("7"), "first_name": "Ann", "last_name": "Lee", "note": object{"raw": "AA=="}},
		},
		{
			"kind": "account", "username": nil, "display_name": "Ray", "emails": []any{}, "ips": []any{"192.0.2.1"}, "created": nil, "time": nil, "time_kind": "created",
			"extra": object{"uid": json.Number("8"), "first_name": nil, "last_name": "Ray", "note": nil, "username": "", "email": ""},
		},
	}
	for i, rec := range decoded(t, parse(t, dump, `{"zone":"+08:00"}`).Records) {
		src := rec["source"].(object)
		delete(rec, "source")
		if d := cmp.Diff(want[i], rec); d != "" {
			t.Error(d)
		}
		if got := fmt.Sprintf("%v %v %v", src["table"], src["rowid"], src["line"]); got != fmt.Sprintf("users %d 2", 7+i) {
			t.Errorf("%v", src)
		}
	}
}

// The zone of a time: a wall clock's is the item's, an instant's what the dump states.
func TestTimes(t *testing.T) {
	const tz = "/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;\n/*!40103 SET TIME_ZONE='+00:00' */;\n"
	for name, c := range map[string]struct {
		head, typ, value, config string
		want, basis              string // time; basis, zone, zone_basis and flags
	}{
		"datetime is the item's":   {tz, "datetime", "'2008-08-01 07:10:19'", `{"zone":"+08:00"}`, "2008-07-31T23:10:19Z", "declared +08:00 item []"},
		"timestamp is the dump's":  {tz, "timestamp", "'2008-08-01 07:10:19'", `{"zone":"+08:00"}`, "2008-08-01T07:10:19Z", "declared UTC source []"},
		"timestamp without a zone": {"", "timestamp(3)", "'2008-08-01 07:10:19.123'", `{"zone":"+08:00"}`, "2008-07-31T23:10:19.123Z", "declared +08:00 item []"},
		"timestamp after events":   {tz + "/*!50106 SET @save_time_zone= @@TIME_ZONE */ ;\n/*!50003 SET time_zone = 'SYSTEM' */ ;\n/*!50106 SET TIME_ZONE= @save_time_zone */ ;\n", "timestamp", "'2008-08-01 07:10:19'", `{"zone":"+08:00"}`, "2008-08-01T07:10:19Z", "declared UTC source []"},
		"timestamp in a region":    {"SET TIME_ZONE='Asia/Shanghai';\n", "timestamp", "'2008-08-01 07:10:19'", `{"zone":"+08:00"}`, "2008-07-31T23:10:19Z", "declared +08:00 item []"},
		"nothing is stated":        {tz, "datetime", "'2008-08-01 07:10:19'", ``, "2008-08-01T07:10:19Z", "declared UTC assumed []"},
		"zero":                     {tz, "datetime", "'0000-00-00 00:00:00'", ``, "", "declared UTC assumed [time_implausible]"},
		"no day":                   {tz, "datetime", "'2008-00-00 00:00:00'", ``, "", "declared UTC assumed [time_unreadable]"},
		"a date":                   {tz, "date", "'2008-08-01'", ``, "2008-08-01T00:00:00Z", "declared UTC assumed [time_date_only]"},
		"text":                     {tz, "varchar(20)", "'2008-08-01 07:10:19'", `{"zone":"+08:00"}`, "2008-07-31T23:10:19Z", "detected +08:00 item []"},
		"seconds":                  {tz, "int(10)", "1217574619", `{"zone":"+08:00"}`, "2008-08-01T07:10:19Z", "assumed UTC source []"},
		"milliseconds":             {tz, "bigint", "1217574619123", ``, "2008-08-01T07:10:19.123Z", "assumed UTC source []"},
		"PostgreSQL's offsets":     {"SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n", "timestamp with time zone", "'2008-08-01 07:10:19.5+08'", `{"zone":"+01:00"}`, "2008-07-31T23:10:19.5Z", "declared +08:00 source []"},
		"PostgreSQL's wall clock":  {"SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n", "timestamp without time zone", "'2008-08-01 07:10:19'", `{"zone":"+08:00"}`, "2008-07-31T23:10:19Z", "declared +08:00 item []"},
		"a layout's zone":          {tz, "timestamp", "'2008-08-01 07:10:19'", `{"zone":"+08:00","layout":{"plugin":"accounts","zone":"+02:00","tables":{"users":{"kind":"account","columns":{"username":"username","time":"reg_time"}}}}}`, "2008-08-01T05:10:19Z", "declared +02:00 layout []"},
		"a layout's format":        {tz, "varchar(20)", "'01.08.2008 07:10'", `{"layout":{"tables":{"users":{"kind":"account","columns":{"time":"reg_time"},"time":{"format":"%d.%m.%Y %H:%M","zone":"+08:00"}}}}}`, "2008-07-31T23:10:00Z", "declared +08:00 layout []"},
		"a layout's unit":          {tz, "varchar(20)", "'1217574619123456'", `{"layout":{"tables":{"users":{"kind":"account","columns":{"time":"reg_time"},"time":{"unit":"us"}}}}}`, "2008-08-01T07:10:19.123456Z", "declared UTC source []"},
	} {
		t.Run(name, func(t *testing.T) {
			head := fmt.Sprintf(users, c.typ)
			if strings.Contains(c.head, "client_encoding") {
				head = strings.ReplaceAll(head, "`", `"`)
			}
			dump := c.head + head + "(1,'a','b','c','a@example.org','192.0.2.1'," + c.value + ",'p','n');\n"
			recs := decoded(t, parse(t, dump, c.config).Records)
			if len(recs) != 1 || recs[0]["kind"] != "account" {
				t.Fatalf("%v", recs)
			}
			rec := recs[0]
			got, _ := rec["time"].(string)
			if got != c.want || rec["created"] != rec["time"] {
				t.Errorf("time %q, created %v, want %q", got, rec["created"], c.want)
			}
			b, _ := rec["time_basis"].(object)
			flags, _ := rec["flags"].([]any)
			if got := fmt.Sprint(b["basis"], " ", b["zone"], " ", b["zone_basis"], " ", append([]any{}, flags...)); got != c.basis {
				t.Errorf("basis %q, want %q", got, c.basis)
			}
			if raw := strings.Trim(c.value, "'"); rec["time_raw"] != raw {
				t.Errorf("raw %v", rec["time_raw"])
			}
		})
	}
}

// A layout decides what it names; what it states wrongly is refused.
func TestLayout(t *testing.T) {
	dump := "INSERT INTO db.t VALUES (1,'x','y');\nINSERT INTO users (email,phone) VALUES ('a@example.org','13800138000');\n"
	o := parse(t, dump, `{"layout":{"tables":{
		"t":{"kind":"account","service":"acme","names":["id","nick","tel"],"columns":{"username":"nick","phone":["tel"]}},
		"users":{"kind":"row"}}}}`)
	recs := decoded(t, o.Records)
	if len(recs) != 2 || recs[0]["username"] != "x" || recs[0]["service"] != "acme" || js(t, recs[0]["phones"]) != `["y"]` || recs[1]["kind"] != "row" {
		t.Errorf("%q", o.Records)
	}
	if c := codes(t, o); len(c) > 0 {
		t.Errorf("%v", c)
	}
	o = parse(t, dump, `{"layout":{"tables":{"db.t":{"kind":"contact","names":["a"],"columns":{"name":["column_2","no_such"]}}}}}`)
	if d := cmp.Diff(map[string]int{"layout.names": 1, "layout.columns": 1, "table.unnamed": 1}, codes(t, o)); d != "" {
		t.Error(d)
	}
	for name, layout := range map[string]string{
		"no tables":      `{"zone":"+08:00"}`,
		"another member": `{"tables":{},"delimiter":","}`,
		"no kind":        `{"tables":{"t":{"columns":{"username":"a"}}}}`,
		"another kind":   `{"tables":{"t":{"kind":"sms","columns":{"username":"a"}}}}`,
		"no columns":     `{"tables":{"t":{"kind":"account"}}}`,
		"no such field":  `{"tables":{"t":{"kind":"account","columns":{"owner":"a"}}}}`,
		"columns twice":  `{"tables":{"t":{"kind":"account","columns":{"username":"a","email":"A"}}}}`,
		"two usernames":  `{"tables":{"t":{"kind":"account","columns":{"national_id":["a","b"]}}}}`,
		"time alone":     `{"tables":{"t":{"kind":"account","columns":{"username":"a"},"time":{"unit":"s"}}}}`,
		"a bad format":   `{"tables":{"t":{"kind":"account","columns":{"time":"a"},"time":{"format":"%Q"}}}}`,
		"a bad zone":     `{"tables":{"t":{"kind":"account","columns":{"time":"a"},"time":{"unit":"s","zone":"Asia/Shanghai"}}}}`,
		"a region":       `{"tables":{},"zone":"Asia/Shanghai"}`,
		"a bad charset":  `{"tables":{},"charset":"klingon"}`,
	} {
		if o := parse(t, dump, `{"layout":`+layout+`}`); o.Result.Outcome != evidence.OutcomeFailed {
			t.Errorf("%s: %s, %q", name, o.Result.Outcome, o.Records)
		}
	}
}
