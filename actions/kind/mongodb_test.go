package kind

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
)

const mongodbPassword = `p'"w\ $x`

// mongodbBed is a folder with stand-ins for the tools, which keep what they are
// told and do as $trouble says.
func mongodbBed(t *testing.T, trouble string) (dir string, in map[string]string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{
		"mongosh": `printf '%s\n' "$*" >>` + dir + `/argv
cat >>` + dir + `/stdin
case $JM_ROLE in ops) [ "$(cat "$JM_SECRET")" = "$(cat ` + dir + `/password)" ] && [ "$(stat -c %a "$JM_SECRET")" = 600 ] && [ "$(stat -c %a "${JM_SECRET%/*}")" = 700 ] ||
    { echo '{"error":"Authentication failed.","code":"AuthenticationFailed"}'; exit; } ;; esac
case $* in
*countDocuments*) case "$INSIDE $*" in 'yes '*validate*) [ ! -e ` + dir + `/invalid ] || { echo 'invalid shop.orders'; exit; } ;; *validate*) echo outside; exit ;; esac
    [ ! -e ` + dir + `/gone ] || { echo 'missing shop.orders'; exit; }; echo "counted $(grep -c . "$NAMES") 121"; exit ;;
*'.drop()'*) cp "$NEW" ` + dir + `/dropped; echo +done; exit ;;
esac
set=rs0; [ "` + trouble + `" != alone ] || set=
echo 'Warning: something about the host'
echo '{"hello":{"primary":true,"secondary":false,"arbiter":false,"set":"'$set'","leads":"db1"},"version":"7.0.5","connections":{"current":1,"available":9},"bytes":4096,"now":1795210000000,"majority":1,"members":[{"name":"db1","state":"PRIMARY","health":1,"self":true,"at":1795209999000,"heard":null,"says":""}],"oplog":200000}'
`,
		"mongorestore": `printf 'mongorestore %s\n' "$*" >>` + dir + `/argv
printf '2026-11-21T03:00:00.000+0000	preparing collections to restore from\n2026-11-21T03:00:01.000+0000	finished restoring shop.orders (%s documents, %s failures)\n2026-11-21T03:00:01.000+0000	finished restoring shop.my things (1 document, 0 failures)\n' "$(cat ` + dir + `/restores)" "$(cat ` + dir + `/fails)" >&2
[ ! -e ` + dir + `/breaks ] || { echo '2026-11-21T03:00:02.000+0000	Failed: shop.orders: error restoring from archive: (E11000) duplicate key' >&2; exit 1; }
`,
		"mongodump": `printf '%s\n' "$*" >>` + dir + `/argv
for a; do case $a in --archive=*) to=${a#*=} ;; --config=*) cp "${a#*=}" ` + dir + `/config; stat -c %a "${a#*=}" >` + dir + `/mode ;; esac; done
case ` + trouble + ` in
overflow) echo '2026-11-21T03:00:00.000+0000	Failed: oplog overflow: mongodump was unable to capture all new oplog entries during execution' >&2; exit 1 ;;
nothing) echo '2026-11-21T03:00:00.000+0000	0 dumped' >&2; exit 0 ;;
page) echo '<html>' | gzip -c >"$to" ;;
*) { printf '\155\342\231\201'; head -c 20000 /dev/urandom; } | gzip -c >"$to" ;;
esac
[ ` + trouble + ` != half ] || truncate -s -100 "$to"
printf '2026-11-21T03:00:00.000+0000	writing shop.orders to archive\n2026-11-21T03:00:01.000+0000	done dumping shop.orders (120 documents)\n2026-11-21T03:00:01.000+0000	done dumping shop.my things (1 document)\n' >&2
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	stage := filepath.Join(dir, "stage")
	if err := os.Mkdir(stage, 0o700); err != nil {
		t.Fatal(err)
	}
	smallFile(t, filepath.Join(dir, "password"), mongodbPassword)
	smallFile(t, filepath.Join(dir, "restores"), "120")
	smallFile(t, filepath.Join(dir, "fails"), "0")
	return dir, map[string]string{"PATH": dir + ":" + os.Getenv("PATH"), actions.InStage: stage, actions.InFrom: stage, actions.InRun: "0007-test"}
}

func TestMongoDBDump(t *testing.T) {
	t.Parallel()
	k, _ := Lookup("mongodb")
	f, target := suiteTarget(t, k, `role = "ops"`, `password = { env = "P" }`)
	d, err := k.Data(f, target)
	if err != nil {
		t.Fatal(err)
	}
	secret := map[string]string{"MONGODB_PASSWORD": mongodbPassword}
	for trouble, why := range map[string]string{
		"none": "", "alone": "", "overflow": "oplog overflow", "nothing": "dumped no collection", "page": "no archive of mongodump", "half": "cannot be read back", "denied": "Authentication failed",
	} {
		t.Run(trouble, func(t *testing.T) {
			t.Parallel()
			dir, in := mongodbBed(t, trouble)
			in[actions.InAside] = ".jurymast-0007-test"
			s := d.Dump.With(in)
			if s.Secrets = secret; trouble == "denied" {
				s.Secrets = map[string]string{"MONGODB_PASSWORD": "another"}
			}
			for _, shell := range [][]string{{"dash"}, {"busybox", "sh"}, {"bash", "--posix"}} {
				r := runFully(t.Context(), t, s, shell...)
				tried := runFully(t.Context(), t, d.Try.With(in), shell...)
				if why != "" {
					if r.Exit == 0 || !strings.Contains(string(r.Stderr), why) || tried.Exit == 0 {
						t.Errorf("%s: exit %d, %d: %s%s", shell[0], r.Exit, tried.Exit, r.Stdout, r.Stderr)
					}
					continue
				}
				if r.Exit != 0 || r.said["documents"] != "121" || r.said["collections"] != "2" || r.said["moment"] != map[string]string{"none": "one", "alone": "several"}[trouble] {
					t.Errorf("%s: exit %d, %v: %s", shell[0], r.Exit, r.said, r.Stderr)
				}
				if tried.said["level"] != "extracted" || !strings.Contains(tried.said["proof"], "121 documents in 2 collections") {
					t.Errorf("%s: %v: %s", shell[0], tried.said, tried.Stderr)
				}
			}
			argv, err := os.ReadFile(filepath.Join(dir, "argv"))
			if err != nil || strings.Contains(string(argv), `"w`) || strings.Contains(string(argv), "another") {
				t.Errorf("%v: the tools were told %s", err, argv)
			}
			if trouble == "none" || trouble == "alone" {
				if strings.Contains(string(argv), "--oplog") != (trouble == "none") || !strings.Contains(string(argv), "--username=ops --authenticationDatabase=admin") {
					t.Errorf("mongodump was told %s", argv)
				}
				config, err := os.ReadFile(filepath.Join(dir, "config"))
				if want := `password: "p'\"w\\ $x"` + "\n"; err != nil || string(config) != want {
					t.Errorf("%v: its configuration is %s, want %s", err, config, want)
				}
				if mode, err := os.ReadFile(filepath.Join(dir, "mode")); err != nil || string(mode) != "600\n" {
					t.Errorf("%v: others may read it: %s", err, mode)
				}
			}
		})
	}
}

