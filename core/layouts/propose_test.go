package layouts_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/core/layouts"
)

func described(path, layout string) layouts.Described {
	return layouts.Described{Exhibit: "EX-001", Path: path, Description: json.RawMessage(`{"proposal":{"agree":9,"lines":10,"ask":["direction: which"],"rows":[["a"]],"layout":` + layout + `}}`)}
}

func sprint(v ...any) string { return strings.TrimSpace(fmt.Sprintln(v...)) }

// What is laid out alike is one proposal; its globs claim nothing of anybody else's.
func TestPropose(t *testing.T) {
	const chat = `{"kind":"message","delimiter":"|","fields":2,"columns":["time","text"],"direction":{"0":"unknown"}%s}`
	one, two := fmt.Sprintf(chat, ""), fmt.Sprintf(chat, `,"charset":"gb18030","last_field_takes_rest":true`)
	other := `{"kind":"call","delimiter":";","fields":2,"columns":["time","from"]}`
	list := []layouts.Described{
		described("logs/chat_20100101.log", one), described("b.tar!logs/chat_20100102.log", two), described("logs/call-1[a].csv", other),
		{Exhibit: "EX-001", Path: "logs/chat_9.log", Parsed: false},
	}
	got, err := layouts.Propose(list, []string{"logs"})
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	l := got[0].Layout
	if sprint(l["for"], l["name"], l["charset"], l["last_field_takes_rest"], got[0].Agree, got[0].Lines, len(got[0].Files), len(got[0].Ask)) != "[**/logs/chat_*.log] logs-2 <nil> true 18 20 2 1" {
		t.Error(l, got[0])
	}
	if sprint(got[1].Layout["for"], got[1].Layout["name"]) != `[**/logs/call-*\[a\].csv] logs-3` {
		t.Error(got[1].Layout)
	}
	// A file that a plugin reads stands under a name of the same form.
	list[3].Parsed = true
	if got, err = layouts.Propose(list, nil); err != nil || fmt.Sprint(got[0].Layout["for"]) != "[b.tar/logs/chat_20100102.log logs/chat_20100101.log]" {
		t.Error(got, err)
	}
	if _, err := layouts.Propose([]layouts.Described{{Path: "x", Description: json.RawMessage("[")}}, nil); err == nil {
		t.Error("a description that is no object was taken")
	}
}
