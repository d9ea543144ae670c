package sshlab

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// tree is a set of files: path below the machine's root -> text.
type tree map[string]string

func (t tree) add(name, format string, args ...any) { t[name] = fmt.Sprintf(format, args...) }

// owned are the folders that hold nothing but facts: what a fact that went
// away left in them is removed.
var owned = []string{"lab/units", "lab/containers", "lab/smart", "lab/swarm", "lab/program", "lab/inside", "sys/class", "sys/block", "proc"}

// write makes the machine's files say f. Each file is replaced at once.
func (f *Linux) write(m *Machine) error {
	t := tree{}
	f.system(t, m.host.Name)
	f.storage(t)
	f.services(t)
	f.shares(t)
	if f.Swarm != nil {
		f.Swarm.write(t, m.host.Name)
	}
	own := f.programs(t, m.host.Name)
	for _, name := range slices.Sorted(maps.Keys(t)) {
		mode := fs.FileMode(0o644)
		if path.Base(path.Dir(name)) == "bin" {
			mode = 0o755 // a program in a container
		}
		if err := writeFile(m.dir, name, t[name], mode); err != nil {
			return err
		}
	}
	for name, age := range own.aged {
		at := time.Now().Add(-age)
		if err := setTime(filepath.Join(m.dir, name), at); err != nil {
			return err
		}
	}
	for _, dir := range owned {
		if err := prune(m.dir, dir, t); err != nil {
			return err
		}
	}
	if err := f.reboot(m.dir); err != nil {
		return err
	}
	for _, d := range f.Disks {
		// What scripts touch below a mount is a folder of the machine's own.
		if filepath.IsLocal(strings.TrimPrefix(d.Mount, "/")) {
			if err := os.MkdirAll(filepath.Join(m.dir, d.Mount), 0o755); err != nil {
				return err
			}
		}
	}
	for _, d := range f.Mounts {
		if err := os.MkdirAll(filepath.Join(m.dir, d.Mount), 0o755); err != nil {
			return err
		}
	}
	return m.installTools(f, own.names)
}

// prune removes what is below dir and not in t.
func prune(root, dir string, t tree) error {
	return filepath.WalkDir(filepath.Join(root, dir), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			if os.IsNotExist(err) {
				return nil
			}
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if _, ok := t[filepath.ToSlash(name)]; !ok {
			return os.Remove(path)
		}
		return nil
	})
}

// system writes what is known of the machine as a whole.
func (f *Linux) system(t tree, name string) {
	short, _, _ := strings.Cut(name, ".")
	t.add("etc/hostname", "%s\n", short)
	t.add("etc/machine-id", "%s\n", strings.ReplaceAll(f.BootID, "-", ""))
	t["etc/os-release"] = osRelease[f.Distribution]
	if t["etc/os-release"] == "" {
		t.add("etc/os-release", "ID=%s\nNAME=%q\nPRETTY_NAME=%q\n", f.Distribution, f.Distribution, f.Distribution)
	}
	kind := "Linux"
	if f.freebsd() {
		kind = "FreeBSD"
		f.sysctl(t)
	} else {
		f.proc(t)
	}
	t.add("lab/uname", "%s %s %s x86_64\n", kind, short, f.Kernel)
	t.add("lab/cpus", "%d\n", f.CPUs)
	sync := "yes"
	if f.ClockUnsynced {
		sync = "no"
	}
	t.add("lab/clock", "%.9f %s\n", f.ClockOffset.Seconds(), sync)
	f.thermal(t)
	f.updates(t)
}

