package main_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Columns by their headings: what becomes of one row.
func TestColumns(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want object
	}{
		"simplified": {
			"序号,发件人,收件人,时间,内容,状态,IP地址,关键词\n7,1055500001,1055500002,2008-08-20 13:00:01,你好,成功,192.0.2.7,集会\n",
			object{
				"from": "1055500001", "to": []any{"1055500002"}, "text": "你好", "status": "成功", "ip": "192.0.2.7", "matched_term": "集会",
				"time": "2008-08-20T13:00:01Z", "time_kind": "logged", "extra": object{"序号": "7"}, "direction": "unknown",
			},
		},
		"traditional": {
			"發送號碼;接收號碼;發送時間;簡訊內容\n1055500001;1055500002;2008/8/20 下午1:00;您好\n",
			object{"from": "1055500001", "to": []any{"1055500002"}, "text": "您好", "time": "2008-08-20T13:00:00Z", "time_kind": "sent", "time_raw": "2008/8/20 下午1:00"},
		},
		"english": {
			"Sender Number\tRecipient(s)\tDate Sent\tMessage Body\tService Center\tRead\n+1 555 0100\t5550101;5550102\t8/20/2008 1:00:05 PM\thi\t5550199\t1\n",
			object{
				"from": "+1 555 0100", "to": []any{"5550101", "5550102"}, "text": "hi", "time": "2008-08-20T13:00:05Z", "time_kind": "sent",
				"extra": object{"Service Center": "5550199", "Read": "1"},
			},
		},
		"android": {
			"_id,thread_id,address,person,date,date_sent,read,status,type,body\n1,3,+15550100,,1219237205123,1219237200000,1,-1,1,hi\n2,3,+15550100,,1219237206123,0,1,-1,2,ho\n",
			object{
				"from": "+15550100", "to": []any{}, "direction": "incoming", "conversation": "3", "status": "-1", "account": nil,
				"time": "2008-08-20T13:00:05.123Z", "time_kind": "logged",
				"time_basis": object{"basis": "detected", "epoch": "unix", "unit": "ms", "zone": "UTC", "zone_basis": "source"},
				"extra":      object{"_id": "1", "person": nil, "read": "1", "type": "1"},
			},
		},
		"direction of an account": {
			"本机号码,对方号码,收发,日期,时间,正文,姓名\n1055500001,1055500002,发送,2008年8月20日,13:00,走了,王安\n",
			object{
				"account": "1055500001", "from": "1055500001", "to": []any{"1055500002"}, "direction": "outgoing", "text": "走了",
				"time": "2008-08-20T13:00:00Z", "time_raw": "2008年8月20日 13:00", "extra": object{"收发": "发送", "姓名": "王安"},
			},
		},
		"whose log it is, by direction": {
			"From,To,Folder,Text\n5550100,5550101,Inbox,hi\n",
			object{"account": "5550101", "from": "5550100", "to": []any{"5550101"}, "direction": "incoming", "extra": object{"Folder": "Inbox"}},
		},
		"a number of nobody knows whom": {
			"Phone,Text\n5550100,hi\n",
			object{"from": nil, "to": []any{}, "participants": []any{"5550100"}, "direction": "unknown"},
		},
		"one side by the other": {
			"Phone,Recipient,Text\n5550100,5550101,hi\n",
			object{"from": "5550100", "to": []any{"5550101"}},
		},
		"a type that is no direction": {
			"From,To,Type,Text\n5550100,5550101,MMS,hi\n",
			object{"direction": "unknown", "extra": object{"Type": "MMS"}},
		},
		"no address": {
			"From,To,IP,Text\n5550100,5550101,local,hi\n",
			object{"ip": nil, "extra": object{"IP": "local"}},
		},
		"headings twice, and none": {
			"From,To,Text,Note,Note,\n5550100,5550101,hi,a,b,c\n",
			object{"extra": object{"Note": "a", "Note#2": "b", "column 6": "c"}},
		},
		"what spreadsheets add": {
			"sep=,\nFrom,To,Text\n=\"05550100\",5550101\t,hi\n,,\n",
			object{"from": "05550100", "to": []any{"5550101"}},
		},
		"a title and single quotes": {
			"Export of 2008\n\n'From'|'To'|'Text'\n'5550100'|'5550101'|'it''s|me'\n'5550100'|'5550101'|'and again'\n",
			object{"text": "it's|me"},
		},
		"rows that end in a delimiter": {
			"From,To,Text\n5550100,5550101,a,\n5550100,5550101,b,\n5550100,5550101,c,\n",
			object{"text": "a", "extra": object{"column 4": nil}},
		},
		"carriage returns": {"From,To,Text\r5550100,5550101,a\r", object{"text": "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, diagnostics, _ := read(t, []byte(c.text), `{"zone":"UTC"}`)
			if len(got) == 0 || codes(diagnostics) != "" {
				t.Fatal(got, codes(diagnostics))
			}
			if got[0]["kind"] != "sms" || got[0]["service"] != nil {
				t.Error(got[0])
			}
			for field, want := range c.want {
				if diff := cmp.Diff(want, got[0][field]); diff != "" {
					t.Errorf("%s: %s", field, diff)
				}
			}
		})
	}
}

