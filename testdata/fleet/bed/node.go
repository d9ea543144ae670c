//go:build linux

package bed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Node is a container with its own systemd, journal, sshd, control groups and
// network. Its files outlive a kill.
type Node struct {
	Name string
	Addr netip.Addr

	bed    *Bed
	dir    string
	docker bool

	mu  sync.Mutex
	cmd *exec.Cmd // nil while it is off
	end <-chan struct{}
}

func (n *Node) root() string  { return filepath.Join(n.dir, "root") }
func (n *Node) group() cgroup { return cgroupOf(n.bed.id, n.Name) }

// Disk is the folder that is a file system of its own in every node, so that
// it can be filled.
const (
	Disk     = "/srv"
	diskSize = 512 << 20 // bytes; sparse on the host
)

// cgroupsWritable lets a docker engine make groups for its containers: nspawn
// leaves all but the one of systemd read-only.
const cgroupsWritable = `[Service]
ExecStartPre=/bin/sh -c 'for m in /sys/fs/cgroup/*; do mountpoint -q "$m" && mount -o remount,bind,rw "$m"; done; :'
`

// make makes the node's file systems and its cable. Nothing runs yet.
func (n *Node) make(ctx context.Context) error {
	for _, d := range []string{"upper", "work", "root", "disk", "docker", "containerd"} {
		if err := os.MkdirAll(filepath.Join(n.dir, d), 0o755); err != nil {
			return err
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", n.bed.base, n.dir, n.dir)
	if err := unix.Mount("overlay", n.root(), "overlay", 0, options); err != nil {
		return fmt.Errorf("mount its root: %w", err)
	}
	image := filepath.Join(n.dir, "disk.img")
	f, err := os.Create(image)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Truncate(diskSize), f.Close()); err != nil {
		return err
	}
	if _, err := tool(ctx, "mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", image); err != nil {
		return err
	}
	if _, err := tool(ctx, "mount", "-o", "loop", image, filepath.Join(n.dir, "disk")); err != nil {
		return err
	}
	if err := n.bed.furnish(n.root(), n.Name); err != nil {
		return err
	}
	if n.docker {
		if err := n.Write("/etc/systemd/system/docker.service.d/cgroup.conf", cgroupsWritable, 0o644); err != nil {
			return err
		}
	}
	return n.bed.net.plug(ctx, n.Name, n.Addr)
}

// Power starts the node and returns when it answers SSH. It does nothing while
// it runs.
func (n *Node) Power(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd == nil {
		if err := n.group().make(); err != nil {
			return err
		}
		if err := n.bed.net.link(ctx, n.Name, true); err != nil {
			return err
		}
		if err := n.boot(); err != nil {
			return err
		}
	}
	// A slow machine starts eight nodes in half a minute.
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	err := until(ctx, "wait for its sshd", func() error {
		select {
		case <-n.end:
			return errors.New("it ended: " + n.lastWords())
		default:
		}
		return n.bed.answers(ctx, netip.AddrPortFrom(n.Addr, 22))
	})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, n.lastWords())
	}
	return nil
}

// boot starts the container. This process stays its parent, and it dies with
// this process.
func (n *Node) boot() error {
	args := []string{
		"systemd-nspawn", "--quiet", "--boot", "--directory=" + n.root(), "--machine=" + n.bed.id + "-" + n.Name,
		"--register=no", "--keep-unit", "--network-namespace-path=/run/netns/" + n.bed.net.space(n.Name),
		"--kill-signal=SIGRTMIN+3", "--link-journal=no", "--console=pipe", "--resolv-conf=off", "--timezone=off",
		"--bind=" + filepath.Join(n.dir, "disk") + ":" + Disk, "--bind=/dev/fuse", "--hostname=" + n.Name,
	}
	if n.docker {
		// overlay2 needs a file system that is not itself an overlay; the engine
		// wants keys, its own control groups and the addresses of its bridges.
		args = append(args, "--capability=all", "--system-call-filter=@keyring bpf",
			"--bind="+filepath.Join(n.dir, "docker")+":/var/lib/docker",
			"--bind="+filepath.Join(n.dir, "containerd")+":/var/lib/containerd")
	} else {
		args = append(args, "--capability=CAP_NET_ADMIN,CAP_SYS_ADMIN")
	}
	// The launcher goes into the node's group first, so that nothing of the node
	// was ever outside it.
	launch := `for d in $GROUPS_OF_NODE; do echo $$ >"$d/cgroup.procs" || exit 1; done; unset GROUPS_OF_NODE; exec "$@"`
	cmd := exec.Command("sh", append([]string{"-c", launch, "sh"}, args...)...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "GROUPS_OF_NODE=" + strings.Join(n.group().dirs, " "),
		"SYSTEMD_NSPAWN_API_VFS_WRITABLE=network", // all of /sys would let udev of the node act on the host
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	end, err := startHeld(cmd, filepath.Join(n.dir, "console.log"))
	if err != nil {
		return err
	}
	n.cmd, n.end = cmd, end
	return nil
}

// Running reports whether the node is on.
func (n *Node) Running() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd == nil {
		return false
	}
	select {
	case <-n.end:
		return false
	default:
		return true
	}
}

