package check

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jurymast/inventory"
	"jurymast/ssh"
)

// TestSweepAsksElsewhere: what the first cannot tell is asked of the others, in
// turn, and of none once it is known.
func TestSweepAsksElsewhere(t *testing.T) {
	type answer = func(context.Context, ssh.Command) (ssh.Output, error)
	f := load(t, "[node.a]\n[node.b]\n[node.c]\n[node.d]\n[service.s]\nkind = \"member\"\non = \"d\"\nat = [\"a\", \"b\", \"c\"]\n")
	down := func(h string) answer { return broken("node/"+h, ssh.Timeout, "") }
	for _, c := range []struct {
		name  string
		run   map[string]answer // what a host says of s; else "ok"
		want  string
		asked string // which hosts were asked about s
	}{
		{"the first knows", nil, "service/s member ok: ok", "a"},
		{"what is bad is known", map[string]answer{"a": saying("fail")}, "service/s member fail: fail", "a"},
		{"the first is down", map[string]answer{"a": down("a")}, "service/s member ok: ok", "a b"},
		{"the first does not know", map[string]answer{"a": saying("unknown"), "b": saying("warn")}, "service/s member warn: warn", "a b"},
		{"the last knows", map[string]answer{"a": saying("unknown"), "b": down("b"), "c": saying("fail")}, "service/s member fail: fail", "a b c"},
		{"nobody knows", map[string]answer{"a": saying("unknown"), "b": saying("unknown it"), "c": down("c")}, "service/s member unknown: unknown", "a b c"},
		{"all are down", map[string]answer{"a": down("a"), "b": down("b"), "c": down("c")}, "service/s member unknown cause=node/a: not looked at: node/a: timeout", "a b c"},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			var mu sync.Mutex
			asked := map[string]bool{}
			p := &fakePool{run: map[string]answer{}}
			for _, h := range []string{"a", "b", "c"} {
				p.run["node/"+h] = func(ctx context.Context, cmd ssh.Command) (ssh.Output, error) {
					if strings.Contains(cmd.Text, "echo "+h) {
						mu.Lock()
						asked[h] = true
						mu.Unlock()
						if f := c.run[h]; f != nil {
							return f(ctx, cmd)
						}
					} else if f := c.run[h]; f != nil {
						if out, err := f(ctx, cmd); err != nil {
							return out, err
						}
					}
					return canned(cmd, "ok"), nil
				}
			}
			l := &Looker{Pool: p, Kinds: fakeKinds(), Now: func() time.Time { return noon }}
			looks := sweepAll(t.Context(), l, f)
			var got []string
			for _, k := range looks {
				for _, r := range rows(k) {
					if strings.HasPrefix(r, "service/s member") {
						got = append(got, r)
					}
				}
			}
			if !slices.Equal(got, []string{c.want}) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if s := strings.Join(slices.Sorted(maps.Keys(asked)), " "); s != c.asked {
				t.Errorf("%s were asked, want %s", s, c.asked)
			}
			if len(looks) != 4 || looks["node/a"].Host != inventory.Ref("node/a") {
				t.Errorf("%d hosts were looked at", len(looks))
			}
		})
	}
}

// saying answers every check with one line.
func saying(line string) func(context.Context, ssh.Command) (ssh.Output, error) {
	return func(_ context.Context, c ssh.Command) (ssh.Output, error) { return canned(c, line), nil }
}
