package kind

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
)

// mdadmSaid is an answer about one array md0.
func mdadmSaid(level, state, active, exit, kernel string, table ...string) string {
	return fmt.Sprintf("== mdstat\nPersonalities : [raid1]\nmd0 : active raid1 sdb[1] sda[0]\n== conf\n== monitor\n== checks\n== log\n1795000000.5 nas kernel: Linux version 6.1\n"+
		"== kernel md0\nlevel %s\n%s\n== detail md0\nexit %s\n/dev/md0:\n        Raid Level : %s\n      Raid Devices : 3\n             State : %s \n    Active Devices : %s\n"+
		"    Number   Major   Minor   RaidDevice State\n%s\n== end\n", level, kernel, exit, level, state, active, strings.Join(table, "\n"))
}

func mdadmRead(t *testing.T, check, text string, lines ...string) actions.Reading {
	t.Helper()
	f, target := suiteTarget(t, mdadm, lines...)
	for _, c := range mdadm.Checks(f, target) {
		if c.ID == check {
			rs := c.Read(suiteAnswer(text))
			if len(rs) != 1 {
				t.Fatalf("%d readings: %+v", len(rs), rs)
			}
			return rs[0]
		}
	}
	t.Fatalf("there is no check %s", check)
	return actions.Reading{}
}

// The words of State and what the kernel says beside them (mdadm 4.2, Detail.c).
func TestMdadmStates(t *testing.T) {
	for _, x := range []struct {
		state, active, exit, kernel, status, line string
	}{
		{"clean", "3", "0", "degraded 0", "ok", "raid5, all 3 members"},
		{"active", "3", "0", "degraded 0", "ok", "raid5, all 3 members"},
		{"clean, checking", "3", "0", "degraded 0\nsync_action check\nsync_completed 50 / 200\nsync_speed 1", "ok", "check 25.0%, 1 KiB/s, 1 min left"},
		{"clean, resyncing", "3", "0", "degraded 0", "warn", "raid5, 3 of 3 members, resyncing"},
		{"clean, resyncing (PENDING)", "3", "0", "degraded 0\nsync_action resync\nsync_completed none", "warn", "resyncing (pending); resync, which waits or ends"},
		{"clean, reshaping (DELAYED)", "3", "0", "degraded 0", "warn", "reshaping (delayed)"},
		{"clean, degraded", "2", "1", "degraded 1", "fail", "raid5 degraded: 2 of 3 members"},
		{"clean, degraded, recovering", "2", "1", "degraded 1\nsync_action recover\nsync_completed 1 / 2", "fail", "recover 50.0%"},
		{"active, degraded", "2", "1", "degraded 1\nsync_action frozen", "fail", "sync_action is frozen"},
		{"active, FAILED", "1", "2", "degraded 2", "fail", "raid5 failed: 1 of 3 members"},
		{"active, FAILED, Not Started", "1", "2", "degraded 2", "fail", "raid5 failed"},
		{"clean, Not Started", "3", "0", "degraded 0", "fail", "not started"},
		{"inactive", "3", "0", "", "fail", "inactive"},
		{"clean", "3", "0", "degraded 0\narray_state broken", "fail", "the kernel calls it broken"},
		{"clean", "3", "0", "degraded 0\narray_state readonly", "warn", "read-only"},
		{"clean", "3", "0", "degraded 0\nmismatch_cnt 128", "warn", "128 sectors differed when it was last checked, limit 0 sectors"},
		{"clean, dreaming", "3", "0", "degraded 0", "unknown", "which mdadm calls dreaming"},
		// They contradict each other.
		{"clean", "3", "0", "degraded 1", "unknown", "the kernel says that 1 are missing"},
		{"clean", "3", "1", "degraded 0", "unknown", "ends with 1"},
		{"clean", "2", "0", "degraded 0", "unknown", "2 of 3 members, and mdadm calls it clean"},
	} {
		r := mdadmRead(t, "arrays", mdadmSaid("raid5", x.state, x.active, x.exit, x.kernel))
		if r.Status.String() != x.status || !strings.Contains(r.Line, x.line) {
			t.Errorf("%s, %q: want %s %q, got %+v", x.state, x.kernel, x.status, x.line, r)
		}
		if (r.Status == actions.OK) != (r.Next == "") {
			t.Errorf("%s: what to do next: %+v", x.state, r)
		}
	}
}

func TestMdadmSpares(t *testing.T) {
	said := mdadmSaid("raid5", "clean", "3", "0", "degraded 0", "3 8 1 - spare /dev/sdd1")
	if r := mdadmRead(t, "arrays", said); r.Status != actions.OK || !strings.HasSuffix(r.Line, "; 1 spare") {
		t.Errorf("%+v", r)
	}
	if r := mdadmRead(t, "arrays", said, "limits.spares = { warn = 2 }"); r.Status != actions.Warn || !strings.HasSuffix(r.Line, "; 1 spare, limit 2") {
		t.Errorf("fewer than wanted: %+v", r)
	}
	said = strings.Replace(said, "     State : clean", "     UUID : A:b:c:d\n     State : clean", 1)
	said = strings.Replace(said, "== conf\n", "== conf\nARRAY /dev/md0 UUID=a:B:c:d\n  spares=2\n", 1)
	if r := mdadmRead(t, "arrays", said); r.Status != actions.Warn || !strings.HasSuffix(r.Line, "; mdadm.conf says 2 spare, 1 there") {
		t.Errorf("fewer than mdadm.conf says: %+v", r)
	}
}

