package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/keyring"
	"github.com/exhibit-forensics/exhibit/core/locate"
	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/evidence/store"
)

func (p *program) keyCommand() *cli.Command {
	return group("key", "keys that open evidence",
		command(&cli.Command{
			Name: "add", Usage: "make a key known to the case", ArgsUsage: "NAME (--file FILE | --stdin | --at ARTIFACT:OFFSET:LENGTH)",
			Description: "   A key found in the evidence is given by its place and never copied. ARTIFACT is\n" +
				"   a digest, the beginning of one, or a place such as EX-001:conf/enc.key.",
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "file", Usage: "the key is the content of `FILE`"},
				&cli.BoolFlag{Name: "stdin", Usage: "the key is what comes on standard input"},
				&cli.StringFlag{Name: "at", Usage: "the key lies in the evidence at `ARTIFACT:OFFSET:LENGTH`"},
				&cli.StringFlag{Name: "encoding", Value: keyring.Raw, Usage: "how it is written down: raw, hex, base64, utf-16le, … (`ENCODING`)"},
			},
		}, 1, 1, p.addKey),
		p.keyFindCommand(),
		command(&cli.Command{Name: "list", Usage: "list the keys known to the case, by fingerprint"}, 0, 0, func(c *cli.Context) error {
			return p.reading(c, p.listKeys)
		}),
	)
}

func (p *program) addKey(c *cli.Context) error {
	ways := 0
	for _, flag := range []string{"file", "stdin", "at"} {
		if c.IsSet(flag) {
			ways++
		}
	}
	if ways != 1 {
		return usagef("exhibit key add: one of --file, --stdin and --at says where the key is")
	}
	if !slices.Contains(keyring.Encodings(), c.String("encoding")) {
		return usagef("--encoding %s: one of %s", visible(c.String("encoding")), strings.Join(keyring.Encodings(), ", "))
	}
	name := c.Args().First()
	var at *place
	var value []byte
	var err error
	switch {
	case c.IsSet("at"):
		at, err = parsePlace(c.String("at"))
	case c.Bool("stdin"):
		value, err = readAtMost(p.in, keyring.MaxKey)
	default:
		value, err = readBounded(c.String("file"), keyring.MaxKey)
		if err != nil {
			err = fmt.Errorf("key file %s: %w", visible(c.String("file")), err)
		}
	}
	if err != nil {
		return withState(err, "No key was added.")
	}
	return p.writing(c, func(ctx context.Context, k *store.Case) error {
		fp, err := p.storeKey(ctx, k, name, value, at, c.String("encoding"))
		if err != nil {
			return withState(err, "No key was added.")
		}
		if p.asJSON {
			return writeJSON(p.out, map[string]any{"name": name, "fingerprint": fp})
		}
		return p.printf("%s  %s\n", name, fp)
	})
}

func (p *program) storeKey(ctx context.Context, k *store.Case, name string, value []byte, at *place, encoding string) (string, error) {
	if at == nil {
		return keyring.Add(ctx, k, name, value, encoding)
	}
	artifact, err := locate.Artifact(ctx, k, at.artifact)
	if err != nil {
		return "", err
	}
	return keyring.AddAt(ctx, k, name, store.Place{Artifact: artifact, Offset: at.offset, Length: at.length}, encoding)
}

// place is what --at says; the artifact is looked for later.
type place struct {
	artifact       string
	offset, length int64
}

// parsePlace reads ARTIFACT:OFFSET:LENGTH; the artifact may hold colons itself.
func parsePlace(s string) (*place, error) {
	parts := strings.Split(s, ":")
	if len(parts) < 3 {
		return nil, usagef("--at %s: it must be ARTIFACT:OFFSET:LENGTH", visible(s))
	}
	n := len(parts)
	offset, err1 := strconv.ParseInt(parts[n-2], 10, 64)
	length, err2 := strconv.ParseInt(parts[n-1], 10, 64)
	if err1 != nil || err2 != nil || offset < 0 || length < 1 || length > keyring.MaxKey {
		return nil, usagef("--at %s: OFFSET and LENGTH are numbers of bytes; a key has 1 to %d", visible(s), keyring.MaxKey)
	}
	return &place{strings.Join(parts[:n-2], ":"), offset, length}, nil
}

func (p *program) listKeys(ctx context.Context, k *store.Case) error {
	state, err := k.State(ctx)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, key := range keysOf(state) {
		if p.asJSON {
			if err := writeJSON(p.out, key); err != nil {
				return err
			}
			continue
		}
		where := ""
		if key.Place != nil {
			where = placeText(ctx, k, *key.Place)
		}
		rows = append(rows, []string{key.Name, key.Fingerprint, key.Form, key.Encoding, where})
	}
	return table(p.out, rows)
}

// placeText names a place by a path where there is one.
func placeText(ctx context.Context, k *store.Case, at store.Place) string {
	name := evidence.DigestPrefix + at.Artifact.Short()
	if places, err := k.Places(ctx, at.Artifact); err == nil && len(places) > 0 {
		name = places[0].Item + ":" + visible(places[0].Path.String())
	}
	return fmt.Sprintf("%s:%d:%d", name, at.Offset, at.Length)
}
