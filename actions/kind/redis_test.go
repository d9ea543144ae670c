package kind

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

const redisCanary = "it's-a-canary"

// redisBed is a Redis server of a test.
type redisBed struct {
	t          testing.TB
	owner, dir string
	config     string
	port       int
}

func newRedis(t testing.TB, lines ...string) *redisBed {
	t.Helper()
	needed(t, "redis-check-rdb", "redis-server")
	owner := serverUser(t, "redis")
	b := &redisBed{t: t, owner: owner, dir: serverFolder(t, owner), port: freePort(t)}
	b.config = filepath.Join(b.dir, "redis.conf")
	text := fmt.Sprintf("port %d\nbind 127.0.0.1\ndir %s\ndaemonize yes\nlogfile %s/log\nrequirepass \"%s\"\nmasterauth \"%s\"\nrepl-diskless-sync-delay 0\nrepl-ping-replica-period 1\n%s\n",
		b.port, b.dir, b.dir, redisCanary, redisCanary, strings.Join(lines, "\n"))
	if err := os.WriteFile(b.config, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(b.config, 0o666); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = b.ask(context.WithoutCancel(t.Context()), "SHUTDOWN", "NOSAVE") })
	return b
}

func (b *redisBed) begin() *redisBed {
	b.t.Helper()
	args := []string{"redis-server", b.config}
	if os.Getuid() == 0 {
		args = append([]string{"runuser", "-u", b.owner, "--"}, args...)
	}
	if out, err := exec.CommandContext(b.t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
		b.t.Fatalf("%v: %s", err, out)
	}
	await(b.t, "redis answers", func() bool { out, _ := b.ask(b.t.Context(), "PING"); return out == "PONG" })
	return b
}

func (b *redisBed) ask(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "redis-cli", append([]string{"-e", "-p", strconv.Itoa(b.port)}, args...)...)
	cmd.Env = append(os.Environ(), "REDISCLI_AUTH="+redisCanary)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (b *redisBed) cli(args ...string) string {
	b.t.Helper()
	out, err := b.ask(b.t.Context(), args...)
	if err != nil {
		b.t.Fatalf("%v: %v: %s", args, err, out)
	}
	return out
}

func (b *redisBed) with(more map[string]string) map[string]string {
	in := map[string]string{"SERVER_PORT": strconv.Itoa(b.port), "OWNER": b.owner, "SCRATCH": b.dir, "WAIT": "20",
		actions.InRun: "0007-test", actions.InAside: ".jurymast-0007-test"}
	maps.Copy(in, more)
	return in
}

// secret gives a script what a runner looks up.
func secret(s actions.Script) actions.Script {
	s.Secrets = map[string]string{"REDISCLI_AUTH": redisCanary}
	return s
}

func redisOf(t testing.TB, lines ...string) (*inventory.Fleet, inventory.Target) {
	t.Helper()
	t.(*testing.T).Setenv("JURYMAST_ROOT", t.TempDir())
	k, _ := Lookup("redis")
	return suiteTarget(t, k, lines...)
}

