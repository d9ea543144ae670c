package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/ssh"
)

// Pool carries scripts over SSH.
type Pool struct {
	SSH *ssh.Pool
	// Secret looks a secret up where it is kept.
	Secret func(ctx context.Context, s inventory.Secret) (string, error)
	// Sudo reports whether scripts that need root may ask for it on a host.
	// Where they may not they are run as the login is, and say what they lack.
	Sudo func(host inventory.Ref) bool
	// Patience is how long a host that does not answer is tried again before
	// an act is given up; 0 is [DefaultPatience].
	Patience time.Duration
}

// DefaultPatience is how long a host may be away before an act on it is given
// up: a reboot takes less.
const DefaultPatience = 3 * time.Minute

// How an act's job is waited for and ended.
const (
	retryFirst = 250 * time.Millisecond
	retryMax   = 5 * time.Second
	killGrace  = 10 * time.Second
	killLimit  = 40 * time.Second
	// stay is how long a step may take that costs one round trip in all: for so
	// long it is not known to who watches what it prints.
	stay = time.Second
)

// maxOutput is how much of a step's streams is kept for who reads its words.
const maxOutput = 1 << 20

var _ Carrier = (*Pool)(nil)

// Do runs a script as a detached job. While the host cannot be reached it is
// tried again: under one id a job starts once.
func (p *Pool) Do(ctx context.Context, host inventory.Ref, id string, s actions.Script, line func(string)) (actions.Output, error) {
	cmd, hide, err := p.command(ctx, host, s)
	if err != nil {
		return actions.Output{Exit: -1}, &NotBegun{err}
	}
	job, err := p.start(ctx, host, id, cmd)
	if err != nil {
		return actions.Output{Exit: -1}, err
	}
	out, err := job.Wait(ctx, func(_, text string) { line(hide(text)) })
	got := actions.Output{Stdout: out.Stdout, Stderr: out.Stderr, Exit: out.Exit, Cut: out.Cut, Took: out.Took}.HideIn(hide)
	var lost *ssh.JobError
	switch {
	case ctx.Err() != nil:
		return got, context.Cause(ctx)
	case errors.As(err, &lost) && !lost.Began && lost.State != ssh.JobAbsent:
		// Its text never ran, and never will under this id.
		return got, &Uncertain{err}
	case err != nil:
		return got, &Uncertain{err}
	}
	return got, nil
}

// start starts a job, or finds it started.
func (p *Pool) start(ctx context.Context, host inventory.Ref, id string, cmd ssh.Command) (*ssh.Job, error) {
	patience := p.Patience
	if patience <= 0 {
		patience = DefaultPatience
	}
	over, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	maybe := false // an attempt may have reached the host
	for pause := retryFirst; ; pause = min(2*pause, retryMax) {
		job, err := p.SSH.StartAndStay(over, string(host), id, cmd, stay)
		if err == nil {
			return job, nil
		}
		var e *ssh.Error
		known := errors.As(err, &e)
		maybe = maybe || !known || e.Trouble == ssh.LineLost || e.Trouble == ssh.Timeout
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if over.Err() == nil && known && passing(e.Trouble) {
			t := time.NewTimer(pause)
			select {
			case <-t.C:
				continue
			case <-over.Done():
			}
			t.Stop()
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
		}
		if maybe {
			return nil, &Uncertain{err}
		}
		return nil, &NotBegun{err}
	}
}

// passing reports troubles that may be over soon: the host restarts, or the
// line is cut.
func passing(t ssh.Trouble) bool {
	return t == ssh.LineLost || t == ssh.Timeout || t == ssh.Refused || t == ssh.NoRoute
}

// Ask runs a script and waits for it. A line that is lost meanwhile is tried
// once more.
func (p *Pool) Ask(ctx context.Context, host inventory.Ref, s actions.Script) (actions.Output, error) {
	cmd, hide, err := p.command(ctx, host, s)
	if err != nil {
		return actions.Output{Exit: -1}, err
	}
	out, err := p.SSH.Run(ctx, string(host), cmd)
	if errors.Is(err, ssh.LineLost) && ctx.Err() == nil {
		out, err = p.SSH.Run(ctx, string(host), cmd)
	}
	got := actions.Output{Stdout: out.Stdout, Stderr: out.Stderr, Exit: out.Exit, Cut: out.Cut, Took: out.Took}.HideIn(hide)
	if err == nil && out.Signal != "" {
		err = fmt.Errorf("it was ended by signal %s", out.Signal)
	}
	return got, err
}

// Kill ends a job. One that the host does not know needs no ending.
func (p *Pool) Kill(ctx context.Context, host inventory.Ref, id string, sudo bool) error {
	ctx, cancel := context.WithTimeout(ctx, killLimit)
	defer cancel()
	job, err := p.SSH.Attach(ctx, string(host), id, sudo && p.Sudo(host))
	var lost *ssh.JobError
	if errors.As(err, &lost) {
		return nil
	}
	if err != nil {
		return err
	}
	st, err := job.Stop(ctx, killGrace)
	if err == nil && (st.State == ssh.JobRunning || st.State == ssh.JobStarting) {
		err = errors.New("its processes do not end")
	}
	return err
}

// Forget removes what a host keeps of jobs.
func (p *Pool) Forget(ctx context.Context, host inventory.Ref, ids []string, sudo bool) error {
	return p.SSH.ForgetJobs(ctx, string(host), ids, sudo && p.Sudo(host))
}

// command renders a script with its secrets looked up, and returns what takes
// them out of what it prints.
func (p *Pool) command(ctx context.Context, host inventory.Ref, s actions.Script) (ssh.Command, func(string) string, error) {
	secrets := map[string]string{}
	for name, at := range s.Keep {
		v, err := p.Secret(ctx, at)
		if err != nil {
			return ssh.Command{}, nil, fmt.Errorf("the secret %s: %w", name, err)
		}
		secrets[name] = v
	}
	s.Secrets = secrets
	text, secret, err := s.Render()
	if err != nil {
		return ssh.Command{}, nil, err
	}
	return ssh.Command{Text: text, Secrets: secret, Sudo: s.Sudo && p.Sudo(host), Max: maxOutput}, actions.Hide(secrets), nil
}
