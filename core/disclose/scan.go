package disclose

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/bundle"
)

// What a bundle must not hold are digests of what it withholds: whoever has all of a thing
// but a few digits can try those. The lists of what may be opened see to that; this looks
// at what was written.

// shortest is how many digits of a digest make a hit: as many as a record's printed id has.
const shortest = 16

// withheld are the beginnings of digests that must not appear.
type withheld map[[shortest / 2]byte]struct{}

func (w withheld) add(digits string) {
	var key [shortest / 2]byte
	if len(digits) < shortest {
		return
	}
	if _, err := hex.Decode(key[:], []byte(digits[:shortest])); err == nil {
		w[key] = struct{}{}
	}
}

func (w withheld) remove(d evidence.Digest) { delete(w, [shortest / 2]byte(d[:])) }

// findWithheld gathers the digests of all artifacts and runs that are not disclosed.
func (d *disclosure) findWithheld(ctx context.Context) error {
	w := withheld{}
	sets := map[evidence.Digest]bool{}
	for _, p := range d.c.picks {
		sets[p.run.Records.Artifact] = p.whole
	}
	for a, err := range d.k.Artifacts(ctx) {
		if err != nil {
			return err
		}
		if d.c.has(a.SHA256) || sets[a.SHA256] || a.Size == 0 {
			continue
		}
		w.add(a.SHA256.Hex())
		w.add(a.Stored.SHA256.Hex())
		for _, digits := range a.Hashes {
			w.add(digits)
		}
	}
	for row, err := range d.k.Runs(ctx) {
		if err != nil {
			return err
		}
		if !d.c.named[row.Run.ID] {
			w.add(row.Run.ID.Hex())
		}
	}
	d.withheld = w
	return d.named(ctx)
}

// named takes out what the names of disclosed things hold: a file may be called by the
// digest of another.
func (d *disclosure) named(ctx context.Context) error {
	found := 0
	look := func(text []byte) {
		s := scanner{w: d.withheld}
		_, _ = s.Write(text)
		for _, key := range s.keys {
			delete(d.withheld, key)
			found++
		}
	}
	for o, err := range d.k.Occurrences(ctx, "") {
		if err != nil {
			return err
		}
		if !d.c.whole[o.Item] {
			continue
		}
		look([]byte(o.Path.Bytes()))
		look(o.FS)
		if o.Artifact.IsZero() {
			look([]byte(o.Note))
		}
	}
	for v, err := range d.k.Derivations(ctx) {
		if err != nil {
			return err
		}
		if !d.c.has(v.Parent) || !d.c.has(v.Child) {
			continue
		}
		if v.Name != nil {
			look([]byte(v.Name.Bytes()))
		}
		look(v.Meta)
		look([]byte(v.Reason))
	}
	for _, p := range d.c.picks {
		look([]byte(p.path))
	}
	if found > 0 {
		d.w.Remark(fmt.Sprintf("names of what is disclosed hold %d digests of what is not: whoever knows all of such a thing but little can try the rest", found))
	}
	return nil
}

// scan looks through what was made for the bag so far. Files that are disclosed are not
// looked at: they are what they are. Nor is it an error where a record or an enclosed
// file names what is withheld, since that is what was asked for; it is said.
func (d *disclosure) scan(ctx context.Context) error {
	// What is in the bag all the same, such as an enclosed file, is disclosed.
	for _, c := range d.bag.Contents() {
		d.withheld.remove(c.SHA256)
	}
	for _, c := range d.bag.Contents() {
		if strings.HasPrefix(c.Name, bundle.FilesDir+"/") {
			continue
		}
		found, err := d.withheld.in(ctx, c)
		if err != nil {
			return err
		}
		asked := c.Name == bundle.RecordsFile || strings.HasPrefix(c.Name, bundle.EnclosedDir+"/")
		switch remark := fmt.Sprintf("%s names %d digests of what is not disclosed: whoever knows all of such a thing but little can try the rest", c.Name, found); {
		case found > 0 && !asked:
			return fmt.Errorf("disclose: %w: %s would name what is withheld", errLeak, c.Name)
		case found > 0 && !slices.Contains(d.report.Remarks, remark):
			d.w.Remark(remark)
		}
	}
	return nil
}

// names reports whether a value that may be opened holds a digest of what is withheld:
// the statement of a transfer lists files, of which some may be gone since.
func (w withheld) names(value []byte) bool {
	s := scanner{w: w}
	_, _ = s.Write(value)
	return len(s.keys) > 0
}

// errLeak: a fault of this program; nothing is handed out.
var errLeak = errors.New("a digest of what is withheld")

// in counts the digests in a file.
func (w withheld) in(ctx context.Context, c bundle.Content) (found int, err error) {
	r, err := c.Open(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	s := scanner{w: w}
	if _, err := io.CopyBuffer(&s, r, make([]byte, 1<<18)); err != nil {
		return 0, err
	}
	return len(s.keys), nil
}

// scanner finds digests at the beginning of any stretch of hexadecimal digits.
type scanner struct {
	w    withheld
	run  [shortest]byte
	n    int
	keys [][shortest / 2]byte
}

func (s *scanner) Write(b []byte) (int, error) {
	for _, c := range b {
		switch {
		case c >= 'A' && c <= 'F':
			c += 'a' - 'A'
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f':
		default:
			s.n = 0
			continue
		}
		if s.n < shortest {
			s.run[s.n] = c
		}
		if s.n++; s.n == shortest {
			var key [shortest / 2]byte
			_, _ = hex.Decode(key[:], s.run[:])
			if _, ok := s.w[key]; ok {
				s.keys = append(s.keys, key)
			}
		}
	}
	return len(b), nil
}
