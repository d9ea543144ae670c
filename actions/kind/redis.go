package kind

import (
	"strconv"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var redis = actions.Kind{
	Name: "redis",
	Doc:  "A Redis or Valkey server: looked at, saved, restored, drilled, moved to a replica.",
	About: `Everything is asked by redis-cli (or valkey-cli) on the host. The password, where there is one, is a secret and
reaches it by the environment. A server that says master and takes writes is the active one; two at once are found at
every look of a service with standbys. A store whose last save failed refuses writes: that is fail.

A copy is the file of a save that begins then and is waited for, read back whole by redis-check-rdb. A server with
appendonly on does not read such a file and would start empty: a restore makes the append-only file out of the copy,
by a server of its own. Files that were there are set aside beside it. A drill counts the keys of the copy in a
server without a network, below scratch.

To move, a replica must follow. The old active has its writes paused, is seen to have handed over everything, is made
to refuse writes by its configuration (min-replicas-to-write) should anything start it, and is stopped and masked.
All of it is written to the configuration file. What Sentinel or a Redis cluster moves is refused: they would move it
back. A host that rejoins gives up what it wrote alone; its last save is kept beside.`,
	Levels: []inventory.Level{inventory.LevelService},
	Options: []inventory.Option{
		{Name: "port", Type: inventory.TypePort, Default: "6379", Doc: "the server's port"},
		{Name: "address", Type: inventory.TypeString, Default: "127.0.0.1", Doc: "the address that it is asked at on its host"},
		{Name: "socket", Type: inventory.TypePath, Doc: "its socket, to be asked by instead"},
		{Name: "user", Type: inventory.TypeString, Default: "redis", Doc: "the system's user that the server runs as"},
		{Name: "password", Type: inventory.TypeSecret, Doc: "its password, and that of the other members"},
		{Name: "unit", Type: inventory.TypeString, Doc: "its systemd unit; found where not said"},
		{Name: "config", Type: inventory.TypePath, Doc: "its configuration file; asked of the server where not said"},
		{Name: "scratch", Type: inventory.TypePath, Default: "/var/tmp", Doc: "folder for the server of a drill"},
		{Name: "wait", Type: inventory.TypeDuration, Default: "1m", Doc: "how long a replica may take to catch up"},
	},
	Limits: []inventory.Limit{
		{Name: "lag", Unit: "s", Warn: 15, Fail: 60, Doc: "how long ago a replica heard of its active, or the active of it"},
		{Name: "lag_size", Unit: "MiB", Warn: 1, Fail: 64, Doc: "how much a replica has not been sent"},
		{Name: "memory", Unit: "%", Warn: 90, Fail: 98, Doc: "share of maxmemory in use"},
		{Name: "unsaved", Unit: "h", Warn: 3, Fail: 24, Doc: "age of the oldest change that is in no file"},
	},
	Checks:  redisChecks,
	Data:    redisData,
	Move:    redisMove,
	Sudoers: wholeRoot,
	Proved:  map[string]actions.Ground{"look": actions.Real, "backup": actions.Real, "restore": actions.Real, "failover": actions.Real},
}

// redisScript puts a script of the kind together with what it rests on.
func redisScript(t inventory.Target, more map[string]string, files ...string) actions.Script {
	in := map[string]string{
		"SERVER_PORT": redisPort(t),
		"ADDRESS":     orDefault(t.Options.String("address"), "127.0.0.1"),
		"SOCKET":      t.Options.String("socket"),
		"OWNER":       orDefault(t.Options.String("user"), "redis"),
		"UNIT":        t.Options.String("unit"),
		"CONFIG":      t.Options.String("config"),
	}
	for k, v := range more {
		in[k] = v
	}
	names := []string{commonFile, "redis/lib.sh"}
	for _, f := range files {
		names = append(names, "redis/"+f+".sh")
	}
	return compound(in, keepOf(t.Options, map[string]string{"password": "REDISCLI_AUTH"}), names...)
}

func redisPort(t inventory.Target) string {
	if p := t.Options.Int("port"); p != 0 {
		return strconv.FormatInt(p, 10)
	}
	return "6379"
}

func orDefault(s, d string) string {
	if s != "" {
		return s
	}
	return d
}

func redisData(_ *inventory.Fleet, t inventory.Target) (actions.Data, error) {
	one := func(more map[string]string, files ...string) *actions.Script {
		s := redisScript(t, more, files...)
		return &s
	}
	try := map[string]string{"SCRATCH": orDefault(t.Options.String("scratch"), "/var/tmp")}
	return actions.Data{
		Survey: *one(map[string]string{"FOLDER": "/var/lib/jurymast"}, "survey"),
		Dump:   one(nil, "rdb", "dump"),
		Stop:   one(nil, "data-stop"),
		Start:  one(nil, "data-start"),
		Put:    one(nil, "rdb", "put"),
		Back:   one(nil, "rdb", "back"),
		Prove:  one(nil, "judge", "prove"),
		Try:    one(try, "rdb", "judge", "try"),
		Clear:  one(try, "rdb", "clear"),
	}, nil
}

// redisMove moves a server to a replica of it.
func redisMove(f *inventory.Fleet, t inventory.Target) (actions.Move, error) {
	wait := t.Options.Duration("wait")
	if wait <= 0 {
		wait = time.Minute
	}
	limit := strconv.Itoa(int(wait / time.Second))
	at := func(files ...string) func(inventory.Ref) actions.Script {
		return func(inventory.Ref) actions.Script {
			return redisScript(t, map[string]string{"WAIT": limit}, files...)
		}
	}
	caught := at("caught")
	// follow is on a replica that runs as it is on an old active that was stopped.
	follow := func(h, active inventory.Ref) actions.Step {
		in := map[string]string{"WAIT": limit, actions.InPeer: addressOf(f, active), "PEER_PORT": redisPort(t)}
		return actions.Step{
			ID: "follow", Title: "make " + h.Name() + " a replica of " + active.Name(), Host: h,
			Do: redisScript(t, in, "rejoin-follow"), Redo: true, Timeout: time.Hour,
		}
	}
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
			in := map[string]string{"WAIT": limit, actions.InPeer: addressOf(f, active), "PEER_PORT": redisPort(t)}
			return []actions.Step{follow(old, active), {
				ID: "seen", Title: "see on " + active.Name() + " that " + old.Name() + " follows", Host: active,
				Do: redisScript(t, in, "rejoin-seen"), Redo: true, Timeout: wait + time.Minute, After: []string{"follow"},
			}}
		},
		Follow: func(standby, active inventory.Ref) []actions.Step {
			return []actions.Step{follow(standby, active)}
		},
		// Nothing but REPLICAOF NO ONE, and the configuration file.
		Floor: 100 * time.Millisecond,
	}, nil
}
