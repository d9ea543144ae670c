package kind

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// lite asks a database as an application does.
func lite(t testing.TB, file, text string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), needed(t, "sqlite3", "sqlite3"), "-batch", "-bail", "-cmd", ".timeout 20000", file, text).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %s: %v: %s", file, text, err, out)
	}
	return strings.TrimSpace(string(out))
}

// liteSession is a process that has a database open.
type liteSession struct {
	t   testing.TB
	in  io.WriteCloser
	out *bufio.Reader
	cmd *exec.Cmd
}

func openLite(t testing.TB, file string) *liteSession {
	t.Helper()
	s := &liteSession{t: t, cmd: exec.CommandContext(t.Context(), needed(t, "sqlite3", "sqlite3"), "-batch", file)}
	var err error
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.out = bufio.NewReader(out)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.end)
	return s
}

// does has statements done and waits until they are.
func (s *liteSession) does(text string) {
	s.t.Helper()
	if _, err := fmt.Fprintf(s.in, "%s\n.print done\n", text); err != nil {
		s.t.Fatal(err)
	}
	for {
		ln, err := s.out.ReadString('\n')
		if err != nil {
			s.t.Fatalf("%s: %v", text, err)
		}
		if ln == "done\n" {
			return
		}
	}
}

func (s *liteSession) end() {
	_ = s.in.Close()
	_ = s.cmd.Wait()
}

// kill ends it without a word to the database, as a crash does.
func (s *liteSession) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

func liteTarget(t testing.TB, paths ...string) (*inventory.Fleet, inventory.Target) {
	t.Helper()
	k, _ := Lookup("sqlite")
	return suiteTarget(t, k, fmt.Sprintf("paths = [%s]", `"`+strings.Join(paths, `", "`)+`"`))
}

// liteLook returns the readings of a check by the base names of the databases.
func liteLook(t testing.TB, f *inventory.Fleet, target inventory.Target, id string) map[string]actions.Reading {
	t.Helper()
	for _, c := range sqliteChecks(f, target) {
		if c.ID == id {
			a := suiteAnswer("")
			a.Output = runFully(t.Context(), t, c.Script).Output
			out := map[string]actions.Reading{}
			for _, r := range c.Read(a) {
				out[filepath.Base(r.Item)] = r
			}
			return out
		}
	}
	t.Fatalf("no check %s", id)
	return nil
}

