package kind

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// bacula is a director of Bacula with a client, a storage and a catalogue of its
// own, on loopback.
type bacula struct {
	t    *testing.T
	dir  string
	runs map[string]*exec.Cmd
}

const baculaDirector = `Director { Name = dir1; DirPort = {DIR}; DirAddress = 127.0.0.1; QueryFile = "/dev/null"; WorkingDirectory = "{W}"; PidDirectory = "{W}"; Maximum Concurrent Jobs = 4; FD Connect Timeout = 2; Password = "{PW}"; Messages = M }
JobDefs { Name = "all"; Type = Backup; Level = Incremental; Client = fd1; FileSet = "app"; Storage = File; Pool = P; Messages = M }
Job { Name = "app files"; JobDefs = "all" }
Job { Name = "missing"; JobDefs = "all"; FileSet = "missing" }
Job { Name = "back"; Type = Restore; Client = fd1; FileSet = "app"; Storage = File; Pool = P; Messages = M; Where = "/nowhere" }
Job { Name = "other"; Type = Restore; Client = fd1; FileSet = "app"; Storage = File; Pool = P; Messages = M; Where = "/nowhere" }
FileSet { Name = "app"; Include { Options { signature = SHA1 } File = "{W}/live" } }
FileSet { Name = "missing"; Include { Options { signature = SHA1 } File = "{W}/live"
    File = "{W}/none" } }
Client { Name = fd1; Address = 127.0.0.1; FDPort = {FD}; Catalog = C; Password = "{PW}" }
Storage { Name = File; Address = 127.0.0.1; SDPort = {SD}; Password = "{PW}"; Device = Dev; Media Type = File }
Catalog { Name = C; dbname = "bacula"; dbuser = ""; dbpassword = "" }
Pool { Name = P; Pool Type = Backup; Label Format = "V-" }
Messages { Name = M; catalog = all }
`

const baculaClient = `FileDaemon { Name = fd1; FDPort = {FD}; FDAddress = 127.0.0.1; WorkingDirectory = "{W}"; PidDirectory = "{W}" }
Director { Name = dir1; Password = "{PW}" }
Messages { Name = S; director = dir1 = all }
`

const baculaStorage = `Storage { Name = sd1; SDPort = {SD}; SDAddress = 127.0.0.1; WorkingDirectory = "{W}"; PidDirectory = "{W}" }
Director { Name = dir1; Password = "{PW}" }
Device { Name = Dev; Media Type = File; Archive Device = "{W}/volumes"; LabelMedia = yes; Random Access = yes; AutomaticMount = yes; RemovableMedia = no; AlwaysOpen = no }
Messages { Name = S; director = dir1 = all }
`

func newBacula(t *testing.T) *bacula {
	t.Helper()
	for _, name := range []string{"bacula-dir", "bacula-fd", "bacula-sd", "bconsole", "sqlite3"} {
		needed(t, name, "bacula-director-sqlite3 bacula-fd bacula-sd bacula-console sqlite3")
	}
	b := &bacula{t: t, dir: serverFolder(t, "root"), runs: map[string]*exec.Cmd{}}
	port := func() string { return strconv.Itoa(freePort(t)) }
	fill := strings.NewReplacer("{W}", b.dir, "{PW}", "pw", "{DIR}", port(), "{FD}", port(), "{SD}", port())
	for name, text := range map[string]string{
		"bacula-dir.conf": baculaDirector, "bacula-fd.conf": baculaClient, "bacula-sd.conf": baculaStorage,
		"bconsole.conf": "Director { Name = dir1; DirPort = {DIR}; Address = 127.0.0.1; Password = \"{PW}\" }\n",
		"wrong.conf":    "Director { Name = dir1; DirPort = {DIR}; Address = 127.0.0.1; Password = \"another\" }\n",
		"live/one":      "one\n", "live/sub/two": strings.Repeat("two\n", 4000), "volumes/.keep": "",
	} {
		smallFile(t, filepath.Join(b.dir, name), fill.Replace(text))
	}
	tables := strings.NewReplacer("cd /var/lib/bacula", "cd "+b.dir, "XXX_DBNAME_XXX", "bacula").Replace(got(t, "/usr/share/bacula-director/make_sqlite3_tables"))
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", tables).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range []string{"bacula-sd", "bacula-fd", "bacula-dir"} {
		b.start(name)
	}
	await(t, "the director answers", func() bool { return strings.Contains(b.console("version"), "1000 OK") })
	return b
}

