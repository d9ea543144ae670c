// Package kind is the catalogue of systems that jurymast knows.
//
// To add one, write NAME.go and NAME/*.sh here, record answers of the real
// system in testdata/NAME, and add a line to [All]. Nothing else changes. A
// kind returns scripts and probes and reads their answers; it sends nothing.
package kind

import (
	"embed"

	"jurymast/actions"
	"jurymast/inventory"
)

//go:embed */*.sh
var scripts embed.FS

// All returns every kind, by name.
func All() []actions.Kind {
	return []actions.Kind{
		address,
		bareos,
		bareosJob,
		borg,
		btrfs,
		btrfsSend,
		bucket,
		caddy,
		cloudflare,
		command,
		compose,
		directory,
		dns,
		docker,
		duckdns,
		files,
		github,
		haproxyKind,
		hcloudKind,
		hcloudAddress,
		hcloudBalancer,
		hcloudServer,
		hcloudSnapshot,
		host,
		httpKind,
		linux,
		lvm,
		mailcow,
		mariadb,
		mdadm,
		minio,
		mongodb,
		mount,
		networkCut,
		nfs,
		nfsExport,
		nginx,
		nixos,
		opnsense,
		pbs,
		postgres,
		proxmox,
		proxmoxGuest,
		proxmoxBackups,
		proxmoxVM,
		proxyFile,
		rclone,
		redis,
		restic,
		rfc2136,
		samba,
		sambaShare,
		shell,
		smart,
		sqlite,
		sshStop,
		swarm,
		swarmNodeKind,
		swarmServiceKind,
		systemd,
		tailscale,
		tcp,
		tlsKind,
		traefik,
		wireguard,
		zerotier,
		zfs,
		zfsSend,
	}
}

// Lookup returns the kind of a name.
func Lookup(name string) (actions.Kind, bool) {
	for _, k := range All() {
		if k.Name == name {
			return k, true
		}
	}
	return actions.Kind{}, false
}

// Schema is what the inventory may say to each kind.
func Schema() inventory.Schema {
	s := inventory.Schema{}
	for _, k := range All() {
		s[k.Name] = k.Schema()
	}
	return s
}

// script returns a script of ours. It panics if there is none: the files are
// in the binary, so this is found by the first test that runs.
func script(name string, inputs map[string]string) actions.Script {
	body, err := scripts.ReadFile(name)
	if err != nil {
		panic("kind: " + err.Error())
	}
	return actions.Script{Name: name, Body: string(body), Inputs: inputs}
}
