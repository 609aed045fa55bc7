package xmlread

import "strings"

// readName reads a name into s.name. What ends it is left.
func (s *scanner) readName() bool {
	for n := 0; ; n++ {
		if n > maxName {
			return false
		}
		if !s.has(n+1) || ends(s.buf[s.at+n]) {
			if n == 0 || !s.has(1) || !begins(s.buf[s.at]) {
				return false
			}
			s.name = s.intern(s.buf[s.at : s.at+n])
			s.at += n
			return true
		}
	}
}

// maxNames bounds what intern keeps.
const maxNames = 1000

// intern makes a string of a name, the same one each time.
func (s *scanner) intern(b []byte) string {
	if name, ok := s.names[string(b)]; ok {
		return name
	}
	name := string(b)
	if s.names == nil || len(s.names) == maxNames {
		s.names = make(map[string]string)
	}
	s.names[name] = name
	return name
}

// ends reports whether a byte ends a name.
func ends(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', '=', '/', '>', '<', '"', '\'', '&', 0:
		return true
	}
	return false
}

// begins reports whether a name may begin with a byte: letters, and all beyond ASCII.
func begins(c byte) bool {
	return c == '_' || c == ':' || c >= 0x80 || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// scope holds the namespaces that are declared.
type scope struct {
	list []binding
}

type binding struct {
	depth       int
	prefix, uri string
}

const maxBindings = 1000

// add declares what the attributes of an element at that depth do.
func (s *scope) add(depth int, attrs []attr) {
	for _, a := range attrs {
		prefix, ok := strings.CutPrefix(a.name, "xmlns")
		if !ok || prefix != "" && prefix[0] != ':' || len(s.list) >= maxBindings {
			continue
		}
		s.list = append(s.list, binding{depth, strings.TrimPrefix(prefix, ":"), a.value})
	}
}

// drop forgets what was declared deeper than depth.
func (s *scope) drop(depth int) {
	for len(s.list) > 0 && s.list[len(s.list)-1].depth > depth {
		s.list = s.list[:len(s.list)-1]
	}
}

// resolve returns the namespace and the local name of a name as written.
func (s *scope) resolve(name string) (space, local string) {
	prefix, local, ok := strings.Cut(name, ":")
	if !ok {
		prefix, local = "", name
	}
	for i := len(s.list) - 1; i >= 0; i-- {
		if s.list[i].prefix == prefix {
			return s.list[i].uri, local
		}
	}
	return "", local
}