func TestSQLiteLooks(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "some data")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"it's \"a\" \\ log.db", "old.sqlite3", "bad.db", "gone.db"} {
		lite(t, at(name), "create table t (a primary key, b); insert into t select value, hex(randomblob(100)) from generate_series(1, 2000)")
	}
	const log = "it's \"a\" \\ log.db"
	app := openLite(t, at(log))
	app.does("pragma journal_mode = wal; pragma wal_autocheckpoint = 0; insert into t select value + 5000, zeroblob(2000) from generate_series(1, 600);")
	smallFile(t, at("notes.db"), "this is no database, and its name says so\n")
	smallFile(t, at("notes.txt"), "SQLite format 3\x00")
	f, target := liteTarget(t, dir, at("gone.db"), at("notes.db"))
	expect := func(id, name string, status actions.Status, part string) {
		t.Helper()
		rs := liteLook(t, f, target, id)
		if r, ok := rs[name]; !ok || r.Status != status || !strings.Contains(r.Line, part) {
			t.Errorf("%s of %s: want %v %q, got %+v", id, name, status, part, rs)
		}
	}
	was, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	expect("files", log, actions.OK, "MiB and a log of 1.")
	expect("files", "old.sqlite3", actions.OK, "MiB, mode delete")
	expect("files", "notes.db", actions.Fail, "no database that can be read")
	for _, name := range []string{log, "old.sqlite3", "bad.db"} {
		expect("whole", name, actions.OK, "it is whole")
	}
	if rs := liteLook(t, f, target, "files"); len(rs) != 5 {
		t.Errorf("looked at %v", rs)
	}
	now, err := os.ReadDir(dir)
	if err != nil || len(now) != len(was) {
		t.Errorf("a look left something: %v", now)
	}
	target.Limits["wal"] = inventory.Bound{Warn: 1, Fail: 2, Unit: "MiB"}
	expect("files", log, actions.Warn, "limit 1 MiB")

	// Locked, and let go.
	writer := openLite(t, at("old.sqlite3"))
	writer.does("begin exclusive;")
	expect("files", "old.sqlite3", actions.Unknown, "it is locked")
	expect("whole", "old.sqlite3", actions.Unknown, "it is locked")
	writer.does("rollback;")
	expect("files", "old.sqlite3", actions.OK, "mode delete")

	// Damaged in the middle: sqlite3 ends with 0, and says so.
	good, err := os.ReadFile(at("bad.db"))
	if err != nil {
		t.Fatal(err)
	}
	bad := append([]byte(nil), good...)
	for i := len(bad) / 2; i < len(bad)/2+5000; i++ {
		bad[i] = 0xa5
	}
	smallFile(t, at("bad.db"), string(bad))
	expect("whole", "bad.db", actions.Fail, "it is damaged: ")
	expect("whole", log, actions.OK, "it is whole")
	smallFile(t, at("bad.db"), string(good[:5000]))
	expect("whole", "bad.db", actions.Fail, "it is damaged")
	smallFile(t, at("bad.db"), string(good))
	expect("whole", "bad.db", actions.OK, "it is whole")

	if err := os.Remove(at("gone.db")); err != nil {
		t.Fatal(err)
	}
	expect("files", "gone.db", actions.Fail, "it is not there")
	if _, err := os.Stat(at("gone.db")); err == nil {
		t.Error("a look made a database where there was none")
	}
	smallFile(t, at("gone.db"), "")
	expect("files", "gone.db", actions.Fail, "it is empty")
	// A folder whose disk is not mounted hides behind none that is.
	bare := t.TempDir()
	_, some := liteTarget(t, bare, at("old.sqlite3"))
	for _, id := range []string{"files", "whole"} {
		rs := liteLook(t, f, some, id)
		if r := rs[filepath.Base(bare)]; len(rs) != 2 || r.Status != actions.Fail || !strings.Contains(r.Line, "no SQLite database is in this folder") {
			t.Errorf("%s of an empty folder: %+v", id, rs)
		}
	}
	d, err := sqliteData(f, some)
	if err != nil {
		t.Fatal(err)
	}
	if said := must(t, d.Survey, nil).said; !strings.Contains(said["lost"], "there is no SQLite database in "+bare) {
		t.Errorf("survey: %v", said)
	}
	in := map[string]string{actions.InStage: t.TempDir(), actions.InFrom: "/none", actions.InRun: "r1"}
	for _, s := range []*actions.Script{d.Dump, d.Prove} {
		if r := runFully(t.Context(), t, s.With(in)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "there is no SQLite database in "+bare) {
			t.Errorf("%s: %d %s", s.Name, r.Exit, r.Stderr)
		}
	}
	// The folders of an application's data need not have one each.
	k, _ := Lookup("sqlite")
	f, data := suiteTarget(t, k, "data = [\""+bare+"\", \""+dir+"\"]")
	if rs := liteLook(t, f, data, "files"); len(rs) != 3 || rs[filepath.Base(bare)].Line != "" {
		t.Errorf("of an application's data: %+v", rs)
	}
}

