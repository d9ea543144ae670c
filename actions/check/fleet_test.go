package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// noon is the time of the tests: a Friday.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// fakeKinds is a catalogue for tests. A "unit" reads what its script prints as
// status and line; a "scripts" has one check for each word of its option.
func fakeKinds() []actions.Kind {
	everything := []inventory.Level{inventory.LevelNode, inventory.LevelVM, inventory.LevelService, inventory.LevelShare, inventory.LevelCheck}
	read := func(a actions.Answer) []actions.Reading {
		var out []actions.Reading
		for line := range strings.Lines(string(a.Stdout)) {
			f := strings.Fields(line)
			if len(f) == 0 {
				continue
			}
			if f[0] == "panic" {
				panic("no such field")
			}
			r := actions.Reading{Line: line}
			if err := r.Status.UnmarshalText([]byte(f[0])); err != nil {
				r.Status = actions.Unknown
			}
			if len(f) > 1 {
				r.Item = f[1]
			}
			if len(f) > 2 {
				r.On = inventory.Ref(f[2])
			}
			out = append(out, r)
		}
		return out
	}
	return []actions.Kind{
		{
			Name: "linux", Levels: everything, Options: []inventory.Option{{Name: "script", Type: inventory.TypeString, Default: "echo ok", Doc: "d"}},
			Checks: func(_ *inventory.Fleet, t inventory.Target) []actions.Check {
				return []actions.Check{{ID: "vitals", Title: "vitals", Script: actions.Script{Name: "vitals.sh", Body: t.Options.String("script")}, Read: read}}
			},
		},
		{
			Name: "daemon", Levels: everything, Options: []inventory.Option{{Name: "script", Type: inventory.TypeString, Default: "echo ok", Doc: "d"}},
			Checks: func(_ *inventory.Fleet, t inventory.Target) []actions.Check {
				return []actions.Check{
					{ID: "up", Title: "runs", Script: actions.Script{Name: string(t.Ref) + "up.sh", Body: t.Options.String("script")}, Read: read, Every: 2 * time.Minute},
					{ID: "deep", Title: "answers", Needs: []string{"up"}, Script: actions.Script{Name: string(t.Ref) + "deep.sh", Body: "echo ok"}, Read: read},
				}
			},
		},
		{
			Name: "member", Levels: everything, Options: []inventory.Option{{Name: "at", Type: inventory.TypeList, Doc: "hosts that know"}},
			Checks: func(_ *inventory.Fleet, t inventory.Target) []actions.Check {
				c := actions.Check{ID: "member", Title: "as others see it", Read: read}
				for i, h := range t.Options.List("at") {
					x := actions.Check{Host: inventory.Ref("node/" + h), Script: actions.Script{Name: "member.sh", Body: "echo " + h}, Read: read}
					if i == 0 {
						x.ID, x.Title = c.ID, c.Title
						c = x
					} else {
						c.Else = append(c.Else, x)
					}
				}
				return []actions.Check{c}
			},
		},
		{
			Name: "http", Levels: everything, Options: []inventory.Option{{Name: "url", Type: inventory.TypeURL, Doc: "d"}, {Name: "status", Type: inventory.TypeInt, Default: "200", Doc: "d"}},
			Checks: func(_ *inventory.Fleet, t inventory.Target) []actions.Check {
				return []actions.Check{{ID: "http", Title: "answers", Probe: &actions.Probe{Net: "http", URL: t.Options.String("url")}, Read: func(a actions.Answer) []actions.Reading {
					if a.Probe.Err != "" {
						return actions.UnknownReading("%s", a.Probe.Err)
					}
					return []actions.Reading{{Line: a.Probe.Proto}}
				}}}
			},
		},
	}
}

// load makes a fleet of TOML.
func load(t testing.TB, toml string) *inventory.Fleet {
	t.Helper()
	schema := inventory.Schema{}
	for _, k := range fakeKinds() {
		schema[k.Name] = k.Schema()
	}
	path := filepath.Join(t.TempDir(), "inventory.toml")
	if err := os.WriteFile(path, []byte(toml), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := inventory.Load(path, schema)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// look makes a look at a host from "target check item status" and lines. An
// item of "-" is none.
func look(host inventory.Ref, at time.Time, confirm int, rows ...string) Look {
	l := Look{Host: host}
	asked := map[group]bool{}
	for _, row := range rows {
		row, line, _ := strings.Cut(row, ": ")
		f := strings.Fields(row)
		g := group{inventory.Ref(f[0]), f[1]}
		if !asked[g] {
			asked[g] = true
			l.Asked = append(l.Asked, Due{Target: g.target, Check: actions.Check{ID: g.check, Host: host, Every: time.Minute, Confirm: confirm}})
		}
		if len(f) < 4 {
			continue // asked, and nothing found
		}
		r := actions.Result{Target: g.target, Check: g.check, Item: strings.Trim(f[2], "-"), Line: line, At: at}
		if err := r.Status.UnmarshalText([]byte(f[3])); err != nil {
			panic(err)
		}
		for _, w := range f[4:] {
			switch k, v, _ := strings.Cut(w, "="); k {
			case "cause":
				r.Cause = inventory.Ref(v)
			case "on":
				r.On = inventory.Ref(v)
			default:
				panic(w)
			}
		}
		l.Results = append(l.Results, r)
	}
	return l
}
