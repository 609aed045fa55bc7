package sqlite

import "strings"

// Section is a part of a database that a plugin reads where it is there.
type Section struct {
	Table string
	// Needs are the columns without which the table is somebody else's, between spaces.
	Needs string
	Read  func() error
}

// Read reads the sections that the database has, in order; found is false where it
// has none of them.
func (db *DB) Read(list []Section) (found bool, err error) {
	for _, s := range list {
		if !db.Has(s.Table, strings.Fields(s.Needs)...) {
			continue
		}
		found = true
		if err := s.Read(); err != nil {
			return true, err
		}
	}
	return found, db.Err()
}
