package inventory

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// valid reads the inventory that uses every key.
func valid(t *testing.T) *Fleet {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testdata, "valid.toml"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse("/etc/jurymast/valid.toml", data, testKinds)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Warnings) > 0 {
		t.Fatalf("warnings: %v", f.Warnings)
	}
	return f
}

func mustParse(t *testing.T, doc string) *Fleet {
	t.Helper()
	f, err := Parse("t.toml", []byte(doc), testKinds)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s is %#v, want %#v", what, got, want)
	}
}

func target(t *testing.T, f *Fleet, r Ref) *Target {
	t.Helper()
	x, ok := f.Target(r)
	if !ok {
		t.Fatalf("no %s", r)
	}
	return x
}

func TestEverythingIsRead(t *testing.T) {
	f := valid(t)
	no, yes := false, true
	same(t, "settings", f.Settings, Settings{
		Name: "crew", Concurrency: 32,
		Reach: Reach{
			User: "admin", Identity: []string{"/etc/jurymast/keys/id_ed25519", "~/.ssh/id_rsa"}, KnownHosts: []string{"/etc/jurymast/known_hosts"},
			Config: "none", Jump: []string{"node/gate"}, Sudo: &yes, Timeout: 10 * time.Second,
		},
	})
	same(t, "sites", f.Sites[0], Site{Name: "home", Title: "the cupboard under the stairs", Pos: Pos{"/etc/jurymast/valid.toml", 15, 7}})

	pve := target(t, f, "node/pve1")
	nan := pve.Limits["load"]
	if !math.IsNaN(nan.Warn) || !math.IsNaN(nan.Fail) {
		t.Errorf("load is not off: %+v", nan)
	}
	same(t, "disk", pve.Limits["disk"], Bound{Warn: 80, Fail: 90, Unit: "%"})
	same(t, "free", pve.Limits["free"], Bound{Warn: 3, Fail: 2, Low: true, Unit: "days"})
	got := *pve
	got.Limits, got.Pos = nil, Pos{}
	same(t, "node/pve1", got, Target{
		Ref: "node/pve1", Kind: "linux", Title: "the big one", Class: ClassSystem, Site: "home", Host: "node/pve1",
		Tags: []string{"prod", "metal"}, Protected: true, Every: 90 * time.Second, Confirm: 3,
		Options: Options{"units": []string{"ssh.service", "cron.service"}},
		Off: []Window{
			{From: 22 * time.Hour, To: 6 * time.Hour},
			{Days: []time.Weekday{time.Saturday, time.Sunday}, From: 0, To: 24 * time.Hour},
		},
		Reach: Reach{
			Address: "2001:db8::10", User: "root", Identity: []string{"/etc/jurymast/pve1"},
			KnownHosts: []string{"/etc/jurymast/hosts.pve1"}, Sudo: &no, Timeout: time.Minute,
		},
	})
	same(t, "port", target(t, f, "node/gate").Reach.Port, 2222)
	same(t, "jump of gate", target(t, f, "node/gate").Reach.Jump, []string{})
	same(t, "jump of pve1", pve.Reach.Jump, []string(nil))
	same(t, "jump of nas1", target(t, f, "node/nas1").Reach.Jump, []string{"node/gate", "hop@bastion.example.net:2200"})

	api := target(t, f, "vm/api")
	same(t, "vm/api", []any{api.On, api.ID, api.Site, api.Host, api.Needs}, []any{Ref("node/pve1"), "101", "home", Ref("vm/api"), []Ref{"node/gate"}})
	same(t, "id of vm/db", target(t, f, "vm/db").ID, "ct-7")

	files := target(t, f, "share/files")
	same(t, "share/files", []any{files.Host, files.Site, files.Path, files.Class}, []any{Ref("node/nas1"), "friend", "/srv/files", ClassUser})
	same(t, "mounts", files.Mounts, []Mount{{"vm/api", "/mnt/files"}, {"node/nas1", "/export/files"}})

	web := target(t, f, "service/web")
	same(t, "service/web", []any{web.Host, web.Site, web.Standby, web.Data, web.URL, web.Needs},
		[]any{Ref("vm/api"), "home", []Ref{"node/nas1"}, []string{"share/files", "/var/lib/web"}, "https://web.example.net/", []Ref{"service/api"}})
	same(t, "options", web.Options, Options{"url": "https://web.example.net/", "status": int64(204), "secret": Secret{Env: "WEB_TOKEN"}, "from": "node/nas1"})
	if len(web.Checks) != 1 {
		t.Fatalf("checks: %+v", web.Checks)
	}
	c := web.Checks[0]
	same(t, "check", []any{c.Name, c.Kind, c.From, c.Every, c.Confirm, c.Options, c.Limits},
		[]any{"cert", "tls", Console, time.Hour, 2, Options{"address": "web.example.net:443"}, Limits{"days": {Warn: 21, Fail: 7, Low: true, Unit: "days"}}})
	same(t, "class of service/api", target(t, f, "service/api").Class, ClassApplication)

	same(t, "repositories", []any{f.Repositories[0].Site, f.Repositories[0].URL, f.Repositories[1].Site, f.Repositories[1].On, f.Repositories[1].Path},
		[]any{"cloud", "https://s3.example.net/bucket", "friend", Ref("node/nas1"), "/srv/restic"})
	b := f.Backups[0]
	same(t, "backup", []any{b.Name, b.Of, b.To, b.RPO, b.RTO, b.Keep, b.Drill},
		[]any{"files", Ref("share/files"), []string{"b2"}, 24 * time.Hour, 4 * time.Hour, map[string]int{"daily": 7, "weekly": 4}, 13 * 7 * 24 * time.Hour})

	same(t, "rto of a service, and of its backup", []time.Duration{web.RTO, f.Backups[1].RTO}, []time.Duration{5 * time.Minute, 5 * time.Minute})

	p := f.Playbooks[0]
	if len(p.Steps) != 2 || !p.Unattended || p.Title != "patch everything" {
		t.Fatalf("playbook: %+v", p)
	}
	s := p.Steps[0]
	same(t, "step", []any{s.Run, s.Over, s.AtOnce, s.Timeout, s.Inputs, s.Undo, s.Verify, s.When},
		[]any{"set -e\napt-get update\n", []Ref{"vm/api", "vm/db"}, 1, 30 * time.Minute, map[string]string{"mode": "safe"}, "true", "true", "test -f /etc/debian_version"})
	same(t, "step", []any{p.Steps[1].Script, p.Steps[1].On, p.Steps[1].Confirm}, []any{"/etc/jurymast/scripts/reboot.sh", Ref("vm/api"), "Reboot it?"})

	var order []string
	for x := range f.Targets() {
		order = append(order, string(x.Ref))
	}
	same(t, "order", order, strings.Fields("node/gate node/pve1 node/nas1 vm/api vm/db share/files service/web service/api"))
	order = nil
	for x := range f.Hosts() {
		order = append(order, string(x.Ref))
	}
	same(t, "hosts", order, strings.Fields("node/gate node/pve1 node/nas1 vm/api vm/db"))
}

