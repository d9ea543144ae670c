package store

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
)

// BenchmarkCommit commits sweeps of 1000 hosts with ten checks of two metrics
// each, in which every metric is due (as in a cron job every five minutes) or
// none is, alone and with a reader in another process. To be reached: 150 ms, and
// a p95 of the reader that is at most twice of what it is while nobody writes.
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
				alone := startReader(b, s.Path())
				alone.until(b, "read")
				_, idle := alone.stop(b)
				r := startReader(b, s.Path())
				defer func() {
					longest, p95 := r.stop(b)
					b.ReportMetric(longest, "ms-longest-read")
					b.ReportMetric(p95, "ms-p95-read")
					b.ReportMetric(p95/idle, "p95/alone")
				}()
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

// reader is another process that reads the state and the newest events, over and
// over.
type reader struct {
	out *bufio.Scanner
	in  io.Closer
}

func startReader(b *testing.B, path string) *reader {
	b.Helper()
	_, out, in := child(b, "", "read", path)
	r := &reader{out, in}
	r.until(b, "reading")
	return r
}

// until waits until it says a word.
func (r *reader) until(b *testing.B, word string) {
	b.Helper()
	if !r.out.Scan() || r.out.Text() != word {
		b.Fatal(r.out.Text())
	}
}

// stop ends it and returns, in ms, how long one time took at most, and how long
// nineteen of twenty.
func (r *reader) stop(b *testing.B) (longest, p95 float64) {
	b.Helper()
	if err := r.in.Close(); err != nil {
		b.Fatal(err)
	}
	r.out.Scan()
	if r.out.Text() == "read" {
		r.out.Scan()
	}
	var most, nearly, times int
	if _, err := fmt.Sscan(r.out.Text(), &most, &nearly, &times); err != nil {
		b.Fatalf("%q: %v", r.out.Text(), err)
	}
	return float64(most) / 1000, float64(nearly) / 1000
}

// BenchmarkAppend makes one event durable, and a line of the same length by a
// write and an fsync alone. To be reached: twice of that.
func BenchmarkAppend(b *testing.B) {
	e := actions.Event{Type: actions.EventState, At: noon, Target: "node/a", Line: "a line"}
	b.Run("ours", func(b *testing.B) {
		s := newTest(b)
		for b.Loop() {
			if _, err := s.Append(b.Context(), e); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		line, err := json.Marshal(e)
		if err != nil {
			b.Fatal(err)
		}
		f, err := os.OpenFile(filepath.Join(b.TempDir(), "journal"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		for b.Loop() {
			if _, err := f.Write(append(line, '\n')); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkVolume commits a day of a hundred hosts with ten checks each and tells
// what a thousand would have written. To be reached: 150 MB, whose looks are 30 s
// apart; what is kept of the metrics is the same as of looks 5 min apart.
func BenchmarkVolume(b *testing.B) {
	for b.Loop() {
		s := newTest(b)
		commit(b, s, Sweep{Entries: fleetOf(100, noon, 0), At: noon})
		before := size(b, s)
		at := noon
		for n := range 24 * 12 {
			at = at.Add(5 * time.Minute)
			commit(b, s, Sweep{Entries: fleetOf(100, at, n), At: at})
		}
		b.ReportMetric(float64(size(b, s)-before)*10/1e6, "MB/day")
	}
}

// size is how much of the file is in use, in bytes.
func size(b *testing.B, s *Store) int64 {
	b.Helper()
	var pages, free, page int64
	for what, n := range map[string]*int64{"page_count": &pages, "freelist_count": &free, "page_size": &page} {
		if err := s.read.QueryRowContext(b.Context(), "pragma "+what).Scan(n); err != nil {
			b.Fatal(err)
		}
	}
	return (pages - free) * page
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
