package sdk

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
)

// Main is a plugin's whole main function. Started by a host it serves jobs;
// started by hand, `./plugin run FILE` reads a file and prints what it makes of it.
// It does not return.
func Main(p Plugin) {
	tuneMemory()
	if os.Getenv(CookieKey) == CookieValue {
		d, err := inheritedDescriptors(os.Getenv(EnvDescriptors))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		serve(p, d)
		os.Exit(0)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := Command(ctx, p, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// tuneMemory trades some memory for fewer collections (a third more records a
// second), and stays clear of the launcher's RLIMIT_DATA.
func tuneMemory() {
	debug.SetGCPercent(400)
	limitMemory()
}
