package kind

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// pbsClient stands in for proxmox-backup-client 3.2.4 and the server behind it,
// which are not to be had here. It was written after the client's source
// (proxmox-backup-client/src/main.rs, snapshot.rs; SnapshotListItem and
// BackupContent in pbs-api-types/src/datastore.rs): what it takes, what it
// answers, and that what a file lost is a line of its log and no exit code. Its
// archives are tar's. It notes its environment.
const pbsClient = `env >>"$STATE/env"
snaps=$STATE/snaps
mkdir -p "$snaps"
[ -z "$PBS_REFUSES" ] || { echo "Error: $PBS_REFUSES" >&2; exit 255; }
mode=encrypt
case "$* " in *"--crypt-mode none "*) mode=none ;; esac
case "$1 $2" in
"version ") echo "client version: 3.2.4.1" ;;
"status --output-format") echo "${PBS_STATUS:-{\"avail\":5000000000,\"total\":9000000000,\"used\":4000000000}}" ;;
"snapshot list")
    [ -z "$PBS_LIST" ] || { echo "$PBS_LIST"; exit 0; }
    sep=
    printf '['
    for d in "$snaps"/*; do
        [ -d "$d" ] || continue
        printf '%s{"backup-id":"%s","backup-time":%s,"backup-type":"host",' "$sep" "$(cat "$d/id")" "$(cat "$d/time")"
        [ ! -f "$d/notes" ] || printf '"comment":"%s",' "$(cat "$d/notes")"
        [ ! -f "$d/state" ] || printf '"verification":{"state":"%s","upid":"UPID:pbs:1"},' "$(cat "$d/state")"
        printf '"files":['
        comma=
        for f in "$d"/archives/*; do
            printf '%s{"crypt-mode":"%s","filename":"%s","size":%s}' "$comma" "$(cat "$d/mode")" "${f##*/}" "$(wc -c <"$f" | tr -d ' ')"
            comma=,
        done
        printf '],"owner":"u@pbs","protected":%s' "$([ -f "$d/protected" ] && echo true || echo false)"
        [ -f "$d/unfinished" ] || printf ',"size":77'
        printf '}'
        sep=,
    done
    echo ']'
    ;;
"snapshot files")
    sep=
    printf '['
    for f in "$snaps/$(echo "$3" | tr / +)"/archives/*; do
        printf '%s{"crypt-mode":"none","filename":"%s","size":%s}' "$sep" "${f##*/}" "$(wc -c <"$f" | tr -d ' ')"
        sep=,
    done
    echo ']'
    ;;
"snapshot notes") printf '%s' "$5" >"$snaps/$(echo "$4" | tr / +)/notes" ;;
"snapshot forget")
    d=$snaps/$(echo "$3" | tr / +)
    [ ! -f "$d/protected" ] || { echo "Error: cannot remove protected snapshot" >&2; exit 255; }
    rm -r "$d"
    ;;
"restore "*)
    f=$snaps/$(echo "$2" | tr / +)/archives/$3
    case $3 in *.pxar) f=$f.didx ;; *) f=$f.blob ;; esac
    [ -z "$PBS_READS" ] || [ "$3" = jurymast.conf ] || { head -c 10 "$f"; echo "$PBS_READS" >&2; exit 255; }
    [ -f "$f" ] || { echo "Error: manifest does not contain file '$3'" >&2; exit 255; }
    case $4 in
    -) cat "$f" ;;
    *) tar -C "$4" -xpf "$f" ;;
    esac
    ;;
"backup "*)
    shift
    specs=
    new=$STATE/new
    rm -rf "$new"
    mkdir -p "$new/archives"
    echo "$mode" >"$new/mode"
    while [ "$#" -gt 0 ]; do
        case $1 in
        --backup-id) echo "$2" >"$new/id"; shift ;;
        --backup-time) echo "$2" >"$new/time"; shift ;;
        --*) shift ;;
        *.pxar:*) tar -C "${1#*:}" -cf "$new/archives/${1%%:*}.didx" . ;;
        *.conf:*) cp "${1#*:}" "$new/archives/${1%%:*}.blob" ;;
        esac
        shift
    done
    [ -z "$PBS_SAYS" ] || echo "$PBS_SAYS" >&2
    mv "$new" "$snaps/host+$(cat "$new/id")+$(date -u -d "@$(cat "$new/time")" +%Y-%m-%dT%H:%M:%SZ)"
    ;;
*) echo "Error: no such command '$1'" >&2; exit 255 ;;
esac
`

func newPBSBed(t *testing.T, lines string, shell ...string) (*bed, actions.Repository) {
	t.Helper()
	b := newBed(t, "[node.app]\n[repository.far]\nkind = \"pbs\"\nurl = \"u@pbs!jm@nas:store\"\npassword = { env = \"PW\" }\nfingerprint = \"aa:bb\"\n"+lines, shell...)
	b.standIn("proxmox-backup-client", pbsClient)
	return b, b.repository("far")
}

// snapshot is the folder in which the stand-in keeps a copy.
func (b *bed) snapshot(copied string) string {
	return filepath.Join(b.dir, "state", "snaps", strings.ReplaceAll(copied, "/", "+"))
}

