package main

import (
	"os"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// page parses an HTML file as a browser does.
func page(ts *testscript.TestScript, name string) *html.Node {
	f, err := os.Open(ts.MkAbs(name))
	ts.Check(err)
	defer f.Close()
	root, err := html.Parse(f)
	ts.Check(err)
	return root
}

func walkDOM(n *html.Node, f func(*html.Node) bool) bool {
	if !f(n) {
		return false
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if !walkDOM(c, f) {
			return false
		}
	}
	return true
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// textOfNode is the text a reader sees, with single spaces.
func textOfNode(n *html.Node) string {
	var b strings.Builder
	walkDOM(n, func(n *html.Node) bool {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if n.Type == html.ElementNode && (n.DataAtom == atom.P || n.DataAtom == atom.Td || n.DataAtom == atom.Div || n.DataAtom == atom.Li || n.DataAtom == atom.Dd) {
			b.WriteByte(' ')
		}
		return true
	})
	return strings.Join(strings.Fields(b.String()), " ")
}

// section looks for a pattern in the text of the element with an id.
func section(ts *testscript.TestScript, neg bool, args []string) {
	var found *html.Node
	walkDOM(page(ts, args[0]), func(n *html.Node) bool {
		if attr(n, "id") == args[1] {
			found = n
		}
		return found == nil
	})
	if found == nil {
		ts.Fatalf("%s: no element with id %q", args[0], args[1])
	}
	if text := textOfNode(found); regexp.MustCompile(args[2]).MatchString(text) == neg {
		ts.Fatalf("%s, %s: %q: wanted %v; text is: %s", args[0], args[1], args[2], !neg, text)
	}
}

// hasMark looks for a text that is marked.
func hasMark(ts *testscript.TestScript, _ bool, args []string) {
	ok := false
	walkDOM(page(ts, args[0]), func(n *html.Node) bool {
		ok = ok || n.DataAtom == atom.Mark && textOfNode(n) == args[1]
		return !ok
	})
	if !ok {
		ts.Fatalf("%s: %q is not marked", args[0], args[1])
	}
}

// selfContained refuses scripts and whatever a browser would fetch.
func selfContained(ts *testscript.TestScript, _ bool, args []string) {
	walkDOM(page(ts, args[0]), func(n *html.Node) bool {
		switch {
		case n.Type != html.ElementNode:
		case n.DataAtom == atom.Script, n.DataAtom == atom.Iframe, n.DataAtom == atom.Link, n.DataAtom == atom.Object, n.DataAtom == atom.Form:
			ts.Fatalf("there is a <%s>", n.Data)
		case attr(n, "src") != "", attr(n, "srcset") != "":
			ts.Fatalf("<%s> fetches %q", n.Data, attr(n, "src"))
		case attr(n, "href") != "" && !strings.HasPrefix(attr(n, "href"), "#"):
			ts.Fatalf("<%s> leads to %q", n.Data, attr(n, "href"))
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") {
				ts.Fatalf("<%s> has %s", n.Data, a.Key)
			}
		}
		return true
	})
	b, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	for _, bad := range []string{"url(", "@import", "http://", "https://"} {
		if strings.Contains(string(b), bad) {
			ts.Fatalf("the file has %q", bad)
		}
	}
}

// links checks that every link inside the page has its target.
func links(ts *testscript.TestScript, _ bool, args []string) {
	ids, n := map[string]bool{}, 0
	root := page(ts, args[0])
	walkDOM(root, func(n *html.Node) bool {
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				ts.Fatalf("two elements have the id %q", id)
			}
			ids[id] = true
		}
		return true
	})
	walkDOM(root, func(e *html.Node) bool {
		if target, ok := strings.CutPrefix(attr(e, "href"), "#"); ok {
			if n++; !ids[target] {
				ts.Fatalf("nothing has the id %q", target)
			}
		}
		return true
	})
	if n == 0 {
		ts.Fatalf("no links")
	}
}
