package kind

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// fakeSender has subvolumes that are folders: what is known of one is a file in
// $STATE/sv, "UUID RECEIVED FLAGS". A stream is a line and an archive.
const fakeSender = `
sv=$STATE/sv
mkdir -p "$sv"
key() { printf '%s' "$1" | tr / +; }
new() {
    n=$(($(cat "$STATE/count" 2>/dev/null || echo 0) + 1))
    echo "$n" >"$STATE/count"
    uuid=u$n
}
subvolume() {
    if [ ! -f "$sv/$(key "$1")" ]; then
        echo "ERROR: Not a Btrfs subvolume: Invalid argument" >&2
        exit 1
    fi
    read -r uuid received flags <"$sv/$(key "$1")"
}
case "$1 $2" in
"--version ") echo "btrfs-progs v6.2" ;;
"filesystem df") [ ! -e "$STATE/ext4" ] || { echo "ERROR: not a btrfs filesystem: $3" >&2; exit 1; } ;;
"subvolume show")
    subvolume "$3"
    printf '%s\n\tName: \t\t\tx\n\tUUID: \t\t\t%s\n\tParent UUID: \t\t-\n\tReceived UUID: \t\t%s\n\tFlags: \t\t\t%s\n' "$3" "$uuid" "$received" "$flags" ;;
"subvolume list") cat "$STATE/nested" 2>/dev/null; : ;;
"subvolume create")
    mkdir "$3" || exit 1
    new
    echo "$uuid - -" >"$sv/$(key "$3")" ;;
"subvolume snapshot")
    subvolume "$4"
    own=$received
    cp -a "$4" "$5" || exit 1
    new
    echo "$uuid $own readonly" >"$sv/$(key "$5")" ;;
"subvolume delete")
    subvolume "$3"
    rm -rf "$3" "$sv/$(key "$3")" ;;
"send -q")
    shift 2
    parent=
    [ "$1" != -p ] || { subvolume "$2"; parent=$uuid; shift 2; }
    subvolume "$1"
    echo "stream $uuid ${1##*/} $parent"
    if [ -e "$STATE/unreadable" ]; then echo "ERROR: send ioctl failed with -5: Input/output error" >&2; exit 1; fi
    [ ! -e "$STATE/cut" ] || exit 0
    tar -C "$1" -c . ;;
"receive "*)
    read -r word sent name parent
    [ "$word" = stream ] || { echo "ERROR: empty stream is not considered valid" >&2; exit 1; }
    if [ -n "$parent" ] && ! grep -q " $parent readonly" "$sv"/*; then
        echo "ERROR: clone: cannot find parent subvolume $parent" >&2
        exit 1
    fi
    mkdir "$2/$name" || exit 1
    new
    echo "$uuid - -" >"$sv/$(key "$2/$name")"
    if [ -e "$STATE/full" ]; then echo "ERROR: writing to x failed: No space left on device" >&2; exit 1; fi
    if ! tar -C "$2/$name" -xp 2>/dev/null; then echo "ERROR: unexpected EOF in stream" >&2; exit 1; fi
    echo "$uuid $sent readonly" >"$sv/$(key "$2/$name")" ;;
*) echo "not expected: $*" >&2; exit 2 ;;
esac
`

// fakeSSH is a line to this machine. Its login has something to say.
const fakeSSH = `
[ ! -e "$STATE/stranger" ] || { echo "Host key verification failed." >&2; exit 255; }
[ ! -e "$STATE/down" ] || { echo "ssh: connect to host 10.0.0.2 port 22: No route to host" >&2; exit 255; }
for last; do :; done
case $last in
*" -s")
    cat >"$STATE/asked"
    grep -q '^ASK=read$' "$STATE/asked" || echo "welcome"
    [ -e "$STATE/half" ] || exec sh -s <"$STATE/asked"
    sh -s <"$STATE/asked" | head -n 1 ;;
*) exec sh -c "$last" ;;
esac
`