// TestMongoDBDrill restores into a server of its own by stand-ins, which run where
// they are told to: what restores and what counts is in that server's network.
func TestMongoDBDrill(t *testing.T) {
	t.Parallel()
	k, _ := Lookup("mongodb")
	f, target := suiteTarget(t, k, `role = "ops"`, `password = { env = "P" }`)
	d, err := k.Data(f, target)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, file, text, why string }{
		{"well", "", "", ""},
		{"no server", "dead", "", "a server for the drill does not start: address in use"},
		{"documents are missing", "restores", "119", "shop.orders has 119 documents, and 120 were dumped"},
		{"a collection is gone", "gone", "", "collection shop.orders of the copy is not there"},
		{"a collection is damaged", "invalid", "", "collection shop.orders of the copy is damaged"},
		{"the copy is another", "stage/sum", "1 2", "the copy has another checksum than when it was made"},
		{"no network of its own", "refused", "", "a network of its own (unshare -n is refused)"},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			dir, in := mongodbBed(t, "none")
			in["FOLDER"], in[actions.InAside], in[actions.InPort] = dir, ".jurymast-0007-test", "21007"
			for name, text := range map[string]string{
				"unshare": "[ ! -e " + dir + "/refused ] || exit 1\necho \"unshare $*\" >>" + dir + "/argv\nshift\nINSIDE=yes exec \"$@\"\n",
				"nsenter": "[ \"$1 $2 $3\" = \"-t $(cat " + dir + "/mongodb-drill.jurymast-0007-test/pid) -n\" ] || exit 9\nshift 3\nINSIDE=yes exec \"$@\"\n",
				"ip":      "[ \"$INSIDE $*\" = 'yes link set lo up' ]\n",
				"mongod": "[ \"$INSIDE\" = yes ] || exit 9\n[ ! -e " + dir + "/dead ] || { echo 'address in use'; exit 1; }\n" +
					"echo \"mongod $*\" >>" + dir + "/argv\n" +
					"for a; do case $a in */pid) at=$a ;; */data) data=$a ;; esac; done\nsh -c 'while :; do sleep 1; done' \"$data\" \"$data\" </dev/null >/dev/null 2>&1 &\necho $! >\"$at\"\n",
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			run := func(s *actions.Script) ran {
				t.Helper()
				x := s.With(in)
				x.Secrets = map[string]string{"MONGODB_PASSWORD": mongodbPassword}
				return runFully(t.Context(), t, x)
			}
			if r := run(d.Dump); r.Exit != 0 {
				t.Fatalf("%s", r.Stderr)
			}
			smallFile(t, filepath.Join(dir, "stage/collections"), "1 shop.my things\n120 shop.orders\n")
			if tt.file != "" {
				smallFile(t, filepath.Join(dir, tt.file), tt.text)
			}
			drill := filepath.Join(dir, "mongodb-drill.jurymast-0007-test")
			r := run(d.Try)
			switch {
			case tt.file == "refused":
				if r.said["level"] != "extracted" || !strings.Contains(r.said["proof"], "it was not started: here is no "+tt.why) {
					t.Errorf("%v %s", r.said, r.Stderr)
				}
			case tt.why != "":
				if r.Exit == 0 || r.said["level"] != "" || !strings.Contains(string(r.Stderr), tt.why) {
					t.Errorf("exit %d, want %q\n%s", r.Exit, tt.why, r.Stderr)
				}
			default:
				if r.said["level"] != "data-checked" || !strings.HasPrefix(r.said["proof"], "2 collections with 121 documents in a server of its own") {
					t.Errorf("%v %s", r.said, r.Stderr)
				}
				argv := got(t, dir+"/argv")
				if !strings.Contains(argv, "mongod --dbpath "+drill+"/data --port 21007 --bind_ip 127.0.0.1 --nounixsocket") || !strings.Contains(argv, "--host=127.0.0.1 --port=21007 --gzip --drop") {
					t.Errorf("called as %s", argv)
				}
			}
			if r := run(d.Clear); r.Exit != 0 {
				t.Errorf("%s", r.Stderr)
			}
			if _, err := os.Stat(drill); !os.IsNotExist(err) {
				t.Errorf("it is left: %v", err)
			}
		})
	}
}

