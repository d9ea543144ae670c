package plan

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// TestHoldUnderEveryShell arms, renews and calls off a watchdog, and lets one
// let go, with every shell that a host may have for sh.
func TestHoldUnderEveryShell(t *testing.T) {
	for _, shell := range [][]string{{"dash"}, {"busybox", "sh"}, {"bash", "--posix"}} {
		t.Run(shell[0], func(t *testing.T) {
			if _, err := exec.LookPath(shell[0]); err != nil {
				t.Fatal(err)
			}
			t.Parallel()
			root := t.TempDir()
			// The watchdog is run by /bin/sh on a host, and by this shell here.
			setsid, err := exec.LookPath("setsid")
			if err != nil {
				t.Fatal(err)
			}
			text := "#!/bin/sh\nshift\nexec " + setsid + " " + strings.Join(shell, " ") + " \"$@\"\n"
			if err := os.WriteFile(filepath.Join(root, "setsid"), []byte(text), 0o700); err != nil {
				t.Fatal(err)
			}
			held := filepath.Join(root, "held")
			hold := actions.Script{Name: "hold", Body: ": >'" + held + "'\n"}
			free := actions.Script{Name: "free", Body: "rm -f '" + held + "'\n"}
			d := actions.Data{Hold: &hold, Free: &free}
			m := &maker{target: &inventory.Target{Ref: "service/s"}}
			run := func(id string, s actions.Script) (string, bool) {
				t.Helper()
				text, _, err := s.With(map[string]string{actions.InRun: id}).Render()
				if err != nil {
					t.Fatal(err)
				}
				c := exec.CommandContext(t.Context(), shell[0], append(shell[1:], "-c", text)...)
				c.Env = []string{"PATH=" + root + ":" + os.Getenv("PATH"), "JURYMAST_ROOT=" + root, "HOME=" + root, "LC_ALL=C"}
				out, err := c.CombinedOutput()
				return string(out), err == nil
			}
			is := func(there bool, what string) {
				t.Helper()
				if _, err := os.Stat(held); (err == nil) != there {
					t.Errorf("%s: held is %t", what, !there)
				}
			}
			copying := m.whileHeld(d, actions.Script{Name: "copy", Body: "echo '@copy 1'\n"}, "copied.sh")

			if out, ok := run("one", copying); ok || !strings.Contains(out, "not known whether it is still held: nothing is copied") {
				t.Errorf("a copy without a hold: %q", out)
			}
			if out, ok := run("one", m.watch(d, time.Hour)); !ok {
				t.Fatalf("hold: %q", out)
			}
			is(true, "hold")
			if out, ok := run("one", copying); !ok || out != "@copy 1\n" {
				t.Errorf("a copy: %q", out)
			}
			if out, ok := run("two", m.watch(d, time.Hour)); ok || !strings.Contains(out, "held still already, for run one") {
				t.Errorf("a second hold: %q", out)
			}
			if out, ok := run("two", m.letGo(d)); !ok || out != "" {
				t.Errorf("the undo of the second hold: %q", out)
			}
			is(true, "the undo of a hold that was none")
			if out, ok := run("one", m.letGo(d)); !ok || out != "" {
				t.Errorf("free: %q", out)
			}
			is(false, "free")

			if out, ok := run("three", m.watch(d, time.Second)); !ok {
				t.Fatalf("hold: %q", out)
			}
			awaitGone(t, held)
			if out, ok := run("three", copying); ok || !strings.Contains(out, "let go by the host itself at 20") {
				t.Errorf("a copy past the watchdog: %q", out)
			}
			if out, ok := run("three", m.letGo(d)); !ok || !strings.HasPrefix(out, "@let-go by the host itself at 20") {
				t.Errorf("free past the watchdog: %q", out)
			}
			left, err := filepath.Glob(filepath.Join(root, "*/*/jurymast/watch/*"))
			home, err2 := filepath.Glob(filepath.Join(root, ".local/state/jurymast/watch/*"))
			if len(left)+len(home) > 0 || err != nil || err2 != nil {
				t.Errorf("left: %q %q", left, home)
			}
		})
	}
}

func awaitGone(t *testing.T, path string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(path); err != nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s is still there", path)
		}
	}
}

// TestHoldLimit: twice what the copying took in all, in wide steps.
func TestHoldLimit(t *testing.T) {
	ds := []depot{{Name: "a"}, {Name: "b"}}
	for _, c := range []struct {
		a, b, want time.Duration
	}{
		{time.Minute, time.Minute, 10 * time.Minute},
		{3 * time.Minute, 3 * time.Minute, 20 * time.Minute},
		{time.Hour, time.Minute, 3 * time.Hour},
		{24 * time.Hour, 24 * time.Hour, 6 * time.Hour},
		{time.Minute, 0, time.Hour},
	} {
		m := &maker{Facts: Facts{Took: map[string][]time.Duration{"copy-a": {c.a}}}}
		if c.b > 0 {
			m.Took["copy-b"] = []time.Duration{c.b}
		}
		if got := m.holdLimit(actions.Data{}, ds); got != c.want {
			t.Errorf("copies of %s and %s: %s, want %s", c.a, c.b, got, c.want)
		}
	}
}