// newSendBed returns a host whose data is a subvolume and another that keeps
// copies of it, both of them this machine.
func newSendBed(t *testing.T, shell ...string) (*bed, actions.Repository, map[string]string) {
	t.Helper()
	t.Parallel()
	b := newBed(t, "[node.app]\n[node.nas]\naddress = \"10.0.0.2\"\nport = 222\n[repository.far]\nkind = \"btrfs-send\"\non = \"nas\"\npath = \"{DIR}/far\"\nssh_key = \"/root/it's a key\"\n", shell...)
	b.standIn("btrfs", fakeSender)
	b.standIn("ssh", fakeSSH)
	b.standIn("id", "echo 0\n")
	if err := os.Mkdir(filepath.Join(b.dir, "far"), 0o700); err != nil {
		t.Fatal(err)
	}
	src := b.tree("live/docs")
	b.subvolume(src, "u0 - -")
	return b, b.repository("far"), map[string]string{actions.InTag: "docs", actions.InRun: "r1", actions.InPaths: src}
}

// subvolume makes a folder one.
func (b *bed) subvolume(folder, what string) {
	b.t.Helper()
	b.state("sv/"+strings.ReplaceAll(folder, "/", "+"), what+"\n")
}

func TestBtrfsSend(t *testing.T) {
	for _, shell := range [][]string{{"dash"}, {"bash"}, {"busybox", "sh"}} {
		t.Run(shell[0], func(t *testing.T) {
			needTool(t, shell[0])
			b, r, in := newSendBed(t, shell...)
			src := in[actions.InPaths]
			if said := b.does(r.Survey, in); said["tool"] != "btrfs send" || said["version"] != "6.2" || said["free"] == "" || said["trouble"] != "" {
				t.Errorf("survey: %v", said)
			}
			if out := b.run(r.Find, in); out.Exit != 1 {
				t.Errorf("find before the copy: %+v", out)
			}
			first := b.does(r.Copy, in)
			if first["files"] != "6" || !strings.HasSuffix(first["copy"], "Z-r1") {
				t.Fatalf("copy: %v", first)
			}
			if again := b.does(r.Copy, in); !maps.Equal(again, first) {
				t.Errorf("copied again: %v, the first time %v", again, first)
			}
			smallFile(t, filepath.Join(src, "more"), "more\n")
			in[actions.InRun] = "r2"
			second := b.does(r.Copy, in)
			if second["files"] != "7" {
				t.Errorf("copy: %v", second)
			}
			calls := b.read("calls")
			near := filepath.Join(filepath.Dir(src), ".jurymast-send/far/docs")
			for _, want := range []string{
				"-o BatchMode=yes -o StrictHostKeyChecking=yes", "-p 222 -o IdentitiesOnly=yes -i /root/it's a key -- root@10.0.0.2",
				"btrfs send -q " + near + "/" + first["copy"] + "\n", "btrfs send -q -p " + near + "/" + first["copy"] + " " + near + "/" + second["copy"] + "\n",
				"btrfs subvolume delete " + near + "/" + first["copy"] + "\n",
			} {
				if !strings.Contains(calls, want) {
					t.Errorf("no %q in\n%s", want, calls)
				}
			}
			got := b.copiesOf(r, "docs")
			if len(got) != 2 || got[0][0] != second["copy"] || got[0][2] != second["bytes"] || got[0][4] != "complete" || got[0][5] != "r2" {
				t.Errorf("list: %v", got)
			}
			if other := b.copiesOf(r, "doc"); len(other) != 0 {
				t.Errorf("another backup has %v", other)
			}
			in[actions.InCopy] = second["copy"]
			if v := b.does(r.Verify, in); v["level"] != "readable" {
				t.Errorf("verify: %v", v)
			}
			in[actions.InInto] = filepath.Join(b.dir, "into")
			for range 2 {
				if e := b.does(r.Extract, in); e["files"] != "7" {
					t.Errorf("extract: %v", e)
				}
			}
			if want, have := listing(t, src), listing(t, in[actions.InInto]+src); !maps.Equal(want, have) {
				t.Errorf("what came back\n%v\nis not what was copied\n%v", have, want)
			}
			if said := b.does(*r.Forget, map[string]string{actions.InTag: "docs", "KEEP_LAST": "1"}); said["removed"] != "1" {
				t.Errorf("forget: %v", said)
			}
			if got := b.copiesOf(r, "docs"); len(got) != 1 || got[0][0] != second["copy"] {
				t.Errorf("left are %v", got)
			}
		})
	}
}

