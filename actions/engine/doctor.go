package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh/agent"

	"jurymast/actions"
	"jurymast/actions/store"
	"jurymast/inventory"
	"jurymast/ssh"
)

// Finding is one thing that was looked at on the console's own machine.
type Finding struct {
	Name  string         `json:"name"`
	State actions.Status `json:"state"`
	Line  string         `json:"summary"`
	Next  string         `json:"next,omitempty"`
}

// Doctor looks at what jurymast itself needs: inventory, permissions, store,
// agent, ssh, clock, limits. It touches no host and changes nothing.
func Doctor(ctx context.Context, o Options) []Finding {
	out := []Finding{doctorInventory(o)}
	e, err := Open(ctx, o)
	if err == nil {
		defer func() { _ = e.Close() }() // nothing was opened that could be lost
		out = append(out, e.doctorKeys()...)
		out = append(out, e.doctorFiles())
		if p, ok := e.ConfigWarning(); ok {
			out = append(out, Finding{Name: "ssh configuration", State: actions.Warn, Line: fmt.Sprintf("%s: %s", p.Pos, p.Text), Next: p.Hint})
		}
	}
	return append(out, doctorState(o), doctorStore(ctx, o), doctorAgent(ctx, o), doctorSSH(ctx), doctorClock(o))
}

func doctorInventory(o Options) Finding {
	f := Finding{Name: "inventory"}
	path, err := o.Paths.inventory()
	if err != nil {
		f.State, f.Line, f.Next = actions.Fail, "none found", "jurymast inventory import ssh-config"
		return f
	}
	fleet, err := inventory.Load(path, Schema())
	var ps inventory.Problems
	var perm *inventory.PermissionError
	switch {
	case errors.As(err, &ps):
		f.State, f.Line, f.Next = actions.Fail, fmt.Sprintf("%s: %d problems", path, len(ps)), "jurymast inventory validate"
	case errors.As(err, &perm):
		f.State, f.Line, f.Next = actions.Fail, perm.Error(), perm.Hint
	case err != nil:
		f.State, f.Line, f.Next = actions.Fail, err.Error(), "jurymast config path"
	case len(fleet.Warnings) > 0:
		f.State, f.Line, f.Next = actions.Warn, fmt.Sprintf("%s: valid, %d warnings", path, len(fleet.Warnings)), "jurymast inventory validate"
	default:
		f.Line = path + ": valid"
	}
	return f
}

// doctorKeys looks at the key files that the inventory names.
func (e *Engine) doctorKeys() []Finding {
	var out []Finding
	seen := map[string]bool{}
	r := e.resolver()
	for t := range e.fleet.Hosts() {
		h, err := r.host(string(t.Ref))
		if err != nil {
			out = append(out, Finding{Name: "way to " + string(t.Ref), State: actions.Fail, Line: err.Error(), Next: "mend the inventory or the ssh configuration"})
			continue
		}
		for _, id := range h.Identities {
			if seen[id] {
				continue
			}
			seen[id] = true
			info, err := os.Stat(id)
			switch {
			case err == nil && info.IsDir():
				out = append(out, Finding{Name: "key", State: actions.Fail, Line: id + " is a folder", Next: "name the file of a private key"})
			case err != nil:
				out = append(out, Finding{Name: "key", State: actions.Warn, Line: err.Error(), Next: "name another identity for " + string(t.Ref)})
			case info.Mode().Perm()&0o077 != 0:
				out = append(out, Finding{Name: "key", State: actions.Fail, Line: fmt.Sprintf("%s is open to others (%04o)", id, info.Mode().Perm()), Next: "chmod 600 " + id})
			default:
				out = append(out, e.doctorKey(id))
			}
		}
	}
	return out
}

// doctorKey looks into a key file. Nobody gives a passphrase under cron.
func (e *Engine) doctorKey(id string) Finding {
	f := Finding{Name: "key", Line: id}
	alone, err := ssh.LookAtKey(id)
	var bad *ssh.Error
	switch {
	case errors.As(err, &bad):
		f.State, f.Line, f.Next = actions.Fail, errors.Unwrap(bad).Error(), bad.Hint
	case !alone && e.options.Agent == "":
		f.State, f.Line, f.Next = actions.Warn, id+" can be used by the console alone, which asks for its passphrase: there is no agent", "eval $(ssh-agent), then ssh-add "+id
	case !alone:
		f.Line += ", while the agent holds it"
	}
	return f
}

// doctorFiles compares the hosts with how many files may be open: each
// connection is one, and some twenty are needed besides.
func (e *Engine) doctorFiles() Finding {
	hosts := len(e.fleet.Nodes) + len(e.fleet.VMs)
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim); err != nil {
		return Finding{Name: "open files", State: actions.Unknown, Line: err.Error()}
	}
	if uint64(hosts)+64 > uint64(lim.Max) {
		return Finding{Name: "open files", State: actions.Fail, Line: fmt.Sprintf("%d hosts, and no more than %d open files are allowed", hosts, lim.Max), Next: "ulimit -n, or LimitNOFILE= in the unit"}
	}
	return Finding{Name: "open files", Line: fmt.Sprintf("%d hosts, %d open files allowed", hosts, lim.Max)}
}

