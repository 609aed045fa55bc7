package corpus

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// FirstKey is the published key of the older logs; the second is made from the seed.
const FirstKey = "32bnx23l"

// Options say what to write.
type Options struct {
	Seed uint64
	// Messages, where not 0, asks for one log of that many messages instead of
	// the whole directory: for benchmarks.
	Messages int
	// Scale multiplies the number of rows of every file; 1 where 0.
	Scale int
	// Variant makes it another server.
	Variant Variant
}

// Layouts describe the delimited logs; they are part of the truth.
const Layouts = `[
 {"name": "contentfilter", "kind": "message", "service": "example-chat", "for": ["**/contentfilter/*", "**/ContentFilter_*"],
  "delimiter": "\t", "fields": 7, "last_field_takes_rest": true,
  "columns": ["ip", "account", "peer", "direction", "time", "matched_term", "text"],
  "time": {"kind": "logged", "format": "%Y-%m-%d %H:%M:%S", "zone": "+08:00"}, "direction": {"0": "outgoing", "1": "incoming"}},
 {"name": "callinfo", "kind": "call", "service": "example-chat", "for": ["**/call/CallInfo_*"],
  "delimiter": "\t", "fields": 7, "last_field_takes_rest": false,
  "columns": ["ip", "from", "to", "display_name", "time", "duration_s", "status"],
  "time": {"kind": "logged", "format": "%Y-%m-%d %H:%M:%S", "zone": "+08:00"}, "charset": "gb18030"}
]
`

// Write makes dir/server, the evidence, and dir/truth: records.jsonl and layouts.json.
func Write(dir string, o Options) (err error) {
	server, truth := filepath.Join(dir, "server"), filepath.Join(dir, "truth")
	for _, d := range []string{server, truth} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(truth, "layouts.json"), []byte(Layouts), 0o644); err != nil {
		return err
	}
	if o.Messages > 0 {
		return bulk(filepath.Join(server, "contentfilter"), o)
	}
	f, err := os.Create(filepath.Join(truth, "records.jsonl"))
	if err != nil {
		return err
	}
	w := &writer{dir: server, s: newSource(o.Seed), truth: json.NewEncoder(f), scale: max(o.Scale, 1), v: o.Variant}
	w.all()
	return errors.Join(w.err, f.Close())
}

type writer struct {
	dir   string
	s     source
	truth *json.Encoder
	scale int
	v     Variant
	err   error
}

func (w *writer) file(name string, content []byte) {
	if w.err != nil {
		return
	}
	path := filepath.Join(w.dir, name)
	if w.err = os.MkdirAll(filepath.Dir(path), 0o755); w.err == nil {
		w.err = os.WriteFile(path, content, 0o644)
	}
}

func (w *writer) emit(t map[string]any) {
	if w.err == nil {
		w.err = w.truth.Encode(t)
	}
}

var firstDay = time.Date(2008, 8, 1, 0, 0, 0, 0, china)

func day(n int) time.Time { return firstDay.AddDate(0, 0, n) }

func (w *writer) all() {
	s, n := w.s, w.scale
	size := w.v.KeyBytes
	if size == 0 {
		size = 8
	}
	second, first := secondKey(s, size), FirstKey
	if w.v.Cipher != "" {
		first = secondKey(s, size)
	}
	w.file("conf/server.conf", []byte("[log]\nserver=a1\nencrypt=des\nencrypt_key="+first+"\n"))
	w.file("conf/enc.key", []byte(hex.EncodeToString([]byte(second))+"\n"))
	w.file("index.html", []byte("<html><head><title>Index of /</title></head><body><pre>contentfilter/</pre></body></html>"))
	w.file("lastlog", nil)
	noise := make([]byte, 30_000)
	for i := range noise {
		noise[i] = byte(s.Uint32())
	}
	w.file("pub/core.77", noise)

	for _, l := range []struct {
		name string
		log  encryptedLog
	}{
		{"contentfilter/ContentFilter_a1_20080801.log", encryptedLog{v: w.v, rows: 900 * n, day: day(0), keys: []string{first}, damage: 3}},
		{"contentfilter/ContentFilter_a1_20080802.log", encryptedLog{v: w.v, rows: 500 * n, day: day(1), keys: []string{first}, hex: true, zeroPad: true, gb: true, crlf: true, damage: 2}},
		{"contentfilter/ContentFilter_a1_20080804.log", encryptedLog{v: w.v, rows: 400 * n, day: day(3), keys: []string{first, second}}},
	} {
		w.file(l.name, l.log.write(s, l.name, w.emit))
	}
	w.wholeFile("contentfilter/ContentFilter_a1_20080803.bin", 500*n, second)
	name := "contentfilter/ContentFilter_a1_20080805.log.gz"
	w.file(name, zipped(encryptedLog{v: w.v, rows: 300 * n, day: day(4), keys: []string{first}, hex: true}.write(s, name, w.emit)))
	name = "contentfilter/ContentFilter_a1_20080806.log.gz"
	cut := zipped(encryptedLog{v: w.v, rows: 300 * n, day: day(5), keys: []string{first}}.write(s, name, func(map[string]any) {}))
	w.file(name, cut[:len(cut)*2/3])
	w.emit(map[string]any{"kind": "damaged", "defect": "gzip cut at two thirds", "file": name})
	w.archive(300*n, first)
	w.calls("call/CallInfo_20080801.log", 600*n)
	w.keywords()
	w.file("sms/sms_record_200808.csv", w.sms("sms/sms_record_200808.csv", 300*n))
	w.file("account/mobile_account.sql", w.accounts("account/mobile_account.sql", 120*n))
}

