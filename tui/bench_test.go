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
	"jurymast/inventory"
)

// BenchmarkFrame draws 200x60 of a list of hosts of which one row has changed.
// It is to take at most 200 µs and 500 allocations, and as long for 10 000
// hosts as for 100, within a fifth.
func BenchmarkFrame(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m, _ := ready(b, bigFleet(b, n), 200, 60, Options{Color: true})
			m.Update(keyOf("2"))
			m.View()
			ref := inventory.MakeRef(inventory.LevelNode, "host-00007")
			b.ReportAllocs()
			on := false
			for b.Loop() {
				on = !on
				m.looking[ref] = on
				m.dirty = true
				m.View()
			}
		})
	}
}

// BenchmarkOverview draws the first screen.
func BenchmarkOverview(b *testing.B) {
	for _, n := range []int{100, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m, _ := ready(b, bigFleet(b, n), 200, 60, Options{Color: true})
			m.View()
			b.ReportAllocs()
			for b.Loop() {
				m.dirty = true
				m.View()
			}
		})
	}
}

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

// live is a console on a terminal that only counts, with a feed to storm.
type live struct {
	m    *root
	p    *tea.Program
	out  *counted
	end  context.CancelFunc
	done chan error
	view *viewCount
}

type viewCount struct {
	*root
	n     atomic.Int64
	ticks chan struct{} // one a tick of the console's clock that somebody waits for
}

func (v *viewCount) Init() tea.Cmd { return v.root.Init() }
func (v *viewCount) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	_, cmd := v.root.Update(msg)
	if _, ok := msg.(tickMsg); ok {
		select {
		case v.ticks <- struct{}{}:
		default:
		}
	}
	return v, cmd
}
func (v *viewCount) View() string { v.n.Add(1); return v.root.View() }

