package kind

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jurymast/actions"
)

// fakeZfsSender has datasets that are folders of $STATE/z: their properties in
// p, their snapshots and bookmarks in "points" as lines "GUID @NAME" or "GUID
// #NAME" in the order in which they came about, the files of a snapshot in
// f/NAME, its properties and holds in s/NAME. A stream is a line and an archive;
// of one that was cut off, what came is in "partial" and its token in
// p/receive_resume_token.
const fakeZfsSender = `
z=$STATE/z
tab=$(printf '\t')
key() { printf '%s' "$1" | tr / +; }
name_of() { printf '%s' "$1" | tr + /; }
fail() { printf '%s\n' "$*" >&2; exit 1; }
split() {
    ds=${1%%[@#]*} point=${1#"${1%%[@#]*}"}
    d=$z/$(key "$ds")
    [ -d "$d" ] || fail "cannot open '$1': dataset does not exist"
    [ -z "$point" ] || grep -q " $point\$" "$d/points" 2>/dev/null || fail "cannot open '$1': snapshot does not exist"
    s=$d
    [ -z "$point" ] || s=$d/s/$point
}
guid_at() { awk -v p="$2" '$2 == p { print $1 }' "$1/points" 2>/dev/null; }
next() {
    n=$(($(cat "$STATE/count" 2>/dev/null || echo 0) + 1))
    echo "$n" >"$STATE/count"
}
prop() { # of $1 the property $2
    split "$1"
    case $2 in
    guid) guid_at "$d" "$point" ;;
    available) echo 123456789 ;;
    *) cat "$s/p/$2" 2>/dev/null || case $2 in canmount) echo on ;; encryption | readonly) echo off ;; *) echo - ;; esac ;;
    esac
}
under() { # datasets at and below $1
    for d in "$z/$(key "$1")" "$z/$(key "$1")+"*; do
        [ ! -d "$d" ] || name_of "${d##*/}"
        [ ! -d "$d" ] || echo
    done
}
[ ! -e "$STATE/unloaded" ] || fail "The ZFS modules are not loaded."
case "$1 $2 $3 $4 $5 $6" in
version*) printf 'zfs-2.3.2-1\nzfs-kmod-2.3.2-1\n' ;;
"list -H -o name,mountpoint "*)
    for d in "$z"/*; do
        m=$(cat "$d/p/mountpoint" 2>/dev/null)
        if [ -n "$m" ]; then case $5/ in "$m"/*) printf '%s\t%s\n' "$(name_of "${d##*/}")" "$m"; exit ;; esac; fi
    done
    fail "cannot open '$5': not a ZFS filesystem" ;;
"list -H -r -d 1 -t")
    split "${10}"
    top=${10}
    under "$top" | awk -v n="$(printf '%s' "$top" | tr -cd / | wc -c)" '{ t = $0; if (gsub("/", "", t) <= n + 1) print }' ;;
"list -H -p -r -t snapshot")
    split "${11}"
    for set in $(under "${11}"); do
        awk -v ds="$set" '$2 ~ /^@/ { print $1, ds $2 }' "$z/$(key "$set")/points" 2>/dev/null
    done | sort -t g -k2n | while read -r guid name; do
        printf '%s\t%s\t%s\t%s\n' "$guid" "$name" "$(prop "$name" jurymast:damaged)" "$(prop "$name" jurymast:copy)"
    done ;;
"list -H -p -d 1 -t")
    split "${12}"
    awk -v ds="$ds" '{ printf "%s\t%s%s\n", $1, ds, $2 }' "$d/points" 2>/dev/null; : ;;
"get -H -p -o value "*) prop "$7" "$6" ;;
"get -H -r -t filesystem,volume "*)
    for set in $(under "$9"); do printf '%s\t%s\n' "$set" "$(prop "$set" "$8")"; done ;;
"holds -H "*) split "$3"; [ ! -e "$s/held" ] || printf '%s\t%s\tThu\n' "$3" "$(cat "$s/held")" ;;
"hold jurymast "*) split "$3"; echo jurymast >"$s/held" ;;
"release jurymast "*) split "$3"; rm "$s/held" ;;
"snapshot "*)
    split "${2%@*}"
    next
    at=@${2#*@}
    mkdir -p "$d/s/$at/p" "$d/f" && cp -a "$(cat "$d/p/mountpoint")" "$d/f/$at" && echo "g$n $at" >>"$d/points" ;;
"bookmark "*)
    split "$2"
    echo "$(guid_at "$d" "$point") #${3#*#}" >>"$d/points"; mkdir -p "$d/s/#${3#*#}/p" ;;
"create -o canmount=off "*)
    split "${6%/*}"
    mkdir -p "$z/$(key "$6")/p" ;;
"set "*)
    split "$3"
    mkdir -p "$s/p" && echo "${2#*=}" >"$s/p/${2%%=*}" ;;
"destroy -"*) fail "destroyed with $2" ;;
"destroy "*)
    split "$2"
    if [ -z "$point" ]; then
        [ ! -s "$d/points" ] && [ "$(under "$ds" | grep -c .)" = 1 ] || fail "cannot destroy '$2': filesystem has children"
        rm -rf "$d"
    else
        [ ! -e "$s/held" ] || fail "cannot destroy '$2': dataset is busy"
        grep -v " $point\$" "$d/points" >"$STATE/points"
        mv "$STATE/points" "$d/points"
        rm -rf "$s" "$d/f/$point"
    fi ;;
"send -t "* | "send -n -t "*)
    for token; do :; done
    IFS=: read -r _ guid offset <<END
$token
END
    found=$(grep -l "^$guid @" "$z"/*/points | head -n 1)
    [ -n "$found" ] || fail "cannot resume send: the snapshot used in the initial send no longer exists"
    at=$(awk -v g="$guid" '$1 == g { print $2; exit }' "$found")
    [ "$2" != -n ] || exit 0
    echo "resume $guid $at $offset"
    tar -C "${found%/points}/f/$at" -c . | tail -c +$((offset + 1)) ;;
"send -"*)
    from=
    shift
    while [ "$#" -gt 1 ]; do
        if [ "$1" = -i ]; then from=$2; shift; fi
        shift
    done
    split "$1"
    base=
    if [ -n "$from" ]; then base=$(guid_at "$d" "$from"); [ -n "$base" ] || fail "cannot send '$1': incremental source does not exist"; fi
    echo "stream $(guid_at "$d" "$point") $point $base"
    if [ -e "$STATE/unreadable" ]; then fail "warning: cannot send '$1': Input/output error"; fi
    tar -C "$d/f/$point" -c . | if [ -e "$STATE/cut" ]; then head -c 300000; else cat; fi ;;
"receive -A "*)
    split "$3"
    [ -e "$d/partial" ] || fail "'$3' does not have any resumable receive state to abort"
    rm -f "$d/partial" "$d/p/receive_resume_token"
    [ -s "$d/points" ] || rm -rf "$d" ;;
"receive -s -u "*)
    for ds; do :; done
    d=$z/$(key "$ds")
    read -r what guid at base
    what_is="incremental stream"
    case $what in
    stream)
        if [ -z "$base" ]; then
            what_is="new filesystem stream"
            [ ! -d "$d" ] || fail "cannot receive new filesystem stream: destination '$ds' exists"
            mkdir -p "$d/p"
        else
            [ -d "$d" ] || fail "cannot receive incremental stream: destination '$ds' does not exist"
            [ "$(tail -n 1 "$d/points" | cut -d ' ' -f 1)" = "$base" ] || fail "cannot receive incremental stream: most recent snapshot of $ds does not
match incremental source"
            [ ! -e "$STATE/modified" ] || fail "cannot receive incremental stream: destination $ds has been modified
since most recent snapshot"
        fi
        for o; do case $o in *=*) echo "${o#*=}" >"$d/p/${o%%=*}" ;; esac; done
        cat >"$d/partial" ;;
    resume)
        [ ! -e "$STATE/spoilt" ] || fail "cannot receive resume stream: kernel modules must be upgraded to receive this stream."
        what_is="resume stream"
        cat >>"$d/partial" ;;
    *) fail "cannot receive: failed to read from stream" ;;
    esac
    rm -rf "$d/new" && mkdir "$d/new"
    # An archive ends with blocks of nothing.
    if [ "$(tail -c 1024 "$d/partial" | tr -d '\0' | wc -c)" != 0 ]; then
        echo "1:$guid:$(($(wc -c <"$d/partial")))" >"$d/p/receive_resume_token"
        fail "cannot receive $what_is: checksum mismatch or incomplete stream.
Partially received snapshot is saved.
A resuming stream can be generated on the sending system by running:
    zfs send -t $(cat "$d/p/receive_resume_token")"
    fi
    tar -C "$d/new" -xp -f "$d/partial" || fail "cannot receive: not the rest of it"
    mkdir -p "$d/s/$at/p" "$d/f" && mv "$d/new" "$d/f/$at"
    rm -f "$d/partial" "$d/p/receive_resume_token"
    ! [ -e "$STATE/guid" ] || guid=$(cat "$STATE/guid")
    echo "$guid $at" >>"$d/points" ;;
*) echo "not expected: $*" >&2; exit 2 ;;
esac
`