// What becomes of records that are not as they should be, and of those beside them.
func TestDamaged(t *testing.T) {
	const head = "From,To,Text,Date\n"
	const a, b, c = "5550100,5550101,one,2008-08-20 13:00:00\n", "5550100,5550101,\"two, 2\",2008-08-20 13:00:01\n", "5550102,5550101,three,2008-08-20 13:00:02\n"
	for name, v := range map[string]struct {
		rows  string
		texts []any
		codes string
		lines []any // where the rejects start
	}{
		"too few":              {a + "5550100,5550101,2008\n" + b, []any{"one", "two, 2"}, "reject record.fields", []any{3.0}},
		"too many":             {a + "5550100,5550101,x,y,2008-08-20 13:00:00\n" + b, []any{"one", "two, 2"}, "reject record.fields", []any{3.0}},
		"too many, over lines": {a + "5550100,5550101,\"x\ny\",z,2008\n" + b, []any{"one", "two, 2"}, "reject record.fields", []any{3.0}},
		"no end, to the file's end": {
			b + "5550100,5550101,\"cut\n" + c + c, []any{"two, 2", "three", "three"}, "reject record.quote", []any{3.0},
		},
		"no end, before a quote": {
			a + "5550100,5550101,\"cut, more\n" + c + b, []any{"one", "three", "two, 2"}, "reject record.quote", []any{3.0},
		},
		"no end, with lines of its own": {
			a + "5550100,5550101,\"cut\nmore\nand more\n" + b + c, []any{"one", "two, 2", "three"}, "reject record.quote", []any{3.0},
		},
		"no end, all fields there": {
			a + "5550100,5550101,\"open,2008-08-20 13:00:05\n" + b, []any{"one", `"open`, "two, 2"}, "warning record.quote_odd", nil,
		},
		"quotes not doubled": {
			"5550100,5550101,\"say \"hi\" to him\",2008-08-20 13:00:05\n" + a + b, []any{`say "hi" to him`, "one", "two, 2"}, "warning record.quote_odd", nil,
		},
		"quotes not doubled, over lines": {
			b + "5550100,5550101,\"say \"hi\"\nto him\",2008-08-20 13:00:05\n" + c, []any{"two, 2", "say \"hi\"\nto him", "three"}, "warning record.quote_odd", nil,
		},
		"a quote in a plain field": {
			b + "5550100,5550101,5\" disk,2008-08-20 13:00:05\n" + c, []any{"two, 2", `5" disk`, "three"}, "warning record.quote_odd", nil,
		},
		// A text may quote a record. What is well formed is read by its quotes alone.
		"a record inside a text": {
			"5550100,5550101,\"look:\n" + a + "end\",2008-08-20 13:00:05\n" + c, []any{"look:\n" + a + "end", "three"}, "warning record.lines_inside", nil,
		},
		"blank lines, and CR LF in a text": {
			"\r\n" + "5550100,5550101,\"a\r\n\r\nb\",2008-08-20 13:00:05\r\n\r\n" + c, []any{"a\r\n\r\nb", "three"}, "", nil,
		},
		"not terminated": {strings.TrimSuffix(c, "\n"), []any{"three"}, "", nil},
		"a time that is none": {
			a + "5550100,5550101,x,2008-02-30 13:00:00\n" + b, []any{"one", "x", "two, 2"}, "warning time.unreadable", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			data := []byte(head + v.rows)
			got, diagnostics, out := read(t, data, `{"zone":"UTC"}`)
			if diff := cmp.Diff(v.texts, column(got, "text")); diff != "" {
				t.Error(diff)
			}
			if codes(diagnostics) != v.codes {
				t.Errorf("%s, want %s", codes(diagnostics), v.codes)
			}
			var lines []any
			for _, d := range diagnostics {
				if d["severity"] == "reject" {
					lines = append(lines, d["source"].(object)["line"])
				}
			}
			if diff := cmp.Diff(v.lines, lines); diff != "" {
				t.Error(diff)
			}
			if u := out.Result.Units; u.Emitted != int64(len(v.texts)) || u.Rejected != int64(len(v.lines)) {
				t.Errorf("%+v", u)
			}
			for _, r := range got {
				if s := span(data, r); strings.HasSuffix(s, "\n") || strings.HasSuffix(s, "\r") || !strings.Contains(s, "2008") {
					t.Errorf("span %q", s)
				}
			}
		})
	}
}

