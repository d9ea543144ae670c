package tui

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"golang.org/x/sys/unix"

	"jurymast/actions"
	"jurymast/actions/check"
	"jurymast/inventory"
)

// counted counts what is written to a terminal.
type counted struct {
	n    atomic.Int64
	mu   sync.Mutex
	want []byte // a write with these bytes is told
	seen chan time.Time
}

func (c *counted) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.want != nil && bytes.Contains(p, c.want) {
		c.want = nil
		c.seen <- time.Now()
	}
	return len(p), nil
}

// live is a console of a fleet on a terminal that only counts.
type live struct {
	m    *root
	f    *fake
	p    *tea.Program
	out  *counted
	end  context.CancelFunc
	done chan error
	view *viewCount
}

// viewCount counts frames, and keeps what the console was told last.
type viewCount struct {
	*root
	n     atomic.Int64
	ticks chan struct{} // one a tick of the console's clock that somebody waits for

	settled chan struct{} // one when the terminal's size has settled

	mu   sync.Mutex
	last map[inventory.Ref]Looked
	news time.Time // Swept of the newest
}

func (v *viewCount) Init() tea.Cmd { return v.root.Init() }
func (v *viewCount) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	_, cmd := v.root.Update(msg)
	switch msg := msg.(type) {
	case tickMsg:
		select {
		case v.ticks <- struct{}{}:
		default:
		}
	case settledMsg:
		select {
		case v.settled <- struct{}{}:
		default:
		}
	case feedMsg:
		v.mu.Lock()
		defer v.mu.Unlock()
		for _, l := range msg.looked {
			v.last[l.Host] = l
		}
		if msg.news != nil {
			v.news = msg.news.State.Swept
		}
	}
	return v, cmd
}
func (v *viewCount) View() string { v.n.Add(1); return v.root.View() }

// knows reports whether the console was told what a storm has told last.
func (v *viewCount) knows(s *storm) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for host, l := range s.last {
		if v.last[host] != l {
			return false
		}
	}
	return v.news.Equal(s.known)
}

func open(tb testing.TB, f *fake, o Options) *live {
	ctx, end := context.WithCancel(context.Background())
	m, err := newRoot(ctx, f, o)
	if err != nil {
		tb.Fatal(err)
	}
	l := &live{m: m, f: f, out: &counted{seen: make(chan time.Time, 1)}, end: end, done: make(chan error, 1)}
	l.view = &viewCount{root: m, ticks: make(chan struct{}), settled: make(chan struct{}, 1), last: map[inventory.Ref]Looked{}}
	l.p = tea.NewProgram(l.view, tea.WithContext(ctx), tea.WithInput(nil), tea.WithOutput(l.out), tea.WithoutSignalHandler(), tea.WithFPS(fps), tea.WithAltScreen())
	go func() { _, err := l.p.Run(); l.done <- err }()
	l.p.Send(tea.WindowSizeMsg{Width: 200, Height: 60})
	select {
	case <-l.view.settled:
	case <-time.After(10 * time.Second):
		tb.Fatal("the size never settled")
	}
	l.shown(tb, "host-00007", func() { l.p.Send(tea.ClearScreen()) })
	l.p.Send(keyOf("2"))
	return l
}

// shown does something and waits until text is written to the terminal.
func (l *live) shown(tb testing.TB, text string, do func()) time.Duration {
	tb.Helper()
	l.out.mu.Lock()
	l.out.want = []byte(text)
	l.out.mu.Unlock()
	began := time.Now()
	do()
	select {
	case at := <-l.out.seen:
		return at.Sub(began)
	case <-time.After(10 * time.Second):
		tb.Fatalf("%q was never drawn", text)
		return 0
	}
}

func (l *live) close() {
	l.end()
	<-l.done
}

// newsEvery is how long a watch gathers answers before it tells what is known.
const newsEvery = 200 * time.Millisecond

// storm is a fleet of which so many hosts a second are asked or have answered,
// told to the console as a watch tells it.
type storm struct {
	l       *live
	rate    int
	entries []actions.Entry
	last    map[inventory.Ref]Looked
	known   time.Time // Swept of the newest news
	put     int
	worst   time.Duration // that telling took
	quit    chan struct{}
	done    chan struct{}
}

// blow starts a storm over the hosts of a fleet.
func (l *live) blow(rate int) *storm {
	s := &storm{l: l, rate: rate, last: map[inventory.Ref]Looked{}, quit: make(chan struct{}), done: make(chan struct{})}
	now := time.Now()
	for t := range l.f.fleet.Targets() {
		for _, e := range l.f.state.Of(t.Ref) {
			e.At, e.Since = now, now.Add(-time.Hour)
			s.entries = append(s.entries, e)
		}
	}
	go s.run(now)
	return s
}

func (s *storm) run(began time.Time) {
	defer close(s.done)
	t := time.NewTicker(10 * time.Millisecond)
	defer t.Stop()
	told := began
	for {
		select {
		case <-s.quit:
			s.news(time.Now())
			return
		case now := <-t.C:
			// As many as are due by now: a tick that came late makes it no calmer.
			for s.put < int(now.Sub(began).Seconds()*float64(s.rate)) {
				s.one(now)
			}
			if now.Sub(told) >= newsEvery {
				told = now
				s.news(now)
			}
		}
	}
}

// one is one update: a host is asked, and the next time round has answered.
func (s *storm) one(now time.Time) {
	i, round := s.put%len(s.entries), s.put/len(s.entries)
	s.put++
	e := &s.entries[i]
	l := Looked{Host: e.Target, Done: round%2 == 1}
	if l.Done {
		e.At, e.Line = now, fmt.Sprintf("%d%% of disk used, %d processes", 50+round%8, i%100)
	}
	s.last[l.Host] = l
	s.tell(func() { s.l.m.feed.put(l) })
}

