package publish

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/exhibit-forensics/exhibit/core/plain"
	"github.com/exhibit-forensics/exhibit/core/redact"
)

// Relativity Short Message Format 2.0: an RFC 5322 message with one attachment, rsmf.zip,
// which holds rsmf_manifest.json (rsmf_schema_2_0_0.json of relativitydev/rsmf-validator-samples;
// help.relativity.com, "Relativity Short Message Format").
const (
	rsmfVersion = "2.0.0"
	// maxEvents is what Relativity recommends at most in a file; maxEventBytes bounds memory.
	maxEvents     = 10_000
	maxEventBytes = 16 << 20
	// maxRSMF is how many files are made: beyond, load/ alone is there.
	maxRSMF = 20_000
	// rsmfBoundary divides the parts: no line of base64 holds an underscore.
	rsmfBoundary = "exhibit_rsmf"
)

type rsmfParticipant struct {
	ID      string `json:"id"`
	Display string `json:"display"`
}

type rsmfConversation struct {
	ID           string       `json:"id"`
	Display      string       `json:"display"`
	Platform     string       `json:"platform"`
	Type         string       `json:"type"`
	Participants []string     `json:"participants"`
	Custom       []rsmfCustom `json:"custom,omitempty"`
}

type rsmfCustom struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type rsmfEvent struct {
	ID           string       `json:"id"`
	Type         string       `json:"type"`
	Body         string       `json:"body"`
	Participant  string       `json:"participant,omitempty"`
	Conversation string       `json:"conversation"`
	Timestamp    string       `json:"timestamp,omitempty"`
	Direction    string       `json:"direction,omitempty"`
	Custom       []rsmfCustom `json:"custom"`
}

type rsmfManifest struct {
	Version       string             `json:"version"`
	Participants  []rsmfParticipant  `json:"participants"`
	Conversations []rsmfConversation `json:"conversations"`
	Events        []rsmfEvent        `json:"events"`
	Collection    string             `json:"eventcollectionid"`
}

// slice is one conversation on one day, or a part of that.
type slice struct {
	manifest     rsmfManifest
	conversation string
	service      string
	day          string
	ids          map[string]string
	in           []string
	bytes        int
	begin, end   string
}

// rsmf writes one file for each conversation and day.
func (b *builder) rsmf() error {
	var files int64
	err := b.db.query("SELECT count(*) FROM (SELECT DISTINCT conversation, substr(time, 1, 10) FROM record WHERE conversation<>'')", func(s *sqlite3.Stmt) error {
		files = s.ColumnInt64(0)
		return nil
	})
	if err != nil {
		return err
	}
	if files > maxRSMF {
		b.remark("there are no files in rsmf/: it would be %s, one for each conversation and day; produce fewer records (--select)", plain.Number(files))
		return nil
	}
	return b.slices(func(s *slice) error {
		b.report.RSMF++
		return b.add("rsmf/"+s.manifest.Events[0].ID+".rsmf", func(w io.Writer) error { return b.writeRSMF(w, s) })
	})
}

// slices calls f with each, in the order of the conversations and of time.
func (b *builder) slices(f func(s *slice) error) error {
	var s *slice
	collection := ""
	flush := func() error {
		if s == nil {
			return nil
		}
		done := s
		s = nil
		return f(done)
	}
	err := b.db.records(inConversation, func(r *row, list []redact.Applied) error {
		day, _, _ := strings.Cut(r.time, "T")
		if s != nil && (s.conversation != r.conversation || s.day != day || len(s.manifest.Events) >= maxEvents || s.bytes > maxEventBytes) {
			same := s.conversation == r.conversation
			if err := flush(); err != nil {
				return err
			}
			if !same {
				collection = ""
			}
		}
		if collection == "" {
			collection = r.number
		}
		if s == nil {
			s = &slice{conversation: r.conversation, service: r.service, day: day, ids: map[string]string{}, manifest: rsmfManifest{Version: rsmfVersion, Collection: collection}}
		}
		return s.add(r, list)
	})
	if err != nil {
		return err
	}
	return flush()
}

// participant is the id of somebody in the file.
func (s *slice) participant(name string) string {
	if name == "" {
		return ""
	}
	if id := s.ids[name]; id != "" {
		return id
	}
	id := "P" + strconv.Itoa(len(s.ids)+1)
	s.ids[name] = id
	s.in = append(s.in, name)
	s.manifest.Participants = append(s.manifest.Participants, rsmfParticipant{id, name})
	return id
}

func (s *slice) add(r *row, list []redact.Applied) error {
	m, err := decode(r.body)
	if err != nil {
		return err
	}
	e := rsmfEvent{ID: r.number, Type: "message", Body: r.text, Conversation: "C1", Timestamp: r.time, Custom: []rsmfCustom{{"Production number", r.number}}}
	from := r.sender
	if from == "" {
		from = text(m["account"])
	}
	e.Participant = s.participant(from)
	for _, t := range append(texts(m["to"]), texts(m["participants"])...) {
		s.participant(t)
	}
	if r.direction == "incoming" || r.direction == "outgoing" {
		e.Direction = r.direction
	}
	if r.kind != kindMessage && r.kind != kindSMS {
		e.Body = strings.TrimSpace("[" + r.kind + "] " + e.Body)
		e.Custom = append(e.Custom, rsmfCustom{"Kind", r.kind})
	}
	for _, f := range more(m) {
		if f.text != "" && f.pointer != "/conversation" {
			e.Custom = append(e.Custom, rsmfCustom{label(f.pointer), f.text})
		}
	}
	for _, a := range list {
		e.Custom = append(e.Custom, rsmfCustom{"Redacted: " + label(a.Field), done(a)})
	}
	if r.time != "" {
		if s.begin == "" {
			s.begin = r.time
		}
		s.end = r.time
	}
	s.bytes += len(r.body) + 2*len(e.Body) + 200*len(list)
	s.manifest.Events = append(s.manifest.Events, e)
	return nil
}