func TestNeeds(t *testing.T) {
	f := valid(t)
	for ref, want := range map[Ref]string{
		"node/gate":   "",
		"node/pve1":   "node/gate",
		"vm/api":      "node/pve1 node/gate",
		"vm/db":       "node/pve1 node/gate",
		"share/files": "node/nas1",
		"service/web": "vm/api service/api share/files",
	} {
		same(t, "needs of "+string(ref), strings.Join(refWords(f.Needs(ref)), " "), want)
	}
	for ref, want := range map[Ref]string{
		"node/nas1":   "share/files",
		"vm/api":      "service/web service/api",
		"share/files": "service/web",
		"service/web": "",
		"node/gate":   "vm/api node/nas1 node/pve1 vm/db",
	} {
		same(t, "needed by of "+string(ref), strings.Join(refWords(f.NeededBy(ref)), " "), want)
	}
	f = mustParse(t, "[ssh]\njump = \"fw\"\n[node.pve1]\n[node.other]\n[vm.fw]\non = \"pve1\"\n")
	same(t, "a node behind its own guest", f.Needs("node/pve1"), []Ref(nil))
	same(t, "a node behind another's guest", f.Needs("node/other"), []Ref{"vm/fw"})
	same(t, "the jump host", f.Needs("vm/fw"), []Ref{"node/pve1"})
	f = mustParse(t, "[ssh]\njump = [\"a\", \"b\"]\n[node.a]\n[node.b]\n[node.c]\n[node.d]\njump = []\n")
	same(t, "the first of two jump hosts", f.Needs("node/a"), []Ref(nil))
	same(t, "the second", f.Needs("node/b"), []Ref{"node/a"})
	same(t, "behind both", f.Needs("node/c"), []Ref{"node/a", "node/b"})
	same(t, "beside them", f.Needs("node/d"), []Ref(nil))
}