func TestSQLiteCopies(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "some data")
	if err := os.MkdirAll(filepath.Join(dir, "deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	one, two, three := filepath.Join(dir, "it's \"a\" \\ log.db"), filepath.Join(dir, "deep", "old.sqlite3"), filepath.Join(dir, "search.db")
	lite(t, one, "pragma journal_mode = wal; create table \"odd \"\"name\" (a integer primary key, b); create table n (n); insert into n values (0); "+
		"insert into \"odd \"\"name\" select value, hex(randomblob(50)) from generate_series(1, 20000)")
	lite(t, two, "create table t (a, b); insert into t select value, hex(randomblob(50)) from generate_series(1, 3000)")
	lite(t, three, "create virtual table f using fts5 (text); insert into f values ('find me')")
	if err := os.Chmod(two, 0o640); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(two, 7, 8); err != nil {
			t.Fatal(err)
		}
	}
	f, target := liteTarget(t, dir)
	d, err := sqliteData(f, target)
	if err != nil {
		t.Fatal(err)
	}
	stage, scratch := t.TempDir(), t.TempDir()
	in := map[string]string{actions.InStage: stage, actions.InFrom: stage, "SCRATCH": scratch, "FOLDER": scratch,
		actions.InRun: "0007-test", actions.InAside: ".jurymast-0007-test"}
	if s := must(t, d.Survey, in).said; s["bytes"] == "" || s["version"] == "" || s["trouble"] != "" || s["missing"] != "" {
		t.Errorf("survey: %v", s)
	}

	// Writers do not keep a copy from being made, nor from being of one moment.
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	for _, file := range []string{one, two} {
		work.Go(func() {
			for ctx.Err() == nil {
				text := "begin immediate; update n set n = n + 1; insert into \"odd \"\"name\" (b) select n from n; commit"
				if file == two {
					text = "insert into t values (0, 0)"
				}
				// One that is killed would leave a journal that is to be rolled back.
				_ = exec.CommandContext(t.Context(), "sqlite3", "-batch", "-cmd", ".timeout 20000", file, text).Run()
			}
		})
	}
	await(t, "they are written to", func() bool { return lite(t, one, "select n > 5 from n") == "1" })
	for range 2 {
		if s := must(t, *d.Dump, in).said; s["files"] != "3" {
			t.Errorf("dump: %v", s)
		}
	}
	cancel()
	work.Wait()
	if s := must(t, *d.Try, in).said; s["level"] != "data-checked" || !strings.Contains(s["proof"], "3 files, ") {
		t.Errorf("drill: %v", s)
	}
	lite(t, one, "insert into n values (-1)")
	if s := must(t, *d.Prove, in).said; s["level"] != "answered" || !strings.Contains(s["proof"], "it is written to") {
		t.Errorf("of what was written to since: %v", s)
	}
	left := func(at string) []string {
		found, err := filepath.Glob(at + "/*jurymast*")
		if err != nil {
			t.Fatal(err)
		}
		deep, _ := filepath.Glob(at + "/*/*jurymast*")
		return append(found, deep...)
	}
	if l := left(scratch); len(l) > 0 {
		t.Errorf("the drill left %v", l)
	}
	must(t, *d.Clear, in)

	// Destroyed, with what was written last only in the log of a process that
	// crashed.
	app := openLite(t, one)
	app.does("pragma wal_autocheckpoint = 0; delete from n; insert into n values ('last');")
	if r := runFully(t.Context(), t, d.Put.With(in)); r.Exit == 0 || !strings.Contains(string(r.Stderr), "is open in process") || len(left(dir)) > 0 {
		t.Errorf("put under a process: exit %d, %s%v", r.Exit, r.Stderr, left(dir))
	}
	app.kill()
	if err := os.Remove(two); err != nil {
		t.Fatal(err)
	}
	if r := runFully(t.Context(), t, d.Prove.With(in)); r.Exit == 0 {
		t.Errorf("a database is not there, and it is proven: %s", r.Stdout)
	}
	for range 2 {
		must(t, *d.Put, in)
	}
	if s := must(t, *d.Prove, in).said; s["level"] != "data-checked" {
		t.Errorf("restored: %v", s)
	}
	info, err := os.Stat(two)
	if err != nil {
		t.Fatal(err)
	}
	if st := info.Sys().(*syscall.Stat_t); info.Mode().Perm() != 0o640 || os.Getuid() == 0 && (st.Uid != 7 || st.Gid != 8) {
		t.Errorf("restored as %v of %d:%d", info.Mode(), st.Uid, st.Gid)
	}
	if mode := lite(t, one, "pragma journal_mode"); mode != "wal" {
		t.Errorf("restored in mode %s", mode)
	}
	if n := lite(t, three, "select count(*) from f where f match 'find'"); n != "1" {
		t.Errorf("%s found", n)
	}
	if l := left(dir); len(l) < 2 {
		t.Errorf("set aside: %v", l)
	}
	for range 2 {
		must(t, *d.Back, in)
	}
	if n := lite(t, one, "select n from n"); n != "last" {
		t.Errorf("after it was undone the last word is %q", n)
	}
	if _, err := os.Stat(two); err == nil || len(left(dir)) > 0 {
		t.Errorf("undone, it left %v %v", two, left(dir))
	}

	// What is set aside can be opened as it lies there, log and all.
	app = openLite(t, one)
	app.does("pragma wal_autocheckpoint = 0; insert into n values ('later');")
	app.kill()
	must(t, *d.Put, in)
	if n := lite(t, one+".jurymast-0007-test", "select group_concat(n) from n"); n != "last,later" {
		t.Errorf("set aside there is %q", n)
	}
	must(t, *d.Back, in)

	// Half a database, and one with other rows, are no copies.
	body, err := os.ReadFile(stage + "/2.db")
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other.db")
	lite(t, other, "create table \"odd \"\"name\" (a, b); create table n (n); create table t (a, b)")
	empty, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	for what, broken := range map[string]string{"half": string(body[:len(body)/2]), "other rows": string(empty)} {
		smallFile(t, stage+"/2.db", broken)
		if r := runFully(t.Context(), t, d.Try.With(in)); r.Exit == 0 {
			t.Errorf("%s: it is taken for a copy: %s", what, r.Stdout)
		}
		must(t, *d.Clear, in)
	}
	smallFile(t, stage+"/2.db", string(body[:len(body)/2]))
	if r := runFully(t.Context(), t, d.Put.With(in)); r.Exit == 0 || len(left(dir)) > 0 {
		t.Errorf("half a copy was put in place: %v", left(dir))
	}
	if l := left(scratch); len(l) > 0 {
		t.Errorf("the drill left %v", l)
	}
}

