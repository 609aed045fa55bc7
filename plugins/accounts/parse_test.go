package main_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	pgHead = "--\n-- PostgreSQL database dump\n--\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n"
	pgTail = "--\n-- PostgreSQL database dump complete\n--\n"
)

// Each case: the dump, the columns of its rows, and the codes of what is not info.
func TestRows(t *testing.T) {
	const unnamed = "table.unnamed"
	for name, c := range map[string]struct {
		dump  string
		rows  []string // columns in canonical JSON
		codes []string
	}{
		"escapes of MySQL": {
			"CREATE TABLE `t` (`a` text);\nINSERT INTO `t` VALUES ('a\\'b\\\"c\\\\d\\ne\\rf\\tg\\bh\\Zi\\%j\\_k\\xl\\0'),('it''s'),('');\n",
			[]string{`{"a":"a'b\"c\\d\ne\rf\tg\bh` + "\\u001a" + `i\\%j\\_kxl` + "\\u0000" + `"}`, `{"a":"it's"}`, `{"a":""}`},
			nil,
		},
		"NO_BACKSLASH_ESCAPES": {
			"SET SQL_MODE='ANSI,NO_BACKSLASH_ESCAPES';\nCREATE TABLE `t` (`a` text);\nINSERT INTO `t` VALUES ('C:\\'),('\\n');\nSET sql_mode='';\nINSERT INTO t VALUES ('\\n');\n",
			[]string{`{"a":"C:\\"}`, `{"a":"\\n"}`, `{"a":"\n"}`},
			nil,
		},
		"a trigger's mode does not stay": {
			"SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO';\nCREATE TABLE `t` (`a` text);\n" +
				"/*!50003 SET @saved_sql_mode = @@sql_mode */ ;\n/*!50003 SET sql_mode = 'NO_BACKSLASH_ESCAPES' */ ;\n/*!50003 SET sql_mode = @saved_sql_mode */ ;\n" +
				"INSERT INTO `t` VALUES ('a\\'b');\n",
			[]string{`{"a":"a'b"}`},
			nil,
		},
		"literals": {
			"CREATE TABLE `t` (a int, b varbinary(9), c bit(2), d text, e int, f float, g text, h boolean, i varchar(9));\n" +
				"INSERT IGNORE INTO `t` VALUES (-5,0x00FF,b'101',_utf8mb4'x',NULL,1.50,N'n',TRUE,0x6162), (99999999999999999999,X'',0b11,_binary'y',+7,-1e-3,_utf8 X'4142',false,'a' 'b');\n",
			[]string{
				`{"a":-5,"b":{"raw":"AP8="},"c":5,"d":"x","e":null,"f":"1.50","g":"n","h":true,"i":"ab"}`,
				`{"a":"99999999999999999999","b":{"raw":""},"c":3,"d":"y","e":7,"f":"-1e-3","g":"AB","h":false,"i":"ab"}`,
			},
			nil,
		},
		"binary text and bytes": {
			"CREATE TABLE `t` (a varbinary(9), b varbinary(9));\nINSERT INTO `t` VALUES (_binary 'Alice',_binary '\\0\xff\\'');\n",
			[]string{`{"a":"Alice","b":{"raw":"AP8n"}}`},
			nil,
		},
		"expressions stand as they are": {
			"CREATE TABLE `t` (a text, b int, c text);\nINSERT INTO `t` VALUES (CONCAT('x),(', \"y\\\"z\"),DEFAULT,UNHEX('41') ),('a'||'b',(1+2)*3,'c');\n",
			[]string{`{"a":"CONCAT('x),(', \"y\\\"z\")","b":"DEFAULT","c":"UNHEX('41')"}`, `{"a":"'a'||'b'","b":"(1+2)*3","c":"c"}`},
			nil,
		},
		"executable comments": {
			"CREATE TABLE `t` (a int, /*!50705 g geometry NOT NULL,*/ b text /*!80023 INVISIBLE */, /*!50705 SPATIAL KEY `g` (g),*/ KEY b (b(10)));\n/*!40000 INSERT INTO `t` VALUES (1,/*!50705 0x01,*/'x'/* no */,'y') */;\n/*!99999 INSERT INTO t VALUES (9) */;\n/*M!999999\\- enable the sandbox mode */\nINSERT INTO `t` VALUES (1,/*!50705 0x01,*/'x');\n",
			[]string{`{"a":1,"b":"y","g":"x"}`, `{"a":1,"b":"x","g":{"raw":"AQ=="}}`},
			nil,
		},
		"comments": {
			"# INSERT INTO t VALUES (1);\n-- INSERT INTO t VALUES (2);\n/* INSERT INTO t VALUES (3); */\nCREATE TABLE `t` (a int -- the first\n, b int # ,c int\n);\nINSERT INTO `t` /* x */ VALUES -- y\n(1 /* a */, 5--3\n), (2,3);\n",
			[]string{`{"a":1,"b":"5--3"}`, `{"a":2,"b":3}`},
			nil,
		},
		"statements inside of strings and bodies": {
			"CREATE TABLE `t` (a text);\nINSERT INTO `t` VALUES ('x\\');\nINSERT INTO `t` VALUES (\\'no\\');\n'),('\nINSERT INTO `t` VALUES (''no'');\n');\n" +
				"DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`%`*/ /*!50003 TRIGGER `x` AFTER INSERT ON `t` FOR EACH ROW BEGIN\nINSERT INTO t VALUES ('no');\nEND */;;\nDELIMITER ;\n" +
				"DELIMITER $$\nCREATE PROCEDURE p() BEGIN INSERT INTO t VALUES ('no'); END$$\nDELIMITER ;\n" +
				"CREATE TRIGGER y BEFORE UPDATE ON t FOR EACH ROW BEGIN IF 1 THEN INSERT INTO t VALUES ('no'); END IF; INSERT INTO t VALUES (CASE WHEN 1 THEN 2 END); END;\n" +
				"INSERT INTO `t` VALUES ('yes');\n",
			[]string{
				`{"a":"x');\nINSERT INTO ` + "`t`" + ` VALUES ('no');\n"}`, `{"a":"\nINSERT INTO ` + "`t`" + ` VALUES ('no');\n"}`, `{"a":"yes"}`,
			},
			nil,
		},
		"names": {
			"USE `my``db`;\nCREATE TABLE IF NOT EXISTS `od``d` (`a b` int, \"c\"\"d\" text, `用户名` text, `key` int, PRIMARY KEY (`a b`));\nREPLACE DELAYED INTO `od``d` (`用户名`,`a b`) VALUES ('x',1);\n",
			[]string{`{"a b":1,"用户名":"x"}`},
			nil,
		},
		"no definition":        {"INSERT INTO t VALUES (1,'x');\nINSERT INTO t VALUES (2,'y','z'),(3,'w');\n", []string{`{"column_1":1,"column_2":"x"}`, `{"column_1":3,"column_2":"w"}`}, []string{unnamed, "row.values"}},
		"a list names them":    {"INSERT INTO t(a,b) VALUES (1,2) ON DUPLICATE KEY UPDATE a=VALUES(a);INSERT INTO t(b) VALUE (3);", []string{`{"a":1,"b":2}`, `{"b":3}`}, nil},
		"cut in a tuple":       {"CREATE TABLE `t` (a int, b text);\nINSERT INTO `t` VALUES (1,'a'),(2,'b", []string{`{"a":1,"b":"a"}`}, []string{"dump.cut_short"}},
		"cut behind a comma":   {"CREATE TABLE `t` (a int);\nINSERT INTO `t` VALUES (1),\n", []string{`{"a":1}`}, []string{"dump.cut_short"}},
		"cut before the end":   {"CREATE TABLE `t` (a int);\nINSERT INTO `t` VALUES (1)", []string{`{"a":1}`}, []string{"dump.cut_short"}},
		"cut in a definition":  {"INSERT INTO `t` (a) VALUES (1);\nCREATE TABLE `u` (a int,", []string{`{"a":1}`}, []string{"table.definition", "dump.cut_short"}},
		"no end mark":          {"-- MySQL dump 10.13  Distrib 8.0\nINSERT INTO `t` (a) VALUES (1);\n", []string{`{"a":1}`}, []string{"dump.no_end_mark"}},
		"an end mark":          {"-- MySQL dump 10.13  Distrib 8.0\nINSERT INTO `t` (a) VALUES (1);\n-- Dump completed on 2024-01-01\n", []string{`{"a":1}`}, nil},
		"no dump":              {"just some words, it's true\nand more\n", nil, []string{"dump.unknown"}},
		"nothing in it":        {"CREATE TABLE t (a int);", nil, []string{"dump.no_rows"}},
		"INSERT SELECT":        {"INSERT INTO t SELECT * FROM u;\nINSERT INTO t (a) VALUES (1);", []string{`{"a":1}`}, []string{"statement.no_rows"}},
		"an unclosed comment":  {"CREATE TABLE `t` (a text);\n/* x\nINSERT INTO `t` VALUES ('b');\n", nil, []string{"dump.no_rows"}},
		"PostgreSQL's strings": {pgHead + "CREATE TABLE public.t (a text, b text, c bytea, d boolean, e integer);\nINSERT INTO public.t VALUES ('C:\\', E'a\\'\\x41\\u00e9\\101\\n', '\\x00ff', true, 5), ($$it's$$, $q$a$$b$q$, '\\x'::bytea, 'f'::boolean, '7'::character varying(20)[]);\n" + pgTail, []string{`{"a":"C:\\","b":"a'AéA\n","c":{"raw":"AP8="},"d":true,"e":5}`, `{"a":"it's","b":"a$$b","c":{"raw":""},"d":false,"e":7}`}, nil},
		"standard_conforming_strings off": {
			"SET client_encoding = 'UTF8';\nSET standard_conforming_strings = off;\nINSERT INTO t (a) VALUES ('a\\'b\\\\');\n",
			[]string{`{"a":"a'b\\"}`},
			nil,
		},
		"functions of PostgreSQL": {
			pgHead + "CREATE FUNCTION f() RETURNS void LANGUAGE sql\n    BEGIN ATOMIC\n INSERT INTO t VALUES (1);\n SELECT CASE WHEN true THEN 1 END;\nEND;\nCREATE FUNCTION g() RETURNS void AS $_$ INSERT INTO t VALUES ('$1'); $_$ LANGUAGE sql;\nCOMMENT ON TABLE t IS 'x; INSERT INTO t VALUES (2);';\nINSERT INTO public.t (key) VALUES (3);\n" + pgTail,
			[]string{`{"key":3}`},
			nil,
		},
		"COPY": {
			pgHead + "CREATE TABLE public.t (\n    a integer NOT NULL,\n    b text,\n    c bytea,\n    key boolean\n);\nCOPY public.t (a, b, c, key) FROM stdin;\n1\ta\\tb\\\\c\\nd\\x41\\101\\v\t\\\\x00ff\tt\n2\t\\N\t\\N\tf\n3\t\\\\N\t\\\\x\t\\N\n4\t\t\\\\x\tt\n5\n-6\tit's; INSERT INTO t VALUES (1);\t\\N\tt\n\\.\n\nINSERT INTO public.t (a) VALUES (7);\n" + pgTail,
			[]string{`{"a":1,"b":"a\tb\\c\nd` + "AA\\u000b" + `","c":{"raw":"AP8="},"key":true}`, `{"a":2,"b":null,"c":null,"key":false}`, `{"a":3,"b":"\\N","c":{"raw":""},"key":null}`, `{"a":4,"b":"","c":{"raw":""},"key":true}`, `{"a":-6,"b":"it's; INSERT INTO t VALUES (1);","c":null,"key":true}`, `{"a":7}`},
			[]string{"row.values"},
		},
		"COPY without an end":   {pgHead + "COPY t (a, b) FROM stdin;\n1\t2\n\n--\n-- Data for Name: u; Type: TABLE DATA\n--\n\nCOPY u (a) FROM stdin;\n5\n\\.\n" + pgTail, []string{`{"a":"1","b":"2"}`, `{"a":"5"}`}, []string{"row.values", "copy.no_end"}},
		"COPY cut short":        {pgHead + "COPY t (a, b) FROM stdin;\n1\t2\n3\t4", []string{`{"a":"1","b":"2"}`}, []string{"dump.cut_short", "dump.no_end_mark"}},
		"COPY with CR LF":       {strings.ReplaceAll(pgHead+"COPY t (a, b) FROM stdin;\n1\t2\\r\n3\t\\N\n\\.\n"+pgTail, "\n", "\r\n"), []string{`{"a":"1","b":"2\r"}`, `{"a":"3","b":null}`}, nil},
		"COPY of CSV":           {pgHead + "COPY t (a) FROM stdin WITH (FORMAT csv);\n1\n\\.\nCOPY t (a) FROM stdin;\n2\n\\.\n" + pgTail, []string{`{"a":"2"}`}, []string{"copy.options"}},
		"a table without keys":  {pgHead + "COPY t () FROM stdin;\n\n\n\\.\n" + pgTail, []string{`{}`, `{}`}, nil},
		"an archive of pg_dump": {"PGDMP\x01\x0e", nil, []string{"dump.archive"}},
		"SQLite":                {"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t(a INTEGER PRIMARY KEY, b);\nINSERT INTO t VALUES(1,'C:\\');\nINSERT INTO t VALUES(2,X'00');\nCOMMIT;\n", []string{`{"a":1,"b":"C:\\"}`, `{"a":2,"b":{"raw":"AA=="}}`}, nil},
		"a byte order mark":     {"\xef\xbb\xbfINSERT INTO t (a) VALUES (1);", []string{`{"a":1}`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := parse(t, c.dump, "")
			var rows []string
			for _, r := range decoded(t, o.Records) {
				rows = append(rows, js(t, r["columns"]))
				if s := span(t, c.dump, r); c.dump[0] != 'P' && !strings.Contains(c.dump, "COPY") && (s[0] != '(' || s[len(s)-1] != ')') {
					t.Errorf("span %q", s)
				}
			}
			if d := cmp.Diff(c.rows, rows); d != "" {
				t.Error(d)
			}
			want := map[string]int{}
			for _, code := range c.codes {
				want[code]++
			}
			if d := cmp.Diff(want, codes(t, o)); d != "" {
				t.Errorf("%s\n%s", d, strings.Join(o.Diagnostics, "\n"))
			}
		})
	}
}

