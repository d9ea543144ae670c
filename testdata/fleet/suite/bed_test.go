//go:build linux && fleet

package suite

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jurymast/testdata/fleet/bed"
)

// TestBeds has two beds up at once, of which the first has eight nodes and a
// machine, and a third whose process was killed: what that left is cleared.
func TestBeds(t *testing.T) {
	program := filepath.Join(t.TempDir(), "fleet")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "jurymast/testdata/fleet").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	killed := exec.CommandContext(t.Context(), program, "up", "-nodes", "1")
	killed.Env = append(os.Environ(), "TMPDIR="+t.TempDir()) // a socket of its own
	said, err := killed.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	dead := ""
	for lines := bufio.NewScanner(said); dead == "" && lines.Scan(); {
		if of, after, ok := strings.Cut(lines.Text(), " are up in"); ok && after != "" {
			dead = of[strings.LastIndex(of, " ")+1:]
		}
	}
	if !slices.Contains(spaces(t), dead+"-n1") {
		t.Fatalf("no bed %q is up: %v", dead, spaces(t))
	}
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait() // it was killed

	start := time.Now()
	var names []string
	for _, n := range "12345678" {
		names = append(names, "n"+string(n))
	}
	one := newFleet(t, bed.Options{Nodes: names, Machine: "vm"})
	t.Logf("eight nodes and a machine answer after %s", time.Since(start).Round(100*time.Millisecond))
	for _, s := range spaces(t) {
		if strings.HasPrefix(s, dead) {
			t.Errorf("%s of the bed that was killed is there still", s)
		}
	}
	two := newFleet(t, bed.Options{Nodes: []string{"n1"}})
	one.on("n1", "echo one >/root/which")
	two.on("n1", "echo two >/root/which")
	two.must(two.Node("n1").Kill(t.Context()))
	if got := one.on("n1", "cat /root/which"); got != "one\n" {
		t.Errorf("the beds meet: %q", got)
	}
	one.must(one.Close())
	two.must(two.Node("n1").Power(t.Context()))
	if got := two.on("n1", "cat /root/which"); got != "two\n" {
		t.Errorf("what was written before the power was cut: %q", got)
	}
}

// spaces are the network namespaces of this host.
func spaces(t *testing.T) []string {
	t.Helper()
	dirs, err := os.ReadDir("/run/netns")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range dirs {
		names = append(names, d.Name())
	}
	return names
}
