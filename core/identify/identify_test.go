package identify_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

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