func TestMongoDBLook(t *testing.T) {
	t.Parallel()
	k, _ := Lookup("mongodb")
	f, target := suiteTarget(t, k, `role = "ops"`, `password = { env = "P" }`)
	d, err := k.Data(f, target)
	if err != nil {
		t.Fatal(err)
	}
	dir, in := mongodbBed(t, "none")
	for password, want := range map[string]string{mongodbPassword: "ok MongoDB 7.0.5, the active one of rs0", "wrong": "unknown Authentication failed"} {
		check := k.Checks(f, target)[0]
		s := check.Script.With(in)
		s.Secrets = map[string]string{"MONGODB_PASSWORD": password}
		for _, shell := range [][]string{{"dash"}, {"busybox", "sh"}, {"bash", "--posix"}} {
			r := runFully(t.Context(), t, s, shell...)
			a := suiteAnswer(string(r.Stdout))
			status, words, _ := strings.Cut(want, " ")
			if rs := check.Read(a); len(rs) != 1 || rs[0].Status.String() != status || !strings.Contains(rs[0].Line, words) {
				t.Errorf("%s: %+v\n%s%s", shell[0], rs, r.Stdout, r.Stderr)
			}
		}
	}
	survey := d.Survey.With(in)
	survey.Secrets = map[string]string{"MONGODB_PASSWORD": mongodbPassword}
	if r := runFully(t.Context(), t, survey); r.Exit != 0 || r.said["version"] != "7.0.5" || r.said["bytes"] != "4096" || r.said["trouble"] != "" {
		t.Errorf("%v %s", r.said, r.Stderr)
	}
	survey.Secrets = map[string]string{"MONGODB_PASSWORD": "wrong"}
	if r := runFully(t.Context(), t, survey); !strings.Contains(r.said["trouble"], "Authentication failed") {
		t.Errorf("%v %s", r.said, r.Stderr)
	}
	for _, name := range []string{"argv", "stdin"} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || strings.Contains(string(b), `"w`) || strings.Contains(string(b), "wrong") {
			t.Errorf("%v: %s of mongosh: %s", err, name, b)
		}
	}
}

