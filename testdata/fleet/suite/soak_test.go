//go:build linux && fleet

package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"jurymast/testdata/fleet/bed"
)

var soak = flag.Duration("soak", time.Minute, "how long two lookers and a console share a store")

// TestSoak has two lookers and a console on one store while machines come and
// go: none locks up, no change of a state is lost, and none grows.
func TestSoak(t *testing.T) {
	beside(t, light, *soak+20*time.Second)
	const services, every = 50, "5s"
	var lines strings.Builder
	nodes := []string{"n1", "n2", "n3", "n4"}
	for i := range services {
		fmt.Fprintf(&lines, "[service.s%d]\nkind = \"command\"\non = %q\ncommand = \"if test -e /srv/bad-%d; then echo broken; exit 2; fi; echo fine\"\nevery = %q\nconfirm = 1\n", i, nodes[i%2], i, every)
	}
	f := newFleet(t, bed.Options{Nodes: nodes}, lines.String())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f.jm("check", "all")
	var lookers []*exec.Cmd
	for range 2 {
		lookers = append(lookers, f.command(ctx, "check", "all", "--watch"))
	}
	console := f.command(ctx, "")
	inner := strings.Join(console.Args[:len(console.Args)-1], " ")
	console = exec.CommandContext(ctx, "script", "-qefc", inner, "/dev/null")
	console.Env = append(lookers[0].Env, "TERM=xterm-256color", "COLUMNS=120", "LINES=36")
	console.WaitDelay = time.Second
	hold, err := console.StdinPipe() // a terminal that stays open, and where nobody types
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hold.Close() }()
	lookers = append(lookers, console)
	logs := make([]bytes.Buffer, len(lookers))
	t.Cleanup(func() {
		if t.Failed() {
			for i := range logs[:2] {
				t.Logf("looker %d: %s", i, logs[i].String()[max(0, logs[i].Len()-3000):])
			}
		}
	})
	for i, l := range lookers {
		l.Stdout, l.Stderr = &logs[i], &logs[i]
		if err := l.Start(); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the console stands", 20*time.Second, func() error {
		if n := len(f.running()); n != len(lookers) {
			return fmt.Errorf("%d processes of jurymast", n)
		}
		return nil
	})
	state := func(name string) string {
		var doc struct{ Items []struct{ State string } }
		o := f.jm("status", name, "-o", "json")
		if err := json.Unmarshal([]byte(o.out), &doc); err != nil || len(doc.Items) != 1 {
			t.Fatalf("%v: %s", err, o)
		}
		return doc.Items[0].State
	}
	become := func(name, want string) {
		t.Helper()
		eventually(t, name+" is seen to be "+want, time.Minute, func() error {
			if is := state(name); is != want {
				return fmt.Errorf("it is %s; %s", is, f.jm("status", "all", "-o", "wide"))
			}
			return nil
		})
	}
	become("service/s0", "ok")
	var first map[int]int
	changes, round := 0, 0
	for end := time.Now().Add(*soak); time.Now().Before(end); round++ {
		i := round % services
		name := fmt.Sprintf("service/s%d", i)
		flapping := f.Node(nodes[2+round%2])
		f.on(nodes[i%2], fmt.Sprintf("touch /srv/bad-%d", i))
		f.must(flapping.Kill(ctx))
		become(name, "fail")
		f.on(nodes[i%2], fmt.Sprintf("rm /srv/bad-%d", i))
		f.must(flapping.Power(ctx))
		become(name, "ok")
		changes += 2
		if first == nil {
			first = f.running()
		}
	}
	seen := 0
	o := f.ok("history", "-o", "ndjson", "--kind", "state", "--since", "1d", "--limit", "100000")
	for line := range strings.Lines(o.out) {
		var e struct{ Target, Check, From, To string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if strings.HasPrefix(e.Target, "service/s") && e.Check == "command" && (e.From == "ok" && e.To == "fail" || e.From == "fail" && e.To == "ok") {
			seen++
		}
	}
	if seen < changes {
		t.Errorf("%d changes of state are in the history, of %d that were made", seen, changes)
	}
	last := f.running()
	for pid, was := range first {
		is, lives := last[pid]
		t.Logf("process %d: %d KiB after the first round, %d after the last", pid, was, is)
		// A third more is what a garbage collector may do; a leak of one look is more.
		if !lives || is > was+was/3+8<<10 {
			t.Errorf("process %d has grown from %d to %d KiB, or is gone", pid, was, is)
		}
	}
	t.Logf("%d rounds in %s, %d changes", round, *soak, changes)
	// The lookers are killed; the console loses its terminal, and goes by itself.
	cancel()
	for _, l := range lookers {
		_ = l.Wait()
	}
	eventually(t, "nothing is left", 20*time.Second, func() error {
		if left := f.running(); len(left) > 0 {
			return fmt.Errorf("processes %v", left)
		}
		return nil
	})
}

// running returns the processes of jurymast in this fleet that last, and what
// memory they use, in KiB.
func (f *fleet) running() map[int]int {
	f.t.Helper()
	found := map[int]int{}
	dirs, err := os.ReadDir("/proc")
	if err != nil {
		f.t.Fatal(err)
	}
	for _, d := range dirs {
		pid, err := strconv.Atoi(d.Name())
		if err != nil {
			continue
		}
		exe, _ := os.Readlink("/proc/" + d.Name() + "/exe")
		env, _ := os.ReadFile("/proc/" + d.Name() + "/environ")
		if exe != program || !strings.Contains(string(env), f.dir) {
			continue
		}
		status, _ := os.ReadFile("/proc/" + d.Name() + "/status")
		for line := range strings.Lines(string(status)) {
			if w := strings.Fields(line); len(w) == 3 && w[0] == "VmRSS:" {
				found[pid], _ = strconv.Atoi(w[1])
			}
		}
	}
	return found
}