func (b *builder) writeRSMF(w io.Writer, s *slice) error {
	platform := s.service
	if platform == "" {
		platform = "unknown"
	}
	c := rsmfConversation{ID: "C1", Display: s.conversation, Platform: platform, Type: "direct", Participants: []string{}}
	for _, p := range s.manifest.Participants {
		c.Participants = append(c.Participants, p.ID)
	}
	if len(c.Participants) > 2 {
		c.Type = "channel"
	}
	if s.manifest.Participants == nil {
		s.manifest.Participants = []rsmfParticipant{}
	}
	s.manifest.Conversations = []rsmfConversation{c}
	var manifest bytes.Buffer
	e := json.NewEncoder(&manifest)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(s.manifest); err != nil {
		return fmt.Errorf("publish: rsmf: %w", err)
	}
	// Stored, not deflated: the same bytes from every version, and open to any search.
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	f, err := z.CreateHeader(&zip.FileHeader{Name: "rsmf_manifest.json", Method: zip.Store})
	if err == nil {
		_, err = f.Write(manifest.Bytes())
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return fmt.Errorf("publish: rsmf: %w", err)
	}
	var out bytes.Buffer
	head := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&out, "%s: %s\r\n", name, value)
		}
	}
	events := s.manifest.Events
	from := mail.Address{Name: "not stated", Address: "redacted@redacted.invalid"}
	if len(s.in) > 0 {
		from.Name = headerText(s.in[0])
	}
	head("MIME-Version", "1.0")
	if t, err := time.Parse(time.RFC3339Nano, s.end); err == nil {
		head("Date", t.UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	}
	head("From", from.String())
	head("Subject", mime.QEncoding.Encode("utf-8", headerText(strings.TrimSpace(b.stamp()+" "+s.conversation+" "+s.day))))
	head("Message-ID", "<"+events[0].ID+"@redacted.invalid>")
	head("X-RSMF-Version", rsmfVersion)
	head("X-RSMF-Generator", headerText(b.q.Program))
	head("X-RSMF-Application", mime.QEncoding.Encode("utf-8", headerText(platform)))
	head("X-RSMF-BeginDate", s.begin)
	head("X-RSMF-EndDate", s.end)
	head("X-RSMF-EventCount", strconv.Itoa(len(events)))
	head("X-RSMF-AttachmentCount", "0")
	head("X-RSMF-EventCollectionID", s.manifest.Collection)
	head("X-RSMF-Participants", folded(s.in))
	head("Content-Type", `multipart/mixed; boundary="`+rsmfBoundary+`"`)
	out.WriteString("\r\n--" + rsmfBoundary + "\r\nContent-Type: text/plain; charset=\"utf-8\"\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	lines(&out, []byte(b.transcript(s)))
	out.WriteString("--" + rsmfBoundary + "\r\nContent-Type: application/zip; name=\"rsmf.zip\"\r\nContent-Disposition: attachment; filename=\"rsmf.zip\"\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	lines(&out, packed.Bytes())
	out.WriteString("--" + rsmfBoundary + "--\r\n")
	_, err = out.WriteTo(w)
	return err
}

// transcript is the text of a slice, as a review platform extracts it.
func (b *builder) transcript(s *slice) string {
	var t strings.Builder
	if b.q.Draft {
		t.WriteString("DRAFT: not checked, not released\n\n")
	}
	names := map[string]string{}
	for _, p := range s.manifest.Participants {
		names[p.ID] = p.Display
	}
	t.WriteString(s.conversation + "\n\n")
	for _, e := range s.manifest.Events {
		fmt.Fprintf(&t, "%s  %s  %s\n%s\n\n", e.ID, when(e.Timestamp), names[e.Participant], e.Body)
	}
	return t.String()
}

// headerText is text in one line of a header; what is longer is cut, since it is all in
// the manifest.
func headerText(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "…"
	}
	return s
}

// folded is a list of names in a header, each on a line.
func folded(names []string) string {
	names = slices.Clone(names[:min(len(names), 200)])
	for i, n := range names {
		names[i] = strings.ReplaceAll(mime.QEncoding.Encode("utf-8", headerText(n)), "?= =?", "?=\r\n =?")
	}
	return strings.Join(names, ",\r\n ")
}

// lines writes base64 as RFC 2045 has it.
func lines(w *bytes.Buffer, b []byte) {
	text := base64.StdEncoding.EncodeToString(b)
	for len(text) > 0 {
		n := min(76, len(text))
		w.WriteString(text[:n] + "\r\n")
		text = text[n:]
	}
}
