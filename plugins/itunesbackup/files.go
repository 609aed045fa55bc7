package main

import (
	"crypto/aes"
	"fmt"
	"io"
	"path"
	"regexp"
	"time"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/crypt"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/plist"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

// What a row of Files is (its column flags).
const (
	flagFile      = 1
	flagDirectory = 2
	flagLink      = 4
)

// fileID is the SHA-1 of domain, "-" and path; the file lies in a directory of its first
// two digits.
var fileID = regexp.MustCompile(`^[0-9a-f]{40}$`)

// each goes through the list of files.
func (b *backup) each(db *sqlite.DB) error {
	if !db.HasTable("Files") {
		return fmt.Errorf("%w: the list has no table Files", sdk.ErrMalformed)
	}
	where, args := b.ours()
	for row := range db.Query("Files", `SELECT rowid, fileID, domain, relativePath, flags, file FROM Files `+where, args...) {
		id := row.Text("fileID").String()
		stored := id
		if len(id) > 2 {
			stored = id[:2] + "/" + id
		}
		if err := b.one(row, id, stored); err != nil {
			return err
		}
	}
	return db.Err()
}

// ours is which rows are this run's: those whose files lie in its part, there or not. What
// has no name is the first part's.
func (b *backup) ours() (where string, args []any) {
	after, upto := path.Base(b.part.After), path.Base(b.part.Upto)
	switch {
	case b.part.After != "" && b.part.Upto != "":
		return "WHERE fileID > ? AND fileID <= ? ORDER BY fileID", []any{after, upto}
	case b.part.After != "":
		return "WHERE fileID > ? ORDER BY fileID", []any{after}
	case b.part.Upto != "":
		return "WHERE fileID <= ? OR fileID IS NULL ORDER BY fileID", []any{upto}
	}
	return "ORDER BY rowid", nil
}

// one deals with a row.
func (b *backup) one(row *sqlite.Row, id, stored string) error {
	flags, _ := row.Int64("flags")
	m, key := archived(row.Bytes("file"))
	full := row.Text("domain").String() + "/" + row.Text("relativePath").String()
	source := row.Source()
	switch {
	case flags == flagDirectory || flags == flagLink:
		b.out.Skip(1)
		return nil
	case flags != flagFile || !fileID.MatchString(id):
		b.c.Reject(source, "backup.row", "a row of the list is no file, directory or link as they are known")
		return nil
	case len(b.files[stored]) == 0:
		b.missing.Add(b.c, source)
		b.out.Skip(1)
		return nil
	}
	if m == nil {
		b.c.Damage(source, "backup.file_record", "what the list says of a file's size, times and key cannot be read")
		m = map[string]any{}
	}
	m["file_id"] = id
	for _, f := range b.files[stored] {
		step := sdk.Step{"do": "unbackup", "file": stored, "artifact": f.SHA256.String()}
		r := io.Reader(f.Reader())
		size := int64(-1)
		if b.encrypted {
			plain, ok := fileKey(b.classes, key)
			if !ok {
				b.closed.Add(b.c, source)
				continue
			}
			block, err := aes.NewCipher(plain)
			if err != nil {
				b.closed.Add(b.c, source)
				continue
			}
			r = crypt.NewCBCReader(r, block, make([]byte, aes.BlockSize), false)
			step["cipher"], step["key"] = "aes-256 cbc", b.key.Fingerprint
			if n, ok := m["size"].(int64); ok && n >= 0 {
				size = n // what follows is padding
			}
		}
		if err := b.copy(evidence.NewName(full), m, step, r, size, f, source); err != nil {
			return err
		}
	}
	return nil
}

// copy makes the artifact. size is where an encrypted file ends, -1 for all of it.
func (b *backup) copy(name evidence.Name, m map[string]any, step sdk.Step, r io.Reader, size int64, f *sdk.Input, source sdk.Source) error {
	if size >= 0 {
		r = io.LimitReader(r, size)
	}
	a, err := b.out.Artifact(&name, sdk.ArtifactOptions{Steps: []sdk.Step{step}, Meta: m})
	if err != nil {
		return err
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{a}, r, b.buf)
	switch {
	case f.Err() != nil:
		return f.Err()
	case err != nil:
		return err
	}
	want, stated := m["size"].(int64)
	if stated && want != n {
		b.c.Diagnose(sdk.Diagnostic{
			Code: "backup.file_size", Severity: evidence.SeverityDamage, Source: source, Data: map[string]any{"stated": want, "found": n},
			Message: "a file is not as long as the backup's list says",
		})
		return a.End(false, "its length is not the one that the backup's list states")
	}
	return a.End(true, "")
}

// archived reads the MBFile of a row: what is known of the file, and its wrapped key. Both
// are nil where there is none that can be read.
func archived(b []byte) (meta map[string]any, key []byte) {
	v, err := plist.Parse(b)
	if err != nil {
		return nil, nil
	}
	root, objects, err := plist.Archived(v)
	if err != nil {
		return nil, nil
	}
	meta = map[string]any{}
	for from, to := range map[string]string{"Size": "size", "UserID": "uid", "GroupID": "gid", "InodeNumber": "inode", "ProtectionClass": "protection_class"} {
		if n, ok := root[from].(int64); ok {
			meta[to] = n
		}
	}
	if n, ok := root["Mode"].(int64); ok {
		meta["mode"] = fmt.Sprintf("%07o", n)
	}
	for from, to := range map[string]string{"LastModified": "mtime", "LastStatusChange": "ctime", "Birth": "birth"} {
		if n, ok := root[from].(int64); ok && n > 0 && n < 253402300800 {
			meta[to] = time.Unix(n, 0).UTC().Format(time.RFC3339)
		}
	}
	if k, ok := root["EncryptionKey"].(map[string]any); ok {
		key, _ = plist.Follow(k["NS.data"], objects).([]byte)
	}
	return meta, key
}
