package custody

import "sync"

// lookup is the tables by name, for reading entries quickly.
type lookup struct {
	fields map[string]Field
	kinds  map[string]Kind
	types  map[string]func(any) bool
}

// tables is built at first use and never changed.
var tables = sync.OnceValue(func() lookup {
	l := lookup{fields: map[string]Field{}, kinds: map[string]Kind{}, types: map[string]func(any) bool{}}
	for _, f := range Fields() {
		l.fields[f.Name] = f
	}
	for _, k := range Kinds() {
		l.kinds[k.Name] = k
	}
	for _, t := range Types() {
		l.types[t.Name] = t.ok
	}
	return l
})

func fieldOf(name string) (Field, bool) {
	f, ok := tables().fields[name]
	return f, ok
}

func isKind(name string) bool {
	_, ok := tables().kinds[name]
	return ok
}
