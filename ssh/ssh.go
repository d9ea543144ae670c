// Package ssh reaches machines. It carries bytes: what they mean is not its
// business, and where a name leads it is told by a [Resolver]. It knows neither
// inventory nor checks.
//
// Everything that comes back is bounded, valid UTF-8 and free of control
// sequences before a caller sees it ([Clean]). Host keys are always checked;
// there is no switch that turns this off.
package ssh

import (
	"context"
	"time"
)

// Host is what it takes to reach one machine.
type Host struct {
	Name           string // how it is called in messages and by its key: "node/pve1"
	Address        string // host name or IP address, without port
	Port           int    // 0 is 22
	User           string
	Identities     []string      // private key files, in the order to be offered; a NAME-cert.pub beside one is used with it
	IdentitiesOnly bool          // offer no other keys of the agent
	Agent          string        // socket of the agent; "" takes none
	KnownHosts     []string      // files; the first is written to by Trust
	RevokedKeys    string        // a file of keys that are taken from no host; "" for none
	HostKeyAlias   string        // the name under which its key is kept; "" is the address
	Jump           []string      // names for the Resolver, in the order they are passed through
	Timeout        time.Duration // connect, handshake and login together; 0 is DefaultTimeout
}

// DefaultTimeout bounds connect, handshake and login together, through all
// jump hosts, where a host does not say otherwise.
const DefaultTimeout = 10 * time.Second

// Resolver turns a name into a host. It must be safe for concurrent use.
type Resolver func(name string) (Host, error)

// Command is a POSIX sh text to be run by /bin/sh on a host.
type Command struct {
	// Text is read whole by the remote shell before anything of it runs: a
	// text cut off on the way does nothing. Its standard input is /dev/null.
	Text string
	// Secrets is fed to the shell's standard input ahead of Text: assignments,
	// as actions.Script.Render makes them. Never logged.
	Secrets []byte
	// Sudo runs it through sudo -n unless the login is root already.
	Sudo bool
	// Max bounds the bytes kept of each stream; 0 is DefaultMax. A stream that
	// goes on beyond it is cut; one that sends more than 16 times as much ends
	// the command with TooLarge.
	Max int
}

// DefaultMax is how much is kept of each stream.
const DefaultMax = 1 << 20

// Output is what came back.
type Output struct {
	Stdout, Stderr []byte
	Exit           int           // -1 when it was ended by a signal
	Signal         string        // "TERM", "KILL" …; "" when it exited
	Cut            bool          // more came than was kept
	Took           time.Duration // from sending to the last byte
}

// Runner is the part of a pool that sends commands; it is what a look needs.
type Runner interface {
	Run(ctx context.Context, host string, c Command) (Output, error)
}
