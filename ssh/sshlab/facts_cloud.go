package sshlab

import (
	"fmt"
	"time"
)

// CloudServer is a server of Hetzner Cloud, of which the machine's hcloud is
// told.
type CloudServer struct {
	Name, Type string // "mail", "cx32"
	Off        bool
	Locked     bool
	Snapshot   time.Duration // how long ago the newest was made; 0 is never
}

// cloud has hcloud say what the API says (docs.hetzner.cloud).
func (f *Linux) cloud(p *programs) {
	snapshots := []map[string]any{}
	for i, s := range f.Cloud {
		status := "running"
		if s.Off {
			status = "off"
		}
		id := 41 + i
		p.answer("hcloud", "server describe "+s.Name+" -o json", 0, asJSON(map[string]any{
			"id": id, "name": s.Name, "status": status, "locked": s.Locked, "rescue_enabled": false, "server_type": map[string]any{"id": 1, "name": s.Type}, "volumes": []int{},
		})+"\n")
		if s.Snapshot > 0 {
			snapshots = append(snapshots, map[string]any{"id": 900 + i, "type": "snapshot", "status": "available",
				"created": time.Now().Add(-s.Snapshot).UTC().Format(time.RFC3339), "created_from": map[string]any{"id": id, "name": s.Name}})
		}
	}
	p.answer("hcloud", "image list --type snapshot -o json", 0, asJSON(snapshots)+"\n")
	p.answer("hcloud", "image list --type backup -o json", 0, "[]\n")
	p.answer("hcloud", "server describe *", 1, fmt.Sprintln("hcloud: Server not found (not_found)"))
}
