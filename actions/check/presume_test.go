package check

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/ssh"
)

// TestSweepAsksAboutTheSilent: others are asked about a host that says nothing
// while it is still waited for, so that the time-outs of both are one beside the
// other. Two vantage points it stays: what is not the word of two, or not about
// the address that was not reached, is asked again.
func TestSweepAsksAboutTheSilent(t *testing.T) {
	const gives, address = 10 * time.Second, "d:22"
	f := load(t, four)
	silent := func(ctx context.Context, host, addr string) (net.Conn, error) {
		<-ctx.Done()
		return nil, &ssh.Error{Host: host, Address: addr, Trouble: ssh.Timeout, Err: ctx.Err()}
	}
	for _, c := range []struct {
		name  string
		tried string // the address that was not reached from here
		talks bool   // something is heard of it
		dial  func(ctx context.Context, host, addr string) (net.Conn, error)
		took  time.Duration
		asked int
		says  string
		deaf  bool // what is heard cannot be told
	}{
		{name: "silent for all", tried: address, dial: silent, took: gives, asked: 2, says: "fail: down: timeout; also not seen from node/a, node/b"},
		{name: "it cannot be told", tried: address, dial: silent, deaf: true, took: gives + askLimit, asked: 2, says: "fail: down"},
		{name: "it talks", tried: address, talks: true, dial: silent, took: gives + askLimit, asked: 2, says: "fail: down"},
		{name: "tried at another address", tried: "10.0.0.9:22", dial: silent, took: gives + askLimit, asked: 4, says: "fail: down"},
		{name: "one reaches it", tried: address, dial: func(ctx context.Context, host, addr string) (net.Conn, error) {
			if host == "node/b" {
				return greeting("SSH-2.0-x\r\n"), nil
			}
			return silent(ctx, host, addr)
		}, took: gives + askLimit, asked: 4, says: "unknown: cut off from me: node/b reaches it"},
		{name: "one came back meanwhile", tried: address, dial: func(ctx context.Context, host, addr string) (net.Conn, error) {
			if host == "node/a" && time.Now().Second() < 5 { // the bubble's time begins with a full minute
				return greeting("SSH-2.0-x\r\n"), nil
			}
			return silent(ctx, host, addr)
		}, took: gives + askLimit, asked: 4, says: "fail: down: timeout; also not seen from node/a, node/b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var heard atomic.Int64
				p := &fakePool{dial: c.dial, run: map[string]func(context.Context, ssh.Command) (ssh.Output, error){
					"node/d": func(context.Context, ssh.Command) (ssh.Output, error) {
						if c.talks {
							heard.Add(1)
						}
						<-time.After(gives)
						return ssh.Output{Exit: -1}, &ssh.Error{Host: "node/d", Address: c.tried, Trouble: ssh.Timeout}
					},
				}}
				l := &Looker{Pool: p, Kinds: fakeKinds(), Now: func() time.Time { return noon }, Heard: func(string) int64 { return heard.Load() }}
				if c.deaf {
					l.Heard = nil
				}
				var all []*inventory.Target
				for t := range f.Targets() {
					all = append(all, t)
				}
				start := time.Now()
				for k := range l.Sweep(t.Context(), f, l.Due(f, all, actions.State{}, noon, 0)) {
					if k.Host != "node/d" {
						continue
					}
					if took := time.Since(start); took != c.took {
						t.Errorf("it took %s, want %s", took, c.took)
					}
					if got := rows(k)[0]; !strings.Contains(got, c.says) {
						t.Errorf("got %s, want %s", got, c.says)
					}
				}
				if len(p.asked) != c.asked {
					t.Errorf("asked %v, want %d", p.asked, c.asked)
				}
			})
		})
	}
}