// fakeZfsMount mounts snapshots: their files are copied to where they are to be
// seen.
const fakeZfsMount = `
[ "$1 $2 $3 $4" = "-t zfs -o ro" ] || { echo "mount: $*" >&2; exit 32; }
[ ! -e "$STATE/nomount" ] || { echo "filesystem '$5' cannot be mounted: Input/output error" >&2; exit 1; }
d=$STATE/z/$(printf '%s' "${5%@*}" | tr / +)
cp -a "$d/f/@${5#*@}/." "$6/"
`

// newZfsBed returns a host whose data is the dataset tank/docs and another that
// keeps copies of it in back/copies, both of them this machine.
func newZfsBed(t *testing.T, shell ...string) (*bed, actions.Repository, map[string]string) {
	t.Helper()
	t.Parallel()
	b := newBed(t, "[node.app]\n[node.nas]\naddress = \"10.0.0.2\"\nport = 222\n[repository.far]\nkind = \"zfs-send\"\non = \"nas\"\ndataset = \"back/copies\"\nssh_key = \"/root/it's a key\"\n", shell...)
	b.standIn("zfs", fakeZfsSender)
	b.standIn("ssh", fakeSSH)
	b.standIn("mount", fakeZfsMount)
	b.standIn("umount", "case $1 in */jurymast.*/at) find \"$1\" -mindepth 1 -delete ;; *) exit 32 ;; esac\n")
	b.standIn("id", `cat "$STATE/uid" 2>/dev/null || echo 0`+"\n")
	src := b.tree("live/docs")
	b.state("z/tank+docs/p/mountpoint", src+"\n")
	b.state("z/tank+docs/p/encryption", "off\n")
	for _, set := range []string{"back", "back+copies"} {
		b.state("z/"+set+"/p/readonly", "off\n")
	}
	return b, b.repository("far"), map[string]string{actions.InTag: "docs", actions.InRun: "r1", actions.InPaths: src}
}

