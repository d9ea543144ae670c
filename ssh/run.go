package ssh

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// How long a command's end may take.
const (
	// lingerTime is how long a stream may stay silent and open once the shell
	// has exited: something that it left behind holds it.
	lingerTime = 2 * time.Second
	// killGrace lies between TERM and KILL, in seconds.
	killGrace = 2
	// killLimit bounds the whole ending of a command, the way there included.
	killLimit = 6 * time.Second
	// closeLimit bounds the wait for the other side to answer a close. A line
	// on which this is not answered is taken for dead.
	closeLimit = 2 * time.Second
)

// Run runs c on a host and waits for it. A command that ran and failed is an
// Output with its exit status or signal, not an error.
//
// When ctx ends first, the command's process group gets TERM on the host and
// KILL two seconds later, and Run returns within some seconds, at once where
// the line is dead: an Error of Timeout for a deadline, else an error that is
// ctx's. The Output then holds what had come. A command that prints far too
// much is ended likewise, with TooLarge.
//
// What the command leaves behind holding its output does not hold Run up: once
// the shell has exited and nothing comes for two seconds, it is over.
func (p *Pool) Run(ctx context.Context, host string, c Command) (Output, error) {
	if c.Max <= 0 {
		c.Max = DefaultMax
	}
	r, err := p.run(ctx, host, c, c.Max, nil, nil)
	return r.clean(c.Max), err
}

// raw is an output as it came.
type raw struct {
	out            Output // without its streams
	stdout, stderr []byte
}

// clean returns the output with its streams clean and within max, as what is
// put in place of bad bytes may be longer than they are.
func (r raw) clean(max int) Output {
	r.out.Stdout = cutAt(Clean(r.stdout, 0), max)
	r.out.Stderr = cutAt(Clean(r.stderr, 0), max)
	return r.out
}

// Stream runs c as Run does, keeps nothing of what it prints and bounds nothing
// but the length of a line: each line is handed on, clean and without its
// newline, as soon as it has ended. The functions are called from two
// goroutines, may be nil, must return soon and must not keep the line.
func (p *Pool) Stream(ctx context.Context, host string, c Command, stdout, stderr func(line []byte)) (Output, error) {
	drop := func([]byte) {}
	if stdout == nil {
		stdout = drop
	}
	if stderr == nil {
		stderr = drop
	}
	r, err := p.run(ctx, host, c, 0, stdout, stderr)
	return r.out, err
}

// run runs c and keeps so many bytes of each stream. A shell that was started
// ahead and is found dead is replaced: it never said that it began. Where the line
// was cut in the instant after it was given its text it may have, all the same:
// what must happen once goes by [Pool.Start]. So is, once, a session on which no
// shell came to be before the line was cut: it was sent no text.
func (p *Pool) run(ctx context.Context, host string, c Command, keep int, stdout, stderr func([]byte)) (raw, error) {
	for again := true; ; {
		mark := newMark()
		text, err := wrap(mark, c)
		if err != nil {
			return raw{out: Output{Exit: -1}}, &Error{Host: host, Trouble: Misconfigured, Err: err}
		}
		s, err := p.shell(ctx, host, c.Sudo)
		if err != nil {
			return raw{out: Output{Exit: -1}}, err
		}
		r := newRunning(s, mark, keep, stdout, stderr)
		out, err := r.run(ctx, text)
		if s.ahead && ctx.Err() == nil && errors.Is(err, errNothingRan) {
			continue
		}
		if again && ctx.Err() == nil && errors.Is(r.sendErr, errUnsent) && errors.Is(err, LineLost) {
			again = false
			continue
		}
		return out, err
	}
}

// newMark returns a word that occurs nowhere else.
func newMark() string { return "JM" + rand.Text() }

// errNothingRan is the cause of errors that mean that the text was never begun.
var errNothingRan = errors.New("the shell did not begin")

// running is a command under way.
type running struct {
	s        *shell
	began    chan place    // gets where it runs, once
	flooded  chan struct{} // closed when a stream went out of bounds
	exited   chan struct{} // closed when the status has come
	done     chan struct{} // closed when nothing more can come; all below may be read then
	out, err *gate
	bytes    atomic.Int64 // that have come: shows whether something still does

	floodOnce sync.Once
	sendErr   error
	status    *int
	signal    string
}

func newRunning(s *shell, mark string, keep int, stdout, stderr func([]byte)) *running {
	r := &running{
		s:       s,
		began:   make(chan place, 1),
		flooded: make(chan struct{}),
		exited:  make(chan struct{}),
		done:    make(chan struct{}),
	}
	sink := func(f func([]byte)) *Cleaner {
		if f == nil {
			return nil
		}
		return &Cleaner{Line: func(l []byte, _ bool) { f(l) }}
	}
	r.out = &gate{mark: []byte(mark), max: keep, lines: sink(stdout), open: func(rest string) { r.began <- parsePlace(rest) }}
	r.err = &gate{mark: []byte(mark), max: keep, lines: sink(stderr)}
	return r
}

