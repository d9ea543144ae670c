//go:build linux && fleet

package suite

import (
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jurymast/testdata/fleet/bed"
)

// service is one that moves between two hosts.
type service struct {
	name  string
	hosts []string
	unit  string
	lines string // of the inventory
	setup func(f *fleet)
	put   string // for the writers; "" where the service is its own
	has   string // a script that prints what it has: WHO N a line
	keeps string // where that is run; "" on the active
}

// at is the host that knows what the service has, which is active on a host.
func (s service) at(active string) string {
	if s.keeps != "" {
		return s.keeps
	}
	return active
}

var kills = flag.Int("kills", 5, "how often the outage of a killed host is measured")

// TestMove moves services as planned and with the active killed, frozen and cut
// off while it is alive and written to; then back. No acknowledged write may be
// lost as planned, and there is never an instant with two writers.
func TestMove(t *testing.T) {
	allStand := brings(t)
	var (
		mu    sync.Mutex
		table []moved
	)
	t.Run("services", func(t *testing.T) {
		defer allStand()
		for _, s := range []service{sharedService, postgresService, redisService} {
			t.Run(s.name, func(t *testing.T) {
				beside(t, light, 4*time.Minute)
				s.everyWay(t, func(m moved) {
					mu.Lock()
					defer mu.Unlock()
					table = append(table, m)
				})
			})
		}
	})
	slices.SortStableFunc(table, func(a, b moved) int { return strings.Compare(a.service, b.service) })
	t.Logf("\n%s\n%s", movedHead, tableOf(table))
	for _, m := range table {
		if m.two > 0 {
			t.Errorf("%s %s: two writers for %s", m.service, m.how, m.two)
		}
		if m.how == "planned" && m.lost > 0 {
			t.Errorf("%s %s: %d acknowledged writes are lost", m.service, m.how, m.lost)
		}
	}
}

// everyWay moves the service in every way, and back each time, and hands over
// what came of it.
func (s service) everyWay(t *testing.T, came func(moved)) {
	f := s.up(t)
	a, b := s.hosts[0], s.hosts[1]
	came(s.move(f, "planned", a, b, nil))
	s.back(f, a, b)
	for _, w := range ways {
		came(s.move(f, w.name, a, b, func() { f.must(w.lose(f, f.Node(a))) }))
		f.must(f.Heal(t.Context()))
		// It is off, since it was fenced. What jurymast cannot see to while it is, it
		// leaves to a person, and says so.
		if f.Node(a).Running() {
			t.Fatalf("%s runs: it was not fenced", a)
		}
		f.leaves(13, "run", "rejoin", s.name, "--confirm", s.name)
		f.must(f.Node(a).Mask(s.unit))
		s.back(f, a, b, "--accept", "returns-harmless")
	}
}

func tableOf(all []moved) string {
	var b strings.Builder
	for _, m := range all {
		fmt.Fprintln(&b, m)
	}
	return b.String()
}

// TestOutage measures the outage of a service on a share whose host is killed,
// without the time in which it is found out that the host is gone.
func TestOutage(t *testing.T) {
	beside(t, light, time.Duration(*kills)*30*time.Second)
	s := sharedService
	s.hosts = slices.Clone(s.hosts) // they change places
	f := s.up(t)
	var all []time.Duration
	for range *kills {
		m := s.move(f, "killed", s.hosts[0], s.hosts[1], func() { f.must(f.Node(s.hosts[0]).Kill(t.Context())) })
		if m.two > 0 {
			t.Errorf("two writers for %s", m.two)
		}
		all = append(all, m.move)
		f.must(f.Node(s.hosts[0]).Mask(s.unit))
		f.leaves(0, "run", "rejoin", s.name, "--confirm", s.name, "--accept", "returns-harmless")
		slices.Reverse(s.hosts)
	}
	slices.Sort(all)
	t.Logf("%d rounds: median %.2f s, most %.2f s", len(all), all[len(all)/2].Seconds(), all[len(all)-1].Seconds())
}