// TestSQLiteCutOff cuts a restore and its undoing off at many points.
func TestSQLiteCutOff(t *testing.T) {
	t.Parallel()
	dir, stage := t.TempDir(), t.TempDir()
	for n := range 4 {
		lite(t, fmt.Sprintf("%s/%d.db", dir, n), "create table t (a, b); insert into t select value, hex(randomblob(500)) from generate_series(1, 1000)")
	}
	f, target := liteTarget(t, dir)
	d, err := sqliteData(f, target)
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]string{actions.InStage: stage, actions.InFrom: stage, actions.InRun: "0007-test", actions.InAside: ".jurymast-0007-test"}
	for after := 30 * time.Millisecond; !cut(t, *d.Dump, in, after); after += after / 2 {
		if _, err := os.Stat(stage + "/whole"); err == nil {
			break // what it says is held against it below
		}
	}
	for n := range 3 {
		lite(t, fmt.Sprintf("%s/%d.db", dir, n), "delete from t where a > 7")
	}
	if err := os.Remove(dir + "/3.db"); err != nil {
		t.Fatal(err)
	}
	was := liteFolder(t, dir)
	for after := 20 * time.Millisecond; !cut(t, *d.Put, in, after); after += after / 4 {
	}
	if s := must(t, *d.Prove, in).said; s["level"] != "data-checked" {
		t.Errorf("restored: %v", s)
	}
	for after := 10 * time.Millisecond; !cut(t, *d.Back, in, after); after += after / 4 {
	}
	if now := liteFolder(t, dir); !maps.Equal(now, was) {
		t.Errorf("undone there is %v, and was %v", now, was)
	}
}

// liteFolder returns how many rows each database of a folder has, and what else
// lies in it.
func liteFolder(t testing.TB, dir string) map[string]string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range files {
		out[f.Name()] = ""
		if strings.HasSuffix(f.Name(), ".db") {
			out[f.Name()] = lite(t, filepath.Join(dir, f.Name()), "select count(*) from t")
		}
	}
	return out
}

// FuzzSQLite lets the readers of databases have any answer: what is not a whole
// one is never well.
func FuzzSQLite(f *testing.F) {
	for _, c := range suiteCases(f, "sqlite") {
		f.Add(string(c.answer.Stdout))
	}
	_, target := liteTarget(f, "/srv/app")
	checks := sqliteChecks(nil, target)
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range checks {
			rs := c.Read(suiteAnswer(text))
			if len(rs) == 0 {
				t.Errorf("%s says nothing", c.ID)
			}
			for _, r := range rs {
				if r.Line == "" || r.Status == actions.OK && !strings.Contains(text, "== end") {
					t.Errorf("%s: %+v", c.ID, r)
				}
			}
		}
	})
}

