// Command peers measures how long it takes, and what it costs the client, to
// run one probe on many hosts: with jurymast's pool and with other tools. It is
// started by peers.sh, which provides the sshd.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"jurymast/ssh"
)

type bench struct {
	dir, probe string
	script     string
	n          int
}

// cost is what one run took.
type cost struct{ wall, cpu time.Duration }

func main() {
	dir := flag.String("dir", "", "folder with the keys")
	probe := flag.String("probe", "", "the probe script")
	hosts := flag.String("hosts", "50 200", "numbers of hosts")
	rounds := flag.Int("rounds", 3, "rounds")
	pool := flag.Int("pool", 0, "be the client: this many hosts, then sweeps")
	sweeps := flag.Int("sweeps", 0, "warm sweeps after the first")
	bare := flag.Bool("bare", false, "be the barest client that x/crypto/ssh allows, as a floor")
	flag.Parse()
	b := &bench{dir: *dir, probe: *probe}
	var err error
	if *pool > 0 {
		b.n = *pool
		if *bare {
			err = b.floor(*sweeps)
		} else {
			err = b.client(*sweeps)
		}
	} else {
		err = b.compare(strings.Fields(*hosts), *rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func (b *bench) host(i int) string { return fmt.Sprintf("127.0.%d.%d", 1+i/250, 1+i%250) }

func (b *bench) names() []string {
	out := make([]string, b.n)
	for i := range out {
		out[i] = b.host(i)
	}
	return out
}

// client connects to all hosts and runs the probe on each; then as many warm
// sweeps, whose median wall and CPU it prints.
func (b *bench) client(sweeps int) error {
	text, err := os.ReadFile(b.probe)
	if err != nil {
		return err
	}
	p := ssh.NewPool(func(name string) (ssh.Host, error) {
		return ssh.Host{Name: name, Address: name, User: "root", Identities: []string{filepath.Join(b.dir, "id")}, IdentitiesOnly: true, KnownHosts: []string{filepath.Join(b.dir, "known")}, Timeout: time.Minute}, nil
	}, ssh.Options{})
	sweep := func() error {
		var wg sync.WaitGroup
		errs := make([]error, b.n)
		for i, h := range b.names() {
			wg.Go(func() {
				out, err := p.Run(context.Background(), h, ssh.Command{Text: string(text)})
				if err == nil && (out.Exit != 0 || len(out.Stdout) < 100) {
					err = fmt.Errorf("%s: exit %d, %d bytes", h, out.Exit, len(out.Stdout))
				}
				errs[i] = err
			})
		}
		wg.Wait()
		return errors.Join(errs...)
	}
	if err := sweep(); err != nil {
		return err
	}
	return errors.Join(measure(sweeps, sweep), p.Close())
}

// measure runs warm sweeps and prints their median wall and CPU.
func measure(sweeps int, sweep func() error) error {
	var took []cost
	for range sweeps {
		cpu, began := ownCPU(), time.Now()
		if err := sweep(); err != nil {
			return err
		}
		took = append(took, cost{time.Since(began), ownCPU() - cpu})
	}
	if sweeps > 0 {
		m := median(took)
		fmt.Println(m.wall.Nanoseconds(), m.cpu.Nanoseconds())
	}
	return nil
}

// floor is a client without a pool, a wrapper, a bound or a deadline: what is
// left is the server's work, which every client waits for.
func (b *bench) floor(sweeps int) error {
	text, err := os.ReadFile(b.probe)
	if err != nil {
		return err
	}
	key, err := os.ReadFile(filepath.Join(b.dir, "id"))
	if err != nil {
		return err
	}
	signer, err := gossh.ParsePrivateKey(key)
	if err != nil {
		return err
	}
	public, err := os.ReadFile(filepath.Join(b.dir, "host.pub"))
	if err != nil {
		return err
	}
	host, _, _, _, err := gossh.ParseAuthorizedKey(public)
	if err != nil {
		return err
	}
	clients := make([]*gossh.Client, b.n)
	sweep := func() error {
		var wg sync.WaitGroup
		errs := make([]error, b.n)
		for i, h := range b.names() {
			wg.Go(func() {
				if clients[i] == nil {
					clients[i], errs[i] = gossh.Dial("tcp", h+":22", &gossh.ClientConfig{User: "root", Auth: []gossh.AuthMethod{gossh.PublicKeys(signer)}, HostKeyCallback: gossh.FixedHostKey(host), Timeout: time.Minute})
					if errs[i] != nil {
						return
					}
				}
				s, err := clients[i].NewSession()
				if err == nil {
					_, err = s.CombinedOutput(string(text))
				}
				errs[i] = err
			})
		}
		wg.Wait()
		return errors.Join(errs...)
	}
	if err := sweep(); err != nil {
		return err
	}
	return measure(sweeps, sweep)
}

func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median(cs []cost) cost {
	pick := func(get func(cost) time.Duration) time.Duration {
		var ds []time.Duration
		for _, c := range cs {
			ds = append(ds, get(c))
		}
		slices.Sort(ds)
		return ds[len(ds)/2]
	}
	return cost{pick(func(c cost) time.Duration { return c.wall }), pick(func(c cost) time.Duration { return c.cpu })}
}

// row is one client in one state.
type row struct {
	name string
	run  func() (cost, error)
}

func (b *bench) compare(hosts []string, rounds int) error {
	for _, h := range hosts {
		n, err := strconv.Atoi(h)
		if err != nil {
			return err
		}
		b.n = n
		if err := b.one(rounds); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) one(rounds int) error {
	if err := b.files(); err != nil {
		return err
	}
	defer b.closeMasters()
	rows := b.rows()
	took := map[string][]cost{}
	for r := range rounds {
		for i := range rows {
			c := rows[(i+r)%len(rows)] // interleaved, and not always in the same order
			k, err := c.run()
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			took[c.name] = append(took[c.name], k)
		}
	}
	fmt.Printf("\n%d hosts, medians of %d rounds\n%-24s %10s %10s %12s\n", b.n, rounds, "client", "wall ms", "CPU ms", "CPU ms/host")
	for _, c := range rows {
		m := median(took[c.name])
		fmt.Printf("%-24s %10.0f %10.0f %12.2f\n", c.name, ms(m.wall), ms(m.cpu), ms(m.cpu)/float64(b.n))
	}
	ratio := func(a, of, what string, get func(cost) time.Duration) {
		fmt.Printf("%-44s %5.2f\n", a+" / "+of+", "+what, float64(get(median(took[a])))/float64(get(median(took[of]))))
	}
	wall := func(c cost) time.Duration { return c.wall }
	cpu := func(c cost) time.Duration { return c.cpu }
	ratio("jurymast cold", "clush c25519", "wall", wall)
	ratio("jurymast cold", "xargs ssh c25519", "CPU", cpu)
	ratio("jurymast cold", "clush", "wall", wall)
	ratio("jurymast warm", "xargs ssh ControlMaster", "wall", wall)
	ratio("jurymast warm", "xargs ssh ControlMaster", "CPU", cpu)
	ratio("jurymast cold", "x/crypto cold, bare", "wall", wall)
	ratio("jurymast warm", "x/crypto warm, bare", "wall", wall)
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / 1e6 }

// files writes what the clients read: host lists, known hosts, an inventory.
func (b *bench) files() error {
	key, err := os.ReadFile(filepath.Join(b.dir, "host.pub"))
	if err != nil {
		return err
	}
	var known, list, ini strings.Builder
	for _, h := range b.names() {
		fmt.Fprintf(&known, "%s %s", h, key)
		fmt.Fprintln(&list, h)
		fmt.Fprintln(&ini, h)
	}
	text, err := os.ReadFile(b.probe)
	if err != nil {
		return err
	}
	b.script = string(text)
	return errors.Join(
		os.WriteFile(filepath.Join(b.dir, "known"), []byte(known.String()), 0o600),
		os.WriteFile(filepath.Join(b.dir, "list"), []byte(list.String()), 0o600),
		os.WriteFile(filepath.Join(b.dir, "ansible.ini"), []byte(ini.String()), 0o600),
	)
}

const c25519 = "-o KexAlgorithms=curve25519-sha256"

// sshOptions are the same for every client that runs the ssh program.
func (b *bench) sshOptions(more ...string) string {
	return strings.Join(append([]string{"-F none -i", filepath.Join(b.dir, "id"), "-o IdentitiesOnly=yes -o BatchMode=yes -o LogLevel=ERROR -o UserKnownHostsFile=" + filepath.Join(b.dir, "known")}, more...), " ")
}

func (b *bench) master() string {
	return "-o ControlMaster=auto -o ControlPersist=600 -o ControlPath=" + filepath.Join(b.dir, "cm-%h")
}

func (b *bench) rows() []row {
	// The probe goes as an argument: xargs gives all its children one standard input.
	x := func(opts string) []string {
		return []string{"sh", "-c", fmt.Sprintf("xargs -a %s -P 64 -I{} ssh %s root@{} \"$PROBE\" >/dev/null", filepath.Join(b.dir, "list"), opts)}
	}
	clush := func(opts string) []string {
		return []string{"clush", "-q", "-S", "-f", "64", "-l", "root", "-o", opts, "--hostfile", filepath.Join(b.dir, "list"), b.script}
	}
	pdsh := []string{"pdsh", "-R", "ssh", "-f", "64", "-l", "root", "-w", "^" + filepath.Join(b.dir, "list"), b.script}
	ansible := []string{"ansible", "-i", filepath.Join(b.dir, "ansible.ini"), "-f", "50", "-u", "root", "-m", "raw", "-a", b.script, "all"}
	return []row{
		{"jurymast cold", func() (cost, error) { return b.external(b.self(0)) }},
		{"clush", func() (cost, error) { return b.external(clush(b.sshOptions())) }},
		{"clush c25519", func() (cost, error) { return b.external(clush(b.sshOptions(c25519))) }},
		{"pdsh", func() (cost, error) { return b.external(pdsh) }},
		{"xargs ssh", func() (cost, error) { return b.external(x(b.sshOptions())) }},
		{"xargs ssh c25519", func() (cost, error) { return b.external(x(b.sshOptions(c25519))) }},
		{"ansible raw", func() (cost, error) { return b.external(ansible) }},
		{"jurymast warm", func() (cost, error) { return b.warm(b.self(5)) }},
		{"x/crypto cold, bare", func() (cost, error) { return b.external(append(b.self(0), "-bare")) }},
		{"x/crypto warm, bare", func() (cost, error) { return b.warm(append(b.self(5), "-bare")) }},
		{"xargs ssh ControlMaster", func() (cost, error) { return b.warmMasters(x(b.sshOptions(b.master()))) }},
	}
}

func (b *bench) self(sweeps int) []string {
	return []string{filepath.Join(b.dir, "peers"), "-dir", b.dir, "-probe", b.probe, "-pool", strconv.Itoa(b.n), "-sweeps", strconv.Itoa(sweeps)}
}

func (b *bench) command(argv []string) *exec.Cmd {
	c := exec.Command(argv[0], argv[1:]...)
	c.Env = append(os.Environ(), "PROBE="+b.script,
		"PDSH_SSH_ARGS_APPEND="+b.sshOptions(),
		"ANSIBLE_SSH_ARGS="+b.sshOptions("-o ControlMaster=no"), "ANSIBLE_PIPELINING=1", "ANSIBLE_HOST_KEY_CHECKING=1", "ANSIBLE_LOCALHOST_WARNING=0", "HOME="+b.dir)
	c.Stderr = os.Stderr
	return c
}

// external runs a client and counts it with all its children.
func (b *bench) external(argv []string) (cost, error) {
	c := b.command(argv)
	began := time.Now()
	err := c.Run()
	return cost{time.Since(began), c.ProcessState.UserTime() + c.ProcessState.SystemTime()}, err
}

// warm runs a client that measures its own warm sweeps.
func (b *bench) warm(argv []string) (cost, error) {
	c := b.command(argv)
	out, err := c.Output()
	if err != nil {
		return cost{}, err
	}
	var wall, cpu int64
	if _, err := fmt.Sscan(string(out), &wall, &cpu); err != nil {
		return cost{}, err
	}
	return cost{time.Duration(wall), time.Duration(cpu)}, nil
}

// warmMasters makes sure that every master stands, then measures one sweep,
// with what the masters themselves used.
func (b *bench) warmMasters(argv []string) (cost, error) {
	if _, err := b.external(argv); err != nil {
		return cost{}, err
	}
	before := b.mastersCPU()
	k, err := b.external(argv)
	k.cpu += b.mastersCPU() - before
	return k, err
}

// mastersCPU sums what the ssh masters of this run have used so far.
func (b *bench) mastersCPU() time.Duration {
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux
	var sum time.Duration
	procs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range procs {
		line, err := os.ReadFile(p)
		if err != nil || !strings.Contains(string(line), filepath.Join(b.dir, "cm-")) || !strings.Contains(string(line), "[mux]") {
			continue
		}
		stat, err := os.ReadFile(filepath.Join(filepath.Dir(p), "stat"))
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		f := strings.Fields(rest)
		u, _ := strconv.Atoi(f[11])
		s, _ := strconv.Atoi(f[12])
		sum += time.Duration(u+s) * tick
	}
	return sum
}

func (b *bench) closeMasters() {
	for _, h := range b.names() {
		c := b.command([]string{"ssh", "-F", "none", "-o", "ControlPath=" + filepath.Join(b.dir, "cm-%h"), "-O", "exit", "root@" + h})
		c.Stderr = nil
		_ = c.Run() // a master that is gone already is no matter
	}
}