// TestMongoDBTwoActives: each host tells of itself, so that two that are active
// are found.
func TestMongoDBTwoActives(t *testing.T) {
	t.Parallel()
	k, _ := Lookup("mongodb")
	f, target := suiteTarget(t, k, `standby = ["other"]`)
	seen := map[string]bool{}
	for _, c := range k.Checks(f, target) {
		if !strings.HasPrefix(c.ID, "server") {
			continue
		}
		text := fmt.Sprintf("== server\n{\"hello\":{\"primary\":true,\"set\":\"rs0\",\"leads\":\"%s\"},\"version\":\"7.0.5\"}\n== end\n", c.ID)
		for _, r := range c.Read(suiteAnswer(text)) {
			seen[string(r.On)] = true
		}
	}
	if len(seen) != 2 || !seen["node/app"] || !seen["node/other"] {
		t.Errorf("active on %v", seen)
	}
}

// TestMongoDBRestore: what is there is dumped first and comes back where the
// copy does not; what the tool counts is held against the copy.
func TestMongoDBRestore(t *testing.T) {
	t.Parallel()
	k, _ := Lookup("mongodb")
	f, target := suiteTarget(t, k, `role = "ops"`, `password = { env = "P" }`)
	d, err := k.Data(f, target)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, file, text, why string }{
		{"well", "", "", ""},
		{"documents are missing", "restores", "119", "shop.orders has 119 documents, and 120 were dumped"},
		{"documents failed", "fails", "3", "3 documents failed to be restored"},
		{"it breaks off", "breaks", "", "duplicate key"},
		{"the copy is another", "stage/sum", "1 2", "the copy has another checksum than when it was made"},
		{"the copy is not whole", "stage/whole", "", "the copy was not made to its end"},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			dir, in := mongodbBed(t, "none")
			in["FOLDER"], in[actions.InAside] = dir, ".jurymast-0007-test"
			run := func(s *actions.Script) ran {
				t.Helper()
				x := s.With(in)
				x.Secrets = map[string]string{"MONGODB_PASSWORD": mongodbPassword}
				return runFully(t.Context(), t, x)
			}
			if r := run(d.Dump); r.Exit != 0 {
				t.Fatalf("%s", r.Stderr)
			}
			smallFile(t, filepath.Join(dir, "stage/collections"), "1 shop.my things\n120 shop.orders\n")
			if tt.file != "" {
				smallFile(t, filepath.Join(dir, tt.file), tt.text)
			}
			r := run(d.Put)
			if tt.why != "" {
				if r.Exit == 0 || !strings.Contains(string(r.Stderr), tt.why) {
					t.Errorf("exit %d, want %q\n%s", r.Exit, tt.why, r.Stderr)
				}
				for _, name := range []string{"restores", "fails", "breaks"} {
					if tt.file == name {
						smallFile(t, filepath.Join(dir, "restores"), "120")
						smallFile(t, filepath.Join(dir, "fails"), "0")
						_ = os.Remove(filepath.Join(dir, "breaks"))
					}
				}
			} else {
				if again := run(d.Put); r.Exit != 0 || again.Exit != 0 { // once more after an answer was lost
					t.Fatalf("%s%s", r.Stderr, again.Stderr)
				}
				if r := run(d.Prove); r.said["level"] != "data-checked" || !strings.HasPrefix(r.said["proof"], "2 collections with 121 documents, each brought back") {
					t.Errorf("%v %s", r.said, r.Stderr)
				}
				smallFile(t, filepath.Join(dir, "gone"), "")
				if r := run(d.Prove); r.Exit == 0 || !strings.Contains(string(r.Stderr), "collection shop.orders of the copy is not there") {
					t.Errorf("exit %d %s", r.Exit, r.Stderr)
				}
				argv := got(t, dir+"/argv")
				if strings.Count(argv, "--oplog ") != 2 || !strings.Contains(argv, "--drop --stopOnError --oplogReplay --archive="+dir+"/stage/dump.archive.gz") || strings.Contains(argv, `"w`) {
					t.Errorf("what is there is not dumped once, or a tool was told a secret:\n%s", argv)
				}
				// Of what was set aside, one collection was not there before.
				smallFile(t, filepath.Join(dir, "mongodb.jurymast-0007-test/collections"), "1 shop.my things\n")
			}
			before := strings.Count(got(t, dir+"/argv"), "mongorestore")
			if r := run(d.Back); r.Exit != 0 {
				t.Fatalf("%s", r.Stderr)
			}
			put := strings.Contains(tt.why, "document") || strings.Contains(tt.why, "key") || tt.why == ""
			if back := strings.Count(got(t, dir+"/argv"), "mongorestore") > before; back != put {
				t.Errorf("brought back: %t, and put in place: %t", back, put)
			}
			if tt.why == "" && got(t, dir+"/dropped") != "shop.orders\n" {
				t.Errorf("dropped: %s", got(t, dir+"/dropped"))
			}
		})
	}
}