// unstate takes back what state has said.
func (b *bed) unstate(names ...string) {
	b.t.Helper()
	for _, name := range names {
		if err := os.Remove(filepath.Join(b.dir, "state", name)); err != nil {
			b.t.Fatal(err)
		}
	}
}

// points are the snapshots and bookmarks of a dataset of the stand-in, without
// what their names begin with.
func (b *bed) points(set string) []string {
	b.t.Helper()
	var out []string
	for line := range strings.Lines(b.read("z/" + strings.ReplaceAll(set, "/", "+") + "/points")) {
		_, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		out = append(out, strings.Replace(name, "jurymast:far:docs:", "", 1))
	}
	return out
}

// sends are the calls of zfs send that sent something.
func (b *bed) sends() []string {
	var out []string
	for line := range strings.Lines(b.read("calls")) {
		if strings.HasPrefix(line, "zfs send ") && !strings.HasPrefix(line, "zfs send -n") {
			out = append(out, strings.ReplaceAll(strings.TrimSpace(line), "jurymast:far:docs:", ""))
		}
	}
	return out
}

func TestZfsSend(t *testing.T) {
	for _, shell := range [][]string{{"dash"}, {"bash"}, {"busybox", "sh"}} {
		t.Run(shell[0], func(t *testing.T) {
			needTool(t, shell[0])
			b, r, in := newZfsBed(t, shell...)
			src := in[actions.InPaths]
			if said := b.does(r.Survey, in); said["tool"] != "zfs send" || said["version"] != "2.3.2-1" || said["free"] != "123456789" || said["trouble"] != "" {
				t.Errorf("survey: %v", said)
			}
			if out := b.run(r.Find, in); out.Exit != 1 {
				t.Errorf("find before the copy: %+v", out)
			}
			first := b.does(r.Copy, in)
			one := first["copy"]
			if first["files"] != "6" || !strings.HasSuffix(one, "Z-r1") {
				t.Fatalf("copy: %v", first)
			}
			if again := b.does(r.Copy, in); !maps.Equal(again, first) {
				t.Errorf("copied again: %v, the first time %v", again, first)
			}
			smallFile(t, filepath.Join(src, "more"), "more\n")
			in[actions.InRun] = "r2"
			second := b.does(r.Copy, in)
			two := second["copy"]
			if second["files"] != "7" {
				t.Errorf("copy: %v", second)
			}
			if want := []string{"zfs send -L -c tank/docs@" + one, "zfs send -L -c -i @jurymast:far:docs:" + one + " tank/docs@" + two}; !slices.Equal(b.sends(), []string{want[0], strings.ReplaceAll(want[1], "jurymast:far:docs:", "")}) {
				t.Errorf("sent was %q, want %q", b.sends(), want)
			}
			calls := b.read("calls")
			for _, want := range []string{
				"-o BatchMode=yes -o StrictHostKeyChecking=yes", "-p 222 -o IdentitiesOnly=yes -i /root/it's a key -- root@10.0.0.2",
				"zfs receive -s -u -o readonly=on -o canmount=noauto back/copies/docs/" + one + "\n", "zfs hold jurymast tank/docs@jurymast:far:docs:" + one + "\n",
				"zfs hold jurymast back/copies/docs/" + one + "@jurymast:far:docs:" + two + "\n",
			} {
				if !strings.Contains(calls, want) {
					t.Errorf("no %q in\n%s", want, calls)
				}
			}
			// Of what was sent only the newest stays here, and its bookmark.
			if got := b.points("tank/docs"); !slices.Equal(got, []string{"@" + two, "#" + two}) {
				t.Errorf("here are %v", got)
			}
			set := "back/copies/docs/" + one
			if got := b.points(set); !slices.Equal(got, []string{"@" + one, "@" + two}) {
				t.Errorf("there are %v", got)
			}
			got := b.copiesOf(r, "docs")
			if len(got) != 2 || got[0][0] != two || got[0][2] != second["bytes"] || got[0][4] != "complete" || got[0][5] != "r2" {
				t.Errorf("list: %v", got)
			}
			if other := b.copiesOf(r, "doc"); len(other) != 0 {
				t.Errorf("another backup has %v", other)
			}
			in[actions.InCopy] = two
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
			if got := b.points(set); !slices.Equal(got, []string{"@" + two}) {
				t.Errorf("left are %v", got)
			}
			for line := range strings.Lines(b.read("calls")) {
				if strings.HasPrefix(line, "zfs destroy ") && (strings.Contains(line, " -") || !strings.ContainsAny(line, "@#")) {
					t.Errorf("more than one snapshot is destroyed: %s", line)
				}
			}
		})
	}
}

