package agree_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// browser is a headless Chromium, spoken to over pipes (DevTools protocol), with
// VERIFY.html open from a file.
type browser struct {
	t       *testing.T
	in      io.Writer
	mu      sync.Mutex
	next    int
	waiting map[int]chan answer
	session string
	dir     string
	errors  []string
}

type answer struct {
	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
}

// page is the file that is tested.
func page(t *testing.T) string {
	t.Helper()
	name, err := filepath.Abs("../../bundle/VERIFY.html")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(name); err != nil { // so that the test cache knows of it
		t.Fatal(err)
	}
	return name
}

// openBrowser starts Chromium; the test is skipped, loudly, where there is none.
func openBrowser(t *testing.T, url string) *browser {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			program = p
			break
		}
	}
	if program == "" {
		t.Skip("NOT TESTED: VERIFY.html in a browser: there is no chromium")
	}
	toR, toW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromR, fromW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, in: toW, waiting: map[int]chan answer{}, dir: t.TempDir()}
	cmd := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-pipe", "--user-data-dir="+filepath.Join(b.dir, "profile"), "about:blank")
	cmd.ExtraFiles = []*os.File{toR, fromW}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	toR.Close()
	fromW.Close()
	go b.read(fromR)
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		toW.Close()
		fromR.Close()
		for range 20 { // its children let go of the profile a moment later
			if os.RemoveAll(filepath.Join(b.dir, "profile")) == nil {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	var target struct{ TargetID string }
	b.call("Target.createTarget", obj{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", obj{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	b.call("Page.enable", obj{}, nil)
	b.call("Runtime.enable", obj{}, nil)
	b.call("Log.enable", obj{}, nil)
	b.call("DOM.enable", obj{}, nil)
	b.call("Page.navigate", obj{"url": url}, nil)
	b.eval(`new Promise(yes => { const look = () => document.readyState === "complete" && document.getElementById("result") ? yes(true) : setTimeout(look, 10); look(); })`, nil)
	return b
}

func (b *browser) read(r io.Reader) {
	in := bufio.NewReaderSize(r, 1<<20)
	for {
		line, err := in.ReadBytes(0)
		if err != nil {
			return
		}
		var a answer
		if json.Unmarshal(bytes.TrimSuffix(line, []byte{0}), &a) != nil {
			continue
		}
		b.mu.Lock()
		if c := b.waiting[a.ID]; a.ID > 0 && c != nil {
			delete(b.waiting, a.ID)
			c <- a
		} else if a.Method == "Runtime.exceptionThrown" || a.Method == "Log.entryAdded" {
			b.errors = append(b.errors, string(a.Params))
		}
		b.mu.Unlock()
	}
}

// call sends one command and waits for what comes of it.
func (b *browser) call(method string, params, into any) {
	b.t.Helper()
	b.mu.Lock()
	b.next++
	id, c := b.next, make(chan answer, 1)
	b.waiting[id] = c
	message := obj{"id": id, "method": method, "params": params}
	if b.session != "" {
		message["sessionId"] = b.session
	}
	text, err := json.Marshal(message)
	if err == nil {
		_, err = b.in.Write(append(text, 0))
	}
	b.mu.Unlock()
	if err != nil {
		b.t.Fatal(err)
	}
	select {
	case a := <-c:
		if a.Error != nil {
			b.t.Fatalf("%s: %s", method, a.Error.Message)
		}
		if into != nil {
			if err := json.Unmarshal(a.Result, into); err != nil {
				b.t.Fatal(err)
			}
		}
	case <-time.After(2 * time.Minute):
		b.t.Fatalf("%s: no answer", method)
	}
}

type evaluated struct {
	Result struct {
		Value    json.RawMessage
		ObjectID string
	}
	ExceptionDetails json.RawMessage
}

func (b *browser) eval(expression string, into any) {
	b.t.Helper()
	var r evaluated
	b.call("Runtime.evaluate", obj{"expression": expression, "awaitPromise": true, "returnByValue": true}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, r.ExceptionDetails)
	}
	if into != nil {
		if err := json.Unmarshal(r.Result.Value, into); err != nil {
			b.t.Fatal(err)
		}
	}
}

// give hands files to the page as a person does, and returns the result it comes to.
func (b *browser) give(input, outside, list, as string, paths ...string) json.RawMessage {
	b.t.Helper()
	quoted := func(s string) string { q, _ := json.Marshal(s); return string(q) }
	b.eval(fmt.Sprintf(`document.getElementById("result").textContent = "pending"; document.getElementById("outside").value = %s; document.getElementById("list").value = %s; document.getElementById("as").value = %s; document.getElementById(%s).value = ""; true`,
		quoted(outside), quoted(list), quoted(as), quoted(input)), nil)
	var e evaluated
	b.call("Runtime.evaluate", obj{"expression": `document.getElementById("` + input + `")`}, &e)
	b.call("DOM.setFileInputFiles", obj{"files": paths, "objectId": e.Result.ObjectID}, nil)
	text := "pending"
	for text == "pending" { // each call has its time; how long a file takes is the machine's
		b.eval(`new Promise(yes => { const end = Date.now() + 30000, look = () => { const s = document.getElementById("result").textContent; s === "pending" && Date.now() < end ? setTimeout(look, 2) : yes(s); }; look(); })`, &text)
	}
	return json.RawMessage(text)
}

func (b *browser) screenshot(name string, width, height int) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", obj{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
	var shot struct{ Data []byte }
	b.call("Page.captureScreenshot", obj{"captureBeyondViewport": true}, &shot)
	if err := os.WriteFile(name, shot.Data, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