// Whatever cuts a stream off, nothing half is listed, and the next attempt sends
// from the last whole snapshot that both sides have.
func TestBtrfsSendCut(t *testing.T) {
	b, r, in := newSendBed(t)
	first := b.does(r.Copy, in)["copy"]
	far, near := filepath.Join(b.dir, "far/docs"), filepath.Join(b.dir, "live/.jurymast-send/far/docs")
	in[actions.InRun] = "r2"
	for state, reason := range map[string]string{
		"cut": "unexpected EOF in stream", "full": "No space left on device", "unreadable": "was not sent: ERROR: send ioctl failed with -5",
	} {
		b.state(state, "")
		b.refuses(r.Copy, in, reason)
		if err := os.Remove(filepath.Join(b.dir, "state", state)); err != nil {
			t.Fatal(err)
		}
		if got := b.copiesOf(r, "docs"); len(got) != 1 {
			t.Errorf("%s: listed are %v", state, got)
		}
		if left, _ := filepath.Glob(near + "/*"); len(left) != 1 || filepath.Base(left[0]) != first {
			t.Errorf("%s: left here are %v", state, left)
		}
	}
	// Killed: here a snapshot is left, there what came of half of it.
	half := "20261121T000000Z-r2"
	for _, at := range []string{near, far} {
		smallFile(t, filepath.Join(at, half, "plain"), "one\n")
	}
	b.subvolume(filepath.Join(near, half), "u90 - readonly")
	b.subvolume(filepath.Join(far, half), "u91 - -")
	if got := b.copiesOf(r, "docs"); len(got) != 1 {
		t.Errorf("what is half is listed: %v", got)
	}
	if out := b.run(r.Find, in); out.Exit != 1 {
		t.Errorf("what is half is found: %+v", out)
	}
	second := b.does(r.Copy, in)["copy"]
	if calls := b.read("calls"); !strings.Contains(calls, "send -q -p "+near+"/"+first+" "+near+"/"+second) {
		t.Errorf("it was not sent from the last whole one:\n%s", calls)
	}
	for _, at := range []string{near, far} {
		if _, err := os.Stat(filepath.Join(at, half)); err == nil {
			t.Errorf("%s is still in %s", half, at)
		}
	}
	// Killed when all had come, ahead of the note: it is not sent once more.
	if err := os.Remove(filepath.Join(far, second+".copy")); err != nil {
		t.Fatal(err)
	}
	if got := b.copiesOf(r, "docs"); len(got) != 1 {
		t.Errorf("without a note: %v", got)
	}
	sent := strings.Count(b.read("calls"), "btrfs send")
	if said := b.does(r.Copy, in); said["copy"] != second || strings.Count(b.read("calls"), "btrfs send") != sent {
		t.Errorf("it was sent once more: %v", said)
	}
}

// The newest that both sides have stays, whatever the rules say; where there is
// none, all is sent.
func TestBtrfsSendBase(t *testing.T) {
	b, r, in := newSendBed(t)
	first := b.does(r.Copy, in)["copy"]
	near := filepath.Join(b.dir, "live/.jurymast-send/far/docs")
	// Two more copies, of which this host has no snapshot any more.
	for i, id := range []string{"20361121T000000Z-r8", "20361122T000000Z-r9"} {
		uuid := []string{"u80", "u81"}[i]
		smallFile(t, filepath.Join(b.dir, "far/docs", id, "plain"), "one\n")
		smallFile(t, filepath.Join(b.dir, "far/docs", id+".copy"), "4 1 "+uuid+" "+in[actions.InPaths]+"\n")
		b.subvolume(filepath.Join(b.dir, "far/docs", id), "x "+uuid+" readonly")
	}
	if said := b.does(*r.Forget, map[string]string{actions.InTag: "docs", "KEEP_LAST": "1"}); said["removed"] != "1" {
		t.Errorf("forget: %v", said)
	}
	var left []string
	for _, c := range b.copiesOf(r, "docs") {
		left = append(left, c[0])
	}
	if !slices.Equal(left, []string{"20361122T000000Z-r9", first}) {
		t.Errorf("left are %v", left)
	}
	// A snapshot that was made writable is none to go on from.
	b.subvolume(filepath.Join(near, first), "u1 - -")
	in[actions.InRun] = "r2"
	second := b.does(r.Copy, in)["copy"]
	if calls := b.read("calls"); !strings.Contains(calls, "send -q "+near+"/"+second) {
		t.Errorf("not all was sent:\n%s", calls)
	}
}

