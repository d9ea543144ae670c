package kind

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// redisChecks are the checks of each host of the service.
func redisChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	s := redisScript(t, nil, "look")
	var out []actions.Check
	add := func(id, title string, read func(r redisSaid, h inventory.Ref) []actions.Reading) {
		cs := onEach(f, t, actions.Check{ID: id, Title: title, Script: s, Every: time.Minute}, func(h inventory.Ref, _ bool, a actions.Answer) []actions.Reading {
			r, why := redisParse(a)
			if why != nil {
				return why
			}
			return read(r, h)
		})
		for i := range cs {
			if id != "server" {
				cs[i].Needs = []string{"server" + strings.TrimPrefix(cs[i].ID, id)}
			}
		}
		out = append(out, cs...)
	}
	add("server", "server", func(r redisSaid, h inventory.Ref) []actions.Reading { return []actions.Reading{r.server(h)} })
	add("replication", "replication", func(r redisSaid, _ inventory.Ref) []actions.Reading { return r.replication(t) })
	add("persistence", "saves", func(r redisSaid, _ inventory.Ref) []actions.Reading { return []actions.Reading{r.persistence(t)} })
	add("memory", "memory", func(r redisSaid, _ inventory.Ref) []actions.Reading { return []actions.Reading{r.memory(t)} })
	return out
}

// redisFenced is how many replicas stop.sh makes a server want, so that it
// takes no writes.
const redisFenced = "9999"

// redisSaid is a whole answer of redis/look.sh: INFO, and some settings.
type redisSaid map[string]string