// proc writes what /proc tells (proc(5)).
func (f *Linux) proc(t tree) {
	up := f.Uptime.Seconds()
	t.add("proc/loadavg", "%.2f %.2f %.2f 1/214 4711\n", f.Load[0], f.Load[1], f.Load[2])
	t.add("proc/uptime", "%.2f %.2f\n", up, up*float64(f.CPUs)*0.93)
	t.add("proc/meminfo", "MemTotal:       %8d kB\nMemFree:        %8d kB\nMemAvailable:   %8d kB\nBuffers:        %8d kB\nCached:         %8d kB\nSwapTotal:      %8d kB\nSwapFree:       %8d kB\n",
		f.MemTotal/kib, f.MemAvailable/kib/2, f.MemAvailable/kib, f.MemTotal/kib/50, f.MemAvailable/kib/3, f.SwapTotal/kib, f.SwapFree/kib)
	t["proc/stat"] = f.stat(f.Uptime, time.Now())
	var cpus strings.Builder
	for i := range f.CPUs {
		fmt.Fprintf(&cpus, "processor\t: %d\nmodel name\t: simulated\n\n", i)
	}
	t["proc/cpuinfo"] = cpus.String()
	t.add("proc/version", "Linux version %s (simulated) #1 SMP\n", f.Kernel)
	t.add("proc/sys/kernel/random/boot_id", "%s\n", f.BootID)
	t.add("proc/sys/kernel/osrelease", "%s\n", f.Kernel)
	t.add("proc/sys/kernel/ostype", "Linux\n")
	t.add("proc/sys/kernel/hostname", "%s", t["etc/hostname"])
	for _, what := range []string{"cpu", "memory", "io"} {
		t.add("proc/pressure/"+what, "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
	}
}

// sysctl writes what FreeBSD tells instead of /proc.
func (f *Linux) sysctl(t tree) {
	t.add("lab/sysctl", `kern.boottime={ sec = %d, usec = 0 } %s
kern.bootid=%s
kern.osrelease=%s
kern.ostype=FreeBSD
vm.loadavg={ %.2f %.2f %.2f }
hw.ncpu=%d
hw.physmem=%d
hw.pagesize=4096
vm.stats.vm.v_page_size=4096
vm.stats.vm.v_page_count=%d
vm.stats.vm.v_free_count=%d
vm.stats.vm.v_inactive_count=0
vm.stats.vm.v_laundry_count=0
vm.stats.vm.v_cache_count=0
vm.swap_total=%d
vfs.zfs.arcstats.size=0
`, time.Now().Add(-f.Uptime).Unix(), time.Now().Add(-f.Uptime).UTC().Format(time.ANSIC), f.BootID, f.Kernel,
		f.Load[0], f.Load[1], f.Load[2], f.CPUs, f.MemTotal, f.MemTotal/4096, f.MemAvailable/4096, f.SwapTotal)
}

// thermal writes sensors as both places of /sys tell them.
func (f *Linux) thermal(t tree) {
	for i, s := range f.Temperatures {
		zone := fmt.Sprintf("sys/class/thermal/thermal_zone%d/", i)
		t.add(zone+"type", "%s\n", s.Name)
		t.add(zone+"temp", "%d\n", int(s.Celsius*1000))
		mon := fmt.Sprintf("sys/class/hwmon/hwmon%d/", i)
		t.add(mon+"name", "%s\n", s.Name)
		t.add(mon+"temp1_label", "%s\n", s.Name)
		t.add(mon+"temp1_input", "%d\n", int(s.Celsius*1000))
	}
}

// updates writes what apt-get -s would print.
func (f *Linux) updates(t tree) {
	if !f.apt() {
		return
	}
	t["etc/debian_version"] = "12.12\n"
	var b strings.Builder
	for i := range f.Updates {
		origin := "Debian:12.12/stable"
		if i < f.SecurityUpdates {
			origin = "Debian-Security:12/stable-security"
		}
		fmt.Fprintf(&b, "Inst lab-package%d [1.%d-1] (1.%d-2 %s [amd64])\n", i, i, i, origin)
	}
	t["lab/updates"] = b.String()
	t["var/lib/apt/lists/partial/.keep"] = ""
	t["var/lib/apt/lists/lab_dists_stable_InRelease"] = ""
	t["var/cache/apt/pkgcache.bin"] = ""
}

// reboot says whether a reboot is due, in the way of the distribution.
func (f *Linux) reboot(dir string) error {
	if f.Distribution == "nixos" {
		return f.generations(dir)
	}
	if !f.RebootRequired {
		for _, name := range []string{"run/reboot-required", "run/reboot-required.pkgs"} {
			if err := os.Remove(filepath.Join(dir, name)); err != nil && !os.IsNotExist(err) {
				return err
			}
		}
		return nil
	}
	if err := writeFile(dir, "run/reboot-required.pkgs", "linux-image-amd64\n", 0o644); err != nil {
		return err
	}
	return writeFile(dir, "run/reboot-required", "*** System restart required ***\n", 0o644)
}
