package check

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/ssh"
)

// fakePool answers as it is told to. It is for what needs no real shell.
type fakePool struct {
	run  map[string]func(ctx context.Context, c ssh.Command) (ssh.Output, error)
	dial func(ctx context.Context, host, addr string) (net.Conn, error)

	mu    sync.Mutex
	asked []string // who was asked about whom
}

func (p *fakePool) Run(ctx context.Context, host string, c ssh.Command) (ssh.Output, error) {
	if f := p.run[host]; f != nil {
		return f(ctx, c)
	}
	return canned(c, "ok"), nil
}

func (p *fakePool) Dial(ctx context.Context, host, _, addr string) (net.Conn, error) {
	p.mu.Lock()
	p.asked = append(p.asked, host+" about "+addr)
	p.mu.Unlock()
	if p.dial == nil {
		return nil, &ssh.Error{Host: host, Address: addr, Trouble: ssh.Refused}
	}
	return p.dial(ctx, host, addr)
}

var (
	nonceOf = regexp.MustCompile(`(?m)^jm_nonce='(.*)'$`)
	textOf  = regexp.MustCompile(`(?m)^jm_text_([0-9]+)=`)
)

// canned answers every check of a command with one line.
func canned(c ssh.Command, line string) ssh.Output {
	nonce := nonceOf.FindStringSubmatch(c.Text)[1]
	out := "\n==" + nonce + " hello .\n"
	for _, m := range textOf.FindAllStringSubmatch(c.Text, -1) {
		var n int
		if _, err := fmt.Sscan(m[1], &n); err != nil {
			panic(err)
		}
		out += framed(nonce, n, line+"\n", "", 0)
	}
	return ssh.Output{Stdout: []byte(out + "\n==" + nonce + " bye .\n"), Took: time.Millisecond}
}

func broken(host string, trouble ssh.Trouble, err string) func(context.Context, ssh.Command) (ssh.Output, error) {
	return func(context.Context, ssh.Command) (ssh.Output, error) {
		e := &ssh.Error{Host: host, Address: inventory.Ref(host).Name() + ":22", Trouble: trouble, Hint: "look"}
		if err != "" {
			e.Err = errors.New(err)
		}
		return ssh.Output{Exit: -1}, e
	}
}

// greeting is a connection on which a server says a line.
func greeting(line string) net.Conn {
	client, server := net.Pipe()
	go func() {
		_, _ = server.Write([]byte(line)) // whoever asks may have gone
		_ = server.Close()
	}()
	return client
}

// sweepAll looks at all of a fleet and returns the looks by host.
func sweepAll(ctx context.Context, l *Looker, f *inventory.Fleet) map[inventory.Ref]Look {
	var all []*inventory.Target
	for t := range f.Targets() {
		all = append(all, t)
	}
	out := map[inventory.Ref]Look{}
	for k := range l.Sweep(ctx, f, l.Due(f, all, actions.State{}, l.now(), 0)) {
		out[k.Host] = k
	}
	return out
}

// rows shows the results of a look.
func rows(k Look) []string {
	var out []string
	for _, r := range k.Results {
		s := fmt.Sprintf("%s %s", r.Key(), r.Status)
		if r.Cause != "" {
			s += " cause=" + string(r.Cause)
		}
		out = append(out, s+": "+r.Line)
	}
	slices.Sort(out)
	return out
}

const four = `
[site.home]
[site.away]
[node.a]
site = "home"
[node.b]
site = "home"
[node.c]
site = "away"
[node.d]
site = "away"
expected_off = ["22:00-06:00"]
`

