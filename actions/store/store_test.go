package store

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func openTest(tb testing.TB, path string) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	s.Now = func() time.Time { return noon }
	return s
}

func newTest(tb testing.TB) *Store {
	tb.Helper()
	return openTest(tb, filepath.Join(tb.TempDir(), "state", "jurymast.db"))
}

func commit(tb testing.TB, s *Store, w Sweep) {
	tb.Helper()
	if err := s.Commit(tb.Context(), w); err != nil {
		tb.Fatal(err)
	}
}

func ptr[T any](v T) *T { return &v }

func entry(target inventory.Ref, check string, at time.Time, status actions.Status, metrics ...actions.Metric) actions.Entry {
	return actions.Entry{
		Result: actions.Result{Target: target, Check: check, Status: status, Line: "a line", Metrics: metrics, At: at},
		Since:  at, Every: time.Minute,
	}
}

func TestStateComesBackAsCommitted(t *testing.T) {
	s := newTest(t)
	full := actions.Entry{
		Result: actions.Result{
			Target: "node/a", Check: "disk", Item: "/srv", Status: actions.Warn, Line: "91 % used, warn at 85 %\u00a0é",
			Metrics: []actions.Metric{{Name: "used", Value: 91.25, Unit: "%", Warn: ptr(85.0), Fail: ptr(95.0)}, {Name: "free", Value: 1e12}},
			Next:    "jurymast ssh a", On: "node/b", Cause: "node/c", At: noon.Add(123456789), Took: 42 * time.Millisecond,
		},
		Since: noon.Add(-time.Hour), Bad: 2, LastOK: noon.Add(-2 * time.Hour), Every: 5 * time.Minute, Flaps: 3,
	}
	never := entry("vm/z", "load", noon, actions.Unknown)
	commit(t, s, Sweep{Entries: []actions.Entry{never, full}, At: noon})
	again := openTest(t, s.Path())
	st, err := again.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := st.Of("node/a"); len(got) != 1 || !reflect.DeepEqual(got[0], full) {
		t.Errorf("came back as\n%+v\nnot as\n%+v", got, full)
	}
	if got, _ := st.Find(never.Key()); !reflect.DeepEqual(got, never) {
		t.Errorf("came back as\n%+v\nnot as\n%+v", got, never)
	}
	if st.Len() != 2 || !st.Swept.Equal(full.At) {
		t.Errorf("%d entries, swept %v", st.Len(), st.Swept)
	}
}

func TestNumbersThatAreNone(t *testing.T) {
	s := newTest(t)
	commit(t, s, Sweep{At: noon, Entries: []actions.Entry{entry("node/a", "plugin", noon, actions.OK,
		actions.Metric{Name: "u", Value: math.NaN()}, actions.Metric{Name: "inf", Value: math.Inf(1)},
		actions.Metric{Name: "ok", Value: 1, Warn: ptr(math.NaN()), Fail: ptr(3.0)})}})
	st, err := s.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []actions.Metric{{Name: "ok", Value: 1, Fail: ptr(3.0)}}
	if got := st.Of("node/a")[0].Metrics; !reflect.DeepEqual(got, want) {
		t.Errorf("metrics %+v, want %+v", got, want)
	}
}

func TestOlderNeverReplacesNewer(t *testing.T) {
	key := actions.Key{Target: "node/a", Check: "load"}
	for _, c := range []struct {
		name          string
		first, second time.Duration // of the entry, after noon
		want          actions.Status
	}{
		{"newer", 0, time.Second, actions.Fail},
		{"same time", 0, 0, actions.Fail},
		{"older", 0, -time.Second, actions.OK},
		{"a little ahead of the sweep", 9 * time.Minute, 0, actions.OK},
		{"written under a clock that was wrong", 20 * 365 * 24 * time.Hour, 0, actions.Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newTest(t)
			commit(t, s, Sweep{At: noon.Add(c.first), Entries: []actions.Entry{entry(key.Target, key.Check, noon.Add(c.first), actions.OK)}})
			commit(t, s, Sweep{At: noon, Entries: []actions.Entry{entry(key.Target, key.Check, noon.Add(c.second), actions.Fail)}})
			st, err := s.State(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if e, _ := st.Find(key); e.Status != c.want {
				t.Errorf("status %v, want %v", e.Status, c.want)
			}
		})
	}
}

func TestGoneGoesUnlessItIsBackAlready(t *testing.T) {
	s := newTest(t)
	commit(t, s, Sweep{At: noon, Entries: []actions.Entry{entry("node/a", "x", noon, actions.OK), entry("node/b", "x", noon.Add(time.Second), actions.OK)}})
	commit(t, s, Sweep{At: noon, Gone: []actions.Key{{Target: "node/a", Check: "x"}, {Target: "node/b", Check: "x"}, {Target: "node/c", Check: "x"}}})
	st, err := s.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(st.Of("node/a")) != 0 || len(st.Of("node/b")) != 1 {
		t.Errorf("a has %d entries, b %d; want 0 and 1", len(st.Of("node/a")), len(st.Of("node/b")))
	}
}

