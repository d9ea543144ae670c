package kind

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"jurymast/actions"
)

// A real smbd, with a configuration of its own.
func TestSambaOnThisMachine(t *testing.T) {
	needTool(t, "smbd", "testparm", "smbstatus")
	if os.Getuid() != 0 {
		t.Skip("smbd takes connections for nobody but root")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	dir := t.TempDir()
	conf := filepath.Join(dir, "smb.conf")
	text := fmt.Sprintf("[global]\nserver role = standalone server\nlock directory = %[1]s/lock\nstate directory = %[1]s/state\ncache directory = %[1]s/cache\n"+
		"private dir = %[1]s/private\npid directory = %[1]s/pid\nncalrpc dir = %[1]s/ncalrpc\nlog file = %[1]s/log\nsmb ports = %[2]d\nbind interfaces only = yes\ninterfaces = lo\n"+
		"[files]\npath = /srv/files\n[with drawn]\npath = /srv/files\navailable = no\n", dir, port)
	smallFile(t, conf, text)
	for _, d := range []string{"lock", "state", "cache", "private", "pid", "ncalrpc", "bin"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for tool, args := range map[string]string{"testparm": `"$@" ` + conf, "smbstatus": "-s " + conf + ` "$@"`} {
		real, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "bin", tool), []byte("#!/bin/sh\nexec "+real+" "+args+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	look := func(lines ...string) actions.Reading {
		t.Helper()
		f, target := suiteTarget(t, samba, append(lines, fmt.Sprintf("port = %d", port))...)
		c := samba.Checks(f, target)[0]
		return c.Read(runScript(t, c, "sh"))[0]
	}
	if r := look(`share = "files"`); r.Status != actions.Fail || !strings.Contains(r.Line, "run") && !strings.Contains(r.Line, "listens") {
		t.Errorf("before it runs: %+v", r)
	}
	cmd := exec.Command("smbd", "-F", "--no-process-group", "-s", conf)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // at its end it ends all of its group
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() }) // it ends its children
	for end := time.Now().Add(30 * time.Second); ; {
		c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
		if err == nil {
			_ = c.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatalf("smbd does not listen: %v", err)
		}
	}
	if r := look(`share = "files"`); r.Status != actions.OK || !strings.HasPrefix(r.Line, "served from /srv/files, 0 connected") {
		t.Errorf("served: %+v", r)
	}
	if r := look(`share = "with drawn"`); r.Status != actions.Fail || !strings.Contains(r.Line, "available = No") {
		t.Errorf("withdrawn: %+v", r)
	}
	if r := look(`share = "none"`); r.Status != actions.Fail || !strings.Contains(r.Line, "Samba has no share none; there: files, with drawn") {
		t.Errorf("no such share: %+v", r)
	}
}