func TestGraph(t *testing.T) {
	f := valid(t)
	g := f.Graph()
	for _, want := range []Edge{
		{"vm/api", "node/pve1", EdgeOn}, {"service/web", "service/api", EdgeNeeds}, {"service/web", "share/files", EdgeData},
		{"node/nas1", "node/gate", EdgeJump}, {"vm/api", "share/files", EdgeMounts}, {"service/web", "node/nas1", EdgeStandby},
		{"share/files", "repository/b2", EdgeBackup}, {"repository/local", "node/nas1", EdgeOn},
	} {
		if !slices.Contains(g.Edges, want) {
			t.Errorf("no edge %v", want)
		}
	}
	for name, write := range map[string]func(*strings.Builder) error{
		"valid.dot":  func(b *strings.Builder) error { return g.WriteDOT(b) },
		"valid.tree": func(b *strings.Builder) error { return g.WriteTree(b) },
	} {
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(testdata, name)
		if *update {
			if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if b.String() != string(want) {
			t.Errorf("%s: got\n%s", name, b.String())
		}
	}
	// Every target is drawn exactly once, also one whose site is not its host's.
	var b strings.Builder
	f = mustParse(t, "[site.a]\n[site.b]\n[node.n]\nsite = \"a\"\n[vm.v]\non = \"n\"\nsite = \"b\"\n[node.m]\n[site.\"c\"]\ntitle = 'a \"quoted\" \\ title'\n[node.o]\nsite = \"c\"\n")
	if err := f.Graph().WriteTree(&b); err != nil {
		t.Fatal(err)
	}
	same(t, "tree", b.String(), "site/a\n  node/n  linux\n    vm/v  linux\nsite/c  a \"quoted\" \\ title\n  node/o  linux\nno site\n  node/m  linux\n")
	b.Reset()
	if err := f.Graph().WriteDOT(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`label="a \"quoted\" \\ title"`, `"vm/v" [label="vm/v\nlinux"]`} {
		if strings.Count(b.String(), want) != 1 {
			t.Errorf("%s is not once in\n%s", want, b.String())
		}
	}
}

func TestOptionTypes(t *testing.T) {
	const head = "[node.a]\n[service.s]\nkind = \"every-type\"\non = \"a\"\n"
	defaults := mustParse(t, head).Services[0].Options
	same(t, "defaults", defaults, Options{
		"a_bool": true, "a_duration": 90 * time.Minute, "a_host": "console", "a_list": []string{"x", "y"}, "a_path": "/etc",
		"a_percent": 85.0, "a_port": int64(443), "a_size": int64(10 << 30), "a_string": "7", "a_url": "https://example.net",
		"an_enum": "slow", "an_int": int64(-3),
	})
	o := mustParse(t, head+`
a_bool = false
a_duration = "2w"
a_host = "node/a"
a_list = "one"
a_path = "/srv/a b"
a_percent = 12.5
a_port = 1
a_secret = { file = "key" }
a_size = "1.5 GB"
a_string = "x"
a_url = "redis://h:1/0"
an_enum = "fast"
an_int = 0x10
`).Services[0].Options
	secret := o.Secret("a_secret").File
	if !filepath.IsAbs(secret) || filepath.Base(secret) != "key" {
		t.Errorf("secret file %q", secret)
	}
	same(t, "bool", o.Bool("a_bool"), false)
	same(t, "duration", o.Duration("a_duration"), 14*24*time.Hour)
	same(t, "host", o.String("a_host"), "node/a")
	same(t, "list", o.List("a_list"), []string{"one"})
	same(t, "path", o.String("a_path"), "/srv/a b")
	same(t, "percent", o.Float("a_percent"), 12.5)
	same(t, "port", o.Int("a_port"), int64(1))
	same(t, "size", o.Int("a_size"), int64(1500000000))
	same(t, "string", o.String("a_string"), "x")
	same(t, "url", o.String("a_url"), "redis://h:1/0")
	same(t, "enum", o.String("an_enum"), "fast")
	same(t, "int", o.Int("an_int"), int64(16))
	// Asking for another type gives the zero value.
	same(t, "int as string", o.String("an_int"), "")
	same(t, "absent secret", o.Secret("nothing").IsZero(), true)
}

// TestEveryKeyIsRead writes a date, which no key takes, to every declared key:
// a key that is declared and not read would pass in silence.
func TestEveryKeyIsRead(t *testing.T) {
	for level, keys := range keysOf {
		for _, k := range keys {
			doc := "[" + string(level) + ".x]\n"
			switch level {
			case "":
				doc = ""
			case "ssh":
				doc = "[ssh]\n"
			}
			doc += k.Name + " = 1979-05-27\n"
			wantRefused(t, string(level)+" "+k.Name, doc, strings.Count(doc, "\n"), len(k.Name)+4)
		}
	}
	for _, k := range keysStep {
		wantRefused(t, "step "+k.Name, "[[playbook.x.step]]\n"+k.Name+" = 1979-05-27\n", 2, len(k.Name)+4)
	}
	for name, k := range testKinds {
		for _, o := range k.Options {
			level := k.Levels[0]
			doc := "[" + string(level) + ".x]\nkind = \"" + name + "\"\n" + o.Name + " = 1979-05-27\n"
			wantRefused(t, name+" "+o.Name, doc, 3, len(o.Name)+4)
		}
	}
}

func wantRefused(t *testing.T, what, doc string, line, col int) {
	t.Helper()
	_, err := Parse("t.toml", []byte(doc), testKinds)
	ps, _ := err.(Problems)
	for _, p := range ps {
		if p.Pos.Line == line && p.Pos.Col == col && strings.Contains(p.Text, "must be") {
			return
		}
	}
	t.Errorf("%s takes a date: %v", what, err)
}

func TestSchemaCheck(t *testing.T) {
	if err := testKinds.Check(); err != nil {
		t.Error(err)
	}
	bad := Schema{
		"Bad": {Levels: []Level{LevelNode}},
		"x": {
			Levels: []Level{LevelNode, LevelService},
			Options: []Option{
				{Name: "address", Type: TypeString}, {Name: "url", Type: TypeURL}, {Name: "a", Type: "thing"}, {Name: "b", Type: TypeEnum},
				{Name: "c", Type: TypeInt, Default: "many"}, {Name: "c", Type: TypeInt, Required: true, Default: "1"}, {Name: "d", Type: TypeBool, Values: []string{"x"}},
			},
			Limits: []Limit{{Name: "l", Warn: 2, Fail: 1}, {Name: "l", Warn: 1, Fail: 2, Low: true}},
		},
		"y": {},
	}
	err := bad.Check()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`kind Bad: bad name "Bad"`, `kind x: option "address" is a common key of [node.NAME]`, `option "a" has the unknown type "thing"`,
		`option "b": an enum has values`, `default of option "c": must be an integer`, `option "c" is declared twice`, `option "c" is required and has a default`,
		`option "d": an enum has values and nothing else has`, `limit "l": warn 2 lies above fail 1`, `limit "l" is declared twice`, `limit "l": warn 1 lies below fail 2`,
		"kind y: it is the kind of no level",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing from\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), `"url"`) {
		t.Errorf("url may be shared: %v", err)
	}
}

func TestTooManyProblems(t *testing.T) {
	_, err := Parse("t.toml", []byte("[node.a]\n"+strings.Repeat("adress = 1\n", 5000)), testKinds)
	ps, ok := err.(Problems)
	if !ok || len(ps) != maxProblems+1 || !strings.Contains(ps[maxProblems].Text, "more") {
		t.Errorf("%d problems, the last is %v", len(ps), ps[len(ps)-1])
	}
}

func TestTooLarge(t *testing.T) {
	if _, err := Parse("t.toml", make([]byte, maxFile+1), testKinds); err == nil || !strings.Contains(err.Error(), "larger than 4 MiB") {
		t.Error(err)
	}
}

func TestDefaultNameIsTheFiles(t *testing.T) {
	f, err := Parse("/x/crew.toml", []byte("[node.a]"), testKinds)
	if err != nil || f.Settings.Name != "crew" {
		t.Errorf("%v, %v", f, err)
	}
}
