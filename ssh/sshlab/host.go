package sshlab

import (
	"fmt"
	"io"
	"regexp"
)

// Host is what a machine is made of.
type Host struct {
	Name    string   // its name in the lab, in known_hosts and in the ssh_config
	Aliases []string // other names and addresses by which it is reached
	User    string   // the only login it takes; "" takes any
	Shell   string   // login shell: a name or a path; "" is "sh"
	Root    bool     // the login is root: id, whoami and sudo say so
	Sudo    bool     // sudo -n works without a password

	Files map[string]string // path below the root folder -> text
	Tools map[string]string // more simulated tools: name -> POSIX sh text
	Facts *Linux            // what the machine is like; nil is a healthy one

	// Canned answers instead of a shell: no folder, no process, for scale. It
	// is called once the client has ended its input, concurrently.
	Canned func(command string, stdin []byte) (stdout, stderr []byte, exit int)
	// Stream is Canned for a client that keeps its input open or reads as it
	// goes: it returns the exit status. Writes fail when the client has left.
	Stream func(command string, stdin io.Reader, stdout, stderr io.Writer) (exit int)

	SharedKey    bool // use the one host key that all such hosts share: cheaper
	Untrusted    bool // leave its key out of the known hosts
	NoForwarding bool // refuse direct-tcpip, as AllowTcpForwarding no does
	MaxSessions  int  // open sessions a connection; 0 is 10, as with sshd
}

// maxSessions is sshd's default (sshd_config(5), MaxSessions).
const maxSessions = 10

// hostName is what may stand in a known_hosts pattern and on a Host line
// without meaning more than itself.
var hostName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/-]*$`)

func (h *Host) names() []string { return append([]string{h.Name}, h.Aliases...) }

func (h *Host) canned() bool { return h.Canned != nil || h.Stream != nil }

func (h *Host) check() error {
	for _, n := range h.names() {
		if !hostName.MatchString(n) {
			return fmt.Errorf("%q cannot be the name of a host", n)
		}
	}
	return nil
}

// login is the user name that the ssh_config gives for the host.
func (h *Host) login() string {
	switch {
	case h.User != "":
		return h.User
	case h.Root:
		return "root"
	default:
		return "admin"
	}
}
