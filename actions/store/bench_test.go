package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
)

// BenchmarkCommit commits sweeps of 1000 hosts with ten checks of two metrics
// each, in which every metric is due (as in a cron job every five minutes) or
// none is, alone and with a reader in another process. To be reached: 150 ms.
func BenchmarkCommit(b *testing.B) {
	for _, c := range []struct {
		name   string
		every  time.Duration
		reader bool
	}{
		{"every 5 min", 5 * time.Minute, false},
		{"every 30 s", 30 * time.Second, false},
		{"every 5 min and a reader", 5 * time.Minute, true},
		{"every 30 s and a reader", 30 * time.Second, true},
	} {
		b.Run(strings.ReplaceAll(c.name, " ", "_"), func(b *testing.B) {
			s := newTest(b)
			at := noon
			commit(b, s, Sweep{Entries: fleetOf(1000, at, 0), At: at})
			if c.reader {
				_, out, stop := child(b, "", "read", s.Path())
				if !out.Scan() || out.Text() != "reading" {
					b.Fatal(out.Text())
				}
				defer func() { b.ReportMetric(longestRead(b, out, stop.Close), "ms-longest-read") }()
			}
			n := 0
			for b.Loop() {
				b.StopTimer()
				n++
				at = at.Add(c.every)
				w := Sweep{Entries: fleetOf(1000, at, n), At: at}
				b.StartTimer()
				commit(b, s, w)
			}
		})
	}
}

func longestRead(b *testing.B, out *bufio.Scanner, stop func() error) float64 {
	b.Helper()
	if err := stop(); err != nil {
		b.Fatal(err)
	}
	out.Scan()
	word, _, _ := strings.Cut(out.Text(), " ")
	us, err := strconv.Atoi(word)
	if err != nil {
		b.Fatal(out.Text())
	}
	return float64(us) / 1000
}

// BenchmarkAppend makes one event durable.
func BenchmarkAppend(b *testing.B) {
	s := newTest(b)
	for b.Loop() {
		if _, err := s.Append(b.Context(), actions.Event{Type: actions.EventState, At: noon, Target: "node/a", Line: "a line"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkState reads the state of 1000 hosts.
func BenchmarkState(b *testing.B) {
	s := newTest(b)
	commit(b, s, Sweep{Entries: fleetOf(1000, noon, 0), At: noon})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.State(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSeriesFor reads what a look asks about three file systems of one
// host out of a week.
func BenchmarkSeriesFor(b *testing.B) {
	s := newTest(b)
	for at := noon.Add(-7 * 24 * time.Hour); at.Before(noon); at = at.Add(10 * time.Minute) {
		commit(b, s, Sweep{Entries: fleetOf(1, at, int(at.Unix())), At: at})
	}
	keys := []actions.Key{{Target: "node/host0000", Check: "check1"}, {Target: "node/host0000", Check: "check2"}, {Target: "node/host0000", Check: "check3"}}
	n := 0
	for b.Loop() {
		bulk, err := s.SeriesFor(b.Context(), noon.Add(-7*24*time.Hour), keys...)
		if err != nil {
			b.Fatal(err)
		}
		n = 0
		for _, k := range keys {
			n += len(bulk.Points(k, "used"))
		}
	}
	b.ReportMetric(float64(n), "points")
}

// BenchmarkStart opens a store of a thousand hosts and ten thousand events, in
// this process, and reads the newest event. To be reached: 10 ms.
func BenchmarkStart(b *testing.B) {
	path := filepath.Join(b.TempDir(), "s.db")
	s := openTest(b, path)
	var events []actions.Event
	for i := range 10000 {
		events = append(events, actions.Event{Type: actions.EventState, At: noon.Add(time.Duration(i) * time.Second), Target: "node/a", Line: "a line"})
	}
	commit(b, s, Sweep{Entries: fleetOf(1000, noon, 0), Events: events, At: noon})
	for b.Loop() {
		s, err := Open(b.Context(), path)
		if err != nil {
			b.Fatal(err)
		}
		h, err := s.History(b.Context(), Filter{Limit: 1})
		if err != nil || len(h) != 1 {
			b.Fatal(h, err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkProcess starts a process, opens the store and reads the newest
// event.
func BenchmarkProcess(b *testing.B) {
	path := filepath.Join(b.TempDir(), "s.db")
	s := openTest(b, path)
	commit(b, s, Sweep{Entries: fleetOf(1000, noon, 0), Events: []actions.Event{{At: noon}}, At: noon})
	for b.Loop() {
		cmd, out, _ := child(b, "", "start", path)
		if !out.Scan() || out.Text() != "1" {
			b.Fatal(out.Text())
		}
		if err := cmd.Wait(); err != nil {
			b.Fatal(err)
		}
	}
}

func startPart(ctx context.Context, args []string) error {
	s, err := OpenReadOnly(ctx, args[0])
	if err != nil {
		return err
	}
	h, err := s.History(ctx, Filter{Limit: 1})
	fmt.Println(len(h))
	return errors.Join(err, s.Close())
}
