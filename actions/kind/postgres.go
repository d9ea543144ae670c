package kind

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var postgres = actions.Kind{
	Name: "postgres",
	Doc:  "A PostgreSQL server: looked at, dumped, restored, drilled, moved to a standby that streams.",
	About: `One session as the server's own user (through sudo, by its socket) asks for everything. On Debian the port is
enough: folder, cluster and unit are found by it. Elsewhere name data_folder, and unit where systemd keeps the server.

A standby counts as following only while it streams: the usual formula of received and replayed positions reads no
lag while the receiver is dead. Of a service with standbys each host is looked at: two servers that are written to
are found at every look. The archiver is failing when its last failure is newer than its last success.

A copy is pg_dump -Fc of each database and the roles, of which no pg_dump holds any; each is read back whole, and with
sums = true every table is counted and summed up in the moment that is dumped. A restore fills new databases and then
exchanges names; roles that are there keep their passwords. A drill starts a server of its own, without a network
and without an archive, below scratch, which needs room for the databases there, and compares counts and sums.

To move, PostgreSQL 12 or newer is needed, a standby that streams, and replica_user let in by the pg_hba.conf of every
member, for "replication" and, for pg_rewind, as a superuser for all databases. The old active is stopped, masked, and
marked so that it comes up as a standby should anything start it. A rejoin uses pg_rewind where that is possible
(wal_log_hints or checksums, and wal_keep_size so that the log of the time is there), else a new clone beside which the old data is kept.
Other standbys follow the new active from where they are, by the login that they have; one that has more than it is left
as it is, and said.`,
	Levels: []inventory.Level{inventory.LevelService},
	Options: []inventory.Option{
		{Name: "port", Type: inventory.TypePort, Default: "5432", Doc: "the server's port"},
		{Name: "socket", Type: inventory.TypePath, Doc: "folder of its socket; psql's own where not said"},
		{Name: "user", Type: inventory.TypeString, Default: "postgres", Doc: "the system's user that the server runs as"},
		{Name: "role", Type: inventory.TypeString, Doc: "database role to ask as, a superuser; the user's name where not said"},
		{Name: "cluster", Type: inventory.TypeString, Doc: "Debian: the cluster, \"15/main\"; found by the port where not said"},
		{Name: "data_folder", Type: inventory.TypePath, Doc: "the server's data folder; asked of the server where not said"},
		{Name: "programs", Type: inventory.TypePath, Doc: "folder of its programs; those of its version where not said"},
		{Name: "unit", Type: inventory.TypeString, Doc: "its systemd unit; found where not said"},
		{Name: "databases", Type: inventory.TypeList, Doc: "the databases to copy; all where not said"},
		{Name: "sums", Type: inventory.TypeBool, Default: "true", Doc: "read every table once more for a dump, so that a drill can compare"},
		{Name: "scratch", Type: inventory.TypePath, Default: "/var/tmp", Doc: "folder for the server of a drill"},
		{Name: "replica_user", Type: inventory.TypeString, Doc: "database role by which a standby follows; the user's name where not said"},
		{Name: "password", Type: inventory.TypeSecret, Doc: "the password of replica_user"},
		{Name: "slots", Type: inventory.TypeBool, Default: "false", Doc: "let a host that rejoins follow through a slot, which keeps the log for it without limit"},
		{Name: "wait", Type: inventory.TypeDuration, Default: "1m", Doc: "how long a standby may take to catch up, or to stream"},
	},
	Limits: []inventory.Limit{
		{Name: "lag", Unit: "s", Warn: 30, Fail: 300, Doc: "how far a standby is behind"},
		{Name: "lag_size", Unit: "MiB", Warn: 16, Fail: 256, Doc: "how much log a standby has not replayed"},
		{Name: "connections", Unit: "%", Warn: 80, Fail: 95, Doc: "share of max_connections in use"},
		{Name: "xid", Unit: "M", Warn: 500, Fail: 1200, Doc: "millions of transactions since the oldest database was frozen; at 2100 it stops"},
	},
	Checks:  postgresChecks,
	Data:    postgresData,
	Move:    postgresMove,
	Sudoers: wholeRoot,
	Proved:  map[string]actions.Ground{"look": actions.Real, "backup": actions.Real, "restore": actions.Real, "failover": actions.Real},
}

// postgresScript puts a script of the kind together with what it rests on.
func postgresScript(t inventory.Target, more map[string]string, files ...string) actions.Script {
	in := map[string]string{
		"SERVER_PORT": postgresPort(t),
		"SOCKET":      t.Options.String("socket"),
		"OWNER":       orDefault(t.Options.String("user"), "postgres"),
		"ROLE":        t.Options.String("role"),
		"CLUSTER":     t.Options.String("cluster"),
		"DATA":        t.Options.String("data_folder"),
		"UNIT":        t.Options.String("unit"),
		"BIN":         t.Options.String("programs"),
	}
	for k, v := range more {
		in[k] = v
	}
	names := []string{commonFile, "postgres/lib.sh"}
	for _, f := range files {
		names = append(names, "postgres/"+f+".sh")
	}
	return compound(in, nil, names...)
}

