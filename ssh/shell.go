package ssh

import (
	"context"
	"errors"
	"fmt"
)

// shell is a session in which a POSIX shell reads its standard input.
type shell struct {
	*session
	sudo bool
}

// shell returns a shell on a host: one that waits there already, or a session
// for a new one.
func (p *Pool) shell(ctx context.Context, host string, sudo bool) (*shell, error) {
	s, err := p.session(ctx, host, loginLine(sudo))
	if err != nil {
		return nil, err
	}
	return &shell{s, sudo}, nil
}

// errUnsent is what send failed with before the shell was given anything.
var errUnsent = errors.New("no shell came to be")

// send hands the shell its text and ends its input.
func (s *shell) send(text []byte) error {
	if s.line == "" {
		if err := s.begin(loginLine(s.sudo)); err != nil {
			_ = s.ch.Close()
			return fmt.Errorf("%w: %w", errUnsent, err)
		}
	}
	if _, err := s.ch.Write(text); err != nil {
		return err
	}
	return s.ch.CloseWrite()
}
