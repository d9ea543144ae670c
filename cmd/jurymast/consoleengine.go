package main

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"jurymast/actions"
	"jurymast/actions/engine"
	"jurymast/inventory"
	"jurymast/tui"
)

// consoleEngine is what the console sees of the engine. When the inventory
// changes it holds a new one; the old one is closed when nobody uses it.
type consoleEngine struct {
	a       *app
	person  asker
	mu      sync.Mutex
	now     *heldEngine
	stamp   string             // of the inventory's files, as they were looked at last
	ahead   chan actions.State // what was seen last, read while all else was made ready; closed when taken or not to be had
	closing sync.WaitGroup
}

// heldEngine is an engine and those who use it.
type heldEngine struct {
	*engine.Engine
	users sync.WaitGroup
	asks  chan engine.Ask // to its watch
	gone  context.Context // ends when another has taken its place
	leave context.CancelFunc
}

func (a *app) openConsole(ctx context.Context) (*consoleEngine, error) {
	c := &consoleEngine{a: a, person: make(asker), ahead: make(chan actions.State, 1)}
	c.closing.Go(func() {
		defer close(c.ahead)
		if s, err := engine.SeenLast(ctx, a.paths()); err == nil {
			c.ahead <- s
		}
	})
	h, err := c.open(ctx)
	if err != nil {
		c.closing.Wait()
		return nil, err
	}
	c.now, c.stamp = h, stampOf(h.Fleet().Files)
	return c, nil
}

func (c *consoleEngine) open(ctx context.Context) (*heldEngine, error) {
	o, err := c.a.options()
	if err != nil {
		return nil, err
	}
	o.Prompt = c.person.prompt
	e, err := engine.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	h := &heldEngine{Engine: e, asks: make(chan engine.Ask)}
	h.gone, h.leave = context.WithCancel(context.Background())
	return h, nil
}

func (c *consoleEngine) close() {
	c.mu.Lock()
	h := c.now
	c.mu.Unlock()
	c.drop(h)
	c.closing.Wait()
}

// drop closes an engine once nobody uses it any more.
func (c *consoleEngine) drop(h *heldEngine) {
	h.leave()
	c.closing.Go(func() {
		h.users.Wait()
		if err := h.Close(); err != nil {
			c.a.log.Warn("an engine could not be closed", "err", err)
		}
	})
}

// use returns the engine of the moment. It stays open until release is called.
func (c *consoleEngine) use() (h *heldEngine, release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.users.Add(1)
	return c.now, c.now.users.Done
}

// stampOf changes when one of the files does.
func stampOf(files []string) string {
	var b strings.Builder
	for _, f := range files {
		b.WriteString(f)
		if i, err := os.Stat(f); err == nil {
			b.WriteString(i.ModTime().Format(time.RFC3339Nano) + strconv.FormatInt(i.Size(), 10))
		}
	}
	return b.String()
}

// Reload implements tui.Engine.
func (c *consoleEngine) Reload(ctx context.Context) (bool, error) {
	stamp := stampOf(c.Fleet().Files)
	c.mu.Lock()
	same := stamp == c.stamp
	c.stamp = stamp
	c.mu.Unlock()
	if same {
		return false, nil
	}
	h, err := c.open(ctx)
	if err != nil {
		return false, words(err)
	}
	c.mu.Lock()
	old := c.now
	c.now, c.stamp = h, stampOf(h.Fleet().Files)
	c.mu.Unlock()
	c.drop(old)
	return true, nil
}

// words puts an error as a line of the console: what, why, what to do next.
func words(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	r := explain(err)
	text := r.what
	if why := strings.Join(strings.Fields(r.why), " "); why != "" && why != text {
		text += ": " + why
	}
	if r.next != "" {
		text += "; next: " + r.next
	}
	return lineError{text, err}
}

// lineError is an error in other words.
type lineError struct {
	text string
	err  error
}

func (e lineError) Error() string { return e.text }

// Unwrap returns the error that was put in other words.
func (e lineError) Unwrap() error { return e.err }

// ask asks the engine of the moment.
func ask[T any](c *consoleEngine, f func(*engine.Engine) (T, error)) (T, error) {
	h, release := c.use()
	defer release()
	v, err := f(h.Engine)
	return v, words(err)
}

// Fleet implements tui.Engine.
func (c *consoleEngine) Fleet() *inventory.Fleet {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now.Fleet()
}

// ReadOnly implements tui.Engine.
func (c *consoleEngine) ReadOnly() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now.ReadOnly()
}

// Deploys implements tui.Engine.
func (c *consoleEngine) Deploys(t inventory.Ref) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now.Deploys(t)
}