// A stream that is cut off is no copy, and goes on where it was: with the run
// that began it, or ahead of the copy of a later one.
func TestZfsSendCut(t *testing.T) {
	b, r, in := newZfsBed(t)
	cut := func(reason string) {
		t.Helper()
		listed := len(b.copiesOf(r, "docs"))
		b.state("cut", "")
		b.refuses(r.Copy, in, reason)
		b.unstate("cut")
		if got := b.copiesOf(r, "docs"); len(got) != listed {
			t.Errorf("half a stream is listed: %v", got)
		}
		if out := b.run(r.Find, in); out.Exit != 1 {
			t.Errorf("half a stream is found: %+v", out)
		}
	}
	cut("root@10.0.0.2: cannot receive new filesystem stream: checksum mismatch or incomplete stream. Partially received snapshot is saved.")
	one := strings.TrimPrefix(b.points("tank/docs")[0], "@")
	if said := b.does(r.Copy, in); said["copy"] != one || said["files"] != "6" {
		t.Errorf("it did not go on: %v, begun was %s", said, one)
	}
	guid, _, _ := strings.Cut(b.read("z/tank+docs/points"), " ")
	if got := b.sends(); len(got) != 2 || got[1] != "zfs send -t 1:"+guid+":300000" {
		t.Errorf("sent was %q", got)
	}
	if got := b.points("tank/docs"); !slices.Equal(got, []string{"@" + one, "#" + one}) {
		t.Errorf("here are %v", got)
	}

	smallFile(t, filepath.Join(in[actions.InPaths], "more"), "more\n")
	in[actions.InRun] = "r2"
	cut("root@10.0.0.2: cannot receive incremental stream: checksum mismatch")
	smallFile(t, filepath.Join(in[actions.InPaths], "still more"), "more\n")
	in[actions.InRun] = "r3"
	if said := b.does(r.Copy, in); said["files"] != "8" || !strings.HasSuffix(said["copy"], "-r3") {
		t.Errorf("copy: %v", said)
	}
	got := b.copiesOf(r, "docs")
	if len(got) != 3 || got[0][5] != "r3" || got[1][5] != "r2" || got[1][3] != "7" {
		t.Errorf("listed are %v", got)
	}
	if calls := b.sends(); len(calls) != 5 || !strings.HasPrefix(calls[3], "zfs send -t ") || calls[4] != "zfs send -L -c -i @"+got[1][0]+" tank/docs@"+got[0][0] {
		t.Errorf("sent was %q", calls)
	}

	// Killed when all had come, ahead of the note: it is not sent once more.
	in[actions.InRun] = "r4"
	fourth := b.does(r.Copy, in)["copy"]
	b.unstate("z/back+copies+docs+" + one + "/s/@jurymast:far:docs:" + fourth + "/p/jurymast:copy")
	if got := b.copiesOf(r, "docs"); len(got) != 3 {
		t.Errorf("without a note: %v", got)
	}
	sent := len(b.sends())
	if said := b.does(r.Copy, in); said["copy"] != fourth || len(b.sends()) != sent {
		t.Errorf("it was sent once more: %v", said)
	}
	if calls := b.read("calls"); strings.Contains(calls, "receive -A") || strings.Contains(calls, " -F") {
		t.Errorf("something was given up:\n%s", calls)
	}
}

