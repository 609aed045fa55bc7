package main

import (
	"crypto/aes"
	"errors"
	"fmt"
	"io"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/plist"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sqlite"
)

// version is that of plugin.json.
const version = "0.1.0"

func plugin() sdk.Plugin { return sdk.Plugin{Name: "itunesbackup", Version: version, Unpack: unpack} }

// Roles of the files beside Manifest.db.
const (
	rolePlist = "plist"
	roleFile  = "file"
)

const (
	maxPlist = 16 << 20
	// maxRounds bounds what a run spends on trying passwords: fifteen of them at the ten
	// million rounds that iOS 10.2 and later ask for, some four seconds each.
	maxRounds   = 150_000_000
	sqliteMagic = "SQLite format 3\x00"
	mbdbMagic   = "mbdb"
)

// backup is one run: the list of files, and those of them that are handed over.
type backup struct {
	c    *sdk.Ctx
	out  *sdk.Out
	db   *sdk.Input // Manifest.db as it is handed over
	part struct{ After, Upto string }
	// files are those handed over, by their path from the backup's directory on.
	files map[string][]*sdk.Input
	// classes are the keys of an encrypted backup, key what opens it.
	encrypted bool
	classes   map[uint32][]byte
	key       sdk.Key
	buf       []byte

	closed, missing sdk.Tally
}

func unpack(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
	b := &backup{
		c: c, out: out, db: in, files: map[string][]*sdk.Input{}, buf: make([]byte, 64<<10),
		closed:  sdk.Tally{Code: "backup.file_closed", Severity: evidence.SeverityUnresolved, Message: "the file's key cannot be opened with the backup's keys"},
		missing: sdk.Tally{Code: "backup.file_missing", Severity: evidence.SeverityWarning, Message: "the backup lists the file and does not hold it, or it did not come with Manifest.db"},
	}
	var config struct {
		Part struct{ After, Upto string }
	}
	if err := c.Decode(&config); err != nil {
		return err
	}
	b.part = config.Part
	for _, f := range c.Inputs() {
		if f.Role == roleFile {
			b.files[f.Name] = append(b.files[f.Name], f)
		}
	}
	if old, err := b.isOld(); old || err != nil {
		return err
	}
	manifest, err := b.readPlist()
	if err != nil {
		return err
	}
	list := in
	if b.encrypted {
		if list, err = b.open(manifest); err != nil || list == nil {
			return err
		}
	}
	db, err := sqlite.Open(c, list)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := b.each(db); err != nil {
		return err
	}
	b.closed.Total(c)
	b.missing.Total(c)
	if b.encrypted {
		c.Use(b.key)
	}
	return db.Err()
}

// isOld refuses the list of files that backups had before iOS 10.
func (b *backup) isOld() (bool, error) {
	head := make([]byte, min(int64(len(mbdbMagic)), b.db.Size))
	if _, err := b.db.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if string(head) != mbdbMagic {
		return false, nil
	}
	return true, fmt.Errorf("%w: it is a backup of before iOS 10 (Manifest.mbdb), whose list of files is not read; those that are databases are read under the names they have", sdk.ErrUnsupported)
}

// readPlist reads Manifest.plist, which says whether the backup is encrypted.
func (b *backup) readPlist() (map[string]any, error) {
	in := b.c.Input(rolePlist)
	head := make([]byte, min(int64(len(sqliteMagic)), b.db.Size))
	if _, err := b.db.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	plain := string(head) == sqliteMagic
	if in == nil {
		if plain {
			b.c.Warn(b.db.Source(0, b.db.Size), "backup.no_plist", "there is no Manifest.plist beside the list of files: what the backup says of its device and of its encryption is not seen")
			return nil, nil
		}
		return nil, fmt.Errorf("%w: no SQLite database, and no Manifest.plist beside it with which an encrypted one could be opened", sdk.ErrMalformed)
	}
	if in.Size > maxPlist {
		return nil, fmt.Errorf("%w: Manifest.plist is of %d bytes", sdk.ErrMalformed, in.Size)
	}
	text := make([]byte, in.Size)
	if _, err := in.ReadAt(text, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	v, err := plist.Parse(text)
	m, ok := v.(map[string]any)
	switch {
	case err == nil && ok:
	case plain:
		b.c.Damage(in.Source(0, in.Size), "backup.plist", "Manifest.plist is damaged, or no binary property list; the list of files is read without it")
		return nil, nil
	default:
		return nil, fmt.Errorf("%w: Manifest.plist is damaged, or no binary property list, and the list of files is encrypted", sdk.ErrMalformed)
	}
	b.encrypted, _ = m["IsEncrypted"].(bool)
	b.encrypted = b.encrypted || !plain
	return m, nil
}

// open finds the password and gives the list of files, decrypted; nil where no password
// opens the backup, which is then said.
func (b *backup) open(manifest map[string]any) (*sdk.Input, error) {
	stored, _ := manifest["BackupKeyBag"].([]byte)
	bag, err := parseKeybag(stored)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sdk.ErrMalformed, err)
	}
	if bag.cost() > maxRounds {
		return nil, fmt.Errorf("%w: the backup asks for %d rounds to try a password", sdk.ErrUnsupported, bag.cost())
	}
	spent, left := int64(0), map[string]bool{}
	for key, password := range b.c.Passwords() {
		if spent += bag.cost(); spent > maxRounds {
			left[key.Fingerprint] = true
			continue
		}
		// Reading on is what shows the host that the run does: a password takes seconds.
		if _, err := b.db.ReadAt(make([]byte, aes.BlockSize), spent/bag.cost()*aes.BlockSize); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if b.classes, err = bag.open(b.c, password); err != nil {
			return nil, err
		}
		if b.classes != nil {
			b.key = key
			return b.database(manifest)
		}
	}
	why := "the backup is encrypted: " + sdk.AddPassword
	if n := len(b.c.Keys()); n > 0 {
		why = fmt.Sprintf("the backup is encrypted, and none of the %d passwords of the case that were tried is its own (there is no other way into it): %s", n-len(left), sdk.AddPassword)
	}
	d := sdk.Diagnostic{Code: "backup.encrypted", Severity: evidence.SeverityUnresolved, Source: b.db.Source(0, b.db.Size), Message: why, Data: map[string]any{"files": len(b.files), "rounds_a_password": bag.cost()}}
	if len(left) > 0 {
		d.Data["passwords_not_tried"] = len(left)
	}
	b.c.Diagnose(d)
	return nil, nil
}

// database gives Manifest.db decrypted, which is a file like any other, with a key of its own.
func (b *backup) database(manifest map[string]any) (*sdk.Input, error) {
	head := make([]byte, min(int64(len(sqliteMagic)), b.db.Size))
	if _, err := b.db.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(head) == sqliteMagic { // before iOS 10 the list was not encrypted
		return b.db, nil
	}
	wrapped, _ := manifest["ManifestKey"].([]byte)
	key, ok := fileKey(b.classes, wrapped)
	if !ok {
		return nil, fmt.Errorf("%w: the password is right, and the key of the list of files cannot be opened with it", sdk.ErrMalformed)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("%w: the key of the list of files: %w", sdk.ErrMalformed, err)
	}
	return sdk.NewInput(newCBCAt(b.db, block), b.db.Size), nil
}
