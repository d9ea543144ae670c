package engine

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"jurymast/actions"
	"jurymast/actions/kind"
	"jurymast/actions/plan"
	"jurymast/inventory"
	"jurymast/ssh"
)

// ImportSSHConfig writes a first inventory made from an ssh configuration; the
// path "" takes the one that the environment names, or the user's own.
func ImportSSHConfig(w io.Writer, path string, p Paths) error {
	if path == "" {
		path = p.SSHConfig
	}
	if path == "" || path == "none" {
		path = filepath.Join(p.Home, ".ssh", "config")
	}
	if _, err := os.Stat(path); err != nil {
		return &Trouble{Class: ClassUsage, What: "there is no ssh configuration to begin from", Err: err, Next: "name one: jurymast inventory import ssh-config FILE"}
	}
	config, err := ssh.LoadConfig(path)
	if err != nil {
		return &Trouble{Class: ClassInventory, What: "the ssh configuration cannot be read", Err: err, Next: "ssh -G HOST says what ssh makes of it"}
	}
	hosts, err := config.Hosts()
	if err != nil {
		return &Trouble{Class: ClassInventory, What: "the ssh configuration cannot be understood", Err: err, Next: "ssh -G HOST says what ssh makes of it"}
	}
	d := inventory.Draft{Source: path}
	for _, h := range hosts {
		if h.Skip != "" {
			d.Skipped = append(d.Skipped, inventory.DraftSkip{What: h.Alias, Why: h.Skip})
			continue
		}
		d.Hosts = append(d.Hosts, inventory.DraftHost{Alias: h.Alias, Address: h.Address, Port: h.Port, User: h.User, Identity: h.Identities, Jump: h.Jump})
	}
	return inventory.WriteDraft(w, d)
}

// ImportProxmox asks a node of Proxmox VE about the guests of its cluster and
// writes those that the inventory does not have.
func (e *Engine) ImportProxmox(ctx context.Context, w io.Writer, node *inventory.Target) error {
	if node.Ref.Level() != inventory.LevelNode {
		return &Trouble{Class: ClassUsage, What: string(node.Ref) + " is no node, and guests run on nodes", Next: "name a node of Proxmox VE: jurymast list nodes"}
	}
	const id = "guests"
	_, answers, err := e.ask(ctx, actions.State{}, []plan.Question{{ID: id, Host: node.Ref, Script: kind.ProxmoxDiscover(e.fleet, *node)}}, nil)
	if err != nil {
		return err
	}
	trouble := func(why, next string) error {
		return &Trouble{Class: ClassUnreachable, What: "the guests of " + string(node.Ref) + " are not known", Details: []string{why}, Next: next}
	}
	a := answers[id]
	if a.Err != "" {
		return trouble(a.Err, "jurymast check "+string(node.Ref))
	}
	d, why := kind.ProxmoxGuests(a.Output)
	if why != nil {
		return trouble(why.Line, why.Next)
	}
	d.Asked, d.Source = node.Ref, string(node.Ref)
	return inventory.WriteGuests(w, e.fleet, d)
}