// up makes a bed with the service running and written to.
func (s service) up(t *testing.T) *fleet {
	t.Helper()
	nodes := append([]string{"gate"}, s.hosts...)
	if s.keeps != "" {
		nodes = append(nodes, s.keeps)
	}
	f := newFleet(t, bed.Options{Nodes: nodes}, s.lines, powerFence(s.hosts[0], "gate"), powerFence(s.hosts[1], "gate"))
	if _, err := f.PowerSwitch(); err != nil {
		t.Fatal(err)
	}
	s.setup(f)
	if s.put != "" {
		f.writers(s.put, s.hosts...)
	}
	f.writes(s.hosts[0], time.Now())
	f.well(s.name)
	return f
}

// move moves the service from a to b, after a was lost in some way.
func (s service) move(f *fleet, how, a, b string, lose func()) moved {
	f.t.Helper()
	f.writes(a, time.Now())
	if lose != nil {
		lose()
	}
	start := time.Now()
	o := f.jm("run", "failover", s.name, "--confirm", s.name)
	if o.exit != 0 {
		f.t.Fatalf("%s\n%s", o, lines(f.findings(s.name)))
	}
	if lose == nil {
		start = o.began
	}
	f.writes(b, start)
	m := f.measure(moved{service: s.name, how: how, run: o.took}, a, b, start, f.began(), stored(f.on(s.at(b), s.has)))
	f.t.Log(m)
	if on := f.ok("list", "services", s.name, "-o", "json").out; !strings.Contains(on, `"on": "node/`+b+`"`) {
		f.t.Errorf("it is not seen on %s: %s", b, on)
	}
	return m
}

// began is when the newest run began, when its plan had been made.
func (f *fleet) began() time.Time {
	f.t.Helper()
	var doc struct {
		Report struct{ Run struct{ Began time.Time } }
	}
	o := f.ok("runs", "report", f.lastRun().ID, "-o", "json")
	if err := json.Unmarshal([]byte(o.out), &doc); err != nil || doc.Report.Run.Began.IsZero() {
		f.t.Fatalf("%v: %s", err, o)
	}
	return doc.Report.Run.Began
}

// back makes a a standby again, and the active one.
func (s service) back(f *fleet, a, b string, accept ...string) {
	f.t.Helper()
	f.leaves(0, append([]string{"run", "rejoin", s.name, "--confirm", s.name}, accept...)...)
	f.well(s.name)
	f.writes(b, time.Now())
	start := time.Now()
	f.leaves(0, "run", "failback", s.name, "--confirm", s.name)
	f.writes(a, start)
	f.leaves(0, "run", "rejoin", s.name, "--confirm", s.name)
	f.well(s.name)
}

var postgresService = service{
	name: "db", hosts: []string{"pg1", "pg2"}, unit: "postgresql@15-main.service",
	lines: `
[service.db]
kind = "postgres"
on = "pg1"
standby = ["pg2"]
replica_user = "repl"
class = "user"
`,
	setup: func(f *fleet) {
		conf := `pg_createcluster 15 main >/dev/null
cat >>/etc/postgresql/15/main/postgresql.conf <<'EOF'
listen_addresses = '*'
wal_log_hints = on
wal_keep_size = 256MB
EOF
printf '%s\n' 'local all all peer' 'host replication repl 10.77.0.0/24 trust' 'host all repl 10.77.0.0/24 trust' >/etc/postgresql/15/main/pg_hba.conf
`
		f.on("pg1", conf+`systemctl enable --now postgresql@15-main 2>&1
runuser -u postgres -- psql -qc "create role repl superuser login replication" -c "create table counter (who text, n int)"
`)
		f.on("pg2", conf+`rm -r /var/lib/postgresql/15/main
runuser -u postgres -- pg_basebackup -h pg1 -U repl -D /var/lib/postgresql/15/main -R -X stream
systemctl enable --now postgresql@15-main 2>&1
`)
	},
	// One psql for as long as it is connected, since a writer begins no programs. It
	// is ended when it is late: its answer would be taken for that to another write.
	put: `{
		trap '' PIPE
		[[ ${DB_PID-} ]] || coproc DB { exec setpriv --reuid postgres --regid postgres --clear-groups -- psql -qXAt 2>&1; }
		said=
		echo "insert into counter values ('$who', $n) returning n;" >&"${DB[1]}" && read -rt 5 said <&"${DB[0]}"
		[[ $said == "$n" ]] || { [[ $said == *"read-only transaction" ]] || { kill "$DB_PID"; wait "$DB_PID"; }; false; }
	}`,
	has: `runuser -u postgres -- psql -qXAt -F ' ' -c "select who, n from counter"`,
}

