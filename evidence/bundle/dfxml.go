package bundle

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
)

// DFXML writes the files as hashdeep -d does (Digital Forensics XML): the first part of
// a name is the exhibit. It is for exchange: what is bound to the log is files.csv.
func DFXML(w *bufio.Writer, a About, files func(yield func(File) error) error) error {
	_, err := fmt.Fprintf(w, `<?xml version='1.0' encoding='UTF-8'?>
<dfxml xmlns='http://www.forensicswiki.org/wiki/Category:Digital_Forensics_XML' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns:dc='http://purl.org/dc/elements/1.1/' version='1.0'>
  <metadata>
    <dc:type>Hash List</dc:type>
    <dc:identifier>%s</dc:identifier>
  </metadata>
  <creator version='1.0'>
    <program>%s</program>
    <version>%s</version>
  </creator>
`, escaped(a.Origin), escaped(a.Tool), escaped(a.Version))
	if err != nil {
		return err
	}
	err = files(func(f File) error {
		_, err := fmt.Fprintf(w, "  <fileobject>\n    <filename>%s</filename>\n    <filesize>%d</filesize>\n", escaped(join("/", f.Exhibit, f.Path)), f.Size)
		for _, e := range [][3]string{
			{"    <mtime>", f.Modified, "</mtime>\n"},
			{"    <hashdigest type='MD5'>", f.MD5, "</hashdigest>\n"},
			{"    <hashdigest type='SHA1'>", f.SHA1, "</hashdigest>\n"},
			{"    <hashdigest type='SHA256'>", f.SHA256, "</hashdigest>\n"},
		} {
			if e[1] != "" && err == nil {
				_, err = w.WriteString(e[0] + escaped(e[1]) + e[2])
			}
		}
		if err == nil {
			_, err = w.WriteString("  </fileobject>\n")
		}
		return err
	})
	if err != nil {
		return err
	}
	_, err = w.WriteString("</dfxml>\n")
	return err
}

// escaped is text for XML; what no XML can hold becomes U+FFFD.
func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes all
	return b.String()
}