// State implements tui.Engine.
func (c *consoleEngine) State(ctx context.Context) (actions.State, error) {
	if s, ok := <-c.ahead; ok {
		return s, nil
	}
	return ask(c, func(e *engine.Engine) (actions.State, error) { return e.State(ctx) })
}

// Summaries implements tui.Engine.
func (c *consoleEngine) Summaries(s actions.State) []actions.Summary {
	h, release := c.use()
	defer release()
	return h.Summaries(s)
}

// History implements tui.Engine. Steps of runs and what they print are left
// out: a long run would be all that there is.
func (c *consoleEngine) History(ctx context.Context, t inventory.Ref, most int) ([]actions.Event, error) {
	return ask(c, func(e *engine.Engine) ([]actions.Event, error) {
		return e.History(ctx, engine.Filter{Target: t, Types: eventTypes, Limit: most})
	})
}

// Series implements tui.Engine.
func (c *consoleEngine) Series(ctx context.Context, k actions.Key, metric string) ([]actions.Point, error) {
	return ask(c, func(e *engine.Engine) ([]actions.Point, error) { return e.Series(ctx, k, metric) })
}

// Jobs implements tui.Engine.
func (c *consoleEngine) Jobs(ctx context.Context) ([]tui.Job, error) {
	return ask(c, func(e *engine.Engine) ([]tui.Job, error) {
		jobs, err := e.Jobs(ctx)
		out := make([]tui.Job, len(jobs))
		for i, j := range jobs {
			out[i] = tui.Job{Name: j.Backup, Target: j.Target, State: j.State, Line: j.Line, At: j.Newest.At, RPO: j.RPO, Bytes: j.Newest.Bytes, To: j.To, Proof: j.Proof, Drilled: j.Drilled}
		}
		return out, err
	})
}

// Covers implements tui.Engine.
func (c *consoleEngine) Covers(ctx context.Context) ([]tui.Cover, error) {
	return ask(c, func(e *engine.Engine) ([]tui.Cover, error) {
		covers, err := e.Coverage(ctx)
		out := make([]tui.Cover, len(covers))
		for i, x := range covers {
			out[i] = tui.Cover{Target: x.Target, State: x.State, Line: x.Line, Copies: x.Copies, Media: x.Media, OffSite: x.OffSite, Locked: x.Locked}
			for _, p := range x.Places {
				out[i].Places = append(out[i].Places, tui.Place{Repository: p.Repository, Medium: p.Medium, OffSite: p.OffSite, Age: p.Age})
			}
		}
		return out, err
	})
}

// Shell implements tui.Engine.
func (c *consoleEngine) Shell(ctx context.Context, host inventory.Ref) ([]string, error) {
	return ask(c, func(e *engine.Engine) ([]string, error) { return e.Shell(ctx, host, nil) })
}

// Edit implements tui.Engine. Editors since ed take +LINE.
func (c *consoleEngine) Edit(at inventory.Pos) ([]string, error) {
	return append(c.a.editor(), "+"+strconv.Itoa(max(1, at.Line)), at.File), nil
}

// Keys implements tui.Engine.
func (c *consoleEngine) Keys(ctx context.Context, host inventory.Ref) ([]tui.HostKey, error) {
	return ask(c, func(e *engine.Engine) ([]tui.HostKey, error) { return hostKeys(e.Keys(ctx, host)) })
}

// KnownKeys implements tui.Engine.
func (c *consoleEngine) KnownKeys(_ context.Context, host inventory.Ref) ([]tui.HostKey, error) {
	return ask(c, func(e *engine.Engine) ([]tui.HostKey, error) { return hostKeys(e.KnownKeys(host)) })
}

func hostKeys(keys []engine.HostKey, err error) ([]tui.HostKey, error) {
	out := make([]tui.HostKey, len(keys))
	for i, k := range keys {
		out[i] = tui.HostKey{Type: k.Type, Fingerprint: k.Fingerprint, State: string(k.State)}
	}
	return out, err
}

// Silence implements tui.Engine.
func (c *consoleEngine) Silence(ctx context.Context, s tui.Silence) error {
	_, err := ask(c, func(e *engine.Engine) (actions.Silence, error) {
		return e.Silence(ctx, engine.SilenceRequest{Kind: s.Kind, Target: s.Target, For: s.For, Reason: s.Reason})
	})
	return err
}

// EndSilence implements tui.Engine.
func (c *consoleEngine) EndSilence(ctx context.Context, t inventory.Ref) error {
	_, err := ask(c, func(e *engine.Engine) (int, error) { return e.EndSilences(ctx, t) })
	return err
}
