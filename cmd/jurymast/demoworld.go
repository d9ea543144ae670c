package main

import (
	"errors"
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
			CPUs: 4, MemTotal: 8 * gib, MemAvailable: 5 * gib, Disks: disk(60*gib, 11*gib), Uptime: 212 * 24 * time.Hour, Mdstat: demoRaid,
			SMART: []sshlab.Drive{{Device: "/dev/sda", Model: "NAS disk 8 TB", Celsius: 36}, {Device: "/dev/sdb", Model: "NAS disk 8 TB", Celsius: 37}, {Device: "/dev/sdc", Model: "NAS disk 8 TB", Celsius: 36}, {Device: "/dev/sdd", Model: "NAS disk 8 TB", Celsius: 38}},
		}
	case "selfhost":
		return sshlab.Linux{CPUs: 2, MemTotal: 4 * gib, MemAvailable: 2 * gib, Distribution: "nixos", Disks: disk(40*gib, 17*gib), Uptime: 12 * 24 * time.Hour}
	case "home1":
		return sshlab.Linux{CPUs: 4, MemTotal: 16 * gib, MemAvailable: 9 * gib, Disks: disk(tib, 420*gib), Uptime: 30 * 24 * time.Hour}
	case "home2":
		return sshlab.Linux{CPUs: 4, MemTotal: 8 * gib, MemAvailable: 6 * gib, Disks: disk(2*tib, 900*gib), Uptime: 30 * 24 * time.Hour}
	case "swarm1", "swarm2", "swarm3":
		return sshlab.Linux{CPUs: 2, MemTotal: 4 * gib, MemAvailable: 2 * gib, Disks: disk(60*gib, 21*gib), Uptime: 41 * 24 * time.Hour, Swarm: demoSwarm()}
	case "offsite":
		return sshlab.Linux{CPUs: 4, MemTotal: 8 * gib, MemAvailable: 6 * gib, Disks: disk(8*tib, 3*tib), Uptime: 55 * 24 * time.Hour}
	}
	return sshlab.Linux{CPUs: 2, MemTotal: 4 * gib, MemAvailable: 2 * gib, Disks: disk(60*gib, 21*gib), Uptime: 41 * 24 * time.Hour}
}

const (
	demoRaid = `Personalities : [raid10]
md0 : active raid10 sdd1[3] sdc1[2] sdb1[1] sda1[0]
      15627788288 blocks super 1.2 512K chunks 2 near-copies [4/4] [UUUU]
      bitmap: 2/117 pages [8KB], 65536KB chunk

unused devices: <none>
`
	demoRaidBroken = `Personalities : [raid10]
md0 : active raid10 sdd1[3] sdc1[2] sda1[0]
      15627788288 blocks super 1.2 512K chunks 2 near-copies [4/3] [U_UU]
      bitmap: 9/117 pages [36KB], 65536KB chunk

unused devices: <none>
`
)

// spoil makes a few things go wrong, each of another sort: a broken array, an
// unhealthy container, a machine that is off and that its swarm misses, a proxy
// that reaches a database, a timer that failed, updates that wait.
func (d *demoFleet) spoil() error {
	facts := func(name string, change func(*sshlab.Linux)) error { return d.lab.Machine(name).Facts(change) }
	return errors.Join(
		facts("nas", func(l *sshlab.Linux) {
			l.Mdstat = demoRaidBroken
			for i := range l.Disks {
				if l.Disks[i].Mount == "/srv/volumes" {
					l.Disks[i].Used = l.Disks[i].Size / 100 * 92
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
			for i := range l.Units {
				if l.Units[i].Name == "restic-backups-bucket.timer" {
					l.Units[i].Active, l.Units[i].Sub, l.Units[i].Result = "failed", "failed", "resources"
				}
			}
		}),
		// Somebody wanted a quick look at the tables in a browser.
		d.swarm(func(s *sshlab.Swarm) { s.Services[0].Networks = append(s.Services[0].Networks, "database") }),
		d.fault([]string{"swarm3", "down"}),
	)
}