// An unbalanced quote costs its own record, wherever it stands.
func TestUnbalancedQuoteIsBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("From,To,Text,Date\n")
	for i := range 5000 {
		switch {
		case i%1000 == 500:
			b.WriteString("5550100,5550101,\"lost\n")
		case i%3 == 0:
			b.WriteString("5550100,5550101,\"a, b\nc\",2008-08-20 13:00:00\n")
		default:
			b.WriteString("5550100,5550101,x,2008-08-20 13:00:00\n")
		}
	}
	got, diagnostics, _ := read(t, []byte(b.String()), `{"zone":"UTC"}`)
	if len(got) != 4995 || strings.Count(codes(diagnostics), "reject record.quote") != 5 {
		t.Fatalf("%d records; %s", len(got), codes(diagnostics))
	}
}

func TestNoExport(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		rows  int
		codes string
	}{
		"prose":                {"Dear all,\nthis, I fear, is no table.\nYours\n", 0, "unresolved sms.not_recognised"},
		"two lines with comma": {"Hello, you\nbye, you\n", 0, "unresolved sms.not_recognised"},
		"numbers alone":        {"1,2,3\n4,5,6\n7,8,9\n", 0, "unresolved sms.not_recognised"},
		"another table":        {"name,city,zip\nAnna,Bonn,53111\nBo,Köln,50667\n", 2, "unresolved sms.not_recognised"},
		"e-mail":               {"From,To,Subject,Body\na@example.com,b@example.com,hi,text\nb@example.com,a@example.com,re: hi,text\n", 2, "unresolved sms.not_recognised"},
		"no numbers":           {"From,To,Text\nanna,bo,hi\nbo,anna,ho\ncy,bo,he\n", 3, "unresolved sms.not_recognised"},
		"a header alone":       {"From,To,Text\n", 0, "warning table.empty"},
		"nothing":              {"", 0, "unresolved sms.not_recognised"},
	} {
		t.Run(name, func(t *testing.T) {
			got, diagnostics, _ := read(t, []byte(c.text), `{}`)
			if len(got) != c.rows || codes(diagnostics) != c.codes {
				t.Fatalf("%d records; %s", len(got), codes(diagnostics))
			}
			for _, r := range got {
				if r["kind"] != "row" || r["table"] != "" {
					t.Error(r)
				}
			}
		})
	}
	got, _, _ := read(t, []byte("name,city,zip\nAnna,Bonn,53111\nBo,Köln,50667\n"), `{}`)
	if diff := cmp.Diff(object{"name": "Bo", "city": "Köln", "zip": "50667"}, got[1]["columns"]); diff != "" {
		t.Error(diff)
	}
}

// The diagnostic about the columns names ours, and where each stands; nothing of the evidence.
func TestMapped(t *testing.T) {
	_, diagnostics, _ := read(t, []byte("No;From;To;Text;Date;Time\n1;5550100;5550101;hi;20.08.2008;13:00\n"), `{"zone":"UTC"}`)
	want := object{
		"charset": "utf-8", "delimiter": "semicolon", "quote": "double", "header_line": 1.0, "extra": []any{1.0},
		"columns": object{"from": 2.0, "to": 3.0, "text": 4.0},
		"times":   []any{object{"column": 6.0, "date_column": 5.0, "kind": "logged", "format": "day-month-year"}},
	}
	const sentence = "line 1 names 6 columns, delimited by semicolon; from is column 2; to is column 3; text is column 4; " +
		"time (logged) is column 6 with the date in column 5, read as day-month-year"
	if diagnostics[0]["message"] != sentence {
		t.Error(diagnostics[0]["message"])
	}
	if diff := cmp.Diff(want, diagnostics[0]["data"]); diff != "" || diagnostics[0]["severity"] != "info" {
		t.Error(diff, diagnostics[0])
	}
}

func TestUnknownDirection(t *testing.T) {
	got, diagnostics, _ := read(t, []byte("Phone,Direction,Text\n5550100,in,a\n5550100,sideways,b\n"), `{}`)
	if codes(diagnostics) != "warning direction.unknown" || got[1]["direction"] != "unknown" || got[1]["extra"].(object)["Direction"] != "sideways" {
		t.Fatal(codes(diagnostics), got)
	}
}