func TestSweepVerdicts(t *testing.T) {
	f := load(t, four)
	reach := func(context.Context, string, string) (net.Conn, error) { return greeting("SSH-2.0-x\r\n"), nil }
	for _, c := range []struct {
		name  string
		run   map[string]func(context.Context, ssh.Command) (ssh.Output, error)
		dial  func(ctx context.Context, host, addr string) (net.Conn, error)
		host  inventory.Ref
		now   time.Time
		want  string
		asked []string
	}{
		{name: "well", host: "node/d", want: "node/d ssh ok: answers, look took 1ms"},
		{name: "down, and two others say so", host: "node/d",
			run:   map[string]func(context.Context, ssh.Command) (ssh.Output, error){"node/d": broken("node/d", ssh.Timeout, "connect: no answer in 10s")},
			want:  "node/d ssh fail: down: timeout: connect: no answer in 10s; also not seen from node/a, node/b",
			asked: []string{"node/a about d:22", "node/b about d:22"}},
		{name: "cut off from me", host: "node/d", dial: reach,
			run:  map[string]func(context.Context, ssh.Command) (ssh.Output, error){"node/d": broken("node/d", ssh.NoRoute, "")},
			want: "node/d ssh unknown: cut off from me: node/a, node/b reach it, from here: no route"},
		{name: "the port is open and nobody greets", host: "node/d",
			run:  map[string]func(context.Context, ssh.Command) (ssh.Output, error){"node/d": broken("node/d", ssh.Timeout, "")},
			dial: func(context.Context, string, string) (net.Conn, error) { return greeting(""), nil },
			want: "node/d ssh fail: down: timeout; also not seen from node/a, node/b"},
		{name: "they may not say", host: "node/d",
			run: map[string]func(context.Context, ssh.Command) (ssh.Output, error){"node/d": broken("node/d", ssh.Timeout, "")},
			dial: func(_ context.Context, host, addr string) (net.Conn, error) {
				return nil, &ssh.Error{Host: host, Address: addr, Trouble: ssh.Forbidden}
			},
			want: "node/d ssh fail: down: timeout; not confirmed by another host"},
		{name: "one may not say, the next does", host: "node/d",
			run: map[string]func(context.Context, ssh.Command) (ssh.Output, error){"node/d": broken("node/d", ssh.Timeout, "")},
			dial: func(_ context.Context, host, addr string) (net.Conn, error) {
				if host == "node/a" {
					return nil, &ssh.Error{Host: host, Address: addr, Trouble: ssh.Forbidden}
				}
				return nil, &ssh.Error{Host: host, Address: addr, Trouble: ssh.Refused}
			},
			want: "node/d ssh fail: down: timeout; also not seen from node/b, node/c"},
		{name: "nobody answers", host: "node/d",
			run: map[string]func(context.Context, ssh.Command) (ssh.Output, error){
				"node/a": broken("node/a", ssh.Timeout, ""), "node/b": broken("node/b", ssh.Timeout, ""), "node/c": broken("node/c", ssh.Timeout, ""), "node/d": broken("node/d", ssh.Timeout, "")},
			want: "node/d ssh unknown: not reached, nor is any other host: is this machine cut off? timeout"},
		{name: "refused needs no network to be true", host: "node/d",
			run: map[string]func(context.Context, ssh.Command) (ssh.Output, error){
				"node/a": broken("node/a", ssh.Timeout, ""), "node/b": broken("node/b", ssh.Timeout, ""), "node/c": broken("node/c", ssh.Timeout, ""), "node/d": broken("node/d", ssh.Refused, "")},
			want: "node/d ssh fail: down: connection refused; not confirmed by another host"},
		{name: "a name that is not found", host: "node/d",
			run:  map[string]func(context.Context, ssh.Command) (ssh.Output, error){"node/d": broken("node/d", ssh.NoSuchName, "")},
			want: "node/d ssh unknown: name not found"},
		{name: "changed key", host: "node/d",
			run:  map[string]func(context.Context, ssh.Command) (ssh.Output, error){"node/d": broken("node/d", ssh.HostKeyChanged, "it is SHA256:x now")},
			want: "node/d ssh fail: host key changed: it is SHA256:x now"},
		{name: "login refused", host: "node/d",
			run:  map[string]func(context.Context, ssh.Command) (ssh.Output, error){"node/d": broken("node/d", ssh.LoginRefused, "")},
			want: "node/d ssh unknown: cannot be used: login refused"},
		{name: "off as expected", host: "node/d", now: time.Date(2026, 11, 20, 23, 0, 0, 0, time.UTC),
			run:  map[string]func(context.Context, ssh.Command) (ssh.Output, error){"node/d": broken("node/d", ssh.Timeout, "")},
			want: "node/d ssh ok: off as expected until 2026-11-21 06:00"},
		{name: "a changed key is none that is expected", host: "node/d", now: time.Date(2026, 11, 20, 23, 0, 0, 0, time.UTC),
			run:  map[string]func(context.Context, ssh.Command) (ssh.Output, error){"node/d": broken("node/d", ssh.HostKeyChanged, "")},
			want: "node/d ssh fail: host key changed"},
		{name: "the jump host is down", host: "node/d",
			run: map[string]func(context.Context, ssh.Command) (ssh.Output, error){"node/d": func(context.Context, ssh.Command) (ssh.Output, error) {
				return ssh.Output{}, &ssh.Error{Host: "node/d", Via: "node/a", Trouble: ssh.Refused}
			}},
			want: "node/d ssh unknown cause=node/a: not reached: the way there leads through node/a: connection refused"},
		{name: "no shell", host: "node/d",
			run: map[string]func(context.Context, ssh.Command) (ssh.Output, error){"node/d": func(context.Context, ssh.Command) (ssh.Output, error) {
				return ssh.Output{Stdout: []byte("Welcome to RouterOS\n> syntax error\n"), Exit: 1}, nil
			}},
			want: "node/d ssh unknown: cannot be used: shell missing: what answered is no POSIX shell (exit 1): Welcome to RouterOS > syntax error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &fakePool{run: c.run, dial: c.dial}
				now := c.now
				if now.IsZero() {
					now = noon
				}
				l := &Looker{Pool: p, Kinds: fakeKinds(), Now: func() time.Time { return now }, Concurrency: 1}
				looks := sweepAll(t.Context(), l, f)
				if len(looks) != 4 {
					t.Fatalf("%d looks", len(looks))
				}
				if got := rows(looks[c.host]); got[0] != c.want {
					t.Errorf("got  %s\nwant %s", got[0], c.want)
				}
				slices.Sort(p.asked)
				if c.asked != nil && len(p.asked) != len(c.asked) {
					t.Errorf("asked %v", p.asked)
				}
			})
		})
	}
}

