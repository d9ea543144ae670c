package sshlab

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestTools(t *testing.T) {
	l := start(t,
		Host{Name: "app1.lan", Sudo: true, Facts: &Linux{
			CPUs: 8, Load: [3]float64{1, 2, 3}, Updates: 3, SecurityUpdates: 1, RebootRequired: true, ClockOffset: 250 * time.Millisecond,
			Disks:  []Disk{{Mount: "/", Size: 100 * gib, Used: 50 * gib}, {Mount: "/srv/data", Size: 10 * gib, Used: 9 * gib, FSType: "xfs"}},
			Mounts: []Mount{{Device: "nas:/export", Mount: "/mnt/nas", FSType: "nfs4"}},
			Units:  []Unit{{Name: "nginx.service", Description: "web server"}, {Name: "backup.service", Active: "failed", ExitStatus: 3}},
			Containers: []Container{
				{Name: "app-web-1", Project: "app", Service: "web", Health: "healthy"},
				{Name: "app-db-1", Project: "app", Service: "db", State: "exited", ExitCode: 137, OOMKilled: true},
			},
			SMART: []Drive{{Device: "/dev/sda", Model: "Lab 1", Failing: true, Celsius: 41}},
		}},
		Host{Name: "plain", Root: true},
		Host{Name: "wall", Facts: &Linux{Distribution: "freebsd"}})
	for _, test := range []struct {
		host, command, want string
		code                int
	}{
		{"app1.lan", "id -u; whoami; hostname; uname -sr; nproc", "1000\nadmin\napp1\nLinux 6.1.0-41-amd64\n8\n", 0},
		{"app1.lan", `sudo -n sh -c 'id -u; id -un; echo "$JURYMAST_ROOT"' | sed "s|$JURYMAST_ROOT|root|"`, "0\nroot\nroot\n", 0},
		{"app1.lan", "sudo -n A=1 env | grep ^A=", "A=1\n", 0},
		{"plain", "id -u; id -un; sudo -n whoami", "0\nroot\nroot\n", 0},
		{"wall", "sudo -n true 2>&1", "sudo: a password is required\n", 1},
		{"wall", "uname -s; sysctl -n hw.ncpu; ls $JURYMAST_ROOT/proc 2>&1 | grep -c 'No such'; for t in systemctl docker nproc sysctl; do command -v $t; done", "FreeBSD\n4\n1\nsysctl\n", 0},
		{"app1.lan", "df -Pk | sed 1d | cut -d' ' -f1,6", "/dev/sda1 /\n/dev/sdb1 /srv/data\nnas:/export /mnt/nas\ntmpfs /run\n", 0},
		{"app1.lan", "df -Pkl | grep -c nas", "0\n", 1},
		{"app1.lan", `df -Pk "$JURYMAST_ROOT/srv/data/." | sed 1d`, "/dev/sdb1 10485760 9437184 1048576 90% /srv/data\n", 0},
		{"app1.lan", `df -Pi / | sed 1d | cut -d' ' -f5-`, "5% /\n", 0},
		{"app1.lan", `df -Pk /nowhere 2>&1`, "df: /nowhere: No such file or directory\n", 1},
		{"app1.lan", "systemctl is-system-running; systemctl list-units --failed --plain --no-legend", "degraded\nbackup.service loaded failed failed backup\n", 0},
		{"app1.lan", "systemctl list-units --failed --output=json", `[{"unit":"backup.service","load":"loaded","active":"failed","sub":"failed","description":"backup"}]` + "\n", 0},
		{"app1.lan", "systemctl show -p NFailedUnits --property=SystemState", "SystemState=degraded\nNFailedUnits=1\n", 0},
		{"app1.lan", "systemctl show nginx backup gone -p ActiveState,Result -p LoadState", "Result=success\nLoadState=loaded\nActiveState=active\n\nResult=exit-code\nLoadState=loaded\nActiveState=failed\n\nResult=success\nLoadState=not-found\nActiveState=inactive\n", 0},
		{"app1.lan", "systemctl show nginx -p ActiveEnterTimestamp --timestamp=unix | tr -d 0-9", "ActiveEnterTimestamp=@\n", 0},
		{"app1.lan", "systemctl stop nginx 2>&1", "Failed to stop nginx: Interactive authentication required.\n", 1},
		{"app1.lan", "sudo -n systemctl stop nginx && systemctl is-active nginx gone", "inactive\ninactive\n", 3},
		{"app1.lan", "sudo -n systemctl restart nginx backup; systemctl is-active nginx backup; systemctl is-system-running", "active\nactive\nrunning\n", 0},
		{"app1.lan", "apt-get -s -o Debug::NoLocking=true dist-upgrade | grep -c '^Inst '; apt-get -s dist-upgrade | grep -c Security", "3\n1\n", 0},
		{"app1.lan", `cat "$JURYMAST_ROOT/run/reboot-required"; cut -d' ' -f1-3 "$JURYMAST_ROOT/proc/loadavg"`, "*** System restart required ***\n1.00 2.00 3.00\n", 0},
		{"app1.lan", "chronyc -c tracking | cut -d, -f5,14; timedatectl show -p NTPSynchronized --value", "0.250000000,Normal\nyes\n", 0},
		{"app1.lan", "smartctl --json -H /dev/sda | grep -c 'Permission denied'", "1\n", 0},
		{"app1.lan", `sudo -n smartctl --json -H -A /dev/sda | grep -o '"passed":[a-z]*'; sudo -n smartctl -H -j /dev/sda >/dev/null`, "\"passed\":false\n", 8},
		{"app1.lan", "docker info --format '{{.ServerVersion}}'", "29.0.1\n", 0},
		{"app1.lan", `docker ps -a --no-trunc --format '{{.Names}}\t{{.State}}\t{{.Status}}' | sort`, "app-db-1\texited\tExited (137) 5 minutes ago\napp-web-1\trunning\tUp 5 weeks (healthy)\n", 0},
		{"app1.lan", "docker ps -q | wc -l | tr -d ' '", "1\n", 0},
		{"app1.lan", `docker inspect -f '{{.Name}} {{.State.ExitCode}} {{json .State.OOMKilled}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{index .Config.Labels "com.docker.compose.service"}}' app-db-1 app-web-1`, "/app-db-1 137 true none db\n/app-web-1 0 false healthy web\n", 0},
		{"app1.lan", "docker compose ls --all --format json", `[{"Name":"app","Status":"exited(1), running(1)","ConfigFiles":"/srv/app/compose.yaml"}]` + "\n", 0},
		{"app1.lan", "docker compose -p app ps -a --format json | grep -c '\"Project\":\"app\"'; docker compose -p no ps -a --format json", "2\n", 0},
		{"app1.lan", "docker inspect nothing", "[]\n", 1},
		{"app1.lan", "docker start app-db-1 && docker inspect -f '{{json .State.Status}}' app-db-1", "app-db-1\n\"running\"\n", 0},
		{"app1.lan", `ls -ldn "$JURYMAST_ROOT/home" | awk '{ print $3 }'; sudo -n ls -ldn "$JURYMAST_ROOT/home" | awk '{ print $3 }'`, "1000\n0\n", 0},
		{"plain", "for t in docker smartctl apt-get; do command -v $t; done", "apt-get\n", 0},
	} {
		c := dial(t, l.Machine(test.host))
		out, stderr, code := run(t, c, test.command, "")
		out = strings.ReplaceAll(out, l.Machine(test.host).Dir()+"/bin/", "")
		if out != test.want || code != test.code {
			t.Errorf("%s: %s\ngot  %q, %d (%s)\nwant %q, %d", test.host, test.command, out, code, stderr, test.want, test.code)
		}
		_ = c.Close()
	}
}

