package kind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// mountBed is a simulated machine on which real shells run: its root is a
// folder, and its ls is one that can be made to hang at a FIFO, as one that
// touches a dead mount does.
type mountBed struct {
	t     *testing.T
	root  string
	shell []string
	fifo  string
}

func newMountBed(t *testing.T, shell ...string) *mountBed {
	t.Helper()
	b := &mountBed{t: t, root: t.TempDir(), shell: shell}
	for _, d := range []string{"proc", "run", "tmp", "bin", "mnt/files"} {
		if err := os.MkdirAll(filepath.Join(b.root, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b.write("proc/mounts", "/dev/sda1 / ext4 rw 0 0\nnas:/srv/files /mnt/files nfs4 rw,vers=4.2 0 0\n")
	b.fifo = filepath.Join(b.root, "fifo")
	t.Cleanup(b.end)
	return b
}

func (b *mountBed) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.root, name), []byte(text), 0o755); err != nil {
		b.t.Fatal(err)
	}
}

// hang makes ls wait for ever; heal lets those that wait, and all later ones,
// go on.
func (b *mountBed) hang() {
	b.t.Helper()
	if err := syscall.Mkfifo(b.fifo, 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.write("bin/ls", "#!/bin/sh\ncase $2 in */mnt/*)\n[ ! -p '"+b.fifo+"' ] || exec cat '"+b.fifo+"' ;;\nesac\nPATH=/usr/bin:/bin exec ls \"$@\"\n")
}

func (b *mountBed) heal() {
	b.t.Helper()
	f, err := os.OpenFile(b.fifo, os.O_WRONLY|syscall.O_NONBLOCK, 0) // ENXIO: nobody waits
	if err == nil {
		defer f.Close()
	}
	if err := os.Remove(b.fifo); err != nil {
		b.t.Fatal(err)
	}
}

// look runs the check as a looker does and says how long the line was held.
func (b *mountBed) look(t inventory.Target, id string) (actions.Reading, time.Duration) {
	b.t.Helper()
	for _, c := range mountChecks(nil, t) {
		if c.ID != id {
			continue
		}
		text, _, err := c.Script.Render()
		if err != nil {
			b.t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(b.t.Context(), 2*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, b.shell[0], append(b.shell[1:], "-s")...)
		cmd.Env = []string{"PATH=" + b.root + "/bin:/usr/bin:/bin:/usr/sbin:/sbin", "JURYMAST_ROOT=" + b.root}
		cmd.Stdin = strings.NewReader(text)
		// Buffers: Run returns only when nobody holds the streams any more,
		// as an SSH channel closes only then.
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		start := time.Now()
		err = cmd.Run()
		took := time.Since(start)
		if err != nil {
			b.t.Fatalf("%v: %s", err, stderr.String())
		}
		if stderr.Len() > 0 {
			b.t.Errorf("it says on standard error: %s", stderr.String())
		}
		rs := c.Read(actions.Answer{Output: actions.Output{Stdout: stdout.Bytes(), Took: took}, Now: time.Now()})
		if len(rs) != 1 {
			b.t.Fatalf("%d readings of %q", len(rs), stdout.String())
		}
		return rs[0], took
	}
	b.t.Fatalf("there is no check %s", id)
	return actions.Reading{}, 0
}

// helpers returns the ids of the helpers of this bed that are there.
func (b *mountBed) helpers() []int {
	b.t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		b.t.Fatal(err)
	}
	var pids []int
	for _, name := range all {
		line, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(line, []byte(b.root)) {
			continue // it has ended meanwhile, or is not ours
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil && pid != os.Getpid() && bytes.Contains(line, []byte("jurymast-touch")) {
			if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && !bytes.Contains(stat, []byte(") Z ")) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// leaders returns those helpers that hold a lock: a watchdog of theirs is a
// copy of the same command line.
func (b *mountBed) leaders() []int {
	var pids []int
	for _, pid := range b.helpers() {
		if sid, _, errno := syscall.Syscall(syscall.SYS_GETSID, uintptr(pid), 0, 0); errno == 0 && int(sid) == pid {
			pids = append(pids, pid)
		}
	}
	return pids
}

// await waits until something holds.
func (b *mountBed) await(what string, holds func() bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			b.t.Fatalf("waited in vain: %s; helpers %v", what, b.helpers())
		case <-tick.C:
		}
	}
}

// end ends the helpers of this bed, each by its session.
func (b *mountBed) end() {
	for _, pid := range b.leaders() {
		if err := syscall.Kill(-pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			b.t.Error(err)
		}
	}
}

func mountTarget(options inventory.Options) inventory.Target {
	return inventory.Target{Ref: "share/files", Kind: "mount", Host: "node/nas", Path: "/srv/files",
		Mounts:  []inventory.Mount{{On: "vm/app", At: "/mnt/files"}},
		Options: options}
}

// eachShell runs a test under every shell that a host may have for sh.
func eachShell(t *testing.T, test func(t *testing.T, shell ...string)) {
	for _, shell := range [][]string{{"dash"}, {"busybox", "sh"}, {"bash", "--posix"}} {
		t.Run(shell[0], func(t *testing.T) { test(t, shell...) })
	}
}

func TestMountThatHangs(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, shell ...string) {
		b := newMountBed(t, shell...)
		target := mountTarget(inventory.Options{"wait": time.Second})
		if r, _ := b.look(target, "mount-app"); r.Status != actions.OK || r.Item != "app:/mnt/files" || !strings.Contains(r.Line, "nfs4 nas:/srv/files") {
			t.Fatalf("before: %+v", r)
		}
		b.hang()
		r, took := b.look(target, "mount-app")
		if r.Status != actions.Fail || !strings.HasPrefix(r.Line, "HUNG since ") {
			t.Fatalf("hung: %+v", r)
		}
		if took > 15*time.Second {
			t.Errorf("the look was held for %v by a wait of 1 s", took)
		}
		first := b.leaders()
		if len(first) != 1 {
			t.Fatalf("helpers %v, want one", first)
		}
		since := r.Line[:len("HUNG since 2006-01-02 15:04")]
		for range 2 {
			r, _ = b.look(target, "mount-app")
			if r.Status != actions.Fail || !strings.HasPrefix(r.Line, since) {
				t.Errorf("again: %+v, want %s", r, since)
			}
			if now := b.leaders(); len(now) != 1 || now[0] != first[0] {
				t.Errorf("helpers %v, want still %v", now, first)
			}
		}
		b.heal()
		b.await("the helper comes back", func() bool { return len(b.helpers()) == 0 })
		if r, _ := b.look(target, "mount-app"); r.Status != actions.OK {
			t.Errorf("healed: %+v", r)
		}
		b.await("no helper is left", func() bool { return len(b.helpers()) == 0 })
	})
}

func TestMountHelperIsKilled(t *testing.T) {
	t.Parallel()
	b := newMountBed(t, "dash")
	target := mountTarget(inventory.Options{"wait": time.Second})
	b.hang()
	r, _ := b.look(target, "mount-app")
	since := r.Line[:min(len(r.Line), len("HUNG since 2006-01-02 15:04"))]
	b.end()
	b.await("the helper is dead", func() bool { return len(b.leaders()) == 0 })
	r, _ = b.look(target, "mount-app")
	if r.Status != actions.Fail || !strings.HasPrefix(r.Line, since) || !strings.HasPrefix(since, "HUNG since") {
		t.Errorf("%+v, want %s: a dead helper must not be waited for, nor the time forgotten", r, since)
	}
	if n := len(b.leaders()); n != 1 {
		t.Errorf("%d helpers, want a new one", n)
	}
}

// TestMountHelperGivesUp runs the helper alone: what hangs is killed in the
// end, the lock goes with it, and no process is left.
func TestMountHelperGivesUp(t *testing.T) {
	t.Parallel()
	eachShell(t, func(t *testing.T, shell ...string) {
		b := newMountBed(t, shell...)
		b.hang()
		state := t.TempDir()
		body := script("mount/touch.sh", nil).Body
		cmd := exec.CommandContext(t.Context(), shell[0], append(shell[1:], "-c", body, "jurymast-touch", state, b.root+"/mnt/files", "mount", "no", "1")...)
		cmd.Env = []string{"PATH=" + b.root + "/bin:/usr/bin:/bin"}
		if err := cmd.Run(); err == nil {
			t.Error("it ended well")
		}
		for _, name := range []string{"lock", "answer"} {
			if _, err := os.Stat(filepath.Join(state, name)); err == nil {
				t.Errorf("%s is left", name)
			}
		}
		b.await("nothing is left", func() bool { return len(b.helpers()) == 0 })
	})
}

func TestMountLooks(t *testing.T) {
	table := func(s string) func(b *mountBed) { return func(b *mountBed) { b.write("proc/mounts", s) } }
	tests := []struct {
		name    string
		options inventory.Options
		bed     func(b *mountBed)
		status  actions.Status
		line    string
	}{
		{"well", nil, nil, actions.OK, "nfs4 nas:/srv/files"},
		{"absent", nil, table("/dev/sda1 / ext4 rw 0 0\n"), actions.Fail, "not mounted"},
		{"no table", nil, func(b *mountBed) { _ = os.Remove(b.root + "/proc/mounts") }, actions.Unknown, "cannot be read"},
		{"read-only", nil, table("nas:/srv/files /mnt/files nfs4 ro 0 0\n"), actions.Fail, "mounted read-only"},
		{"read-only as meant", inventory.Options{"read_only": true}, table("nas:/srv/files /mnt/files nfs4 ro 0 0\n"), actions.OK, "meant to be"},
		{"type", inventory.Options{"fstype": "cifs"}, nil, actions.Fail, "not of type cifs"},
		{"type by its family", inventory.Options{"fstype": "nfs"}, nil, actions.OK, "nfs4"},
		{"source", inventory.Options{"source": "old:/srv"}, nil, actions.Fail, "not old:/srv"},
		{"the last of several", nil, table("tmpfs /mnt/files tmpfs ro 0 0\nnas:/srv/files /mnt/files nfs4 rw 0 0\n"), actions.OK, "nfs4"},
		{"written to", inventory.Options{"write_test": true}, nil, actions.OK, "written to"},
		{"cannot be written to", inventory.Options{"write_test": true}, func(b *mountBed) {
			b.write("bin/sh", "#!/bin/sh\ncase $2 in *noclobber*|*set*) echo 'sh: Read-only file system' >&2; exit 1 ;; esac\nexec /bin/sh \"$@\"\n")
		}, actions.Fail, "cannot be written to: sh: Read-only file system"},
		{"stale", nil, func(b *mountBed) {
			b.write("bin/ls", "#!/bin/sh\ncase $2 in */mnt/*) echo \"ls: cannot access '$2': Stale file handle\" >&2; exit 2 ;; esac\nPATH=/usr/bin:/bin exec ls \"$@\"\n")
		}, actions.Fail, "is stale"},
		{"no permission", nil, func(b *mountBed) {
			b.write("bin/ls", "#!/bin/sh\ncase $2 in */mnt/*) echo \"ls: cannot access '$2': Permission denied\" >&2; exit 2 ;; esac\nPATH=/usr/bin:/bin exec ls \"$@\"\n")
		}, actions.Unknown, "may not be looked at"},
		{"nowhere to keep state", nil, func(b *mountBed) {
			for _, d := range []string{"run", "tmp"} {
				_ = os.Remove(filepath.Join(b.root, d))
				b.write(d, "a file")
			}
		}, actions.Unknown, "nfs4 nas:/srv/files is there; whether it answers is not known"},
		{"a trap in the place of the state", nil, func(b *mountBed) {
			id := strconv.Itoa(os.Getuid())
			for _, d := range []string{"run", "tmp"} {
				if err := os.Symlink("/etc", filepath.Join(b.root, d, "jurymast-"+id)); err != nil {
					b.t.Fatal(err)
				}
			}
		}, actions.Unknown, "cannot be made"},
		{"state that others can read", nil, func(b *mountBed) {
			id := strconv.Itoa(os.Getuid())
			for _, d := range []string{"run", "tmp"} {
				if err := os.Mkdir(filepath.Join(b.root, d, "jurymast-"+id), 0o755); err != nil {
					b.t.Fatal(err)
				}
			}
		}, actions.Unknown, "not a folder of this user alone"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newMountBed(t, "dash")
			if tt.bed != nil {
				tt.bed(b)
			}
			r, _ := b.look(mountTarget(tt.options), "mount-app")
			if r.Status != tt.status || !strings.Contains(r.Line, tt.line) {
				t.Errorf("got %v %q, want %v %q", r.Status, r.Line, tt.status, tt.line)
			}
			left, err := filepath.Glob(b.root + "/mnt/files/.jurymast*")
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestMountPathsWithBlanks(t *testing.T) {
	eachShell(t, func(t *testing.T, shell ...string) {
		b := newMountBed(t, shell...)
		at := `/mnt/it's a "share" $(x) \ *`
		if err := os.MkdirAll(b.root+at, 0o755); err != nil {
			t.Fatal(err)
		}
		b.write("proc/mounts", `//nas/our\040files `+mountEscape.Replace(at)+" cifs rw 0 0\n")
		target := mountTarget(nil)
		target.Mounts[0].At = at
		r, _ := b.look(target, "mount-app")
		if r.Status != actions.OK || !strings.Contains(r.Line, "cifs //nas/our files") || r.Item != "app:"+at {
			t.Errorf("%+v", r)
		}
	})
}

func TestMountSource(t *testing.T) {
	tests := []struct {
		name    string
		options inventory.Options
		table   string
		files   []string
		status  actions.Status
		line    string
	}{
		{"files in it", nil, "", []string{"srv/files/a"}, actions.OK, "it lies on / /dev/sda1 ext4"},
		{"hidden file only", nil, "", []string{"srv/files/.a"}, actions.OK, "it lies on"},
		{"empty", nil, "", []string{"srv/other/a"}, actions.Fail, "the disk behind it may be missing"},
		{"empty and mounted", nil, "/dev/md0 /srv/files xfs rw 0 0\n", nil, actions.OK, "xfs /dev/md0, empty"},
		{"empty as it may be", inventory.Options{"empty": true}, "", nil, actions.OK, "empty"},
		{"not there", nil, "", []string{"-"}, actions.Fail, "No such file or directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newMountBed(t, "dash")
			b.write("proc/mounts", "/dev/sda1 / ext4 rw 0 0\n"+tt.table)
			for _, f := range append([]string{"srv/files/"}, tt.files...) {
				if f == "-" {
					if err := os.RemoveAll(b.root + "/srv/files"); err != nil {
						t.Fatal(err)
					}
					continue
				}
				if err := os.MkdirAll(filepath.Join(b.root, f), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			r, _ := b.look(mountTarget(tt.options), "source")
			if r.Status != tt.status || !strings.Contains(r.Line, tt.line) || r.Item != "nas:/srv/files" {
				t.Errorf("got %v %q %q, want %v %q", r.Status, r.Item, r.Line, tt.status, tt.line)
			}
		})
	}
}

func TestMountChecksHaveNamesOfTheirOwn(t *testing.T) {
	target := mountTarget(nil)
	target.Mounts = append(target.Mounts, inventory.Mount{On: "vm/app", At: "/again"}, inventory.Mount{On: "node/x", At: "/x"})
	var ids []string
	for _, c := range mountChecks(nil, target) {
		ids = append(ids, c.ID+"@"+string(c.Host))
	}
	want := "source@node/nas mount-app@vm/app mount-app-2@vm/app mount-x@node/x"
	if got := strings.Join(ids, " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
