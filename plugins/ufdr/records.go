package main

import (
	"strconv"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/xmlread"
)

// reader reads one report.xml.
type reader struct {
	c   *sdk.Ctx
	out *sdk.Out
	// times read values with digits of a second and without, and with no zone.
	times []sdk.TimeFormat
	found int64
}

// namespace is that of the format's root.
const namespace = "http://pa.cellebrite.com/report/2.0"

func report(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	d, err := xmlread.Open(c, in)
	if err != nil {
		return err
	}
	root := d.Root()
	if root.Name != "project" {
		return sdk.ErrMalformed
	}
	if root.Space != namespace {
		c.Warn(root.Source(), "ufdr.namespace", "the report is of another namespace than the one that is known; its elements are read by their names")
	}
	stated, counts := root.Int("ModelCount")
	r := &reader{c: c, out: out}
	for _, format := range []string{"%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S"} {
		zone := sdk.Zone{}
		if !strings.Contains(format, "%z") {
			if zone, err = sdk.ParseZone("UTC", "assumed"); err != nil {
				return err
			}
		}
		f, err := sdk.ParseTimeFormat(format, zone, "", sdk.Declared)
		if err != nil {
			return err
		}
		r.times = append(r.times, f)
	}
	for e := range d.Elements("model") {
		r.found++
		if err := r.model(e); err != nil {
			return err
		}
	}
	if in.Err() != nil {
		return in.Err()
	}
	if counts && stated != r.found {
		c.Diagnose(sdk.Diagnostic{
			Code: "ufdr.count_differs", Severity: evidence.SeverityWarning, Source: root.Source(), Data: map[string]any{"stated": stated, "found": r.found},
			Message: "the report states another number of models than it holds (models inside of others are not counted here)",
		})
	}
	return nil
}

// model makes the records of one model that is in no other.
func (r *reader) model(e *xmlread.Element) error {
	m := modelOf(e)
	switch m.kind() {
	case "SMS", "MMS":
		return r.sms(m)
	case "InstantMessage":
		return r.message(m, nil)
	case "Email":
		return r.email(m)
	case "Chat":
		return r.chat(m)
	case "Call":
		return r.call(m)
	case "Contact":
		return r.contact(m)
	case "UserAccount", "User":
		return r.account(m)
	}
	row := sdk.Row{Common: r.common(m), Table: e.Attr("type")}
	for _, name := range []string{"TimeStamp", "StartTime", "LastVisited", "Date"} {
		if row.Time = r.when(m, name, sdk.Logged); !row.Time.IsNull() {
			break
		}
	}
	for name, v := range m.rest() {
		row.Columns = append(row.Columns, sdk.Column{Name: name, Value: v})
	}
	return r.out.Put(&row, e.Source())
}

// when reads a time field; what cannot be read is kept and flagged.
func (r *reader) when(m *model, name, kind string) sdk.Time {
	v := m.text(name)
	if v.IsNull() || v.String() == "" {
		return sdk.NullTime(kind)
	}
	var t sdk.Time
	for _, f := range r.times {
		f.Kind = kind
		if t = f.Parse(v); !t.IsNull() {
			return t
		}
	}
	return t
}

// sides sorts parties into who wrote and who was written to.
func sides(list []*model) (from sdk.Text, to, all []sdk.Text, account sdk.Text, direction string) {
	direction = sdk.Unknown
	var ownerFrom, ownerTo bool
	for _, m := range list {
		p := partyOf(m)
		all = append(all, p.id)
		if p.owner {
			account = p.id
		}
		switch p.role {
		case "From":
			from, ownerFrom = p.id, ownerFrom || p.owner
		case "To", "CC", "BCC":
			to, ownerTo = append(to, p.id), ownerTo || p.owner
		}
	}
	switch {
	case ownerFrom:
		direction = sdk.Outgoing
	case ownerTo:
		direction = sdk.Incoming
	case !from.IsNull() && len(to) == 0: // a telephone's own messages name the other side only
		direction = sdk.Incoming
	case from.IsNull() && len(to) > 0:
		direction = sdk.Outgoing
	}
	return from, to, all, account, direction
}

func (r *reader) sms(m *model) error {
	s := sdk.SMS{Common: r.common(m), Service: m.text("Source"), Text: m.text("Body"), Status: m.text("Status")}
	s.Time = r.when(m, "TimeStamp", sdk.Sent)
	s.From, s.To, s.Participants, s.Account, s.Direction = sides(m.all("Parties"))
	switch m.text("Folder").String() {
	case "Inbox":
		s.Direction = sdk.Incoming
	case "Sent", "Outbox":
		s.Direction = sdk.Outgoing
	}
	s.Attachments = attachments(m)
	s.Extra = m.rest()
	return r.out.Put(&s, m.e.Source())
}

