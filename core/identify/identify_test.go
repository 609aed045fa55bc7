package identify_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/exhibit-forensics/exhibit/core/identify"
)

func TestSniff(t *testing.T) {
	random := make([]byte, 4096)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	for name, c := range map[string]struct {
		head []byte
		want string
	}{
		"empty":                {nil, identify.Empty},
		"log":                  {[]byte("192.0.2.1\tuser\t2008\r\n"), identify.Text},
		"gb18030":              {[]byte("192.0.2.1\t\xc9\xf2\xbd\xa8\tOK\r\n"), identify.Text},
		"base64":               {[]byte(strings.Repeat("nQCevKwu6TL9HBdz\n", 9)), identify.Text},
		"utf-16":               {[]byte("\xff\xfea\x00b\x00\n\x00"), identify.Text},
		"encrypted":            {random, identify.Binary},
		"gzip":                 {append([]byte{0x1f, 0x8b, 8, 0}, random...), identify.Known},
		"log with one bad row": {append(bytes.Repeat([]byte("plain text row\n"), 40), 0, 1), identify.Text},
	} {
		if got := identify.Sniff(c.head); got.Content != c.want {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
}

func TestXMLRoot(t *testing.T) {
	utf16 := func(s string, big bool) string {
		var b []byte
		for _, c := range s {
			if big {
				b = append(b, byte(c>>8), byte(c))
			} else {
				b = append(b, byte(c), byte(c>>8))
			}
		}
		return string(b)
	}
	const declared = `<?xml version="1.0" encoding="UTF-16"?><smses/>`
	for name, c := range map[string]struct{ head, want string }{
		"plain":              {"<smses count='1'><sms/></smses>", "smses"},
		"declared":           {`<?xml version="1.0" encoding="UTF-8"?>` + "\n<smses>", "smses"},
		"byte order mark":    {"\xEF\xBB\xBF<?xml version='1.0'?><a>", "a"},
		"utf-16 le":          {"\xFF\xFE" + utf16(declared, false), "smses"},
		"utf-16 be":          {"\xFE\xFF" + utf16(declared, true), "smses"},
		"utf-16, no mark":    {utf16(declared, false), "smses"},
		"utf-16 be, no mark": {utf16(declared, true), "smses"},
		"gb18030":            {"<?xml version=\"1.0\" encoding=\"GB18030\"?><\xb6\xcc\xd0\xc5/>", "短信"},
		"windows-1251":       {"<?xml version='1.0' encoding='windows-1251'?><\xf1\xec\xf1/>", "смс"},
		"unknown charset":    {"<?xml version='1.0' encoding='martian'?><a b='\xff'/>", "a"},
		"namespace":          {`<kml xmlns="http://www.opengis.net/kml/2.2"></kml>`, "{http://www.opengis.net/kml/2.2}kml"},
		"prefix":             {`<x:kml xmlns:y="z" xmlns:x="urn:k"></x:kml>`, "{urn:k}kml"},
		"prefix of nothing":  {"<x:kml></x:kml>", "x:kml"},
		"no namespace":       {`<kml xmlns=""></kml>`, "kml"},
		"document type":      {"<!DOCTYPE plist PUBLIC '-//Apple//DTD PLIST 1.0//EN' 'http://x'>\n<plist version='1.0'></plist>", "plist"},
		"own entities":       {`<!DOCTYPE a [<!ENTITY b "&c;&c;"><!ENTITY c "&b;">]><a d="&b;"></a>`, "a"},
		"comments":           {"<!-- <b> -->\n <?pi <c>?> <a/>", "a"},
		"html":               {"<!DOCTYPE html><html><body></body>", ""},
		"html alone":         {"<HTML lang=en></HTML>", ""},
		"xhtml":              {`<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">`, "{http://www.w3.org/1999/xhtml}html"},
		"chat":               {"<alice> hello\n<bob> hi\n", ""},
		"text":               {"a < b </b>", ""},
		"text first":         {"<?xml version='1.0'?> text <a/>", ""},
		"cut":                {"<?xml version='1.0'?><a b='", ""},
		"only a declaration": {"<?xml version='1.0'?>", ""},
		"nothing":            {"<", ""},
		"a tail":             {"</a>", ""},
	} {
		if got := identify.Sniff([]byte(c.head)).XMLRoot; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add([]byte("<?xml version='1.0' encoding='GBK'?><a xmlns='b'/>"), []byte{})
	f.Add([]byte("SQLite format 3\x00\x02\x00\x01\x01\x00\x40\x20\x20"), []byte{0x37, 0x7f, 6, 0x82})
	f.Fuzz(func(t *testing.T, b, log []byte) {
		var over *identify.Source
		if len(log) > 0 {
			over = &identify.Source{ReaderAt: bytes.NewReader(log), Size: int64(len(log))}
		}
		id, _, err := identify.Look(identify.Source{ReaderAt: bytes.NewReader(b), Size: int64(len(b))}, over)
		if err != nil || id.MediaType == "" || id.Content == "" || !utf8.ValidString(id.XMLRoot) || !utf8.ValidString(id.String()) {
			t.Fatalf("%+v %v", id, err)
		}
		if again, _, _ := identify.Look(identify.Source{ReaderAt: bytes.NewReader(b), Size: int64(len(b))}, over); again.String() != id.String() {
			t.Fatalf("%v, then %v", id, again)
		}
	})
}
