package sshlab

import (
	"fmt"
	"strings"
	"time"
)

// Proxmox is a node of Proxmox VE that is in no cluster; its name is that of
// its machine.
type Proxmox struct {
	Version   string // of pve-manager; "9.1.4"
	Guests    []Guest
	Storages  []GuestStorage
	Uncovered []int // guests that are in no backup job, by id
}

// Guest is a virtual machine or a container.
type Guest struct {
	ID        int
	Name      string
	Container bool
	Address   string // of a container
	Stopped   bool
	Lock      string        // "backup", "migrate" …
	Agent     bool          // it is to have one, and has
	Copied    time.Duration // how long ago, to the storage Backup; 0 is never
	Backup    string
}

func (g *Guest) kind() string {
	if g.Container {
		return "lxc"
	}
	return "qemu"
}

// subtype is what a Proxmox Backup Server calls it.
func (g *Guest) subtype() string {
	if g.Container {
		return "ct"
	}
	return "vm"
}

func (g *Guest) status() string {
	if g.Stopped {
		return "stopped"
	}
	return "running"
}

// GuestStorage is a storage of Proxmox VE.
type GuestStorage struct {
	Name, Type, Content string // "local", "dir", "iso,backup"
	Size, Used          int64  // bytes
	Gone                bool   // enabled, and not active
}

func (s *GuestStorage) backups() bool { return strings.Contains(s.Content, "backup") }

// answer has pvesh, pvesm and qm say what the API of pve-manager 9 says.
func (v *Proxmox) answer(p *programs, host string) {
	set(&v.Version, "9.1.4")
	for _, tool := range []string{"pvesh", "pvesm", "qm", "pct"} {
		p.rootOnly(tool, "please run as root")
	}
	p.answer("dpkg-query", "* pve-manager", 0, v.Version)
	get := func(path string, list any) {
		p.answer("pvesh", "get "+path+" --output-format json", 0, asJSON(list)+"\n")
	}
	type object = map[string]any
	get("/cluster/status", []object{{"id": "node/" + host, "ip": "10.10.0.254", "level": "", "local": 1, "name": host, "nodeid": 0, "online": 1, "type": "node"}})
	resources := []object{{"id": "node/" + host, "node": host, "status": "online", "type": "node", "uptime": 8035200}}
	machines, containers := fmt.Sprintf("%10s %-20s %-10s\n", "VMID", "NAME", "STATUS"), "VMID       Status     Lock         Name\n"
	for _, g := range v.Guests {
		up := 3542400
		if g.Stopped {
			up = 0
		}
		r := object{"id": fmt.Sprintf("%s/%d", g.kind(), g.ID), "maxcpu": 2, "maxmem": int64(4 * gib), "mem": int64(2 * gib), "name": g.Name, "node": host, "status": g.status(), "template": 0, "type": g.kind(), "uptime": up, "vmid": g.ID}
		if g.Lock != "" {
			r["lock"] = g.Lock
		}
		resources = append(resources, r)
		if g.Container {
			containers += fmt.Sprintf("%-10d %-10s %-12s %s\n", g.ID, g.status(), g.Lock, g.Name)
		} else {
			machines += fmt.Sprintf("%10d %-20s %-10s\n", g.ID, g.Name, g.status())
		}
		g.write(p, host)
	}
	p.t["etc/pve/lxc/.keep"] = ""
	p.answer("qm", "list", 0, machines)
	p.answer("pct", "list", 0, containers)
	get("/cluster/resources", resources)
	v.storages(p, get)
	var dumps []object
	for _, g := range v.Guests {
		if g.Copied > 0 {
			at := time.Now().Add(-g.Copied).Unix()
			dumps = append(dumps, object{"id": fmt.Sprint(g.ID), "node": host, "starttime": at, "endtime": at + 240, "type": "vzdump", "upid": fmt.Sprintf("UPID:%s:%08X:00005F12:%08X:vzdump:%d:root@pam:", host, g.ID, at, g.ID), "user": "root@pam", "status": "OK"})
		}
	}
	get("/nodes/localhost/tasks --typefilter vzdump --limit 50", dumps)
	get("/nodes/localhost/tasks --errors 1 --limit 50", []object{})
	get("/nodes/localhost/replication", []object{})
	uncovered := []object{}
	for _, id := range v.Uncovered {
		uncovered = append(uncovered, object{"vmid": id, "type": "qemu"})
	}
	get("/cluster/backup-info/not-backed-up", uncovered)
}

// write makes the guest's file, and has its agent answer.
func (g *Guest) write(p *programs, host string) {
	file, text := fmt.Sprintf("/qemu-server/%d.conf", g.ID), "cores: 2\nmemory: 4096\nname: "+g.Name+"\nonboot: 1\nostype: l26\n"
	switch {
	case g.Container:
		file = fmt.Sprintf("/lxc/%d.conf", g.ID)
		text = "cores: 1\nhostname: " + g.Name + "\nnet0: name=eth0,bridge=vmbr0,ip=" + g.Address + "/24,type=veth\nonboot: 1\nostype: debian\n"
		p.answer("lxc-info", fmt.Sprintf("-n %d -iH", g.ID), 0, g.Address+"\n")
	case g.Agent:
		text = "agent: 1\n" + text
		p.answer("qm", fmt.Sprintf("guest cmd %d ping", g.ID), 0, "")
		p.answer("qm", fmt.Sprintf("guest cmd %d network-get-interfaces", g.ID), 0, "[]\n")
	default:
		p.answer("qm", fmt.Sprintf("guest cmd %d *", g.ID), 255, "No QEMU guest agent configured\n")
	}
	p.t["etc/pve/nodes/"+host+file], p.t["etc/pve"+file] = text, text
}

// storages has the tools tell of the storages and of the copies there.
func (v *Proxmox) storages(p *programs, get func(path string, list any)) {
	list := []map[string]any{}
	status := "Name             Type     Status           Total            Used       Available        %\n"
	for _, s := range v.Storages {
		active, word := 1, "active"
		if s.Gone {
			active, word = 0, "inactive"
		}
		list = append(list, map[string]any{"active": active, "content": s.Content, "enabled": 1, "shared": 0, "storage": s.Name, "type": s.Type, "avail": s.Size - s.Used, "total": s.Size, "used": s.Used, "used_fraction": float64(s.Used) / float64(s.Size)})
		if !s.backups() {
			continue
		}
		status += fmt.Sprintf("%-12s %8s %10s %15d %15d %15d %7.2f%%\n", s.Name, s.Type, word, s.Size/kib, s.Used/kib, (s.Size-s.Used)/kib, 100*float64(s.Used)/float64(s.Size))
		copies := []map[string]any{}
		for _, g := range v.Guests {
			if g.Backup == s.Name && g.Copied > 0 {
				at := time.Now().Add(-g.Copied)
				copies = append(copies, map[string]any{"ctime": at.Unix(), "format": "pbs-" + g.subtype(), "size": int64(21 * gib), "subtype": g.kind(), "vmid": g.ID,
					"verification": map[string]string{"state": "ok", "upid": ""}, "volid": fmt.Sprintf("%s:backup/%s/%d/%s", s.Name, g.subtype(), g.ID, at.UTC().Format(time.RFC3339))})
			}
		}
		get("/nodes/localhost/storage/"+s.Name+"/content --content backup", copies)
	}
	p.answer("pvesm", "status --content backup", 0, status)
	get("/nodes/localhost/storage", list)
}
