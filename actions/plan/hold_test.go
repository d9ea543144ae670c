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

// TestThroughUnderEveryShell: what copies is run behind what leads its paths to a
// snapshot, with all that it is told and that no program of it finds in its
// environment, and what was copied of a snapshot that is
// not whole is said to be so.
func TestThroughUnderEveryShell(t *testing.T) {
	for _, shell := range [][]string{{"dash"}, {"busybox", "sh"}, {"bash", "--posix"}} {
		t.Run(shell[0], func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			if err := os.WriteFile(filepath.Join(root, "unshare"), []byte("#!/bin/sh\nshift\nexec \"$@\"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			say := func(name, body string) *actions.Script {
				return &actions.Script{Name: name, Body: "WORD=changed\n" + body, Inputs: map[string]string{"AT": root}}
			}
			d := actions.Data{
				Hold: say("hold", ": >\"$AT/snapshot\"\n"), Free: say("free", "rm -f \"$AT/snapshot\" \"$AT/full\"\n"),
				Through: say("through", "[ ! -e \"$AT/busy\" ] || { echo 'it cannot be mounted' >&2; exit 1; }\necho led >\"$AT/led\"\n"),
				Whole:   say("whole", "[ ! -e \"$AT/full\" ] || { echo 'the snapshot overflowed' >&2; exit 1; }\n"),
			}
			m := &maker{target: &inventory.Target{Ref: "service/s"}}
			run := func(s actions.Script) (string, bool) {
				t.Helper()
				text, _, err := s.With(map[string]string{actions.InRun: "one"}).Render()
				if err != nil {
					t.Fatal(err)
				}
				c := exec.CommandContext(t.Context(), shell[0], append(shell[1:], "-c", "PASSWORD='it is $ecret'\n"+text)...)
				c.Env = []string{"PATH=" + root + ":" + os.Getenv("PATH"), "JURYMAST_ROOT=" + root, "HOME=" + root, "LC_ALL=C"}
				out, err := c.CombinedOutput()
				return string(out), err == nil
			}
			copies := actions.Script{
				Name: "copy", Inputs: map[string]string{"WORD": "it's\na $word", "END": "0"}, Keep: map[string]inventory.Secret{"PASSWORD": {Env: "X"}},
				Body: "echo \"@copy $(cat \"$JURYMAST_ROOT/led\") $RUN $WORD $PASSWORD ${JM_COPY-}${JM_THROUGH-}$(sh -c 'echo ${PASSWORD+secret}${WORD+word}${JM_COPY+text}')\"\ntrap 'echo over' EXIT\n[ ! -e \"$JURYMAST_ROOT/fill\" ] || : >\"$JURYMAST_ROOT/full\"\nexit \"$END\"\n",
			}
			copying := m.whileHeld(d, copies, "copied.sh")
			if copying.Keep == nil || copying.Inputs["WORD"] != copies.Inputs["WORD"] || copying.Name != "copy" {
				t.Errorf("the step is told %v", copying)
			}
			const want = "@copy led one it's\na $word it is $ecret \nover\n"
			mark := func(name string) {
				t.Helper()
				if err := os.WriteFile(filepath.Join(root, name), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if out, ok := run(m.watch(d, time.Hour)); !ok {
				t.Fatalf("hold: %q", out)
			}
			if out, ok := run(copying); !ok || out != want {
				t.Errorf("a copy: %q", out)
			}
			if out, ok := run(m.whileHeld(d, copies.With(map[string]string{"END": "3"}), "copied.sh")); ok || out != want {
				t.Errorf("a copy that fails: %q", out)
			}
			mark("fill")
			if out, ok := run(copying); !ok || out != want+"@unheld the snapshot overflowed\n@partial the snapshot overflowed\n" {
				t.Errorf("a copy of what overflowed: %q", out)
			}
			for what, s := range map[string]actions.Script{"a copy": copying, "a question": m.whileHeld(d, copies, "")} {
				if out, ok := run(s); ok || out != "the snapshot overflowed: nothing is copied\n" {
					t.Errorf("%s past an overflow: %q", what, out)
				}
			}
			if out, ok := run(m.letGo(d)); !ok || out != "" {
				t.Errorf("free: %q", out)
			}
			if out, ok := run(m.watch(d, time.Hour)); !ok {
				t.Fatalf("hold again: %q", out)
			}
			mark("busy")
			if out, ok := run(copying); ok || out != "it cannot be mounted\n" {
				t.Errorf("a copy that cannot be led to its snapshot: %q", out)
			}
			if out, ok := run(m.letGo(d)); !ok || out != "" {
				t.Errorf("free: %q", out)
			}
		})
	}
}

// TestHoldable: what was left is told of, and what cannot be held is not begun.
func TestHoldable(t *testing.T) {
	m := &maker{target: &inventory.Target{Ref: "share/s"}}
	m.holdable(map[string]string{"left": "vg0/old", "hold": "no room"}, "node/a")
	c := m.plan.Conditions
	if len(c) != 2 || c[0].Hold != actions.Noted || !strings.Contains(c[0].Seen, "vg0/old") || c[1].Hold != actions.Blocking || c[1].Seen != "no room" || c[1].Next == "" {
		t.Errorf("%+v", c)
	}
	m.plan.Conditions = nil
	if m.holdable(map[string]string{"free": "1"}, "node/a"); len(m.plan.Conditions) != 0 {
		t.Errorf("%+v", m.plan.Conditions)
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
