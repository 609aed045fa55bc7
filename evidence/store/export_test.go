package store

import "context"

// The bodies of rows, for comparison with evidence.Canonical.
var (
	ArtifactBody   = artifactBody
	OccurrenceBody = occurrenceBody
	DerivationBody = derivationBody
)

// Names of what a test must damage or look for.
const (
	StagingPrefix = stagingPrefix
	Unfinished    = unfinished
)

// Exec runs SQL on the writer's own connection, in its goroutine.
func (c *Case) Exec(ctx context.Context, query string) error {
	return c.w.submit(ctx, func() error { return c.w.exec(query) })
}

// Pragma reads a setting of the writer's connection.
func (c *Case) Pragma(ctx context.Context, name string) (v any, err error) {
	err = c.w.submit(ctx, func() error {
		v, err = scalar(c.w.conn, "PRAGMA "+name)
		return err
	})
	return v, err
}
