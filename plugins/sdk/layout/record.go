package layout

import "github.com/exhibit-forensics/exhibit/plugins/sdk"

// record holds one record of each shape, reused from line to line. The parts that
// every line has are set once.
type record struct {
	message sdk.Message
	call    sdk.Call
	account sdk.Account
	contact sdk.Contact
	keyword sdk.Keyword
	row     sdk.Row

	extra        bool
	parties      [2]sdk.Text // room for the lists
	phone, email [1]sdk.Text
	ip, user     [1]sdk.Text
	names        [1]sdk.Text
}

func newRecord(l *Layout, fields []field) record {
	var r record
	r.message.Service = textOr(l.Service)
	r.call.Service = textOr(l.Service)
	r.account.Service = textOr(l.Service)
	r.keyword.Effect = sdk.Unknown
	for _, f := range fields {
		r.extra = r.extra || f.column == colExtra && l.Kind != "row"
	}
	return r
}

func textOr(s string) sdk.Text {
	if s == "" {
		return sdk.Text{}
	}
	return sdk.Str(s)
}

// Record returns the record of the line that Check last accepted. It points into
// the line and is good until the next Check.
func (p *Parser) Record() sdk.Record {
	switch p.kind {
	case "message":
		p.fillMessage()
		return &p.record.message
	case "sms":
		p.fillMessage()
		return (*sdk.SMS)(&p.record.message)
	case "call":
		p.fillCall()
		return &p.record.call
	case "account":
		p.fillAccount()
		return &p.record.account
	case "contact":
		p.fillContact()
		return &p.record.contact
	case "keyword":
		p.fillKeyword()
		return &p.record.keyword
	default:
		p.fillRow()
		return &p.record.row
	}
}

// Common returns the common part of what Record returned, to state charset and flags.
func (p *Parser) Common() *sdk.Common {
	switch p.kind {
	case "message", "sms":
		return &p.record.message.Common
	case "call":
		return &p.record.call.Common
	case "account":
		return &p.record.account.Common
	case "contact":
		return &p.record.contact.Common
	case "keyword":
		return &p.record.keyword.Common
	default:
		return &p.record.row.Common
	}
}

// extras returns the fields that have no place in the record, in a map that is
// its own: nil where the layout has none.
func (p *Parser) extras() map[string]any {
	if !p.record.extra {
		return nil
	}
	m := make(map[string]any)
	for i, f := range p.fields {
		if f.column == colExtra {
			m[f.name] = sdk.BytesOrNull(p.values[i])
		}
	}
	return m
}

func (p *Parser) common() sdk.Common {
	return sdk.Common{Time: p.time, Extra: p.extras(), Flags: p.flags}
}

func (p *Parser) fillMessage() {
	m := &p.record.message
	m.Common = p.common()
	m.Direction = p.dir
	var peer sdk.Text
	for i, f := range p.fields {
		v := sdk.BytesOrNull(p.values[i])
		switch f.column {
		case colAccount:
			m.Account = v
		case colPeer:
			peer = v
		case colFrom:
			m.From = v
		case colTo:
			m.To = p.list(v)
		case colText:
			m.Text = v
		case colStatus:
			m.Status = v
		case colIP:
			m.IP = v
		case colMatchedTerm:
			m.MatchedTerm = v
		case colConversation:
			m.Conversation = v
		}
	}
	if !peer.IsAbsent() {
		m.From, m.To, m.Participants = p.partiesOf(m.Account, peer)
	}
	if m.Direction == "" {
		m.Direction = sdk.Unknown
	}
}

func (p *Parser) fillCall() {
	c := &p.record.call
	c.Common = p.common()
	c.Direction, c.Duration = p.dir, p.duration
	var peer sdk.Text
	for i, f := range p.fields {
		v := sdk.BytesOrNull(p.values[i])
		switch f.column {
		case colAccount:
			c.Account = v
		case colPeer:
			peer = v
		case colFrom:
			c.From = v
		case colTo:
			c.To = p.list(v)
		case colStatus:
			c.Status = v
		case colIP:
			c.IP = v
		case colDisplayName:
			c.DisplayName = v
		}
	}
	if !peer.IsAbsent() {
		var both []sdk.Text
		if c.From, c.To, both = p.partiesOf(c.Account, peer); both != nil && !peer.IsNull() {
			// A call has no participants; the other side must not be lost.
			c.Extra = with(c.Extra, "peer", peer)
		}
	}
	if c.Direction == "" {
		c.Direction = sdk.Unknown
	}
}

func with(m map[string]any, name string, v sdk.Text) map[string]any {
	if m == nil {
		m = make(map[string]any, 1)
	}
	m[name] = v
	return m
}

// partiesOf says who sent to whom. Where the direction is not known, neither is
// stated and both are participants.
func (p *Parser) partiesOf(account, peer sdk.Text) (from sdk.Text, to, participants []sdk.Text) {
	switch p.dir {
	case sdk.Outgoing:
		return account, p.list(peer), nil
	case sdk.Incoming:
		return peer, p.list(account), nil
	}
	participants = p.record.parties[:0]
	for _, who := range [2]sdk.Text{account, peer} {
		if !who.IsNull() {
			participants = append(participants, who)
		}
	}
	return sdk.Null(), []sdk.Text{}, participants
}

// list returns v as a list: empty where v is.
func (p *Parser) list(v sdk.Text) []sdk.Text { return one(&p.record.names, v) }

func one(room *[1]sdk.Text, v sdk.Text) []sdk.Text {
	if v.IsNull() {
		return room[:0]
	}
	room[0] = v
	return room[:]
}

func (p *Parser) fillAccount() {
	a := &p.record.account
	a.Common = p.common()
	for i, f := range p.fields {
		v := sdk.BytesOrNull(p.values[i])
		switch f.column {
		case colUsername:
			a.Username = v
		case colDisplayName:
			a.DisplayName = v
		case colPhone:
			a.Phones = one(&p.record.phone, v)
		case colEmail:
			a.Emails = one(&p.record.email, v)
		case colIP:
			a.IPs = one(&p.record.ip, v)
		case colNationalID:
			a.NationalID = v
		case colTime:
			if p.time.Kind == sdk.Created {
				a.Created = p.time
			}
		}
	}
}

func (p *Parser) fillContact() {
	c := &p.record.contact
	c.Common = p.common()
	for i, f := range p.fields {
		v := sdk.BytesOrNull(p.values[i])
		switch f.column {
		case colOwner:
			c.Owner = v
		case colName:
			c.Names = one(&p.record.names, v)
		case colPhone:
			c.Phones = one(&p.record.phone, v)
		case colEmail:
			c.Emails = one(&p.record.email, v)
		case colUsername:
			c.Usernames = one(&p.record.user, v)
		case colOrganisation:
			c.Organisation = v
		}
	}
}

func (p *Parser) fillKeyword() {
	k := &p.record.keyword
	k.Common = p.common()
	for i, f := range p.fields {
		v := sdk.BytesOrNull(p.values[i])
		switch f.column {
		case colTerm:
			k.Term = v
		case colList:
			k.List = v
		case colCategory:
			k.Category = v
		case colTheme:
			k.Theme = v
		}
	}
}

func (p *Parser) fillRow() {
	r := &p.record.row
	r.Common = p.common()
	r.Columns = r.Columns[:0]
	for i, f := range p.fields {
		r.Columns = append(r.Columns, sdk.Column{Name: f.name, Value: sdk.BytesOrNull(p.values[i])})
	}
}
