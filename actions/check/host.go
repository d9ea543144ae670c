package check

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/ssh"
)

// outcome is what came of one check of a visit. Until it is found, the check
// has not answered.
type outcome struct {
	found    bool
	readings []actions.Reading
	cause    inventory.Ref
	took     time.Duration
}

func unknown(format string, args ...any) outcome {
	return outcome{found: true, readings: actions.UnknownReading(format, args...)}
}

// visit looks at everything that is due from one host, within its deadline.
func (l *Looker) visit(ctx context.Context, f *inventory.Fleet, v Visit) Look {
	look := Look{Host: v.Host, Orphans: v.Orphans}
	if len(v.Checks) == 0 {
		return look
	}
	start := l.now()
	bounded, cancel := context.WithTimeout(ctx, l.deadline())
	defer cancel()

	// Probes are called off with the host: what they would say of one that is
	// not reached is known. Scripts and probes write different outcomes.
	probing, stop := context.WithCancel(bounded)
	defer stop()
	outcomes := make([]outcome, len(v.Checks))
	var side sync.WaitGroup
	side.Go(func() { l.probes(probing, v, outcomes) })
	if v.Host != inventory.Console {
		look.silent, look.Err = l.scripts(bounded, v, maySudo(f, v.Host), outcomes)
		if look.Err != nil {
			stop()
		}
	}
	side.Wait()

	at := l.now()
	look.Took = max(0, at.Sub(start))
	if errors.Is(ctx.Err(), context.Canceled) {
		look.Err = context.Cause(ctx)
		return look
	}
	look.late = ctx.Err() != nil
	look.Asked = v.Checks
	l.finish(f, v, &look, outcomes)
	for i, d := range v.Checks {
		look.Results = append(look.Results, results(d, outcomes[i], at)...)
	}
	return look
}

// finish fills in what has not answered for itself.
func (l *Looker) finish(f *inventory.Fleet, v Visit, look *Look, outcomes []outcome) {
	for i, d := range v.Checks {
		o := &outcomes[i]
		switch {
		case o.found && o.cause != "":
		case d.Check.ID == SSH && d.Target == v.Host:
			if look.Err != nil {
				*o = unusable(f, look, verdict{}, l.now())
			}
		case o.found && !(look.silent && look.Err != nil):
		case look.Err != nil:
			*o = unknown("not looked at: %s", short(look.Err, v.Host))
			o.cause = v.Host
		case v.Host == inventory.Console && d.Check.Probe == nil:
			*o = unknown("a script cannot be run from the console's machine: name a host in from")
		default:
			*o = unknown("nothing answered for it: a check is a script or a probe, and this is neither")
		}
	}
	skipNeedy(v.Checks, outcomes)
}

// skipNeedy skips checks that need one that is broken, so that one cause is
// one line.
func skipNeedy(checks []Due, outcomes []outcome) {
	at := make(map[actions.Key]int, len(checks))
	for i, d := range checks {
		at[actions.Key{Target: d.Target, Check: d.Check.ID}] = i
	}
	done := make([]bool, len(checks))
	var settle func(i int)
	settle = func(i int) {
		if done[i] {
			return
		}
		done[i] = true
		d := checks[i]
		for _, id := range d.Check.Needs {
			n, ok := at[actions.Key{Target: d.Target, Check: id}]
			if !ok || n == i {
				continue
			}
			settle(n)
			if s := worst(outcomes[n].readings); (s == actions.Fail || s == actions.Unknown) && outcomes[i].cause == "" {
				cause := outcomes[n].cause
				if cause == "" {
					cause = d.Target
				}
				took := outcomes[i].took
				outcomes[i] = unknown("not looked at: it needs %s, which is %s", id, s)
				outcomes[i].cause, outcomes[i].took = cause, took
			}
		}
	}
	for i := range checks {
		settle(i)
	}
}

func worst(rs []actions.Reading) actions.Status {
	w := actions.OK
	for _, r := range rs {
		w = actions.Worst(w, r.Status)
	}
	return w
}

// errNoSecrets is asked of a looker that cannot look secrets up.
var errNoSecrets = errors.New("secrets cannot be looked up here")