func TestPBSRoundTrip(t *testing.T) {
	t.Parallel()
	b, r := newPBSBed(t, "key_password = { env = \"KP\" }\nnamespace = \"fleet/app\"\n", "busybox", "sh")
	if r.Encrypted || r.Locked || r.Medium != "disk" {
		t.Errorf("%+v", r)
	}
	b.roundTrip(r)
	calls, env := b.read("calls"), b.read("env")
	if strings.Contains(calls, canary[:11]) || !strings.Contains(calls, "--ns fleet/app") || !strings.Contains(calls, "--all-file-systems true") {
		t.Errorf("called as %s", calls)
	}
	for _, line := range []string{"PBS_PASSWORD=" + canary, "PBS_ENCRYPTION_PASSWORD=" + canary, "PBS_REPOSITORY=u@pbs!jm@nas:store", "PBS_FINGERPRINT=aa:bb"} {
		if !strings.Contains(env, "\n"+line+"\n") {
			t.Errorf("not in its environment: %s", line)
		}
	}
}

func TestPBSPartial(t *testing.T) {
	t.Parallel()
	b, r := newPBSBed(t, "")
	src := b.tree("data")
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: src + "\n" + filepath.Join(b.dir, "gone")}
	if said := b.does(r.Copy, in); !strings.Contains(said["partial"], "not there: ") {
		t.Errorf("said %v", said)
	}
	for run, line := range map[string]string{
		"a": `warning: file vanished while reading: "/x"`,
		"b": `warning: file size shrunk while reading: "/x", file will be padded with zeros!`,
		"c": `failed to open file: "x": access denied`,
	} {
		base := b.env
		b.env = append(slices.Clip(base), "PBS_SAYS="+line)
		said := b.does(r.Copy, map[string]string{actions.InTag: "tag " + run, actions.InRun: run, actions.InPaths: src})
		if !strings.Contains(said["partial"], "1 could not be read as they were: "+line) {
			t.Errorf("%s: %v", line, said)
		}
		b.env = base
		got := b.copiesOf(r, "tag "+run)
		if len(got) != 1 || got[0][4] != "partial" {
			t.Errorf("listed as %v", got)
		}
	}
	b.refuses(r.Copy, map[string]string{actions.InTag: "web", actions.InRun: "r2", actions.InPaths: filepath.Join(src, "plain")}, "is no folder")
}

func TestPBSTroubles(t *testing.T) {
	t.Parallel()
	b, r := newPBSBed(t, "")
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data"), "KEEP_LAST": "1"}
	base := b.env
	for says, reason := range map[string]string{
		"authentication failed - invalid ticket - expired":               "is wrong, or expired",
		"no password input mechanism available":                          "is wrong, or expired",
		"Certificate fingerprint was not confirmed.":                     "set fingerprint to what its dashboard shows",
		"permission check failed - missing Datastore.Audit":              "permission check failed",
		"error trying to connect: tcp connect error: Connection refused": "Connection refused",
		"datastore 'store' is in offline maintenance mode: moving":       "offline maintenance mode",
	} {
		b.env = append(slices.Clip(base), "PBS_REFUSES="+says)
		if said := b.does(r.Survey, in); !strings.Contains(said["trouble"], reason) {
			t.Errorf("survey of %s: %v", says, said)
		}
		for _, s := range []actions.Script{r.Copy, r.List, *r.Forget} {
			b.refuses(s, in, reason)
		}
		if out := b.run(r.Find, in); out.Exit != 2 {
			t.Errorf("find: %+v", out)
		}
	}
	for _, answer := range []string{"<html>502 Bad Gateway</html>", "{}", "null"} {
		b.env = append(slices.Clip(base), "PBS_STATUS="+answer)
		if said := b.does(r.Survey, in); !strings.Contains(said["trouble"], "is not understood") {
			t.Errorf("survey of %s: %v", answer, said)
		}
		b.env = append(slices.Clip(base), "PBS_LIST="+answer)
		if out := b.run(r.Find, in); out.Exit != 2 {
			t.Errorf("find in %s: %+v", answer, out)
		}
		b.refuses(r.List, in, "is no list of snapshots")
	}
	b.env = base
	if said := b.does(r.Survey.With(map[string]string{"KEY": filepath.Join(b.dir, "none")}), in); !strings.Contains(said["trouble"], "is not on this host") {
		t.Errorf("survey: %v", said)
	}
}