// run sends the text and waits for its end. The session is closed when it
// returns, and no goroutine is left.
func (r *running) run(ctx context.Context, text []byte) (raw, error) {
	start := time.Now()
	r.start(text)
	err := r.wait(ctx)
	r.finish()
	out := Output{Exit: -1, Signal: r.signal, Cut: r.out.cut() || r.err.cut(), Took: time.Since(start)}
	if r.status != nil {
		out.Exit = *r.status
	}
	if err == nil {
		err = r.verdict()
	}
	return raw{out, r.out.kept, r.err.kept}, err
}

// start starts what moves the bytes. Each part ends with the channel.
func (r *running) start(text []byte) {
	var parts sync.WaitGroup
	parts.Go(func() { r.sendErr = r.s.send(text) })
	parts.Go(func() { r.read(r.s.ch.Read, r.out) })
	parts.Go(func() { r.read(r.s.ch.Stderr().Read, r.err) })
	parts.Go(r.requests)
	go func() {
		parts.Wait()
		close(r.done)
	}()
}

func (r *running) read(read func([]byte) (int, error), g *gate) {
	// Most streams carry a few words, or nothing, and a sweep has two for each host.
	buf := make([]byte, 1<<10)
	for {
		n, err := read(buf)
		r.bytes.Add(int64(n))
		if !g.write(buf[:n]) {
			r.floodOnce.Do(func() { close(r.flooded) })
		}
		if err != nil {
			if g.lines != nil {
				g.lines.Flush()
			}
			return
		}
		if n == len(buf) && n < 32<<10 {
			buf = make([]byte, 32<<10)
		}
	}
}

// requests takes what the server says about the command: its exit status or
// signal (RFC 4254 6.10).
func (r *running) requests() {
	for q := range r.s.reqs {
		switch q.Type {
		case "exit-status":
			var m struct{ Status uint32 }
			if gossh.Unmarshal(q.Payload, &m) == nil && r.status == nil && r.signal == "" {
				n := int(m.Status)
				r.status = &n
				close(r.exited)
			}
		case "exit-signal":
			var m struct {
				Signal     string
				CoreDumped bool
				Message    string
				Language   string
			}
			if gossh.Unmarshal(q.Payload, &m) == nil && r.status == nil && r.signal == "" {
				r.signal = string(Clean(cutAt([]byte(m.Signal), 32), 0))
				if r.signal == "" {
					r.signal = "?"
				}
				close(r.exited)
			}
		}
		if q.WantReply {
			// A server that asks something of a session gets no for an answer.
			if q.Reply(false, nil) != nil {
				continue // the channel is going: the loop ends with it
			}
		}
	}
}

// wait waits for the command's end, or ends it.
func (r *running) wait(ctx context.Context) error {
	exited := r.exited
	idle := time.NewTimer(time.Hour)
	idle.Stop()
	defer idle.Stop()
	var seen int64
	for {
		select {
		case <-r.done:
			return nil
		case <-r.flooded:
			ended := r.kill(ctx)
			return r.s.fail(TooLarge, fmt.Errorf("the command printed more than %d times what is kept; %s", flood, ended), "see what prints so much: jurymast ssh "+base(r.s.host))
		case <-ctx.Done():
			if r.over() {
				return nil
			}
			ended := r.kill(ctx)
			err := fmt.Errorf("%s: %w", ended, context.Cause(ctx))
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return r.s.fail(Timeout, fmt.Errorf("the command had not ended in time; %w", err), hintSlow(r.s.host))
			}
			return fmt.Errorf("ssh %s: %w", r.s.host, err)
		case <-exited:
			exited = nil
			seen = r.bytes.Load()
			idle.Reset(lingerTime)
		case <-idle.C:
			now := r.bytes.Load()
			if now == seen {
				return nil
			}
			seen = now
			idle.Reset(lingerTime)
		}
	}
}

// over reports whether everything has come although ctx has ended as well.
func (r *running) over() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// finish closes the session and waits until everything has ended. Where the
// other side does not answer even that, the line is given up.
func (r *running) finish() {
	r.s.close()
	t := time.NewTimer(closeLimit)
	defer t.Stop()
	select {
	case <-r.done:
		return
	case <-t.C:
	}
	r.s.drop(errNoAnswer)
	<-r.done
}

var errNoAnswer = errors.New("the host does not answer any more")