func TestServersOfFiles(t *testing.T) {
	l := start(t, Host{Name: "nas", Sudo: true, Facts: &Linux{
		NFS:   &NFS{Exports: []Export{{Path: "/srv/my files", To: "10.0.0.0/8"}}, Clients: 2},
		Samba: &Samba{Shares: []SambaShare{{Name: "files", Path: "/srv/files", Connected: 2}, {Name: "old", Path: "/srv/old", Withdrawn: true}}},
	}})
	c := dial(t, l.Machine("nas"))
	for _, test := range []struct {
		command, want string
		code          int
	}{
		{"exportfs -s 2>&1 | grep -c denied; sudo -n exportfs -s | cut -d'(' -f1", "1\n/srv/my\\040files  10.0.0.0/8\n", 0},
		{`cat "$JURYMAST_ROOT/proc/fs/nfsd/threads"; ls "$JURYMAST_ROOT"/proc/fs/nfsd/clients/*/info | wc -l | tr -d ' '`, "8\n2\n", 0},
		{"testparm -s --section-name=files --parameter-name=path 2>/dev/null; testparm -s --section-name=old --parameter-name=available 2>/dev/null", "/srv/files\nNo\n", 0},
		{"testparm -s --section-name=new --parameter-name=path 2>&1 | tail -n 1; testparm -s 2>/dev/null | grep -c '^.old.$'", "Unknown section new\n1\n", 0},
		{"smbstatus -S 2>&1; sudo -n smbstatus -S | grep -c '^files '", "smbstatus only works as root!\n2\n", 0},
	} {
		if out, stderr, code := run(t, c, test.command, ""); out != test.want || code != test.code {
			t.Errorf("%s\ngot  %q, %d (%s)\nwant %q, %d", test.command, out, code, stderr, test.want, test.code)
		}
	}
	if err := l.Machine("nas").Facts(func(f *Linux) { f.NFS.Stopped, f.Samba.Stopped = true, true }); err != nil {
		t.Fatal(err)
	}
	if out, _, _ := run(t, c, `cat "$JURYMAST_ROOT/proc/fs/nfsd/threads"; ls "$JURYMAST_ROOT"/proc/*/comm 2>/dev/null`, ""); out != "0\n" {
		t.Errorf("stopped: got %q", out)
	}
}

