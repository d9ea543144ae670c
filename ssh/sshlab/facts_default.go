package sshlab

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"
)

const (
	kib = 1 << 10
	gib = 1 << 30
)

// newBootID makes a random UUID, as the kernel does (RFC 9562, 5.4).
func newBootID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// withDefaults fills in what a healthy small server says.
func (f Linux) withDefaults() Linux {
	set(&f.CPUs, 4)
	set(&f.Load, [3]float64{0.31, 0.27, 0.22})
	set(&f.MemTotal, 8*gib)
	set(&f.MemAvailable, f.MemTotal/8*5)
	set(&f.Uptime, 41*24*time.Hour+7*time.Hour)
	set(&f.BootID, newBootID())
	set(&f.Distribution, "debian")
	set(&f.Kernel, defaultKernel[f.Distribution])
	set(&f.Kernel, defaultKernel["debian"])
	if f.Disks == nil {
		f.Disks = []Disk{{Device: "/dev/sda1", Mount: "/", FSType: "ext4", Size: 60 * gib, Used: 21 * gib}}
	}
	disks := make([]Disk, len(f.Disks))
	for i, d := range f.Disks {
		set(&d.FSType, "ext4")
		set(&d.Device, fmt.Sprintf("/dev/sd%c1", 'a'+i%26))
		if d.Inodes == 0 && strings.HasPrefix(d.FSType, "ext") {
			d.Inodes = d.Size / (16 * kib) // what mke2fs makes of it (mke2fs.conf, inode_ratio)
			d.InodesUsed = d.Inodes / 20
		}
		disks[i] = d
	}
	f.Disks = disks
	if f.Units == nil && !f.withoutSystemd() {
		f.Units = []Unit{{Name: "ssh.service"}, {Name: "cron.service"}, {Name: "systemd-journald.service"}}
	}
	return f
}

func set[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}

// defaultKernel is the release that a distribution's uname tells.
var defaultKernel = map[string]string{
	"debian":  "6.1.0-41-amd64",
	"ubuntu":  "6.8.0-88-generic",
	"nixos":   "6.12.57",
	"alpine":  "6.12.57-0-lts",
	"freebsd": "14.3-RELEASE-p5",
}

// osRelease is a distribution's /etc/os-release, as far as scripts look at it
// (os-release(5)).
var osRelease = map[string]string{
	"debian":  "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n",
	"ubuntu":  "PRETTY_NAME=\"Ubuntu 24.04.3 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\n",
	"nixos":   "PRETTY_NAME=\"NixOS 25.05 (Warbler)\"\nNAME=NixOS\nVERSION_ID=\"25.05\"\nVERSION_CODENAME=warbler\nID=nixos\n",
	"alpine":  "PRETTY_NAME=\"Alpine Linux v3.22\"\nNAME=\"Alpine Linux\"\nVERSION_ID=3.22.2\nID=alpine\n",
	"freebsd": "PRETTY_NAME=\"FreeBSD 14.3-RELEASE-p5\"\nNAME=FreeBSD\nVERSION_ID=\"14.3\"\nID=freebsd\n",
}

func (f *Linux) freebsd() bool { return f.Distribution == "freebsd" }

func (f *Linux) withoutSystemd() bool { return f.freebsd() || f.Distribution == "alpine" }

func (f *Linux) apt() bool { return f.Distribution == "debian" || f.Distribution == "ubuntu" }