// What cannot be gone on with is given up, and all is sent anew.
func TestZfsSendStale(t *testing.T) {
	stale := map[string]func(b *bed, at string){
		"the snapshot is gone": func(b *bed, _ string) { b.state("z/tank+docs/points", "") },
		"it is another":        func(b *bed, at string) { b.state("z/tank+docs/points", "g90 "+at+"\n") },
		"nobody knows of what": func(b *bed, _ string) { b.unstate("z/back+copies+docs/p/jurymast:sending") },
	}
	for name, does := range stale {
		t.Run(name, func(t *testing.T) {
			b, r, in := newZfsBed(t)
			b.state("cut", "")
			b.refuses(r.Copy, in, "incomplete stream")
			b.unstate("cut")
			_, at, _ := strings.Cut(b.read("z/tank+docs/points"), " ")
			does(b, at)
			in[actions.InRun] = "r2"
			out := b.run(r.Copy, in)
			id := strings.TrimPrefix(at, "@jurymast:far:docs:")
			if out.Exit != 0 || !strings.Contains(string(out.Stderr), "it is given up") {
				t.Fatalf("copy: %d %s%s", out.Exit, out.Stdout, out.Stderr)
			}
			if calls := b.read("calls"); !strings.Contains(calls, "zfs receive -A back/copies/docs/"+id+"\n") {
				t.Errorf("nothing was given up:\n%s", calls)
			}
			if got := b.copiesOf(r, "docs"); len(got) != 1 || got[0][5] != "r2" {
				t.Errorf("listed are %v", got)
			}
			if got := b.sends(); len(got) != 2 || strings.Contains(got[1], "-t") || strings.Contains(got[1], "-i") {
				t.Errorf("sent was %q", got)
			}
		})
	}
	t.Run("the other end refuses the rest", func(t *testing.T) {
		b, r, in := newZfsBed(t)
		b.state("cut", "")
		b.refuses(r.Copy, in, "incomplete stream")
		b.unstate("cut")
		b.state("spoilt", "")
		b.refuses(r.Copy, in, "cannot receive resume stream: kernel modules must be upgraded to receive this stream. What had come of it is given up")
		b.unstate("spoilt")
		if said := b.does(r.Copy, in); said["files"] != "6" {
			t.Errorf("copy: %v", said)
		}
	})
	t.Run("the line is down", func(t *testing.T) {
		b, r, in := newZfsBed(t)
		b.state("cut", "")
		b.refuses(r.Copy, in, "incomplete stream")
		b.unstate("cut")
		b.state("down", "")
		b.refuses(r.Copy, in, "cannot be reached")
		b.unstate("down")
		b.does(r.Copy, in)
		if got := b.sends(); len(got) != 2 || !strings.HasPrefix(got[1], "zfs send -t ") {
			t.Errorf("sent was %q", got)
		}
	})
}