// start starts one of its daemons, in the foreground.
func (b *bacula) start(name string) {
	b.t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(b.t.Context()), needed(b.t, name, name), "-f", "-c", filepath.Join(b.dir, name+".conf"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.runs[name] = cmd
	b.t.Cleanup(func() { b.stop(name) })
}

func (b *bacula) stop(name string) {
	if cmd := b.runs[name]; cmd != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		b.runs[name] = nil
	}
}

// console asks the director as a person does.
func (b *bacula) console(lines ...string) string {
	b.t.Helper()
	cmd := exec.CommandContext(b.t.Context(), needed(b.t, "bconsole", "bacula-console"), "-c", filepath.Join(b.dir, "bconsole.conf"))
	cmd.Stdin = strings.NewReader(strings.Join(append(lines, "quit"), "\n") + "\n")
	out, _ := cmd.CombinedOutput() // what it ends with says nothing
	return string(out)
}

// native returns the copies of a job, with more lines for its repository.
func (b *bacula) native(bed *bed, job, lines string) actions.Native {
	b.t.Helper()
	f, err := inventory.Parse("bacula.toml", []byte("[node.app]\n[repository.tape]\nkind = \"bareos-job\"\ndirector = \"app\"\nconfig = \""+b.dir+"/bconsole.conf\"\njob = \""+job+"\"\nrestore_job = \"back\"\nspare_client = \"fd1\"\nspare = \""+b.dir+"\"\n"+lines), Schema())
	if err != nil {
		b.t.Fatal(err)
	}
	bed.fleet = f
	n, err := bareosJob.Native(f, f.Repositories[0], inventory.Target{})
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// TestBaculaCopiesAndBringsBack drives a real director: what it copied is
// destroyed, and brought back, beside and in place.
func TestBaculaCopiesAndBringsBack(t *testing.T) {
	t.Parallel()
	s := newBacula(t)
	b := newBed(t, "[node.app]\n")
	n := s.native(b, "app files", "")
	in := func(run string, more ...string) map[string]string {
		m := map[string]string{actions.InTag: "files", actions.InRun: run}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	if said := b.does(n.Survey, in("r1")); said["trouble"] != "" || said["version"] != "9.6.7" {
		t.Errorf("survey: %v", said)
	}
	if out := b.run(n.Find, in("r1")); out.Exit != 1 {
		t.Errorf("found before it was made: %+v", out)
	}
	first := b.does(n.Copy, in("r1"))
	if again := b.does(n.Copy, in("r1")); again["copy"] != first["copy"] || first["partial"] != "" || first["files"] != "4" {
		t.Errorf("copied: %v, and again: %v", first, again)
	}
	if said := b.does(n.Find, in("r1")); said["copy"] != first["copy"] {
		t.Errorf("find: %v", said)
	}
	// One that the director began by itself, on top of the first.
	smallFile(t, filepath.Join(s.dir, "live/three"), "three\n")
	s.console(`run job="app files" yes`, "wait")
	await(t, "two copies", func() bool { return len(b.copiesOf(n.Repository, "files")) == 2 })
	listed := b.copiesOf(n.Repository, "files")
	if listed[0][5] != "-" || listed[0][4] != "complete" || listed[1][0] != first["copy"] || listed[1][5] != "r1" || listed[0][2] <= listed[1][2] {
		t.Errorf("listed: %v", listed)
	}

	// A drill: beside, in a folder of its own.
	into := filepath.Join(s.dir, "drill-r2")
	drill := in("r2", actions.InCopy, listed[0][0], actions.InInto, into)
	if n.Spare != filepath.Join(s.dir, "drill-"+actions.RunMark) {
		t.Errorf("spare: %s", n.Spare)
	}
	if said := b.does(n.Room, drill); said["present"] != "no" || said["free"] == "" {
		t.Errorf("room: %v", said)
	}
	if said := b.does(n.Verify, drill); said["level"] != "listed" {
		t.Errorf("verify: %v", said)
	}
	if said := b.does(n.Extract, drill); said["files"] != "3" {
		t.Errorf("extract: %v", said)
	}
	for _, name := range []string{"one", "sub/two", "three"} {
		if was, is := got(t, filepath.Join(s.dir, "live", name)), got(t, filepath.Join(into, s.dir, "live", name)); was != is {
			t.Errorf("%s: %d bytes came back of %d", name, len(is), len(was))
		}
	}
	if said := b.does(n.Room, drill); said["present"] != "yes" {
		t.Errorf("room: %v", said)
	}
	b.does(n.Clear, drill)
	if _, err := os.Stat(into); !os.IsNotExist(err) {
		t.Errorf("after it was cleared: %v", err)
	}

	// In place: what is there is copied first.
	smallFile(t, filepath.Join(s.dir, "live/one"), "spoiled\n")
	if err := os.RemoveAll(filepath.Join(s.dir, "live/sub")); err != nil {
		t.Fatal(err)
	}
	put := in("r3", actions.InCopy, listed[0][0], actions.InInto, "")
	b.refuses(n.Put, put, "no whole copy of what is there now was made by this run")
	put["SAID_COPY"] = listed[0][0]
	b.refuses(n.Put, put, "no whole copy of what is there now was made by this run")
	put["SAID_COPY"] = b.does(n.Copy, in("r3"))["copy"]
	b.does(n.Put, put)
	restores := strings.Count(s.console("llist jobs jobtype=R"), "RestoreFiles")
	if one, two := got(t, filepath.Join(s.dir, "live/one")), got(t, filepath.Join(s.dir, "live/sub/two")); one != "one\n" || len(two) != 16000 {
		t.Errorf("brought back: %q and %d bytes", one, len(two))
	}
	b.does(n.Put, put) // its answer was lost
	if again := strings.Count(s.console("llist jobs jobtype=R"), "RestoreFiles"); again != restores {
		t.Errorf("it was brought back twice: %d, %d", restores, again)
	}
}

// TestBaculaBroken breaks what a job needs, and heals it.
func TestBaculaBroken(t *testing.T) {
	t.Parallel()
	s := newBacula(t)
	b := newBed(t, "[node.app]\n")
	in := map[string]string{actions.InTag: "files", actions.InRun: "r1"}
	// Bacula calls it well that a folder was missing.
	n := s.native(b, "missing", "")
	if said := b.does(n.Copy, in); !strings.Contains(said["partial"], "ended with T, and errors or missing files are noted") {
		t.Errorf("a folder is missing: %v", said)
	}
	if got := b.copiesOf(n.Repository, "files"); len(got) != 1 || got[0][4] != "partial" {
		t.Errorf("listed: %v", got)
	}
	if said := b.does(n.Find, in); said["partial"] == "" {
		t.Errorf("find: %v", said)
	}

	n = s.native(b, "app files", "level = \"Full\"\n")
	s.stop("bacula-fd")
	b.refuses(n.Copy, in, "of job app files ended with f and 0 files: list joblog jobid=")
	s.start("bacula-fd")
	kept := b.does(n.Copy, in) // a new run for the one that failed
	if kept["copy"] == "" || kept["partial"] != "" {
		t.Errorf("healed: %v", kept)
	}
	volume := filepath.Join(s.dir, "volumes/V-0001")
	if err := os.Rename(volume, volume+".away"); err != nil {
		t.Fatal(err)
	}
	smallFile(t, volume, "this is no volume\n")
	into := map[string]string{actions.InTag: "files", actions.InRun: "r2", actions.InCopy: kept["copy"], actions.InInto: filepath.Join(s.dir, "drill-r2")}
	s.console("cancel all yes")
	out := make(chan actions.Output, 1)
	go func() { out <- b.run(n.Extract, into) }()
	await(t, "the restore waits for its volume, or has failed", func() bool {
		said := s.console("status director")
		return strings.Contains(said, "is waiting") || len(out) > 0
	})
	await(t, "the restore is cancelled", func() bool { s.console("cancel jobid=" + s.restoring()); return len(out) > 0 })
	if o := <-out; o.Exit == 0 || !strings.Contains(string(o.Stderr), "brings copy "+kept["copy"]+" back, ended with") {
		t.Errorf("without its volume: %+v", o)
	}
	if err := os.Rename(volume+".away", volume); err != nil {
		t.Fatal(err)
	}
	b.does(n.Extract, into)
	b.does(n.Clear, into)

	if got := b.copiesOf(n.Repository, "files"); len(got) != 1 || got[0][0] != kept["copy"] {
		t.Errorf("listed: %v", got)
	}
	wrong := n.Survey.With(map[string]string{"CONFIG": s.dir + "/wrong.conf"})
	if said := b.does(wrong, in); !strings.Contains(said["trouble"], "does not let this console in") {
		t.Errorf("a wrong password: %v", said)
	}
	if said := b.does(n.Survey.With(map[string]string{"JOB": "none"}), in); said["trouble"] != "the director has no job none of type backup" {
		t.Errorf("no such job: %v", said)
	}
	b.refuses(n.Copy.With(map[string]string{"JOB": "none"}), in, `the director began nothing: Job "none" not found`)
	s.stop("bacula-dir")
	if out := b.run(n.Find, in); out.Exit != 2 || !strings.Contains(string(out.Stderr), "the director does not answer") {
		t.Errorf("find: %+v", out)
	}
}

// TestBaculaDamagedVolume harms what lies on a volume: a copy of which less comes
// back than was written is damaged, and one that the client does not take is not.
func TestBaculaDamagedVolume(t *testing.T) {
	t.Parallel()
	s := newBacula(t)
	b := newBed(t, "[node.app]\n")
	smallFile(t, filepath.Join(s.dir, "live/sub/two"), strings.Repeat("two and more of it\n", 16000))
	n := s.native(b, "app files", "level = \"Full\"\n")
	kept := b.does(n.Copy, map[string]string{actions.InTag: "files", actions.InRun: "r1"})
	volume := filepath.Join(s.dir, "volumes/V-0001")
	whole := got(t, volume)
	half := len(whole) / 2
	flipped := []byte(whole)
	for i := range 10 {
		flipped[half+i] ^= 0xff
	}
	for _, tt := range []struct{ run, holds, damaged, says string }{
		{"bits", string(flipped), "copy " + kept["copy"] + " is damaged, says run ", "Volume data error at "},
		{"short", whole[:half], "copy " + kept["copy"] + " is damaged, says run ", "Volume data error at "},
		{"client", whole, "", "brings copy " + kept["copy"] + " back, ended with f and 0 files"},
	} {
		smallFile(t, volume, tt.holds)
		if tt.run == "client" {
			s.stop("bacula-fd")
		}
		in := map[string]string{actions.InTag: "files", actions.InRun: tt.run, actions.InCopy: kept["copy"], actions.InInto: filepath.Join(s.dir, "drill-"+tt.run)}
		out := b.run(n.Extract, in)
		why := actions.Said(out.Stdout)[actions.SaidDamaged]
		if out.Exit == 0 || !strings.Contains(string(out.Stderr), tt.says) || !strings.HasPrefix(why, tt.damaged) || (why != "") != (tt.damaged != "") {
			t.Errorf("%s: %d, says %q and %q", tt.run, out.Exit, why, out.Stderr)
		}
		b.does(n.Clear, in)
	}
}

// What the log of a restore says is judged; written after the recorded logs of
// Bacula 9.6.7, as list joblog shows them.
func TestBareosJobReadsTheLog(t *testing.T) {
	t.Parallel()
	const (
		ended = "| dir1 JobId 8: Bacula dir1 9.6.7 (10Dec20):\n  Files Expected:         1,205\n  Files Restored:         "
		run   = "           jobid: %s\n            type: %s\n           level: F\n       jobstatus: %s\n       starttime: 2026-11-21 01:00:00\n         endtime: 2026-11-21 01:10:00\n        jobtdate: 1,795,222,800\n        jobfiles: 4\n        jobbytes: 1,000\n       joberrors: 0\n jobmissingfiles: 0\n     purgedfiles: 0\n      clientname: nas-fd\n"
	)
	for _, tt := range []struct{ name, medium, letter, log, want string }{
		{"whole", "disk", "T", ended + "1,205\n", ""},
		{"fewer than there are", "disk", "T", ended + "1,204\n", "1205 files are in it, and 1204 came back"},
		{"none at all", "disk", "f", "| dir1 JobId 8: Fatal error: Unable to connect to Client: nas-fd\n" + ended + "0\n", ""},
		{"a block", "disk", "E", "| sd1 JobId 8: Error: block_util.c:467 Volume data error at 0:0!\nBlock checksum mismatch in block=3 len=64512\n \\ |\n", "block_util.c:467 Volume data error at 0:0!"},
		{"the drive", "tape", "f", "| sd1 JobId 8: Error: Read error on fd=5 at file:blk 0:1 on device T. ERR=Input/output error. |\n", "Read error on fd=5 at file:blk 0:1 on device T. ERR=Input/output error."},
		{"a file of such a name", "disk", "T", "| fd1 JobId 8: -rw-r-----   1 root root 4 2026-11-21 20:09:15  /srv/Error: Volume data error at home\n" + ended + "1,205\n", ""},
		{"a volume without a label", "disk", "A", "| sd1 JobId 8: Warning: Requested Volume V is not a Bacula labeled Volume, because: Volume data error at 0:0! Wanted BB02\n", "Requested Volume V is not a Bacula labeled Volume"},
		{"another tape", "tape", "A", "| sd1 JobId 8: Warning: Requested Volume V is not a Bacula labeled Volume, because: Volume data error at 0:0! Wanted BB02\n", ""},
		{"no log is kept", "disk", "T", "No results to list.\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, "[node.app]\n[repository.tape]\nkind = \"bareos-job\"\ndirector = \"app\"\njob = \"nas\"\nspare_client = \"app-fd\"\nmedium = \""+tt.medium+"\"\n", "busybox", "sh")
			b.standIn("bconsole", "asked=$(cat)\necho '1000 OK: 103 dir1'\ncase $asked in\n*joblog*) cat \"$STATE/log\" ;;\n*'jobs jobtype=R'*) echo 'No results to list.' ;;\n*bvfs*) echo 7 ;;\nrestore*) echo 'Job queued. JobId=8' ;;\n*jobid=8*) cat \"$STATE/eight\" ;;\n*) cat \"$STATE/seven\" ;;\nesac\n")
			b.state("log", tt.log)
			b.state("seven", fmt.Sprintf(run, "7", "B", "T"))
			b.state("eight", fmt.Sprintf(run, "8", "R", tt.letter))
			n, err := bareosJob.Native(b.fleet, b.fleet.Repositories[0], inventory.Target{})
			if err != nil {
				t.Fatal(err)
			}
			into := filepath.Join(t.TempDir(), "out")
			out := b.run(n.Extract, map[string]string{actions.InTag: "files", actions.InRun: "r2", actions.InCopy: "7", actions.InInto: into})
			why := actions.Said(out.Stdout)[actions.SaidDamaged]
			if out.Exit == 0 || !strings.Contains(why, tt.want) || (why == "") != (tt.want == "") {
				t.Errorf("%d, says %q and %q, want %q", out.Exit, why, out.Stderr, tt.want)
			}
		})
	}
}

