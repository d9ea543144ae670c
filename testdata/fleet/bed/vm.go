//go:build linux

package bed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"
)

// Machine is a virtual machine with a kernel of its own, for what a container
// cannot have: arrays, volumes and snapshots, the kernel's NFS server and
// mounts, a clock. It runs in software (TCG) and is slow: a boot takes about a
// minute, so that a bed starts it from a state that was saved once.
//
// Its disks are Disks empty devices beside the system's.
type Machine struct {
	Name string
	Addr netip.Addr

	bed *Bed
	dir string

	mu  sync.Mutex
	cmd *exec.Cmd
	end <-chan struct{}
	qmp *qmp
	key string // the key that is in the saved state

	line   sync.Mutex
	client *ssh.Client // kept between scripts: a login takes a second or two there
}

// Disks of the machine, of DiskBytes each: /dev/vdb and so on.
const (
	Disks     = 6
	DiskBytes = 256 << 20
)

const (
	memory      = 768 // MiB
	systemBytes = "4G"
)

// hardware is what the machine is made of, beside its disks and its cable. A
// saved state fits only the hardware that it was saved on. It has one processor:
// two made of software wait for each other's locks, and take from the machines
// beside it both of those that a small host has.
var hardware = []string{
	"-machine", "q35", "-accel", "tcg,tb-size=256", "-cpu", "max", "-smp", "1", "-m", strconv.Itoa(memory),
	"-device", "virtio-rng-pci",
	"-device", "pcie-root-port,id=" + bay + ",chassis=1,slot=1",
}

// kernelLine is what the machine's kernel is told. Its programs lie at the same
// addresses each time: qemu's translation of their code is kept by address, and
// random ones had it translate the libraries anew for each process, of which one
// took 44 to 70 ms, and takes 9 to 24. Those who would attack it are not here.
const kernelLine = "root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off norandmaps quiet"

// bay is where a drive is plugged in.
const bay = "bay"

// saved is the folder of a saved machine.
type saved string

func (s saved) system() string  { return filepath.Join(string(s), "system.img") }
func (s saved) overlay() string { return filepath.Join(string(s), "booted.qcow2") }
func (s saved) state() string   { return filepath.Join(string(s), "state") }
func (s saved) key() string     { return filepath.Join(string(s), "key") }
func (s saved) kernel() string  { return filepath.Join(string(s), "vmlinuz") }
func (s saved) initrd() string  { return filepath.Join(string(s), "initrd") }
func (s saved) sensor() string  { return filepath.Join(string(s), "sensor.aml") }

// up starts the machine from its saved state, which it makes first if there is
// none: two to three minutes.
func (m *Machine) up(ctx context.Context, cache string) error {
	s := saved(filepath.Join(cache, "machine-"+recipe(m.recipe()...)))
	if err := os.MkdirAll(m.dir, 0o755); err != nil {
		return err
	}
	if err := once(ctx, string(s), func(building string) error { return m.build(ctx, saved(building)) }); err != nil {
		return fmt.Errorf("build it: %w", err)
	}
	m.key = s.key()
	// The paths inside an overlay are those of its making; the folder has moved.
	if err := m.disks(ctx, s.overlay()); err != nil {
		return err
	}
	if err := m.boot(ctx, s, m.system(), "exec:cat "+s.state()); err != nil {
		return err
	}
	if err := m.resumed(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, m.lastWords())
	}
	if err := m.welcome(ctx); err != nil {
		return err
	}
	return m.Heat(ctx, roomTemperature)
}

// recipe is what a saved machine depends on beside the packages.
func (m *Machine) recipe() []string {
	return slices.Concat([]string{m.Name, m.Addr.String(), systemBytes, guest, sensor, kernelLine, strconv.Itoa(Disks), strconv.Itoa(DiskBytes)}, hardware)
}

// guest is run in the machine's root before its first boot: it undoes what the
// base leaves out for containers, and sets its address.
const guest = `set -eu
cd "$1"
for unit in systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udev-trigger.service systemd-remount-fs.service run-rpc_pipefs.mount lvm2-monitor.service; do
	rm -f etc/systemd/system/$unit
done
cat >etc/systemd/system/fleet-network.service <<EOF
[Unit]
Before=ssh.service
After=systemd-udev-settle.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/sbin/ip link set eth0 up
ExecStart=/sbin/ip addr add $2/24 dev eth0
[Install]
WantedBy=multi-user.target
EOF
ln -sf ../fleet-network.service etc/systemd/system/multi-user.target.wants/fleet-network.service
`