func TestSweepOneSilentHostMovesNoOther(t *testing.T) {
	f := load(t, four)
	synctest.Test(t, func(t *testing.T) {
		p := &fakePool{run: map[string]func(context.Context, ssh.Command) (ssh.Output, error){
			"node/a": func(ctx context.Context, _ ssh.Command) (ssh.Output, error) {
				<-ctx.Done()
				return ssh.Output{}, &ssh.Error{Host: "node/a", Address: "a:22", Trouble: ssh.Timeout, Err: ctx.Err()}
			},
			"node/b": broken("node/b", ssh.Refused, ""),
		}}
		l := &Looker{Pool: p, Kinds: fakeKinds(), Now: time.Now}
		var all []*inventory.Target
		for t := range f.Targets() {
			all = append(all, t)
		}
		start := time.Now()
		at := map[inventory.Ref]time.Duration{}
		for k := range l.Sweep(t.Context(), f, l.Due(f, all, actions.State{}, start, 0)) {
			at[k.Host] = time.Since(start)
		}
		if at["node/c"] != 0 || at["node/d"] != 0 || at["node/b"] != 0 || at["node/a"] != DefaultDeadline {
			t.Errorf("yielded at %v", at)
		}
	})
}

// TestSweepOneThatHangsHoldsUpNoVerdict: of two hosts one hangs and one refuses, and
// there is nobody else to wait for.
func TestSweepOneThatHangsHoldsUpNoVerdict(t *testing.T) {
	f := load(t, "[node.a]\n[node.b]\n[node.c]\n")
	synctest.Test(t, func(t *testing.T) {
		hangs := func(ctx context.Context, _ ssh.Command) (ssh.Output, error) {
			<-ctx.Done()
			return ssh.Output{}, &ssh.Error{Host: "node/a", Address: "a:22", Trouble: ssh.Timeout, Err: ctx.Err()}
		}
		for name, c := range map[string]struct {
			b, c  func(context.Context, ssh.Command) (ssh.Output, error)
			after time.Duration
		}{
			"refused, nobody answers":                             {broken("node/b", ssh.Refused, ""), hangs, patience},
			"no route, one answers":                               {broken("node/b", ssh.NoRoute, ""), nil, patience},
			"no route, nobody answers, so it may be this machine": {broken("node/b", ssh.NoRoute, ""), hangs, DefaultDeadline},
		} {
			p := &fakePool{run: map[string]func(context.Context, ssh.Command) (ssh.Output, error){"node/a": hangs, "node/b": c.b, "node/c": c.c}}
			l := &Looker{Pool: p, Kinds: fakeKinds(), Now: time.Now}
			start := time.Now()
			for k := range l.Sweep(t.Context(), f, l.Due(f, slices.Collect(f.Targets()), actions.State{}, start, 0)) {
				if took := time.Since(start); k.Host == "node/b" && took != c.after {
					t.Errorf("%s: yielded after %s, want %s", name, took, c.after)
				}
			}
		}
	})
}

