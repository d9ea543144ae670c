package kind

import (
	"strings"
	"testing"

	"jurymast/actions"
)

// The console is asked what is written to it and nothing that changes anything,
// with the configuration that is set.
func TestBareosAsks(t *testing.T) {
	t.Parallel()
	b := newBed(t, "[node.app]\n", "busybox", "sh")
	b.standIn("bconsole", `asked=$(cat)
printf '%s\n' "$asked" >>"$STATE/asked"
echo "1000 OK: 103 dir1 Version: 9.6.7 (10 December 2020)"
case $asked in
version*) echo "dir1 Version: 9.6.7 (10 December 2020)" ;;
.jobs*) printf 'daily\nYou have messages.\nquit\n' ;;
"llist jobs"*) printf 'JobId: 1\nName: daily\nType: B\nLevel: I\nJobStatus: T\nStartTime: 2026-11-21 01:00:00\nEndTime: 2026-11-21 02:00:00\nJobTDate: %s\nJobFiles: 0\nJobErrors: 0\nJobMissingFiles: 0\n' "$(date +%s)" ;;
status*) printf 'Running Jobs:\nNo Jobs running.\n' ;;
*) printf 'VolumeName: V1\nVolStatus: Append\n' ;;
esac
`)
	f, target := suiteTarget(t, bareos, `config = "/etc/bareos/look only.conf"`, "days = 7")
	for _, c := range bareos.Checks(f, target) {
		rs := c.Read(actions.Answer{Output: b.run(c.Script, nil)})
		if len(rs) != 1 || rs[0].Status != actions.OK {
			t.Errorf("%s: %+v", c.ID, rs)
		}
		// The end is an hour before the clock of the one who was asked, within a second or two.
		if c.ID == "jobs" && !strings.Contains(rs[0].Line, "was good 1 h 0 min ago") && !strings.Contains(rs[0].Line, "was good 59 min ago") {
			t.Errorf("its age is that of its end: %+v", rs)
		}
	}
	if calls := b.read("calls"); strings.Count(calls, "bconsole -c /etc/bareos/look only.conf") != 5*4 {
		t.Errorf("called as %s", calls)
	}
	want := "version\nquit\n.jobs type=B\nquit\nllist jobs days=7\nquit\nstatus director\nquit\nllist volumes\nquit\n"
	if asked := b.read("asked"); asked != strings.TrimSpace(strings.Repeat(want, 4)) {
		t.Errorf("asked %q", asked)
	}
}
