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

// pg is a PostgreSQL server of a test: in a folder and on a port of its own.
type pg struct {
	t           testing.TB
	bin, owner  string
	dir, folder string // of everything, and of the data
	port        int
}

// newPG makes a server with no data.
func newPG(t testing.TB) *pg {
	t.Helper()
	bin := filepath.Dir(needed(t, "pg_rewind", "postgresql"))
	owner := serverUser(t, "postgres")
	dir := serverFolder(t, owner)
	p := &pg{t: t, bin: bin, owner: owner, dir: dir, folder: filepath.Join(dir, "data"), port: freePort(t)}
	t.Cleanup(func() {
		_ = p.command(context.WithoutCancel(t.Context()), "pg_ctl", "stop", "-D", p.folder, "-s", "-m", "immediate").Run()
	})
	return p
}

// command is one of PostgreSQL's programs, run as the server's user.
func (p *pg) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	path := filepath.Join(p.bin, name)
	if os.Getuid() != 0 {
		return exec.CommandContext(ctx, path, args...)
	}
	return exec.CommandContext(ctx, "runuser", append([]string{"-u", p.owner, "--", path}, args...)...)
}

func (p *pg) run(name string, args ...string) string {
	p.t.Helper()
	cmd := p.command(p.t.Context(), name, args...)
	cmd.Dir = "/"
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// sql asks a database.
func (p *pg) sql(database, text string) string {
	p.t.Helper()
	return p.run("psql", "-XAtqw", "-v", "ON_ERROR_STOP=1", "-h", p.dir, "-p", strconv.Itoa(p.port), "-d", database, "-c", text)
}

// begin makes the data and starts the server.
func (p *pg) begin() *pg {
	p.t.Helper()
	p.run("initdb", "-D", p.folder, "-A", "trust", "-E", "UTF8", "--locale=C", "-N", "-k")
	p.configure()
	p.run("psql", "--version")
	p.start()
	return p
}

func (p *pg) configure() {
	p.t.Helper()
	f, err := os.OpenFile(filepath.Join(p.folder, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	fmt.Fprintf(f, "port = %d\nunix_socket_directories = '%s'\nlisten_addresses = '127.0.0.1'\nfsync = off\nwal_keep_size = '128MB'\n", p.port, p.dir)
}

func (p *pg) start() {
	p.t.Helper()
	p.run("pg_ctl", "start", "-D", p.folder, "-s", "-w", "-l", filepath.Join(p.dir, "log"))
}

// kill ends the server as a crash of its host does.
func (p *pg) kill() {
	p.t.Helper()
	p.run("pg_ctl", "stop", "-D", p.folder, "-s", "-m", "immediate")
}

// clone makes a standby of another server.
func (p *pg) clone(from *pg, name string) *pg {
	p.t.Helper()
	p.run("pg_basebackup", "-D", p.folder, "-X", "stream", "-c", "fast", "-R",
		"-d", fmt.Sprintf("host=127.0.0.1 port=%d user=%s application_name=%s", from.port, p.owner, name))
	p.configure()
	p.start()
	return p
}

// inputs are what a script is told of this server.
func (p *pg) inputs() map[string]string {
	return map[string]string{
		"SERVER_PORT": strconv.Itoa(p.port), "SOCKET": p.dir, "OWNER": p.owner, "DATA": p.folder, "BIN": p.bin,
		actions.InRun: "0007-test", actions.InAside: ".jurymast-0007-test",
	}
}

func (p *pg) with(more map[string]string) map[string]string {
	in := p.inputs()
	maps.Copy(in, more)
	return in
}

func pgTarget(t testing.TB, lines ...string) (*inventory.Fleet, inventory.Target) {
	t.Helper()
	k, _ := Lookup("postgres")
	return suiteTarget(t, k, lines...)
}

func TestPostgresDumpAndRestore(t *testing.T) {
	t.Parallel()
	p := newPG(t).begin()
	p.sql("postgres", "create role app login password 'canary'; create role \"odd role\"")
	p.sql("postgres", `create database "it's a \ shop" owner app`)
	p.sql("postgres", "create database other")
	p.sql("postgres", `alter database "it's a \ shop" set work_mem to '7MB'`)
	const shop = `dbname='it\'s a \\ shop'`
	p.sql(shop, `create table "odd ""table" (id int primary key, at timestamptz default now(), body bytea);
		insert into "odd ""table" (id, body) select i, decode(md5(i::text), 'hex') from generate_series(1, 5000) i;
		alter table "odd ""table" owner to "odd role"; create table empty ()`)
	p.sql("other", "create table t as select generate_series(1, 10) n")

	_, target := pgTarget(t)
	d, err := postgresData(nil, target)
	if err != nil {
		t.Fatal(err)
	}
	stage := filepath.Join(t.TempDir(), "stage") // root's alone: the server's user cannot see into it
	if err := os.MkdirAll(stage, 0o700); err != nil {
		t.Fatal(err)
	}
	in := p.with(map[string]string{actions.InStage: stage, actions.InFrom: stage, actions.InPort: strconv.Itoa(freePort(t)), "SCRATCH": p.dir})

	survey := must(t, d.Survey, in)
	if n, err := strconv.Atoi(survey.said["bytes"]); err != nil || n < 1<<20 || survey.said["free"] == "" || survey.said["trouble"] != "" {
		t.Errorf("survey: %v", survey.said)
	}
	must(t, *d.Dump, in)
	must(t, *d.Dump, in) // again, as after a line that was cut

	// The drill proves the data and leaves nothing.
	tried := must(t, *d.Try, in)
	if tried.said["level"] != "data-checked" || !strings.Contains(tried.said["proof"], "3 databases, 3 tables, 5010 rows") {
		t.Errorf("drill: %v", tried.said)
	}
	if left, err := filepath.Glob(p.dir + "/postgres.jurymast*"); err != nil || len(left) > 0 {
		t.Errorf("the drill left %v", left)
	}
	must(t, *d.Clear, in)

	// What is lost comes back, and what was there is set aside.
	p.sql(shop, `delete from "odd ""table" where id > 10; drop table empty`)
	p.sql("postgres", "drop database other")
	p.sql("postgres", "alter role app password 'newer'")
	password := p.sql("postgres", "select rolpassword from pg_authid where rolname = 'app'")
	bad := runFully(t.Context(), t, d.Prove.With(in))
	if bad.Exit == 0 {
		t.Errorf("a database is not there, and it is proven: %s", bad.Stdout)
	}
	must(t, *d.Put, in)
	must(t, *d.Put, in)
	proved := must(t, *d.Prove, in)
	if proved.said["level"] != "data-checked" {
		t.Errorf("restored: %v", proved.said)
	}
	for _, want := range []struct{ database, ask, answer string }{
		{shop, `select count(*), min(tableowner) from "odd ""table", pg_tables where tablename like 'odd%'`, "5000|odd role"},
		{shop, "show work_mem", "7MB"},
		{`dbname='it\'s a \\ shop.jurymast-0007-test'`, "select 1", "not currently accepting connections"},
		{"postgres", `select count(*) from pg_database where datname like '%.jurymast-0007-test'`, "2"},
		{"postgres", "select rolpassword from pg_authid where rolname = 'app'", password},
	} {
		cmd := p.command(t.Context(), "psql", "-XAtqw", "-h", p.dir, "-p", strconv.Itoa(p.port), "-d", want.database, "-c", want.ask)
		if out, _ := cmd.CombinedOutput(); !strings.Contains(string(out), want.answer) {
			t.Errorf("%s: %s: got %s, want %s", want.database, want.ask, out, want.answer)
		}
	}

	// And back again.
	must(t, *d.Back, in)
	must(t, *d.Back, in)
	if n := p.sql(shop, `select count(*) from "odd ""table"`); n != "10" {
		t.Errorf("%s rows after it was undone, want 10", n)
	}
	if names := p.sql("postgres", "select string_agg(datname, ',' order by datname) from pg_database"); names != `it's a \ shop,postgres,template0,template1` {
		t.Errorf("databases after it was undone: %s", names)
	}

	// A dump that was cut short is no dump.
	name := filepath.Join(stage, "1.dump")
	if err := os.Truncate(name, 3000); err != nil {
		t.Fatal(err)
	}
	for _, s := range []actions.Script{*d.Try, *d.Put} {
		if r := runFully(t.Context(), t, s.With(in)); r.Exit == 0 {
			t.Errorf("%s: half a dump is taken for one", s.Name)
		}
	}
	must(t, *d.Clear, in)
	must(t, *d.Back, in)
	if n := p.sql(shop, `select count(*) from "odd ""table"`); n != "10" {
		t.Errorf("%s rows after half a dump, want 10", n)
	}
}

// TestPostgresCutOff cuts a restore and its undoing off at many points: what is
// run again afterwards ends as if nothing had happened.
func TestPostgresCutOff(t *testing.T) {
	t.Parallel()
	p := newPG(t).begin()
	p.sql("postgres", "create database one")
	p.sql("postgres", "create database two")
	for _, name := range []string{"one", "two"} {
		p.sql(name, "create table t as select n, md5(n::text) from generate_series(1, 20000) n; create index on t (n)")
	}
	_, target := pgTarget(t)
	d, err := postgresData(nil, target)
	if err != nil {
		t.Fatal(err)
	}
	stage := t.TempDir()
	in := p.with(map[string]string{actions.InStage: stage, actions.InFrom: stage})
	for after := 100 * time.Millisecond; !cut(t, *d.Dump, in, after); after += 150 * time.Millisecond {
		if _, err := os.Stat(stage + "/whole"); err == nil {
			break // what it says is held against it below
		}
	}
	p.sql("one", "delete from t where n > 7")
	p.sql("postgres", "drop database two")
	for after := 100 * time.Millisecond; !cut(t, *d.Put, in, after); after += 150 * time.Millisecond {
		if n := p.sql("template1", "select count(*) from pg_database where datname in ('one', 'one.jurymast-0007-test')"); n == "0" {
			t.Fatal("what was there is lost")
		}
	}
	if s := must(t, *d.Prove, in).said; s["level"] != "data-checked" {
		t.Errorf("restored: %v", s)
	}
	for after := 50 * time.Millisecond; !cut(t, *d.Back, in, after); after += 100 * time.Millisecond {
	}
	if names := p.sql("postgres", "select string_agg(datname, ',' order by datname) from pg_database where datallowconn"); names != "one,postgres,template1" {
		t.Errorf("databases after it was undone: %s", names)
	}
	if n := p.sql("one", "select count(*) from t"); n != "7" {
		t.Errorf("%s rows after it was undone, want 7", n)
	}
}

// pgCounter writes numbers as fast as it can to whichever server takes them,
// and knows the last one that was acknowledged.
type pgCounter struct {
	stop context.CancelFunc
	work sync.WaitGroup
	last int
}

func countOn(t testing.TB, servers ...*pg) *pgCounter {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c := &pgCounter{stop: cancel}
	servers[0].sql("postgres", "create table counter (n int)")
	c.work.Go(func() {
		for n := 1; ctx.Err() == nil; {
			for _, p := range servers {
				cmd := p.command(ctx, "psql", "-XAtqw", "-v", "ON_ERROR_STOP=1", "-h", p.dir, "-p", strconv.Itoa(p.port), "-d", "postgres",
					"-c", fmt.Sprintf("insert into counter values (%d)", n))
				if cmd.Run() == nil {
					c.last = n
					n++
					break
				}
			}
		}
	})
	return c
}

// end stops counting and returns the last number that was acknowledged.
func (c *pgCounter) end() int {
	c.stop()
	c.work.Wait()
	return c.last
}

func TestPostgresMoves(t *testing.T) {
	t.Parallel()
	a := newPG(t).begin()
	b := newPG(t).clone(a, "b")
	f, target := pgTarget(t, `standby = ["other"]`)
	mv, err := postgresMove(f, target)
	if err != nil {
		t.Fatal(err)
	}
	host := inventory.Ref("node/app")
	survey := func(p *pg) map[string]string { return must(t, mv.Survey(host), p.inputs()).said }

	await(t, "the standby streams", func() bool { return survey(b)["lag"] != "" })
	sa, sb := survey(a), survey(b)
	if sa["role"] != "active" || sa["writable"] != "yes" || sb["role"] != "standby" || sb["writable"] != "no" || sb["trouble"] != "" ||
		sa["system"] == "" || sa["system"] != sb["system"] || sa["version"] != sb["version"] {
		t.Fatalf("survey: %v and %v", sa, sb)
	}

	// A planned move, with numbers written the whole time.
	counter := countOn(t, a, b)
	await(t, "numbers are written", func() bool { return a.sql("postgres", "select count(*) > 3 from counter") == "t" })
	stopped := must(t, mv.Stop(host), a.inputs())
	must(t, mv.Stop(host), a.inputs())
	if stopped.said["position"] == "" {
		t.Fatalf("stop said %v", stopped.said)
	}
	in := b.with(map[string]string{"SAID_POSITION": stopped.said["position"]})
	must(t, *mv.Caught(host), in)
	if r := runFully(t.Context(), t, mv.Active(host).With(b.inputs())); r.Exit != 1 {
		t.Errorf("the standby says active %d before it was promoted", r.Exit)
	}
	must(t, mv.Promote(host), b.inputs())
	must(t, mv.Promote(host), b.inputs())
	if r := runFully(t.Context(), t, mv.Active(host).With(b.inputs())); r.Exit != 0 {
		t.Errorf("the promoted says active %d", r.Exit)
	}
	if r := runFully(t.Context(), t, mv.Active(host).With(a.inputs())); r.Exit != 1 {
		t.Errorf("the stopped says active %d", r.Exit)
	}
	if v := must(t, mv.Verify(host), b.inputs()); v.said["timeline"] != "00000002" {
		t.Errorf("verify said %v", v.said)
	}
	was := b.sql("postgres", "select max(n) from counter")
	await(t, "numbers are written to the new active", func() bool { return b.sql("postgres", "select max(n) from counter") != was })
	last := counter.end()
	if got := b.sql("postgres", fmt.Sprintf("select count(distinct n) from counter where n <= %d", last)); got != strconv.Itoa(last) {
		t.Errorf("%s numbers of %d that were acknowledged are there", got, last)
	}
	if s := survey(a); s["role"] != "stopped" || s["system"] != sa["system"] {
		t.Errorf("the old active: %v", s)
	}

	// Whatever starts the old active, it is no second one.
	a.start()
	if s := survey(a); s["role"] == "active" {
		t.Fatalf("the old active came up as a second one: %v", s)
	}
	rejoin(t, mv, a, b)
	if s := survey(a); s["role"] != "standby" || s["trouble"] != "" {
		t.Errorf("rejoined: %v", s)
	}
	b.sql("postgres", "insert into counter values (-1)")
	await(t, "what is written to the new active comes over", func() bool { return a.sql("postgres", "select count(*) from counter where n = -1") == "1" })
}

// rejoin does the steps by which old follows active, twice each, and returns how
// its data was brought over.
func rejoin(t *testing.T, mv actions.Move, old, active *pg) string {
	t.Helper()
	how := ""
	for _, s := range mv.Rejoin("node/old", "node/active") {
		p := old
		if s.Host == "node/active" {
			p = active
		}
		do := s.Do
		if s.ID == "data" {
			do.Secrets = map[string]string{"PGPASSWORD": `it's a \ canary`}
		}
		in := p.with(map[string]string{actions.InPeer: "127.0.0.1", "PEER_PORT": strconv.Itoa(active.port), "REPLICA": old.owner, "NAME": "old"})
		for range 2 {
			r := must(t, do, in)
			if r.said["how"] != "" {
				how = strings.TrimSpace(string(r.Stdout))
			}
		}
	}
	return how
}

func TestPostgresEmergency(t *testing.T) {
	t.Parallel()
	a := newPG(t).begin()
	b := newPG(t).clone(a, "b")
	f, target := pgTarget(t, `standby = ["other"]`, "wait = \"20s\"")
	mv, err := postgresMove(f, target)
	if err != nil {
		t.Fatal(err)
	}
	checks := postgresChecks(f, target)
	look := func(p *pg, id string) []actions.Reading {
		for _, c := range checks {
			if c.ID == id {
				r := runFully(t.Context(), t, c.Script.With(p.inputs()))
				an := suiteAnswer("")
				an.Output = r.Output
				return c.Read(an)
			}
		}
		t.Fatalf("no check %s", id)
		return nil
	}
	a.sql("postgres", "create table t (n int); insert into t values (1)")
	await(t, "it comes over", func() bool { return b.sql("postgres", "select to_regclass('t') is not null") == "t" })
	for _, id := range []string{"server", "archiver", "slots", "connections", "xid", "replication"} {
		for _, r := range look(a, id) {
			if r.Status != actions.OK {
				t.Errorf("active: %s: %+v", id, r)
			}
		}
		for _, r := range look(b, id+"-other") {
			if r.Status != actions.OK {
				t.Errorf("standby: %s: %+v", id, r)
			}
		}
	}
	if on := look(a, "server")[0].On; on != "node/app" {
		t.Errorf("active on %q", on)
	}
	if on := look(b, "server-other")[0].On; on != "" {
		t.Errorf("the standby is active on %q", on)
	}

	a.kill()
	if r := look(a, "server")[0]; r.Status != actions.Fail || !strings.Contains(r.Line, "stopped") {
		t.Errorf("crashed: %+v", r)
	}
	await(t, "the receiver is seen to be gone", func() bool { return look(b, "replication-other")[0].Status == actions.Fail })
	s := must(t, mv.Survey("node/other"), b.inputs()).said
	if lag, err := strconv.ParseFloat(s["lag"], 64); err != nil || lag < 0 || s["trouble"] != "" || s["role"] != "standby" {
		t.Errorf("a standby whose active is gone: %v", s)
	}
	must(t, mv.Promote("node/other"), b.inputs())

	// The old active comes back as it was: two at once, of one system.
	a.start()
	a.sql("postgres", "insert into t select generate_series(2, 500)")
	b.sql("postgres", "insert into t values (-1)")
	if x, y := look(a, "server")[0].On, look(b, "server-other")[0].On; x != "node/app" || y != "node/other" {
		t.Errorf("two actives are seen on %q and %q", x, y)
	}
	a.kill()
	if how := rejoin(t, mv, a, b); !strings.HasSuffix(how, "@how rewind") {
		t.Errorf("it rejoined by %s", how)
	}
	if n := a.sql("postgres", "select string_agg(n::text, ',' order by n) from t"); n != "-1,1" {
		t.Errorf("rejoined, it has %s", n)
	}
	if port := a.sql("postgres", "show port"); port != strconv.Itoa(a.port) {
		t.Errorf("it took over the configuration of its peer: port %s", port)
	}
	if info := a.sql("postgres", "show primary_conninfo"); !strings.Contains(info, `password='it\'s a \\ canary'`) {
		t.Errorf("primary_conninfo is %s", info)
	}

	// A host whose data cannot be rewound is cloned, the old data kept.
	a.kill()
	if err := os.WriteFile(filepath.Join(a.folder, "standby.signal"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(a.folder + ".jurymast"); err != nil {
		t.Fatal(err)
	}
	if how := rejoin(t, mv, a, b); !strings.HasSuffix(how, "@how clone") {
		t.Errorf("it rejoined by %s", how)
	}
	if _, err := os.Stat(a.folder + ".jurymast-0007-test/PG_VERSION"); err != nil {
		t.Errorf("the old data: %v", err)
	}
	if port := a.sql("postgres", "show port"); port != strconv.Itoa(a.port) {
		t.Errorf("it took over the configuration of its peer: port %s", port)
	}
	for _, r := range look(b, "replication-other") {
		if r.Item == "standbys" && r.Status != actions.OK {
			t.Errorf("after the rejoin: %+v", r)
		}
	}
}
