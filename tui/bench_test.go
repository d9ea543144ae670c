package tui

import (
	"context"
	"fmt"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

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

// BenchmarkFirstFrame measures from nothing to the first frame with 1000 hosts
// in the store, while no host answers.
func BenchmarkFirstFrame(b *testing.B) {
	f := bigFleet(b, 1000)
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

// BenchmarkOneCell changes one cell of the screen at a time. To be reached: 500
// bytes.
func BenchmarkOneCell(b *testing.B) {
	l, change := oneCell(b)
	defer l.close()
	var sent int64
	n := 0
	for b.Loop() {
		sent += change(n)
		n++
	}
	b.ReportMetric(float64(sent)/float64(n), "bytes/cell")
}

// oneCell is a console on which time stands still, so that only what is asked for
// changes, and a function that changes one cell and returns the bytes it took.
func oneCell(tb testing.TB) (*live, func(n int) int64) {
	c := &clock{t: at}
	l := open(tb, bigFleet(tb, 1000), Options{Color: true, Now: c.now})
	l.shown(tb, "Nodes 1000", func() { l.p.Send(tea.ClearScreen()) })
	return l, func(n int) int64 {
		// One of those that are on the screen: every fiftieth is a problem, and so on top.
		host := inventory.MakeRef(inventory.LevelNode, fmt.Sprintf("host-%05d", 57+n/2%16*50))
		before := l.out.n.Load()
		sign := "↻"
		if n%2 == 1 {
			sign = host.Name()
		}
		l.shown(tb, sign, func() { l.m.feed.put(Looked{Host: host, Done: n%2 == 1}) })
		return l.out.n.Load() - before
	}
}

// TestBytesToTheTerminal holds what one changed cell costs on a slow line.
func TestBytesToTheTerminal(t *testing.T) {
	l, change := oneCell(t)
	defer l.close()
	// The first may come together with what else is drawn after the start.
	least := int64(1 << 30)
	for n := range 8 {
		least = min(least, change(n))
	}
	if least > 500 {
		t.Errorf("one changed cell sent %d bytes, at most 500", least)
	}
}

// TestAnIdleScreenStays holds that a second in which nothing happens changes no
// line, once nobody has touched the console for a while: the renderer sends what
// has changed.
func TestAnIdleScreenStays(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{60, 15}, {80, 24}, {120, 36}, {200, 60}} {
		m, c := ready(t, newFake(t), size[0], size[1], Options{})
		c.add(resting)
		m.Update(tickMsg{c.now()})
		was := m.View()
		c.add(time.Second)
		m.Update(tickMsg{c.now()})
		if now := m.View(); now != was {
			t.Errorf("%v: a second changed\n%s\nto\n%s", size, was, now)
		}
	}
}
