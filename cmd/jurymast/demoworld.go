package main

import (
	"errors"
	"fmt"
	"time"

	"jurymast/ssh/sshlab"
)

const (
	gib = int64(1) << 30
	tib = int64(1) << 40
)

// demoFacts is what the machines of the demo are like, each in a few facts;
// what is not said here is what a healthy small server would say.
func demoFacts(name string) sshlab.Linux {
	disk := func(size, used int64) []sshlab.Disk {
		return []sshlab.Disk{{Device: "/dev/sda1", Mount: "/", FSType: "ext4", Size: size, Used: used, Inodes: size / 16384, InodesUsed: size / 163840}}
	}
	switch name {
	case "pve1":
		return sshlab.Linux{
			CPUs: 16, Load: [3]float64{4.2, 3.9, 3.7}, MemTotal: 128 * gib, MemAvailable: 41 * gib, Uptime: 93 * 24 * time.Hour, Kernel: "6.8.12-4-pve",
			Cloud: []sshlab.CloudServer{{Name: "mail", Type: "cx32", Snapshot: 40 * time.Hour}},
			Disks: disk(94*gib, 22*gib), Temperatures: []sshlab.Temperature{{Name: "coretemp Package id 0", Celsius: 54}},
			SMART: []sshlab.Drive{{Device: "/dev/nvme0n1", Model: "Datacenter SSD 1920", Celsius: 41}, {Device: "/dev/nvme1n1", Model: "Datacenter SSD 1920", Celsius: 43}},
		}
	case "opnsense":
		return sshlab.Linux{CPUs: 2, MemTotal: 4 * gib, MemAvailable: 3 * gib, Distribution: "freebsd", Uptime: 41 * 24 * time.Hour}
	case "mongo":
		return sshlab.Linux{CPUs: 4, MemTotal: 16 * gib, MemAvailable: 5 * gib, Disks: disk(200*gib, 116*gib), Uptime: 41 * 24 * time.Hour}
	case "storage":
		return sshlab.Linux{CPUs: 2, MemTotal: 4 * gib, MemAvailable: 3 * gib, Disks: disk(32*gib, 6*gib), Uptime: 41 * 24 * time.Hour}
	case "nas":
		return sshlab.Linux{
			CPUs: 4, MemTotal: 8 * gib, MemAvailable: 5 * gib, Disks: disk(60*gib, 11*gib), Uptime: 212 * 24 * time.Hour, Arrays: []sshlab.Array{demoArray()},
			SMART: []sshlab.Drive{{Device: "/dev/sda", Model: "NAS disk 8 TB", Celsius: 36}, {Device: "/dev/sdb", Model: "NAS disk 8 TB", Celsius: 37}, {Device: "/dev/sdc", Model: "NAS disk 8 TB", Celsius: 36}, {Device: "/dev/sdd", Model: "NAS disk 8 TB", Celsius: 38}},
		}
	case "selfhost":
		return sshlab.Linux{CPUs: 2, MemTotal: 4 * gib, MemAvailable: 2 * gib, Distribution: "nixos", Restic: true, Disks: disk(40*gib, 17*gib), Uptime: 12 * 24 * time.Hour,
			Buckets: []sshlab.Bucket{{Name: "selfhost", Versioned: true, Locked: 30, Objects: demoObjects("data/", 7*time.Hour)}}}
	case "home1":
		return sshlab.Linux{CPUs: 4, MemTotal: 16 * gib, MemAvailable: 9 * gib, Disks: disk(tib, 420*gib), Uptime: 30 * 24 * time.Hour}
	case "home2":
		return sshlab.Linux{CPUs: 4, MemTotal: 8 * gib, MemAvailable: 6 * gib, Disks: disk(2*tib, 900*gib), Uptime: 30 * 24 * time.Hour, LVM: demoVolumes()}
	case "app1", "app2":
		return sshlab.Linux{CPUs: 2, MemTotal: 4 * gib, MemAvailable: 2 * gib, Disks: disk(60*gib, 21*gib), Uptime: 41 * 24 * time.Hour,
			Releases: []sshlab.Release{{Repository: "example/web", Tag: "v1", Ago: 41 * 24 * time.Hour}}}
	case "swarm1", "swarm2", "swarm3":
		return sshlab.Linux{CPUs: 2, MemTotal: 4 * gib, MemAvailable: 2 * gib, Disks: disk(60*gib, 21*gib), Uptime: 41 * 24 * time.Hour, Swarm: demoSwarm(),
			Buckets: []sshlab.Bucket{{Name: "attachments", Versioned: true, Objects: demoObjects("2026/", 50*time.Minute)}}}
	case "offsite":
		return sshlab.Linux{CPUs: 4, MemTotal: 8 * gib, MemAvailable: 6 * gib, Disks: disk(60*gib, 12*gib), Uptime: 55 * 24 * time.Hour,
			Pools: []sshlab.Pool{{Name: "copies", Size: 8 * tib, Used: 3 * tib, Scrubbed: 11 * 24 * time.Hour, Devices: []sshlab.PoolDevice{{Name: "sda"}, {Name: "sdb"}}}}}
	}
	return sshlab.Linux{CPUs: 2, MemTotal: 4 * gib, MemAvailable: 2 * gib, Disks: disk(60*gib, 21*gib), Uptime: 41 * 24 * time.Hour}
}

