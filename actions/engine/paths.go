package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Env looks a variable of the environment up.
type Env func(string) (string, bool)

func (e Env) get(name string) string { v, _ := e(name); return v }

// absolute returns a variable that holds an absolute path; the XDG base
// directory specification says that a relative one must be ignored.
func (e Env) absolute(name string) string {
	if v := e.get(name); filepath.IsAbs(v) {
		return filepath.Clean(v)
	}
	return ""
}

// Considered is a place where an inventory was looked for.
type Considered struct {
	Path  string `json:"path"`
	From  string `json:"from"` // which flag, variable or convention names it
	There bool   `json:"there"`
	Taken bool   `json:"taken"`
}

// Paths says which files are used, and why.
type Paths struct {
	Home       string
	Inventory  string // "" when none was found
	Considered []Considered
	State      string // folder of the store
	SSHConfig  string // ssh configuration named by the environment; "" for the user's own
	Lookup     Env
}

// FindPaths finds the inventory (flag, JURYMAST_INVENTORY, the XDG configuration
// folder, /etc/jurymast) and the folder of the store (JURYMAST_STATE_DIR,
// systemd's STATE_DIRECTORY, /var/lib/jurymast for root, the XDG state folder).
// The current directory is never searched: an inventory holds commands to run
// as root. An inventory that was named is taken whether or not it is there, so
// that the error speaks of it and not of another one.
func FindPaths(flag string, env Env, root bool) Paths {
	p := Paths{Home: env.absolute("HOME"), SSHConfig: env.get("JURYMAST_SSH_CONFIG"), Lookup: env}
	config := env.absolute("XDG_CONFIG_HOME")
	if config == "" && p.Home != "" {
		config = filepath.Join(p.Home, ".config")
	}
	named := func(path, from string) {
		if path == "" || p.Inventory != "" {
			return
		}
		if abs, err := filepath.Abs(path); err == nil {
			path = abs
		}
		p.add(path, from, true)
	}
	named(flag, "--inventory")
	named(env.get("JURYMAST_INVENTORY"), "JURYMAST_INVENTORY")
	if config != "" {
		p.add(filepath.Join(config, "jurymast", "inventory.toml"), "XDG_CONFIG_HOME", false)
	}
	p.add("/etc/jurymast/inventory.toml", "system", false)

	switch state := env.absolute("XDG_STATE_HOME"); {
	case env.get("JURYMAST_STATE_DIR") != "":
		p.State = env.get("JURYMAST_STATE_DIR")
	case env.absolute("STATE_DIRECTORY") != "":
		p.State = env.absolute("STATE_DIRECTORY")
	case state != "":
		p.State = filepath.Join(state, "jurymast")
	case root || p.Home == "":
		p.State = "/var/lib/jurymast"
	default:
		p.State = filepath.Join(p.Home, ".local", "state", "jurymast")
	}
	return p
}

func (p *Paths) add(path, from string, always bool) {
	_, err := os.Stat(path)
	c := Considered{Path: path, From: from, There: err == nil}
	if p.Inventory == "" && (always || c.There) {
		p.Inventory, c.Taken = path, true
	}
	p.Considered = append(p.Considered, c)
}

// Store is the file of the store.
func (p Paths) Store() string { return filepath.Join(p.State, "jurymast.db") }

// inventory returns the inventory's path, or what to do without one.
func (p Paths) inventory() (string, error) {
	if p.Inventory != "" {
		return p.Inventory, nil
	}
	t := &Trouble{Class: ClassUsage, What: "there is no inventory yet", Next: begin(p.suggest()) + ", or see it work first: jurymast demo"}
	for _, c := range p.Considered {
		t.Details = append(t.Details, fmt.Sprintf("not there: %s (%s)", c.Path, c.From))
	}
	return "", t
}

// begin is the command that begins an inventory at a path. A shell makes no
// folder for what it writes.
func begin(path string) string {
	const how = "jurymast inventory import ssh-config > "
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return "mkdir -p " + dir + " && " + how + path
	}
	return how + path
}

func (p Paths) suggest() string {
	if len(p.Considered) > 0 {
		return p.Considered[0].Path
	}
	return "inventory.toml"
}