func TestRedisCopies(t *testing.T) {
	for _, appendonly := range []string{"no", "yes"} {
		t.Run("appendonly "+appendonly, func(t *testing.T) {
			_, target := redisOf(t)
			b := newRedis(t, "appendonly "+appendonly).begin()
			d, err := redisData(nil, target)
			if err != nil {
				t.Fatal(err)
			}
			b.cli("EVAL", "for i=1,2000 do redis.call('set','k'..i,i) end", "0")
			b.cli("-n", "3", "SET", "other", "x")
			stage := t.TempDir()
			in := b.with(map[string]string{actions.InStage: stage, actions.InFrom: stage, actions.InPort: "1"})
			if s := must(t, secret(d.Survey), in).said; s["bytes"] == "" || s["version"] == "" || s["trouble"] != "" {
				t.Errorf("survey: %v", s)
			}
			for range 2 {
				if s := must(t, secret(*d.Dump), in).said; s["keys"] != "2001" {
					t.Errorf("dump: %v", s)
				}
			}
			if s := must(t, secret(*d.Try), in).said; s["level"] != "data-checked" {
				t.Errorf("drill: %v", s)
			}
			must(t, secret(*d.Clear), in)
			if left, _ := filepath.Glob(b.dir + "/redis.jurymast*"); len(left) > 0 {
				t.Errorf("the drill left %v", left)
			}

			b.cli("FLUSHALL")
			b.cli("SET", "lonely", "1")
			for _, s := range []*actions.Script{d.Stop, d.Stop, d.Put, d.Put, d.Start, d.Start} {
				must(t, secret(*s), in)
			}
			if s := must(t, secret(*d.Prove), in).said; s["level"] != "data-checked" || !strings.HasPrefix(s["proof"], "2001 keys") {
				t.Errorf("restored: %v", s)
			}
			if v := b.cli("-n", "3", "GET", "other"); v != "x" {
				t.Errorf("other is %q", v)
			}
			if on := b.cli("CONFIG", "GET", "appendonly"); !strings.HasSuffix(on, appendonly) {
				t.Errorf("restored with %s", on)
			}
			for _, s := range []*actions.Script{d.Stop, d.Back, d.Back, d.Start} {
				must(t, secret(*s), in)
			}
			if v := b.cli("GET", "lonely"); v != "1" {
				t.Errorf("after it was undone lonely is %q", v)
			}
			if left, _ := filepath.Glob(b.dir + "/*jurymast*"); len(left) > 0 {
				t.Errorf("undone, it left %v", left)
			}

			// A file that was cut short is no copy.
			if err := os.Truncate(filepath.Join(stage, "dump.rdb"), 500); err != nil {
				t.Fatal(err)
			}
			if r := runFully(t.Context(), t, secret(d.Try.With(in))); r.Exit == 0 {
				t.Error("half a file is taken for a copy")
			}
			must(t, secret(*d.Clear), in)
		})
	}
}

// TestRedisCutOff cuts a restore off at many points, and undoes it likewise.
func TestRedisCutOff(t *testing.T) {
	_, target := redisOf(t)
	b := newRedis(t, "appendonly yes").begin()
	d, err := redisData(nil, target)
	if err != nil {
		t.Fatal(err)
	}
	b.cli("EVAL", "for i=1,20000 do redis.call('set','k'..i,i) end", "0")
	stage := t.TempDir()
	in := b.with(map[string]string{actions.InStage: stage, actions.InFrom: stage})
	for after := 50 * time.Millisecond; !cut(t, secret(*d.Dump), in, after); after += 150 * time.Millisecond {
	}
	b.cli("FLUSHALL")
	b.cli("SET", "lonely", "1")
	for _, s := range []*actions.Script{d.Stop, d.Put, d.Start} {
		for after := 30 * time.Millisecond; !cut(t, secret(*s), in, after); after += 70 * time.Millisecond {
		}
	}
	if s := must(t, secret(*d.Prove), in).said; s["level"] != "data-checked" {
		t.Errorf("restored: %v", s)
	}
	for _, s := range []*actions.Script{d.Stop, d.Back, d.Start} {
		for after := 30 * time.Millisecond; !cut(t, secret(*s), in, after); after += 70 * time.Millisecond {
		}
	}
	await(t, "redis has loaded its data", func() bool { v, _ := b.ask(t.Context(), "GET", "lonely"); return !strings.Contains(v, "LOADING") })
	if v := b.cli("GET", "lonely"); v != "1" || b.cli("DBSIZE") != "1" {
		t.Errorf("after it was undone lonely is %q of %s keys", v, b.cli("DBSIZE"))
	}
}

