package sshlab

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// rootVariable names the machine's root folder to scripts and tools.
const rootVariable = "JURYMAST_ROOT"

//go:embed tool/*.sh
var tools embed.FS

// furnish lays out a machine's root folder. l.mu is held.
func (l *Lab) furnish(m *Machine) error {
	if l.system == "" {
		if err := l.linkSystem(); err != nil {
			return err
		}
	}
	for _, d := range []string{"bin", "home/.ssh", "lab", "tmp", "run", "var", "etc"} {
		if err := os.MkdirAll(filepath.Join(m.dir, d), 0o700); err != nil {
			return err
		}
	}
	facts := Linux{}
	if m.host.Facts != nil {
		facts = *m.host.Facts
	}
	m.facts = facts.withDefaults()
	if err := m.facts.write(m); err != nil {
		return err
	}
	may := "no\n"
	if m.host.Sudo {
		may = "yes\n"
	}
	if err := writeFile(m.dir, "lab/sudo", may, 0o644); err != nil {
		return err
	}
	for name, text := range m.host.Tools {
		if err := writeFile(m.dir, path.Join("bin", name), text, 0o755); err != nil {
			return err
		}
	}
	for name, text := range m.host.Files {
		if err := writeFile(m.dir, name, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// installTools writes the simulated tools that a machine with these facts has
// into its bin, its programs among them, and removes those that it has no longer.
func (m *Machine) installTools(f *Linux, programs map[string]bool) error {
	text := map[string]string{}
	for _, name := range toolNames {
		if f.hasTool(name) {
			text[name] = name
		}
	}
	for name := range programs {
		text[name] = "program"
	}
	for name := range m.tools {
		if text[name] == "" {
			if err := os.Remove(filepath.Join(m.dir, "bin", name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	m.tools = map[string]bool{}
	for name, file := range text {
		if _, own := m.host.Tools[name]; own {
			continue
		}
		body, err := tools.ReadFile("tool/" + file + ".sh")
		if err != nil {
			return err
		}
		if err := writeFile(m.dir, path.Join("bin", name), string(body), 0o755); err != nil {
			return err
		}
		m.tools[name] = true
	}
	return nil
}

// toolNames are the simulated tools, each in tool/NAME.sh.
var toolNames = strings.Fields("id whoami ls sudo hostname uname nproc df systemctl journalctl apt-get chronyc timedatectl smartctl docker docker-images sysctl timeout exportfs testparm smbstatus restic")

func (f *Linux) hasTool(name string) bool {
	switch name {
	case "systemctl", "journalctl", "timedatectl":
		return !f.withoutSystemd()
	case "nproc":
		return !f.freebsd()
	case "sysctl":
		return f.freebsd()
	case "apt-get":
		return f.apt()
	case "smartctl":
		return len(f.SMART) > 0
	case "restic":
		return f.Restic
	case "exportfs":
		return f.NFS != nil
	case "testparm", "smbstatus":
		return f.Samba != nil
	case "docker", "docker-images":
		return f.hasDocker()
	case "timeout":
		_, err := exec.LookPath("timeout")
		return err != nil // macOS has none
	default:
		return true
	}
}

// writeFile replaces a file below dir at once, so that a script that reads
// meanwhile sees the old or the new.
func writeFile(dir, name, text string, mode fs.FileMode) error {
	if !filepath.IsLocal(filepath.FromSlash(strings.TrimPrefix(name, "/"))) {
		return fmt.Errorf("file %q is not below the machine's root", name)
	}
	full := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		return err
	}
	partial := full + ".partial"
	if err := os.WriteFile(partial, []byte(text), mode); err != nil {
		return err
	}
	return os.Rename(partial, full)
}

// linkSystem makes the folder of the system's tools that the machines share:
// links to what is harmless and says nothing about the real machine.
func (l *Lab) linkSystem() error {
	dir := filepath.Join(l.dir, "system")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, name := range systemTools {
		real, err := exec.LookPath(name)
		if err != nil {
			continue // not on this system
		}
		if err := os.Symlink(real, filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	l.system = dir
	return nil
}

func (m *Machine) home() string { return filepath.Join(m.dir, "home") }

func (m *Machine) shell() string {
	if m.host.Shell == "" {
		return "sh"
	}
	return m.host.Shell
}

// environ is what a login gives a command, as sshd does: nothing of the
// process that runs the lab.
func (m *Machine) environ(shell string) []string {
	uid := "1000"
	if m.host.login() == "root" || m.host.Root {
		uid = "0"
	}
	return []string{
		"PATH=" + filepath.Join(m.dir, "bin") + ":" + m.lab.system,
		"HOME=" + m.home(),
		"USER=" + m.host.login(),
		"LOGNAME=" + m.host.login(),
		"SHELL=" + shell,
		"TMPDIR=" + filepath.Join(m.dir, "tmp"),
		"XDG_RUNTIME_DIR=" + filepath.Join(m.dir, "run"),
		"XDG_STATE_HOME=" + filepath.Join(m.home(), ".local/state"),
		"XDG_CACHE_HOME=" + filepath.Join(m.home(), ".cache"),
		"XDG_CONFIG_HOME=" + filepath.Join(m.home(), ".config"),
		"XDG_DATA_HOME=" + filepath.Join(m.home(), ".local/share"),
		rootVariable + "=" + m.dir,
		"JURYMAST_LAB_UID=" + uid,
	}
}

// systemTools are the tools of the real system that machines have: those of
// POSIX (XCU) and of everyday scripts. What tells about the machine, like df or
// uname, and what acts on it, like systemctl, is simulated or absent.
var systemTools = strings.Fields(`
sh ash bash dash zsh ksh csh tcsh fish busybox
awk basename bc cat chgrp chmod chown cksum cmp comm cp cut date dd diff dirname du echo
env expand expr false file find flock fold fuser getconf getopt grep egrep fgrep gunzip gzip head
install join kill link ln logger ls lsof md5sum mkdir mkfifo mknod mktemp more mv nice nl nohup
od openssl paste pathchk perl pgrep pkill pr printenv printf ps pwd python3 readlink realpath renice rm rmdir
sed seq setsid sha1sum sha256sum sha512sum shasum shuf sleep sort split stat stdbuf stty sum sync tac tail
tar tee test time timeout touch tr true truncate tsort tty umask uniq unlink vi wait wc which who
xargs xxd xz yes zcat zstd curl nc base64 hexdump ionice less locale
`)
