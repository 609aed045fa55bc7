package main_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	main "github.com/exhibit-forensics/exhibit/plugins/accounts"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// samples are small dumps of every form.
func samples() map[string]string {
	const canary = "canary-value"
	rows := strings.Repeat("(1,'"+canary+"','a','b','x\\'y@example.org','192.0.2.1','2008-08-01 07:10:19','e0fe73d6b89f6450716620de49ee32d6',0x00FF),", 20)
	return map[string]string{
		"mysqldump": "-- MySQL dump 10.13\n/*!40101 SET NAMES utf8mb4 */;\n/*!40103 SET TIME_ZONE='+00:00' */;\n" + fmt.Sprintf(users, "datetime") + rows + "(2,NULL,NULL,NULL,NULL,NULL,'0000-00-00 00:00:00',NULL,NULL);\n" +
			"DELIMITER ;;\nCREATE TRIGGER x AFTER INSERT ON users FOR EACH ROW BEGIN INSERT INTO t VALUES (1); END ;;\nDELIMITER ;\nINSERT INTO notes VALUES (1,'" + canary + "',CONCAT('a','b')),(2 'x);\n-- Dump completed\n",
		"pg_dump": pgHead + "CREATE FUNCTION f() RETURNS void AS $$ SELECT 1; $$ LANGUAGE sql;\nCREATE TABLE public.contacts (id integer, owner text, name text, phone text, photo bytea);\nCOPY public.contacts (id, owner, name, phone, photo) FROM stdin;\n" +
			strings.Repeat("1\tann\t"+canary+"\\n\t+441632960001\t\\\\x00ff\n", 20) + "2\tbad\n\\.\nINSERT INTO public.contacts VALUES (3, E'a\\'b', $q$" + canary + "$q$, NULL, '\\x00'::bytea);\n" + pgTail,
	}
}

func TestConforms(t *testing.T) {
	var corpus []sdktest.Case
	for name, dump := range samples() {
		corpus = append(corpus, sdktest.Case{Name: name, Operation: evidence.OpParse, Data: []byte(dump), Canary: "canary-value"})
	}
	corpus = append(corpus, sdktest.Case{
		Name: "by layout", Operation: evidence.OpParse, Data: []byte(samples()["mysqldump"]), Canary: "canary-value",
		Config: json.RawMessage(`{"layout":{"tables":{"users":{"kind":"contact","columns":{"name":["first_name","last_name"],"time":"reg_time"},"time":{"unit":"s"}}}},"zone":"+08:00"}`),
	})
	sdktest.Run(t, main.Plugin, corpus)
}

// Whatever the bytes: no panic, places inside the input, and an end.
func FuzzParse(f *testing.F) {
	for _, dump := range samples() {
		f.Add([]byte(dump))
	}
	for _, dump := range []string{
		"INSERT INTO t VALUES ('\\", "INSERT INTO t VALUES (1,'a'),(2 'b'),('c);\n", "SET NAMES gbk;\nINSERT INTO t VALUES ('\x81\\'),('\x81", "/*!40000 INSERT INTO `t` VALUES (/*!1 0x1,*/X'F') */;",
		"COPY t FROM stdin;\n\\N\t\\x4\t\\777\r\n\\.\r\n", "\xff\xfe-\x00-\x00\n\x00", "\xfe\xff\x00-\xd8\x00\x00\n", "CREATE TABLE t (a int, PRIMARY KEY (a)) CHARSET=utf8;INSERT t VALUE (1) ON DUPLICATE KEY UPDATE a=1;",
		"SET standard_conforming_strings=off;INSERT INTO \"a\".\"b\" VALUES (E'\\u12', $a$ $b$ $a$, '1'::numeric(1,2)[]);", "PGDMP", "DELIMITER $$\nCREATE PROCEDURE p() BEGIN END$$", "CREATE FUNCTION f() BEGIN ATOMIC CASE END; END;",
	} {
		f.Add([]byte(dump))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o := sdktest.Do(t, main.Plugin, sdktest.Case{Name: "fuzz", Operation: evidence.OpParse, Data: data, Limits: sdk.Limits{MaxDiagnostics: 5000, MaxRecords: 50_000}})
		if o.Result.Outcome == evidence.OutcomeFailed {
			t.Errorf("%v", o.Result.Err)
		}
		if len(o.Records)+len(o.Diagnostics) == 0 && len(data) > 0 {
			t.Error("nothing is said of the input")
		}
	})
}
