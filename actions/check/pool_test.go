package check

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"jurymast/actions"
	"jurymast/ssh"
)

// shellPool runs commands in a local shell, as a host would, and counts them.
type shellPool struct {
	argv []string // "dash", or "busybox", "sh"
	env  []string
	sh   string    // what is to be run for /bin/sh, when not that
	tee  io.Writer // is handed the output as it comes, when set

	mu   sync.Mutex
	runs map[string]int
	last ssh.Command
}

func (p *shellPool) Run(ctx context.Context, host string, c ssh.Command) (ssh.Output, error) {
	p.mu.Lock()
	if p.runs == nil {
		p.runs = map[string]int{}
	}
	p.runs[host]++
	p.last = c
	p.mu.Unlock()
	start := time.Now()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, p.argv[0], append(p.argv[1:], "-s")...)
	cmd.Env = p.env
	text := c.Text
	if p.sh != "" {
		text = strings.ReplaceAll(text, "/bin/sh", p.sh)
	}
	cmd.Stdin = bytes.NewReader(append(bytes.Clone(c.Secrets), "eval "+actions.Quote("{ :\n"+text+"\n}")+" </dev/null\n"...))
	cmd.Stdout, cmd.Stderr = &out, &errs
	if p.tee != nil {
		cmd.Stdout = io.MultiWriter(&out, p.tee)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 2 * time.Second
	err := cmd.Run()
	o := ssh.Output{Stdout: ssh.Clean(out.Bytes(), 0), Stderr: ssh.Clean(errs.Bytes(), 0), Took: time.Since(start)}
	if ctx.Err() != nil {
		return o, &ssh.Error{Host: host, Trouble: ssh.Timeout, Err: ctx.Err()}
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return o, err
	}
	o.Exit = cmd.ProcessState.ExitCode()
	return o, nil
}

func (p *shellPool) Dial(ctx context.Context, _, network, addr string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

// lines is what has come of a command that still runs.
type lines struct {
	mu  sync.Mutex
	got []byte
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got = append(l.got, b...)
	return len(b), nil
}

func (l *lines) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.got)
}