// build makes the machine's system disk, boots it once and saves its state.
func (m *Machine) build(ctx context.Context, s saved) error {
	m.bed.say("building the virtual machine: two to three minutes")
	start := time.Now()
	if err := os.MkdirAll(string(s), 0o700); err != nil {
		return err
	}
	private, public, err := newKey()
	if err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(s.key(), private, 0o600), os.WriteFile(s.key()+".pub", public, 0o644)); err != nil {
		return err
	}
	if err := errors.Join(m.furnish(ctx, s, string(public)), compileSensor(ctx, s.sensor())); err != nil {
		return err
	}
	if _, err := tool(ctx, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", filepath.Base(s.system()), s.overlay()); err != nil {
		return err
	}
	if err := m.blank(); err != nil {
		return err
	}
	m.key = s.key()
	if err := m.boot(ctx, s, s.overlay(), ""); err != nil {
		return err
	}
	defer m.stop()
	if err := m.wait(ctx, 5*time.Minute); err != nil {
		return err
	}
	// What the tests need is in memory before it is saved.
	if _, err := m.run(ctx, m.key, "systemctl is-system-running --wait; modprobe -a raid10 raid1 dm_snapshot dm_thin_pool nfsd nfsv4 sch_netem; sync"); err != nil {
		return err
	}
	m.logout()
	if err := m.qmp.do(ctx, "stop", nil, nil); err != nil {
		return err
	}
	if err := m.qmp.do(ctx, "migrate", map[string]any{"uri": "exec:cat >" + s.state()}, nil); err != nil {
		return err
	}
	err = until(ctx, "save its state", func() error {
		var is struct {
			Status string `json:"status"`
		}
		if err := m.qmp.do(ctx, "query-migrate", nil, &is); err != nil {
			return err
		}
		if is.Status != "completed" {
			return errors.New(is.Status)
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.bed.say("built it in %s", time.Since(start).Round(time.Second))
	return nil
}

// furnish makes the disk of a root that is the base with what is the machine's own.
func (m *Machine) furnish(ctx context.Context, s saved, login string) (err error) {
	for _, f := range []struct{ pattern, to string }{{"vmlinuz-*", s.kernel()}, {"initrd.img-*", s.initrd()}} {
		found, err := filepath.Glob(filepath.Join(m.bed.base, "boot", f.pattern))
		if err != nil || len(found) != 1 {
			return fmt.Errorf("%d files %s in the base: %w", len(found), f.pattern, err)
		}
		if _, err := tool(ctx, "cp", found[0], f.to); err != nil {
			return err
		}
	}
	for _, d := range []string{"upper", "work", "root"} {
		if err := os.MkdirAll(filepath.Join(m.dir, d), 0o755); err != nil {
			return err
		}
	}
	root := filepath.Join(m.dir, "root")
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", m.bed.base, m.dir, m.dir)
	if err := unix.Mount("overlay", root, "overlay", 0, options); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unix.Unmount(root, unix.MNT_DETACH)) }()
	if err := m.bed.furnish(root, m.Name); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, "root/.ssh/authorized_keys"), []byte(login), 0o600); err != nil {
		return err
	}
	if _, err := tool(ctx, "cp", filepath.Join(root, "etc/ssh/ssh_host_ed25519_key.pub"), filepath.Join(string(s), "host.pub")); err != nil {
		return err
	}
	if _, err := tool(ctx, "sh", "-c", guest, "sh", root, m.Addr.String()); err != nil {
		return err
	}
	_, err = tool(ctx, "mke2fs", "-q", "-F", "-t", "ext4", "-L", "root", "-d", root, s.system(), systemBytes)
	return err
}

// disks gives the machine disks of its own: the system's on top of the saved
// one, and the empty ones.
func (m *Machine) disks(ctx context.Context, below string) error {
	if _, err := tool(ctx, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", below, m.system()); err != nil {
		return err
	}
	return m.blank()
}

