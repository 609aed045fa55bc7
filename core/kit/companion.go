package kit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// isCompanion reports whether a file of testdata/ is handed over with another one.
func isCompanion(name string, names map[string]bool, m evidence.PluginManifest) bool {
	for _, op := range m.Operations {
		for _, c := range op.Companions {
			if main, ok := strings.CutSuffix(name, c.Suffix); ok && c.Suffix != "" && names[main] {
				return true
			}
		}
	}
	return false
}

// readCompanions reads the files beside the sample that its operation wants.
func (s *sample) readCompanions(m evidence.PluginManifest) error {
	for _, op := range m.Operations {
		if op.Operation != s.job.Operation {
			continue
		}
		for _, c := range op.Companions {
			if c.Beside != "" {
				if err := s.readBeside(c); err != nil {
					return err
				}
				continue
			}
			b, err := os.ReadFile(s.path + c.Suffix)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return err
			}
			if len(b) > maxSample {
				return fmt.Errorf("%w: companion %q has %d bytes", evidence.ErrFormat, c.Suffix, len(b))
			}
			s.companions = append(s.companions, companion{role: c.Role, data: b})
		}
	}
	return nil
}

// besideSuffix ends the directory that stands, for a sample, for the one it would lie in:
// what a companion states a path to is looked for there.
const besideSuffix = ".beside"

// readBeside reads the files that a companion's path fits.
func (s *sample) readBeside(c evidence.Companion) error {
	dir := os.DirFS(s.path + besideSuffix)
	names, err := fs.Glob(dir, c.Beside)
	if err != nil {
		return err
	}
	for _, name := range names {
		b, err := fs.ReadFile(dir, name)
		if err != nil {
			return err
		}
		if len(b) > maxSample {
			return fmt.Errorf("%w: companion %q has %d bytes", evidence.ErrFormat, name, len(b))
		}
		s.companions = append(s.companions, companion{role: c.Role, name: name, data: b})
	}
	return nil
}