// secondKey is n letters and digits.
func secondKey(s source, n int) string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
	var b strings.Builder
	for range n {
		b.WriteByte(letters[s.IntN(len(letters))])
	}
	return b.String()
}

// wholeFile is a plain log encrypted in one piece; spans count in the plaintext.
func (w *writer) wholeFile(name string, rows int, key string) {
	var plain bytes.Buffer
	for i := 1; i <= rows; i++ {
		m := w.s.message(day(2))
		row := m.row(w.v)
		w.emit(m.truth(name, i, plain.Len(), len(row)))
		plain.WriteString(row + "\n")
	}
	w.file(name, w.v.seal(key, pkcs7(plain.Bytes(), w.v.block(key).BlockSize())))
}

func (w *writer) archive(rows int, key string) {
	member := "contentfilter/ContentFilter_a1_20080731.log"
	log := encryptedLog{v: w.v, rows: rows, day: day(-1), keys: []string{key}}.write(w.s, "backup.tar.gz!"+member, w.emit)
	var out bytes.Buffer
	t := tar.NewWriter(&out)
	err := t.WriteHeader(&tar.Header{Name: member, Mode: 0o644, Size: int64(len(log)), ModTime: firstDay.UTC(), Format: tar.FormatUSTAR})
	if err == nil {
		_, err = t.Write(log)
	}
	w.err = errors.Join(w.err, err, t.Close())
	w.file("backup.tar.gz", zipped(out.Bytes()))
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b) // a bytes.Buffer takes everything
	_ = z.Close()
	return out.Bytes()
}

func (w *writer) calls(name string, rows int) {
	var out bytes.Buffer
	for i := 1; i <= rows; i++ {
		c := w.s.call(firstDay)
		row := gb18030(c.row())
		w.emit(c.truth(name, i, out.Len(), len(row)))
		out.Write(row)
		out.WriteString("\r\n")
	}
	w.file(name, out.Bytes())
}

// keywords writes both generations of the client's list.
func (w *writer) keywords() {
	var old, recent strings.Builder
	for i, term := range listed {
		old.WriteString(strings.ToUpper(hex.EncodeToString(chain([]byte(term), byte(w.s.IntN(255))))) + "\r\n")
		recent.WriteString(base64.StdEncoding.EncodeToString(ecb(keywordAES(), pkcs7(utf16le(term), 16))) + "\n")
		for _, name := range []string{"installer/agent/keyfile", "agent/keyfile_u"} {
			w.emit(map[string]any{"kind": "keyword", "file": name, "line": i + 1, "term": term})
		}
	}
	w.file("installer/agent/keyfile", []byte(old.String()))
	w.file("agent/keyfile_u", []byte(recent.String()))
}