// What is sent begins from the newest that both sides have, by its GUID; where
// there is none, all is sent, beside what is there.
func TestZfsSendBase(t *testing.T) {
	begun := func(t *testing.T) (b *bed, r actions.Repository, in map[string]string, one, far string) {
		b, r, in = newZfsBed(t)
		one = b.does(r.Copy, in)["copy"]
		in[actions.InRun] = "r2"
		return b, r, in, one, "z/back+copies+docs+" + one + "/points"
	}
	full := func(t *testing.T, b *bed, r actions.Repository, in map[string]string, left int) {
		t.Helper()
		two := b.does(r.Copy, in)["copy"]
		if got := b.sends(); got[len(got)-1] != "zfs send -L -c tank/docs@"+two {
			t.Errorf("not all was sent: %q", got)
		}
		if got := b.points("back/copies/docs/" + two); !slices.Equal(got, []string{"@" + two}) {
			t.Errorf("in its dataset are %v", got)
		}
		if got := b.copiesOf(r, "docs"); len(got) != left+1 {
			t.Errorf("listed are %v", got)
		}
	}
	t.Run("its snapshot is gone here", func(t *testing.T) {
		b, r, in, one, _ := begun(t)
		guid, _, _ := strings.Cut(b.read("z/tank+docs/points"), " ")
		b.state("z/tank+docs/points", guid+" #jurymast:far:docs:"+one+"\n")
		two := b.does(r.Copy, in)["copy"]
		if got := b.sends(); got[len(got)-1] != "zfs send -L -c -i #"+one+" tank/docs@"+two {
			t.Errorf("it was not begun from the bookmark: %q", got)
		}
	})
	t.Run("it is gone here", func(t *testing.T) {
		b, r, in, _, _ := begun(t)
		b.state("z/tank+docs/points", "")
		full(t, b, r, in, 1)
		// The old ones go one by one, and then their dataset, which is empty.
		b.state("calls", "")
		if said := b.does(*r.Forget, map[string]string{actions.InTag: "docs", "KEEP_LAST": "1"}); said["removed"] != "1" {
			t.Errorf("forget: %v", said)
		}
		if sets, _ := filepath.Glob(filepath.Join(b.dir, "state/z/back+copies+docs+*")); len(sets) != 1 {
			t.Errorf("left are %v", sets)
		}
		if calls := b.read("calls"); strings.Contains(calls, "destroy -") {
			t.Errorf("destroyed was more:\n%s", calls)
		}
	})
	t.Run("it is gone there", func(t *testing.T) {
		b, r, in, _, far := begun(t)
		b.state(far, "")
		full(t, b, r, in, 0)
	})
	t.Run("another has its name here", func(t *testing.T) {
		b, r, in, one, _ := begun(t)
		b.state("z/tank+docs/points", "g90 @jurymast:far:docs:"+one+"\n")
		full(t, b, r, in, 1)
	})
	t.Run("another has its name there", func(t *testing.T) {
		b, r, in, one, far := begun(t)
		b.state(far, "g90 @jurymast:far:docs:"+one+"\n")
		if got := b.copiesOf(r, "docs"); len(got) != 0 {
			t.Errorf("what was not sent is listed: %v", got)
		}
		in[actions.InCopy] = one
		in[actions.InInto] = filepath.Join(b.dir, "into")
		b.refuses(r.Verify, in, "has no whole copy "+one)
		b.refuses(r.Extract, in, "has no whole copy "+one)
		full(t, b, r, in, 0)
	})
	t.Run("somebody makes snapshots there", func(t *testing.T) {
		b, r, in, one, far := begun(t)
		b.state(far, b.read(far)+"\ng91 @autosnap_1\n")
		full(t, b, r, in, 1)
		if got := b.points("back/copies/docs/" + one); !slices.Contains(got, "@autosnap_1") {
			t.Errorf("what is not ours is gone: %v", got)
		}
	})
	t.Run("what comes has another GUID", func(t *testing.T) {
		b, r, in, _, _ := begun(t)
		b.state("guid", "g92")
		b.refuses(r.Copy, in, "is not what was sent: its GUID is g92, and not g")
		if got := b.copiesOf(r, "docs"); len(got) != 1 {
			t.Errorf("listed are %v", got)
		}
		b.unstate("guid")
		full(t, b, r, in, 1)
	})
	t.Run("somebody wrote there", func(t *testing.T) {
		b, r, in, _, _ := begun(t)
		b.state("modified", "")
		b.refuses(r.Copy, in, "has been modified since most recent snapshot")
		b.unstate("modified")
		b.does(r.Copy, in)
		if got := b.points("tank/docs"); len(got) != 2 {
			t.Errorf("here are %v", got)
		}
	})
}

