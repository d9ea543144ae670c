package store

import (
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
)

// ofSchema makes a store as a release with n migrations made it.
func ofSchema(t *testing.T, path string, n int) {
	t.Helper()
	all := migrations
	migrations = all[:n]
	defer func() { migrations = all }()
	if err := openTest(t, path).Close(); err != nil {
		t.Fatal(err)
	}
}

// TestEntriesOfAnEarlierRelease: what was known before the schema changed is known
// after.
func TestEntriesOfAnEarlierRelease(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	ofSchema(t, path, 3)
	at := toDB(noon)
	for _, values := range []string{
		`'node/a', 'disk', '/srv', 1, '91% used', '[{"name":"used","value":91,"unit":"%","warn":85}]', 'df -h', 'node/b', '', AT, 5, AT, 2, 0, 60, 3`,
		`'node/a', 'load', '', 0, 'a' || char(9) || 'tab \ and' || char(10) || 'a line', '', '', '', 'node/c', AT, 0, AT, 0, AT, 0, 0`,
		`'node/b', 'load', '', 99, 'of a release that knows more', '', '', '', '', AT, 0, AT, 0, AT, 0, 0`,
	} {
		run(t, path, `insert into entry (target, chk, item, status, line, metrics, next_step, seen_on, cause, at, took, since, bad, last_ok, every, flaps)
			values (`+strings.ReplaceAll(values, "AT", strconv.FormatInt(at, 10))+`)`)
	}
	s := openTest(t, path)
	st, err := s.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	warn := 85.0
	want := []actions.Entry{
		{
			Result: actions.Result{
				Target: "node/a", Check: "disk", Item: "/srv", Status: actions.Warn, Line: "91% used", Next: "df -h", On: "node/b", At: noon, Took: 5,
				Metrics: []actions.Metric{{Name: "used", Value: 91, Unit: "%", Warn: &warn}},
			}, Since: noon, Bad: 2, Every: 60, Flaps: 3,
		},
		{Result: actions.Result{Target: "node/a", Check: "load", Line: "a\ttab \\ and\na line", Cause: "node/c", At: noon}, Since: noon, LastOK: noon},
	}
	if got := st.Of("node/a"); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if got := st.Of("node/b"); len(got) != 1 || got[0].Status != actions.Unknown {
		t.Errorf("a status that is not known here reads as %+v", got)
	}
}

// TestWhatIsNotKnownHereIsKept: a look at one check writes the row of its target
// anew; what a later release added to the lines of others is still there.
func TestWhatIsNotKnownHereIsKept(t *testing.T) {
	s := newTest(t)
	commit(t, s, Sweep{At: noon, Entries: []actions.Entry{entry("node/a", "x", noon, actions.OK), entry("node/a", "y", noon, actions.OK)}})
	if _, err := s.write.ExecContext(t.Context(), `update known set entries = replace(entries, char(10), char(9) || 'new' || char(10))`); err != nil {
		t.Fatal(err)
	}
	commit(t, s, Sweep{At: noon, Entries: []actions.Entry{entry("node/a", "x", noon, actions.Fail)}})
	var row string
	if err := s.read.QueryRowContext(t.Context(), `select entries from known`).Scan(&row); err != nil {
		t.Fatal(err)
	}
	x, y, _ := strings.Cut(row, "\n")
	if strings.HasSuffix(x, "\tnew") || y[len(y)-5:] != "\tnew\n" || strings.Count(row, "\n") != 2 {
		t.Errorf("%q", row)
	}
	st, err := s.State(t.Context())
	if got := st.Of("node/a"); err != nil || len(got) != 2 || got[0].Status != actions.Fail || got[1].Status != actions.OK {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestABrokenRow: what cannot be read is said, and not written over.
func TestABrokenRow(t *testing.T) {
	s := newTest(t)
	commit(t, s, Sweep{At: noon, Entries: []actions.Entry{entry("node/a", "x", noon, actions.OK)}})
	for _, row := range []string{"x", "x\t\tyesterday\t0", "\n", strings.Repeat("0\t", 20)[:26], "x\t\t1\t0\t0\t0\t0\t0\t0\t0\t\t\t\tline\t[{]\n"} {
		if _, err := s.write.ExecContext(t.Context(), `update known set entries = $1`, row); err != nil {
			t.Fatal(err)
		}
		if _, err := s.State(t.Context()); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%q is read with %v", row, err)
		}
		if strings.Contains(row, "[{]") {
			continue // its place and time are known, so it can be replaced
		}
		err := s.Commit(t.Context(), Sweep{At: noon, Entries: []actions.Entry{entry("node/a", "y", noon, actions.OK)}})
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("%q is written over: %v", row, err)
		}
	}
}

// FuzzEntry: an entry is read as it was written, whatever its texts hold, and
// whatever stands in a row is read or refused.
func FuzzEntry(f *testing.F) {
	f.Add("disk", "/srv", "91% used", "df -h", "used", 91.5, int64(1), []byte("x\t\t1\n"))
	f.Add("a\tb", "c\nd", `e\f\t`, "\\", `"\`, math.Inf(1), int64(-1), []byte("\\\t\\n\t\x00\n\n"))
	f.Add("", "", "", "", "", 0.0, int64(0), []byte(strings.Repeat("1\t", 14)))
	f.Fuzz(func(t *testing.T, check, item, line, next, name string, value float64, n int64, row []byte) {
		want := actions.Entry{
			Result: actions.Result{
				Target: "node/a", Check: check, Item: item, Status: actions.Fail, Line: line, Next: next, At: fromDB(n), Took: time.Duration(n),
				Metrics: finite([]actions.Metric{{Name: strings.ToValidUTF8(name, "?"), Value: value}}),
			}, Since: fromDB(n), LastOK: fromDB(-n), Every: time.Duration(n), Flaps: int(n),
		}
		text := string(appendEntry(nil, &want))
		lines, err := splitRow("node/a", text)
		if err != nil || len(lines) != 1 || lines[0].line != text || lines[0].place != (place{check, item}) || lines[0].at != n {
			t.Fatalf("%q splits into %+v, %v", text, lines, err)
		}
		got, err := newEntryReader().read("node/a", strings.TrimSuffix(text, "\n"))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q\nis read as %+v, %v\nwant       %+v", text, got, err, want)
		}
		if lines, err := splitRow("node/a", string(row)); err == nil {
			joined := ""
			for _, l := range lines {
				joined += l.line
			}
			if joined != string(row) {
				t.Errorf("%q becomes %q", row, joined)
			}
		}
		_, _ = newEntryReader().read("node/a", string(row))
	})
}
