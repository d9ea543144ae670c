package ssh

import (
	"bytes"
	"context"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// kill ends the command on the host, all of its process group, and says in a
// few words what is known of it then. It takes killLimit at most: a line on
// which it takes longer is dead, and given up.
func (r *running) kill(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killLimit)
	defer cancel()
	said := make(chan string, 1)
	go func() { said <- r.end(ctx) }()
	select {
	case s := <-said:
		return s
	case <-ctx.Done():
		r.s.drop(errNoAnswer)
		return <-said
	}
}

// What is known of a command that was to be ended.
const (
	wasEnded   = "it was ended there"
	neverBegan = "it had not begun"
	mayRun     = "it may still run there"
)

// end asks the server first: TERM to the command's process group by way of the
// session itself costs half a round trip, but not every server obeys and none
// does for a command of root's. A shell of its own on the same connection then
// makes sure.
func (r *running) end(ctx context.Context) string {
	r.signalTo("TERM")
	var at place
	t := time.NewTimer(closeLimit)
	defer t.Stop()
	select {
	case at = <-r.began:
	case <-r.done:
		select {
		case at = <-r.began:
		default:
			if r.told() {
				return neverBegan
			}
			return mayRun
		}
	case <-t.C:
		// The text may be on its way. Closed, the shell gets no more of it.
		r.signalTo("KILL")
		r.s.close()
		return mayRun
	case <-ctx.Done():
		return mayRun
	}
	if at.group != 0 && r.endAt(ctx, at) {
		return wasEnded
	}
	r.signalTo("KILL")
	select {
	case <-r.done:
		if r.told() {
			return wasEnded
		}
	case <-time.After(closeLimit):
	case <-ctx.Done():
	}
	return mayRun
}

// endAt ends a process group from a second shell and reports whether nothing
// of it is left.
func (r *running) endAt(ctx context.Context, at place) bool {
	s, err := r.s.extra(ctx)
	if err != nil {
		return false
	}
	mark := newMark()
	text, err := wrap(mark, Command{Text: at.killText(killGrace)})
	if err != nil {
		s.close()
		return false
	}
	k := newRunning(&shell{s, r.s.sudo}, mark, DefaultMax, nil, nil)
	k.start(text)
	select {
	case <-k.done:
	case <-ctx.Done():
	}
	k.finish()
	return bytes.Contains(k.out.kept, []byte(killGone))
}

// signalTo sends a signal request (RFC 4254 6.9), to which there is no answer.
func (r *running) signalTo(name string) {
	// That it could not be sent shows in what follows.
	_, _ = r.s.ch.SendRequest("signal", false, gossh.Marshal(struct{ Name string }{name}))
}