// secrets looks up what the scripts keep elsewhere and returns, by the number
// of the run, why one of them cannot be had. Such a script is replaced by one
// that does nothing: it is not run with a secret that is empty.
func (l *Looker) secrets(ctx context.Context, runs []job) map[int]error {
	missing := map[int]error{}
	for n := range runs {
		s := &runs[n].script
		if len(s.Keep) == 0 {
			continue
		}
		found := map[string]string{}
		for name, at := range s.Keep {
			value, err := "", errNoSecrets
			if l.Secret != nil {
				value, err = l.Secret(ctx, at)
			}
			if err != nil {
				missing[n] = fmt.Errorf("the secret %s: %w", name, err)
				s.Body = ":\n"
				break
			}
			found[name] = value
		}
		s.Secrets = found
	}
	return missing
}

// hide takes what the scripts were told in secret out of what they printed.
func hide(runs []job, out *ssh.Output) {
	secrets := map[string]string{}
	for n, r := range runs {
		for name, value := range r.script.Secrets {
			secrets[fmt.Sprint(n, name)] = value
		}
	}
	if len(secrets) == 0 {
		return
	}
	from := actions.Hide(secrets)
	out.Stdout, out.Stderr = []byte(from(string(out.Stdout))), []byte(from(string(out.Stderr)))
}

// scripts sends everything that is to be run on a host in one command and
// hands out the answers. silent reports whether not even the shell's first
// word came back.
func (l *Looker) scripts(ctx context.Context, v Visit, sudo bool, outcomes []outcome) (silent bool, err error) {
	runs, nonce := plan(v.Checks), l.nonce()
	without := l.secrets(ctx, runs)
	command, broken := batch(runs, nonce, l.budget(), sudo)
	maps.Copy(broken, without)
	out, err := l.Pool.Run(ctx, string(v.Host), command)
	hide(runs, &out)
	a := parse(out.Stdout, nonce, len(runs))
	if err == nil && !a.hello {
		err = &ssh.Error{Host: string(v.Host), Trouble: ssh.ShellMissing, Err: fmt.Errorf("what answered is no POSIX shell (exit %d)%s", out.Exit, said(out)),
			Hint: "jurymast ssh " + v.Host.Name()}
	}
	for n, r := range runs {
		for _, i := range r.checks {
			d := v.Checks[i]
			if why := broken[n]; why != nil {
				outcomes[i] = unknown("cannot be run: %v", why)
				continue
			}
			if o := l.heard(a.frames[n], r, d, runs, v.Checks, out, err == nil); o.found {
				outcomes[i] = o
			}
		}
	}
	for i, d := range v.Checks {
		if d.Check.ID == SSH && d.Target == v.Host && a.hello {
			outcomes[i] = answers(out)
		}
	}
	return !a.hello, err
}

// maySudo reports whether scripts may become root on a host: unless the host,
// or [ssh] for all, says that they may not.
func maySudo(f *inventory.Fleet, host inventory.Ref) bool {
	if t, ok := f.Target(host); ok && t.Reach.Sudo != nil {
		return *t.Reach.Sudo
	}
	return f.Settings.Reach.Sudo == nil || *f.Settings.Reach.Sudo
}

// said returns the beginning of what a host printed instead of an answer.
func said(out ssh.Output) string {
	for _, b := range [][]byte{out.Stderr, out.Stdout} {
		if s := actions.Line(string(b)); s != "" {
			return fmt.Sprintf(": %.200s", s)
		}
	}
	return ", and it says nothing"
}

