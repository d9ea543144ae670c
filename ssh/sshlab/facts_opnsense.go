package sshlab

import (
	"fmt"
	"time"
)

// OPNsense is the firewall of that name; its machine is one of FreeBSD.
type OPNsense struct {
	Version  string // "25.7.3"
	Gateways []Gateway
	Services []string      // "Unbound DNS"; they run
	Updates  int           // packages that wait
	Changed  time.Duration // how long ago its configuration was
}

// Gateway is what the firewall's own monitoring says of one.
type Gateway struct {
	Name, Address string
	Down          bool
	Delay, Loss   float64 // ms, %
}

// answer has its tools say what they say (opnsense/core at 25.7).
func (o *OPNsense) answer(p *programs) {
	set(&o.Version, "25.7.3")
	p.answer("opnsense-version", "", 0, "OPNsense "+o.Version+" (amd64)\n")
	gateways := []map[string]string{}
	for _, g := range o.Gateways {
		row := map[string]string{"name": g.Name, "address": g.Address, "status": "none", "loss": fmt.Sprintf("%.1f %%", g.Loss), "delay": fmt.Sprintf("%.1f ms", g.Delay), "stddev": "0.3 ms", "status_translated": "Online"}
		if g.Down {
			row["status"], row["loss"], row["delay"], row["status_translated"] = "down", "100.0 %", "~", "Offline"
		}
		gateways = append(gateways, row)
	}
	p.answer("configctl", "interface gateways status", 0, asJSON(gateways)+"\n")
	p.answer("configctl", "interface show carp", 0, `{"demotion":"0","allow":"1","maintenancemode":false,"status_msg":""}`+"\n")
	services := []map[string]string{}
	for i, s := range o.Services {
		name := fmt.Sprintf("service%d", i)
		services = append(services, map[string]string{"description": s, "name": name, "status": fmt.Sprintf("%s is running as pid %d.", name, 4000+i)})
	}
	p.answer("configctl", "service list", 0, asJSON(services)+"\n")
	p.answer("ifconfig", "-a", 0, "vtnet0: flags=8863<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> metric 0 mtu 1500\n\tinet 203.0.113.20 netmask 0xffffff00\n")
	p.answer("zpool", "status -x", 0, "all pools are healthy\n")
	updates := []map[string]string{}
	for i := range o.Updates {
		updates = append(updates, map[string]string{"name": fmt.Sprintf("lab-package%d", i), "current_version": "1.1", "new_version": "1.2"})
	}
	p.t["tmp/pkg_upgrade.json"] = asJSON(map[string]any{"api_version": "2", "connection": "ok", "repository": "ok", "needs_reboot": "0", "product_version": o.Version, "upgrade_needs_reboot": "0",
		"upgrade_major_version": "", "upgrade_packages": updates, "upgrade_sets": []string{}, "new_packages": []string{}, "reinstall_packages": []string{}, "remove_packages": []string{}, "downgrade_packages": []string{}}) + "\n"
	p.t.add("conf/config.xml", "<?xml version=\"1.0\"?>\n<opnsense>\n  <revision>\n    <username>root@10.10.0.2</username>\n    <description>/firewall_rules_edit.php made changes</description>\n    <time>%d.1234</time>\n  </revision>\n</opnsense>\n",
		time.Now().Add(-o.Changed).Unix())
	p.aged["conf/config.xml"], p.aged["tmp/pkg_upgrade.json"] = o.Changed, 5*time.Hour
}