func redisParse(a actions.Answer) (redisSaid, []actions.Reading) {
	parts, ended := linuxParts(a.Stdout)
	if c, ok := parts["condition"]; ok {
		why := actions.Line(parts["failed"])
		switch strings.TrimSpace(c) {
		case "stopped":
			return nil, []actions.Reading{{Status: actions.Fail, Line: "the server is stopped", Next: "see its log, and systemctl status redis-server"}}
		case "loading":
			return nil, []actions.Reading{{Status: actions.Warn, Line: "the server is loading its data", Next: "wait for it"}}
		}
		if strings.HasPrefix(why, "NOAUTH") || strings.Contains(why, "AUTH failed") {
			return nil, []actions.Reading{{Status: actions.Unknown, Line: "the server wants a password: " + why, Next: "set password = { file = \"…\" }"}}
		}
		return nil, []actions.Reading{{Status: actions.Unknown, Line: "the server could not be asked: " + why}}
	}
	switch {
	case strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0:
		return nil, []actions.Reading{{Status: actions.Unknown, Line: "redis-cli is not installed", Next: "apt install redis-tools"}}
	case !ended || a.Exit != 0:
		return nil, actions.UnknownReading("the answer is not whole: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	r := redisSaid{}
	for _, ln := range strings.Split(parts["info"]+parts["config"], "\n") {
		if k, v, ok := strings.Cut(strings.TrimRight(ln, "\r"), ":"); ok {
			r[k] = v
		}
	}
	if r["role"] == "" {
		return nil, actions.UnknownReading("the server did not say what it is")
	}
	return r, nil
}

func (r redisSaid) number(name string) (float64, bool) { return redisNumber(r[name]) }

func redisNumber(s string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// server says which part the host plays.
func (r redisSaid) server(h inventory.Ref) actions.Reading {
	name := "Redis " + r["redis_version"]
	if v := r["valkey_version"]; v != "" {
		name = "Valkey " + v
	}
	switch {
	case r["role"] == "slave":
		return actions.Reading{Status: actions.OK, Line: "replica, " + name}
	case r["role"] != "master":
		return actions.Reading{Status: actions.Unknown, Line: "its role is " + r["role"] + ", which is not known here"}
	case r["min-replicas-to-write"] == redisFenced:
		return actions.Reading{Status: actions.Warn, Line: "kept from being written to since it was moved away, " + name, Next: "make it follow: jurymast plan rejoin"}
	}
	return actions.Reading{Status: actions.OK, On: h, Line: "active, " + name}
}

func (r redisSaid) replication(t inventory.Target) []actions.Reading {
	lag, size := boundOf(t, "lag"), boundOf(t, "lag_size")
	if r["role"] == "slave" {
		from := r["master_host"] + ":" + r["master_port"]
		if r["master_link_status"] != "up" {
			x := actions.Reading{Status: actions.Fail, Line: "it does not follow " + from, Next: "see its log, and whether its active lets it in"}
			if s, ok := r.number("master_link_down_since_seconds"); ok && s >= 0 {
				x.Line += " for " + span(time.Duration(min(s, 1e9))*time.Second)
			}
			return []actions.Reading{x}
		}
		heard, ok := r.number("master_last_io_seconds_ago")
		if !ok {
			return actions.UnknownReading("it follows %s; how far it is behind is not said", from)
		}
		s := judge(lag, heard)
		return []actions.Reading{{Status: s, Line: fmt.Sprintf("it follows %s, heard %.0f s ago%s", from, heard, limitWords(lag, s, "s")),
			Metrics: []actions.Metric{measured("lag", "s", heard, lag)}}}
	}
	at, known := r.number("master_repl_offset")
	var out []actions.Reading
	online := 0
	for i := range 64 {
		line, ok := r["slave"+strconv.Itoa(i)]
		if !ok {
			break
		}
		f := map[string]string{}
		for _, kv := range strings.Split(line, ",") {
			k, v, _ := strings.Cut(kv, "=")
			f[k] = v
		}
		who := f["ip"] + ":" + f["port"]
		seconds, ok1 := redisNumber(f["lag"])
		has, ok2 := redisNumber(f["offset"])
		x := actions.Reading{Item: who}
		switch {
		case f["state"] != "online":
			x.Status, x.Line = actions.Warn, who+" is in state "+f["state"]
		case !ok1 || !ok2 || !known:
			x.Status, x.Line = actions.Unknown, who+" follows; how far it is behind is not known"
		default:
			online++
			behind := max(at-has, 0) / (1 << 20)
			x.Status = actions.Worst(judge(lag, seconds), judge(size, behind))
			x.Line = fmt.Sprintf("%s is %.1f MiB behind, heard %.0f s ago%s%s", who, behind, seconds,
				limitWords(lag, judge(lag, seconds), "s"), limitWords(size, judge(size, behind), "MiB"))
			x.Metrics = []actions.Metric{measured("lag", "s", seconds, lag), measured("lag_size", "MiB", behind, size)}
		}
		out = append(out, x)
	}
	if want := len(t.Standby); online < want {
		out = append(out, actions.Reading{Item: actions.ItemStandbys, Status: actions.Fail,
			Line: fmt.Sprintf("%d of %d replicas follow", online, want), Next: "jurymast plan rejoin " + string(t.Ref)})
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: "no replica, and none is expected"}}
	}
	return out
}

// persistence judges what would be there after a restart.
func (r redisSaid) persistence(t inventory.Target) actions.Reading {
	if r["rdb_last_bgsave_status"] == "" || r["appendonly"] == "" {
		return actions.Reading{Status: actions.Unknown, Line: "what it saves is not said"}
	}
	switch {
	case r["rdb_last_bgsave_status"] != "ok":
		return actions.Reading{Status: actions.Fail, Line: "its last save failed: it may refuse writes", Next: "see its log, and whether its disk is full"}
	case r["aof_last_write_status"] != "ok" && r["appendonly"] == "yes":
		return actions.Reading{Status: actions.Fail, Line: "its append-only file cannot be written: it refuses writes", Next: "see its log, and whether its disk is full"}
	case r["aof_last_bgrewrite_status"] != "ok" && r["appendonly"] == "yes":
		return actions.Reading{Status: actions.Warn, Line: "its append-only file could not be rewritten", Next: "see its log"}
	case r["appendonly"] == "yes":
		return actions.Reading{Status: actions.OK, Line: "every change goes to the append-only file"}
	case r["save"] == "":
		return actions.Reading{Status: actions.Warn, Line: "nothing is saved: a restart empties it, and its replicas", Next: "set save or appendonly"}
	}
	changes, ok := r.number("rdb_changes_since_last_save")
	saved, known := r.number("rdb_last_save_time")
	if !ok || !known {
		return actions.Reading{Status: actions.Unknown, Line: "when it last saved is not said"}
	}
	return redisUnsaved(t, changes, saved, r)
}

// redisUnsaved judges how old the oldest change can be that is in no file.
func redisUnsaved(t inventory.Target, changes, saved float64, r redisSaid) actions.Reading {
	if changes == 0 {
		return actions.Reading{Status: actions.OK, Line: "everything is saved"}
	}
	now, ok := r.number("now")
	if !ok {
		return actions.Reading{Status: actions.Unknown, Line: "its clock was not told"}
	}
	b := boundOf(t, "unsaved")
	age := max(0, now-saved) / 3600
	s := judge(b, age)
	return actions.Reading{Status: s, Line: fmt.Sprintf("%.0f changes since the last save, %s ago%s", changes, span(time.Duration(min(age, 1e6)*float64(time.Hour))), limitWords(b, s, "h")),
		Metrics: []actions.Metric{measured("unsaved", "h", age, b)}}
}

func (r redisSaid) memory(t inventory.Target) actions.Reading {
	used, ok := r.number("used_memory")
	most, known := r.number("maxmemory")
	if !ok || !known {
		return actions.Reading{Status: actions.Unknown, Line: "how much memory it uses is not said"}
	}
	if most <= 0 {
		return actions.Reading{Status: actions.OK, Line: fmt.Sprintf("%.1f MiB in use, no limit set", used/(1<<20))}
	}
	b := boundOf(t, "memory")
	share := 100 * used / most
	s := judge(b, share)
	x := actions.Reading{Status: s, Line: fmt.Sprintf("%.0f%% of %.0f MiB in use%s", share, most/(1<<20), limitWords(b, s, "%")),
		Metrics: []actions.Metric{measured("memory", "%", share, b)}}
	if s != actions.OK {
		x.Next = "raise maxmemory, or see maxmemory_policy for what happens when it is full"
	}
	return x
}
