package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/jsonread"
)

// probe recognises messages.json of Skype's export by the members it begins with.
func probe(s sdk.Sample) sdk.Match {
	head := bytes.TrimLeft(bytes.TrimPrefix(s.Head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if bytes.HasPrefix(head, []byte("{")) && bytes.Contains(head, []byte(`"conversations"`)) && (bytes.Contains(head, []byte(`"MessageList"`)) || bytes.Contains(head, []byte(`"userId"`)) && bytes.Contains(head, []byte(`"exportDate"`))) {
		return sdk.Match{Confidence: 90, Reason: "a JSON object with the members of Skype's export"}
	}
	return sdk.Match{Reason: "no JSON object with the members of Skype's export"}
}

// clocks are the forms of originalarrivaltime.
type clocks []sdk.TimeFormat

func newClocks() (clocks, error) {
	var list clocks
	for _, f := range []string{"%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z"} {
		t, err := sdk.ParseTimeFormat(f, sdk.Zone{}, sdk.Sent, sdk.Declared)
		if err != nil {
			return nil, fmt.Errorf("skype: %w", err)
		}
		list = append(list, t)
	}
	return list, nil
}

func (c clocks) read(raw sdk.Text) (t sdk.Time) {
	if raw.IsNull() {
		return sdk.NullTime(sdk.Sent)
	}
	for i := range c {
		if t = c[i].Parse(raw); !t.IsNull() {
			return t
		}
	}
	return t
}

// export reads messages.json: conversations, each with a list of messages.
func export(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	formats, err := newClocks()
	if err != nil {
		return err
	}
	account := sdk.Null()
	for e := range jsonread.Elements(c, in, "/userId") {
		account = e.Text()
		break // it stands at the beginning
	}
	if err := in.Err(); err != nil {
		return err
	}
	for e := range jsonread.Elements(c, in, "/conversations/*/MessageList/*") {
		m := sdk.Message{
			Common:  e.Common(),
			Service: sdk.Str(service), Account: account, Conversation: e.Text("conversationid"), From: e.Text("from"), To: []sdk.Text{},
			Direction: sdk.Unknown, Text: e.Text("content"), Attachments: []sdk.Attachment{},
		}
		m.Time = formats.read(e.Text("originalarrivaltime"))
		m.Extra = e.Extra("conversationid", "from", "content", "originalarrivaltime")
		if m.Text.IsNull() {
			m.Flags = append(m.Flags, flagNoBody)
		} else if kind := e.Text("messagetype").String(); kind != "Text" {
			m.Status = sdk.Str(kind)
			keep(&m, m.Text, "content")
		}
		if !e.Text("properties", "deletetime").IsNull() {
			m.State = sdk.Deleted
		}
		switch from := bare(m.From); {
		case account.IsNull() || from == "" || from == bare(m.Conversation) && !strings.HasPrefix(m.Conversation.String(), "8:"):
			// nobody's, or what a group says of itself
		case from == bare(account):
			m.Direction = sdk.Outgoing
			if id := m.Conversation.String(); strings.HasPrefix(id, "8:") {
				m.To = append(m.To, m.Conversation) // a conversation of two is named after the other
			}
		default:
			m.Direction = sdk.Incoming
			m.To = append(m.To, account)
		}
		if err := out.Put(&m, e.Source()); err != nil {
			return err
		}
	}
	return in.Err()
}

// bare is an account without the number of its network (8 is Skype's).
func bare(t sdk.Text) string { return strings.ToLower(strings.TrimPrefix(t.String(), "8:")) }