// restoring is the id of the newest run of type restore.
func (b *bacula) restoring() string {
	id := ""
	for ln := range strings.Lines(b.console("llist jobs jobtype=R")) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(ln), "JobId: "); ok {
			id = v
		}
	}
	return id
}

// What the director says is judged, not believed; written after the recorded
// answers of Bacula 9.6.7 and, in small letters, Bareos' documentation.
func TestBareosJobJudges(t *testing.T) {
	t.Parallel()
	run := func(id, level, status, files, errors, more string) string {
		return "           jobid: " + id + "\n            name: nas\n            type: B\n           level: " + level + "\n       jobstatus: " + status +
			"\n       starttime: 2026-11-21 01:00:00\n         endtime: 2026-11-21 01:10:00\n        jobtdate: 1,795,222,800\n        jobfiles: " + files +
			"\n        jobbytes: 1,000\n       joberrors: " + errors + "\n jobmissingfiles: 0\n     purgedfiles: 0\n      clientname: nas-fd\n" + more + "\n"
	}
	for _, tt := range []struct{ name, answer, want string }{
		{"whole", run("7", "F", "T", "1,204", "0", "comment: jurymast backup=files run=r7"), "7 1795222200 1000 1204 complete r7"},
		{"chain", run("7", "F", "T", "4", "0", "") + run("8", "I", "T", "0", "0", "") + run("9", "D", "T", "2", "0", ""), "9 1795222200 2000 6 complete -|8 1795222200 2000 4 complete -|7 1795222200 1000 4 complete -"},
		{"warnings", run("7", "F", "W", "4", "0", ""), "7 1795222200 1000 4 partial -"},
		{"called well", run("7", "F", "T", "4", "1", ""), "7 1795222200 1000 4 partial -"},
		{"without a file", run("7", "F", "T", "0", "0", ""), ""},
		{"failed", run("7", "F", "f", "0", "1", "") + run("8", "F", "E", "9", "1", "") + run("9", "F", "A", "9", "0", ""), ""},
		{"goes on", run("7", "F", "R", "4", "0", ""), ""},
		{"its base is gone", run("8", "I", "T", "4", "0", ""), ""},
		{"purged", strings.Replace(run("7", "F", "T", "4", "0", ""), "purgedfiles: 0", "purgedfiles: 1", 1), ""},
		{"a letter of another version", run("7", "F", "Z", "4", "0", ""), ""},
		{"no number", strings.Replace(run("7", "F", "T", "4", "0", ""), "joberrors: 0", "joberrors: ?", 1), "7 1795222200 1000 4 partial -"},
		{"nothing", "No results to list.\n", ""},
		{"a page", "<html>502 Bad Gateway</html>\n", "is not understood: <html>502 Bad Gateway</html>"},
		{"half", "1000 OK", "is not understood"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, "[node.app]\n[repository.tape]\nkind = \"bareos-job\"\ndirector = \"app\"\njob = \"nas\"\n", "busybox", "sh")
			b.standIn("bconsole", "cat >>\"$STATE/asked\"\necho '1000 OK: 103 bareos-dir Version: 23.0.3 (21 May 2024)'\ncat \"$STATE/answer\"\n")
			b.state("answer", tt.answer)
			n, err := bareosJob.Native(b.fleet, b.fleet.Repositories[0], inventory.Target{})
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(tt.want, "is not") {
				b.refuses(n.List, map[string]string{actions.InTag: "files"}, tt.want)
				return
			}
			var said []string
			for _, c := range b.copiesOf(n.Repository, "files") {
				said = append(said, strings.Join(c, " "))
			}
			if s := strings.Join(said, "|"); s != tt.want {
				t.Errorf("listed %q, want %q", s, tt.want)
			}
			if asked := b.read("asked"); asked != "llist job=\"nas\"\nquit" || b.read("calls") != "bconsole" {
				t.Errorf("asked %q by %q", asked, b.read("calls"))
			}
		})
	}
}

func TestBareosJobNeedsToBeTold(t *testing.T) {
	t.Parallel()
	for _, name := range []string{`a\"b`, `a;b`} {
		f, err := inventory.Parse("x", []byte("[node.app]\n[repository.r]\nkind = \"bareos-job\"\ndirector = \"app\"\njob = \""+name+"\"\n"), Schema())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bareosJob.Native(f, f.Repositories[0], inventory.Target{}); err == nil || !strings.Contains(err.Error(), "holds what no name") {
			t.Errorf("%s: %v", name, err)
		}
	}
	f, err := inventory.Parse("x", []byte("[node.app]\n[repository.r]\nkind = \"bareos-job\"\ndirector = \"app\"\njob = \"a\"\n"), Schema())
	if err != nil {
		t.Fatal(err)
	}
	n, err := bareosJob.Native(f, f.Repositories[0], inventory.Target{})
	if err != nil || n.Host != "node/app" || n.Spare != "" {
		t.Errorf("%+v, %v", n, err)
	}
	for to, want := range map[string]string{"/srv/out/": "/srv/out", "/": "", "out": "", "9113": "", "/a\"b": ""} {
		if got, err := n.Place(to); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", to, got, err)
		}
	}
}
