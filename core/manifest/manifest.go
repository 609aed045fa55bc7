// Package manifest checks plugin.json against its schema and tells people what
// it asks for. Nothing of a plugin is executed.
package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/schemas"
)

// Check reports with evidence.ErrFormat where a manifest is not what its schema
// says, a "place: reason" for each fault.
func Check(text []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemas.Plugin))
	if err != nil {
		return fmt.Errorf("manifest: schema: %w", err)
	}
	const url = "exhibit:plugin"
	c := jsonschema.NewCompiler()
	if err := c.AddResource(url, doc); err != nil {
		return fmt.Errorf("manifest: schema: %w", err)
	}
	schema, err := c.Compile(url)
	if err != nil {
		return fmt.Errorf("manifest: schema: %w", err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("%w: %w", evidence.ErrFormat, err)
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("%w: %s", evidence.ErrFormat, explain(err))
	}
	return nil
}

// explain flattens a validation error to "place: reason" pairs in one line.
func explain(err error) string {
	var v *jsonschema.ValidationError
	if !errors.As(err, &v) {
		return err.Error()
	}
	english := message.NewPrinter(language.English)
	var out []string
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 {
			out = append(out, fmt.Sprintf("/%s: %s", strings.Join(e.InstanceLocation, "/"), e.ErrorKind.LocalizedString(english)))
		}
		for _, cause := range e.Causes {
			walk(cause)
		}
	}
	walk(v)
	return strings.Join(out, "; ")
}

// AcceptsAll reports whether an accept states no condition.
func AcceptsAll(a evidence.Accept) bool { return reflect.ValueOf(a).IsZero() }
