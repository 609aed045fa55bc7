package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// begin finds the unfinished item that this request would finish, or opens a
// new one. Either is an entry, so that the log shows every attempt.
func (a *adding) begin(ctx context.Context) error {
	state, err := a.c.State(ctx)
	if err != nil {
		return err
	}
	item, err := a.unfinished(ctx, state)
	if err != nil {
		return err
	}
	batch := store.Batch{Kind: "receive", Plain: map[string]any{"phase": "begin", "in_place": a.r.InPlace}}
	batch.Start = a.o.Now()
	if item != nil {
		a.before, err = a.recorded(ctx, item.Exhibit)
		if err != nil {
			return err
		}
		a.rep.Resumed = true
		a.rep.Begin = item.Seq
		batch.Plain["resumed"] = true
		batch.Refs = map[string]int64{"item": item.Seq}
		batch.Secret = map[string]any{"asserted.exhibit": item.Exhibit, "observed.source.path": evidence.NewName(a.src.abs)}
	} else {
		exhibit, err := a.number(state)
		if err != nil {
			return err
		}
		batch.Secret = a.assertions()
		a.src.observe(batch.Secret)
		batch.Secret["asserted.exhibit"] = exhibit
	}
	batch.End = a.o.Now()
	seq, err := a.c.Append(ctx, batch)
	if err != nil {
		return fmt.Errorf("open the item: %w", err)
	}
	a.rep.Exhibit = batch.Secret["asserted.exhibit"].(string)
	if item == nil {
		a.rep.Begin = seq
	}
	return nil
}

// number is the exhibit number asked for, or the next.
func (a *adding) number(state *store.State) (string, error) {
	taken := make([]string, len(state.Items))
	for i, it := range state.Items {
		taken[i] = it.Exhibit
	}
	if a.r.Exhibit == "" {
		return nextExhibit(taken), nil
	}
	if slices.Contains(taken, a.r.Exhibit) {
		return "", fmt.Errorf("exhibit number %q: %w in the case", a.r.Exhibit, evidence.ErrExists)
	}
	return a.r.Exhibit, nil
}

// unfinished returns the item that was begun from the same place with the same
// options and never closed, or nil. One begun otherwise is only mentioned,
// unless its very number was asked for.
func (a *adding) unfinished(ctx context.Context, state *store.State) (*store.Item, error) {
	for i := range state.Items {
		it := &state.Items[i]
		asked := a.r.Exhibit == it.Exhibit
		if it.Complete || it.Path.Bytes() != a.src.abs || a.r.Exhibit != "" && !asked {
			continue
		}
		differs, err := a.differs(ctx, it)
		if err != nil {
			return nil, err
		}
		if len(differs) == 0 {
			return it, nil
		}
		if asked {
			return nil, fmt.Errorf("exhibit number %q: %w in the case: an item begun from the same path and not finished, with other options (%s); give the same ones to finish it",
				it.Exhibit, evidence.ErrExists, strings.Join(differs, ", "))
		}
		a.notice(ConcernUnfinished, it.Exhibit, "was begun from the same path with other options ("+strings.Join(differs, ", ")+") and never finished; a new item is made")
	}
	return nil, nil
}

// ours are the fields of an opening entry that an intake fills itself.
var ours = []string{"asserted.source", "asserted.note", "asserted.zone", "asserted.charset", "asserted.excluded", "asserted.expected", "observed.source.path"}

// differs names the options in which an item differs from the request.
func (a *adding) differs(ctx context.Context, it *store.Item) ([]string, error) {
	had := map[string][]byte{}
	for e, err := range a.c.Entries(ctx, it.Seq) {
		if err != nil {
			return nil, err
		}
		for _, o := range e.Openings {
			had[o.Field] = o.Value
		}
		break
	}
	want := a.assertions()
	names := slices.Clone(ours)
	for name := range a.r.Asserted {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []string
	for _, name := range slices.Compact(names) {
		var text []byte
		if v, ok := want[name]; ok {
			var err error
			if text, err = evidence.Canonical(v); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		if !bytes.Equal(had[name], text) {
			_, short, _ := strings.Cut(name, ".")
			out = append(out, short)
		}
	}
	if it.InPlace != a.r.InPlace {
		out = append(out, "in-place")
	}
	return out, nil
}

// earlier is what an interrupted intake recorded of an item.
type earlier struct {
	// seen are the identities of what was recorded, failures apart.
	seen, failed map[identity]struct{}
	// paths that were recorded as files.
	paths map[identity]struct{}
}

// identity stands for a path with what the filesystem says of it, or for a path
// alone: ten million of them fit in memory where their text would not.
type identity [16]byte

func identityOf(rel, size, mtime, ctime, inode string) identity {
	h := sha256.New()
	for _, s := range []string{rel, size, mtime, ctime, inode} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return identity(h.Sum(nil)[:16])
}

func identityFrom(rel string, st *unix.Statx_t) identity {
	return identityOf(rel, strconv.FormatUint(st.Size, 10), timestamp(st.Mtime), timestamp(st.Ctime), strconv.FormatUint(st.Ino, 10))
}

// has reports whether exactly this was recorded before the interruption.
func (b *earlier) has(rel string, st *unix.Statx_t) bool {
	if b == nil {
		return false
	}
	_, ok := b.seen[identityFrom(rel, st)]
	return ok
}

// failedAlike reports whether this was recorded before as something that cannot be read.
func (b *earlier) failedAlike(rel string, st *unix.Statx_t) bool {
	if b == nil {
		return false
	}
	_, ok := b.failed[identityFrom(rel, st)]
	return ok
}

// hasPath reports whether a file was recorded at the path, in whatever state.
func (b *earlier) hasPath(rel string) bool {
	if b == nil {
		return false
	}
	_, ok := b.paths[identityOf(rel, "", "", "", "")]
	return ok
}

// recorded reads what the case holds of an unfinished item, and takes it into
// the report's counts and the comparison with the lists.
func (a *adding) recorded(ctx context.Context, exhibit string) (*earlier, error) {
	b := &earlier{seen: map[identity]struct{}{}, failed: map[identity]struct{}{}, paths: map[identity]struct{}{}}
	for o, err := range a.c.Occurrences(ctx, exhibit) {
		if err != nil {
			return nil, err
		}
		var meta struct {
			Size  json.Number `json:"size"`
			Mtime string      `json:"mtime"`
			Ctime string      `json:"ctime"`
			Inode string      `json:"inode"`
		}
		if len(o.FS) > 0 {
			if err := json.Unmarshal(o.FS, &meta); err != nil {
				return nil, fmt.Errorf("%s: an occurrence of the case: %w: %w", exhibit, evidence.ErrFormat, err)
			}
		}
		rel := o.Path.Bytes()
		id := identityOf(rel, meta.Size.String(), meta.Mtime, meta.Ctime, meta.Inode)
		if len(o.FS) == 0 {
			id = identityFrom(rel, &unix.Statx_t{})
		}
		failure := o.Type == typeRefused && slices.Contains(o.Flags, flagUnreadable)
		if failure {
			b.failed[id] = struct{}{}
		} else {
			b.seen[id] = struct{}{}
		}
		a.rep.Counts.count(o.Type, failure, o.Flags)
		if o.Type != typeFile {
			continue
		}
		b.paths[identityOf(rel, "", "", "", "")] = struct{}{}
		art, err := a.c.Artifact(ctx, o.Artifact)
		if err != nil {
			return nil, err
		}
		a.rep.Counts.Bytes += art.Size
		a.resumedBytes += art.Size
		a.compare(rel, art)
	}
	return b, nil
}
