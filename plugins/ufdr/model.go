package main

import (
	"strings"

	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/xmlread"
)

// model is an element model: fields with a value each (field), with several (multiField),
// and with other models (modelField, multiModelField).
type model struct {
	e    *xmlread.Element
	used map[string]bool // fields that have a place in the record
}

func modelOf(e *xmlread.Element) *model { return &model{e: e, used: map[string]bool{}} }

func (m *model) kind() string { return m.e.Attr("type").String() }

// child is the element of that sort and name, nil for none.
func (m *model) child(sort, name string) *xmlread.Element {
	for c := range m.e.Children(sort) {
		if c.Attr("name").String() == name {
			m.used[name] = true
			return c
		}
	}
	return nil
}

// text is a field's value: absent where the model has no such field, null where it is empty.
func (m *model) text(names ...string) sdk.Text {
	for _, name := range names {
		if c := m.child("field", name); c != nil {
			return valueOf(c)
		}
	}
	return sdk.Text{}
}

// valueOf is what a field's element value says.
func valueOf(field *xmlread.Element) sdk.Text {
	if v := field.Child("value"); v != nil {
		return v.Text()
	}
	return sdk.Null()
}

// one is the model in a modelField, nil for none.
func (m *model) one(name string) *model {
	if c := m.child("modelField", name); c != nil {
		if e := c.Child("model"); e != nil {
			return modelOf(e)
		}
	}
	return nil
}

// all are the models in a multiModelField.
func (m *model) all(name string) (list []*model) {
	if c := m.child("multiModelField", name); c != nil {
		for e := range c.Children("model") {
			list = append(list, modelOf(e))
		}
	}
	return list
}

// rest is everything that was not asked for.
func (m *model) rest() map[string]any {
	out := map[string]any{}
	for name, v := range m.e.Attrs() {
		if name != "type" && name != "deleted_state" {
			out["model_"+name] = v
		}
	}
	for c := range m.e.Children("") {
		name := c.Attr("name").String()
		if name == "" || m.used[name] {
			continue
		}
		if v := contentOf(c); v != nil {
			out[name] = v
		}
	}
	return out
}

// contentOf is what a field of any sort holds, nil for nothing.
func contentOf(c *xmlread.Element) any {
	switch c.Name {
	case "field":
		if v := valueOf(c); !v.IsNull() && v.String() != "" {
			return v
		}
	case "multiField":
		var list []sdk.Text
		for v := range c.Children("value") {
			list = append(list, v.Text())
		}
		if list != nil {
			return list
		}
	case "modelField":
		if e := c.Child("model"); e != nil {
			return nested(e)
		}
	case "multiModelField":
		var list []any
		for e := range c.Children("model") {
			list = append(list, nested(e))
		}
		if list != nil {
			return list
		}
	}
	return nil
}

func nested(e *xmlread.Element) any {
	m := modelOf(e)
	out := m.rest()
	out["model_type"] = e.Attr("type")
	return out
}

// common is what every record has: its state as Cellebrite states it, charset, place.
func (r *reader) common(m *model) sdk.Common {
	c := m.e.Common()
	switch m.e.Attr("deleted_state").String() {
	case "Intact":
		c.State = sdk.Live
	case "Deleted":
		c.State = sdk.Deleted
	case "":
	default: // Trash, Unknown
		c.State = sdk.Unknown
	}
	return c
}

// party is somebody who takes part.
type party struct {
	id    sdk.Text
	role  string
	owner bool
}

func partyOf(m *model) party {
	p := party{id: m.text("Identifier"), role: m.text("Role").String(), owner: strings.EqualFold(m.text("IsPhoneOwner").String(), "true")}
	if p.id.IsNull() || p.id.String() == "" {
		p.id = m.text("Name")
	}
	return p
}
