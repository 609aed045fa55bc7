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

	"github.com/exhibit-forensics/exhibit/core/host"
	"github.com/exhibit-forensics/exhibit/core/kit"
)

func main() {
	// A plugin's process begins here and must not come to anything else first.
	if len(os.Args) > 1 && os.Args[1] == sandboxCommand {
		os.Exit(host.SandboxMain(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == sandboxElsewhere {
		os.Exit(kit.SandboxMain(os.Args[2:]))
	}
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

// sandboxCommand is the argument with which the program executes itself as a
// plugin's launcher; it is no command for people.
const sandboxCommand = "sandbox-exec"

// sandboxElsewhere is the same in surroundings that plugins must not notice (`plugin test`).
const sandboxElsewhere = "sandbox-exec-elsewhere"
