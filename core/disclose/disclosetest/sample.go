package disclosetest

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/exhibit-forensics/exhibit/core/disclose"
	"github.com/exhibit-forensics/exhibit/core/search"
	"github.com/exhibit-forensics/exhibit/evidence"
)

// Message is a record line of the sample.
func Message(offset int, from, text string) string {
	b, err := evidence.Canonical(map[string]any{
		"kind": "message", "time": fmt.Sprintf("2008-08-01T07:%02d:%02dZ", offset/60%60, offset%60), "time_kind": "sent", "service": "test",
		"from": from, "to": []any{"+86 10 5550 0000"}, "text": text, "source": map[string]any{"offset": offset, "length": 40}, "state": "live",
	})
	if err != nil {
		panic(err) // a fault of this package
	}
	return string(b)
}

// Secret stands in one record of the sample and nowhere else: whoever knows the rest has
// ten thousand values to try.
const Secret = "4711"

// SecretText is a text with a number of four digits.
func SecretText(number string) string { return "call me: +86 10 5550 " + number }

// SecretPath is the path of a file of EX-002, whose name has two digits to be guessed.
func SecretPath(number string) string { return "Users/informant-" + number + "/notes.txt" }

// SecretNumber is the one in it.
const SecretNumber = "83"

// SecretContent is what that file holds.
func SecretContent(number string) []byte { return []byte("paid by account " + number + "\n") }

// Lines are the records of the sample's first log: the second is found by the word
// "harbour", the fourth has the secret.
func Lines() []string {
	var out []string
	for i := range 23 {
		text := fmt.Sprintf("message number %d, nothing of note", i)
		switch i {
		case 1:
			text = "meet me at the harbour"
		case 3:
			text = SecretText(Secret)
		}
		out = append(out, Message(i*41, fmt.Sprintf("+86 10 5550 %04d", 1000+i*7), text))
	}
	return out
}

// Sample fills a case: EX-001 is a phone with odd names, archives and logs that records
// were read in; EX-002 a laptop; EX-003 has many small files.
func (c *Case) Sample(ctx context.Context) error {
	chat := []byte(strings.Repeat("2008-08-01 07:00:00|x|y|..............\n", 23))
	older := []byte("2008-07-31 07:00:00|x|y|older\n")
	archive, offsets, err := Tar(File{"logs/old.log", older}, File{"logs/CON", []byte("device\n")})
	if err != nil {
		return err
	}
	packed, err := Gzip(chat)
	if err != nil {
		return err
	}
	photo := make([]byte, 100_000)
	if _, err := c.rand.Read(photo); err != nil {
		return err
	}
	got, err := c.Receive(ctx, "EX-001", map[string]any{
		"asserted.exhibit.description": "Phone, black", "asserted.source": "seized at the harbour office", "asserted.zone": "+08:00",
		"asserted.device.make": "Maker", "asserted.authority.number": "W-17/2008", "observed.source.path": map[string]any{"text": "/media/examiner/phone"},
	},
		File{"chat.log", chat}, File{"backup.tar", archive}, File{"chat.log.gz", packed}, File{"DCIM/photo.jpg", photo},
		File{"=1+1.csv", []byte("a,b\n")}, File{"消息.txt", []byte("你好\n")}, File{"dir/Read me.TXT", []byte("A")}, File{"dir/read me.txt", []byte("B")},
		File{"bad\xff\x01name\u202e.txt", []byte("bytes\n")}, File{"empty", nil}, File{"copy/chat.log", chat},
	)
	if err != nil {
		return err
	}
	if _, err := c.Seal(ctx); err != nil {
		return err
	}
	if _, err := c.Parse(ctx, got[0], "+08:00", Lines()); err != nil {
		return err
	}
	made, err := c.Unpack(ctx, got[1],
		Member{"logs/old.log", older, fmt.Sprintf(`[{"do":"untar","length":%d,"offset":%d}]`, len(older), offsets[0])},
		Member{"logs/CON", []byte("device\n"), fmt.Sprintf(`[{"do":"untar","length":7,"offset":%d}]`, offsets[1])})
	if err != nil {
		return err
	}
	if _, err := c.Unpack(ctx, got[2], Member{"", chat, `[{"do":"gunzip"}]`}); err != nil {
		return err
	}
	if _, err := c.Parse(ctx, made[0], "+08:00", []string{Message(0, "x", "older")}); err != nil {
		return err
	}
	laptop, err := c.Receive(ctx, "EX-002", map[string]any{"asserted.exhibit.description": "Laptop of the informant"},
		File{SecretPath(SecretNumber), SecretContent(SecretNumber)}, File{"chat.log", []byte("another\n")})
	if err != nil {
		return err
	}
	if _, err := c.Parse(ctx, laptop[1], "", []string{Message(0, "z", "on the laptop, harbourless"), Message(8, "z", "second")}); err != nil {
		return err
	}
	var many []File
	for i := range 70 {
		many = append(many, File{fmt.Sprintf("d%d/f%02d.txt", i%7, i), fmt.Appendf(nil, "file %d\n", i)})
	}
	if _, err := c.Receive(ctx, "EX-003", map[string]any{"asserted.exhibit.description": "Memory stick"}, many...); err != nil {
		return err
	}
	_, err = c.Seal(ctx)
	return err
}

// Disclose writes a bundle.
func (c *Case) Disclose(ctx context.Context, name string, q disclose.Request) (*disclose.Report, error) {
	out, err := NewOutput(name)
	if err != nil {
		return nil, err
	}
	q.Bag = strings.TrimSuffix(filepath.Base(name), ".zip")
	if q.Said == nil {
		q.Said = map[string]any{"asserted.recipient": "Counsel", "asserted.purpose": "hearing"}
	}
	r, _, err := disclose.Run(ctx, c.Store, q, c.World(), out)
	return r, err
}

// Query parses a query, which a caller knows to be one.
func Query(text string) *search.Query {
	q, err := search.Parse(text, search.ParseOptions{})
	if err != nil {
		panic(err)
	}
	return q
}

// Requests are disclosures of the sample, by the name of the file.
func Requests() map[string]disclose.Request {
	return map[string]disclose.Request{
		"whole":   {Exhibits: []string{"EX-001"}, Derived: true, Records: true},
		"one":     {Select: Query(`harbour kind:message "meet me"`)},
		"files":   {Exhibits: []string{"EX-001"}},
		"many":    {Exhibits: []string{"EX-003"}},
		"mixed":   {Exhibits: []string{"EX-003"}, Select: Query(`"message number"`)},
		"derived": {Exhibits: []string{"EX-001", "EX-002"}, Derived: true},
	}
}
