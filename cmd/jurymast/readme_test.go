package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jurymast/actions/engine"
)

var update = flag.Bool("update", false, "write the generated parts of README.md again")

const readme = "../../README.md"

// between returns what stands between two marks of a text, and the text with
// something else there.
func between(t *testing.T, text, from, to, instead string) (is, changed string) {
	t.Helper()
	i := strings.Index(text, from)
	if i < 0 {
		t.Fatalf("README.md has no %q", from)
	}
	i += len(from)
	j := strings.Index(text[i:], to)
	if j < 0 {
		t.Fatalf("README.md has no %q behind %q", to, from)
	}
	return text[i : i+j], text[:i] + instead + text[i+j:]
}

// TestReadmeGenerated holds the table of kinds and the block of output to what
// the program says.
func TestReadmeGenerated(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	var kinds strings.Builder
	kinds.WriteString("| kind | of | can | what |\n|---|---|---|---|\n")
	for _, k := range engine.Kinds(nil) {
		it := newKindItem(k)
		fmt.Fprintf(&kinds, "| `%s` | %s | %s | %s |\n", k.Name, strings.Join(it.Levels, ", "), grounds(k), k.Doc)
	}
	fleet := demo(t, false)
	_, out, _ := call(t, fleet, "check", "all", "-q")

	is, changed := between(t, string(text), "as `proved`.\n\n", "\n`jurymast kinds NAME`", kinds.String())
	shown, changed := between(t, changed, "```text\n$ jurymast demo check all -q\n", "```\n", out)
	if *update {
		if err := os.WriteFile(readme, []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if is != kinds.String() {
		t.Errorf("the table of kinds is old; go test ./cmd/jurymast -run Readme -update\n%s", kinds.String())
	}
	if got, want := steady(shown), steady(out); got != want {
		t.Errorf("the block of output is old; go test ./cmd/jurymast -run Readme -update\ngot\n%s\nwant\n%s", got, want)
	}
}

// What differs from one look to the next: how long something took or lasts,
// and which of the other hosts were asked.
var (
	passing   = regexp.MustCompile(`[0-9.]+ s\b|\b[0-9]+s\b|\b[0-9]+(ms| d [0-9]+ h)`)
	witnesses = regexp.MustCompile(`also not seen from [^;]+`)
	blanks    = regexp.MustCompile(` +`)
)

// steady returns the lines of a table without what differs, in one order.
func steady(s string) string {
	s = witnesses.ReplaceAllString(passing.ReplaceAllString(s, "TIME"), "also not seen from others")
	lines := strings.Split(strings.TrimSpace(blanks.ReplaceAllString(s, " ")), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// demo starts a demo fleet and returns the environment in which it is meant.
func demo(t *testing.T, calm bool) map[string]string {
	t.Helper()
	dir, err := os.MkdirTemp("", "jurymast-test-")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	fleet, err := startDemo(ctx, dir, calm)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	socket, stop, err := fleet.control(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		stop()
		if err := fleet.Close(); err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	t.Setenv(certEnv, fleet.ca) // read once a process; this package starts one trusted lab in-process
	env := fleet.environment()
	env[demoEnv], env["LANG"], env["HOME"], env["PATH"], env["USER"] = socket, "C.UTF-8", dir, os.Getenv("PATH"), "tester"
	return env
}

// TestReadmeCommands runs every command of README.md on a demo fleet.
func TestReadmeCommands(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	ci, err := os.ReadFile("../../.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	env := demo(t, false)
	ssh := env["JURYMAST_SSH_CONFIG"]
	ran := 0
	made := map[string]bool{".": true}
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		for _, line := range strings.Split(strings.TrimSpace(block[1]), "\n") {
			ran++
			words := splitWords(line)
			if i := slices.Index(words, ">"); i >= 0 {
				if into := filepath.Dir(words[i+1]); !made[into] {
					t.Errorf("%s: nothing has made %s", line, into)
				}
				words = words[:i]
			}
			switch {
			case strings.HasPrefix(line, "mkdir -p "):
				made[words[2]] = true
			case line == "go run ./cmd/jurymast demo":
				untilSeen(t, env, "✗ FAIL", words[3:])
			case strings.HasPrefix(line, "go test "):
				// In two parts, of which the second has what is not in the first, and a third
				// with what was left out of the first.
				of := "\nmapfile -t some < <(go list " + strings.TrimPrefix(line, "go test ") + " | grep "
				for _, part := range []string{
					of + "-E \"$plain\")\ntests go test -skip \"$meet\" ./actions/run \"${some[@]}\"\nparted=(\"${some[@]}\")\n",
					of + "-vE \"$plain\")\ntests go test \"${race[@]}\" -p 3 ./ssh \"${some[@]}\"\n",
					"\ntests go test \"${race[@]}\" -run \"$meet\" \"${parted[@]}\"\n",
				} {
					if !bytes.Contains(ci, []byte(part)) {
						t.Errorf("CI does not run %q: %q is not in it", line, part)
					}
				}
			case strings.HasPrefix(line, "go build "):
				if !bytes.Contains(ci, []byte("./cmd/jurymast")) {
					t.Errorf("CI does not build it: %q", line)
				}
			case strings.HasPrefix(line, "jurymast inventory import ssh-config"):
				if code, out, stderr := call(t, env, append(words[1:], ssh)...); code != 0 || !strings.Contains(out, "[node.") {
					t.Errorf("%s: exit %d\n%s", line, code, stderr)
				}
			case line == "jurymast hosts scan": // one machine of that fleet is down
				if code, out, stderr := call(t, env, words[1:]...); code != exitUnreachable || !strings.Contains(out, "trusted") {
					t.Errorf("%s: exit %d\n%s", line, code, stderr)
				}
			case words[0] == "jurymast":
				if code, _, stderr := call(t, env, words[1:]...); code > 3 {
					t.Errorf("%s: exit %d\n%s", line, code, stderr)
				}
			default:
				t.Errorf("%q: this test does not know how to run it", line)
			}
		}
	}
	if ran < 15 {
		t.Errorf("only %d commands found: are the blocks marked sh?", ran)
	}
}

// splitWords splits a line as a shell does, double quotes included.
func splitWords(line string) []string {
	var out []string
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	return out
}

// untilSeen runs a command that goes on for ever until it has said something,
// and interrupts it then.
func untilSeen(t *testing.T, env map[string]string, want string, args []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var mu sync.Mutex
	var out bytes.Buffer
	seen := false
	w := writerFunc(func(b []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		n, err := out.Write(b)
		if strings.Contains(out.String(), want) {
			seen = true
			cancel()
		}
		return n, err
	})
	a := newApp(args, streams{in: strings.NewReader(""), out: w, err: &bytes.Buffer{}}, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	code := a.run(ctx)
	mu.Lock()
	defer mu.Unlock()
	if !seen || code != exitInterrupted {
		t.Errorf("%v: exit %d, saw %q: %v\n%s", args, code, want, seen, out.String())
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestExampleIsTheDemo holds the embedded inventory to the example.
func TestExampleIsTheDemo(t *testing.T) {
	example, err := os.ReadFile("../../inventory.example.toml")
	if err != nil {
		t.Fatal(err)
	}
	if string(example) != demoInventory {
		t.Error("they differ: cp inventory.example.toml cmd/jurymast/demo/inventory.toml")
	}
}
