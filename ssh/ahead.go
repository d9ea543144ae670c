package ssh

import (
	"context"
	"errors"
	"sync"

	gossh "golang.org/x/crypto/ssh"
)

// spares are sessions of a connection that were opened ahead, so that the next
// command need not wait for it. Where the same login line was given twice, it
// will be given again: then its shell is started as well, and waits for a text.
// That makes a command cost one round trip. Each holds its slot.
type spares struct {
	mu   sync.Mutex
	list []*session
	uses map[string]int // of each login line
	more chan struct{}  // tells one waiter that there is another spare
}

func newSpares() *spares {
	return &spares{uses: map[string]int{}, more: make(chan struct{}, 1)}
}

// take removes and returns a session on which line was started, or nothing
// yet; nil when there is none.
func (s *spares) take(line string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, want := range []string{line, ""} {
		for i, x := range s.list {
			if x.line == want {
				s.list = append(s.list[:i], s.list[i+1:]...)
				return x
			}
		}
	}
	return nil
}

// any removes and returns any session.
func (s *spares) any() *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) == 0 {
		return nil
	}
	x := s.list[0]
	s.list = s.list[1:]
	return x
}

// wants counts a use of a login line and says what is to be opened ahead for
// the next one: a session with that line started, or with "" none. ok is false
// when that waits already.
func (s *spares) wants(line string) (ahead string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uses[line]++
	if s.uses[line] > 1 {
		ahead = line
	}
	return ahead, !s.has(ahead)
}

func (s *spares) has(line string) bool {
	for _, x := range s.list {
		if x.line == line {
			return true
		}
	}
	return false
}

// put adds a session, unless one like it is there.
func (s *spares) put(x *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.has(x.line) {
		return false
	}
	s.list = append(s.list, x)
	select {
	case s.more <- struct{}{}:
	default:
	}
	return true
}

// begin starts line on the session and waits until the server has said yes. It
// costs a round trip that cannot be saved: sshd grants a session no input
// before it runs something.
func (s *session) begin(line string) error {
	ok, err := s.ch.SendRequest("exec", true, gossh.Marshal(struct{ Command string }{line}))
	if err != nil {
		return err
	}
	if !ok {
		return errExecRefused
	}
	s.line = line
	return nil
}

var errExecRefused = errors.New("the server runs no commands for this login")

// idleText has a shell that waits hold no folder: the home may be a mount that
// is to be taken away.
const idleText = "cd /\n"

// refill opens a session ahead in the place of one that was closed, whose slot
// it takes over, and starts line on it unless that is "".
func (c *conn) refill(host, line string) {
	defer c.count(-1)
	ctx, cancel := context.WithTimeout(c.p.ctx, DefaultTimeout)
	defer cancel()
	s, err := c.openChannel(ctx, host)
	if err != nil {
		<-c.slots
		return
	}
	s.slot = true
	if line != "" {
		// It ends with the channel, or with the connection.
		stop := context.AfterFunc(ctx, func() { _ = s.ch.Close() })
		if err = s.begin(line); err == nil {
			_, err = s.ch.Write([]byte(idleText))
		}
		stop()
		s.ahead = true
	}
	if err != nil || !c.spares.put(s) {
		_ = s.ch.Close()
		<-c.slots
	}
}

// evict gives up a session that was opened ahead, and its slot, and reports
// whether there was one. It waits for the server to agree: only then may
// another be opened in its place.
func (c *conn) evict(ctx context.Context) bool {
	s := c.spares.any()
	if s == nil {
		return false
	}
	s.once.Do(func() {
		_ = s.ch.Close()
		<-c.slots
	})
	for {
		select {
		case _, ok := <-s.reqs:
			if !ok {
				return true
			}
		case <-ctx.Done():
			return true
		}
	}
}
