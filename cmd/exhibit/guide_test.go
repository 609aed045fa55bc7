package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/internal/slow"
)

// block is a block of code of the guide.
type block struct {
	line       int
	walk       string
	kind, file string
	text       string
}

var walkMark = regexp.MustCompile(`^<!-- walk: ([a-z]+) -->$`)

// guideBlocks reads the guide's blocks of code, in their order.
func guideBlocks(t *testing.T, name string) (out []block) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	walk, open := "", false
	for i, line := range strings.Split(string(text), "\n") {
		if m := walkMark.FindStringSubmatch(line); m != nil {
			walk = m[1]
		}
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && !open:
			kind, file, _ := strings.Cut(info, " ")
			out, open = append(out, block{line: i + 1, walk: walk, kind: kind, file: file}), true
		case fence:
			open = false
		case open:
			out[len(out)-1].text += line + "\n"
		}
	}
	return out
}

// TestAuthorsGuide does all that docs/plugin-author.md says, in its order. A block
// of a language is a file, one of sh is run, and one of text is what the block before
// it prints, where … stands for anything.
func TestAuthorsGuide(t *testing.T) {
	slow.Test(t)
	if testing.Short() {
		t.Skip("short: builds a program")
	}
	blocks := guideBlocks(t, "../../docs/plugin-author.md")
	walks := map[string][]block{}
	for _, b := range blocks {
		if b.walk == "" || b.kind == "" {
			t.Fatalf("line %d: a block that is not run", b.line)
		}
		walks[b.walk] = append(walks[b.walk], b)
	}
	for _, walk := range []string{"go", "python", "reference"} {
		if len(walks[walk]) < 3 {
			t.Fatalf("walk %s: %d blocks", walk, len(walks[walk]))
		}
		t.Run(walk, func(t *testing.T) {
			if _, err := os.Stat("/usr/bin/python3"); err != nil && walk == "python" {
				t.Skip("NOT TESTED: no python3 here")
			}
			follow(t, walks[walk])
		})
	}
}

// follow runs one walk as one shell session.
func follow(t *testing.T, blocks []block) {
	dir := t.TempDir()
	var script strings.Builder
	script.WriteString("set -euo pipefail\n")
	out := func(i int) string { return filepath.Join(dir, fmt.Sprintf("out.%d", i)) }
	for i, b := range blocks {
		switch b.kind {
		case "sh":
			fmt.Fprintf(&script, "{\n%s} > %s 2>&1\n", b.text, out(i))
		case "text":
		default:
			if b.file == "" {
				t.Fatalf("line %d: a block of %s without a file", b.line, b.kind)
			}
			fmt.Fprintf(&script, "cat > %s <<'END OF BLOCK'\n%sEND OF BLOCK\n", b.file, b.text)
		}
	}
	cmd := exec.Command("bash", "-c", script.String())
	cmd.Dir = filepath.Join(dir, "work")
	if err := os.Mkdir(cmd.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "HOME="+filepath.Join(dir, "home"), "GOPATH="+goEnv(t, "GOPATH"), "GOCACHE="+goEnv(t, "GOCACHE"), "GOMODCACHE="+goEnv(t, "GOMODCACHE"), "GOPROXY=off", "EXHIBIT_PLUGINS=", "LC_ALL=C.UTF-8")
	said, err := cmd.CombinedOutput()
	for i, b := range blocks {
		got, rerr := os.ReadFile(out(i))
		if rerr != nil && b.kind == "sh" {
			t.Fatalf("line %d: not run: %v\n%s", b.line, err, said)
		}
		if b.kind != "sh" {
			continue
		}
		if _, nerr := os.Stat(out(i + 1)); err != nil && (i+1 == len(blocks) || nerr != nil && !ranLater(blocks, i, out)) {
			t.Fatalf("line %d: %v\n%s%s", b.line, err, got, said)
		}
		if i+1 < len(blocks) && blocks[i+1].kind == "text" && !pattern(blocks[i+1].text).Match(got) {
			t.Errorf("line %d prints\n%sand the guide says\n%s", b.line, got, blocks[i+1].text)
		}
	}
	if err != nil {
		t.Errorf("%v %s", err, said)
	}
}

// ranLater reports whether a block after i was run.
func ranLater(blocks []block, i int, out func(int) string) bool {
	for j := i + 1; j < len(blocks); j++ {
		if _, err := os.Stat(out(j)); err == nil {
			return true
		}
	}
	return false
}

// pattern is a text in which … stands for anything in a line, or for lines where it
// is one.
func pattern(text string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`^`)
	for line := range strings.Lines(text) {
		if line == "…\n" {
			b.WriteString(`(?:.*\n)*?`)
			continue
		}
		b.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*"))
	}
	b.WriteString(`$`)
	return regexp.MustCompile(b.String())
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	b, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSpace(b))
}
