package sshlab

import (
	"fmt"
	"strings"
	"time"
)

// programs are tools that answer some calls from what the facts say, and
// refuse all others; each is tool/program.sh under a name of its own.
type programs struct {
	t     tree
	names map[string]bool
	aged  map[string]time.Duration // files of t that were not written just now
}

// answer has a tool of that name answer a call: all of its arguments, as a
// pattern of the shell's case. The first pattern that fits counts.
func (p *programs) answer(name, call string, exit int, text string) {
	p.names[name] = true
	n := strings.Count(p.t["lab/program/"+name+"/calls"], "\n")
	p.t["lab/program/"+name+"/calls"] += fmt.Sprintf("%d %d %s\n", n, exit, call)
	p.t[fmt.Sprintf("lab/program/%s/%d", name, n)] = text
}

// rootOnly has a tool refuse everybody but root, in these words.
func (p *programs) rootOnly(name, words string) {
	p.names[name] = true
	p.t["lab/program/"+name+"/root"] = words + "\n"
}

// dialogue has a tool be asked by the first line of its standard input, which
// stands behind its arguments.
func (p *programs) dialogue(name string) {
	p.t["lab/program/"+name+"/dialogue"] = ""
}

// programText is the tool that answers from files.
func programText() string {
	text, err := tools.ReadFile("tool/program.sh")
	if err != nil {
		panic("sshlab: " + err.Error()) // it is in the binary
	}
	return string(text)
}

// programs are those of the machine, with their answers put into t.
func (f *Linux) programs(t tree, host string) *programs {
	p := &programs{t: t, names: map[string]bool{}, aged: map[string]time.Duration{}}
	if f.Redis != nil {
		f.Redis.answer(p)
	}
	if len(f.Arrays) > 0 {
		f.raid(p, host)
	}
	if f.Proxmox != nil {
		f.Proxmox.answer(p, host)
	}
	if f.Distribution == "nixos" {
		f.NixOS.answer(p)
	}
	if f.OPNsense != nil {
		f.OPNsense.answer(p)
	}
	if f.Mailcow != nil {
		f.Mailcow.answer(p)
	}
	if len(f.Cloud) > 0 {
		f.cloud(p)
	}
	f.further(p)
	return p
}

// further are programs of which a machine has at most a few.
func (f *Linux) further(p *programs) {
	if f.MinIO != nil {
		f.MinIO.answer(p)
	}
	if f.ZeroTier != nil {
		f.ZeroTier.answer(p)
	}
	if f.MongoDB != nil {
		f.MongoDB.answer(p)
	}
	if f.Bareos != nil {
		f.Bareos.answer(p)
	}
	if f.LVM != nil {
		f.LVM.answer(p)
	}
	if len(f.Pools) > 0 {
		f.zfs(p)
	}
	if f.MariaDB != nil {
		f.MariaDB.answer(p)
	}
	for i := range f.Buckets {
		f.Buckets[i].answer(p)
	}
	f.releases(p)
}
