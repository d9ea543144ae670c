package ssh

import (
	"context"
	"fmt"

	gossh "golang.org/x/crypto/ssh"
)

// shell is a session in which a POSIX shell reads its standard input.
type shell struct {
	*session
	sudo    bool
	started bool // the login line has been accepted
	ahead   bool // it was started before there was a text for it
}

// begin asks for the shell and waits for the answer. It costs nothing: sshd
// takes no input before it has started the command.
func (s *shell) begin() error {
	ok, err := s.ch.SendRequest("exec", true, gossh.Marshal(struct{ Command string }{loginLine(s.sudo)}))
	if err != nil {
		return err
	}
	if !ok {
		return errExecRefused
	}
	s.started = true
	return nil
}

// send hands the shell its text and ends its input.
func (s *shell) send(text []byte) error {
	if !s.started {
		if err := s.begin(); err != nil {
			s.close()
			return err
		}
	}
	if _, err := s.ch.Write(text); err != nil {
		return err
	}
	return s.ch.CloseWrite()
}

var errExecRefused = fmt.Errorf("the server runs no commands for this login")

// shell returns a shell on a host: one that waits there already, or a new one.
func (p *Pool) shell(ctx context.Context, host string, sudo bool) (*shell, error) {
	s, err := p.session(ctx, host)
	if err != nil {
		return nil, err
	}
	return &shell{session: s, sudo: sudo}, nil
}
