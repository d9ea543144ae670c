package kind

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// marked returns the kinds that are looked at by scripts which end their answers
// with a mark, so that half of an answer can be told from a whole one.
func marked(t testing.TB) []actions.Kind {
	t.Helper()
	return slices.DeleteFunc(All(), func(k actions.Kind) bool {
		if k.Checks == nil || k.Unmarked != "" {
			return true
		}
		f, target := suiteTarget(t, k)
		return !slices.ContainsFunc(k.Checks(f, target), func(c actions.Check) bool { return c.Script.Name != "" })
	})
}

// databases are the kinds that are asked in a session of their own client, whose
// scripts need a server to say anything.
var databases = []string{"mariadb", "postgres", "redis"}

// suiteTarget returns a target of a kind as an inventory would give it; lines
// are added to its table.
func suiteTarget(t testing.TB, k actions.Kind, lines ...string) (*inventory.Fleet, inventory.Target) {
	t.Helper()
	level := k.Levels[0]
	name := "api"
	var b strings.Builder
	b.WriteString("[node.other]\nkind = \"linux\"\n")
	if level == inventory.LevelNode {
		name = "app"
	} else {
		b.WriteString("[node.app]\nkind = \"linux\"\n")
	}
	fmt.Fprintf(&b, "[%s.%s]\nkind = %q\n", level, name, k.Name)
	if level != inventory.LevelNode {
		b.WriteString("on = \"app\"\n")
	}
	if level == inventory.LevelShare {
		b.WriteString("class = \"user\"\npath = \"/srv/files\"\nmounts = [{ on = \"other\", at = \"/mnt/files\" }]\n")
	}
	for _, o := range k.Options {
		if o.Required && !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, o.Name+" ") }) {
			value := "true"
			if o.Type == inventory.TypeURL {
				value = "https://app.example/"
			}
			fmt.Fprintf(&b, "%s = %q\n", o.Name, value)
		}
	}
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
	f, err := inventory.Parse("suite.toml", []byte(b.String()), Schema())
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	target, ok := f.Target(inventory.MakeRef(level, name))
	if !ok {
		t.Fatalf("no target in\n%s", b.String())
	}
	return f, *target
}

// suiteAnswer is an answer with no history.
func suiteAnswer(stdout string) actions.Answer {
	return actions.Answer{Output: actions.Output{Stdout: []byte(stdout)}, Now: time.Unix(1795210000, 0),
		Series: func(string, string) []actions.Point { return nil }}
}

func TestEveryKindIsDescribed(t *testing.T) {
	all := All()
	for i, k := range all {
		if i > 0 && all[i-1].Name >= k.Name {
			t.Errorf("%s stands behind %s", k.Name, all[i-1].Name)
		}
		if k.Doc == "" || !strings.HasSuffix(k.Doc, ".") || strings.Contains(k.Doc, "\n") {
			t.Errorf("%s: its Doc is no sentence: %q", k.Name, k.Doc)
		}
		if k.About == "" || len(k.Levels) == 0 {
			t.Errorf("%s says nothing about itself, or has no level", k.Name)
		}
		for _, v := range k.Verbs() {
			if g := k.Proved[v]; g != actions.Real && g != actions.Recorded && g != actions.Documented {
				t.Errorf("%s: %s is proved by %q", k.Name, v, g)
			}
		}
		if len(k.Proved) != len(k.Verbs()) {
			t.Errorf("%s can %v and proves %v", k.Name, k.Verbs(), k.Proved)
		}
		seen := map[string]bool{}
		described := func(what, name, doc string) {
			if name == "" || doc == "" || strings.Contains(doc, "\n") || seen[what+name] {
				t.Errorf("%s: %s %q is twice there, or without one line of doc: %q", k.Name, what, name, doc)
			}
			seen[what+name] = true
		}
		for _, o := range k.Options {
			described("option", o.Name, o.Doc)
			if (o.Type == inventory.TypeEnum) != (len(o.Values) > 0) {
				t.Errorf("%s: option %s is of type %s and has the values %v", k.Name, o.Name, o.Type, o.Values)
			}
		}
		for _, l := range k.Limits {
			described("limit", l.Name, l.Doc)
			if l.Low && l.Warn < l.Fail || !l.Low && l.Warn > l.Fail {
				t.Errorf("%s: limit %s fails before it warns", k.Name, l.Name)
			}
		}
	}
}

