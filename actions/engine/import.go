package engine

import (
	"io"
	"os"
	"path/filepath"

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
