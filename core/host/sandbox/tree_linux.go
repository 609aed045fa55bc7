package sandbox

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// treeRights are those to a directory that a program may read: files of it, and
// what they are called. Nothing in it can be executed; code in it can be mapped.
const treeRights = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR

// enterTrees puts each tree under the number that the program knows it by. The last
// is the working directory. It comes after everything above Keep was marked to be
// closed: what is put there stays open.
func enterTrees(trees []Tree) error {
	for _, t := range trees {
		if _, err := unix.FcntlInt(uintptr(t.To), unix.F_GETFD, 0); err == nil {
			return fmt.Errorf("descriptor %d is taken", t.To)
		}
		if err := unix.Dup3(t.From, t.To, 0); err != nil {
			return fmt.Errorf("descriptor %d: %w", t.To, err)
		}
	}
	if n := len(trees); n > 0 {
		if err := unix.Fchdir(trees[n-1].To); err != nil {
			return errors.Join(errors.New("working directory"), err)
		}
	}
	return nil
}