// sms writes an export in GB18030 with its header in Chinese. Every seventh text
// has a line break and quotes; some rows are damaged. `row` in the truth counts the
// sound ones.
func (w *writer) sms(name string, rows int) []byte {
	var out bytes.Buffer
	out.Write(gb18030("编号,发送号码,接收号码,短信内容,发送时间,状态\n"))
	line, row := 2, 0
	for i := 1; i <= rows; i++ {
		m := w.s.message(firstDay)
		from, to := w.s.phone(), w.s.phone()
		text := m.text
		if i%7 == 0 {
			text += "\n\"第二行\""
		}
		quoted := `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
		at := m.at.In(china).Format("2006/01/02 15:04:05")
		record := fmt.Sprintf("%d,%s,%s,%s,%s,DELIVRD", 100000+i, from, to, quoted, at)
		truth := map[string]any{"kind": "sms", "from": from, "to": []string{to}, "text": text, "time": stamp(m.at), "status": "DELIVRD"}
		if defect := []string{"too few fields", "too many fields", "a quote without an end"}[i/61%3]; i%61 == 17 {
			plain := strings.ReplaceAll(m.text, ",", " ")
			switch defect {
			case "too few fields":
				record = fmt.Sprintf("%d,%s,%s,%s", 100000+i, from, to, plain)
			case "too many fields":
				record = fmt.Sprintf("%d,%s,%s,%s,and,more,%s,DELIVRD", 100000+i, from, to, plain, at)
			default:
				record = fmt.Sprintf(`%d,%s,%s,"%s`, 100000+i, from, to, plain)
			}
			truth = map[string]any{"kind": "reject", "defect": defect}
		} else {
			row++
			truth["row"] = row
		}
		text = string(gb18030(record))
		truth["file"], truth["line"], truth["offset"], truth["length"] = name, line, out.Len(), len(text)
		w.emit(truth)
		out.WriteString(text + "\n")
		line += strings.Count(text, "\n") + 1
	}
	return out.Bytes()
}

func (w *writer) accounts(name string, rows int) []byte {
	var out strings.Builder
	out.WriteString("-- MySQL dump 10.11\n/*!40101 SET NAMES utf8 */;\nDROP TABLE IF EXISTS `mobile_account`;\nCREATE TABLE `mobile_account` (\n  `uid` int(11) NOT NULL auto_increment,\n  `username` varchar(64) NOT NULL,\n  `nickname` varchar(64) default NULL,\n  `mobile` varchar(20) default NULL,\n  `email` varchar(128) default NULL,\n  `reg_ip` varchar(15) default NULL,\n  `reg_time` datetime default NULL,\n  PRIMARY KEY  (`uid`)\n) ENGINE=MyISAM DEFAULT CHARSET=utf8;\nINSERT INTO `mobile_account` VALUES ")
	quote := strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`)
	for i := 1; i <= rows; i++ {
		user, phone, ip := w.s.account(), w.s.phone(), w.s.ip()
		at := firstDay.AddDate(0, 0, -w.s.IntN(900))
		var nick any
		sql := "NULL"
		switch i % 3 {
		case 0:
			nick, sql = `O'Hara \ 王`, "'"+quote.Replace(`O'Hara \ 王`)+"'"
		case 1:
			nick, sql = "two\nlines", "'"+quote.Replace("two\nlines")+"'"
		}
		if i > 1 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, "(%d,'%s',%s,'%s','%s@example.com','%s','%s')", i, user, sql, phone, user, ip, at.In(china).Format(clock))
		w.emit(map[string]any{"kind": "account", "file": name, "row": i, "username": user, "display_name": nick, "phones": []string{phone}, "emails": []string{user + "@example.com"}, "ips": []string{ip}, "created": stamp(at)})
	}
	out.WriteString(";\n")
	return []byte(out.String())
}

// bulk writes one log of o.Messages messages in flat memory. Rows repeat after a
// while in all but their time: making them is not what is measured.
func bulk(dir string, o Options) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, "ContentFilter_bulk.log"))
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	s := newSource(o.Seed)
	block := mustDES(FirstKey)
	const distinct = 20_000
	ring := make([]message, min(distinct, o.Messages))
	for i := range ring {
		ring[i] = s.message(firstDay)
	}
	var plain, sealed, text []byte
	for i := range o.Messages {
		m := ring[i%len(ring)]
		m.at = firstDay.Add(time.Duration(i) * time.Second)
		plain = append(plain[:0], m.row(Variant{})...)
		n := 8 - len(plain)%8
		for range n {
			plain = append(plain, byte(n))
		}
		sealed = append(sealed[:0], plain...)
		for j := 0; j < len(plain); j += 8 {
			block.Encrypt(sealed[j:], plain[j:])
		}
		text = base64.StdEncoding.AppendEncode(text[:0], sealed)
		if _, err := w.Write(append(text, '\n')); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(w.Flush(), f.Close())
}