// heard reads the answer of one run for one check. whole says that the host's
// answer came to its end.
func (l *Looker) heard(f frame, r job, d Due, runs []job, checks []Due, out ssh.Output, whole bool) outcome {
	keep := maxTotal / max(maxTotal/maxOut, len(runs))
	switch {
	case f.answered(keep):
		o := actions.Output{Stdout: f.out, Stderr: f.err[:min(len(f.err), maxErr)], Exit: f.code, Took: out.Took}
		// 141: it was ended while writing more than is kept. A longer line was cut to
		// just that on its way.
		if len(f.out) >= keep || f.code == brokenPipe {
			o.Stdout, o.Exit, o.Cut = f.out[:min(len(f.out), keep)], brokenPipe, true
		}
		rs := l.read(d, actions.Answer{Output: o})
		return outcome{found: true, readings: rs, took: out.Took}
	case f.needed >= 0:
		o := unknown("not looked at: it needs %s, which gave no answer", checks[runs[f.needed].checks[0]].Check.ID)
		o.cause = d.Target
		return o
	case f.gone && !f.broken:
		return unanswered(f, r)
	case whole:
		return unknown("no answer came back: the host's shell ended early%s", lastWords(f.err))
	}
	return outcome{}
}

// brokenPipe is the exit code of what was ended by SIGPIPE.
const brokenPipe = 128 + 13

// unanswered words a run that came to no proper end.
func unanswered(f frame, r job) outcome {
	switch f.left {
	case leftLate:
		// Its last words are the shell's, on what was killed.
		return unknown("no answer in %s", time.Duration(wholeSeconds(r.limit))*time.Second)
	case 126, 127:
		return unknown("cannot be run (exit %d)%s", f.left, lastWords(f.err))
	}
	if r.script.Sudo && !f.begun {
		o := unknown("sudo refused%s", lastWords(f.err))
		o.readings[0].Next = "allow it in sudoers without a password, or log in as root"
		return o
	}
	return unknown("ended without an answer (exit %d)%s", f.left, lastWords(f.err))
}

// lastWords returns the last line of a standard error, led in by a colon.
func lastWords(b []byte) string {
	for i := len(b); i > 0; {
		j := i - 1
		for j > 0 && b[j-1] != '\n' {
			j--
		}
		if s := actions.Line(string(b[j:i])); s != "" {
			return ": " + s
		}
		i = j
	}
	return ""
}

// answers is the outcome of the ssh check of a host that answered.
func answers(out ssh.Output) outcome {
	took := out.Took.Seconds()
	return outcome{found: true, took: out.Took, readings: []actions.Reading{{
		Line:    fmt.Sprintf("answers, look took %s", rounded(out.Took)),
		Metrics: []actions.Metric{{Name: "look", Value: took, Unit: "s"}},
	}}}
}

func rounded(d time.Duration) time.Duration {
	switch {
	case d >= 10*time.Second:
		return d.Round(time.Second)
	case d >= time.Second:
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}

// read lets a kind read an answer. A kind that panics costs only its check.
func (l *Looker) read(d Due, a actions.Answer) (rs []actions.Reading) {
	defer func() {
		if p := recover(); p != nil {
			rs = actions.UnknownReading("kind %s cannot read the answer of its check %s: %v", d.Kind, d.Check.ID, p)
			rs[0].Next = "this is a bug in the kind: report it"
		}
	}()
	a.Now = l.now()
	a.Series = func(item, metric string) []actions.Point {
		if l.Series == nil {
			return nil
		}
		return l.Series(actions.Key{Target: d.Target, Check: d.Check.ID, Item: item}, metric)
	}
	if d.Check.Read == nil {
		return actions.UnknownReading("kind %s has no way to read its check %s", d.Kind, d.Check.ID)
	}
	return d.Check.Read(a)
}

// results makes the results of a check. Of two readings of one item the worse
// one stands.
func results(d Due, o outcome, at time.Time) []actions.Result {
	out := make([]actions.Result, 0, len(o.readings))
	place := make(map[string]int, len(o.readings))
	for _, r := range o.readings {
		if r.Status > actions.Unknown {
			r.Status = actions.Unknown
		}
		res := actions.Result{
			Target: d.Target, Check: d.Check.ID, Item: actions.Line(r.Item),
			Status: r.Status, Line: actions.Line(r.Line), Metrics: r.Metrics, Next: actions.Line(r.Next),
			On: r.On, Cause: o.cause, At: at, Took: o.took,
		}
		if n, twice := place[res.Item]; twice {
			if res.Status.Worse(out[n].Status) {
				out[n] = res
			}
			continue
		}
		place[res.Item] = len(out)
		out = append(out, res)
	}
	return out
}