// A copy made from one that is damaged would hold what is spoilt as well: the next
// is made from all of it, and only that is.
func TestBtrfsSendDamaged(t *testing.T) {
	for name, finds := range map[string]func(b *bed, r actions.Repository, in map[string]string){
		"verify reads what is no more what was sent": func(b *bed, r actions.Repository, in map[string]string) {
			smallFile(b.t, filepath.Join(b.dir, "far/docs", in[actions.InCopy], "plain"), "another\n")
			b.refuses(r.Verify, in, "is not what was sent")
		},
		"extract brings back what is not": func(b *bed, r actions.Repository, in map[string]string) {
			smallFile(b.t, filepath.Join(b.dir, "far/docs", in[actions.InCopy], "plain"), "another\n")
			b.refuses(r.Extract, in, "is not all that was copied")
		},
		"verify cannot read its blocks": func(b *bed, r actions.Repository, in map[string]string) {
			b.standIn("cat", "[ \"${*#*/far/docs/}\" = \"$*\" ] || { echo 'cat: x: Input/output error' >&2; exit 1; }\nexec /bin/cat \"$@\"\n")
			b.refuses(r.Verify, in, "is damaged: root@10.0.0.2: not all of "+in[actions.InCopy]+" can be read: cat: x: Input/output error")
		},
		"extract cannot read its blocks": func(b *bed, r actions.Repository, in map[string]string) {
			b.standIn("tar", "case \"$*\" in *jurymast-send*) ;; *-C*/far/docs/*-c*) echo 'tar: ./x: Read error at byte 0: Input/output error' >&2; exit 2 ;; esac\nexec /bin/tar \"$@\"\n")
			b.refuses(r.Extract, in, "is damaged: root@10.0.0.2: tar: ./x: Read error")
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, r, in := newSendBed(t)
			first := b.does(r.Copy, in)["copy"]
			in[actions.InCopy], in[actions.InInto] = first, filepath.Join(b.dir, "into")
			finds(b, r, in)
			if got := b.copiesOf(r, "docs"); len(got) != 1 || got[0][0] != first {
				t.Errorf("listed are %v", got)
			}
			in[actions.InRun] = "r2"
			second := b.does(r.Copy, in)["copy"]
			in[actions.InRun] = "r3"
			third := b.does(r.Copy, in)["copy"]
			near := filepath.Join(b.dir, "live/.jurymast-send/far/docs/")
			calls := b.read("calls")
			for _, want := range []string{"send -q " + near + "/" + second + "\n", "send -q -p " + near + "/" + second + " " + near + "/" + third + "\n"} {
				if !strings.Contains(calls, want) {
					t.Errorf("no %q in\n%s", want, calls)
				}
			}
			if said := b.does(*r.Forget, map[string]string{actions.InTag: "docs", "KEEP_LAST": "2"}); said["removed"] != "1" {
				t.Errorf("forget: %v", said)
			}
			if left, err := filepath.Glob(filepath.Join(b.dir, "far/docs", first+"*")); err != nil || len(left) != 0 {
				t.Errorf("left are %v (%v)", left, err)
			}
		})
	}
}