// message makes a record of an instant message; of one in a chat with what the chat says.
func (r *reader) message(m, chat *model) error {
	x := sdk.Message{Common: r.common(m), Service: m.text("Source", "SourceApplication"), Text: m.text("Body"), Status: m.text("Status")}
	x.Time = r.when(m, "TimeStamp", sdk.Sent)
	parties := m.all("To")
	for i := range parties {
		parties[i].used["Role"] = true
	}
	from, to, all, account, direction := sides(parties)
	_ = from
	x.To, x.Participants = to, all
	if len(to) == 0 {
		x.To = all
	}
	x.Account, x.Direction = account, sdk.Unknown
	if !account.IsNull() || direction == sdk.Incoming {
		x.Direction = sdk.Incoming
	}
	if f := m.one("From"); f != nil {
		p := partyOf(f)
		x.From = p.id
		x.Participants = append([]sdk.Text{p.id}, x.Participants...)
		if p.owner {
			x.Account, x.Direction = p.id, sdk.Outgoing
		}
	}
	if account.IsNull() && x.Direction != sdk.Outgoing {
		x.Direction = sdk.Unknown
	}
	x.Attachments = attachments(m)
	x.Extra = m.rest()
	if chat != nil {
		x.Conversation = chat.text("Id", "Name")
		if x.Service.IsNull() || x.Service.String() == "" {
			x.Service = chat.text("Source")
		}
		var everybody []sdk.Text
		for _, p := range chat.all("Participants") {
			q := partyOf(p)
			everybody = append(everybody, q.id)
			if q.owner && x.Account.IsNull() {
				x.Account = q.id
				switch {
				case x.From.IsNull():
				case q.id.String() == x.From.String():
					x.Direction = sdk.Outgoing
				default:
					x.Direction = sdk.Incoming
				}
			}
		}
		if len(everybody) > 0 {
			x.Participants = everybody
		}
	}
	return r.out.Put(&x, m.e.Source())
}

// chat makes a record of each message in it; of one without messages a row.
func (r *reader) chat(m *model) error {
	messages := m.all("Messages")
	for _, x := range messages {
		if err := r.message(x, m); err != nil {
			return err
		}
	}
	if len(messages) > 0 {
		return nil
	}
	row := sdk.Row{Common: r.common(m), Table: m.e.Attr("type")}
	row.Time = r.when(m, "StartTime", sdk.Started)
	m.used = map[string]bool{"Messages": true}
	for name, v := range m.rest() {
		row.Columns = append(row.Columns, sdk.Column{Name: name, Value: v})
	}
	return r.out.Put(&row, m.e.Source())
}

func (r *reader) email(m *model) error {
	x := sdk.Message{Common: r.common(m), Service: m.text("Source"), Text: m.text("Body"), Status: m.text("Status"), Account: m.text("Account"), Direction: sdk.Unknown}
	x.Time = r.when(m, "TimeStamp", sdk.Sent)
	if f := m.one("From"); f != nil {
		x.From = partyOf(f).id
	}
	for _, name := range []string{"To", "Cc", "Bcc"} {
		for _, p := range m.all(name) {
			x.To = append(x.To, partyOf(p).id)
		}
	}
	switch m.text("Folder").String() {
	case "Inbox":
		x.Direction = sdk.Incoming
	case "Sent":
		x.Direction = sdk.Outgoing
	}
	x.Attachments = attachments(m)
	x.Extra = m.rest()
	return r.out.Put(&x, m.e.Source())
}

func (r *reader) call(m *model) error {
	x := sdk.Call{Common: r.common(m), Service: m.text("Source"), Status: m.text("Status")}
	x.Time = r.when(m, "TimeStamp", sdk.Started)
	x.From, x.To, _, x.Account, x.Direction = sides(m.all("Parties"))
	for _, name := range []string{"Direction", "Type"} {
		switch m.text(name).String() {
		case "Incoming", "Missed", "Rejected":
			x.Direction = sdk.Incoming
		case "Outgoing":
			x.Direction = sdk.Outgoing
		default:
			continue
		}
		break
	}
	stated := m.text("Duration").String()
	if n, ok := seconds(stated); ok {
		x.Duration = sdk.Num(n)
	}
	x.Extra = m.rest()
	for _, name := range []string{"Type", "Duration"} { // more than the record's own words say
		if v := m.text(name); !v.IsNull() && v.String() != "" {
			x.Extra[name] = v
		}
	}
	return r.out.Put(&x, m.e.Source())
}

// seconds reads a TimeSpan, [d.]hh:mm:ss[.fffffff], down to whole seconds.
func seconds(s string) (int64, bool) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return 0, false
	}
	days, hours := "0", parts[0]
	if d, h, ok := strings.Cut(parts[0], "."); ok {
		days, hours = d, h
	}
	whole, _, _ := strings.Cut(parts[2], ".")
	n := int64(0)
	for i, p := range []string{days, hours, parts[1], whole} {
		v, err := strconv.ParseInt(p, 10, 32)
		if err != nil || v < 0 {
			return 0, false
		}
		n = n*[]int64{1, 24, 60, 60}[i] + v
	}
	return n, true
}

// attachments are the files that went with a message; their bytes are in the archive.
func attachments(m *model) (list []sdk.Attachment) {
	models := m.all("Attachments")
	if one := m.one("Attachment"); one != nil {
		models = append(models, one)
	}
	for _, a := range models {
		list = append(list, sdk.Attachment{Name: a.text("Filename", "Name"), MediaType: a.text("ContentType")})
	}
	return list
}
