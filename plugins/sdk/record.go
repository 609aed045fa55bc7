package sdk

import "github.com/exhibit-forensics/exhibit/evidence"

// Record is one of the types below, by pointer, so that a loop may reuse one.
// Fields and their meaning: docs/formats/records.md. A zero Text, Number or nil
// list is left out; see Text for null.
type Record interface {
	// Kind is the record's kind as written.
	Kind() string
	encode(e *encoder, src *Source)
}

// Words that several kinds use.
const (
	Incoming = "incoming"
	Outgoing = "outgoing"
	Unknown  = "unknown"

	Live      = "live"
	Deleted   = "deleted"
	Recovered = "recovered"

	Declared = "declared"
	Detected = "detected"
	Assumed  = "assumed"

	Censor  = "censor"
	Surveil = "surveil"
)

// Common holds what every record may have.
type Common struct {
	// Time is the record's own time, Times all of them where there are several.
	Time  Time
	Times []Time
	// State is Live, Deleted, Recovered or Unknown; "" is absent.
	State string
	// Flags are words of ours, in the order given; those of Time follow.
	Flags []string
	// Charset is the IANA name in lower case, CharsetBasis Declared, Detected or Assumed.
	Charset, CharsetBasis string
	// Extra holds every source field that has no place in the type. Values: nil,
	// bool, integers, string, Text, Number, []byte for bytes that are no text,
	// lists and maps of these; floats are written as text.
	Extra map[string]any
}

func (c *Common) charset(e *encoder) {
	e.plain("charset", c.Charset)
	e.plain("charset_basis", c.CharsetBasis)
}

func (c *Common) extra(e *encoder) {
	if len(c.Extra) > 0 {
		e.key("extra")
		e.mapping(c.Extra, 1)
	}
}

func (c *Common) flags(e *encoder) {
	if len(c.Flags) == 0 && c.Time.flags == 0 {
		return
	}
	e.key("flags")
	e.b = append(e.b, '[')
	for i, f := range c.Flags {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		e.shown(f)
	}
	c.Time.appendFlags(e, len(c.Flags) > 0)
	e.b = append(e.b, ']')
}

func (c *Common) times(e *encoder) {
	c.Time.encode(e)
	if c.Times == nil {
		return
	}
	e.key("times")
	e.b = append(e.b, '[')
	for i := range c.Times {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		c.Times[i].encodeEntry(e)
	}
	e.b = append(e.b, ']')
}

// Message is a message of any service; kind message.
type Message struct {
	Common
	Service, Account, Conversation Text
	From                           Text
	To                             []Text
	// Direction is Incoming, Outgoing or Unknown, relative to Account.
	Direction    string
	Text         Text
	Status       Text
	IP           Text
	MatchedTerm  Text
	Participants []Text
	Attachments  []Attachment
}

// SMS is a text message of a telephone; kind sms. Its fields are Message's.
type SMS Message

// Attachment is a file that went with a message.
type Attachment struct {
	Name, MediaType Text
	Size            Number
	// SHA256 is zero where unknown.
	SHA256 evidence.Digest
	// Missing: the message names it, the input does not hold it.
	Missing bool
}

// Kind returns "message".
func (*Message) Kind() string { return "message" }

// Kind returns "sms".
func (*SMS) Kind() string { return "sms" }

func (m *Message) encode(e *encoder, src *Source) { m.encodeAs(e, src, "message") }
func (m *SMS) encode(e *encoder, src *Source)     { (*Message)(m).encodeAs(e, src, "sms") }

func (m *Message) encodeAs(e *encoder, src *Source, kind string) {
	e.text("account", m.Account)
	encodeAttachments(e, m.Attachments)
	m.charset(e)
	e.text("conversation", m.Conversation)
	e.plain("direction", m.Direction)
	m.extra(e)
	m.flags(e)
	e.text("from", m.From)
	e.text("ip", m.IP)
	e.word("kind", kind)
	e.text("matched_term", m.MatchedTerm)
	e.texts("participants", m.Participants)
	e.text("service", m.Service)
	src.encode(e)
	e.plain("state", m.State)
	e.text("status", m.Status)
	e.text("text", m.Text)
	m.times(e)
	e.texts("to", m.To)
}

func encodeAttachments(e *encoder, list []Attachment) {
	if list == nil {
		return
	}
	e.key("attachments")
	e.b = append(e.b, '[')
	for i := range list {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		a := &list[i]
		at := e.open()
		e.text("media_type", a.MediaType)
		if a.Missing {
			e.key("missing")
			e.b = append(e.b, "true"...)
		}
		e.text("name", a.Name)
		if !a.SHA256.IsZero() {
			e.word("sha256", a.SHA256.String())
		}
		e.number("size", a.Size)
		e.close(at)
	}
	e.b = append(e.b, ']')
}

// Call is a call; kind call.
type Call struct {
	Common
	Service, Account Text
	From             Text
	To               []Text
	// Direction is relative to Account.
	Direction string
	// Duration is in seconds.
	Duration    Number
	Status      Text
	IP          Text
	DisplayName Text
}

// Kind returns "call".
func (*Call) Kind() string { return "call" }

func (c *Call) encode(e *encoder, src *Source) {
	e.text("account", c.Account)
	c.charset(e)
	e.plain("direction", c.Direction)
	e.text("display_name", c.DisplayName)
	e.number("duration_s", c.Duration)
	c.extra(e)
	c.flags(e)
	e.text("from", c.From)
	e.text("ip", c.IP)
	e.word("kind", "call")
	e.text("service", c.Service)
	src.encode(e)
	e.plain("state", c.State)
	e.text("status", c.Status)
	c.times(e)
	e.texts("to", c.To)
}