// demoArray is the array of the NAS.
func demoArray() sshlab.Array {
	return sshlab.Array{Name: "md0", Level: "raid10", KiB: 15627788288, Layout: "512K chunks 2 near-copies", Checked: 17 * 24 * time.Hour,
		Members: []sshlab.Member{{Device: "sda1"}, {Device: "sdb1"}, {Device: "sdc1"}, {Device: "sdd1"}}}
}

// demoVolumes are the old disks of the second node, put together.
func demoVolumes() *sshlab.LVM {
	return &sshlab.LVM{Group: "vg0", Size: 2200 * gib, Free: 150 * gib, Volumes: []sshlab.LogicalVolume{{Name: "root", Size: 50 * gib}, {Name: "copies", Size: 2000 * gib}}}
}

// demoObjects are some objects of a bucket, the newest so long ago.
func demoObjects(below string, ago time.Duration) []sshlab.Object {
	var all []sshlab.Object
	for i := range 40 {
		all = append(all, sshlab.Object{Key: fmt.Sprintf("%s%04d", below, i), Bytes: 16 << 20, Ago: ago + time.Duration(i)*24*time.Hour})
	}
	return all
}

// demoFull is how much of the volumes on the NAS is in use, in percent of what
// df counts: a twentieth is kept for root.
const demoFull = 93

// spoil makes a few things go wrong, each of another sort: a broken array, an
// unhealthy container, a machine that is off and that its swarm misses, a proxy
// that reaches a database, a guest whose copies stopped, mails that wait, a line
// that loses packets, a configuration that the next start will not take, an
// upgrade that failed, updates that wait.
func (d *demoFleet) spoil() error {
	facts := func(name string, change func(*sshlab.Linux)) error { return d.lab.Machine(name).Facts(change) }
	return errors.Join(
		facts("nas", func(l *sshlab.Linux) {
			l.Arrays[0].Members[1].Gone = true
			l.SMART[2].Pending = 16
			for i := range l.Disks {
				if l.Disks[i].Mount == "/srv/volumes" {
					l.Disks[i].Used = l.Disks[i].Size/100*demoFull*95/100 - gib // df rounds up
				}
			}
		}),
		facts("pve1", func(l *sshlab.Linux) {
			for i := range l.Proxmox.Guests {
				if l.Proxmox.Guests[i].Name == "app2" {
					l.Proxmox.Guests[i].Copied = 52 * time.Hour
				}
			}
		}),
		facts("proxy", func(l *sshlab.Linux) {
			web := &l.Containers[0].Inside.Traefik.Routes[0]
			web.Down = web.Servers[1:]
		}),
		facts("mail", func(l *sshlab.Linux) { l.Mailcow.Waiting, l.Mailcow.Oldest = 140, 9*time.Hour }),
		facts("opnsense", func(l *sshlab.Linux) { l.OPNsense.Gateways[0].Loss = 17 }),
		facts("home1", func(l *sshlab.Linux) {
			for i := range l.Containers {
				if n := l.Containers[i].Inside.Nginx; n != nil {
					n.Broken = `[emerg] unknown directive "proxi_pass" in cloud.conf:23`
				}
			}
		}),
		facts("app2", func(l *sshlab.Linux) {
			for i := range l.Containers {
				if l.Containers[i].Name == "web-app-1" {
					l.Containers[i].Health = "unhealthy"
				}
			}
		}),
		facts("home2", func(l *sshlab.Linux) {
			l.Updates, l.SecurityUpdates, l.RebootRequired = 23, 4, true
		}),
		facts("selfhost", func(l *sshlab.Linux) {
			l.Units = append(l.Units, sshlab.Unit{Name: "nixos-upgrade.service", Description: "NixOS Upgrade", Active: "failed"})
		}),
		// Somebody wanted a quick look at the tables in a browser.
		d.swarm(func(s *sshlab.Swarm) { s.Services[0].Networks = append(s.Services[0].Networks, "database") }),
		d.fault([]string{"swarm3", "down"}),
	)
}
