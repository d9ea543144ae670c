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
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// mariaBed is a MariaDB server of a test: in a folder and on a port of its own.
type mariaBed struct {
	t          testing.TB
	owner, dir string
	config     string
	port, id   int
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
	text := fmt.Sprintf("[mariadbd]\ndatadir=%s/data\nsocket=%s/socket\npid-file=%s/pid\nport=%d\nbind-address=127.0.0.1\nserver-id=%d\n"+
		"innodb-log-file-size=4M\ninnodb-buffer-pool-size=16M\ninnodb-flush-method=nosync\nsync-frm=0\ninnodb-flush-log-at-trx-commit=0\n%s\n",
		b.dir, b.dir, b.dir, b.port, b.id, strings.Join(lines, "\n"))
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

// kill ends the server as a crash of its host does.
func (b *mariaBed) kill() {
	if b.run != nil {
		_ = b.run.Process.Kill()
		_ = b.run.Wait()
		b.run = nil
	}
}

func (b *mariaBed) ask(ctx context.Context, text string) (string, error) {
	out, err := exec.CommandContext(ctx, "mariadb", "--no-defaults", "-uroot", "-S", b.dir+"/socket", "-NB", "-e", text).CombinedOutput()
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
	in := map[string]string{"SERVER_PORT": strconv.Itoa(b.port), "SOCKET": b.dir + "/socket", "ADDRESS": "", "ROLE": "root", "JURYMAST_ROOT": b.dir + "/root",
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
