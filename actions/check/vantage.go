package check

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/ssh"
)

const (
	// witnesses is how many hosts are asked whether they reach one that
	// cannot be reached from here; candidatesMax how many are tried, since a
	// server may forbid to be asked.
	witnesses     = 2
	candidatesMax = 6
	// askLimit bounds one question: shorter than a login, longer than three
	// retransmissions of a SYN (RFC 6298: 1 + 2 s and the way).
	askLimit = 5 * time.Second
)

// verdict is what other hosts say of one that cannot be reached from here.
type verdict struct {
	seen   []inventory.Ref // they reach it
	unseen []inventory.Ref // they do not
	alone  bool            // nobody could be asked, and no host answered us either
}

// candidates returns who may be asked about a host, best first: hosts that
// have just answered, of other sites before those of its own, then hosts that
// were not looked at. Those that failed themselves are no witnesses, nor is
// what runs on the host.
func candidates(f *inventory.Fleet, host inventory.Ref, answered, failed []inventory.Ref) []inventory.Ref {
	t, ok := f.Target(host)
	if !ok {
		return nil
	}
	lo := loopback(address(t))
	usable := func(r inventory.Ref) bool {
		w, ok := f.Target(r)
		// Asked for a loopback address, another machine would find itself.
		return ok && r != host && w.On != host && (!lo || loopback(address(w)))
	}
	var near, far, rest []inventory.Ref
	for _, r := range answered {
		w, ok := f.Target(r)
		switch {
		case !ok || !usable(r):
		case w.Site != t.Site:
			far = append(far, r)
		default:
			near = append(near, r)
		}
	}
	for w := range f.Hosts() {
		if usable(w.Ref) && !slices.Contains(answered, w.Ref) && !slices.Contains(failed, w.Ref) {
			rest = append(rest, w.Ref)
		}
	}
	all := slices.Concat(far, near, rest)
	return all[:min(len(all), candidatesMax)]
}

func address(t *inventory.Target) string {
	if t.Reach.Address != "" {
		return t.Reach.Address
	}
	return t.Ref.Name()
}

func loopback(addr string) bool {
	ip, err := netip.ParseAddr(addr)
	return addr == "localhost" || err == nil && ip.IsLoopback()
}

// vantage asks hosts whether they reach one that we do not, two at a time,
// until one does or two do not.
func (l *Looker) vantage(ctx context.Context, f *inventory.Fleet, look Look, ask []inventory.Ref) verdict {
	t, ok := f.Target(look.Host)
	if !ok {
		return verdict{}
	}
	addr := target(t, look.Err)
	var v verdict
	for len(ask) > 0 && len(v.seen) == 0 && len(v.unseen) < witnesses {
		n := min(len(ask), witnesses-len(v.unseen))
		said := make([]testimony, n)
		var all sync.WaitGroup
		for i, w := range ask[:n] {
			all.Go(func() { said[i] = l.ask(ctx, w, addr) })
		}
		all.Wait()
		for i, w := range ask[:n] {
			switch said[i] {
			case reaches:
				v.seen = append(v.seen, w)
			case reachesNot:
				v.unseen = append(v.unseen, w)
			case cannotSay:
			}
		}
		ask = ask[n:]
	}
	slices.Sort(v.seen)
	slices.Sort(v.unseen)
	return v
}

// target returns host:port as it was tried, or as the inventory has it: where
// it was tried on loopback, as through a tunnel of the admin's, that leads
// nobody else to it.
func target(t *inventory.Target, err error) string {
	var e *ssh.Error
	if errors.As(err, &e) && e.Via == "" {
		if host, _, bad := net.SplitHostPort(e.Address); bad == nil && (!loopback(host) || loopback(address(t))) {
			return e.Address
		}
	}
	port := t.Reach.Port
	if port == 0 {
		port = 22
	}
	return net.JoinHostPort(address(t), strconv.Itoa(port))
}

// testimony is what one host says about another.
type testimony uint8

const (
	cannotSay testimony = iota
	reaches
	reachesNot
)

// ask asks one host. A port that can be connected to is not enough: the kernel
// of a machine whose sshd hangs still takes connections. Its greeting must come
// (RFC 4253 4.2).
func (l *Looker) ask(ctx context.Context, witness inventory.Ref, addr string) testimony {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	c, err := l.Pool.Dial(ctx, string(witness), "tcp", addr)
	if err != nil {
		return judgeDial(err, addr)
	}
	defer func() { _ = c.Close() }() // it carried nothing
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	// A server may say other lines first; none is longer than 255 bytes.
	lines := bufio.NewReaderSize(c, 512)
	for range 20 {
		line, err := lines.ReadSlice('\n')
		if strings.HasPrefix(string(line), "SSH-") {
			return reaches
		}
		if err != nil {
			return reachesNot
		}
	}
	return reachesNot
}

// judgeDial tells a witness that does not reach the host from one that could
// not be asked: it cannot be used itself, may not forward, or knows no such
// name.
func judgeDial(err error, addr string) testimony {
	var e *ssh.Error
	if errors.As(err, &e) && e.Address != addr || errors.Is(err, context.Canceled) {
		return cannotSay
	}
	for _, t := range []ssh.Trouble{ssh.Refused, ssh.Timeout, ssh.NoRoute} {
		if errors.Is(err, t) {
			return reachesNot
		}
	}
	if e != nil {
		return cannotSay
	}
	switch trouble(err) {
	case actions.ProbeRefused, actions.ProbeTimeout, actions.ProbeNoRoute:
		return reachesNot
	case actions.ProbeFine, actions.ProbeNoName, actions.ProbeTLS, actions.ProbeClosed, actions.ProbeNotHTTP, actions.ProbeForbidden, actions.ProbeOther:
	}
	return cannotSay
}