// TestSQLiteClosed: what a login that is not root may not see is neither gone nor
// passed over.
func TestSQLiteClosed(t *testing.T) {
	t.Parallel()
	needed(t, "sqlite3", "sqlite3")
	top := serverFolder(t, "root")
	at := func(name string) string { return filepath.Join(top, name) }
	for _, name := range []string{"part/open.db", "part/deep/hid.db", "file/a.db", "file/b.db", "listed/c.db", "shut/d.db", "plain/e.db"} {
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		lite(t, at(name), "create table t (a); insert into t values (1)")
	}
	if err := os.Symlink("plain", at("link")); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"part/deep": 0, "file/b.db": 0, "listed": 0o444, "shut": 0} {
		if err := os.Chmod(at(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, name := range []string{"part/deep", "listed", "shut"} {
			_ = os.Chmod(at(name), 0o755)
		}
	})
	k, _ := Lookup("sqlite")
	eachShell(t, func(t *testing.T, shell ...string) {
		if os.Getuid() == 0 {
			shell = append([]string{"runuser", "-u", "nobody", "--"}, shell...)
		}
		for what, tt := range map[string]struct {
			toml string
			want map[string]string // by the name of the item, in a word what it reads as
		}{
			"named": {`paths = ["TOP/part", "TOP/file", "TOP/listed", "TOP/shut", "TOP/shut/d.db", "TOP/plain"]`, map[string]string{
				"open.db": "ok", "part": "TOP/part/deep", "a.db": "ok", "b.db": "cannot be opened: permission denied", "e.db": "ok",
				"c.db": "a folder above it may not be searched", "d.db": "a folder above it may not be searched", "shut": "TOP/shut"}},
			"of the data": {`data = ["TOP/shut", "TOP/plain"]`, map[string]string{"shut": "TOP/shut", "e.db": "ok"}},
			"a file":      {`paths = ["TOP/file"]`, map[string]string{"a.db": "ok", "b.db": "cannot be opened: permission denied"}},
			"open":        {`paths = ["TOP/plain"]`, map[string]string{"e.db": "ok"}},
			"a link":      {`paths = ["TOP/link"]`, map[string]string{"e.db": "ok"}},
		} {
			f, target := suiteTarget(t, k, strings.ReplaceAll(tt.toml, "TOP", top))
			clear := true
			for _, c := range sqliteChecks(f, target) {
				a := suiteAnswer("")
				a.Output = runFully(t.Context(), t, c.Script, shell...).Output
				have := map[string]string{}
				for _, r := range c.Read(a) {
					name := filepath.Base(r.Item)
					if have[name] = r.Line; r.Status == actions.OK {
						have[name] = "ok"
					} else if r.Status != actions.Unknown || !strings.Contains(r.Next, "allow sudo") {
						t.Errorf("%s: %s: %+v", what, c.ID, r)
					}
				}
				for name, word := range tt.want {
					clear = clear && word == "ok"
					if !strings.Contains(have[name], strings.ReplaceAll(word, "TOP", top)) {
						t.Errorf("%s: %s of %s: want %q, got %v", what, c.ID, name, word, have)
					}
				}
			}
			d, err := sqliteData(f, target)
			if err != nil {
				t.Fatal(err)
			}
			stage := t.TempDir()
			for dir := stage; strings.HasPrefix(dir, filepath.Join(os.TempDir(), "Test")); dir = filepath.Dir(dir) {
				if err := os.Chmod(dir, 0o777); err != nil {
					t.Fatal(err)
				}
			}
			in := map[string]string{actions.InStage: stage, actions.InRun: "0007-test", actions.InFrom: "/none", "FOLDER": stage}
			if said := runFully(t.Context(), t, d.Survey.With(in), shell...).said; clear != (said["trouble"] == "") || said["lost"] != "" {
				t.Errorf("%s: survey says %v", what, said)
			}
			for _, s := range []*actions.Script{d.Dump, d.Prove} {
				if r := runFully(t.Context(), t, s.With(in), shell...); clear != (r.Exit == 0) {
					t.Errorf("%s: %s ends with %d: %s", what, s.Name, r.Exit, r.Stderr)
				}
			}
		}
	})
}

// TestSQLiteWriterCutOff: what a killed writer left is neither damage nor a lack
// of rights.
func TestSQLiteWriterCutOff(t *testing.T) {
	t.Parallel()
	at := filepath.Join(t.TempDir(), "app.db")
	lite(t, at, "create table t (a primary key, b); insert into t select value, hex(randomblob(100)) from generate_series(1, 2000)")
	f, target := liteTarget(t, at)
	check := sqliteChecks(f, target)[0].ID
	app := openLite(t, at)
	app.does("pragma cache_size = 1; begin immediate; update t set b = hex(randomblob(200));")
	app.kill()
	if r := liteLook(t, f, target, check)["app.db"]; r.Status != actions.Warn || !strings.Contains(r.Line, "rolled back yet") {
		t.Errorf("cut off: %+v", r)
	}
	d, err := sqliteData(f, target)
	if err != nil {
		t.Fatal(err)
	}
	if out := runFully(t.Context(), t, *d.Prove); out.Exit == 0 || !strings.Contains(string(out.Stderr), "rolled back yet") {
		t.Errorf("proof: %+v", out.Output)
	}
	if n := lite(t, at, "insert into t values (-1, 0); select count(*) from t"); n != "2001" {
		t.Errorf("after it was rolled back there are %s rows", n)
	}
	if r := liteLook(t, f, target, check)["app.db"]; r.Status != actions.OK {
		t.Errorf("healed: %+v", r)
	}
}
