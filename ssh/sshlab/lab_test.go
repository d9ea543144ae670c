package sshlab

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// start makes a lab with these machines. When it has been closed, no goroutine
// of this package and no process of its machines may be left.
func start(t *testing.T, hosts ...Host) *Lab {
	t.Helper()
	l, err := Start(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		left, _, err := strays(l.dir)
		if err != nil || len(left) > 0 {
			t.Errorf("processes left: %v, %v", left, err)
		}
		until(t, "the goroutines are gone", func() bool { return !strings.Contains(stacks(), "sshlab.(*Machine)") })
	})
	for _, h := range hosts {
		if _, err := l.Add(h); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func stacks() string {
	buf := make([]byte, 8<<20)
	return string(buf[:runtime.Stack(buf, true)])
}

// until waits for a condition.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	give := time.After(20 * time.Second)
	for !f() {
		select {
		case <-tick.C:
		case <-give:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// clientConfig logs in with the lab's identity and checks the machine's key.
func clientConfig(t *testing.T, m *Machine) *gossh.ClientConfig {
	t.Helper()
	pem, err := os.ReadFile(m.lab.Identity())
	if err != nil {
		t.Fatal(err)
	}
	signer, err := gossh.ParsePrivateKey(pem)
	if err != nil {
		t.Fatal(err)
	}
	return &gossh.ClientConfig{
		User:            m.host.login(),
		Auth:            []gossh.AuthMethod{gossh.PublicKeys(signer)},
		HostKeyCallback: gossh.FixedHostKey(m.HostKey()),
		Timeout:         20 * time.Second,
	}
}

func dial(t *testing.T, m *Machine) *gossh.Client {
	t.Helper()
	c, err := gossh.Dial("tcp", m.Addr(), clientConfig(t, m))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // most tests have closed it
	return c
}

// run runs a command and returns what came back; code is -1 for a signal and
// -2 when the session broke.
func run(t *testing.T, c *gossh.Client, command, stdin string) (stdout, stderr string, code int) {
	t.Helper()
	s, err := c.NewSession()
	if err != nil {
		return "", err.Error(), -2
	}
	defer s.Close()
	var out, complaint bytes.Buffer
	s.Stdin, s.Stdout, s.Stderr = strings.NewReader(stdin), &out, &complaint
	err = s.Run(command)
	var exit *gossh.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit) && exit.Signal() != "":
		code = -1
		complaint.WriteString(exit.Signal())
	case errors.As(err, &exit):
		code = exit.ExitStatus()
	default:
		code = -2
		complaint.WriteString(err.Error())
	}
	return out.String(), complaint.String(), code
}

// openssh runs the system's ssh client with the lab's ssh_config.
func openssh(t *testing.T, l *Lab, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ssh", append([]string{"-F", l.Config()}, args...)...)
	var out, complaint bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &complaint
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), complaint.String(), cmd.ProcessState.ExitCode()
}

func TestExec(t *testing.T) {
	l := start(t, Host{Name: "pve1", Aliases: []string{"pve1.lan", "10.0.0.1"}})
	c := dial(t, l.Machine("pve1.lan"))
	for name, test := range map[string]struct {
		command, stdin, stdout, stderr string
		code                           int
	}{
		"output":      {command: "echo out; echo err >&2", stdout: "out\n", stderr: "err\n"},
		"exit status": {command: "exit 37", code: 37},
		"stdin":       {command: "wc -c | tr -d ' '", stdin: strings.Repeat("x", 300000), stdout: "300000\n"},
		"signal":      {command: "kill -TERM $$", code: -1, stderr: "TERM"},
		"home":        {command: `[ "$(pwd -P)" = "$(cd "$HOME" && pwd -P)" ] && echo same`, stdout: "same\n"},
		"environment": {command: "env | cut -d= -f1 | grep -c -e GOPATH -e SSH_AUTH_SOCK -e LANG", stdout: "0\n", code: 1},
		"a script":    {command: "exec /bin/sh -s", stdin: "echo one\nread x </dev/null || echo two\n", stdout: "one\ntwo\n"},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := run(t, c, test.command, test.stdin)
			if stdout != test.stdout || stderr != test.stderr || code != test.code {
				t.Errorf("got %q, %q, %d; want %q, %q, %d", stdout, stderr, code, test.stdout, test.stderr, test.code)
			}
		})
	}
}

