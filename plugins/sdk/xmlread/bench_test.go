package xmlread_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/xmlread"
)

// BenchmarkElements reads a backup of text messages, and encoding/xml's decoder does
// the same, element by element.
func BenchmarkElements(b *testing.B) {
	const rows = 30_000
	var text bytes.Buffer
	text.WriteString("<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\n<smses count=\"30000\">\n")
	for i := range rows {
		fmt.Fprintf(&text, "  <sms protocol=\"0\" address=\"+1390000%04d\" date=\"%d000\" type=\"%d\" subject=\"null\" body=\"message %d &amp; more, 你好\" read=\"1\" status=\"-1\" contact_name=\"user %d\" />\n", i%10000, 1217574619+i, 1+i%2, i, i%100)
	}
	text.WriteString("</smses>\n")
	report := func(b *testing.B) {
		b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	}
	b.Run("encoding/xml", func(b *testing.B) {
		b.SetBytes(int64(text.Len()))
		for range b.N {
			dec := xml.NewDecoder(bytes.NewReader(text.Bytes()))
			n := 0
			for {
				tok, err := dec.Token()
				if err != nil {
					break
				}
				if s, ok := tok.(xml.StartElement); ok && s.Name.Local == "sms" {
					n++
				}
			}
			if n != rows {
				b.Fatal(n)
			}
		}
		report(b)
	})
	gbk, err := simplifiedchinese.GBK.NewEncoder().Bytes(bytes.Replace(text.Bytes(), []byte("UTF-8"), []byte("gbk"), 1))
	if err != nil {
		b.Fatal(err)
	}
	for name, data := range map[string][]byte{"elements": text.Bytes(), "elements, gbk": gbk} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for range b.N {
				n := 0
				out := parse(b, data, "{}", func(c *sdk.Ctx, in *sdk.Input, _ *sdk.Out) error {
					d, err := xmlread.Open(c, in)
					if err != nil {
						return err
					}
					for e := range d.Elements("sms") {
						_, _, _ = e.Attr("address"), e.Attr("body"), e.Attr("date")
						n++
					}
					return in.Err()
				})
				if n != rows || out.Err != nil {
					b.Fatal(n, out.Err)
				}
			}
			report(b)
		})
	}
}
