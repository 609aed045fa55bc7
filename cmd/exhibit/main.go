// Command exhibit takes in evidence, proves that it has not changed, runs
// untrusted parsers over it in sandboxed processes, and reads the result back.
// docs/cli.md is its manual.
package main

import (
	"context"
	"crypto/rand"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// The first signal asks to stop in good order; a second one ends the process.
	context.AfterFunc(ctx, stop)
	p := &program{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv,
		now: time.Now, rand: rand.Reader,
		terminal: isTerminal(os.Stderr),
	}
	code := p.run(ctx, os.Args)
	stop()
	os.Exit(code)
}