// What the server found damaged, what is unfinished and what is not ours does
// not count.
func TestPBSJudges(t *testing.T) {
	t.Parallel()
	b, r := newPBSBed(t, "")
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data"), actions.InInto: filepath.Join(b.dir, "into")}
	in[actions.InCopy] = b.does(r.Copy, in)["copy"]
	at := b.snapshot(in[actions.InCopy])
	b.does(r.Verify, in)

	smallFile(t, filepath.Join(at, "state"), "failed")
	if got := b.copiesOf(r, "web"); len(got) != 1 || got[0][4] != "partial" {
		t.Errorf("damaged, and listed as %v", got)
	}
	b.unsound(r.Verify, in, true, "the server's own verification failed")
	smallFile(t, filepath.Join(at, "state"), "doubtful")
	if got := b.copiesOf(r, "web"); len(got) != 1 || got[0][4] != "partial" {
		t.Errorf("of a verification that nobody has heard of, and listed as %v", got)
	}
	b.unsound(r.Verify, in, false, "its server's verification says doubtful")
	smallFile(t, filepath.Join(at, "state"), "ok")
	for line, damaged := range map[string]bool{
		"Error: Data blob has wrong CRC checksum.": true, "Error: detected chunk with wrong digest.": true,
		"Error: connection reset by peer": false, "Error: authentication failed - invalid ticket - expired": false,
	} {
		base := b.env
		b.env = append(slices.Clip(base), "PBS_READS="+line)
		b.unsound(r.Verify, in, damaged, strings.TrimPrefix(line, "Error: "))
		b.unsound(r.Extract, in, damaged, strings.TrimPrefix(line, "Error: "))
		b.env = base
	}
	if got := b.copiesOf(r, "web"); len(got) != 1 || got[0][4] != "complete" {
		t.Errorf("listed as %v", got)
	}
	smallFile(t, filepath.Join(at, "unfinished"), "")
	if got := b.copiesOf(r, "web"); len(got) != 0 {
		t.Errorf("unfinished, and listed as %v", got)
	}
	if err := os.Remove(filepath.Join(at, "unfinished")); err != nil {
		t.Fatal(err)
	}
	note := b.read("snaps/" + filepath.Base(at) + "/notes")
	for _, other := range []string{"by hand", "jurymast run=r1", strings.Replace(note, "at=2", "at=1", 1)} {
		smallFile(t, filepath.Join(at, "notes"), other)
		if got := b.copiesOf(r, "web"); len(got) != 0 {
			t.Errorf("with the notes %q it is listed as %v", other, got)
		}
	}
	in[actions.InCopy] = "host/web/2020-01-01T00:00:00Z"
	b.refuses(r.Verify, in, "manifest does not contain")
	in[actions.InCopy] = "vm/100/2020-01-01T00:00:00Z"
	b.refuses(r.Extract, in, "is no copy of this repository")
}

func TestPBSForgets(t *testing.T) {
	t.Parallel()
	b, r := newPBSBed(t, "")
	in := map[string]string{actions.InTag: "web", actions.InRun: "r0", actions.InPaths: b.tree("data")}
	newest := b.does(r.Copy, in)["copy"]
	// Older ones, as the server would list them.
	for _, day := range []string{"01", "02", "03"} {
		at := b.snapshot("host/web/2026-01-" + day + "T00:00:00Z")
		if err := os.CopyFS(at, os.DirFS(b.snapshot(newest))); err != nil {
			t.Fatal(err)
		}
		smallFile(t, filepath.Join(at, "time"), map[string]string{"01": "1767225600", "02": "1767312000", "03": "1767398400"}[day])
		smallFile(t, filepath.Join(at, "notes"), "jurymast run=d"+day+" at=2026-01-"+day+"T00:00:00Z bytes=9 files=6 whole")
	}
	smallFile(t, filepath.Join(b.snapshot("host/web/2026-01-01T00:00:00Z"), "protected"), "")
	if said := b.does(*r.Forget, map[string]string{actions.InTag: "web", "KEEP_LAST": "2"}); said["removed"] != "1" {
		t.Errorf("forget: %v", said)
	}
	got := b.copiesOf(r, "web")
	if len(got) != 3 || got[0][0] != newest || got[1][5] != "d03" || got[2][5] != "d01" {
		t.Errorf("left: %v", got)
	}
}

// A key that is set and not used is found out.
func TestPBSEncrypts(t *testing.T) {
	t.Parallel()
	b, r := newPBSBed(t, "key = \"{DIR}/key\"\nappend_only = true\n")
	if !r.Encrypted || !r.Locked || r.Forget != nil {
		t.Errorf("%+v", r)
	}
	smallFile(t, filepath.Join(b.dir, "key"), "{}")
	in := map[string]string{actions.InTag: "web", actions.InRun: "r1", actions.InPaths: b.tree("data")}
	copied := b.does(r.Copy, in)["copy"]
	if calls := b.read("calls"); !strings.Contains(calls, "--keyfile "+filepath.Join(b.dir, "key")) || strings.Contains(calls, "--crypt-mode none") {
		t.Errorf("called as %s", calls)
	}
	smallFile(t, filepath.Join(b.snapshot(copied), "mode"), "none")
	b.refuses(r.Copy, in, "is not encrypted, though a key is set")
}

func TestPBSNeedsToBeTold(t *testing.T) {
	for toml, want := range map[string]string{
		"":                         "it is not said where it is",
		"url = \"u@pbs@h:s\"":      "it is not said where its password is kept",
		"url = \"https://u:p@h/\"": "its url holds a password",
	} {
		f, err := inventory.Parse("x", []byte("[node.app]\n[repository.r]\nkind = \"pbs\"\n"+toml), Schema())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pbs.Repository(f, f.Repositories[0], "node/app"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", toml, err)
		}
	}
}
