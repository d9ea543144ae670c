//go:build linux

package bed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// tool runs a program and returns what it printed. Its error ends with what the
// program said.
func tool(ctx context.Context, name string, args ...string) (string, error) {
	return toolIn(ctx, "", name, args...)
}

// toolIn is [tool] with an input.
func toolIn(ctx context.Context, stdin, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.WaitDelay = time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(errs.String() + "\n" + out.String())
		if len(said) > 2000 {
			said = "… " + said[len(said)-2000:]
		}
		return out.String(), fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, said)
	}
	return out.String(), nil
}

// until asks again and again until there is no error, and returns the last one
// when the context ends.
func until(ctx context.Context, what string, ask func() error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%s: %w", what, context.Cause(ctx)), err)
		}
	}
}

// startHeld starts a program that dies with this process, appends what it says
// to a file, and returns a channel that is closed when it has ended.
func startHeld(cmd *exec.Cmd, log string) (<-chan struct{}, error) {
	f, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // the child has its own
	cmd.Stdout, cmd.Stderr = f, f
	end := make(chan struct{})
	started := make(chan error)
	go func() {
		defer close(end)
		// The kernel sends the death signal when the thread ends that started the
		// child (prctl(2), PR_SET_PDEATHSIG): this one waits for it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
	}()
	return end, <-started
}