// The newest that both sides have stays, whatever the rules say, and so does what
// somebody holds.
func TestZfsSendForget(t *testing.T) {
	b, r, in := newZfsBed(t)
	one := b.does(r.Copy, in)["copy"]
	// Another dataset there with two more, of which this host has no snapshot.
	const set = "z/back+copies+docs+20361121T000000Z-r8/"
	b.state(set+"points", "g80 @jurymast:far:docs:20361121T000000Z-r8\ng81 @jurymast:far:docs:20361122T000000Z-r9\n")
	for guid, id := range map[string]string{"g80": "20361121T000000Z-r8", "g81": "20361122T000000Z-r9"} {
		b.state(set+"s/@jurymast:far:docs:"+id+"/p/jurymast:copy", id+" 4 1 "+guid+" "+in[actions.InPaths]+"\n")
	}
	held := set + "s/@jurymast:far:docs:20361121T000000Z-r8/held"
	b.state(held, "theirs\n")
	forget := map[string]string{actions.InTag: "docs", "KEEP_LAST": "1"}
	b.refuses(*r.Forget, forget, "cannot be removed: cannot destroy")
	b.unstate(held)
	if said := b.does(*r.Forget, forget); said["removed"] != "1" {
		t.Errorf("forget: %v", said)
	}
	var left []string
	for _, c := range b.copiesOf(r, "docs") {
		left = append(left, c[0])
	}
	if !slices.Equal(left, []string{"20361122T000000Z-r9", one}) {
		t.Errorf("left are %v", left)
	}
	// While it cannot be known what both sides have, nothing is removed.
	b.unstate("z/tank+docs/p/mountpoint")
	b.refuses(*r.Forget, forget, "it is not known which copy both sides have")
	if got := b.copiesOf(r, "docs"); len(got) != 2 {
		t.Errorf("left are %v", got)
	}
}

func TestZfsSendRestore(t *testing.T) {
	b, r, in := newZfsBed(t)
	one := b.does(r.Copy, in)["copy"]
	in[actions.InCopy], in[actions.InInto] = one, filepath.Join(b.dir, "into")
	set := "z/back+copies+docs+" + one
	for state, c := range map[string]struct{ text, reason string }{
		set + "/p/keystatus": {"unavailable\n", "is encrypted, and its key is not loaded: zfs load-key back/copies/docs/" + one},
		"uid":                {"1000\n", "only root may mount back/copies/docs/" + one},
	} {
		b.state(state, c.text)
		out := b.run(r.Verify, in)
		if said := actions.Said(out.Stdout); out.Exit != 0 || said["level"] != "listed" || !strings.Contains(string(out.Stderr), c.reason) {
			t.Errorf("%s: verify: %d %v %s", state, out.Exit, said, out.Stderr)
		}
		b.refuses(r.Extract, in, c.reason)
		b.unstate(state)
	}
	b.state("nomount", "")
	b.refuses(r.Verify, in, "cannot be mounted: filesystem")
	if out := b.run(r.Extract, in); out.Exit == 0 || !strings.Contains(actions.Said(out.Stdout)["damaged"], "Input/output error") {
		t.Errorf("extract: %+v", out)
	}
	b.unstate("nomount")
	b.state(set+"/p/receive_resume_token", "1:g9:9\n")
	b.refuses(r.Verify, in, "has not all come")
	b.unstate(set + "/p/receive_resume_token")
	for _, id := range []string{"../x", "r1", "20261121T000000Z-none", "20261121T000000Z-a b"} {
		gone := map[string]string{actions.InTag: "docs", actions.InCopy: id, actions.InInto: filepath.Join(b.dir, "into")}
		b.refuses(r.Verify, gone, "copy")
		b.refuses(r.Extract, gone, "copy")
	}
	b.state(set+"/f/@jurymast:far:docs:"+one+"/plain", "another\n")
	b.refuses(r.Verify, in, "is not what was sent")
	b.refuses(r.Extract, in, "is not all that was copied")
	// It was found damaged: nothing is sent on top of it any more, and it goes as
	// others do.
	in[actions.InRun] = "r2"
	two := b.does(r.Copy, in)["copy"]
	in[actions.InRun] = "r3"
	three := b.does(r.Copy, in)["copy"]
	if got := b.sends(); !slices.Equal(got[1:], []string{"zfs send -L -c tank/docs@" + two, "zfs send -L -c -i @" + two + " tank/docs@" + three}) {
		t.Errorf("sent was %q", got)
	}
	if said := b.does(*r.Forget, map[string]string{actions.InTag: "docs", "KEEP_LAST": "2"}); said["removed"] != "1" {
		t.Errorf("forget: %v", said)
	}
	if calls := b.read("calls"); strings.Contains(calls, "rollback") || strings.Contains(calls, "zfs receive -s -u tank") {
		t.Errorf("the live dataset was touched:\n%s", calls)
	}
}