func TestMdadmChecked(t *testing.T) {
	now := suiteAnswer("").Now
	at := func(days int) string {
		return fmt.Sprintf("%d.5 nas kernel: ", now.Add(-time.Duration(days)*24*time.Hour).Unix())
	}
	said := func(level, log string, created ...string) string {
		s := mdadmSaid(level, "clean", "3", "0", "degraded 0")
		s = strings.Replace(s, "     State :", strings.Join(created, "\n")+"\n     State :", 1)
		i, j := strings.Index(s, "== checks"), strings.Index(s, "== kernel")
		return s[:i] + log + s[j:]
	}
	done, begun := "md: md0: data-check done.\n", "md: data-check of RAID array md0\n"
	for _, x := range []struct{ name, log, status, line string }{
		{"lately", "== checks\n" + at(2) + done + at(3) + begun, "ok", "checked 2 d 0 h ago"},
		{"long ago", "== checks\n" + at(40) + done, "warn", "checked 40 d 0 h ago, limit 35 days"},
		{"broken off", "== checks\n" + at(1) + "md: md0: data-check interrupted.\n" + at(12) + done, "ok", "the newest check was broken off; checked 12 d"},
		{"another array's", "== checks\n" + at(1) + "md: md00: data-check done.\n" + at(40) + "md: md1: data-check done.\n", "warn", "limit 35 days"},
		{"never in a long journal", "== checks\n== log\n" + at(90) + "Linux version 6.1\n", "warn", "it begins 90 d"},
		{"a short journal", "== checks\n== log\n" + at(3) + "Linux version 6.1\n", "unknown", "no check in the journal, which begins 3 d"},
		{"no journal", "", "unknown", "may not be read, or there is no journal"},
		{"no right", "== checks\n== log\n", "unknown", "may not be read"},
		{"a log from the future", "== checks\n" + at(-4) + done, "ok", "checked 0 s ago"},
		{"no time", "== checks\nyesterday nas kernel: " + done, "unknown", ""},
	} {
		r := mdadmRead(t, "checked", said("raid5", x.log))
		if r.Status.String() != x.status || !strings.Contains(r.Line, x.line) {
			t.Errorf("%s: want %s %q, got %+v", x.name, x.status, x.line, r)
		}
	}
	made := "     Creation Time : " + now.Add(-5*24*time.Hour).UTC().Format("Mon Jan _2 15:04:05 2006")
	if r := mdadmRead(t, "checked", said("raid5", "", made)); r.Status != actions.OK || !strings.Contains(r.Line, "not checked yet, made 5 d") {
		t.Errorf("a new one: %+v", r)
	}
	if r := mdadmRead(t, "checked", said("raid5", "== checks\n"+at(40)+done), "limits.checked = false"); r.Status != actions.OK {
		t.Errorf("without a limit: %+v", r)
	}
	f, target := suiteTarget(t, mdadm)
	if rs := mdadm.Checks(f, target)[1].Read(suiteAnswer(said("raid0", ""))); len(rs) != 0 {
		t.Errorf("RAID 0 cannot be checked: %+v", rs)
	}
}

func TestMdadmMonitor(t *testing.T) {
	for _, x := range []struct{ conf, runs, status, line string }{
		{"MAILADDR root", "/sbin/mdadm --monitor --scan\n== sendmail", "ok", "mails root"},
		{"MAILADDR root", "/sbin/mdadm --monitor --scan", "warn", "there is no sendmail"},
		{"PROGRAM /usr/local/bin/tell", "mdadm -F --scan", "ok", "calls /usr/local/bin/tell"},
		{"", "mdadm --monitor --scan --syslog", "warn", "nobody to tell"},
		{"MAILADDR root", "mdadm --grow --continue /dev/md0\n== sendmail", "warn", "no mdadm --monitor runs"},
		{"MAILADDR", "", "warn", "no mdadm --monitor runs"},
	} {
		s := mdadmSaid("raid1", "clean", "3", "0", "degraded 0")
		s = strings.Replace(s, "== conf\n== monitor\n", "== conf\n"+x.conf+"\n== monitor\n"+x.runs+"\n", 1)
		if r := mdadmRead(t, "monitor", s); r.Status.String() != x.status || !strings.Contains(r.Line, x.line) {
			t.Errorf("%q, %q: want %s %q, got %+v", x.conf, x.runs, x.status, x.line, r)
		}
	}
	f, target := suiteTarget(t, mdadm, "monitor = false")
	if n := len(mdadm.Checks(f, target)); n != 2 {
		t.Errorf("%d checks where nobody is meant to watch", n)
	}
}
