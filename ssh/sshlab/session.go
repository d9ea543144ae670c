package sshlab

import (
	"io"
	"sync"
	"syscall"

	"github.com/pkg/sftp"
	gossh "golang.org/x/crypto/ssh"
)

// session serves one session channel (RFC 4254, 6): one program at most.
func (m *Machine) session(ch gossh.Channel, requests <-chan *gossh.Request) {
	var wg sync.WaitGroup
	var p *process
	begun := false
	for r := range requests {
		switch r.Type {
		case "exec", "shell", "subsystem":
			var ask struct{ Text string }
			if r.Type != "shell" && gossh.Unmarshal(r.Payload, &ask) != nil || begun {
				refuse(r)
				continue
			}
			begun = true
			m.execs.Add(1)
			p = m.begin(r, ask.Text, ch, &wg)
		case "signal":
			var ask struct{ Name string }
			if p == nil || gossh.Unmarshal(r.Payload, &ask) != nil {
				refuse(r)
				continue
			}
			answer(r, p.signal(ask.Name))
		default: // env, pty-req: not accepted
			refuse(r)
		}
	}
	if p != nil {
		p.hangUp()
	}
	_ = ch.Close() // closed by the client already
	wg.Wait()
}

// begin starts what a request asks for; it returns a process where there is one.
func (m *Machine) begin(r *gossh.Request, text string, ch gossh.Channel, wg *sync.WaitGroup) *process {
	switch {
	case r.Type == "subsystem":
		ok := text == "sftp" && !m.host.canned()
		answer(r, ok)
		wg.Go(func() {
			if ok {
				m.sftp(ch)
			}
			_ = ch.Close() // gone already, or of no use
		})
		return nil
	case m.host.canned():
		answer(r, true)
		wg.Go(func() { m.can(text, ch) })
		return nil
	}
	m.work()
	p, err := m.run(text, r.Type == "shell")
	if err != nil {
		answer(r, false)
		_ = ch.Close()
		return nil
	}
	answer(r, true)
	if !p.serve(ch, wg) {
		_ = ch.Close()
	}
	return p
}

// can gives the canned answer.
func (m *Machine) can(command string, ch gossh.Channel) {
	var exit int
	if m.host.Stream != nil {
		exit = m.host.Stream(command, ch, ch, ch.Stderr())
	} else {
		stdin, err := io.ReadAll(ch)
		if err != nil {
			return
		}
		stdout, stderr, code := m.host.Canned(command, stdin)
		exit = code
		_, _ = ch.Stderr().Write(stderr) // the client may have left
		_, _ = ch.Write(stdout)
	}
	sendExit(ch, exit)
	_ = ch.CloseWrite()
	_ = ch.Close()
}

func sendExit(ch gossh.Channel, code int) {
	_, _ = ch.SendRequest("exit-status", false, gossh.Marshal(struct{ Code uint32 }{uint32(code)})) // as above
}

func sendSignal(ch gossh.Channel, s syscall.Signal, core bool) {
	_, _ = ch.SendRequest("exit-signal", false, gossh.Marshal(struct {
		Signal      string
		Core        bool
		Error, Lang string
	}{signalName(s), core, "", ""}))
}

// sftp serves files. Paths are those of the system, as they are in the
// machine's shell; relative ones start at its home.
func (m *Machine) sftp(ch gossh.Channel) {
	server, err := sftp.NewServer(ch, sftp.WithServerWorkingDirectory(m.home()))
	if err != nil {
		return
	}
	if err := server.Serve(); err == nil || err == io.EOF {
		sendExit(ch, 0)
	}
	_ = server.Close()
}
