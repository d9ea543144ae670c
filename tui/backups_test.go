package tui

import (
	"strings"
	"testing"

	"jurymast/actions"
)

// TestBackupsAreSorted: by what was chosen, the other way round, and the worst
// first again.
func TestBackupsAreSorted(t *testing.T) {
	t.Parallel()
	m, _ := ready(t, newFake(t), 80, 24, Options{})
	m.Update(keyOf("6"))
	first := func(want string) {
		t.Helper()
		v := m.View()
		if pg, homes := strings.Index(v, " pg "), strings.Index(v, " homes "); pg < 0 || homes < 0 || (pg < homes) != (want == "pg") {
			t.Errorf("%s is not the first in\n%s", want, v)
		}
	}
	first("pg")
	m.Update(keyOf("o"))
	first("homes")
	m.Update(keyOf("O"))
	first("pg")
	m.Update(keyOf("o")) // by age, the youngest first
	first("homes")
	m.Update(keyOf("o"))
	m.Update(keyOf("O"))
	first("pg")
}

// TestBackupsSayWhenTheyAreLate: by the newest copy and the limit, and when a
// restore is due for practice.
func TestBackupsSayWhenTheyAreLate(t *testing.T) {
	t.Parallel()
	m, _ := ready(t, newFake(t), 120, 36, Options{})
	m.Update(keyOf("6"))
	for _, want := range []string{"✗ LATE", "due: 9d answered", "late      since 14:05, for 6h", "next run  Mon 02:00, in 2d5h", "kept      7 daily"} {
		if v := m.View(); !strings.Contains(v, want) {
			t.Errorf("%q is not in\n%s", want, v)
		}
	}
	m.Update(keyOf("j"))
	for _, want := range []string{"late      in 19h, Sat 15:05, unless", "next run  Sat 01:30, in 5h24m", "kept      14 daily, 8 weekly"} {
		if v := m.View(); !strings.Contains(v, want) {
			t.Errorf("%q is not in\n%s", want, v)
		}
	}
}

// TestTheReportOfTheLastBackup: it is there where a run was started from here.
func TestTheReportOfTheLastBackup(t *testing.T) {
	t.Parallel()
	sit(t, newFake(t), 80, 24, Options{}).sees("Problems 6").press("6").sees("Freshness").press("p").sees("no run of it was started from here")
	f := newFake(t)
	f.run = actions.Run{ID: "0412-k3f9", State: "done", Verb: actions.VerbBackup, Target: "service/postgres", Made: at}
	sit(t, f, 80, 24, Options{}).sees("Problems 6").press("6").sees("0412-k3f9  done").press("p").sees("report of run 0412-k3f9").sees("rebuild the standby")
}