func TestRedisMoves(t *testing.T) {
	f, target := redisOf(t, `standby = ["other"]`)
	a := newRedis(t).begin()
	b := newRedis(t, fmt.Sprintf("replicaof 127.0.0.1 %d", a.port)).begin()
	mv, err := redisMove(f, target)
	if err != nil {
		t.Fatal(err)
	}
	const h = inventory.Ref("node/app")
	survey := func(x *redisBed) map[string]string { return must(t, secret(mv.Survey(h)), x.with(nil)).said }
	active := func(x *redisBed) int {
		return runFully(t.Context(), t, secret(mv.Active(h).With(x.with(nil)))).Exit
	}
	look := func(x *redisBed, id string) actions.Reading {
		for _, c := range redisChecks(f, target) {
			if c.ID == id {
				an := suiteAnswer("")
				an.Output = runFully(t.Context(), t, secret(c.Script.With(x.with(nil)))).Output
				return c.Read(an)[0]
			}
		}
		t.Fatalf("no check %s", id)
		return actions.Reading{}
	}
	await(t, "the replica follows", func() bool { return strings.Contains(b.cli("INFO", "replication"), "master_link_status:up") })
	sa, sb := survey(a), survey(b)
	if sa["role"] != "active" || sb["role"] != "standby" || sa["system"] == "" || sa["system"] != sb["system"] || sb["lag"] == "" || sb["trouble"] != "" {
		t.Fatalf("survey: %v and %v", sa, sb)
	}
	for _, id := range []string{"server", "replication", "persistence", "memory"} {
		if r := look(a, id); r.Status != actions.OK {
			t.Errorf("active: %s: %+v", id, r)
		}
		if r := look(b, id+"-other"); r.Status != actions.OK {
			t.Errorf("replica: %s: %+v", id, r)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	last := 0
	work.Go(func() {
		for n := 1; ctx.Err() == nil; {
			for _, x := range []*redisBed{a, b} {
				if out, err := x.ask(ctx, "RPUSH", "counter", strconv.Itoa(n)); err == nil && out != "" {
					last = n
					n++
					break
				}
			}
		}
	})
	await(t, "numbers are written", func() bool { return a.cli("LLEN", "counter") > "3" })
	stopped := must(t, secret(mv.Stop(h)), a.with(nil))
	again := must(t, secret(mv.Stop(h)), a.with(nil))
	if stopped.said["position"] == "" || again.said["position"] != stopped.said["position"] {
		t.Errorf("stop said %v and then %v", stopped.said, again.said)
	}
	must(t, secret(*mv.Caught(h)), b.with(map[string]string{"SAID_POSITION": stopped.said["position"]}))
	if x, y := active(a), active(b); x != 1 || y != 1 {
		t.Errorf("active says %d and %d before it was promoted", x, y)
	}
	must(t, secret(mv.Promote(h)), b.with(nil))
	must(t, secret(mv.Promote(h)), b.with(nil))
	must(t, secret(mv.Verify(h)), b.with(nil))
	was := b.cli("LLEN", "counter")
	await(t, "numbers are written to the new active", func() bool { return b.cli("LLEN", "counter") != was })
	cancel()
	work.Wait()
	have := map[string]bool{}
	for _, n := range strings.Fields(b.cli("LRANGE", "counter", "0", "-1")) {
		have[n] = true
	}
	for n := 1; n <= last; n++ {
		if !have[strconv.Itoa(n)] {
			t.Errorf("%d was acknowledged and is lost", n)
		}
	}
	if active(b) != 0 {
		t.Error("the promoted is not active")
	}
	if r := look(a, "server"); r.Status != actions.Fail || !strings.Contains(r.Line, "stopped") {
		t.Errorf("the old active: %+v", r)
	}

	// Whatever starts the old active, nothing can be written to it.
	a.begin()
	if out, err := a.ask(t.Context(), "SET", "x", "1"); err == nil {
		t.Fatalf("the old active takes writes: %s", out)
	}
	if r := look(a, "server"); r.On != "" || r.Status != actions.Warn {
		t.Errorf("the old active, started: %+v", r)
	}
	follow := func(old, now *redisBed) {
		t.Helper()
		var said map[string]string
		for _, s := range mv.Rejoin("node/old", "node/now") {
			x := old
			if s.Host == "node/now" {
				x = now
			}
			in := x.with(map[string]string{actions.InPeer: "127.0.0.1", "PEER_PORT": strconv.Itoa(now.port), "SAID_SYSTEM": said["system"]})
			for range 2 {
				r := must(t, secret(s.Do), in)
				if r.said["system"] != "" {
					said = r.said
				}
			}
		}
	}
	follow(a, b)
	if n := a.cli("CONFIG", "GET", "min-replicas-to-write"); !strings.HasSuffix(n, "\n0") {
		t.Errorf("rejoined it still has %s", n)
	}
	b.cli("SET", "after", "1")
	await(t, "what is written comes over", func() bool { return a.cli("GET", "after") == "1" })

	// Its place is in its configuration file.
	a.cli("SHUTDOWN")
	a.begin()
	if s := survey(a); s["role"] != "standby" {
		t.Errorf("after a restart: %v", s)
	}

	// Two actives of one service are seen, and the second gives up what it has.
	a.cli("REPLICAOF", "NO", "ONE")
	a.cli("SET", "alone", "1")
	if x, y := look(a, "server").On, look(b, "server-other").On; x == "" || y == "" {
		t.Errorf("two actives are seen on %q and %q", x, y)
	}
	follow(a, b)
	if out, _ := a.ask(t.Context(), "GET", "alone"); out != "" {
		t.Errorf("what it wrote alone is still there: %q", out)
	}
	if kept, _ := filepath.Glob(a.dir + "/dump.rdb.jurymast-0007-test"); len(kept) != 1 {
		t.Errorf("what it wrote alone was not kept")
	}
	must(t, secret(mv.Stop(h)), b.with(nil))
	must(t, secret(mv.Resume(h)), b.with(nil))
	b.cli("SET", "resumed", "1")
}

// TestRedisThirdReplica: with another replica promoted, one that followed the old
// active follows the new, and goes on from where it was.
func TestRedisThirdReplica(t *testing.T) {
	f, target := redisOf(t, `standby = ["other"]`)
	a := newRedis(t).begin()
	of := fmt.Sprintf("replicaof 127.0.0.1 %d", a.port)
	b, c := newRedis(t, of).begin(), newRedis(t, of).begin()
	mv, err := redisMove(f, target)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []*redisBed{b, c} {
		await(t, "the replica follows", func() bool { return strings.Contains(x.cli("INFO", "replication"), "master_link_status:up") })
	}
	a.cli("SET", "before", "1")
	await(t, "it comes over", func() bool { return b.cli("GET", "before") == "1" && c.cli("GET", "before") == "1" })
	a.cli("SHUTDOWN")
	must(t, secret(mv.Promote("node/other")), b.with(nil))
	b.cli("SET", "after", "1")
	in := c.with(map[string]string{actions.InPeer: "127.0.0.1", "PEER_PORT": strconv.Itoa(b.port)})
	for range 2 {
		must(t, secret(mv.Follow("node/other", "node/app")[0].Do), in)
	}
	await(t, "what is written comes over", func() bool { return c.cli("GET", "after") == "1" })
	if stats := b.cli("INFO", "stats"); !strings.Contains(stats, "sync_partial_ok:1") {
		t.Errorf("it was filled anew: %s", stats)
	}
	c.cli("SHUTDOWN")
	c.begin()
	await(t, "it follows after a restart as well", func() bool { return strings.Contains(c.cli("INFO", "replication"), "master_link_status:up") })
}

// oldRedis is a server of before 6.2, which cannot make writes alone wait; every
// question finds it written to, until it wants more replicas than there are.
const oldRedis = `
[ "$1" != -h ] || shift 4
[ ! -e "$STATE/down" ] || { echo 'Could not connect to Redis at 127.0.0.1:6379: Connection refused'; exit 1; }
case "$1 $2" in
'INFO replication')
    n=$(cat "$STATE/offset")
    [ "$(cat "$STATE/wanted")" = 9999 ] || n=$((n + 7))
    echo "$n" >"$STATE/offset"
    printf 'role:master\nslave0:ip=10.0.0.2,port=6379,state=online,offset=%s,lag=0\nmaster_repl_offset:%s\n' "$(cat "$STATE/has" 2>/dev/null || echo "$n")" "$n" ;;
'INFO server') printf 'config_file:\nprocess_id:\n' ;;
'CLIENT PAUSE') echo 'ERR syntax error' ;;
'CONFIG GET') echo "$3"; [ "$3" != min-replicas-to-write ] || cat "$STATE/wanted" ;;
'CONFIG SET') [ "$3" != min-replicas-to-write ] || echo "$4" >"$STATE/wanted"; echo OK ;;
SHUTDOWN*) : >"$STATE/down" ;;
*) echo OK ;;
esac
`

// TestRedisHandsAllOverWithoutAPause: what an old server takes until it refuses
// writes has to be with its replica, too.
func TestRedisHandsAllOverWithoutAPause(t *testing.T) {
	t.Parallel()
	b := newBed(t, "[node.app]\n[node.other]\n[service.cache]\nkind = \"redis\"\non = \"app\"\nstandby = [\"other\"]\nwait = \"1s\"\n")
	b.standIn("redis-cli", oldRedis)
	b.state("offset", "100")
	b.state("wanted", "0")
	b.state("has", "0")
	stop := b.move("service/cache").Stop("node/app")
	b.refuses(stop, nil, "no replica has everything that was written")
	if b.read("wanted") != "0" {
		t.Errorf("it was not stopped, and takes writes from %s replicas on", b.read("wanted"))
	}
	b.unstate("has")
	if said := b.does(stop, nil); said["position"] == "" || said["position"] != b.read("offset") {
		t.Errorf("it ended at %s, and says %v", b.read("offset"), said)
	}
}