func (m *Machine) blank() error {
	for i := range Disks {
		f, err := os.Create(m.disk(i))
		if err != nil {
			return err
		}
		if err := errors.Join(f.Truncate(DiskBytes), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (m *Machine) system() string    { return filepath.Join(m.dir, "system.qcow2") }
func (m *Machine) disk(i int) string { return filepath.Join(m.dir, fmt.Sprintf("disk%d.img", i)) }

// boot starts qemu with its system disk, and with an address from which it takes a saved state, or "".
func (m *Machine) boot(ctx context.Context, s saved, system, incoming string) error {
	var tap *os.File
	err := within(m.bed.net.space(""), func() (err error) {
		tap, err = openTap(port(m.Name))
		return err
	})
	if err != nil {
		return err
	}
	defer func() { _ = tap.Close() }() // qemu has its own
	if err := m.bed.net.ip(ctx, "", "link", "set", port(m.Name), "master", bridge, "up"); err != nil {
		return err
	}
	socket := filepath.Join(m.dir, "qmp")
	_ = os.Remove(socket)
	args := append(slices.Clone(hardware),
		"-nodefaults", "-no-user-config", "-display", "none", "-serial", "file:"+filepath.Join(m.dir, "console.log"),
		"-qmp", "unix:"+socket+",server=on,wait=off",
		"-kernel", s.kernel(), "-initrd", s.initrd(), "-append", kernelLine,
		"-netdev", "tap,id=lan,fd=3", "-device", "virtio-net-pci,netdev=lan,mac=52:54:00:4a:4d:01",
		"-drive", "file="+system+",if=virtio,format=qcow2,cache=unsafe",
		"-acpitable", "file="+s.sensor(),
		"-chardev", "socket,id=sensor,path="+m.sensorLine()+",server=on,wait=off",
		"-device", "isa-serial,chardev=sensor,index=1",
	)
	for i := range Disks {
		args = append(args, "-drive", "file="+m.disk(i)+",if=virtio,format=raw,cache=unsafe")
	}
	if incoming != "" {
		args = append(args, "-incoming", incoming)
	}
	group := cgroupOf(m.bed.id, m.Name)
	// What is waited for in a machine of software must not wait for everything else.
	if err := errors.Join(group.make(), cgroupOf(m.bed.id, "").prefer()); err != nil {
		return err
	}
	launch := `for d in $GROUPS_OF_NODE; do echo $$ >"$d/cgroup.procs" || exit 1; done; unset GROUPS_OF_NODE; exec qemu-system-x86_64 "$@"`
	cmd := exec.Command("sh", append([]string{"-c", launch, "sh"}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "GROUPS_OF_NODE=" + strings.Join(group.dirs, " ")}
	cmd.ExtraFiles = []*os.File{tap}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	end, err := startHeld(cmd, filepath.Join(m.dir, "qemu.log"))
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cmd, m.end = cmd, end
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if m.qmp, err = dialQMP(ctx, socket); err != nil {
		return fmt.Errorf("%w\n%s", err, m.lastWords())
	}
	return nil
}

// resumed waits until the saved state runs.
func (m *Machine) resumed(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := until(ctx, "take its saved state", func() error {
		var is struct {
			Status string `json:"status"`
		}
		if err := m.qmp.do(ctx, "query-status", nil, &is); err != nil {
			return err
		}
		switch is.Status {
		case "running":
			return nil
		case "inmigrate":
			return errors.New(is.Status)
		default: // it was stopped when it was saved
			return errors.Join(errors.New(is.Status), m.qmp.do(ctx, "cont", nil, nil))
		}
	})
	if err != nil {
		return err
	}
	return m.wait(ctx, time.Minute)
}

// welcome sets the clock that stood still since the state was saved, and lets
// the bed's own key in.
func (m *Machine) welcome(ctx context.Context) error {
	login, err := os.ReadFile(m.bed.Key() + ".pub")
	if err != nil {
		return err
	}
	host, err := os.ReadFile(filepath.Join(filepath.Dir(m.key), "host.pub"))
	if err != nil {
		return err
	}
	script := fmt.Sprintf(`set -eu
date -s @%d >/dev/null
cat >/etc/hosts <<'EOF'
%sEOF
for f in /root /home/ops /home/plain /home/csh; do printf '%%s' '%s' >$f/.ssh/authorized_keys; done
`, time.Now().Unix(), m.bed.hosts(), login)
	if _, err := m.run(ctx, m.key, script); err != nil {
		return err
	}
	m.key = m.bed.Key()
	m.bed.mu.Lock()
	defer m.bed.mu.Unlock()
	f, err := os.OpenFile(m.bed.KnownHosts(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s,%s %s", m.Name, m.Addr, host)
	return errors.Join(err, f.Close())
}

// wait waits for the machine's sshd.
func (m *Machine) wait(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := until(ctx, "wait for its sshd", func() error {
		select {
		case <-m.end:
			return errors.New("qemu ended")
		default:
			return m.bed.answers(ctx, netip.AddrPortFrom(m.Addr, 22))
		}
	})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, m.lastWords())
	}
	return nil
}

// Run has a shell script run in the machine as root, and returns what it
// printed.
func (m *Machine) Run(ctx context.Context, script string) (string, error) {
	return m.run(ctx, m.key, script)
}

func (m *Machine) run(ctx context.Context, key, script string) (string, error) {
	session, err := m.session(ctx, key)
	if err != nil {
		m.logout() // the line may be an old one that is gone
		if session, err = m.session(ctx, key); err != nil {
			return "", err
		}
	}
	defer context.AfterFunc(ctx, m.logout)()
	var out, errs bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = strings.NewReader(script), &out, &errs
	if err := session.Run("sh -s"); err != nil {
		if exit := (*ssh.ExitError)(nil); !errors.As(err, &exit) {
			m.logout()
		}
		return out.String(), fmt.Errorf("on %s: %w: %s%s\n%s", m.Name, err, errs.String(), out.String(), script)
	}
	return out.String(), nil
}

func (m *Machine) session(ctx context.Context, key string) (*ssh.Session, error) {
	client, err := m.login(ctx, key)
	if err != nil {
		return nil, err
	}
	return client.NewSession()
}

// login returns the line to the machine, made anew if there is none.
func (m *Machine) login(ctx context.Context, key string) (*ssh.Client, error) {
	m.line.Lock()
	defer m.line.Unlock()
	if m.client != nil {
		return m.client, nil
	}
	private, err := os.ReadFile(key)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(private)
	if err != nil {
		return nil, err
	}
	conn, err := m.bed.Dial(ctx, netip.AddrPortFrom(m.Addr, 22))
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	// Only this process knows the way into the bed: there is nobody whose key
	// this could be but the machine's.
	c, chans, reqs, err := ssh.NewClientConn(conn, m.Name, &ssh.ClientConfig{User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey()})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	m.client = ssh.NewClient(c, chans, reqs)
	return m.client, nil
}

// logout gives up the line, which the next script makes anew.
func (m *Machine) logout() {
	m.line.Lock()
	defer m.line.Unlock()
	if m.client != nil {
		_ = m.client.Close()
		m.client = nil
	}
}

// Freeze stops the machine's processors; Thaw lets them go on.
func (m *Machine) Freeze(ctx context.Context) error { return m.qmp.do(ctx, "stop", nil, nil) }

// Thaw lets a frozen machine go on.
func (m *Machine) Thaw(ctx context.Context) error { return m.qmp.do(ctx, "cont", nil, nil) }

// PlugDrive puts an NVMe drive into the running machine: /dev/nvme0, empty.
func (m *Machine) PlugDrive(ctx context.Context) error {
	err := m.qmp.do(ctx, "blockdev-add", map[string]any{"driver": "null-co", "node-name": "blank", "size": DiskBytes, "read-zeroes": true}, nil)
	if err != nil {
		return err
	}
	return m.qmp.do(ctx, "device_add", map[string]any{"driver": "nvme", "id": "plugged", "drive": "blank", "serial": "FLEET1", "bus": bay}, nil)
}

// Warnings of a drive, as NVMe numbers the bits of its critical warning (NVM
// Express Base Specification 1.4, figure 194).
const (
	DriveIsWell     = 0
	DriveIsReadOnly = 1 << 3
)

// DriveSays has the drive that was plugged in say these warnings from now on.
func (m *Machine) DriveSays(ctx context.Context, warnings int) error {
	return m.qmp.do(ctx, "qom-set", map[string]any{"path": "/machine/peripheral/plugged", "property": "smart_critical_warning", "value": warnings}, nil)
}

// Cut takes the machine's cable out; with Heal it is back.
func (m *Machine) Cut(ctx context.Context) error { return m.bed.net.link(ctx, m.Name, false) }

// Heal puts the cable back.
func (m *Machine) Heal(ctx context.Context) error { return m.bed.net.link(ctx, m.Name, true) }

func (m *Machine) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cmd == nil {
		return
	}
	m.logout()
	_ = m.cmd.Process.Kill()
	<-m.end
	if m.qmp != nil {
		_ = m.qmp.conn.Close()
	}
	m.cmd, m.qmp = nil, nil
}

// lastWords is what qemu and the machine's console said last.
func (m *Machine) lastWords() string {
	var all []byte
	for _, f := range []string{"qemu.log", "console.log"} {
		b, err := os.ReadFile(filepath.Join(m.dir, f))
		if err == nil {
			all = append(all, b[max(0, len(b)-1000):]...)
		}
	}
	return string(all)
}