func TestSweepCalledOffSaysNothing(t *testing.T) {
	f := load(t, four)
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context, _ ssh.Command) (ssh.Output, error) {
			<-ctx.Done()
			return ssh.Output{}, ctx.Err()
		}
		p := &fakePool{run: map[string]func(context.Context, ssh.Command) (ssh.Output, error){"node/a": hang, "node/b": hang}}
		l := &Looker{Pool: p, Kinds: fakeKinds(), Now: time.Now, Concurrency: 2}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		looks := sweepAll(ctx, l, f)
		for _, h := range []inventory.Ref{"node/a", "node/b"} {
			if k := looks[h]; len(k.Results) > 0 || len(k.Asked) > 0 || !errors.Is(k.Err, context.Canceled) {
				t.Errorf("%+v", k)
			}
		}
		before, _, _ := Merge(f, actions.State{}, []Look{look("node/a", noon, 1, "node/a ssh - ok: x")}, noon)
		after, events, gone := Merge(f, before, []Look{looks["node/a"]}, noon)
		if dump(before, noon) != dump(after, noon) || len(events)+len(gone) > 0 {
			t.Error("it changed the state")
		}

		// A deadline is another matter: what did not answer in time is unknown,
		// and nobody is called down for it.
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for h, k := range sweepAll(ctx, l, f) {
			got := rows(k)[0]
			if h == "node/a" && !strings.HasPrefix(got, "node/a ssh unknown: not looked at in time: ") {
				t.Errorf("%s: %s", h, got)
			}
			if strings.Contains(got, "fail") {
				t.Errorf("%s: %s", h, got)
			}
		}
	})
}

func TestSweepStoppedEarlyEndsAll(t *testing.T) {
	f := load(t, four)
	synctest.Test(t, func(t *testing.T) {
		l := &Looker{Pool: &fakePool{}, Kinds: fakeKinds(), Now: time.Now, Concurrency: 1}
		var all []*inventory.Target
		for t := range f.Targets() {
			all = append(all, t)
		}
		n := 0
		for range l.Sweep(t.Context(), f, l.Due(f, all, actions.State{}, noon, 0)) {
			n++
			break
		}
		if n != 1 {
			t.Errorf("%d looks", n)
		}
		// The bubble fails where a goroutine is left.
	})
}

func TestSweepEndsWithAPanicOfTheCaller(t *testing.T) {
	f := load(t, four)
	synctest.Test(t, func(t *testing.T) {
		l := &Looker{Pool: &fakePool{}, Kinds: fakeKinds(), Now: time.Now}
		var all []*inventory.Target
		for t := range f.Targets() {
			all = append(all, t)
		}
		defer func() {
			if recover() != "mine" {
				t.Error("it is lost")
			}
		}()
		for range l.Sweep(t.Context(), f, l.Due(f, all, actions.State{}, noon, 0)) {
			panic("mine")
		}
	})
}

