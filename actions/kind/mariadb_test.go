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
	"syscall"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// mariaBed is a MariaDB server of a test: in a folder and on a port of its own.
type mariaBed struct {
	t          testing.TB
	owner, dir string
	config     string
	port, id   int
	password   string // of root
	run        *exec.Cmd
}

// newMaria makes a server that does not run. Its folder is copied from another,
// where one is given: to make one takes seconds.
func newMaria(t testing.TB, like *mariaBed, lines ...string) *mariaBed {
	t.Helper()
	needed(t, "mariadbd", "mariadb-server")
	owner := serverUser(t, "mysql")
	b := &mariaBed{t: t, owner: owner, dir: serverFolder(t, owner), port: freePort(t), id: 1}
	b.config = filepath.Join(b.dir, "my.cnf")
	if like != nil {
		b.id = like.id + 1
	}
	text := fmt.Sprintf("[mariadbd]\ndatadir=%s/data\nsocket=%s/socket\npid-file=%s/pid\ntmpdir=%s\nport=%d\nbind-address=127.0.0.1\nserver-id=%d\n"+
		"innodb-log-file-size=4M\ninnodb-buffer-pool-size=16M\ninnodb-flush-method=nosync\nsync-frm=0\ninnodb-flush-log-at-trx-commit=0\n%s\n",
		b.dir, b.dir, b.dir, b.dir, b.port, b.id, strings.Join(lines, "\n"))
	if err := os.WriteFile(b.config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if like != nil {
		b.as("cp", "-a", like.dir+"/data", b.dir+"/data")
	} else {
		b.as(needed(t, "mariadb-install-db", "mariadb-server"), "--defaults-file="+b.config, "--auth-root-authentication-method=normal", "--skip-test-db")
	}
	t.Cleanup(b.kill)
	return b
}

// command is a program run as the server's user.
func (b *mariaBed) command(ctx context.Context, args ...string) *exec.Cmd {
	if os.Getuid() == 0 {
		args = append([]string{"setpriv", "--reuid=" + b.owner, "--regid=" + b.owner, "--init-groups", "--"}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = "/"
	return cmd
}

func (b *mariaBed) as(args ...string) {
	b.t.Helper()
	if out, err := b.command(b.t.Context(), args...).CombinedOutput(); err != nil {
		b.t.Fatalf("%v: %v: %s", args, err, out)
	}
}

// begin starts the server and waits until it answers.
func (b *mariaBed) begin() *mariaBed {
	b.t.Helper()
	b.run = b.command(context.WithoutCancel(b.t.Context()), needed(b.t, "mariadbd", "mariadb-server"), "--defaults-file="+b.config, "--log-error="+b.dir+"/log")
	if err := b.run.Start(); err != nil {
		b.t.Fatal(err)
	}
	await(b.t, "mariadb answers", func() bool { _, err := b.ask(b.t.Context(), "select 1"); return err == nil })
	return b
}

// kill ends the server as a crash of its host does, also one that a script has
// started.
func (b *mariaBed) kill() {
	if pid, err := os.ReadFile(b.dir + "/pid"); err == nil {
		if n, err := strconv.Atoi(strings.TrimSpace(string(pid))); err == nil {
			_ = syscall.Kill(n, syscall.SIGKILL)
		}
	}
	if b.run != nil {
		_ = b.run.Process.Kill()
		_ = b.run.Wait()
		b.run = nil
	}
}

func (b *mariaBed) ask(ctx context.Context, text string) (string, error) {
	cmd := exec.CommandContext(ctx, "mariadb", "--no-defaults", "-uroot", "-S", b.dir+"/socket", "-NB", "-e", text)
	cmd.Env = append(os.Environ(), "MYSQL_PWD="+b.password)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (b *mariaBed) sql(text string) string {
	b.t.Helper()
	out, err := b.ask(b.t.Context(), text)
	if err != nil {
		b.t.Fatalf("%s: %v: %s", text, err, out)
	}
	return out
}

func (b *mariaBed) with(more map[string]string) map[string]string {
	in := map[string]string{"SERVER_PORT": strconv.Itoa(b.port), "SOCKET": b.dir + "/socket", "ADDRESS": "", "ROLE": "root", "OWNER": b.owner, "CONFIG": b.config, "JURYMAST_ROOT": b.dir + "/root",
		actions.InRun: "0007-test", actions.InAside: ".jurymast-0007-test"}
	maps.Copy(in, more)
	return in
}

// look runs a check of a target against the server and returns its only reading.
func (b *mariaBed) look(f *inventory.Fleet, target inventory.Target, id string, more map[string]string) actions.Reading {
	b.t.Helper()
	for _, c := range mariadbChecks(f, target) {
		if c.ID != id {
			continue
		}
		a := suiteAnswer("")
		a.Output = runFully(b.t.Context(), b.t, c.Script.With(b.with(more))).Output
		rs := c.Read(a)
		if len(rs) != 1 {
			b.t.Fatalf("%s: %+v", id, rs)
		}
		return rs[0]
	}
	b.t.Fatalf("no check %s", id)
	return actions.Reading{}
}

func TestMariaDBLooks(t *testing.T) {
	t.Parallel()
	k, _ := Lookup("mariadb")
	f, target := suiteTarget(t, k, `standby = ["other"]`)
	a := newMaria(t, nil, "log-bin=bin", "max-connections=12")
	b := newMaria(t, a, "log-bin=bin", "read-only=1", "slave-net-timeout=2")
	a.begin()
	b.begin()
	expect := func(x *mariaBed, id string, status actions.Status, part string) actions.Reading {
		t.Helper()
		r := x.look(f, target, id, nil)
		if r.Status != status || !strings.Contains(r.Line, part) {
			t.Errorf("%s: want %v %q, got %+v", id, status, part, r)
		}
		return r
	}
	reads := func(x *mariaBed, id string, status actions.Status) func() bool {
		return func() bool { return x.look(f, target, id, nil).Status == status }
	}
	expect(a, "replication", actions.Fail, "0 of 1 replicas follow")
	if r := expect(b, "server-other", actions.Warn, "read_only, and follows nobody"); r.On != "node/other" {
		t.Errorf("it counts as the active one on %q", r.On)
	}

	// Healthy.
	a.sql("create user repl@'127.0.0.1' identified by 'canary'; grant replication slave on *.* to repl@'127.0.0.1'; create database app; create table app.t (id int primary key)")
	b.sql(fmt.Sprintf("change master to master_host='127.0.0.1', master_port=%d, master_user='repl', master_password='canary', master_connect_retry=1, master_use_gtid=slave_pos; start slave", a.port))
	await(t, "the replica follows", reads(b, "replication-other", actions.OK))
	if r := expect(a, "server", actions.OK, "active, MariaDB 1"); r.On != "node/app" {
		t.Errorf("active on %q", r.On)
	}
	await(t, "the active sees its replica", reads(a, "replication", actions.OK))
	expect(a, "connections", actions.OK, "of 12 connections")
	if r := expect(b, "server-other", actions.OK, "standby, MariaDB 1"); r.On != "" {
		t.Errorf("the standby is active on %q", r.On)
	}
	expect(b, "replication-other", actions.OK, fmt.Sprintf("it follows 127.0.0.1:%d and is 0 s behind", a.port))

	// A replica that was written to breaks, and is mended.
	b.sql("set global read_only=0")
	expect(b, "server-other", actions.Warn, "standby that can be written to")
	b.sql("set sql_log_bin=0; insert into app.t values (1); set global read_only=1")
	a.sql("insert into app.t values (1)")
	await(t, "it breaks", reads(b, "replication-other", actions.Fail))
	expect(b, "replication-other", actions.Fail, "it does not apply what 127.0.0.1:"+strconv.Itoa(a.port)+" sends: 1062 ")
	b.sql("set sql_log_bin=0; delete from app.t where id=1; start slave")
	await(t, "it is mended", reads(b, "replication-other", actions.OK))

	// A thread that was stopped, and an active that is gone.
	b.sql("stop slave io_thread")
	expect(b, "replication-other", actions.Fail, "it does not fetch from")
	b.sql("start slave")
	await(t, "it follows again", reads(b, "replication-other", actions.OK))

	// No connection free, and then not let in.
	var held []*exec.Cmd
	for range 16 {
		cmd := exec.CommandContext(t.Context(), "mariadb", "--no-defaults", "-uroot", "-S", a.dir+"/socket", "-e", "select sleep(60)")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		held = append(held, cmd)
	}
	await(t, "no connection is free", reads(a, "server", actions.Fail))
	expect(a, "server", actions.Fail, "no connection free: ERROR ")
	for _, cmd := range held {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	await(t, "a connection is free", reads(a, "server", actions.OK))
	if r := a.look(f, target, "server", map[string]string{"ROLE": "nobody-here", "MYSQL_PWD": "canary"}); r.Status != actions.Unknown || !strings.Contains(r.Line, "ERROR 1045") || strings.Contains(r.Line, "canary") {
		t.Errorf("somebody else: %+v", r)
	}

	a.kill()
	expect(a, "server", actions.Fail, "neither active nor standby")
	await(t, "the replica is cut off", reads(b, "replication-other", actions.Fail))
	expect(b, "replication-other", actions.Fail, "it does not reach 127.0.0.1")
	a.begin()
	await(t, "the replica follows again", reads(b, "replication-other", actions.OK))
	if r := a.look(f, target, "server", map[string]string{"PATH": t.TempDir() + ":/none"}); r.Status != actions.Unknown || !strings.Contains(r.Line, "not installed") {
		t.Errorf("without a client: %+v", r)
	}
}

// mariaSecret gives a script what a runner looks up.
func mariaSecret(s actions.Script) actions.Script {
	s.Secrets = map[string]string{"MYSQL_PWD": mariaCanary}
	return s
}

const mariaCanary = `it's a "canary" \ #`

func TestMariaDBCopies(t *testing.T) {
	t.Parallel()
	k, _ := Lookup("mariadb")
	_, target := suiteTarget(t, k)
	d, err := mariadbData(nil, target)
	if err != nil {
		t.Fatal(err)
	}
	b := newMaria(t, nil, "log-bin=bin", "event-scheduler=ON").begin()
	b.sql("create database `odd ``\\ 'db`; create table `odd ``\\ 'db`.`t ``\t'\"` (id int primary key, body blob, at timestamp default now())")
	b.sql("use `odd ``\\ 'db`; insert into `t ``\t'\"` (id, body) select seq, unhex(md5(seq)) from seq_1_to_5000; create view v as select count(*) n from `t ``\t'\"`")
	b.sql("create database app; use app; create table busy (id int auto_increment primary key, text varchar(40)); create table rounded (x float, y double); insert into rounded values (0.123456789, 0.1 + 0.2)")
	b.sql("use app; create table log (n int); create table mine (n int) engine=aria; insert into mine values (1); create trigger tr after insert on busy for each row insert into log values (new.id)")
	b.sql("use app; create procedure p() select 42; create event e on schedule every 1 year do delete from log; create sequence s")
	b.sql("create user app@localhost identified by 'old'; create role reader; grant select on app.* to reader; grant reader to app@localhost; set default role reader for app@localhost")
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	write := func() {
		work.Go(func() {
			for ctx.Err() == nil {
				_, _ = b.ask(ctx, "use app; insert into app.busy (text) select md5(rand()) from seq_1_to_50; update app.busy set text = md5(rand()) order by rand() limit 5")
			}
		})
	}
	b.sql(`alter user root@localhost identified by '` + strings.NewReplacer(`'`, `\'`, `\`, `\\`).Replace(mariaCanary) + `'`)
	b.password = mariaCanary
	const users = "select group_concat(concat(user, '@', host) order by user, host) from mysql.user"
	had := b.sql(users)
	stage := filepath.Join(t.TempDir(), "stage") // root's alone: the server's user cannot see into it
	if err := os.MkdirAll(stage, 0o700); err != nil {
		t.Fatal(err)
	}
	in := b.with(map[string]string{actions.InStage: stage, actions.InFrom: stage, actions.InPort: "1", "SCRATCH": b.dir})
	if s := must(t, mariaSecret(d.Survey), in).said; s["bytes"] == "" || s["free"] == "" || s["version"] == "" || s["trouble"] != "" || s["missing"] != "" {
		t.Errorf("survey: %v", s)
	}

	// What is counted is what is dumped, however much is written meanwhile.
	for range 3 {
		write()
	}
	await(t, "it is written to", func() bool { return b.sql("select count(*) > 500 from app.busy") == "1" })
	for range 2 {
		if s := must(t, mariaSecret(*d.Dump), in).said; s["databases"] != "2" || s["sums"] != "yes" {
			t.Errorf("dump: %v", s)
		}
	}
	tried := must(t, mariaSecret(*d.Try), in).said
	if tried["level"] != "data-checked" || !strings.Contains(tried["proof"], "7 tables, ") {
		t.Errorf("drill: %v", tried)
	}
	if left, _ := filepath.Glob(b.dir + "/mariadb.jurymast*"); len(left) > 0 {
		t.Errorf("the drill left %v", left)
	}
	must(t, mariaSecret(*d.Clear), in)
	cancel()
	work.Wait()
	if s := must(t, mariaSecret(*d.Prove), in).said; s["level"] != "answered" || !strings.Contains(s["proof"], "app.busy are not those of the copy") {
		t.Errorf("of a server that was written to since: %v", s)
	}

	// What is lost comes back, with those who may see it.
	b.sql("drop database `odd ``\\ 'db`; create database later; drop table app.rounded; drop user app@localhost; create user intruder@localhost")
	if r := runFully(t.Context(), t, mariaSecret(d.Prove.With(in))); r.Exit == 0 {
		t.Errorf("a database is not there, and it is proven: %s", r.Stdout)
	}
	if r := runFully(t.Context(), t, mariaSecret(d.Put.With(in))); r.Exit == 0 || !strings.Contains(string(r.Stderr), "is not stopped") {
		t.Errorf("it was put under a server that runs: %s", r.Stderr)
	}
	for _, s := range []*actions.Script{d.Stop, d.Stop, d.Put, d.Put, d.Start, d.Start} {
		must(t, mariaSecret(*s), in)
	}
	if s := must(t, mariaSecret(*d.Prove), in).said; s["level"] != "data-checked" {
		t.Errorf("restored: %v", s)
	}
	for ask, want := range map[string]string{
		"select n from `odd ``\\ 'db`.v": "5000",
		"call app.p()":                   "42",
		users:                            had,
		"show grants for reader":         "GRANT USAGE ON *.* TO `reader`\nGRANT SELECT ON `app`.* TO `reader`",
		"select status, definer from information_schema.events where event_name = 'e'": "ENABLED\troot@localhost",
		"select count(*) from information_schema.schemata where schema_name = 'later'": "0",
		"select count(*) from information_schema.triggers where trigger_name = 'tr'":   "1",
		"select n from app.mine": "1",
	} {
		if got := b.sql(ask); got != want {
			t.Errorf("%s: got %q, want %q", ask, got, want)
		}
	}
	if left, _ := filepath.Glob(b.dir + "/data*"); len(left) != 2 {
		t.Errorf("beside it there is %v", left)
	}

	// And back again.
	for _, s := range []*actions.Script{d.Stop, d.Back, d.Back, d.Start} {
		must(t, mariaSecret(*s), in)
	}
	if n := b.sql("select group_concat(user order by user) from mysql.user where user in ('app', 'intruder')"); n != "intruder" {
		t.Errorf("after it was undone there are %s", n)
	}
	if left, _ := filepath.Glob(b.dir + "/data*"); len(left) != 1 {
		t.Errorf("undone, it left %v", left)
	}

	// Half a dump is none, and one whose rows are not there is found out.
	text, err := os.ReadFile(stage + "/databases.sql")
	if err != nil {
		t.Fatal(err)
	}
	for what, broken := range map[string]string{
		"half":      string(text[:len(text)/2]),
		"other row": strings.Replace(string(text), "(4999,0x", "(5999,0x", 1),
	} {
		if broken == string(text) {
			t.Fatal("nothing was broken")
		}
		smallFile(t, stage+"/databases.sql", broken)
		if r := runFully(t.Context(), t, mariaSecret(d.Try.With(in))); r.Exit == 0 {
			t.Errorf("%s: it is taken for a copy: %s", what, r.Stdout)
		}
		must(t, mariaSecret(*d.Clear), in)
	}
	if left, _ := filepath.Glob(b.dir + "/mariadb.jurymast*"); len(left) > 0 {
		t.Errorf("the drill left %v", left)
	}
}

// TestMariaDBCutOff cuts a dump, a restore and its undoing off at many points:
// what is run again afterwards ends as if nothing had happened.
func TestMariaDBCutOff(t *testing.T) {
	t.Parallel()
	k, _ := Lookup("mariadb")
	_, target := suiteTarget(t, k)
	d, err := mariadbData(nil, target)
	if err != nil {
		t.Fatal(err)
	}
	b := newMaria(t, nil).begin()
	b.sql("create database app; use app; create table t as select seq n, md5(seq) m from seq_1_to_20000")
	stage := t.TempDir()
	in := b.with(map[string]string{actions.InStage: stage, actions.InFrom: stage})
	for after := 50 * time.Millisecond; !cut(t, *d.Dump, in, after); after += 100 * time.Millisecond {
		if _, err := os.Stat(stage + "/whole"); err == nil {
			break // what it says is held against it below
		}
	}
	b.sql("delete from app.t where n > 7")
	must(t, *d.Stop, in)
	for after := 200 * time.Millisecond; !cut(t, *d.Put, in, after); after += 900 * time.Millisecond {
		if now, _ := filepath.Glob(b.dir + "/data*/app/t.ibd"); len(now) == 0 {
			t.Fatal("what was there is lost")
		}
	}
	must(t, *d.Start, in)
	if s := must(t, *d.Prove, in).said; s["level"] != "data-checked" {
		t.Errorf("restored: %v", s)
	}
	for after := 30 * time.Millisecond; !cut(t, *d.Back, in, after); after += 150 * time.Millisecond {
	}
	must(t, *d.Start, in)
	if n := b.sql("select count(*) from app.t"); n != "7" {
		t.Errorf("%s rows after it was undone, want 7", n)
	}
	if left, _ := filepath.Glob(b.dir + "/data*"); len(left) != 1 {
		t.Errorf("undone, it left %v", left)
	}
}

// A password reaches the client by its environment alone, and goes before the
// one that the login keeps.
func TestMariaDBSecrets(t *testing.T) {
	k, _ := Lookup("mariadb")
	_, target := suiteTarget(t, k, `role = "look"`, `password = { env = "PW" }`, "port = 3307")
	b := &bed{t: t, dir: t.TempDir()}
	for _, name := range []string{"mariadb", "mariadb-dump"} {
		b.standIn(name, "printf '%s\\n' \"$MYSQL_PWD\" >\"$STATE/password\"; printf '%s\\n' \"$HOME\" >\"$STATE/home\"; cat >\"$STATE/stdin\"; exit 1\n")
	}
	for _, e := range b.env {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	d, err := mariadbData(nil, target)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []actions.Script{mariadbScript(target, nil, "look"), d.Survey, *d.Dump, *d.Prove} {
		if len(s.Keep) != 1 || s.Keep["MYSQL_PWD"].IsZero() {
			t.Errorf("%s keeps %v", s.Name, s.Keep)
		}
		r := runFully(t.Context(), t, mariaSecret(s))
		if got := b.read("password"); got != mariaCanary {
			t.Errorf("%s: the client is told %q", s.Name, got)
		}
		if strings.Contains(b.read("calls")+b.read("stdin")+string(r.Stdout)+string(r.Stderr), "canary") || b.read("home") == os.Getenv("HOME") {
			t.Errorf("%s: calls %s, home %s", s.Name, b.read("calls"), b.read("home"))
		}
	}
	if calls := b.read("calls"); !strings.Contains(calls, "--protocol=tcp -h 127.0.0.1 -P 3307 -u look") {
		t.Errorf("calls: %s", calls)
	}
}
