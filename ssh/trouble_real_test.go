package ssh

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// account makes a user of the test's own, where the test is root and may, and
// removes it again. home holds the files of its home folder, sudo its rule.
func account(t *testing.T, shell, sudo string, home map[string]string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make users")
	}
	name := fmt.Sprintf("jm%d", time.Now().UnixNano()%1e12)
	run := func(name string, args ...string) {
		t.Helper()
		if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s %s: %v: %s", name, args, err, out)
		}
	}
	run("useradd", "--create-home", "--shell", shell, "--password", "*", name)
	rule := filepath.Join("/etc/sudoers.d", name)
	t.Cleanup(func() {
		if err := os.Remove(rule); err != nil && sudo != "" {
			t.Error(err)
		}
		eventually(t, "the user is gone", func() bool {
			_ = exec.Command("userdel", "--remove", name).Run() // it is refused while something of the user runs
			_, err := user.Lookup(name)
			return err != nil
		})
	})
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range home {
		file = filepath.Join(u.HomeDir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if sudo != "" {
		if err := os.WriteFile(rule, []byte(name+" "+sudo+"\n"), 0o440); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

func TestLoginShellsReal(t *testing.T) {
	noise := "echo 'hello; welcome'\n"
	for _, x := range []struct {
		shell string
		home  map[string]string
	}{
		{"bash", map[string]string{".bashrc": noise + "echo noise >&2\n"}},
		{"dash", nil},
		{"zsh", map[string]string{".zshenv": noise}},
		{"fish", map[string]string{".config/fish/config.fish": noise}},
		{"csh", map[string]string{".cshrc": noise}},
		{"tcsh", map[string]string{".tcshrc": noise + "set noclobber\nset histchars=;^\n"}},
	} {
		t.Run(x.shell, func(t *testing.T) {
			name := account(t, need(t, x.shell), "ALL=(root) NOPASSWD: /bin/sh", x.home)
			p, host := realPool(t)
			p.as(name)
			for _, sudo := range []bool{false, true} {
				c := Command{Text: "id -un; echo \"$PW\"; echo e >&2; exit 3", Secrets: []byte("PW='a!b'\n"), Sudo: sudo}
				want := name
				if sudo {
					want = "root"
				}
				o, err := p.Run(t.Context(), host, c)
				if err != nil || string(o.Stdout) != want+"\na!b\n" || string(o.Stderr) != "e\n" || o.Exit != 3 {
					t.Errorf("sudo %v: %q %q %d, %v", sudo, o.Stdout, o.Stderr, o.Exit, err)
				}
			}
		})
	}
}

func TestSudoCanceled(t *testing.T) {
	for _, options := range []string{"use_pty", "!use_pty"} {
		t.Run(options, func(t *testing.T) {
			name := account(t, need(t, "bash"), "ALL=(root) NOPASSWD: /bin/sh", nil)
			defaults(t, name, options)
			p, host := realPool(t)
			p.as(name)
			steady(t, p, host)
			began := filepath.Join(t.TempDir(), "began")
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				defer cancel()
				eventually(t, "the command began", func() bool { return exists(began) })
			}()
			o, err := p.Run(ctx, host, Command{Sudo: true, Text: "echo $$; trap '' TERM; : >'" + began + "'; sleep 1000 & while :; do sleep 1; done"})
			if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), wasEnded) {
				t.Error(err)
			}
			gone(t, o)
		})
	}
}

