package verify

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// checkFiles looks at what else lies in the case directory.
//
// An object that no row names is no alteration: a process that was killed
// between making an object durable and writing its row leaves one, and nothing
// in the case depends on it. It is remarked on and its bytes are not looked at.
func (v *verifier) checkFiles() error {
	p := v.c.place()
	if info, err := os.Lstat(filepath.Join(v.dir, dbName+"-journal")); err == nil && info.Size() > 0 {
		p.find(Altered, "file "+dbName+"-journal", "no case has such a file: whoever opens the case next would change it back to what the file holds", "")
	}
	stray, unfinished := int64(0), int64(0)
	root := filepath.Join(v.dir, objectsDir)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if v.ctx.Err() != nil {
			return v.ctx.Err()
		}
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				p.find(CannotVerify, fmt.Sprintf("directory %q", v.relative(path)), "cannot be read", err.Error())
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		rel := filepath.ToSlash(v.relative(path))
		if strings.HasPrefix(rel, objectsDir+"/tmp/") {
			unfinished++
			return nil
		}
		known, err := v.knownObject(rel)
		if err == nil && !known {
			stray++
			v.c.place().find(Intact, fmt.Sprintf("file %q", rel), "no row of the case names it", "an interrupted intake leaves such objects; it was not looked at")
		}
		return err
	})
	v.c.count("files under objects/, by name", v.files, 0)
	if stray > 0 {
		v.c.skip(fmt.Sprintf("The bytes of %d files under objects/ that no row of the case names.", stray))
	}
	if unfinished > 0 {
		p.find(Intact, "directory "+objectsDir+"/tmp", "holds objects that were never finished", fmt.Sprintf("%d files", unfinished))
	}
	return err
}

func (v *verifier) relative(path string) string {
	rel, err := filepath.Rel(v.dir, path)
	if err != nil {
		return path
	}
	return rel
}

// knownObject reports whether a row says that the file at path is an object.
func (v *verifier) knownObject(path string) (bool, error) {
	v.files++
	d, err := evidence.ParseDigest(path[strings.LastIndexByte(path, '/')+1:])
	if err != nil || objectPath(d) != path {
		return false, nil
	}
	a, err := v.find(d)
	return a != nil && a.path == "", err
}
