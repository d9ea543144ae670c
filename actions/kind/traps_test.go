package kind

import (
	"bytes"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

const defectUnit = "== unit\nId=api.service\nType=simple\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\n"

// Containers that docker ps lists and docker inspect does not show are not
// known to be well, nor known not to run.
func TestContainersThatCannotBeInspected(t *testing.T) {
	f, err := inventory.Parse("x", []byte("[node.app]\n[node.other]\n[service.api]\nkind=\"compose\"\non=\"app\"\nstandby=[\"other\"]\n"), Schema())
	if err != nil {
		t.Fatal(err)
	}
	target, _ := f.Target("service/api")
	for _, k := range []actions.Kind{docker, compose} {
		for _, c := range k.Checks(f, *target) {
			suiteNotWell(t, k.Name+" "+c.ID, "no containers of two", c.Read(suiteAnswer("version 28.5.2\nids 2\nend\n")))
		}
	}
	const one = `{"name":"/api-web-1","status":"running","health":"healthy","project":"api","service":"web"}` + "\n"
	for _, k := range []actions.Kind{docker, compose} {
		for _, c := range k.Checks(f, *target) {
			suiteNotWell(t, k.Name+" "+c.ID, "one of two, and an error", c.Read(suiteAnswer("version 28.5.2\nids 2\n"+one+"odd WARNING: a warning\nodd Error response from daemon: context deadline exceeded\nend\n")))
			for _, said := range []string{"ids 2\n" + one + "odd WARNING: a warning\nodd Error: No such container: 0123456789ab\n", "ids 2\n" + one, "ids 1\n" + one + "odd Error response from daemon: of something else\n"} {
				if rs := c.Read(suiteAnswer("version 28.5.2\n" + said + "end\n")); rs[0].Status != actions.OK {
					t.Errorf("%s %s: %q: %+v", k.Name, c.ID, said, rs)
				}
			}
		}
	}
	a := suiteAnswer("version 28.5.2\nids 0\nend\n")
	if rs := docker.Checks(f, *target)[1].Read(a); len(rs) != 1 || rs[0].Status != actions.OK {
		t.Errorf("no containers at all: %+v", rs)
	}
}

// A check that was added to a service says nothing about where that service
// runs, and has no standbys of its own.
func TestAddedCheckDoesNotPlace(t *testing.T) {
	f, err := inventory.Parse("x", []byte("[node.app]\n[node.other]\n[service.api]\nkind=\"compose\"\non=\"app\"\nstandby=[\"other\"]\n[check.redis]\nof=\"service/api\"\nkind=\"systemd\"\nunit=\"redis.service\"\n"), Schema())
	if err != nil {
		t.Fatal(err)
	}
	target, _ := f.Target("service/api")
	added := *target
	added.Kind, added.Options, added.Limits, added.Checks = target.Checks[0].Kind, target.Checks[0].Options, target.Checks[0].Limits, nil
	checks := systemd.Checks(f, added)
	if len(checks) != 1 {
		t.Errorf("%d checks, want 1", len(checks))
	}
	if rs := checks[0].Read(suiteAnswer(defectUnit + "== end\n")); rs[0].On != "" {
		t.Errorf("it says that the service runs on %s", rs[0].On)
	}
}

func TestUnitsThatNeverRan(t *testing.T) {
	f, target := suiteTarget(t, systemd)
	read := func(text string) []actions.Reading { return systemd.Checks(f, target)[0].Read(suiteAnswer(text)) }
	suiteNotWell(t, "oneshot", "never run", read("== unit\nId=api.service\nType=oneshot\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nResult=success\nInactiveEnterTimestamp=\n== end\n"))
	if rs := read("== unit\nId=api.service\nType=oneshot\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nResult=success\nInactiveEnterTimestamp=@1795200000\n== end\n"); rs[0].Status != actions.OK {
		t.Errorf("ran well: %+v", rs)
	}
	f, target = suiteTarget(t, systemd, `unit = "b.timer"`)
	timer := "== unit\nId=b.timer\nLoadState=loaded\nActiveState=active\nSubState=waiting\nUnit=b.service\n== starts\nId=b.service\n"
	suiteNotWell(t, "timer", "of nothing", read(timer+"LoadState=not-found\nActiveState=inactive\nResult=success\n== end\n"))
	suiteNotWell(t, "timer", "of what is not told", systemd.Checks(f, target)[0].Read(suiteAnswer("== unit\nId=b.timer\nLoadState=loaded\nActiveState=active\nSubState=waiting\nUnit=b.service\n== starts\n== end\n")))
	suiteNotWell(t, "timer", "of what is masked", read(timer+"LoadState=masked\nActiveState=inactive\nResult=success\n== end\n"))
	suiteNotWell(t, "timer", "of what is in no known state", read(timer+"LoadState=loaded\nActiveState=dreaming\nResult=success\n== end\n"))
	suiteNotWell(t, "timer", "of which the result is not told", read(timer+"LoadState=loaded\nActiveState=inactive\n== end\n"))
	if rs := read("== unit\nId=b.timer\nLoadState=loaded\nActiveState=active\nSubState=waiting\nUnit=b.target\n== starts\nId=b.target\nLoadState=loaded\nActiveState=inactive\n== end\n"); rs[0].Status != actions.OK {
		t.Errorf("of a target, which has no result: %+v", rs)
	}
	suiteNotWell(t, "timer", "whose last run failed", read(timer+"LoadState=loaded\nActiveState=inactive\nResult=exit-code\nExecMainStatus=1\n== end\n"))
}

// The answers of a batch lie in one buffer: a reader must not write behind its own.
func TestReadingWritesNothing(t *testing.T) {
	whole := []byte("manager apt\nupdates 1\nthe next answer")
	a := suiteAnswer("")
	a.Stdout = whole[:len("manager apt\nupdates 1\n")]
	linuxUpdates(a, inventory.Bound{}, inventory.Bound{}, inventory.Bound{})
	if !bytes.HasSuffix(whole, []byte("the next answer")) {
		t.Errorf("the buffer is now %q", whole)
	}
}

func TestDrivesThatSayNothing(t *testing.T) {
	suiteNotWell(t, "smart", "== end", linuxDrives(suiteAnswer("== end\n"), inventory.Bound{}))
}

// TestNewestKernel: a kernel of another flavour is not the one that would be
// booted, and a name without a version tells nothing.
func TestNewestKernel(t *testing.T) {
	for _, c := range []struct {
		running, want string
		installed     []string
	}{
		{"6.1.0-18-amd64", "6.1.0-21-amd64", []string{"6.1.0-18-amd64", "6.1.0-21-amd64", "6.1.0-9-amd64"}},
		{"6.1.0-18-cloud-amd64", "", []string{"6.1.0-18-cloud-amd64", "6.1.0-21-amd64"}},
		{"6.1.0-18-cloud-amd64", "6.1.0-20-cloud-amd64", []string{"6.1.0-20-cloud-amd64", "6.1.0-21-amd64"}},
		{"6.9.1-arch1-1", "", []string{"linux", "linux-lts"}},
		{"6.9.1-arch1-1", "6.9.3-arch1-1", []string{"6.9.3-arch1-1", "linux"}},
		{"6.6.31+rpt-rpi-2712", "", []string{"6.6.31+rpt-rpi-2712", "6.6.62+rpt-rpi-v8"}},
		{"6.6.31+rpt-rpi-v8", "6.6.62+rpt-rpi-v8", []string{"6.6.62+rpt-rpi-2712", "6.6.62+rpt-rpi-v8"}},
		{"6.8.12-4-pve", "6.8.12-10-pve", []string{"6.8.12-10-pve", "6.8.12-9-pve"}},
		{"6.8.9-300.fc40.x86_64", "6.8.10-300.fc40.x86_64", []string{"6.8.10-300.fc40.x86_64", "0-rescue-3f2c"}},
		{"6.8.12-4-pve", "", []string{""}},
	} {
		if got := newestKernel(c.running, c.installed); got != c.want {
			t.Errorf("%s with %v: %q, want %q", c.running, c.installed, got, c.want)
		}
	}
}
