package kind

import (
	"strconv"
	"strings"
	"testing"

	"jurymast/actions"
)

// TestPostgresThirdStandby: with the active gone and another promoted, a standby
// that followed the old one follows the new, from where it is, with its slot and
// the password that it logs in with. One that has more than the new active is
// left as it is.
func TestPostgresThirdStandby(t *testing.T) {
	t.Parallel()
	a := newPG(t).begin()
	a.sql("postgres", "create table t (n int); insert into t values (1)")
	b, c, d := newPG(t).clone(a, "b"), newPG(t).clone(a, "c"), newPG(t).clone(a, "d")
	a.sql("postgres", "select pg_create_physical_replication_slot('c')")
	password := `it's a \ canary`
	c.sql("postgres", "alter system set primary_slot_name = 'c'")
	c.sql("postgres", "alter system set primary_conninfo = '"+strings.ReplaceAll(
		"host=127.0.0.1 port="+strconv.Itoa(a.port)+" user="+a.owner+` application_name=c password='it\'s a \\ canary'`, "'", "''")+"'")
	c.sql("postgres", "select pg_reload_conf()")
	await(t, "all stream", func() bool {
		return a.sql("postgres", "select count(*) from pg_stat_replication where state = 'streaming'") == "3"
	})
	await(t, "c streams by its slot", func() bool { return a.sql("postgres", "select active from pg_replication_slots") == "t" })

	f, target := pgTarget(t, `standby = ["other"]`, "wait = \"20s\"")
	mv, err := postgresMove(f, target)
	if err != nil {
		t.Fatal(err)
	}
	follow := func(p *pg) actions.Script {
		return mv.Follow("node/other", "node/app")[0].Do.With(p.with(map[string]string{actions.InPeer: "127.0.0.1", "PEER_PORT": strconv.Itoa(b.port)}))
	}

	// d is told more than b before the active is gone.
	b.sql("postgres", "alter system set primary_conninfo = ''")
	b.sql("postgres", "select pg_reload_conf()")
	c.sql("postgres", "alter system set primary_conninfo = ''")
	c.sql("postgres", "select pg_reload_conf()")
	await(t, "only d follows", func() bool { return a.sql("postgres", "select count(*) from pg_stat_replication") == "1" })
	a.sql("postgres", "insert into t values (2)")
	await(t, "d has it", func() bool { return d.sql("postgres", "select count(*) from t") == "2" })
	a.kill()
	c.sql("postgres", "alter system set primary_conninfo = '"+strings.ReplaceAll(
		"host=127.0.0.1 port="+strconv.Itoa(a.port)+" user="+a.owner+` application_name=c password='it\'s a \\ canary'`, "'", "''")+"'")
	c.sql("postgres", "select pg_reload_conf()")
	must(t, mv.Promote("node/other"), b.inputs())
	b.sql("postgres", "insert into t values (3)")

	for range 2 { // again, as after a line that was cut
		must(t, follow(c), nil)
	}
	await(t, "what is written to the new active comes over", func() bool { return c.sql("postgres", "select string_agg(n::text, ',' order by n) from t") == "1,3" })
	if got := b.sql("postgres", "select slot_name || ' ' || active from pg_replication_slots"); got != "c true" {
		t.Errorf("its slot on the new active: %q", got)
	}
	if got := b.sql("postgres", "select application_name from pg_stat_replication"); got != "c" {
		t.Errorf("it follows as %q", got)
	}
	info := c.sql("postgres", "show primary_conninfo")
	if strings.Count(info, "host='127.0.0.1'") != 1 || !strings.Contains(info, `password='it\'s a \\ canary'`) {
		t.Errorf("primary_conninfo is %s", info)
	}
	c.kill()
	c.start()
	await(t, "it follows after a crash as well", func() bool { return b.sql("postgres", "select count(*) from pg_stat_replication") == "1" })

	was := d.sql("postgres", "show primary_conninfo")
	r := runFully(t.Context(), t, follow(d))
	if r.Exit == 0 || !strings.Contains(string(r.Stderr), "it has more than 127.0.0.1 had when it took over at ") {
		t.Errorf("one that has more: %d %s", r.Exit, r.Stderr)
	}
	if now := d.sql("postgres", "show primary_conninfo"); now != was || d.sql("postgres", "select count(*) from t") != "2" {
		t.Errorf("it was changed: %s", now)
	}
	for _, out := range [][]byte{r.Stdout, r.Stderr} {
		if strings.Contains(string(out), password) {
			t.Error("the password is printed")
		}
	}
	if r := runFully(t.Context(), t, follow(b)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "no standby runs here") {
		t.Errorf("the active itself: %d %s", r.Exit, r.Stderr)
	}
}
