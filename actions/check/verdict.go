package check

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/ssh"
)

// offAsExpected begins the line of what is off in its window.
const offAsExpected = "off as expected until "

// reachability reports whether an error means that a host was not reached at
// all, rather than that it answered and could not be used.
func reachability(err error) bool {
	var e *ssh.Error
	if !errors.As(err, &e) {
		return errors.Is(err, context.DeadlineExceeded)
	}
	switch e.Trouble {
	case ssh.Refused, ssh.Timeout, ssh.NoRoute, ssh.NoSuchName, ssh.LineLost:
		return true
	case ssh.HostKeyUnknown, ssh.HostKeyChanged, ssh.LoginRefused, ssh.KeyUnusable, ssh.SudoRefused,
		ssh.ShellMissing, ssh.TooLarge, ssh.NotSSH, ssh.Forbidden, ssh.Misconfigured:
		return false
	}
	return false
}

// via returns the jump host at which an error arose, "" for the host itself.
func via(err error) string {
	var e *ssh.Error
	if errors.As(err, &e) {
		return e.Via
	}
	return ""
}

// short words an error in one line without the name that the reader knows.
func short(err error, host inventory.Ref) string {
	var e *ssh.Error
	if !errors.As(err, &e) {
		return fmt.Sprintf("%s: %v", host, err)
	}
	return fmt.Sprintf("%s: %s", host, e.Trouble)
}

// long is the trouble with its innermost cause.
func long(err error) string {
	var e *ssh.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	if e.Err == nil || strings.Contains(string(e.Trouble), e.Err.Error()) {
		return string(e.Trouble)
	}
	return fmt.Sprintf("%s: %v", e.Trouble, e.Err)
}

// unusable is the outcome of the ssh check of a host that could not be used:
//
//   - off as expected: ok, in the window in which it may be off;
//   - down: fail. It was not reached from here, and nobody who was asked
//     reaches it;
//   - cut off from me: unknown. Another host reaches it;
//   - nobody could be asked: fail, and says that it is not confirmed; unknown
//     when no host at all answered, since then it is probably this machine;
//   - a name that is not found is unknown: that says nothing of the machine;
//   - a changed host key is fail: either the machine is another one, or
//     somebody stands in between;
//   - whatever else kept us from using a host that did answer (login refused,
//     key unknown or unusable, no shell, an answer that floods or breaks off)
//     is unknown: it may well be in best health.
func unusable(f *inventory.Fleet, look *Look, v verdict, now time.Time) outcome {
	err := look.Err
	r := actions.Reading{Status: actions.Unknown}
	var cause inventory.Ref
	var e *ssh.Error
	if errors.As(err, &e) {
		r.Next = e.Hint
	}
	until, off := expectedOff(f, look.Host, now)
	reach := look.silent && reachability(err)
	switch {
	case look.late:
		r.Line = "not looked at in time: " + long(err)
	case reach && off:
		r.Status, r.Line, r.Next = actions.OK, offAsExpected+clock(until, now), ""
	case via(err) != "":
		r.Line = fmt.Sprintf("not reached: the way there leads through %s: %s", via(err), long(err))
		if _, ok := f.Target(inventory.Ref(via(err))); ok {
			cause = inventory.Ref(via(err))
		}
	case reach:
		r.Status, r.Line = v.word(err)
	case errors.Is(err, ssh.HostKeyChanged):
		r.Status, r.Line = actions.Fail, long(err)
	case look.silent:
		r.Line = "cannot be used: " + long(err)
	default:
		r.Line = "its look broke off: " + long(err)
	}
	return outcome{found: true, readings: []actions.Reading{r}, cause: cause, took: look.Took}
}

// word words a verdict on a host that was not reached because of err.
func (v verdict) word(err error) (actions.Status, string) {
	switch {
	case len(v.seen) > 0:
		reach := "reaches"
		if len(v.seen) > 1 {
			reach = "reach"
		}
		return actions.Unknown, fmt.Sprintf("cut off from me: %s %s it, from here: %s", refs(v.seen), reach, long(err))
	case v.alone && !errors.Is(err, ssh.Refused):
		return actions.Unknown, fmt.Sprintf("not reached, nor is any other host: is this machine cut off? %s", long(err))
	case errors.Is(err, ssh.NoSuchName):
		return actions.Unknown, long(err)
	case len(v.unseen) > 0:
		return actions.Fail, fmt.Sprintf("down: %s; also not seen from %s", long(err), refs(v.unseen))
	}
	return actions.Fail, fmt.Sprintf("down: %s; not confirmed by another host", long(err))
}

func refs(rs []inventory.Ref) string {
	var b strings.Builder
	for i, r := range rs {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(r))
	}
	return b.String()
}

// convict returns a look at an unreachable host with the verdict on it.
func (l *Looker) convict(f *inventory.Fleet, look Look, v verdict) Look {
	o := unusable(f, &look, v, l.now())
	for i, r := range look.Results {
		if r.Target == look.Host && r.Check == SSH && len(o.readings) == 1 {
			look.Results[i].Status, look.Results[i].Line = o.readings[0].Status, actions.Line(o.readings[0].Line)
		}
	}
	return look
}

// expectedOff reports whether a target, or a host that it runs on, is expected
// to be off now, and when that ends.
func expectedOff(f *inventory.Fleet, r inventory.Ref, now time.Time) (until time.Time, off bool) {
	for _, at := range standsOn(f, r) {
		if until, off = offUntil(at, now); off {
			return until, true
		}
	}
	return time.Time{}, false
}

// standsOn returns a target, its host, that one's node and so on.
func standsOn(f *inventory.Fleet, r inventory.Ref) []*inventory.Target {
	var out []*inventory.Target
	for len(out) < 8 { // guests within guests within guests; an inventory with a loop was refused
		t, ok := f.Target(r)
		if !ok {
			break
		}
		out = append(out, t)
		next := t.Host
		if isHost(r) {
			next = t.On
		}
		if next == "" || next == r {
			break
		}
		r = next
	}
	return out
}

// offUntil is expectedOff for one target's own windows. They are in local
// time, so it is the time's location that counts.
func offUntil(t *inventory.Target, now time.Time) (until time.Time, off bool) {
	for _, w := range t.Off {
		if !w.Contains(now) {
			continue
		}
		y, m, d := now.Date()
		end := time.Date(y, m, d, 0, 0, int(w.To/time.Second), 0, now.Location())
		if !end.After(now) {
			end = time.Date(y, m, d+1, 0, 0, int(w.To/time.Second), 0, now.Location())
		}
		if end.After(until) {
			until = end
		}
	}
	return until, !until.IsZero()
}
