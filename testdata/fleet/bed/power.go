//go:build linux

package bed

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// powerPort is where the bed's power switch listens, at the gateway.
const powerPort = 7000

// powerSwitch is what a rack has beside its machines: a box that takes the power
// from one and says truly whether it is off. It knows lines of two words, off,
// on or state and a node's name, and answers off, on or an error.
type powerSwitch struct {
	listener net.Listener
	work     sync.WaitGroup
	stop     context.CancelFunc
}

// PowerSwitch starts the power switch and returns where the nodes reach it. It
// ends with the bed.
func (b *Bed) PowerSwitch() (netip.AddrPort, error) {
	at := netip.AddrPortFrom(gatewayAddr, powerPort)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.power != nil {
		return at, nil
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &powerSwitch{stop: stop}
	err := within(b.net.space(""), func() (err error) {
		p.listener, err = net.Listen("tcp", at.String())
		return err
	})
	if err != nil {
		stop()
		return at, err
	}
	b.power = p
	p.work.Go(func() {
		for {
			c, err := p.listener.Accept()
			if err != nil {
				return
			}
			p.work.Go(func() { b.serve(ctx, c) })
		}
	})
	return at, nil
}

// serve answers one line.
func (b *Bed) serve(ctx context.Context, c net.Conn) {
	defer func() { _ = c.Close() }()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	line, err := bufio.NewReaderSize(c, 256).ReadString('\n')
	if err != nil {
		return
	}
	_, _ = fmt.Fprintln(c, b.flip(ctx, strings.Fields(line)))
}

func (b *Bed) flip(ctx context.Context, words []string) string {
	if len(words) != 2 {
		return "error: two words"
	}
	n, ok := b.nodes[words[1]]
	if !ok {
		return "error: no such machine"
	}
	var err error
	switch words[0] {
	case "off":
		err = n.Kill(ctx)
	case "on":
		err = n.Power(ctx)
	case "state":
	default:
		err = fmt.Errorf("no such word")
	}
	switch {
	case err != nil:
		return "error: " + err.Error()
	case n.Running():
		return "on"
	default:
		return "off"
	}
}

func (p *powerSwitch) close() {
	p.stop()
	_ = p.listener.Close()
	p.work.Wait()
}