// Kill is the loss of power: the cable is dead, and every process ends at once,
// with nothing flushed. The files stay.
func (n *Node) Kill(ctx context.Context) error {
	if err := n.bed.net.link(ctx, n.Name, false); err != nil {
		return err
	}
	return n.stop()
}

// Reset is a kill and a power on.
func (n *Node) Reset(ctx context.Context) error {
	if err := n.Kill(ctx); err != nil {
		return err
	}
	return n.Power(ctx)
}

func (n *Node) stop() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd == nil {
		return nil
	}
	_ = n.cmd.Process.Kill() // one that ended by itself is as good
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := n.group().kill(ctx); err != nil {
		return err
	}
	<-n.end
	n.cmd = nil
	return n.group().remove()
}

// Cut takes the node's cable out: it sees that the carrier is gone.
func (n *Node) Cut(ctx context.Context) error { return n.bed.net.link(ctx, n.Name, false) }

// Heal puts it back.
func (n *Node) Heal(ctx context.Context) error { return n.bed.net.link(ctx, n.Name, true) }

// Freeze stops every process of the node where it stands; its kernel still
// answers a ping. It returns when all stand still, or after a while: one that
// waits in the kernel for another that was frozen ahead of it, as with FUSE, is
// never counted as frozen and does nothing all the same.
func (n *Node) Freeze(ctx context.Context) error {
	if err := n.group().freeze(true); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	_ = until(limited, "freeze", func() error {
		if !n.group().frozen() {
			return errors.New("some still run")
		}
		return nil
	})
	return ctx.Err()
}

// Thaw lets it go on as if nothing had been.
func (n *Node) Thaw(context.Context) error {
	if !n.Running() {
		return nil
	}
	return n.group().freeze(false)
}

// Run has a shell script run in the node, past its network, and returns what it
// printed. A script that fails is an error that ends with what it said.
func (n *Node) Run(ctx context.Context, script string) (string, error) {
	cmd, err := n.Shell(ctx, "sh", "-c", "cd /\n"+script)
	if err != nil {
		return "", err
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("on %s: %w: %s%s\n%s", n.Name, err, errs.String(), out.String(), script)
	}
	return out.String(), nil
}

// Shell returns a program that runs in the node as root, past its network.
func (n *Node) Shell(ctx context.Context, name string, args ...string) (*exec.Cmd, error) {
	pid, err := n.leader()
	if err != nil {
		return nil, err
	}
	words := []string{
		"--target=" + strconv.Itoa(pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--",
		"/usr/bin/env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "TERM=" + os.Getenv("TERM"), name,
	}
	cmd := exec.CommandContext(ctx, "nsenter", append(words, args...)...)
	cmd.WaitDelay = time.Second
	return cmd, nil
}

// leader returns the process that is number 1 in the node.
func (n *Node) leader() (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd == nil {
		return 0, fmt.Errorf("%s is off", n.Name)
	}
	// nspawn's own children that came to be in another pid namespace.
	own, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return 0, err
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", n.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for _, w := range strings.Fields(string(b)) {
		if ns, err := os.Readlink("/proc/" + w + "/ns/pid"); err == nil && ns != own {
			return strconv.Atoi(w)
		}
	}
	return 0, fmt.Errorf("%s has not begun: %s", n.Name, n.lastWords())
}

// Write writes a file of the node, also while it is off. A link in its place
// is replaced, and none on the way can lead out of the node.
func (n *Node) Write(path, text string, mode os.FileMode) error {
	root, err := os.OpenRoot(n.root())
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	path = strings.TrimPrefix(path, "/")
	if err := root.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := root.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := root.WriteFile(path, []byte(text), mode); err != nil {
		return err
	}
	return root.Chmod(path, mode)
}

// Mask keeps a unit from starting by itself, on a node that is off: what a person
// does from a rescue system.
func (n *Node) Mask(unit string) error {
	if n.Running() {
		return fmt.Errorf("%s runs", n.Name)
	}
	root, err := os.OpenRoot(n.root())
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	at := "etc/systemd/system/" + unit
	if err := root.Remove(at); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return root.Symlink("/dev/null", at)
}

// lastWords is the end of what the node printed on its console.
func (n *Node) lastWords() string {
	b, err := os.ReadFile(filepath.Join(n.dir, "console.log"))
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-1500):])
}

// answers asks an sshd for its first line.
func (b *Bed) answers(ctx context.Context, at netip.AddrPort) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	c, err := b.Dial(ctx, at)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	line := make([]byte, 7)
	if _, err := io.ReadFull(c, line); err != nil {
		return err
	}
	if string(line) != "SSH-2.0" {
		return fmt.Errorf("it says %q", line)
	}
	return nil
}

// DiskPath is where the files of [Disk] are on this host, also while the node is
// off.
func (n *Node) DiskPath() string { return filepath.Join(n.dir, "disk") }
