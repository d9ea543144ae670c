package check

import (
	"strings"
	"testing"
	"time"

	"jurymast/actions"
)

// TestRestoreTime holds what a drill measured against the goal of the backup,
// or of its service.
func TestRestoreTime(t *testing.T) {
	const fleet = `
[node.a]
[node.b]
[service.db]
kind = "daemon"
on = "a"
rto = "10m"
[repository.r]
on = "b"
[backup.db]
of = "db"
to = ["r"]
rpo = "1d"
`
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	copied := func(id string, restored time.Duration, proved time.Time) actions.Copy {
		return actions.Copy{Repository: "r", Backup: "db", Target: "service/db", ID: id, At: now.Add(-time.Hour), Listed: now, Proof: "extracted", Proved: proved, Restored: restored}
	}
	damaged := copied("2", 0, now)
	damaged.At, damaged.Proof = now, "damaged"
	yesterday := now.Add(-24 * time.Hour)
	for _, c := range []struct {
		name   string
		more   string
		copies []actions.Copy
		want   actions.Status
		line   string
	}{
		{"in time", "", []actions.Copy{copied("1", 9*time.Minute, yesterday)}, actions.OK, "at most 24 h"},
		{"too slow", "", []actions.Copy{copied("1", 11*time.Minute, yesterday)}, actions.Warn, "the last restore took 11 min, at most 10 min"},
		{"faster since", "", []actions.Copy{copied("1", time.Minute, now), copied("2", 11*time.Minute, yesterday)}, actions.OK, "at most 24 h"},
		{"of the backup itself", "rto = \"1h\"\n", []actions.Copy{copied("1", 11*time.Minute, yesterday)}, actions.OK, "at most 24 h"},
		{"never measured", "", []actions.Copy{copied("1", 0, yesterday)}, actions.Warn, "how long a restore takes was never measured, at most 10 min"},
		{"a newer one is damaged", "", []actions.Copy{damaged, copied("1", 9*time.Minute, yesterday)}, actions.OK, "the newest copy is 60 min old, at most 24 h"},
		{"all are damaged", "", []actions.Copy{damaged}, actions.Fail, "no copy exists"},
		{"no copy", "", nil, actions.Fail, "no copy exists"},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			js := Jobs(load(t, fleet+c.more), c.copies, map[string]Depot{"r": {Driven: true}}, now)
			if len(js) != 1 || js[0].State != c.want || !strings.HasSuffix(js[0].Line, c.line) {
				t.Errorf("%+v, want %s: %s", js, c.want, c.line)
			}
		})
	}
}