func TestZfsSendTroubles(t *testing.T) {
	b, r, in := newZfsBed(t)
	src := in[actions.InPaths]
	for state, reason := range map[string]string{
		"stranger": "root@10.0.0.2: its host key is not known to root here", "down": "root@10.0.0.2 cannot be reached: ssh: connect to host",
		"half": "no whole answer came", "unloaded": "The ZFS modules are not loaded",
	} {
		b.state(state, "")
		if said := b.does(r.Survey, in); !strings.Contains(said["trouble"], reason) {
			t.Errorf("%s: survey %v", state, said)
		}
		if out := b.run(r.Find, in); out.Exit != 2 {
			t.Errorf("%s: find %+v", state, out)
		}
		b.refuses(r.List, in, reason)
		b.refuses(r.Copy, in, reason)
		b.refuses(*r.Forget, map[string]string{actions.InTag: "docs", "KEEP_LAST": "1"}, reason)
		b.unstate(state)
	}
	if said := b.does(r.Survey.With(map[string]string{"REPOSITORY": "gone/copies"}), in); !strings.Contains(said["trouble"], "gone/copies cannot be used: cannot open 'gone/copies': dataset does not exist") {
		t.Errorf("survey %v", said)
	}
	with := func(paths string) map[string]string {
		return map[string]string{actions.InTag: "docs", actions.InRun: "r1", actions.InPaths: paths}
	}
	b.refuses(r.Copy, with(b.tree("live/plain")), "cannot be sent: cannot open")
	b.refuses(r.Copy, with(src+"/sub dir"), "sub dir cannot be sent: it lies in the dataset tank/docs, which is mounted at "+src)
	b.refuses(r.Copy, with(src+"\n"+b.dir), "of one dataset")
	b.refuses(r.Copy.With(map[string]string{"DESTINATION": "", "REPOSITORY": "tank/docs"}), in, "it would hold itself")
	b.state("z/tank+docs+inner/p/readonly", "off\n")
	b.refuses(r.Copy, in, "tank/docs has datasets of its own, which no snapshot of it holds: tank/docs/inner.")
	b.state("z/tank+docs/p/encryption", "aes-256-gcm\n")
	nested := r.Copy.With(map[string]string{"NESTED": "yes"})
	b.state("unreadable", "")
	b.refuses(nested, in, "was not sent: warning: cannot send")
	b.unstate("unreadable")
	b.does(nested, in)
	in[actions.InRun] = "r2"
	b.does(nested.With(map[string]string{"RAW": "no"}), in)
	if got := b.sends(); !strings.HasPrefix(got[len(got)-2], "zfs send -w tank/docs@") || !strings.HasPrefix(got[len(got)-1], "zfs send -L -c -i @") {
		t.Errorf("sent was %q", got)
	}
	// Neither end has the tool.
	b.standIn("ssh", strings.Replace(fakeSSH, "for last", "PATH=/usr/bin:/bin\nfor last", 1))
	if said := b.does(r.Survey, in); !strings.Contains(said["trouble"], "root@10.0.0.2: ZFS is not installed: apt install zfsutils-linux") {
		t.Errorf("survey %v", said)
	}
	if err := os.Remove(filepath.Join(b.dir, "bin/zfs")); err != nil {
		t.Fatal(err)
	}
	if said := b.does(r.Survey, in); !strings.HasPrefix(said["missing"], "zfs") {
		t.Errorf("survey %v", said)
	}
}

func TestZfsSendDataset(t *testing.T) {
	for name, ok := range map[string]bool{
		"back": true, "back/copies": true, "b-1/c_2.x:y": true, "": false, "/back/copies": false, "back/": false, "back//x": false,
		"back/a b": false, "-r": false, "back@x": false, "back/x%": false, "back/../x": false, "b\na": false,
	} {
		if zfsDataset.MatchString(name) != ok {
			t.Errorf("%q: %v", name, !ok)
		}
	}
}