// news tells what is known.
func (s *storm) news(now time.Time) {
	s.entries[0].At, s.known = now, now
	st := actions.MakeState(slices.Clone(s.entries), nil)
	n := News{Fleet: s.l.f.fleet, State: st, Summaries: check.Summaries(s.l.f.fleet, st, now)}
	s.tell(func() { s.l.m.feed.know(n) })
}

func (s *storm) tell(do func()) {
	began := time.Now()
	do()
	s.worst = max(s.worst, time.Since(began))
}

// stop ends the storm, and fails when the console did not come to know all that
// it was told of last.
func (s *storm) stop(tb testing.TB) {
	tb.Helper()
	close(s.quit)
	<-s.done
	limit := time.NewTimer(10 * time.Second)
	defer limit.Stop()
	for !s.l.view.knows(s) {
		select {
		case <-s.l.view.ticks:
		case <-limit.C:
			tb.Fatal("not all that was told came to be known")
		}
	}
}

// meter adds up what a console does while it is on.
type meter struct {
	l            *live
	views, bytes int64
	cpu, wall    time.Duration
	keys         []time.Duration
	put          int
	worst        time.Duration
}

// on measures until the function that it returns is called.
func (m *meter) on(tb testing.TB) (off func()) {
	views, sent, cpu, began := m.l.view.n.Load(), m.l.out.n.Load(), cpuTime(tb), time.Now()
	return func() {
		m.views += m.l.view.n.Load() - views
		m.bytes += m.l.out.n.Load() - sent
		m.cpu += cpuTime(tb) - cpu
		m.wall += time.Since(began)
	}
}

// under measures while a storm of so many updates a second blows; 0 is none.
func (m *meter) under(tb testing.TB, rate int, do func()) {
	tb.Helper()
	if rate == 0 {
		off := m.on(tb)
		do()
		off()
		return
	}
	s := m.l.blow(rate)
	off := m.on(tb)
	do()
	off()
	s.stop(tb)
	m.put += s.put
	m.worst = max(m.worst, s.worst)
}

// report tells what was measured, a second.
func (m *meter) report(b *testing.B) {
	secs := m.wall.Seconds()
	b.ReportMetric(float64(m.views)/secs, "views/s")
	b.ReportMetric(float64(m.bytes)/secs, "bytes/s")
	b.ReportMetric(m.cpu.Seconds()/secs*100, "cpu-%")
	if len(m.keys) > 0 {
		b.ReportMetric(float64(len(m.keys))/secs, "keys/s")
	}
	if m.put > 0 {
		b.ReportMetric(float64(m.put)/secs, "told/s")
		b.ReportMetric(m.worst.Seconds()*1000, "worst-tell-ms")
	}
}

// percentile returns, in ms, how long such a part of the keys took at most.
func (m *meter) percentile(p int) float64 {
	slices.Sort(m.keys)
	return m.keys[len(m.keys)*p/100].Seconds() * 1000
}

func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkKeyToFrame measures from a key press to the write of the frame that
// shows it, under a storm of updates and, in turns with that, without one. To be
// reached: p95 at most 1.2 of that without, and two periods of the renderer, 67
// ms; views/s at most 30 and keys/s; told/s what was asked, all of which comes to
// be known, and nobody who tells it waits. A run of 20x presses 400 keys each.
func BenchmarkKeyToFrame(b *testing.B) {
	const turn = 20 // keys
	for _, rate := range []int{1000, 10000} {
		b.Run(fmt.Sprintf("%dps", rate), func(b *testing.B) {
			l := open(b, bigFleet(b, 1000), Options{Color: true})
			defer l.close()
			idle, storm := &meter{l: l}, &meter{l: l}
			pressed := 0
			press := func(m *meter) func() {
				return func() {
					for range turn {
						pressed++
						key, sign := "G", "host-00999"
						if pressed%2 == 0 {
							key, sign = "g", "host-00007"
						}
						m.keys = append(m.keys, l.shown(b, sign, func() { l.p.Send(keyOf(key)) }))
					}
				}
			}
			for b.Loop() {
				idle.under(b, 0, press(idle))
				storm.under(b, rate, press(storm))
			}
			b.ReportMetric(idle.percentile(95), "idle-p95-ms")
			b.ReportMetric(storm.percentile(50), "p50-ms")
			b.ReportMetric(storm.percentile(95), "p95-ms")
			b.ReportMetric(storm.percentile(95)/idle.percentile(95), "p95/idle")
			storm.report(b)
		})
	}
}

// BenchmarkStorm measures a console that nobody has touched for a while, three
// of its ticks at a time: what is drawn once a second counts in full. To be
// reached: idle 0 bytes/s and at most 1 cpu-%, under 1000 updates a second at
// most 60 000 bytes/s and 15 cpu-%, of which the storm itself takes a part.
func BenchmarkStorm(b *testing.B) {
	const ticks = 3
	for _, rate := range []int{0, 1000, 10000} {
		b.Run(fmt.Sprintf("%dps", rate), func(b *testing.B) {
			var rested atomic.Bool
			l := open(b, bigFleet(b, 1000), Options{Color: true, Now: func() time.Time {
				if rested.Load() {
					return time.Now().Add(2 * resting)
				}
				return time.Now()
			}})
			defer l.close()
			<-l.view.ticks // the last key was taken before
			rested.Store(true)
			<-l.view.ticks
			m := &meter{l: l}
			for b.Loop() {
				<-l.view.ticks
				m.under(b, rate, func() {
					for range ticks {
						<-l.view.ticks
					}
				})
			}
			m.report(b)
		})
	}
}