func TestEveryCheckIsWhole(t *testing.T) {
	for _, k := range All() {
		if k.Checks == nil {
			if len(k.Verbs()) == 0 {
				t.Errorf("%s can do nothing", k.Name)
			}
			continue
		}
		f, target := suiteTarget(t, k)
		checks := k.Checks(f, target)
		if len(checks) == 0 {
			t.Errorf("%s looks at nothing", k.Name)
		}
		ids := map[string]bool{}
		for _, c := range checks {
			if c.ID == "" || ids[c.ID] || strings.ContainsAny(c.ID, " \t\n") {
				t.Errorf("%s: id %q is twice there, or none", k.Name, c.ID)
			}
			ids[c.ID] = true
			if c.Title == "" || c.Read == nil || (c.Script.Name == "") == (c.Probe == nil) {
				t.Errorf("%s %s: it has no title or no reader, or not exactly one of script and probe", k.Name, c.ID)
			}
			if _, _, err := c.Script.Render(); c.Probe == nil && err != nil {
				t.Errorf("%s %s: %v", k.Name, c.ID, err)
			}
		}
		for _, c := range checks {
			for _, n := range c.Needs {
				if !ids[n] {
					t.Errorf("%s %s needs %s, which is not there", k.Name, c.ID, n)
				}
			}
		}
	}
}

