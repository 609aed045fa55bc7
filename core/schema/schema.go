// Package schema checks JSON against a JSON Schema, and says what is wrong as people
// read it. Nothing is fetched: a schema is its bytes.
package schema

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/exhibit-forensics/exhibit/evidence"
)

// Schema is a compiled JSON Schema.
type Schema struct{ s *jsonschema.Schema }

// Compile reads a schema; kind is what it describes.
func Compile(kind string, text []byte) (*Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", kind, err)
	}
	c, url := jsonschema.NewCompiler(), "exhibit:"+kind
	if err := c.AddResource(url, doc); err != nil {
		return nil, fmt.Errorf("schema of %s: %w", kind, err)
	}
	s, err := c.Compile(url)
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", kind, err)
	}
	return &Schema{s}, nil
}

// Check reports with evidence.ErrFormat where text is not JSON, or not what the schema
// says: "place: reason" for each fault, in one line.
func (s *Schema) Check(text []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("%w: %w", evidence.ErrFormat, err)
	}
	if err := s.s.Validate(value); err != nil {
		return fmt.Errorf("%w: %s", evidence.ErrFormat, explain(err))
	}
	return nil
}

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
