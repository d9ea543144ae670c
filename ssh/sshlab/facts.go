package sshlab

import "time"

// Linux is what a machine is like: the facts that its simulated /proc, /sys,
// /etc and tools tell. A zero field is filled in with what a healthy small
// server would say, so that a fleet is a table of a few facts.
type Linux struct {
	CPUs                     int
	Load                     [3]float64 // over 1, 5 and 15 minutes
	MemTotal, MemAvailable   int64      // bytes
	SwapTotal, SwapFree      int64      // bytes
	Uptime                   time.Duration
	BootID                   string
	Kernel                   string // "6.1.0-18-amd64"
	Distribution             string // "debian", "nixos", "freebsd" …
	Disks                    []Disk
	Mounts                   []Mount // besides those of Disks
	Units                    []Unit
	Docker                   bool // docker is there, even without containers
	DockerDown               bool // and its daemon does not answer
	Containers               []Container
	Registry                 []string // images that it could pull, besides those of its containers
	Updates, SecurityUpdates int      // SecurityUpdates are among Updates
	RebootRequired           bool
	ClockOffset              time.Duration
	ClockUnsynced            bool
	Temperatures             []Temperature
	Arrays                   []Array
	SMART                    []Drive
	Swarm                    *Swarm // nil: its docker is part of none
	NFS                      *NFS
	Samba                    *Samba
	Redis                    *Redis
	Proxmox                  *Proxmox
	OPNsense                 *OPNsense
	Restic                   bool  // it is there; its repository is the machine's own
	NixOS                    NixOS // of a machine whose distribution that is
	MinIO                    *MinIO
	Mailcow                  *Mailcow
	ZeroTier                 *ZeroTier
	MongoDB                  *MongoDB
	Bareos                   *Bareos
	LVM                      *LVM
	Pools                    []Pool // of ZFS
	MariaDB                  *MariaDB
	Buckets                  []Bucket      // that its aws is told of
	Releases                 []Release     // what GitHub tells it
	Cloud                    []CloudServer // what its hcloud is told of
}

// Disk is a local file system.
type Disk struct {
	Device, Mount, FSType string
	Size, Used            int64 // bytes
	Inodes, InodesUsed    int64 // 0 inodes: a file system that has none to count
	ReadOnly              bool
}

// Mount is a line of /proc/mounts that is no local disk.
type Mount struct {
	Device, Mount, FSType, Options string
}

// Unit is a systemd unit. Zero fields are those of a running service.
type Unit struct {
	Name        string // with its suffix: "nginx.service"
	Description string
	Active, Sub string // "active", "running"
	Result      string // "success"
	Restarts    int
	ExitStatus  int
	Since       time.Time         // of the active state
	Properties  map[string]string // others that show tells
}

// Container is a container of the docker engine.
type Container struct {
	Name             string
	Project, Service string // of compose; "" is a plain container
	Image            string
	State            string // "running"
	Health           string // "", "starting", "healthy", "unhealthy"
	Restarts         int
	ExitCode         int
	OOMKilled        bool
	Error            string
	Started          time.Time
	Inside           Inside
}

// Inside is what docker exec finds in a container.
type Inside struct {
	Nginx   *Nginx
	Traefik *Traefik

	program func(*programs) // what else answers there
}

// Temperature is a sensor.
type Temperature struct {
	Name    string // "x86_pkg_temp"
	Celsius float64
}

// Drive is what smartctl says of a disk.
type Drive struct {
	Device  string // "/dev/sda"
	Model   string
	Failing bool    // its own overall assessment
	Celsius float64 // 0: not told
	Pending int     // sectors that could not be read and wait to be replaced
	Exit    int     // further bits of smartctl's exit status
}
