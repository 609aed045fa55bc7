// Package manifest checks plugin.json against its schema and tells people what
// it asks for. Nothing of a plugin is executed.
package manifest

import (
	"fmt"
	"reflect"

	"github.com/exhibit-forensics/exhibit/core/schema"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/schemas"
)

// Check reports with evidence.ErrFormat where a manifest is not what its schema
// says, a "place: reason" for each fault.
func Check(text []byte) error {
	s, err := schema.Compile("plugin", schemas.Plugin)
	if err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	return s.Check(text)
}

// AcceptsAll reports whether an accept states no condition.
func AcceptsAll(a evidence.Accept) bool { return reflect.ValueOf(a).IsZero() }
