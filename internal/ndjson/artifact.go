package ndjson

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// The frames of docs/formats/wire.md.
const (
	frameBegin = 'B'
	frameData  = 'D'
	frameEnd   = 'E'
)

func (t *translator) frame(kind byte, payload []byte) error {
	o := &t.artifacts
	o.b = append(o.b, kind)
	o.b = binary.BigEndian.AppendUint32(o.b, uint32(len(payload)))
	o.b = append(o.b, payload...)
	return o.settle()
}

func (t *translator) begin() error {
	if t.open {
		return problem("begins an artifact before the end of the last")
	}
	var a struct {
		Name  json.RawMessage `json:"name"`
		Steps json.RawMessage `json:"steps"`
		Meta  json.RawMessage `json:"meta"`
		Text  bool            `json:"text"`
	}
	if err := strict(t.enc.out, &a); err != nil {
		return err
	}
	payload := map[string]any{}
	if len(a.Name) > 0 && string(a.Name) != "null" {
		name, err := nameOf(a.Name)
		if err != nil {
			return err
		}
		payload["name"] = name
	}
	if len(a.Steps) > 0 {
		payload["steps"] = a.Steps
	}
	if len(a.Meta) > 0 {
		payload["meta"] = a.Meta
	}
	if a.Text {
		payload["text"] = true
	}
	b, err := evidence.Canonical(payload)
	if err != nil {
		return errSyntax
	}
	t.open = true
	return t.frame(frameBegin, b)
}

// nameOf reads a member's name: text, or {"raw", "text"} as the encoder writes
// bytes that are no text.
func nameOf(b json.RawMessage) (evidence.Name, error) {
	var text string
	if json.Unmarshal(b, &text) == nil {
		return evidence.NewName(text), nil
	}
	var both struct {
		Raw  []byte `json:"raw"`
		Text string `json:"text"`
	}
	if strict(b, &both) != nil || len(both.Raw) == 0 {
		return evidence.Name{}, problem("has an artifact with a name that is no text")
	}
	return evidence.NewName(string(both.Raw)), nil
}

func (t *translator) data() error {
	if !t.open {
		return problem("has data without an artifact")
	}
	e := &t.enc
	body := e.out[1 : len(e.out)-1]
	b, err := base64.StdEncoding.AppendDecode(e.text[:0], body)
	e.text = b
	if err != nil {
		return problem("has data that is no base64")
	}
	return t.frame(frameData, b)
}

func (t *translator) end() error {
	if !t.open {
		return problem("ends an artifact that was not begun")
	}
	var a struct {
		Complete bool   `json:"complete"`
		Reason   string `json:"reason"`
	}
	if err := strict(t.enc.out, &a); err != nil {
		return err
	}
	return t.close(a.Complete, a.Reason)
}

func (t *translator) close(complete bool, reason string) error {
	b, err := evidence.Canonical(map[string]any{"complete": complete, "reason": reason})
	if err != nil {
		return errSyntax
	}
	t.open = false
	t.artifacts.count++
	return t.frame(frameEnd, b)
}
