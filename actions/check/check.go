// Package check looks: what is due on a host goes out as one script over one
// kept connection and comes back as one framed answer, which the kinds read
// and which is merged into the state of the fleet.
//
// The way is Due -> Sweep -> Merge -> Summaries. Only Sweep reaches anything;
// the others are pure. The package opens no connection itself, keeps nothing
// between two looks and writes to no store.
package check

import (
	"context"
	"crypto/rand"
	"net"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/ssh"
)

// Pool carries scripts and connections to hosts by their names, which are the
// text of their Refs. *ssh.Pool is one.
type Pool interface {
	// Run runs a command. An error may come together with the output that
	// had arrived until then.
	Run(ctx context.Context, host string, c ssh.Command) (ssh.Output, error)
	// Dial opens a connection to addr as seen from the host.
	Dial(ctx context.Context, host, network, addr string) (net.Conn, error)
}

// Dialer opens a connection, as net.Dialer.DialContext does.
type Dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// Defaults of a Looker.
const (
	DefaultConcurrency = 128              // hosts side by side; sweeps of 1000 hosts are no faster with more
	DefaultDeadline    = 60 * time.Second // of one host's whole look, connecting included
	DefaultLimit       = 10 * time.Second // of one check, the default of monitoring plugins
)

// SSH is the id of the check that every host has: whether it answers.
const SSH = "ssh"

// Placement is the id of the check of services with standbys: whether exactly
// one host runs them.
const Placement = "placement"

// Looker looks at a fleet. Its fields are not changed once it is in use; it is
// then safe for concurrent use.
type Looker struct {
	Pool  Pool
	Kinds []actions.Kind
	Now   func() time.Time // nil: time.Now
	// Nonce returns the word that tells the frames of one answer from what
	// checks print; nil: random, new for each host and sweep.
	Nonce       func() string
	Concurrency int           // hosts side by side; 0: DefaultConcurrency
	Deadline    time.Duration // of a host's whole look; 0: DefaultDeadline
	Limit       time.Duration // of a check that has none of its own; 0: DefaultLimit
	// Series returns the kept points of a metric, oldest first; nil: none are kept.
	Series func(k actions.Key, metric string) []actions.Point
	Dial   Dialer // for probes from the console's machine; nil: net.Dialer
	// Heard returns a number that grows with whatever is heard of a host, so that
	// others can be asked about one that is silent while it is still waited for;
	// nil: they are asked once it was given up.
	Heard func(host string) int64
	// Secret looks up a secret that a script is told where to find; nil: none
	// can be had.
	Secret func(ctx context.Context, at inventory.Secret) (string, error)
}

// Visit is what is due, seen from one host.
type Visit struct {
	Host    inventory.Ref // or inventory.Console
	Checks  []Due
	Orphans []actions.Key // places in the state whose check is no longer there
}

// Due is one check that is due.
type Due struct {
	Target inventory.Ref
	Kind   string        // that it comes from, "" for the ssh check
	Check  actions.Check // Every, Limit, Confirm and Host filled in
}

// Look is what came of a visit.
type Look struct {
	Host    inventory.Ref
	Asked   []Due // what was looked at, and so what the results are complete for
	Results []actions.Result
	Orphans []actions.Key
	Err     error // why the host could not be used; an *ssh.Error where ssh knows. nil when it answered
	Took    time.Duration

	silent bool // not even the shell's first word came
	late   bool // the caller's deadline passed, which is no fault of the host

	presumed *presumption // what others said of it meanwhile; nil: they were not asked
}

func (l *Looker) now() time.Time {
	if l.Now == nil {
		return time.Now()
	}
	return l.Now()
}

func (l *Looker) nonce() string {
	if l.Nonce == nil {
		return rand.Text()
	}
	return l.Nonce()
}

func (l *Looker) concurrency() int { return or(l.Concurrency, DefaultConcurrency) }

func (l *Looker) deadline() time.Duration { return or(l.Deadline, DefaultDeadline) }

func (l *Looker) limit() time.Duration { return or(l.Limit, DefaultLimit) }

func (l *Looker) dial() Dialer {
	if l.Dial == nil {
		return (&net.Dialer{}).DialContext
	}
	return l.Dial
}

// or returns what is set of a number that is positive when it is.
func or[N int | time.Duration](set, otherwise N) N {
	if set > 0 {
		return set
	}
	return otherwise
}
