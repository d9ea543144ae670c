package sshlab

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// change replaces the weather and thaws what waited for the old one.
func (m *Machine) change(f func(*weather)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.weather.Load()
	next := *old
	f(&next)
	m.weather.Store(&next)
	if old.frozen != nil && next.frozen != old.frozen {
		close(old.frozen)
	}
}

// cutAll breaks every connection.
func (m *Machine) cutAll() { m.conns.each(func(c io.Closer) { c.(*wire).reset() }) }

// Down turns the machine's SSH off: connections are reset and new ones are
// refused. Commands go on.
func (m *Machine) Down() error {
	m.change(func(w *weather) { w.cutoff = false })
	return m.unplug()
}

// CutOff is Down for clients outside of the lab only: other machines of the
// lab still reach it, by direct-tcpip.
func (m *Machine) CutOff() error {
	m.change(func(w *weather) { w.cutoff = true })
	return m.unplug()
}

// unplug closes the listener and holds on to its port, so that nothing else
// answers there meanwhile.
func (m *Machine) unplug() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.listener != nil {
		held, err := holdPort(m.port)
		if err != nil {
			return fmt.Errorf("machine %s: hold port %d: %w", m.host.Name, m.port, err)
		}
		m.reserved = held
		_ = m.listener.Close() // it may have failed already
		m.listener = nil
	}
	m.cutAll()
	return nil
}

// Hang freezes the machine: connections are accepted and nothing is ever
// answered, on old ones neither. Heal lets everything go on where it stopped.
func (m *Machine) Hang() { m.change(func(w *weather) { w.frozen = make(chan struct{}) }) }

// RefuseLogins ends all connections and lets nobody in.
func (m *Machine) RefuseLogins() {
	m.change(func(w *weather) { w.refuse = true })
	m.cutAll()
}

// Garbage ends all connections and answers new ones as something that is no
// SSH server.
func (m *Machine) Garbage() {
	m.change(func(w *weather) { w.garbage = true })
	m.cutAll()
}

// Slow delays every byte: those from the client by up, those to it by down.
// The line holds any number of bytes meanwhile, so throughput is not limited.
func (m *Machine) Slow(up, down time.Duration) {
	m.change(func(w *weather) { w.up, w.down = up, down })
}

// CutAfter breaks each connection, present and future, after n more bytes to
// the client.
func (m *Machine) CutAfter(n int64) {
	m.change(func(w *weather) { w.cut, w.once, w.limit = true, false, n; w.edition++ })
}

// CutOnce is CutAfter for the first connection that gets there; then the line
// is sound again.
func (m *Machine) CutOnce(n int64) {
	m.change(func(w *weather) { w.cut, w.once, w.limit = true, true, n; w.edition++ })
}

// mended ends a CutOnce.
func (m *Machine) mended(edition int64) {
	m.change(func(w *weather) {
		if w.edition == edition {
			w.cut = false
		}
	})
}

// NewKey ends all connections and shows another host key from now on, as a
// machine that was set up anew does. Heal does not bring the old one back.
func (m *Machine) NewKey() error {
	_, key, err := newKey()
	if err != nil {
		return fmt.Errorf("machine %s: new key: %w", m.host.Name, err)
	}
	m.mu.Lock()
	m.setKey(key)
	m.mu.Unlock()
	m.cutAll()
	return nil
}

// Heal ends every fault but a changed key.
func (m *Machine) Heal() error {
	m.change(func(w *weather) { *w = weather{edition: w.edition} })
	if err := m.recover(); err != nil {
		return fmt.Errorf("machine %s: heal: %w", m.host.Name, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.listener != nil {
		return nil
	}
	if err := m.open(); err != nil {
		return fmt.Errorf("machine %s: heal: %w", m.host.Name, err)
	}
	return nil
}

// Faults are the words that Fault takes, with their arguments.
var faults = []string{"down", "cutoff", "hang", "slow DURATION [DURATION]", "cut BYTES", "cut-once BYTES", "newkey", "refuse", "garbage", "reboot", "full", "read-only-tmp", "no-shell", "clock TIME", "heal"}

// Faults lists what Fault understands, one line each.
func Faults() []string { return append([]string(nil), faults...) }

// Fault does to a machine what the word says: "down", "cutoff", "hang", "slow"
// with the time a byte takes (or one time each for up and down), "cut" or
// "cut-once" with a number of bytes, "newkey", "refuse", "garbage", "reboot",
// "full", "read-only-tmp", "no-shell", "clock" with a time (RFC 3339) and
// "heal". "slow 200ms" and "slow", "200ms" are the same.
func (l *Lab) Fault(machine, fault string, args ...string) error {
	if err := l.fault(machine, fault, args); err != nil {
		return fmt.Errorf("fault %s: %w", machine, err)
	}
	return nil
}

func (l *Lab) fault(machine, fault string, args []string) error {
	m := l.Machine(machine)
	if m == nil {
		return errors.New("no such machine")
	}
	words := append(strings.Fields(fault), args...)
	if len(words) == 0 {
		return fmt.Errorf("no fault named; one of %s", strings.Join(faults, ", "))
	}
	word, args := words[0], words[1:]
	plain := map[string]func() error{
		"down":          m.Down,
		"cutoff":        m.CutOff,
		"hang":          func() error { m.Hang(); return nil },
		"newkey":        m.NewKey,
		"refuse":        func() error { m.RefuseLogins(); return nil },
		"garbage":       func() error { m.Garbage(); return nil },
		"reboot":        m.Reboot,
		"full":          func() error { m.Full(); return nil },
		"no-shell":      func() error { m.NoShell(); return nil },
		"read-only-tmp": m.ReadOnlyTmp,
		"heal":          m.Heal,
	}
	if do, ok := plain[word]; ok {
		if len(args) > 0 {
			return fmt.Errorf("%s takes no argument", word)
		}
		return do()
	}
	switch word {
	case "slow":
		return m.slow(args)
	case "cut", "cut-once":
		return m.cutByWord(word == "cut-once", args)
	case "clock":
		return m.clockByWord(args)
	default:
		return fmt.Errorf("no fault %q; one of %s", word, strings.Join(faults, ", "))
	}
}

func (m *Machine) slow(args []string) error {
	if len(args) < 1 || len(args) > 2 {
		return errors.New("slow takes one duration, or one up and one down")
	}
	var times []time.Duration
	for _, a := range args {
		d, err := time.ParseDuration(a)
		if err != nil || d < 0 {
			return fmt.Errorf("%q is no duration; one is 200ms", a)
		}
		times = append(times, d)
	}
	m.Slow(times[0], times[len(times)-1])
	return nil
}

func (m *Machine) clockByWord(args []string) error {
	if len(args) != 1 {
		return errors.New("clock takes one time")
	}
	at, err := time.Parse(time.RFC3339, args[0])
	if err != nil {
		return fmt.Errorf("%q is no time; one is 1970-01-01T00:10:00Z", args[0])
	}
	return m.Clock(at)
}

func (m *Machine) cutByWord(once bool, args []string) error {
	var n int64
	if len(args) > 1 {
		return errors.New("cut takes one number of bytes")
	}
	if len(args) == 1 {
		var err error
		if n, err = strconv.ParseInt(args[0], 10, 64); err != nil || n < 0 {
			return fmt.Errorf("%q is no number of bytes", args[0])
		}
	}
	if once {
		m.CutOnce(n)
	} else {
		m.CutAfter(n)
	}
	return nil
}
