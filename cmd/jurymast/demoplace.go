package main

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/inventory"
	"jurymast/ssh/sshlab"
)

// place adds to a machine what a target means for it.
func (d *demoFleet) place(s *inventory.Target, host inventory.Ref, h *sshlab.Host) {
	switch {
	case s.Kind == "files":
		// Its path is one of this very machine, in the demo's own folder.
	case s.Ref.Level() == inventory.LevelShare:
		placeShare(s, host, h)
	case s.Host == host:
		placeService(s, h)
	case slices.Contains(s.Standby, host) && s.Kind == "systemd":
		h.Facts.Units = append(h.Facts.Units, sshlab.Unit{Name: s.Options.String("unit"), Description: s.Title, Active: "inactive", Sub: "dead", Properties: map[string]string{"UnitFileState": "disabled"}})
	case slices.Contains(s.Standby, host):
		h.Facts.Docker = true // it could take over
	}
}

// placeShare makes the file system of a share on its host, with what serves it,
// and the mounts of the others.
func placeShare(s *inventory.Target, host inventory.Ref, h *sshlab.Host) {
	if s.Host != host {
		for _, m := range s.Mounts {
			if m.On == host {
				h.Files[path.Join(m.At, ".jurymast-demo")] = "here lies the data\n"
				h.Facts.Mounts = append(h.Facts.Mounts, sshlab.Mount{Device: s.Options.String("source"), Mount: m.At, FSType: s.Options.String("fstype"), Options: "rw,relatime"})
			}
		}
		return
	}
	h.Files[path.Join(s.Path, ".jurymast-demo")] = "here lies the data\n"
	h.Facts.Disks = append(h.Facts.Disks, sshlab.Disk{Device: "/dev/vg0/" + path.Base(s.Path), Mount: s.Path, FSType: "ext4", Size: 4 * tib, Used: 2 * tib, Inodes: 1 << 28, InodesUsed: 1 << 22})
	switch s.Kind {
	case "nfs":
		h.Facts.NFS = &sshlab.NFS{Exports: []sshlab.Export{{Path: s.Path, To: "192.168.20.0/24"}}, Clients: len(s.Mounts)}
		h.Facts.Units = append(h.Facts.Units, sshlab.Unit{Name: "nfs-server.service", Description: "NFS server and services", Sub: "exited"})
	case "samba":
		h.Facts.Samba = &sshlab.Samba{Shares: []sshlab.SambaShare{{Name: s.Ref.Name(), Path: s.Path, Connected: len(s.Mounts)}}}
		h.Facts.Units = append(h.Facts.Units, sshlab.Unit{Name: "smbd.service", Description: "Samba SMB Daemon"})
	}
}

// placeNode makes a node what its own kind says of it.
func (d *demoFleet) placeNode(t *inventory.Target, h *sshlab.Host) {
	if t.Kind == "opnsense" {
		h.Facts.OPNsense = &sshlab.OPNsense{Services: []string{"Unbound DNS", "OpenSSH", "WireGuard"}, Changed: 19 * 24 * time.Hour,
			Gateways: []sshlab.Gateway{{Name: "WAN_DHCP", Address: "203.0.113.1", Delay: 4.2}}}
	}
	if t.Kind != "proxmox" {
		return
	}
	v := &sshlab.Proxmox{Storages: []sshlab.GuestStorage{
		{Name: "local", Type: "dir", Content: "iso,vztmpl", Size: 94 * gib, Used: 22 * gib},
		{Name: "local-lvm", Type: "lvmthin", Content: "images,rootdir", Size: 1700 * gib, Used: 940 * gib},
		{Name: "backups", Type: "pbs", Content: "backup", Size: 8 * tib, Used: 3 * tib},
	}}
	for g := range d.fleet.Hosts() {
		id, err := strconv.Atoi(g.ID)
		if g.On != t.Ref || err != nil {
			continue
		}
		// The firewall is no Linux, and has no agent.
		v.Guests = append(v.Guests, sshlab.Guest{ID: id, Name: g.Ref.Name(), Agent: g.Kind == "linux", Copied: 7 * time.Hour, Backup: "backups"})
	}
	// One that the inventory does not have yet: inventory import finds it.
	v.Guests = append(v.Guests, sshlab.Guest{ID: 116, Name: "wiki", Container: true, Address: "10.10.0.26", Copied: 7 * time.Hour, Backup: "backups"})
	h.Facts.Proxmox = v
}