func TestLargeOutput(t *testing.T) {
	l := start(t, Host{Name: "a"})
	stdout, stderr, code := run(t, dial(t, l.Machine("a")), "head -c 20000000 /dev/zero; head -c 1000 /dev/zero >&2", "")
	if len(stdout) != 20000000 || len(stderr) != 1000 || code != 0 {
		t.Errorf("got %d and %d bytes, exit %d", len(stdout), len(stderr), code)
	}
}

// A child in the background that holds the output keeps the session open, one
// that does not lets it go: as with sshd.
func TestBackground(t *testing.T) {
	l := start(t, Host{Name: "a"})
	c := dial(t, l.Machine("a"))
	if out, _, code := run(t, c, "(sleep 300) >/dev/null 2>&1 & echo $!", ""); code != 0 || out == "" {
		t.Errorf("a detached child: %q, exit %d", out, code)
	}
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(`(until [ -e go ]; do sleep 0.01; done; echo late) & echo early`); err != nil {
		t.Fatal(err)
	}
	early := make([]byte, len("early\n"))
	if _, err := io.ReadFull(pipe, early); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := run(t, c, "touch go", ""); code != 0 {
		t.Fatal(stderr)
	}
	late, err := io.ReadAll(pipe)
	if err != nil || string(late) != "late\n" {
		t.Errorf("after the shell had ended: %q, %v", late, err)
	}
}

func TestSignalGoesToTheGroup(t *testing.T) {
	l := start(t, Host{Name: "a"})
	m := l.Machine("a")
	c := dial(t, m)
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start("sleep 300 & echo ready; wait; echo no"); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := s.Signal(gossh.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var exit *gossh.ExitError
	if err := s.Wait(); !errors.As(err, &exit) || exit.Signal() != "KILL" {
		t.Errorf("ended with %v", err)
	}
	until(t, "the child is gone", func() bool { left, _, err := strays(m.dir); return err == nil && len(left) == 0 })
}

func TestCloseEndsWhatLeftItsSession(t *testing.T) {
	l := start(t, Host{Name: "a"})
	out, stderr, code := run(t, dial(t, l.Machine("a")), `nohup sh -c 'trap "" TERM HUP; echo up >"$HOME/up"; sleep 300' >/dev/null 2>&1 </dev/null &
command -v setsid >/dev/null && setsid sleep 301 >/dev/null 2>&1 </dev/null &
until [ -e "$HOME/up" ]; do sleep 0.01; done`, "")
	if code != 0 {
		t.Fatal(out, stderr, code)
	}
	if left, _, err := strays(l.dir); err != nil || len(left) == 0 {
		t.Fatalf("nothing was left to end: %v, %v", left, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _, err := strays(l.dir); err != nil || len(left) > 0 {
		t.Errorf("left after Close: %v, %v", left, err)
	}
}

func TestLogins(t *testing.T) {
	l := start(t, Host{Name: "a", User: "ops"})
	m := l.Machine("a")
	socket, err := l.Agent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		code int
	}{
		"identity":    {nil, 0},
		"other user":  {[]string{"-l", "root"}, 255},
		"stranger":    {[]string{"-o", "IdentityFile=none", "-i", l.StrangerIdentity()}, 255},
		"certificate": {[]string{"-o", "IdentityFile=none", "-i", l.CertIdentity()}, 0},
		"agent":       {[]string{"-o", "IdentityFile=none", "-o", "IdentitiesOnly=no", "-o", "IdentityAgent=" + socket}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			args := append(test.args, "-o", "HostName="+loopback, "-p", strings.TrimPrefix(m.Addr(), loopback+":"),
				"-o", "UserKnownHostsFile="+l.KnownHosts(), "-o", "HostKeyAlias=a", "-o", "BatchMode=yes", "a", "echo in")
			if len(test.args) > 2 || name == "stranger" || name == "certificate" {
				args = append([]string{"-F", "none", "-o", "User=ops", "-o", "IdentitiesOnly=" + map[bool]string{true: "no", false: "yes"}[name == "agent"]}, args...)
			}
			out, stderr, code := openssh(t, l, "", args...)
			if code != test.code || code == 0 && out != "in\n" {
				t.Errorf("exit %d, %q, %s", code, out, stderr)
			}
		})
	}
	info, err := os.Stat(l.Identity())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("identity: %v, %v", info.Mode(), err)
	}
	if m.Logins() != 3 || m.Connections() != 5 || m.Execs() != 3 || m.Sessions() != 3 {
		t.Errorf("counted %d logins, %d connections, %d execs, %d sessions", m.Logins(), m.Connections(), m.Execs(), m.Sessions())
	}
}

