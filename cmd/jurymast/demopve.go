package main

import (
	"encoding/json"
	"fmt"
	"strconv"

	"jurymast/inventory"
	"jurymast/ssh/sshlab"
)

// demoGuest is a guest of the demo's hypervisor that its inventory does not
// have yet.
var demoGuest = struct {
	id            int
	name, address string
}{116, "wiki", "10.10.0.26"}

// The programs of Proxmox VE, as far as looks ask them. What they answer lies
// in files below /lab/pve, where @600 stands for 600 seconds ago.
const (
	demoPVESh = `#!/bin/sh
case " $* " in
*' --typefilter vzdump '*) file=$JURYMAST_ROOT/lab/pve/dumps ;;
*' --errors 1 '*) file=$JURYMAST_ROOT/lab/pve/failed ;;
*) file=$JURYMAST_ROOT/lab/pve$2/answer ;;
esac
[ -e "$file" ] || { echo "No '$1' handler defined for '$2'" >&2; exit 1; }
awk -v now="$(date +%s)" '{ while (match($0, /@[0-9]+/)) $0 = substr($0, 1, RSTART - 1) (now - substr($0, RSTART + 1, RLENGTH - 1)) substr($0, RSTART + RLENGTH); print }' "$file"
`
	demoPVESM = `#!/bin/sh
echo 'Name             Type     Status           Total            Used       Available        %'
echo 'local            dir      active        98559220        23120240        70386432   23.46%'
echo 'backups          pbs      active      8589934592      3221225472      5368709120   37.50%'
`
	demoQM = `#!/bin/sh
case "$1 $2 $4" in
'list  ') cat "$JURYMAST_ROOT/lab/pve/machines" ;;
'guest cmd ping') ;;
'guest cmd network-get-interfaces') echo '[]' ;;
*) exit 2 ;;
esac
`
	demoPCT = `#!/bin/sh
[ "$1" = list ] && cat "$JURYMAST_ROOT/lab/pve/containers"
`
	demoVersion = `#!/bin/sh
for last; do :; done
[ "$last" = pve-manager ] && echo 9.1.4
`
)

// demoProxmox makes a machine a node of Proxmox VE that has the vms of the
// inventory for guests, each with a copy of last night, and one guest more.
func demoProxmox(f *inventory.Fleet, node *inventory.Target, h *sshlab.Host) error {
	name := node.Ref.Name()
	type object = map[string]any
	resources := []object{{"type": "node", "node": name, "status": "online"}}
	copies := []object{}
	machines := fmt.Sprintf("%10s %-20s %-10s\n", "VMID", "NAME", "STATUS")
	files := map[string]string{}
	for _, vm := range f.VMs {
		if vm.On != node.Ref {
			continue
		}
		id, err := strconv.Atoi(vm.ID)
		if err != nil {
			return fmt.Errorf("demo guest %s: %w", vm.Ref, err)
		}
		resources = append(resources, object{"type": "qemu", "vmid": id, "name": vm.Ref.Name(), "node": name, "status": "running", "uptime": 41 * 24 * 3600, "mem": 3 * gib, "maxmem": 8 * gib})
		copies = append(copies, object{"vmid": id, "ctime": "@25200", "size": 21 * gib, "volid": "backups:backup/vm/" + vm.ID, "verification": object{"state": "ok"}})
		machines += fmt.Sprintf("%10d %-20s %-10s\n", id, vm.Ref.Name(), "running")
		h.Files["etc/pve/nodes/"+name+"/qemu-server/"+vm.ID+".conf"] = "agent: 1\nonboot: 1\nostype: l26\n"
		h.Files["etc/pve/qemu-server/"+vm.ID+".conf"] = ""
	}
	extra := strconv.Itoa(demoGuest.id)
	resources = append(resources, object{"type": "lxc", "vmid": demoGuest.id, "name": demoGuest.name, "node": name, "status": "running", "uptime": 9 * 24 * 3600, "tags": "prod"})
	h.Files["etc/pve/nodes/"+name+"/lxc/"+extra+".conf"] = "net0: name=eth0,bridge=vmbr0,ip=" + demoGuest.address + "/24,type=veth\nonboot: 1\nostype: debian\n"
	h.Files["etc/pve/lxc/"+extra+".conf"] = ""
	for at, answer := range map[string]any{
		"/cluster/status/answer":                          []object{{"type": "node", "name": name, "local": 1, "online": 1, "ip": node.Reach.Address}},
		"/cluster/resources/answer":                       resources,
		"/cluster/backup-info/not-backed-up/answer":       []object{},
		"/nodes/localhost/replication/answer":             []object{},
		"/nodes/localhost/storage/local/content/answer":   []object{},
		"/nodes/localhost/storage/backups/content/answer": copies,
		"/nodes/localhost/storage/answer": []object{
			{"storage": "local", "type": "dir", "enabled": 1, "active": 1, "total": 94 * gib, "used": 22 * gib},
			{"storage": "local-zfs", "type": "zfspool", "enabled": 1, "active": 1, "total": 1700 * gib, "used": 880 * gib},
			{"storage": "backups", "type": "pbs", "enabled": 1, "active": 1, "total": 8 * tib, "used": 3 * tib},
		},
		"/dumps":  []object{{"upid": "UPID:" + name + ":demo:", "type": "vzdump", "id": "", "status": "OK", "starttime": "@25200", "endtime": "@24000"}},
		"/failed": []object{},
	} {
		text, err := json.Marshal(answer)
		if err != nil {
			return fmt.Errorf("demo answer %s: %w", at, err)
		}
		files[at] = string(text) + "\n"
	}
	files["/machines"] = machines
	files["/containers"] = fmt.Sprintf("VMID       Status     Lock         Name\n%-10d running                 %s\n", demoGuest.id, demoGuest.name)
	for at, text := range files {
		h.Files["lab/pve"+at] = text
	}
	if h.Tools == nil {
		h.Tools = map[string]string{}
	}
	for tool, text := range map[string]string{
		"pvesh": demoPVESh, "pvesm": demoPVESM, "qm": demoQM, "pct": demoPCT, "dpkg-query": demoVersion,
		"lxc-info": "#!/bin/sh\necho " + demoGuest.address + "\n",
	} {
		h.Tools[tool] = text
	}
	return nil
}
