// Package engine is what both faces hold: one fleet, one pool of connections,
// one store. It opens them, looks, remembers and answers; it draws nothing and
// knows no flag. Whether something may be changed is decided here, so that no
// face can forget to ask.
package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os/user"
	"sync"
	"time"

	"jurymast/actions"
	"jurymast/actions/check"
	"jurymast/actions/kind"
	"jurymast/actions/store"
	"jurymast/inventory"
	"jurymast/ssh"
)

// Options says what to open and how.
type Options struct {
	Paths    Paths
	ReadOnly bool // as the inventory's read_only: either is enough
	Parallel int  // hosts looked at side by side; 0 takes the inventory's, then the default
	Now      func() time.Time
	Who      string // the admin, as the journal names them
	Agent    string // socket of the ssh agent, "" for none
	Log      *slog.Logger
	// Dial opens the connections of probes that are made from this machine; nil
	// is the network's.
	Dial check.Dialer
	// Prompt asks a person for the passphrase of a key that a host would take,
	// one at a time; nil never asks.
	Prompt func(ctx context.Context, q Question) (string, error)
}

// Question asks a person for the passphrase of a key file.
type Question = ssh.Question

// Engine is an opened fleet. It is safe for concurrent use.
type Engine struct {
	options Options
	fleet   *inventory.Fleet
	config  *ssh.Config
	kinds   []actions.Kind

	// The store and the pool are opened when first asked for: a command that
	// needs neither starts without them.
	store func() (*store.Store, error)
	pool  func() *ssh.Pool

	mu     sync.Mutex
	closes []func() error
}

// Open loads the inventory that the options name. Its errors are
// [inventory.Problems], [inventory.PermissionError] or a [Trouble].
func Open(ctx context.Context, o Options) (*Engine, error) {
	path, err := o.Paths.inventory()
	if err != nil {
		return nil, err
	}
	f, err := inventory.Load(path, kind.Schema())
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &Trouble{Class: ClassUsage, What: "there is no inventory at " + path, Next: begin(path), Err: err}
		}
		return nil, err
	}
	config, err := loadConfig(f, o.Paths)
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Who = typed(o.Who)
	e := &Engine{options: o, fleet: f, config: config, kinds: Kinds(f)}
	if p, ok := e.ConfigWarning(); ok {
		o.Log.Warn("the ssh configuration is not applied in full", "why", p.String())
	}
	e.store = sync.OnceValues(func() (*store.Store, error) { return e.openStore(ctx) })
	e.pool = sync.OnceValue(e.openPool)
	return e, nil
}

func loadConfig(f *inventory.Fleet, p Paths) (*ssh.Config, error) {
	path := sshConfig(f, p)
	c, err := ssh.LoadConfig(path)
	if err != nil {
		return nil, &Trouble{Class: ClassInventory, What: "the ssh configuration " + path + " cannot be used", Next: "mend it, or take none: config = \"none\" in [ssh]", Err: err}
	}
	return c, nil
}

func (e *Engine) openStore(ctx context.Context) (*store.Store, error) {
	s, err := store.Open(ctx, e.options.Paths.Store())
	if err != nil {
		return nil, storeTrouble("the store "+e.options.Paths.Store()+" cannot be opened", err)
	}
	e.onClose(s.Close)
	return s, nil
}

func (e *Engine) openPool() *ssh.Pool {
	p := ssh.NewPool(e.resolver().host, ssh.Options{Now: e.options.Now, Prompt: e.options.Prompt, Log: e.options.Log})
	e.onClose(p.Close)
	return p
}

func (e *Engine) resolver() resolver {
	r := resolver{fleet: e.fleet, config: e.config, home: e.options.Paths.Home, agent: e.options.Agent, user: "root"}
	if u, err := user.Current(); err == nil {
		r.user = u.Username
	}
	return r
}

func (e *Engine) onClose(f func() error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closes = append(e.closes, f)
}

// defaultConnect bounds connect, handshake and login where the inventory does
// not say otherwise.
const defaultConnect = ssh.DefaultTimeout

// Close closes the connections and the store.
func (e *Engine) Close() error {
	e.mu.Lock()
	closes := e.closes
	e.closes = nil
	e.mu.Unlock()
	var errs []error
	for _, f := range closes {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// ConfigWarning says which blocks of the ssh configuration are not applied, in
// one warning; false where all are.
func (e *Engine) ConfigWarning() (inventory.Problem, bool) {
	left := e.config.LeftOut()
	if len(left) == 0 {
		return inventory.Problem{}, false
	}
	p := inventory.Problem{
		Pos: inventory.Pos{File: left[0].File, Line: left[0].Line, Col: 1}, Warning: true,
		Text: fmt.Sprintf("Match %s is not run, and what stands below it is left out", left[0].What),
		Hint: "say it with Host, or name address, user and jump in the inventory",
	}
	for _, l := range left[1:] {
		p.Text += fmt.Sprintf("; likewise Match %s at %s:%d", l.What, l.File, l.Line)
	}
	return p, true
}

// Fleet returns the inventory.
func (e *Engine) Fleet() *inventory.Fleet { return e.fleet }

// Paths returns which files are used, and why.
func (e *Engine) Paths() Paths { return e.options.Paths }

// ReadOnly reports whether anything may be changed.
func (e *Engine) ReadOnly() bool { return e.options.ReadOnly || e.fleet.Settings.ReadOnly }

// mayWrite refuses what would change something.
func (e *Engine) mayWrite(what string) error {
	if !e.ReadOnly() {
		return nil
	}
	why := "--read-only or JURYMAST_READ_ONLY is set"
	if e.fleet.Settings.ReadOnly {
		why = "read_only = true in " + e.fleet.Path
	}
	return &Trouble{Class: ClassReadOnly, What: what + ": this is a read-only jurymast", Details: []string{why}, Next: "ask whoever set it that way"}
}

func (e *Engine) now() time.Time { return e.options.Now() }

// looker returns what looks at the fleet.
func (e *Engine) looker() *check.Looker {
	parallel := e.options.Parallel
	if parallel == 0 {
		parallel = e.fleet.Settings.Concurrency
	}
	pool := lazyPool{e.pool}
	return &check.Looker{Pool: pool, Heard: pool.Heard, Kinds: e.kinds, Now: e.options.Now, Concurrency: parallel, Dial: e.options.Dial, Secret: e.secret}
}

// lazyPool opens the pool when the first host is asked: naming the checks of a
// target needs none.
type lazyPool struct{ open func() *ssh.Pool }

func (p lazyPool) Run(ctx context.Context, host string, c ssh.Command) (ssh.Output, error) {
	return p.open().Run(ctx, host, c)
}

func (p lazyPool) Heard(host string) int64 { return p.open().Heard(host) }

func (p lazyPool) Dial(ctx context.Context, host, network, addr string) (net.Conn, error) {
	return p.open().Dial(ctx, host, network, addr)
}