func open(tb testing.TB, f *fake, o Options) *live {
	ctx, end := context.WithCancel(context.Background())
	m, err := newRoot(ctx, f, o)
	if err != nil {
		tb.Fatal(err)
	}
	l := &live{m: m, out: &counted{seen: make(chan time.Time, 1)}, end: end, done: make(chan error, 1), view: &viewCount{root: m, ticks: make(chan struct{})}}
	l.p = tea.NewProgram(l.view, tea.WithContext(ctx), tea.WithInput(nil), tea.WithOutput(l.out), tea.WithoutSignalHandler(), tea.WithFPS(fps), tea.WithAltScreen())
	go func() { _, err := l.p.Run(); l.done <- err }()
	l.p.Send(tea.WindowSizeMsg{Width: 200, Height: 60})
	l.shown(tb, "host-00007", func() {})
	l.shown(tb, "host-00007", func() {}) // again, once the size has settled
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

// storm puts so many updates a second until stop is called, and returns how
// many were put and how long putting one took at most.
func (l *live) storm(n, hosts int) (stop func() (put int, worst time.Duration)) {
	quit, done := make(chan struct{}), make(chan struct{})
	put, worst := 0, time.Duration(0)
	go func() {
		defer close(done)
		t := time.NewTicker(10 * time.Millisecond)
		defer t.Stop()
		for {
			select {
			case <-quit:
				return
			case <-t.C:
				for range n / 100 {
					began := time.Now()
					l.m.feed.put(Looked{Host: inventory.MakeRef(inventory.LevelNode, fmt.Sprintf("host-%05d", put%hosts)), Done: put/hosts%2 == 1})
					worst = max(worst, time.Since(began))
					put++
				}
			}
		}
	}()
	return func() (int, time.Duration) { close(quit); <-done; return put, worst }
}

// BenchmarkKeyToFrame measures from a key press to the write of the frame that
// shows it, idle and under a storm of updates.
func BenchmarkKeyToFrame(b *testing.B) {
	for _, rate := range []int{0, 1000, 10000} {
		b.Run(fmt.Sprintf("%dps", rate), func(b *testing.B) {
			l := open(b, bigFleet(b, 1000), Options{Color: true})
			defer l.close()
			stop := func() (int, time.Duration) { return 0, 0 }
			if rate > 0 {
				stop = l.storm(rate, 50)
			}
			views, bytes, cpu, began := l.view.n.Load(), l.out.n.Load(), cpuTime(b), time.Now()
			var took []time.Duration
			i := 0
			for b.Loop() {
				i++
				key, sign := "G", "host-00999"
				if i%2 == 0 {
					key, sign = "g", "host-00007"
				}
				took = append(took, l.shown(b, sign, func() { l.p.Send(keyOf(key)) }))
			}
			secs := time.Since(began).Seconds()
			slices.Sort(took)
			put, worst := stop()
			b.ReportMetric(took[len(took)/2].Seconds()*1000, "p50-ms")
			b.ReportMetric(took[len(took)*95/100].Seconds()*1000, "p95-ms")
			b.ReportMetric(float64(l.view.n.Load()-views)/secs, "views/s")
			b.ReportMetric(float64(len(took))/secs, "keys/s")
			b.ReportMetric(float64(l.out.n.Load()-bytes)/secs, "bytes/s")
			b.ReportMetric((cpuTime(b)-cpu).Seconds()/secs*100, "cpu-%")
			b.ReportMetric(float64(put)/secs, "puts/s")
			b.ReportMetric(worst.Seconds()*1000, "worst-put-ms")
		})
	}
}

// BenchmarkStorm measures a console that nobody touches, between its first tick
// and the third after it: what is drawn once a second counts in full.
func BenchmarkStorm(b *testing.B) {
	const ticks = 3
	for _, rate := range []int{0, 1000, 10000} {
		b.Run(fmt.Sprintf("%dps", rate), func(b *testing.B) {
			l := open(b, bigFleet(b, 1000), Options{Color: true})
			defer l.close()
			for b.Loop() {
				<-l.view.ticks
				stop := func() (int, time.Duration) { return 0, 0 }
				if rate > 0 {
					stop = l.storm(rate, 1000)
				}
				views, bytes, cpu, began := l.view.n.Load(), l.out.n.Load(), cpuTime(b), time.Now()
				for range ticks {
					<-l.view.ticks
				}
				secs := time.Since(began).Seconds()
				put, worst := stop()
				b.ReportMetric(float64(l.view.n.Load()-views)/secs, "views/s")
				b.ReportMetric(float64(l.out.n.Load()-bytes)/secs, "bytes/s")
				b.ReportMetric((cpuTime(b)-cpu).Seconds()/secs*100, "cpu-%")
				b.ReportMetric(float64(put)/secs, "puts/s")
				b.ReportMetric(worst.Seconds()*1000, "worst-put-ms")
			}
		})
	}
}

func cpuTime(tb testing.TB) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkFirstFrame measures from nothing to the first frame with 1000 hosts
// in the store, while no host answers.
func BenchmarkFirstFrame(b *testing.B) {
	f := &silentFleet{bigFleet(b, 1000)}
	for b.Loop() {
		ctx, end := context.WithCancel(b.Context())
		m, err := newRoot(ctx, f, Options{})
		if err != nil {
			b.Fatal(err)
		}
		out := &counted{want: []byte("host-00007"), seen: make(chan time.Time, 1)}
		p := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(nil), tea.WithOutput(out), tea.WithoutSignalHandler(), tea.WithFPS(fps))
		done := make(chan struct{})
		go func() { _, _ = p.Run(); close(done) }()
		p.Send(tea.WindowSizeMsg{Width: 200, Height: 60})
		<-out.seen
		end()
		<-done
	}
}

// silentFleet never answers a look.
type silentFleet struct{ *fake }

func (s *silentFleet) Look(ctx context.Context, _ []inventory.Ref, _ func(Looked)) (actions.State, error) {
	<-ctx.Done()
	return actions.State{}, ctx.Err()
}

// TestBytesToTheTerminal holds what one changed cell costs on a slow line.
func TestBytesToTheTerminal(t *testing.T) {
	c := &clock{t: at} // stands still: only what is asked for changes
	l := open(t, bigFleet(t, 1000), Options{Color: true, Now: c.now})
	defer l.close()
	l.shown(t, "Nodes 1000", func() { l.p.Send(tea.ClearScreen()) })
	// The first may come together with what else is drawn after the start.
	least := int64(1 << 30)
	for _, host := range []inventory.Ref{"node/host-00057", "node/host-00107", "node/host-00157", "node/host-00207"} {
		before := l.out.n.Load()
		l.shown(t, "↻", func() { l.m.feed.put(Looked{Host: host}) })
		least = min(least, l.out.n.Load()-before)
	}
	if least > 500 {
		t.Errorf("one changed cell sent %d bytes, at most 500", least)
	}
}

// TestAnIdleScreenStays holds that a second in which nothing happens changes no
// line: the renderer sends what has changed.
func TestAnIdleScreenStays(t *testing.T) {
	t.Parallel()
	m, c := ready(t, newFake(t), 80, 24, Options{})
	was := m.View()
	c.add(time.Second)
	m.Update(tickMsg{c.now()})
	if now := m.View(); now != was {
		t.Errorf("a second changed\n%s\nto\n%s", was, now)
	}
}