func TestOpenSSH(t *testing.T) {
	l := start(t, Host{Name: "gate", Aliases: []string{"gate.example.org"}}, Host{Name: "inner", Aliases: []string{"10.0.0.7"}})
	if out, stderr, code := openssh(t, l, "hello", "gate.example.org", "cat; exit 3"); out != "hello" || code != 3 {
		t.Errorf("exec: %q, %q, %d", out, stderr, code)
	}
	if out, stderr, code := openssh(t, l, "", "-J", "gate", "10.0.0.7", "hostname"); out != "inner\n" || code != 0 {
		t.Errorf("jump: %q, %q, %d", out, stderr, code)
	}
	if n := l.Machine("gate").Logins(); n != 2 {
		t.Errorf("the jump host was logged in to %d times, want 2", n)
	}
	if out, stderr, code := openssh(t, l, "echo hi; exit 4\n", "inner"); out != "hi\n" || code != 4 {
		t.Errorf("shell: %q, %q, %d", out, stderr, code)
	}
	batch := filepath.Join(t.TempDir(), "batch")
	if err := os.WriteFile(batch, []byte("put "+l.Identity()+".pub there.pub\nls there.pub\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sftp", "-q", "-F", l.Config(), "-b", batch, "inner")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "there.pub") {
		t.Errorf("sftp: %v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(l.Machine("inner").Dir(), "home", "there.pub")); err != nil {
		t.Error(err)
	}
}

func TestMaxSessions(t *testing.T) {
	l := start(t, Host{Name: "a"}, Host{Name: "b", MaxSessions: 2})
	for name, most := range map[string]int{"a": 10, "b": 2} {
		c := dial(t, l.Machine(name))
		var last *gossh.Session
		for range most {
			s, err := c.NewSession()
			if err != nil {
				t.Fatal(err)
			}
			last = s
		}
		if _, err := c.NewSession(); err == nil {
			t.Errorf("%s: one session more than %d was let in", name, most)
		}
		if err := last.Close(); err != nil {
			t.Fatal(err)
		}
		until(t, "a session is free", func() bool { _, err := c.NewSession(); return err == nil })
	}
}

func TestAdd(t *testing.T) {
	l := start(t, Host{Name: "a", Aliases: []string{"b"}})
	for _, h := range []Host{{Name: ""}, {Name: "*"}, {Name: "x y"}, {Name: "b"}, {Name: "c", Aliases: []string{"a"}}, {Name: "-v"}, {Name: "d", Files: map[string]string{"../x": ""}}} {
		if _, err := l.Add(h); err == nil {
			t.Errorf("%+v was added", h)
		}
	}
	m, err := l.Add(Host{Name: "e", Files: map[string]string{"etc/motd": "hi"}, Tools: map[string]string{"restic": "#!/bin/sh\necho restic 0\n"}})
	if err != nil {
		t.Fatal(err)
	}
	if out, stderr, _ := run(t, dial(t, m), `cat "$JURYMAST_ROOT/etc/motd"; restic`, ""); out != "hirestic 0\n" {
		t.Errorf("got %q, %q", out, stderr)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Add(Host{Name: "late"}); !errors.Is(err, errClosed) {
		t.Errorf("add after close: %v", err)
	}
}