func TestSweepReadsOnlyWhatItCan(t *testing.T) {
	f := load(t, `
[node.a]
script = "echo panic"
[node.b]
[service.s]
kind = "daemon"
on = "b"
script = "echo fail"
[service.nothing]
kind = "daemon"
on = "b"
script = ":"
`)
	l := &Looker{Pool: &shellPool{argv: []string{"dash"}}, Kinds: fakeKinds(), Now: func() time.Time { return noon }}
	looks := sweepAll(t.Context(), l, f)
	got := append(rows(looks["node/a"]), rows(looks["node/b"])...)
	for i := range got {
		got[i], _, _ = strings.Cut(got[i], "took ")
	}
	want := []string{
		"node/a ssh ok: answers, look ",
		"node/a vitals unknown: kind linux cannot read the answer of its check vitals: no such field",
		"node/b ssh ok: answers, look ",
		"node/b vitals ok: ok",
		"service/nothing deep ok: ok",
		"service/s deep unknown cause=service/s: not looked at: it needs up, which is fail",
		"service/s up fail: fail",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestSweepSharesEqualProbes(t *testing.T) {
	f := load(t, `
[node.a]
[service.one]
kind = "http"
on = "a"
url = "http://a.example.net:81/"
[service.two]
kind = "http"
on = "a"
url = "http://a.example.net:81/"
[check.outside]
of = "one"
kind = "http"
url = "http://a.example.net:81/"
from = "console"
`)
	p := &fakePool{}
	var fromHere []string
	l := &Looker{Pool: p, Kinds: fakeKinds(), Now: func() time.Time { return noon }, Dial: func(_ context.Context, _, addr string) (net.Conn, error) {
		fromHere = append(fromHere, addr)
		return nil, errors.New("no")
	}}
	looks := sweepAll(t.Context(), l, f)
	if want := []string{"node/a about a.example.net:81"}; !slices.Equal(p.asked, want) {
		t.Errorf("through the host: %v", p.asked)
	}
	if len(fromHere) != 1 || len(looks[inventory.Console].Results) != 1 {
		t.Errorf("from here: %v, %v", fromHere, rows(looks[inventory.Console]))
	}
	if n := len(looks["node/a"].Results); n != 4 {
		t.Errorf("%v", rows(looks["node/a"]))
	}
}

func TestSweepKeepsHalfAnAnswer(t *testing.T) {
	f := load(t, "[node.a]\n[service.s]\nkind = \"daemon\"\non = \"a\"\n")
	for _, c := range []struct {
		cut  string
		err  error
		want []string
	}{
		{"begin 2", &ssh.Error{Host: "node/a", Trouble: ssh.LineLost}, []string{
			"node/a ssh unknown: its look broke off: line lost", "node/a vitals ok: ok",
			"service/s deep unknown cause=node/a: not looked at: node/a: line lost", "service/s up ok: ok"}},
		{"end 1", &ssh.Error{Host: "node/a", Trouble: ssh.TooLarge}, []string{
			"node/a ssh unknown: its look broke off: output too large", "node/a vitals ok: ok",
			"service/s deep unknown cause=node/a: not looked at: node/a: output too large", "service/s up unknown cause=node/a: not looked at: node/a: output too large"}},
		{"begin 1", nil, []string{
			"node/a ssh ok: answers, look took 1ms", "node/a vitals ok: ok",
			"service/s deep unknown cause=service/s: not looked at: it needs up, which is unknown", "service/s up unknown: no answer came back: the host's shell ended early"}},
		{"hello", &ssh.Error{Host: "node/a", Trouble: ssh.HostKeyChanged}, []string{
			"node/a ssh fail: host key changed", "node/a vitals unknown cause=node/a: not looked at: node/a: host key changed",
			"service/s deep unknown cause=node/a: not looked at: node/a: host key changed", "service/s up unknown cause=node/a: not looked at: node/a: host key changed"}},
	} {
		t.Run(c.cut, func(t *testing.T) {
			p := &fakePool{run: map[string]func(context.Context, ssh.Command) (ssh.Output, error){"node/a": func(_ context.Context, cmd ssh.Command) (ssh.Output, error) {
				o := canned(cmd, "ok")
				i := strings.Index(string(o.Stdout), " "+c.cut)
				o.Stdout = o.Stdout[:i+1]
				return o, c.err
			}}}
			l := &Looker{Pool: p, Kinds: fakeKinds(), Now: func() time.Time { return noon }}
			if got := rows(sweepAll(t.Context(), l, f)["node/a"]); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}