func postgresPort(t inventory.Target) string {
	if p := t.Options.Int("port"); p != 0 {
		return strconv.FormatInt(p, 10)
	}
	return "5432"
}

func postgresData(_ *inventory.Fleet, t inventory.Target) (actions.Data, error) {
	databases := strings.Join(t.Options.List("databases"), "\n")
	one := func(more map[string]string, files ...string) *actions.Script {
		s := postgresScript(t, more, files...)
		return &s
	}
	try := map[string]string{"SCRATCH": orDefault(t.Options.String("scratch"), "/var/tmp")}
	return actions.Data{
		Survey: *one(map[string]string{"DATABASES": databases, "FOLDER": "/var/lib/jurymast"}, "survey"),
		Dump:   one(map[string]string{"DATABASES": databases, "SUMS": yesNo(t.Options.Bool("sums"))}, "data", "dump"),
		Put:    one(nil, "data", "put"),
		Back:   one(nil, "data", "back"),
		Prove:  one(nil, "data", "compare", "prove"),
		Try:    one(try, "data", "compare", "scratch", "try"),
		Clear:  one(try, "scratch", "clear"),
	}, nil
}

// postgresMove moves a server to a standby that streams from it.
func postgresMove(f *inventory.Fleet, t inventory.Target) (actions.Move, error) {
	wait := t.Options.Duration("wait")
	if wait <= 0 {
		wait = time.Minute
	}
	limit := map[string]string{"WAIT": strconv.Itoa(int(wait / time.Second))}
	at := func(files ...string) func(inventory.Ref) actions.Script {
		return func(inventory.Ref) actions.Script { return postgresScript(t, limit, files...) }
	}
	caught := at("caught")
	return actions.Move{
		Shape:  "replicated",
		Survey: at("member"),
		Stop:   at("stop"),
		Resume: at("resume"),
		Caught: func(h inventory.Ref) *actions.Script {
			s := caught(h)
			return &s
		},
		Promote: at("promote"),
		Verify:  at("verify"),
		Active:  at("active"),
		Rejoin: func(old, active inventory.Ref) []actions.Step {
			return postgresRejoin(f, t, old, active, wait)
		},
		Follow: func(standby, active inventory.Ref) []actions.Step {
			in := maps.Clone(limit)
			in[actions.InPeer], in["PEER_PORT"] = addressOf(f, active), postgresPort(t)
			return []actions.Step{{
				ID: "follow", Title: "have " + standby.Name() + " follow " + active.Name(), Host: standby,
				Do: postgresScript(t, in, "follow"), Redo: true, Timeout: wait + 10*time.Minute,
			}}
		},
		// Promotion itself took 0.1 to 1 s on PostgreSQL 15 with little to replay.
		Floor: time.Second,
	}, nil
}

// postgresRejoin returns the steps that make a host a standby of the active.
func postgresRejoin(f *inventory.Fleet, t inventory.Target, old, active inventory.Ref, wait time.Duration) []actions.Step {
	user := orDefault(t.Options.String("replica_user"), orDefault(t.Options.String("user"), "postgres"))
	slot := ""
	if t.Options.Bool("slots") {
		slot = "jurymast_" + strings.Map(func(r rune) rune { // what a slot's name may hold
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return '_'
		}, old.Name())
	}
	in := map[string]string{
		actions.InPeer: addressOf(f, active), "PEER_PORT": postgresPort(t), "REPLICA": user,
		"NAME": old.Name(), "SLOT": slot, "WAIT": strconv.Itoa(int(wait / time.Second)),
	}
	keep := keepOf(t.Options, map[string]string{"password": "PGPASSWORD"})
	step := func(id, title string, host inventory.Ref, limit time.Duration, files ...string) actions.Step {
		return actions.Step{ID: id, Title: title, Host: host, Do: postgresScript(t, in, files...), Redo: true, Timeout: limit}
	}
	stop := step("stop-old", "stop PostgreSQL on "+old.Name(), old, 10*time.Minute, "rejoin-lib", "rejoin-stop")
	ready := step("ready", "make "+active.Name()+" ready to be followed", active, 10*time.Minute, "rejoin-ready")
	data := step("data", "bring the data of "+old.Name()+" to that of "+active.Name(), old, 24*time.Hour, "rejoin-lib", "rejoin-data")
	data.Do.Keep = keep
	start := step("start", "start "+old.Name()+" as a standby", old, wait+10*time.Minute, "rejoin-start")
	seen := step("seen", "see on "+active.Name()+" that "+old.Name()+" follows", active, wait+time.Minute, "rejoin-seen")
	data.After, start.After, seen.After = []string{"stop-old", "ready"}, []string{"data"}, []string{"start"}
	return []actions.Step{stop, ready, data, start, seen}
}

// addressOf returns the address by which other hosts reach a host.
func addressOf(f *inventory.Fleet, h inventory.Ref) string {
	if f != nil {
		if t, ok := f.Target(h); ok && t.Reach.Address != "" {
			return t.Reach.Address
		}
	}
	return h.Name()
}