// defaults sets sudo options for a user.
func defaults(t *testing.T, name, options string) {
	t.Helper()
	rule := filepath.Join("/etc/sudoers.d", name)
	b, err := os.ReadFile(rule)
	if err == nil {
		err = os.WriteFile(rule, append([]byte("Defaults:"+name+" "+options+"\n"), b...), 0o440)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestSudoRefused(t *testing.T) {
	for _, x := range []struct{ name, rule, says string }{
		{"no rule", "", "a password is required"},
		{"needs a password", "ALL=(root) ALL", "a password is required"},
		{"another command", "ALL=(root) NOPASSWD: /bin/true", "a password is required"},
	} {
		t.Run(x.name, func(t *testing.T) {
			name := account(t, "/bin/sh", x.rule, nil)
			p, host := realPool(t)
			p.as(name)
			o, err := p.Run(t.Context(), host, Command{Text: "echo ran", Sudo: true})
			var e *Error
			if !errors.Is(err, SudoRefused) || !strings.Contains(err.Error(), x.says) || len(o.Stdout) > 0 {
				t.Errorf("%q, %v", o.Stdout, err)
			}
			if errors.As(err, &e) && !strings.Contains(e.Hint, "--sudoers") {
				t.Errorf("hint %q", e.Hint)
			}
		})
	}
}

func TestShellMissing(t *testing.T) {
	t.Run("nologin", func(t *testing.T) {
		name := account(t, "/usr/sbin/nologin", "", nil)
		p, host := realPool(t)
		p.as(name)
		_, err := p.Run(t.Context(), host, Command{Text: "echo ran"})
		if !errors.Is(err, ShellMissing) || !strings.Contains(err.Error(), "not available") {
			t.Error(err)
		}
	})
	t.Run("false", func(t *testing.T) {
		name := account(t, "/bin/false", "", nil)
		p, host := realPool(t)
		p.as(name)
		_, err := p.Run(t.Context(), host, Command{Text: "echo ran"})
		if !errors.Is(err, ShellMissing) || !strings.Contains(err.Error(), "exit status 1") {
			t.Error(err)
		}
	})
	for _, x := range []struct{ name, command, says string }{
		{"forced command", "echo go away", "go away"},
		{"file transfer only", "internal-sftp", ""},
		{"no shell", "/no/bin/sh -s", "o such file"},
	} {
		t.Run(x.name, func(t *testing.T) {
			p, host := realPool(t, "ForceCommand "+x.command)
			_, err := p.Run(t.Context(), host, Command{Text: "echo ran"})
			if !errors.Is(err, ShellMissing) || !strings.Contains(err.Error(), x.says) {
				t.Error(err)
			}
		})
	}
}

// TestShellThatNeverReads has a host take the connection and nothing more.
func TestShellThatNeverReads(t *testing.T) {
	p, host := realPool(t, "ForceCommand exec sleep 1000")
	for _, size := range []int{10, 16 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			start := time.Now()
			_, err := p.Run(ctx, host, Command{Text: strings.Repeat("#", size) + "\necho ran"})
			if !errors.Is(err, Timeout) || time.Since(start) > 3*killLimit {
				t.Errorf("%v, after %v", err, time.Since(start))
			}
		})
	}
}

func TestLineLost(t *testing.T) {
	p, host, w := wirePool(t, 0)
	steady(t, p, host)
	began := filepath.Join(t.TempDir(), "began")
	go func() {
		eventually(t, "the command began", func() bool { return exists(began) })
		w.cut()
	}()
	o, err := p.Run(t.Context(), host, Command{Text: "echo here; : >'" + began + "'; sleep 5"})
	if !errors.Is(err, LineLost) {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := p.Run(t.Context(), host, Command{Text: "echo again"}); err != nil || string(o.Stdout) != "again\n" {
		t.Errorf("the next one: %q, %v", o.Stdout, err)
	}
}

// TestLineDead has the line go silent in the middle of a command: nothing says
// that it is gone, and still the command's deadline holds.
func TestLineDead(t *testing.T) {
	p, host, w := wirePool(t, 0)
	steady(t, p, host)
	began := filepath.Join(t.TempDir(), "began")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		eventually(t, "the command began", func() bool { return exists(began) })
		w.hold()
		cancel()
	}()
	_, err := p.Run(ctx, host, Command{Text: ": >'" + began + "'; sleep 5"})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), mayRun) {
		t.Error(err)
	}
	w.release()
}

// BenchmarkRunOverDistance says what a command costs on a connection that
// stands, in round trips: 1 and what the command itself takes.
func BenchmarkRunOverDistance(b *testing.B) {
	const rtt = 50 * time.Millisecond
	p, host, _ := wirePool(b, rtt/2)
	c := Command{Text: "cat /proc/loadavg"}
	if _, err := p.Run(b.Context(), host, c); err != nil {
		b.Fatal(err)
	}
	if _, err := p.Run(b.Context(), host, c); err != nil { // the second use of a line
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		<-time.After(8 * rtt) // looks come some time apart: meanwhile a login shell starts
		b.StartTimer()
		if _, err := p.Run(b.Context(), host, c); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(rtt), "rtts/op")
}
