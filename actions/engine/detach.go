package engine

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"jurymast/actions"
	"jurymast/actions/run"
	"jurymast/ssh"
)

// detachWait is how long a process that carries a run out may take to begin.
const detachWait = 20 * time.Second

// Detach carries a run out in a process of its own, which goes on when this
// one ends. self is the command line of this program that carries a run out;
// the run's id is added to it, and env to this process's environment.
func (e *Engine) Detach(ctx context.Context, id string, self, env []string) error {
	dir := filepath.Join(e.options.Paths.State, "runs")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return &Trouble{Class: ClassStore, What: "the folder for the logs of runs cannot be made", Err: err}
	}
	log, err := os.OpenFile(filepath.Join(dir, id+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return &Trouble{Class: ClassStore, What: "the log of the run cannot be made", Err: err}
	}
	defer func() { _ = log.Close() }() // the other process has its own
	c := exec.Command(self[0], append(self[1:], id)...)
	c.Stdout, c.Stderr = log, log
	c.Env = append(os.Environ(), env...)
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := c.Start(); err != nil {
		return &Trouble{Class: ClassInternal, What: "no process could be started for the run", Err: err, Next: "jurymast runs resume " + id}
	}
	over := make(chan error, 1)
	go func() { over <- c.Wait() }() // ends with the process, which nobody else waits for
	ctx, cancel := context.WithTimeout(ctx, detachWait)
	defer cancel()
	t := time.NewTicker(followPause)
	defer t.Stop()
	for {
		if r, err := e.Run(ctx, id); err == nil && Outcome(r.State) == run.Refused {
			return e.refused(ctx, r)
		} else if err == nil && Outcome(r.State) != run.Queued {
			return nil
		}
		select {
		case err := <-over:
			if err == nil {
				return nil
			}
			if r, rerr := e.Run(ctx, id); rerr == nil && Outcome(r.State) == run.Refused {
				return e.refused(ctx, r)
			}
			return &Trouble{Class: ClassInternal, What: "the process of run " + id + " ended at once", Details: []string{tail(log.Name())}, Err: err, Next: "jurymast runs resume " + id}
		case <-ctx.Done():
			return &Trouble{Class: ClassInternal, What: "the process of run " + id + " has not begun", Next: "jurymast runs show " + id}
		case <-t.C:
		}
	}
}

// refused words why the process of a run did nothing.
func (e *Engine) refused(ctx context.Context, r actions.Run) error {
	es, err := e.Events(ctx, r.ID)
	if err != nil {
		return err
	}
	t := &Trouble{Class: ClassRefused, What: "run " + r.ID + " was refused: nothing was done", Next: "jurymast runs report " + r.ID}
	for _, ev := range es {
		if ev.Type != actions.EventRun || ev.To != string(run.Refused) {
			continue
		}
		t.Details = []string{ev.Line}
		if ev.Item == run.ItemHeld {
			t.Class, t.Next = ClassBusy, "try later"
		}
	}
	return t
}

// tail returns the last lines of a small file.
func tail(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }() // only read
	b, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(ssh.Clean(b, 2000)))
}