func TestJournal(t *testing.T) {
	s := newTest(t)
	seqs, err := s.Append(t.Context(),
		actions.Event{Type: actions.EventShell, At: noon, Target: "node/a", Who: "kim", Exit: ptr(3)},
		actions.Event{Type: actions.EventState, At: noon.Add(time.Second), Target: "node/a", Check: "load", Item: "i", From: "ok", To: "fail", Line: "l"},
		actions.Event{Type: actions.EventState, At: noon.Add(2 * time.Second), Run: "r1", Step: "s1", Target: "vm/b"})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(seqs, []int64{1, 2, 3}) {
		t.Fatalf("places %v", seqs)
	}
	commit(t, s, Sweep{At: noon, Events: []actions.Event{{Type: actions.EventBooted, At: noon.Add(3 * time.Second), Target: "node/a"}}})

	all, err := s.Since(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	want := actions.Event{Seq: 2, Type: actions.EventState, At: noon.Add(time.Second), Target: "node/a", Check: "load", Item: "i", From: "ok", To: "fail", Line: "l"}
	if len(all) != 4 || !reflect.DeepEqual(all[1], want) || all[0].Exit == nil || *all[0].Exit != 3 || all[1].Exit != nil {
		t.Errorf("journal %+v", all)
	}
	for _, c := range []struct {
		name string
		f    Filter
		want []int64
	}{
		{"all, newest first", Filter{}, []int64{4, 3, 2, 1}},
		{"limit", Filter{Limit: 2}, []int64{4, 3}},
		{"no limit", Filter{Limit: -1}, []int64{4, 3, 2, 1}},
		{"target", Filter{Target: "node/a"}, []int64{4, 2, 1}},
		{"target and check", Filter{Target: "node/a", Check: "load"}, []int64{2}},
		{"types", Filter{Types: []actions.EventType{actions.EventShell, actions.EventBooted}}, []int64{4, 1}},
		{"who", Filter{Who: "kim"}, []int64{1}},
		{"since is in, until is out", Filter{Since: noon.Add(time.Second), Until: noon.Add(3 * time.Second)}, []int64{3, 2}},
		{"none", Filter{Target: "node/none"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			events, err := s.History(t.Context(), c.f)
			if err != nil {
				t.Fatal(err)
			}
			if got := seqsOf(events); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	run, err := s.Since(t.Context(), "r1", 0)
	if err != nil || !reflect.DeepEqual(seqsOf(run), []int64{3}) {
		t.Errorf("events of the run: %v, %v", seqsOf(run), err)
	}
	if after, err := s.Since(t.Context(), "r1", 3); err != nil || len(after) != 0 {
		t.Errorf("after the last there are %v, %v", after, err)
	}
}

func seqsOf(events []actions.Event) []int64 {
	var seqs []int64
	for _, e := range events {
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

func TestSinceComesInBatches(t *testing.T) {
	s := newTest(t)
	var events []actions.Event
	for i := range Batch + 5 {
		events = append(events, actions.Event{Type: actions.EventState, At: noon, Line: fmt.Sprint(i)})
	}
	if _, err := s.Append(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	seen, last := 0, int64(0)
	for {
		got, err := s.Since(t.Context(), "", last)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == 0 {
			break
		}
		if len(got) > Batch {
			t.Fatalf("%d at once", len(got))
		}
		for _, e := range got {
			if e.Line != fmt.Sprint(seen) {
				t.Fatalf("event %d says %q", seen, e.Line)
			}
			seen++
			last = e.Seq
		}
	}
	if seen != len(events) {
		t.Errorf("saw %d of %d", seen, len(events))
	}
}

func TestSilences(t *testing.T) {
	s := newTest(t)
	mute := actions.Silence{Kind: actions.EventMute, Target: "node/a", From: noon.Add(-time.Hour), Until: noon.Add(time.Hour), Who: "kim", Reason: "noisy"}
	later := actions.Silence{Kind: actions.EventMaint, Target: "node/b", Check: "load", From: noon.Add(time.Hour), Until: noon.Add(2 * time.Hour), Who: "kim"}
	past := actions.Silence{Kind: actions.EventAck, Target: "node/c", From: noon.Add(-time.Hour), Until: noon}
	for _, q := range []*actions.Silence{&mute, &later, &past} {
		var err error
		if q.ID, err = s.AddSilence(t.Context(), *q); err != nil {
			t.Fatal(err)
		}
	}
	st, err := s.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := []actions.Silence{mute, later}; !reflect.DeepEqual(st.Silences, want) {
		t.Errorf("silences\n%+v, want\n%+v", st.Silences, want)
	}
	if err := s.EndSilence(t.Context(), mute.ID, noon); err != nil {
		t.Fatal(err)
	}
	if err := s.EndSilence(t.Context(), mute.ID, noon); !errors.Is(err, ErrNotFound) {
		t.Errorf("ending it twice: %v", err)
	}
	if err := s.EndSilence(t.Context(), 99, noon); !errors.Is(err, ErrNotFound) {
		t.Errorf("ending one that is not there: %v", err)
	}
	got, err := s.Silences(t.Context(), noon)
	if err != nil || !reflect.DeepEqual(got, []actions.Silence{later}) {
		t.Errorf("left are %+v, %v", got, err)
	}
}

func TestOldHistoryGoesAwayInPortions(t *testing.T) {
	s := newTest(t)
	var old []actions.Event
	for range pruneRows + 50 {
		old = append(old, actions.Event{Type: actions.EventState, At: noon.Add(-KeepEvents - time.Hour)})
	}
	old = append(old, actions.Event{Type: actions.EventState, At: noon.Add(-KeepEvents + time.Hour)})
	if _, err := s.Append(t.Context(), old...); err != nil {
		t.Fatal(err)
	}
	for i, at := range []time.Duration{-KeepCoarse - 10*24*time.Hour, -KeepFine - 10*24*time.Hour, -time.Hour} {
		s.kept = map[actions.Key]int64{}
		e := entry("node/a", "load", noon.Add(at), actions.OK, actions.Metric{Name: "m", Value: float64(i)})
		commit(t, s, Sweep{At: noon.Add(-2 * KeepCoarse), Entries: []actions.Entry{e}}) // at a time when nothing is old
	}
	for i, want := range []int{51, 1, 1} {
		commit(t, s, Sweep{At: noon})
		events, err := s.History(t.Context(), Filter{Limit: -1})
		if err != nil || len(events) != want {
			t.Errorf("after commit %d there are %d events, want %d; %v", i+1, len(events), want, err)
		}
	}
	ps, err := s.Series(t.Context(), actions.Key{Target: "node/a", Check: "load"}, "m", time.Time{})
	if err != nil || len(ps) != 2 || ps[0].Value != 1 || ps[1].Value != 2 {
		t.Errorf("left of the series is %v, %v", ps, err)
	}
	if n := s.count(t, `select count(*) from chunk`); n != 3 { // two coarse, one fine
		t.Errorf("%d chunks are left, want 3", n)
	}
}

func (s *Store) count(tb testing.TB, query string) int {
	tb.Helper()
	var n int
	if err := s.read.QueryRowContext(tb.Context(), query).Scan(&n); err != nil {
		tb.Fatal(err)
	}
	return n
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	s := newTest(t)
	commit(t, s, Sweep{At: noon, Entries: []actions.Entry{entry("node/a", "x", noon, actions.OK)}})
	unlock, err := s.Lock(t.Context(), "check", "test", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unlock() }()
	for name, want := range map[string]fs.FileMode{"": 0o700 | fs.ModeDir, "jurymast.db": 0o600, "jurymast.db-wal": 0o600, "jurymast.db-shm": 0o600, "jurymast.db.check.lock": 0o600} {
		info, err := os.Stat(filepath.Join(filepath.Dir(s.Path()), name))
		if err != nil {
			t.Error(err)
		} else if info.Mode() != want {
			t.Errorf("%q has mode %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestPathsThatAreHardToWrite(t *testing.T) {
	for _, name := range []string{"a b.db", "a?mode=memory&x=%41#y.db", "ä;'\".db", ":memory:"} {
		path := filepath.Join(t.TempDir(), name)
		s := openTest(t, path)
		commit(t, s, Sweep{At: noon, Entries: []actions.Entry{entry("node/a", "x", noon, actions.OK)}})
		if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
			t.Errorf("%q: nothing was written there: %v", name, err)
		}
	}
}

func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	if _, err := OpenReadOnly(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a store that is not there: %v", err)
	}
	w := openTest(t, path)
	r, err := OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	commit(t, w, Sweep{At: noon, Entries: []actions.Entry{entry("node/a", "x", noon, actions.OK)}})
	st, err := r.State(t.Context())
	if err != nil || st.Len() != 1 {
		t.Errorf("reads %d entries, %v", st.Len(), err)
	}
	var e *Error
	if err := r.Commit(t.Context(), Sweep{At: noon}); !errors.Is(err, ErrReadOnly) || !errors.As(err, &e) || e.Path != path {
		t.Errorf("writing gives %v", err)
	}
}