func TestBtrfsSendTroubles(t *testing.T) {
	b, r, in := newSendBed(t)
	src := in[actions.InPaths]
	set := func(name string, does func()) {
		t.Helper()
		b.state(name, "")
		does()
		if err := os.Remove(filepath.Join(b.dir, "state", name)); err != nil {
			t.Fatal(err)
		}
	}
	for state, reason := range map[string]string{
		"stranger": "root@10.0.0.2: its host key is not known to root here", "down": "root@10.0.0.2 cannot be reached: ssh: connect to host",
		"half": "no whole answer came",
	} {
		set(state, func() {
			if said := b.does(r.Survey, in); !strings.Contains(said["trouble"], reason) {
				t.Errorf("%s: survey %v", state, said)
			}
			if out := b.run(r.Find, in); out.Exit != 2 {
				t.Errorf("%s: find %+v", state, out)
			}
			b.refuses(r.List, in, reason)
			b.refuses(r.Copy, in, reason)
			b.refuses(*r.Forget, map[string]string{actions.InTag: "docs", "KEEP_LAST": "1"}, reason)
		})
	}
	set("ext4", func() {
		if said := b.does(r.Survey, in); !strings.Contains(said["trouble"], "is on no btrfs") {
			t.Errorf("survey %v", said)
		}
	})
	away := map[string]string{"REPOSITORY": b.dir + "/none"}
	if said := b.does(r.Survey.With(away), in); !strings.Contains(said["trouble"], "there is no folder "+b.dir+"/none") {
		t.Errorf("survey %v", said)
	}
	if said := b.does(r.Survey.With(map[string]string{"FAR_MOUNT": b.dir + "/far", "FAR_TABLE_MOUNT": b.dir + "/far"}), in); !strings.Contains(said["trouble"], "nothing is mounted") {
		t.Errorf("survey %v", said)
	}
	b.refuses(r.Copy, map[string]string{actions.InTag: "docs", actions.InRun: "r1", actions.InPaths: b.tree("live/plain")}, "cannot be sent: ERROR: Not a Btrfs subvolume")
	b.refuses(r.Copy, map[string]string{actions.InTag: "docs", actions.InRun: "r1", actions.InPaths: src + "\n" + b.dir}, "of one subvolume")
	b.state("nested", "ID 260 gen 13 top level 256 path live/docs/inner room\nID 261 gen 13 top level 256 path docs/.x/20261121T000000Z-r7\n")
	b.refuses(r.Copy, in, "has subvolumes of its own, which no snapshot of it holds: live/docs/inner room.")
	b.does(r.Copy.With(map[string]string{"NESTED": "yes"}), in)
	b.state("nested", "")
	in[actions.InRun] = "r2"
	b.subvolume(src, "u0 u77 -")
	b.refuses(r.Copy, in, "was received and made writable as it is")
	b.subvolume(src, "u0 - -")
	for _, id := range []string{"../x", "r1", "20261121T000000Z-none", "20261121T000000Z-a b"} {
		gone := map[string]string{actions.InTag: "docs", actions.InCopy: id, actions.InInto: filepath.Join(b.dir, "into")}
		b.refuses(r.Verify, gone, "copy")
		b.refuses(r.Extract, gone, "copy")
	}
	// What lies there is not what was sent.
	id := b.copiesOf(r, "docs")[0][0]
	smallFile(t, filepath.Join(b.dir, "far/docs", id, "plain"), "another\n")
	known := map[string]string{actions.InTag: "docs", actions.InCopy: id}
	b.unsound(r.Verify, known, true, "is not what was sent")
	b.unsound(r.Extract, map[string]string{actions.InTag: "docs", actions.InCopy: id, actions.InInto: filepath.Join(b.dir, "into")}, true, "is not all that was copied")
	for line, damaged := range map[string]bool{"cat: plain: Input/output error": true, "sh: out of memory": false} {
		b.standIn("find", "case \"$*\" in *' cat '*) echo '"+line+"' >&2; exit 1 ;; esac\nexec /usr/bin/find \"$@\"\n")
		b.unsound(r.Verify, known, damaged, "")
	}
	for _, state := range []string{"down", "half"} {
		set(state, func() { b.unsound(r.Verify, known, false, "") })
	}
	// Nor is what somebody has made writable a copy.
	b.subvolume(filepath.Join(b.dir, "far/docs", id), "x - -")
	if got := b.copiesOf(r, "docs"); len(got) != 0 {
		t.Errorf("listed are %v", got)
	}
}

func TestSendLine(t *testing.T) {
	f, err := inventory.Parse("bed.toml", []byte("[node.app]\n[node.nas]\naddress = \"10.0.0.2\"\nport = 222\n"), Schema())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ on, url, destination, port, wrong string }{
		{"node/nas", "", "root@10.0.0.2", "222", ""},
		{"node/app", "", "", "", ""},
		{"", "", "", "", ""},
		{"node/nas", "keeper", "keeper", "", ""},
		{"", "ssh://root@nas:22", "ssh://root@nas:22", "", ""},
		{"", "root@[2001:db8::1]", "root@[2001:db8::1]", "", ""},
		{"node/app", "root@nas", "", "", ""},
		{"", "ssh://root:secret@nas", "", "", "holds a password"},
		{"", "-oProxyCommand=x", "", "", "is not how ssh calls a host"},
		{"", "nas:/srv/copies", "", "", "is not how ssh calls a host"},
		{"", "root@nas x", "", "", "is not how ssh calls a host"},
	} {
		in, err := sendLine(f, inventory.Repository{Name: "far", On: inventory.Ref(c.on), URL: c.url}, "node/app")
		switch {
		case c.wrong != "":
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%+v: %v", c, err)
			}
		case err != nil || in["DESTINATION"] != c.destination || in["PORT"] != c.port:
			t.Errorf("%+v: %v %v", c, in, err)
		}
	}
}
