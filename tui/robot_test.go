package tui

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/exp/teatest"
)

// robot sits at a console that runs as a real program, and looks at the newest
// frame.
type robot struct {
	t     *testing.T
	tm    *teatest.TestModel
	view  *watched
	clock *clock
	f     *fake
}

// watched keeps the newest frame and tells who waits for one.
type watched struct {
	*root
	mu    sync.Mutex
	last  string
	views int
	keys  int // taken so far
	drawn chan struct{}
}

func (w *watched) Init() tea.Cmd { return w.root.Init() }

func (w *watched) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	_, cmd := w.root.Update(msg)
	if _, ok := msg.(tea.KeyMsg); ok {
		w.mu.Lock()
		w.keys++
		w.mu.Unlock()
	}
	return w, cmd
}

func (w *watched) View() string {
	v := w.root.View()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = v
	w.views++
	close(w.drawn)
	w.drawn = make(chan struct{})
	return v
}

// sit starts a console of a size on an engine.
func sit(t *testing.T, f *fake, w, h int, o Options) *robot {
	t.Helper()
	c := &clock{t: at}
	o.Now = c.now
	ctx, cancel := context.WithCancel(t.Context())
	m, err := newRoot(ctx, f, o)
	if err != nil {
		t.Fatal(err)
	}
	v := &watched{root: m, drawn: make(chan struct{})}
	r := &robot{t: t, view: v, clock: c, f: f, tm: teatest.NewTestModel(t, v, teatest.WithInitialTermSize(w, h))}
	t.Cleanup(func() {
		cancel()
		if err := r.tm.Quit(); err != nil && !errors.Is(err, tea.ErrProgramKilled) {
			t.Error(err)
		}
		r.tm.WaitFinished(t, teatest.WithFinalTimeout(10*time.Second))
	})
	return r
}

// press sends keys, with a second between them: time is the test's own.
func (r *robot) press(keys ...string) *robot {
	for _, k := range keys {
		r.clock.add(time.Second)
		r.view.mu.Lock()
		want := r.view.keys + 1
		r.view.mu.Unlock()
		r.tm.Send(keyOf(k))
		r.until("key "+k+" to be taken", func(string) bool {
			r.view.mu.Lock()
			defer r.view.mu.Unlock()
			return r.view.keys >= want
		})
	}
	return r
}

// types sends letters one by one, and rests.
func (r *robot) types(text string) *robot {
	for _, c := range text {
		r.press(string(c))
	}
	return r
}

// until waits for a frame.
func (r *robot) until(what string, is func(frame string) bool) *robot {
	r.t.Helper()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for {
		r.view.mu.Lock()
		last, drawn := r.view.last, r.view.drawn
		r.view.mu.Unlock()
		if is(last) {
			return r
		}
		select {
		case <-drawn:
		case <-limit.C:
			r.t.Fatalf("%s never came; the last frame is\n%s", what, last)
		}
	}
}

func (r *robot) sees(text string) *robot {
	r.t.Helper()
	return r.until("to see "+text, func(f string) bool { return strings.Contains(f, text) })
}

func (r *robot) not(text string) *robot {
	r.t.Helper()
	return r.until("not to see "+text, func(f string) bool { return !strings.Contains(f, text) })
}

// asked waits until the engine was asked for something.
func (r *robot) asked(what string, is func(*fake) bool) *robot {
	r.t.Helper()
	return r.until(what, func(string) bool {
		r.f.mu.Lock()
		ok := is(r.f)
		r.f.mu.Unlock()
		if !ok {
			r.tm.Send(struct{}{}) // draws, and so asks again
		}
		return ok
	})
}