func doctorState(o Options) Finding {
	f := Finding{Name: "state folder"}
	dir := o.Paths.State
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		f.Line = dir + " will be made"
	case err != nil:
		f.State, f.Line, f.Next = actions.Fail, err.Error(), "JURYMAST_STATE_DIR names another folder"
	case info.Mode().Perm()&0o022 != 0:
		f.State, f.Line, f.Next = actions.Fail, fmt.Sprintf("%s can be written by others (%04o)", dir, info.Mode().Perm()), "chmod 700 "+dir
	default:
		f.Line = dir
		var fs syscall.Statfs_t
		if err := syscall.Statfs(dir, &fs); err == nil {
			if free := uint64(fs.Bavail) * uint64(fs.Bsize); free < 256<<20 {
				f.State, f.Line, f.Next = actions.Warn, fmt.Sprintf("%s has %d MiB left", dir, free>>20), "make room: the store grows by up to 150 MB a day with a thousand hosts"
			}
		}
	}
	return f
}

func doctorStore(ctx context.Context, o Options) Finding {
	f := Finding{Name: "store", Line: o.Paths.Store()}
	s, err := store.OpenReadOnly(ctx, o.Paths.Store())
	if errors.Is(err, os.ErrNotExist) {
		f.Line = filepath.Base(o.Paths.Store()) + " will be made by the first look"
		return f
	}
	if errors.Is(err, store.ErrOlder) {
		f.Line += " is of an earlier release; the next look brings it up to date"
		return doctorMode(f, o.Paths.Store())
	}
	if err == nil {
		err = errors.Join(s.Check(ctx), s.Close())
	}
	if err != nil {
		f.State, f.Line = actions.Fail, err.Error()
		f.Next, _ = hint(err)
		return f
	}
	return doctorMode(f, o.Paths.Store())
}

// doctorMode says of a store whether others may read or write it, or what SQLite
// keeps beside it.
func doctorMode(f Finding, path string) Finding {
	var open []string
	var mode os.FileMode
	for _, p := range []string{path, path + "-wal", path + "-shm"} {
		if info, err := os.Stat(p); err == nil && info.Mode().Perm()&0o077 != 0 {
			open = append(open, p)
			mode |= info.Mode().Perm()
		}
	}
	if len(open) == 0 {
		return f
	}
	f.State, f.Next = actions.Warn, "chmod 600 "+strings.Join(open, " ")
	may := "read"
	if mode&0o022 != 0 {
		f.State, may = actions.Fail, "write"
	}
	f.Line += fmt.Sprintf(": its mode lets others %s it (%04o)", may, mode)
	return f
}

func doctorAgent(ctx context.Context, o Options) Finding {
	f := Finding{Name: "ssh agent"}
	if o.Agent == "" {
		f.Line = "none: keys are read from files (under cron there is none either)"
		return f
	}
	c, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "unix", o.Agent)
	if err != nil {
		f.State, f.Line, f.Next = actions.Warn, err.Error(), "eval $(ssh-agent), then ssh-add"
		return f
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(2 * time.Second)) // a socket always takes one
	keys, err := agent.NewClient(c).List()
	switch {
	case err != nil:
		f.State, f.Line, f.Next = actions.Warn, err.Error(), "eval $(ssh-agent), then ssh-add"
	case len(keys) == 0:
		f.State, f.Line, f.Next = actions.Warn, "it holds no keys", "ssh-add"
	default:
		f.Line = fmt.Sprintf("it holds %d keys", len(keys))
	}
	return f
}

func doctorSSH(ctx context.Context) Finding {
	path, err := exec.LookPath("ssh")
	if err != nil {
		return Finding{Name: "ssh", State: actions.Warn, Line: "the ssh program is not there: looks need none, jurymast ssh does", Next: "apt install openssh-client"}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "-V").CombinedOutput()
	if err != nil {
		return Finding{Name: "ssh", State: actions.Warn, Line: path + ": " + err.Error()}
	}
	return Finding{Name: "ssh", Line: actions.Line(string(out))}
}

// doctorClock finds a clock that cannot be right; how far it is off is told by
// the machines that are looked at.
func doctorClock(o Options) Finding {
	now := o.Now()
	if now.Year() < 2026 {
		return Finding{Name: "clock", State: actions.Fail, Line: "it says " + now.Format(time.RFC3339), Next: "set the clock: ages and certificates are judged by it"}
	}
	return Finding{Name: "clock", Line: now.Format(time.RFC3339)}
}