// placeService makes what runs on the service's own host.
func placeService(s *inventory.Target, h *sshlab.Host) {
	switch s.Kind {
	case "systemd":
		unit := s.Options.String("unit")
		u := sshlab.Unit{Name: unit, Description: s.Title}
		if strings.HasSuffix(unit, ".timer") {
			u.Sub = "waiting"
		}
		h.Facts.Units = append(h.Facts.Units, u)
	case "nginx":
		name := s.Options.String("container")
		h.Facts.Docker = true
		h.Facts.Containers = append(h.Facts.Containers, sshlab.Container{Name: name, Project: name, Service: name, Image: "lscr.io/linuxserver/swag", Inside: sshlab.Inside{
			Nginx: &sshlab.Nginx{Certificates: []sshlab.Certificate{{Name: "cloud.example.org", Left: 61 * 24 * time.Hour}}}}})
	case "mailcow":
		h.Facts.Mailcow = &sshlab.Mailcow{Waiting: 2, Oldest: 20 * time.Minute, Size: 300 * gib, Used: 171 * gib, Certificate: sshlab.Certificate{Name: "mail.example.org", Left: 53 * 24 * time.Hour}}
	case "mongodb":
		h.Facts.MongoDB = &sshlab.MongoDB{Connections: 42, Databases: 4, Bytes: 38 * gib}
		h.Facts.Units = append(h.Facts.Units, sshlab.Unit{Name: "mongod.service", Description: "MongoDB Database Server"})
	case "bareos":
		h.Facts.Bareos = &sshlab.Bareos{Jobs: []sshlab.BareosJob{{Name: "home1-data", Ago: 8 * time.Hour, Files: 48211}, {Name: "home1-system", Ago: 7 * time.Hour, Files: 91544}}}
		placeProject("bareos", h)
	case "zerotier":
		h.Facts.ZeroTier = &sshlab.ZeroTier{Address: "1d2c3b4a59", Networks: []sshlab.ZeroTierNetwork{{ID: s.Options.List("networks")[0], Name: "home", Assigned: "10.147.17.2/24"}},
			Peers: []sshlab.ZeroTierPeer{{Address: "a1b2c3d4e5"}, {Address: "f6e5d4c3b2", Relayed: true}}}
	case "traefik":
		name := s.Options.String("container")
		both := []string{"http://10.10.0.11:3000", "http://10.10.0.12:3000"}
		h.Facts.Containers = append(h.Facts.Containers, sshlab.Container{Name: name, Project: name, Service: name, Image: "traefik:v3.5", Inside: sshlab.Inside{Traefik: &sshlab.Traefik{Routes: []sshlab.TraefikRoute{
			{Name: "web", Host: "www.example.org", Servers: both}, {Name: "auth", Host: "auth.example.org", Servers: both},
			{Name: "webmail", Host: "webmail.example.org", Servers: both}, {Name: "api", Host: "api.example.org", Servers: []string{"http://10.10.0.13:3000"}},
		}}}})
	case "mariadb":
		h.Facts.MariaDB = &sshlab.MariaDB{Connections: 11}
	case "minio":
		h.Facts.MinIO = &sshlab.MinIO{URL: s.URL}
	case "redis":
		h.Facts.Redis = &sshlab.Redis{Memory: 61 << 20, MaxMemory: 512 << 20, Saved: 25 * time.Minute, Changes: 12}
	case "compose":
		project := s.Options.String("project")
		if project == "" {
			project = s.Ref.Name()
		}
		placeProject(project, h)
		placeVersions(s, project, h)
	}
}

// placeVersions makes the folder that describes a project whose version is in a
// variable, and a registry that has the next one.
func placeVersions(s *inventory.Target, project string, h *sshlab.Host) {
	dir, variable := s.Options.String("dir"), s.Options.String("version_env")
	if dir == "" || variable == "" {
		return
	}
	h.Files[path.Join(dir, ".env")] = variable + "=1\n"
	h.Files[path.Join(dir, "compose.yaml")] = "services:\n  app:\n    image: " + project + "/app:${" + variable + "}\n  cache:\n    image: " + project + "/cache:1\n"
	h.Facts.Registry = append(h.Facts.Registry, project+"/app:2")
}

// placeProject makes the containers of a compose project.
func placeProject(project string, h *sshlab.Host) {
	h.Facts.Docker = true
	for _, name := range []string{"app", "cache"} {
		h.Facts.Containers = append(h.Facts.Containers, sshlab.Container{Name: project + "-" + name + "-1", Project: project, Service: name, Image: project + "/" + name + ":1", State: "running", Health: "healthy"})
	}
}
