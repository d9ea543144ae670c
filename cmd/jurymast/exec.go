package main

import (
	"context"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// runProgram runs a program of the admin's machine in the foreground. When the
// context ends it is asked to end, and made to after a grace. Vars are added to
// its environment.
func runProgram(ctx context.Context, argv []string, s streams, vars map[string]string) error {
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	if len(vars) > 0 {
		c.Env = os.Environ()
		for name, value := range vars {
			c.Env = append(c.Env, name+"="+value)
		}
	}
	c.Stdin, c.Stdout, c.Stderr = s.in, s.out, s.err
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 5 * time.Second
	return c.Run()
}
