// Command jurymast looks after a small self-hosted fleet over plain SSH: a
// console, and a headless tool for cron.
package main

import (
	"context"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"jurymast/tui/early"
)

func main() { os.Exit(Main()) }

// Main runs jurymast with the arguments, streams and environment of the
// process and returns its exit code. INT, TERM and HUP end the work in hand
// and give the code a shell expects of them.
func Main() int {
	early.Restore()
	goHome()
	return serve(newApp(os.Args[1:], processStreams(), os.LookupEnv))
}

// goHome gives a process without HOME that of its user, as ssh does: systemd
// gives none to a service of root, whose keys, host keys and ssh configuration
// lie there. Who has no home stays without.
func goHome() {
	if os.Getenv("HOME") != "" {
		return
	}
	if u, err := user.Current(); err == nil && filepath.IsAbs(u.HomeDir) {
		_ = os.Setenv("HOME", u.HomeDir) // of a fixed name and a path: it cannot fail
	}
}

// serve carries out one call as a process, with its signals.
func serve(a *app) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	sigs := make(chan os.Signal, 2)
	signal.Notify(sigs, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(sigs)
	var got atomic.Int32
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case s := <-sigs:
			if n, ok := s.(syscall.Signal); ok {
				got.Store(int32(n))
			}
			cancel()
			// A second one means now: what is under way has no more time.
			select {
			case <-sigs:
				os.Exit(128 + int(got.Load()))
			case <-done:
			}
		case <-done:
		}
	}()

	code := a.run(ctx)
	if n := got.Load(); n != 0 {
		return 128 + int(n)
	}
	return code
}