// What is damaged costs what it hits.
func TestDamage(t *testing.T) {
	const head = "CREATE TABLE `t` (a int, b text);\nINSERT INTO `t` VALUES "
	for name, c := range map[string]struct {
		dump  string
		rows  string // their first columns
		spans []string
		codes []string
	}{
		"a comma is missing":       {head + "(1,'a'),(2 'b'),(3,'c');\nINSERT INTO `t` VALUES (9,'i');\n", "1 3 9", []string{"(2 'b')"}, []string{"row.values"}},
		"values are missing":       {head + "(1,'a'),(,),(3,'c');\n", "1 3", []string{"(,)"}, []string{"row.malformed"}},
		"a quote is missing":       {head + "(4,'d),(5,'e'),(6,'f');\n", "5 6", []string{"(4,'d)"}, []string{"row.malformed"}},
		"the first quote":          {head + "(4,d'),(5,'e'),(6,'f');\nINSERT INTO `t` VALUES (9,'i');\n", "5 6 9", []string{"(4,d')"}, []string{"row.malformed"}},
		"the last row's quote":     {head + "(4,'d'),(5,'e);\nINSERT INTO `t` VALUES (9,'i'),(10,'j');\n", "4 9 10", []string{"(5,'e)"}, []string{"row.malformed"}},
		"a comma between rows":     {head + "(4,'d')(5,'e'),(6,'f');\nINSERT INTO `t` VALUES (9,'i');\n", "4 6 9", []string{"(5,'e')"}, []string{"statement.broken"}},
		"a lost quote elsewhere":   {"CREATE TABLE `t` (a int, b text);\nDROP VIEW 'x;\n\nINSERT INTO `t` VALUES (9,\"i\");\n", "9", []string{"DROP VIEW 'x;\n\n"}, []string{"statement.unended"}},
		"a comment without an end": {"CREATE TABLE `t` (a int, b text);\nDROP /* x;\nINSERT INTO `t` VALUES (9,'i');\n", "9", []string{"DROP /* x;\n"}, []string{"statement.unended"}},
		"noise":                    {"CREATE TABLE `t` (a int, b text);\n\x00\x01\x02';\x03\nINSERT INTO `t` VALUES (9,'i');\n", "9", nil, []string{"statement.unknown"}},
		"no semicolon":             {"CREATE TABLE `t` (a int, b text);\nINSERT INTO `t` VALUES (8,'i')\nINSERT INTO `t` VALUES (9,'i')\n;", "8 9", nil, nil},
		"a delimiter stays":        {"CREATE TABLE `t` (a int, b text);\nDELIMITER ;;\nCREATE TRIGGER x BEGIN SELECT 1; END\nINSERT INTO `t` VALUES (9,'i');\n", "9", nil, []string{"statement.unended", "statement.broken"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := parse(t, c.dump, "")
			var rows []string
			for _, r := range decoded(t, o.Records) {
				rows = append(rows, fmt.Sprint(r["columns"].(object)["a"]))
			}
			if got := strings.Join(rows, " "); got != c.rows {
				t.Errorf("rows %s, want %s", got, c.rows)
			}
			want := map[string]int{}
			for _, code := range c.codes {
				want[code]++
			}
			if d := cmp.Diff(want, codes(t, o)); d != "" {
				t.Errorf("%s\n%s", d, strings.Join(o.Diagnostics, "\n"))
			}
			for i, s := range c.spans {
				if got := span(t, c.dump, diagnostic(t, o, c.codes[i])); got != s {
					t.Errorf("span %q, want %q", got, s)
				}
			}
		})
	}
}
