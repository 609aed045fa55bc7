package main

import (
	"bytes"
	"strconv"
	"strings"
)

// pax is what a pax extended header says (POSIX.1-2017 pax, "pax Extended
// Header"), in its order.
type pax []struct{ key, value string }

// parsePax reads records "length key=value\n". ok is false where one is malformed;
// what came before it holds.
func parsePax(b []byte) (p pax, ok bool) {
	for len(b) > 0 {
		space := bytes.IndexByte(b, ' ')
		if space < 1 || space > 19 {
			return p, len(bytes.Trim(b, "\x00")) == 0
		}
		n, err := strconv.Atoi(string(b[:space]))
		if err != nil || n <= space+1 || n > len(b) || b[n-1] != '\n' {
			return p, false
		}
		key, value, found := strings.Cut(string(b[space+1:n-1]), "=")
		if !found {
			return p, false
		}
		p = append(p, struct{ key, value string }{key, value})
		b = b[n:]
	}
	return p, true
}

// apply puts what p says into h; ok is false where a value makes no sense.
func (p pax) apply(h *tarHeader) (ok bool) {
	ok = true
	s := paxSparse{}
	for _, r := range p {
		good := true
		switch r.key {
		case "path":
			h.name = r.value
		case "linkpath":
			h.link = r.value
		case "size":
			h.size, good = decimal(r.value)
		case "uid":
			h.uid, good = decimal(r.value)
		case "gid":
			h.gid, good = decimal(r.value)
		case "uname":
			h.user = r.value
		case "gname":
			h.group = r.value
		case "mtime":
			h.mtime = paxTime(r.value)
		case "atime", "ctime":
			h.keep(r.key, paxTime(r.value))
		case "comment":
			h.keep("comment", r.value)
		default:
			if strings.HasPrefix(r.key, "GNU.sparse.") {
				good = s.add(strings.TrimPrefix(r.key, "GNU.sparse."), r.value)
				break
			}
			h.keepPax(r.key, r.value)
		}
		ok = ok && good
	}
	if s.any {
		ok = s.apply(h) && ok
	}
	h.settle()
	return ok
}

func (h *tarHeader) keep(key string, v any) {
	if h.extra == nil {
		h.extra = map[string]any{}
	}
	h.extra[key] = v
}

// keepPax keeps a record that has no field of its own: extended attributes, ACLs.
func (h *tarHeader) keepPax(key, value string) {
	records, _ := h.extra["pax"].(map[string]any)
	if records == nil {
		records = map[string]any{}
		h.keep("pax", records)
	}
	records[key] = value
}

func decimal(s string) (int64, bool) {
	n, err := strconv.ParseUint(s, 10, 62)
	return int64(n), err == nil
}

// paxTime reads seconds with a fraction; what is none is kept as it is.
func paxTime(s string) string {
	whole, frac, _ := strings.Cut(s, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || len(frac) > 0 && strings.Trim(frac, "0123456789") != "" {
		return s
	}
	frac = (frac + "000000000")[:9]
	nsec, _ := strconv.ParseInt(frac, 10, 64)
	if strings.HasPrefix(whole, "-") {
		nsec = -nsec
	}
	return rfc3339(sec, nsec)
}
