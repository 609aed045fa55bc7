package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exhibit-forensics/exhibit/core/witness"
	"github.com/exhibit-forensics/exhibit/evidence"
)

func (p *program) witnessCommand() *cli.Command {
	dir := &cli.StringFlag{Name: "dir", Usage: "the witness's `DIR`: its key, the logs it admits, what it cosigned"}
	return group("witness", "be a witness of other laboratories' logs (C2SP tlog-witness)",
		command(&cli.Command{
			Name: "init", Usage: "make a witness", ArgsUsage: "NAME",
			Description: "   NAME should be its address without https://. Its verifier key is printed: give it to those whose\n" +
				"   logs it will cosign, and to those who will verify.\n\n" +
				"   exhibit witness init witness.example.org --dir ~/witness",
			Flags: []cli.Flag{dir},
		}, 1, 1, p.witnessInit),
		command(&cli.Command{
			Name: "admit", Usage: "cosign the log of this verifier key from now on", ArgsUsage: "KEY",
			Description: "   KEY is the log's key, as `exhibit log --json` and a receipt have it; compare it with its owner by another way.\n\n" +
				"   exhibit witness admit --dir ~/witness 'exhibit/0f…+1a2b3c4d+AQ…'",
			Flags: []cli.Flag{dir},
		}, 1, 1, p.witnessAdmit),
		command(&cli.Command{
			Name: "serve", Usage: "answer requests until it is stopped",
			Description: "   Plain HTTP: put a web server with a certificate in front of it where it is reached from outside.\n\n" +
				"   exhibit witness serve --dir ~/witness --addr 127.0.0.1:8080",
			Flags: []cli.Flag{dir, &cli.StringFlag{Name: "addr", Usage: "listen at `ADDRESS`", Value: "127.0.0.1:8080"}},
		}, 0, 0, p.witnessServe),
	)
}

func witnessDir(c *cli.Context) (string, error) {
	if dir := c.String("dir"); dir != "" {
		return dir, nil
	}
	return "", usagef("%s: --dir DIR", c.Command.HelpName)
}

func (p *program) witnessInit(c *cli.Context) error {
	dir, err := witnessDir(c)
	if err != nil {
		return err
	}
	vkey, err := witness.Init(dir, c.Args().First(), p.now(), p.rand)
	if errors.Is(err, evidence.ErrFormat) {
		return usagef("%s", complaint(err))
	}
	if err != nil {
		return withState(err, "No witness was made.")
	}
	if p.asJSON {
		return writeJSON(p.out, map[string]any{"dir": dir, "vkey": vkey})
	}
	if err := p.printf("%s\n", vkey); err != nil {
		return err
	}
	p.note("This is its verifier key. Next: exhibit witness admit --dir %s KEY, then exhibit witness serve --dir %s", visible(dir), visible(dir))
	return nil
}

func (p *program) witnessAdmit(c *cli.Context) error {
	dir, err := witnessDir(c)
	if err != nil {
		return err
	}
	key := c.Args().First()
	if err := witness.Admit(dir, key); errors.Is(err, evidence.ErrFormat) {
		return usagef("%s", complaint(err))
	} else if err != nil {
		return withState(err, "Nothing was changed.")
	}
	if p.asJSON {
		return writeJSON(p.out, map[string]any{"dir": dir, "admitted": key})
	}
	return p.printf("admitted: %s\n", visible(key))
}

func (p *program) witnessServe(c *cli.Context) error {
	dir, err := witnessDir(c)
	if err != nil {
		return err
	}
	w, err := witness.Open(dir)
	if err != nil {
		return err
	}
	var listen net.ListenConfig
	l, err := listen.Listen(c.Context, "tcp", c.String("addr"))
	if err != nil {
		return errors.Join(&problem{what: fmt.Sprintf("cannot listen at %s: %s", visible(c.String("addr")), reasonOf(err)), cause: err}, w.Close())
	}
	if err := p.printf("%s\nhttp://%s\n", w.VKey(), l.Addr()); err != nil {
		return errors.Join(err, l.Close(), w.Close())
	}
	var mu sync.Mutex
	err = w.Serve(c.Context, l, p.now, func(from string, status int, err error) {
		mu.Lock()
		defer mu.Unlock()
		line := fmt.Sprintf("%s %s %d", p.now().UTC().Format(time.RFC3339), from, status)
		if err != nil {
			line += " " + visible(strings.ReplaceAll(sentence(err), "\n", "; "))
		}
		p.note("%s", line)
	})
	return errors.Join(err, w.Close())
}