func TestSwarm(t *testing.T) {
	swarm := func() *Swarm {
		return &Swarm{
			Nodes:    []SwarmNode{{Name: "m1"}, {Name: "m2"}, {Name: "m3", Down: true}, {Name: "w1", Worker: true}},
			Networks: []SwarmNetwork{{Name: "data", Encrypted: true}},
			Services: []SwarmService{{Name: "db", Networks: []string{"data"}, Published: true, On: []string{"m1", "m3"}, Failed: []string{"task: non-zero exit (3)"}}},
		}
	}
	l := start(t, Host{Name: "m1", Facts: &Linux{Swarm: swarm()}}, Host{Name: "w1", Facts: &Linux{Swarm: swarm()}}, Host{Name: "alone", Facts: &Linux{Docker: true}})
	const info = "docker info --format '{{json .Swarm.LocalNodeState}} {{json .Swarm.ControlAvailable}} {{json .Swarm.Error}}'"
	check := func(host, command, want string) {
		t.Helper()
		c := dial(t, l.Machine(host))
		defer func() { _ = c.Close() }()
		if out, stderr, _ := run(t, c, command, ""); out != want {
			t.Errorf("%s: %s\ngot  %q (%s)\nwant %q", host, command, out, stderr, want)
		}
	}
	check("m1", info, "\"active\" true \"\"\n")
	check("w1", info, "\"active\" false \"\"\n")
	check("alone", info, "\"inactive\" false \"\"\n")
	check("alone", "docker node ls -q 2>&1 | grep -c 'not a swarm manager'", "1\n")
	check("m1", "docker node inspect --format '{{json .Description.Hostname}} {{json .Status.State}} {{json .ManagerStatus}}' $(docker node ls -q) | sort",
		`"m1" "ready" {"Addr":"m1:2377","Leader":true,"Reachability":"reachable"}
"m2" "ready" {"Addr":"m2:2377","Reachability":"reachable"}
"m3" "down" {"Addr":"m3:2377","Reachability":"unreachable"}
"w1" "ready" null
`)
	check("m1", "docker network inspect --format '{{json .Name}} {{json .Ingress}} {{json .Options}}' $(docker network ls -q --no-trunc) | grep overlay | sort",
		`"data" false {"com.docker.network.driver.overlay.vxlanid_list":"4097","encrypted":""}
"ingress" true {"com.docker.network.driver.overlay.vxlanid_list":"4096"}
`)
	check("m1", "docker service inspect --format '{{json .Spec.Name}} {{json .Spec.Mode}}' $(docker service ls -q)", `"db" {"Replicated":{"Replicas":2}}`+"\n")
	// That of the node that is down runs elsewhere, and one failed.
	check("m1", `docker service ps --no-trunc --no-resolve --format '{{json .}}' $(docker service ls -q) | sed 's/.*"CurrentState":"\([A-Z][a-z]*\) .*"DesiredState":"\([A-Z][a-z]*\)".*/\1 \2/'`,
		"Running Running\nFailed Shutdown\nRunning Running\nRunning Shutdown\n")
	if err := l.Machine("m1").Facts(func(f *Linux) { f.Swarm.Nodes[1].Down = true }); err != nil {
		t.Fatal(err)
	}
	check("m1", info, "\"active\" true \""+swarmNoLeader+"\"\n")
}

func TestFactsChange(t *testing.T) {
	l := start(t, Host{Name: "a", Facts: &Linux{Containers: []Container{{Name: "one"}, {Name: "two"}}}})
	m := l.Machine("a")
	c := dial(t, m)
	if err := m.Facts(func(f *Linux) { f.Containers = f.Containers[:1]; f.DockerDown = true; f.MemAvailable = 1 << 20 }); err != nil {
		t.Fatal(err)
	}
	out, _, code := run(t, c, `ls "$JURYMAST_ROOT/lab/containers"; grep MemAvailable "$JURYMAST_ROOT/proc/meminfo" | tr -s ' '; docker info --format '{{.ServerVersion}}' 2>&1`, "")
	if want := "one\nMemAvailable: 1024 kB\n\nCannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n"; out != want || code != 1 {
		t.Errorf("got %q, %d; want %q", out, code, want)
	}
}

func TestToolsAreClean(t *testing.T) {
	names := make([]string, 0, len(toolNames)+1)
	for _, n := range append([]string{"program"}, toolNames...) {
		if text, err := tools.ReadFile("tool/" + n + ".sh"); err != nil || !strings.HasPrefix(string(text), "#!/bin/sh\n") {
			t.Errorf("%s: %v", n, err)
		}
		names = append(names, "tool/"+n+".sh")
	}
	files, err := tools.ReadDir("tool")
	if err != nil || len(files) != len(names) {
		t.Errorf("%d files and %d names, %v", len(files), len(names), err)
	}
	if out, err := exec.CommandContext(t.Context(), "shellcheck", names...).CombinedOutput(); err != nil {
		t.Errorf("shellcheck: %v\n%s", err, out)
	}
}