// TestEveryFolderIsNamed fails for scripts and answers of a kind that All does
// not return, and for a file of answers that nothing reads.
func TestEveryFolderIsNamed(t *testing.T) {
	for _, pattern := range []string{"*/*.sh", "testdata/*", recordedDir + "/*"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, name := range found {
			kind := strings.Split(strings.TrimPrefix(strings.TrimPrefix(filepath.ToSlash(name), recordedDir+"/"), "testdata/"), "/")[0]
			if _, ok := Lookup(kind); !ok && kind != "fuzz" {
				t.Errorf("%s: there is no kind %s in All", name, kind)
			}
		}
	}
	// What is in the folders is in the binary.
	err := fs.WalkDir(scripts, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		embedded, err := scripts.ReadFile(name)
		if err != nil {
			return err
		}
		onDisk, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if string(embedded) != string(onDisk) {
			t.Errorf("%s is not what was built in", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestScriptsAreClean(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*/*.sh")
	if err != nil {
		t.Fatal(err)
	}
	// The files are opened here so that the test cache knows of them.
	for _, name := range files {
		if _, err := os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "shellcheck", files...).CombinedOutput()
	if err != nil {
		t.Errorf("shellcheck: %v (apt install shellcheck)\n%s", err, out)
	}
}

// suiteCase is a recorded answer and what is expected of it. The head of its
// file has the lines
//
//	tool: and how:    what answered, and how it was got
//	toml: KEY = VALUE of the target
//	now: SECONDS      the console's clock
//	exit: and stderr:
//	expect CHECK STATUS part of the only reading's line
//	item CHECK ITEM STATUS part of that item's line
//	none CHECK        no reading at all
//	on CHECK REF      where it is seen to run
type suiteCase struct {
	name     string
	toml     []string
	answer   actions.Answer
	expected [][]string
}

// recordedDir holds what the real fleet's tests recorded, a folder a kind; what
// was got or written otherwise lies in this package's testdata.
const recordedDir = "../../testdata/recorded"

// answersOf returns the files with answers of a kind, of which there must be some.
func answersOf(t testing.TB, kind string) []string {
	t.Helper()
	var out []string
	for _, folder := range []string{"testdata", recordedDir} {
		files, err := filepath.Glob(folder + "/" + kind + "/*.txt")
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, files...)
	}
	if len(out) == 0 {
		t.Fatalf("no answers of %s", kind)
	}
	return out
}

func suiteCases(t testing.TB, kind string) []suiteCase {
	t.Helper()
	var out []suiteCase
	for _, file := range answersOf(t, kind) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		head, body, ok := strings.Cut(string(text), "\n\n")
		if !ok {
			t.Fatalf("%s: no empty line behind the head", file)
		}
		c := suiteCase{name: filepath.Base(filepath.Dir(filepath.Dir(file))) + "/" + filepath.Base(file), answer: suiteAnswer(body)}
		said := map[string]bool{}
		for _, line := range strings.Split(head, "\n") {
			word, rest, _ := strings.Cut(strings.TrimPrefix(line, "# "), " ")
			said[word] = true
			switch word {
			case "tool:", "how:":
			case "toml:":
				c.toml = append(c.toml, rest)
			case "now:":
				n, err := strconv.ParseInt(rest, 10, 64)
				if err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				c.answer.Now = time.Unix(n, 0)
			case "exit:":
				if c.answer.Exit, err = strconv.Atoi(rest); err != nil {
					t.Fatalf("%s: %v", file, err)
				}
			case "stderr:":
				c.answer.Stderr = []byte(rest + "\n")
			case "expect", "item", "none", "on":
				c.expected = append(c.expected, append([]string{word}, strings.Fields(rest)...))
			default:
				t.Errorf("%s: a line of the head means nothing: %s", file, line)
			}
		}
		if !said["tool:"] || !said["how:"] || len(c.expected) == 0 {
			t.Errorf("%s does not say what answered, how it was got or what is expected", file)
		}
		out = append(out, c)
	}
	return out
}

func TestRecordedLooks(t *testing.T) {
	for _, k := range marked(t) {
		for _, c := range suiteCases(t, k.Name) {
			t.Run(k.Name+"/"+c.name, func(t *testing.T) {
				f, target := suiteTarget(t, k, c.toml...)
				checks := k.Checks(f, target)
				for _, want := range c.expected {
					i := slices.IndexFunc(checks, func(x actions.Check) bool { return x.ID == want[1] })
					if i < 0 {
						t.Fatalf("there is no check %s", want[1])
					}
					suiteExpect(t, want, checks[i].Read(c.answer))
				}
			})
		}
	}
}

func suiteExpect(t *testing.T, want []string, rs []actions.Reading) {
	t.Helper()
	var r *actions.Reading
	rest := want[2:]
	switch want[0] {
	case "none":
		if len(rs) > 0 {
			t.Errorf("%v: got %+v", want, rs)
		}
		return
	case "on":
		if !slices.ContainsFunc(rs, func(x actions.Reading) bool { return string(x.On) == want[2] }) {
			t.Errorf("%v: got %+v", want, rs)
		}
		return
	case "item":
		if i := slices.IndexFunc(rs, func(x actions.Reading) bool { return x.Item == want[2] }); i >= 0 {
			r = &rs[i]
		}
		rest = want[3:]
	default:
		if len(rs) == 1 {
			r = &rs[0]
		}
	}
	if r == nil || r.Status.String() != rest[0] || !strings.Contains(r.Line, strings.Join(rest[1:], " ")) {
		t.Errorf("want %v, got %+v", want, rs)
	}
	if r != nil && r.Status == actions.OK && r.Next != "" {
		t.Errorf("it is well and says what to do: %+v", *r)
	}
}

// TestNoAnswerIsNeverWell gives every script's reader what is no answer of it:
// nothing, a page, and every recorded answer cut short at every line.
func TestNoAnswerIsNeverWell(t *testing.T) {
	for _, k := range All() {
		if k.Name == "command" {
			continue // any text with exit code 0 is a plugin's ok
		}
		if k.Checks == nil {
			continue
		}
		f, target := suiteTarget(t, k)
		for _, c := range k.Checks(f, target) {
			for _, text := range []string{"", "\n", "<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>\n", "end\n", "Welcome!\n"} {
				suiteNotWell(t, k.Name+" "+c.ID, text, c.Read(suiteAnswer(text)))
			}
		}
	}
	for _, k := range marked(t) {
		for _, c := range suiteCases(t, k.Name) {
			f, target := suiteTarget(t, k, c.toml...)
			body := string(c.answer.Stdout)
			for _, check := range k.Checks(f, target) {
				for cut := range len(body) {
					if body[cut] != '\n' || strings.TrimSpace(body[cut:]) == "" {
						continue
					}
					a := c.answer
					a.Stdout = []byte(body[:cut+1])
					suiteNotWell(t, k.Name+" "+check.ID+" of "+c.name+" cut short", string(a.Stdout), check.Read(a))
				}
			}
		}
	}
}

func suiteNotWell(t *testing.T, what, text string, rs []actions.Reading) {
	t.Helper()
	if len(rs) == 0 {
		t.Errorf("%s: nothing is said of %q", what, text)
	}
	for _, r := range rs {
		if r.Status == actions.OK {
			t.Errorf("%s: %q is well: %+v", what, text, r)
			return
		}
	}
}

// TestScriptsOnAMachine runs the scripts on a machine that is a folder, under
// every shell that a host may have for sh. They must print the same, and what
// is wrong with the machine must be seen.
func TestScriptsOnAMachine(t *testing.T) {
	root, err := filepath.Abs("testdata/linux/root-debian")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("JURYMAST_ROOT", root)
	t.Setenv("PATH", filepath.Join(root, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	expected := map[string][]string{
		"linux": {
			"expect uptime ok up 1 h 0 min", "expect load ok 0.25 per processor", "expect memory warn 12% of the last minute everything waited for memory, limit 10",
			"expect swap ok 10% of", "item disk / fail turned read-only; 88% used", "expect inodes fail 96% of the inodes used, limit 95",
			"item mdraid md0 ok all 2 members", "expect units fail 1 failed: cron.service", "expect clock warn off by 0.250000 s (chrony), limit 0.1",
			"expect updates warn 2 wait, 1 of them for security", "expect reboot warn kernel 6.1.0-18-amd64 runs, 6.1.0-41-amd64 is installed",
			"item smart /dev/sda warn 60 °C, limit 55", "item temperature acpitz ok 41",
		},
		"lvm":     {"item groups vg0 ok 10% of it free", "expect volumes ok 0 volumes"},
		"mdadm":   {"item arrays md0 ok raid1, all 2 members"},
		"smart":   {"item drives /dev/sda warn well by its own word, 60 °C, limit 55"},
		"systemd": {"expect unit ok active (running) for 1 h 0 min"},
		"docker":  {"expect engine ok docker 28.5.2, 1 containers", "item containers api-web-1 ok running, healthy"},
		"compose": {"item compose web ok running, healthy"},
		"bucket":  {"expect bucket ok it answers, and is not empty", "expect versioning ok on", "expect lock ok none", "expect objects ok 1 objects, 2.0 KiB, the newest 1 h 0 min old"},
		"caddy":   {"expect caddy ok Caddy 2.6.2", "item upstreams 10.0.0.3:8080 fail nothing else carries", "expect config ok can be read"},
		"haproxy": {"expect haproxy ok HAProxy 2.6.12", "item backends web warn 1 of 2 servers up: b down for 5 s (L4CON Connection refused)"},
		"traefik": {"expect traefik ok Traefik 3.5.3, 1 routers", "item services app@file fail none of 1 servers is up: http://10.0.0.3"},
		"nginx":   {"expect nginx ok nginx/1.22.1, 1 workers, configuration read 59 min ago", "expect config ok passes its test"},
	}
	first := map[string]string{}
	kinds := slices.DeleteFunc(marked(t), func(k actions.Kind) bool { return slices.Contains(databases, k.Name) })
	eachShell(t, func(t *testing.T, shell ...string) {
		for _, k := range kinds {
			f, target := suiteTarget(t, k)
			for _, c := range k.Checks(f, target) {
				a := runScript(t, c, shell...)
				a.Now, a.Took = time.Unix(1795210000, 0), 0
				a.Series = func(string, string) []actions.Point { return nil }
				if len(a.Stderr) > 0 {
					t.Errorf("%s: stderr %q", c.Script.Name, a.Stderr)
				}
				if was, seen := first[c.Script.Key()]; seen && was != string(a.Stdout) {
					t.Errorf("%s under %s prints\n%s\nand elsewhere\n%s", c.Script.Name, shell[0], a.Stdout, was)
				}
				first[c.Script.Key()] = string(a.Stdout)
				for _, want := range expected[k.Name] {
					if w := strings.Fields(want); w[1] == c.ID {
						suiteExpect(t, w, c.Read(a))
					}
				}
			}
		}
	})
}

// FuzzRead lets every reader of every kind have any answer: none panics, none
// says nothing, and no number is one that cannot be kept.
func FuzzRead(f *testing.F) {
	for _, k := range marked(f) {
		for _, c := range suiteCases(f, k.Name) {
			f.Add(string(c.answer.Stdout), string(c.answer.Stderr), c.answer.Exit)
		}
	}
	f.Add("", "sudo: a password is required\n", 1)
	var checks []actions.Check
	for _, k := range All() {
		if k.Checks == nil {
			continue
		}
		fleet, target := suiteTarget(f, k)
		checks = append(checks, k.Checks(fleet, target)...)
	}
	f.Fuzz(func(t *testing.T, stdout, stderr string, exit int) {
		for _, c := range checks {
			a := suiteAnswer(stdout)
			a.Stderr, a.Exit = []byte(stderr), exit
			a.Series = func(string, string) []actions.Point {
				return []actions.Point{{At: a.Now.Add(-48 * time.Hour), Value: 1}, {At: a.Now.Add(-time.Hour), Value: 2}, {At: a.Now, Value: 3}}
			}
			for _, r := range c.Read(a) {
				if r.Line == "" {
					t.Errorf("%s says nothing: %+v", c.ID, r)
				}
				for _, m := range r.Metrics {
					if m.Value != m.Value || m.Value-m.Value != 0 {
						t.Errorf("%s: %+v", c.ID, m)
					}
				}
			}
		}
	})
}