var redisService = service{
	name: "cache", hosts: []string{"re1", "re2"}, unit: "redis-server.service",
	lines: `
[service.cache]
kind = "redis"
on = "re1"
standby = ["re2"]
class = "application"
`,
	setup: func(f *fleet) {
		conf := `sed -i -e 's/^bind .*/bind 0.0.0.0/' -e 's/^protected-mode .*/protected-mode no/' -e 's/^appendonly .*/appendonly yes/' /etc/redis/redis.conf
`
		f.on("re1", conf+"systemctl enable --now redis-server 2>&1")
		f.on("re2", conf+"echo 'replicaof 10.77.0.12 6379' >>/etc/redis/redis.conf; systemctl enable --now redis-server 2>&1")
	},
	put: `{ said=; exec {redis}<>/dev/tcp/127.0.0.1/6379 && { printf 'sadd acks "%s %s"\r\n' "$who" "$n" >&"$redis" && read -rt 5 said <&"$redis"; exec {redis}>&-; }; [[ $said == :[01]* ]]; }`,
	has: `redis-cli --raw smembers acks`,
}

// sharedService is a unit with its data on a share that both hosts mount: seed
// 002. The kernel here has no NFS, so that the share is mounted over SSH.
var sharedService = service{
	name: "tally", hosts: []string{"s1", "s2"}, unit: "tally.service", keeps: "files",
	lines: `
[share.data]
kind = "mount"
class = "user"
on = "files"
path = "/srv/data"
mounts = [{ on = "s1", at = "/mnt/data" }, { on = "s2", at = "/mnt/data" }]
fstype = "fuse.sshfs"

[service.tally]
kind = "systemd"
on = "s1"
standby = ["s2"]
unit = "tally.service"
data = ["share/data"]
class = "user"
`,
	setup: func(f *fleet) {
		f.on("files", "mkdir -p /srv/data; : >/srv/data/log")
		for _, h := range []string{"s1", "s2"} {
			n := f.Node(h)
			f.must(n.Write("/root/key", string(read(f.t, f.Key())), 0o600))
			f.must(n.Write("/etc/fstab", "root@files:/srv/data /mnt/data fuse.sshfs noauto,allow_other,IdentityFile=/root/key,StrictHostKeyChecking=no 0 0\n", 0o644))
			f.must(n.Write("/usr/local/lib/writer", writerScript(`{ echo "$who $n" >>/mnt/data/log; }`), 0o755))
			f.must(n.Write("/usr/lib/systemd/system/tally.service", "[Service]\nExecStartPre=/usr/bin/test -e /mnt/data/log\nExecStart=/bin/bash /usr/local/lib/writer %H\n[Install]\nWantedBy=multi-user.target\n", 0o644))
			f.on(h, "mkdir -p /mnt/data; systemctl daemon-reload")
		}
		f.on("s1", "mount /mnt/data; systemctl enable --now tally 2>&1")
	},
	has: "cat /srv/data/log",
}
