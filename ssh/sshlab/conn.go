package sshlab

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"

	gossh "golang.org/x/crypto/ssh"
)

// What a machine says that is no SSH server: a greeting, and an answer to the
// first thing it is told (RFC 5321, 4.2).
const (
	greeting = "220 mail ESMTP\r\n"
	farewell = "500 5.5.1 Command unrecognized\r\n"
)

// serve answers one connection until it ends.
func (m *Machine) serve(w *wire) {
	if m.weather.Load().garbage {
		_, _ = io.WriteString(w, greeting) // the client may have left
		_, _ = w.Read(make([]byte, 512))
		_, _ = io.WriteString(w, farewell)
		return
	}
	m.mu.Lock()
	config := m.server
	m.mu.Unlock()
	conn, channels, requests, err := gossh.NewServerConn(w, config)
	if err != nil {
		return // the client knows why
	}
	m.logins.Add(1)

	var wg sync.WaitGroup
	var open atomic.Int64 // sessions
	for channels != nil || requests != nil {
		select {
		case r, ok := <-requests:
			if !ok {
				requests = nil
				continue
			}
			refuse(r) // keepalives want no more
		case c, ok := <-channels:
			if !ok {
				channels = nil
				continue
			}
			switch c.ChannelType() {
			case "session":
				m.acceptSession(c, &open, &wg)
			case "direct-tcpip":
				wg.Go(func() { m.forward(c) })
			default:
				_ = c.Reject(gossh.UnknownChannelType, "unsupported channel type") // fails with the connection only
			}
		}
	}
	_ = conn.Wait() // why it ended is the client's business
	wg.Wait()
}

// refuse answers that a request is not supported.
func refuse(r *gossh.Request) { answer(r, false) }

func answer(r *gossh.Request, ok bool) {
	if r.WantReply {
		_ = r.Reply(ok, nil) // fails with the connection only
	}
}

func (m *Machine) acceptSession(c gossh.NewChannel, open *atomic.Int64, wg *sync.WaitGroup) {
	most := int64(m.host.MaxSessions)
	if most == 0 {
		most = maxSessions
	}
	if open.Add(1) > most {
		open.Add(-1)
		_ = c.Reject(gossh.ConnectionFailed, "open failed") // in sshd's words
		return
	}
	ch, requests, err := c.Accept()
	if err != nil {
		open.Add(-1)
		return
	}
	m.sessions.Add(1)
	wg.Go(func() {
		defer open.Add(-1)
		m.session(ch, requests)
	})
}

// forward answers direct-tcpip (RFC 4254, 7.2) within the lab.
func (m *Machine) forward(c gossh.NewChannel) {
	var to struct {
		Host   string
		Port   uint32
		Origin string
		From   uint32
	}
	if m.host.NoForwarding {
		_ = c.Reject(gossh.Prohibited, "open failed") // in sshd's words
		return
	}
	if err := gossh.Unmarshal(c.ExtraData(), &to); err != nil {
		_ = c.Reject(gossh.ConnectionFailed, err.Error())
		return
	}
	target, err := m.lab.connect(m, to.Host, int(to.Port))
	if err != nil {
		_ = c.Reject(gossh.ConnectionFailed, err.Error())
		return
	}
	ch, requests, err := c.Accept()
	if err != nil {
		_ = target.Close()
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for r := range requests {
			refuse(r)
		}
		_ = target.Close() // the channel is gone, and so is what it was for
	})
	wg.Go(func() {
		_, _ = io.Copy(target, ch) // an end of either side ends both
		halfClose(target)
	})
	_, _ = io.Copy(ch, target)
	_ = ch.CloseWrite()
	_ = ch.Close()
	wg.Wait()
}

// halfClose tells the other side that nothing more will be written.
func halfClose(c net.Conn) {
	half, ok := c.(interface{ CloseWrite() error })
	if !ok || errors.Is(half.CloseWrite(), errors.ErrUnsupported) {
		_ = c.Close()
	}
}
