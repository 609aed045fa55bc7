package sqlitefile

import (
	"errors"
	"fmt"
	"iter"
)

// PageError is damage at a page of a b-tree.
type PageError struct {
	Page uint32
	// Place is the page's; its length is 0 where the file has no such page.
	Place Place
	Err   error
}

func (e *PageError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *PageError) Unwrap() error { return e.Err }

// walk goes through the leaf pages of one table's b-tree in order. A page that
// cannot be read costs what is below it, and nothing else.
type walk struct {
	f     *File
	stack []level
	// left is how many more pages may be gone through: more than the file holds would
	// mean that some are met twice.
	left int64
}

type level struct {
	node
	next int // the child to descend to
}

func (f *File) newWalk(pages int64) *walk {
	return &walk{f: f, left: min(pages, f.held)}
}

// next returns the next leaf; nil, nil at the end. Err is a *PageError where a page is
// damaged, after which next goes on, or ErrLimit, after which it does not.
func (w *walk) next(root uint32) (*node, error) {
	page := root
	if len(w.stack) > 0 {
		var err error
		if page, err = w.advance(); page == 0 {
			return nil, err
		}
	}
	for {
		if w.left == 0 {
			return nil, fmt.Errorf("%w: the b-tree has more pages than are followed", ErrLimit)
		}
		l, err := w.enter(page)
		if err != nil {
			return nil, err
		}
		if l.kind == leafTable {
			return &l.node, nil
		}
		if page, err = w.advance(); page == 0 {
			return nil, err
		}
	}
}

// enter reads a page into a level of its own.
func (w *walk) enter(page uint32) (*level, error) {
	f := w.f
	depth := len(w.stack)
	if depth == maxDepth {
		return nil, w.damage(page, fmt.Errorf("%w: a b-tree deeper than %d pages", ErrCorrupt, maxDepth))
	}
	if depth < cap(w.stack) {
		w.stack = w.stack[:depth+1]
	} else {
		w.stack = append(w.stack, level{})
	}
	l := &w.stack[depth]
	data := l.data
	if data == nil {
		data = make([]byte, f.header.PageSize)
	}
	// Nothing is below this level until the page turns out to be a good one.
	*l = level{node: node{page: page, data: data, kind: leafTable}}
	if err := f.readPage(page, data); err != nil {
		if !errors.Is(err, ErrCorrupt) {
			return nil, err
		}
		return nil, w.damage(page, err)
	}
	n, err := f.parse(page, data)
	switch {
	case err != nil:
		return nil, w.damage(page, err)
	case n.kind == leafTable || n.kind == interiorTable:
	case depth == 0:
		return nil, ErrWithoutRowID
	default:
		return nil, w.damage(page, fmt.Errorf("%w: page %d of an index in a table", ErrCorrupt, page))
	}
	l.node = n
	w.left--
	return l, nil
}

// advance returns the next page to enter, 0 at the end.
func (w *walk) advance() (uint32, error) {
	for len(w.stack) > 0 {
		l := &w.stack[len(w.stack)-1]
		if l.kind == leafTable || l.next > l.cells {
			if len(w.stack) == 1 {
				return 0, nil // the root stays, so that the walk has an end
			}
			w.stack = w.stack[:len(w.stack)-1]
			continue
		}
		l.next++
		if l.next > l.cells {
			return l.right, w.absent(l, l.right)
		}
		page, _, err := w.f.child(&l.node, l.next-1)
		if err != nil {
			return 0, w.damage(l.page, err)
		}
		return page, w.absent(l, page)
	}
	return 0, nil
}

func (w *walk) absent(l *level, page uint32) error {
	if page == 0 {
		return w.damage(l.page, fmt.Errorf("%w: page %d leads nowhere", ErrCorrupt, l.page))
	}
	return nil
}

func (w *walk) damage(page uint32, err error) error {
	p, ok := w.f.PageAt(page)
	if !ok {
		p = Place{}
	}
	return &PageError{Page: page, Place: p, Err: err}
}

// RowIDs yields the numbers of a table's rows as its b-tree has them. A damaged
// page is a *PageError and costs the rows below it; the loop goes on. Any other error
// ends it: ErrWithoutRowID, ErrLimit, or that of reading.
func (f *File) RowIDs(root uint32) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		w := f.newWalk(1 << 62)
		for {
			n, err := w.next(root)
			var damage *PageError
			switch {
			case errors.As(err, &damage):
				if !yield(0, err) {
					return
				}
				continue
			case err != nil:
				yield(0, err)
				return
			case n == nil:
				return
			}
			for i := range n.cells {
				r, err := f.leaf(n, i)
				if err != nil {
					err = w.damage(n.page, err)
				}
				if !yield(r.id, err) {
					return
				}
			}
		}
	}
}
