package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// glass is a repository that is a system of its own, asked on node/p. Where
// noWay is set what it puts in place cannot be taken back.
func glass(noWay bool) actions.Kind {
	return actions.Kind{
		Name: "glass", Levels: []inventory.Level{inventory.LevelRepository},
		Native: func(*inventory.Fleet, inventory.Repository, inventory.Target) (actions.Native, error) {
			n := actions.Native{
				Repository: actions.Repository{Survey: act("able"), List: act("list"), Copy: act("copy"), Find: act("find"), Extract: act("extract"), Verify: act("verify"), Forget: ref("forget")},
				Host:       "node/p", CopyDown: true, Room: act("room"), Clear: act("clear"), Spare: "9100", Try: ref("try"),
				Put: act("put"), Back: ref("back"), Stop: ref("down"), Start: ref("up"), Prove: ref("prove"),
				Place: func(to string) (string, error) {
					if strings.Trim(to, "0123456789") != "" {
						return "", fmt.Errorf("%q is no number", to)
					}
					return to, nil
				},
			}
			if noWay {
				n.Back, n.Spare = nil, ""
			}
			return n, nil
		},
	}
}

const glassInventory = `
[node.a]
[node.b]
[node.p]
[service.s]
kind = "linuxish"
on = "a"
[service.web]
kind = "db"
on = "b"
needs = ["s"]
[service.both]
kind = "db"
on = "a"
[repository.g]
kind = "glass"
[repository.r]
kind = "shelf"
on = "p"
[backup.s]
of = "s"
to = ["g"]
rpo = "1h"
[backup.both]
of = "both"
to = ["r", "g"]
rpo = "1h"
`

// glassPlan plans a request about what a system copies by means of its own.
func glassPlan(t *testing.T, r Request, answers map[string]string, noWay bool) (actions.Plan, error) {
	t.Helper()
	kinds := append(testKinds(actions.GradePower), glass(noWay), actions.Kind{Name: "linuxish", Levels: []inventory.Level{inventory.LevelService}})
	schema := inventory.Schema{}
	for _, k := range kinds {
		schema[k.Name] = k.Schema()
	}
	fleet, err := inventory.Parse("t.toml", []byte(glassInventory), schema)
	if err != nil {
		t.Fatal(err)
	}
	f := Facts{Fleet: fleet, Kinds: kinds, Now: now, Answers: map[string]Answer{}}
	qs, err := Questions(f, r)
	if err != nil {
		return actions.Plan{}, err
	}
	said := map[string]string{
		"data": "@bytes 1000\n@free 100000\n", "repository-g": "@tool glass\n", "repository-r": "@tool shelf\n",
		"list-g": "@copy-1 old 1763600000 900 0\n@copy-2 new 1795142000 1000 0\n", "list-r": "@copy-1 file 1795142100 1000 3\n",
		"room-g": "@present yes\n@free 100000\n",
	}
	for _, q := range qs {
		if strings.HasSuffix(q.ID, "-g") && q.Host != "node/p" {
			t.Errorf("%s is asked of %s", q.ID, q.Host)
		}
		out, ok := answers[q.ID]
		if !ok {
			out = said[q.ID]
		}
		f.Answers[q.ID] = Answer{Output: actions.Output{Stdout: []byte(out)}}
	}
	return Make(f, r)
}

// drawn is a plan as people would read it: where, what, and how it is undone.
func drawn(p actions.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\nrisk: %s\n", p.Title, p.Ladder, p.Impact.Risk)
	for _, s := range p.Steps {
		if s.Host != "" {
			b.WriteString(s.Host.Name() + ": ")
		}
		b.WriteString(s.Title)
		switch {
		case s.NoReturn:
			b.WriteString("; cannot be undone")
		case s.Undo != nil:
			b.WriteString("; undo: " + s.Undo.Name)
		}
		if s.Check != nil {
			b.WriteString("; done already: " + s.Check.Name)
		}
		if len(s.Down) > 0 {
			fmt.Fprintf(&b, "; down: %v", s.Down)
		}
		if len(s.After) > 0 {
			fmt.Fprintf(&b, "; after: %v", s.After)
		}
		b.WriteByte('\n')
	}
	for _, x := range p.Left {
		b.WriteString("left: " + x.Text + "\n")
	}
	return b.String()
}

func TestNativePlans(t *testing.T) {
	for _, tt := range []struct {
		name    string
		r       Request
		answers map[string]string
		noWay   bool
		want    string
	}{
		{"backup", Request{Verb: actions.VerbBackup, Target: "service/s"}, nil, false, `Copy service/s to g (harmless)
risk: none: nothing of the live data is changed
p: have it copied to g; done already: find; down: [service/s service/web]
p: see the copy in g; after: [copy-g]
p: keep 7 daily, 4 weekly, 12 monthly in g; after: [copy-g list-g]
`},
		{"both sorts of copies", Request{Verb: actions.VerbBackup, Target: "service/both"}, nil, false, `Copy service/both to r and g (harmless)
risk: none: nothing of the live data is changed
a: make room for the dump; undo: plan/remove.sh
a: hold both still; its host lets go by itself when nothing is heard from here for 1h00m, unless it was started anew; undo: free
a: dump both
a: let both go again
a: copy to r; done already: find
p: have it copied to g; done already: find; down: [service/both]
a: see the copy in r; after: [copy-r]
p: see the copy in g; after: [copy-g]
a: keep 7 daily, 4 weekly, 12 monthly in r; after: [copy-r list-r]
p: keep 7 daily, 4 weekly, 12 monthly in g; after: [copy-g list-g]
a: remove the dump
`},
		{"in place", Request{Verb: actions.VerbRestore, Target: "service/s"}, nil, false, `Bring service/s back from a copy (grave)
risk: what was written in the last 26m40s; a copy of what is there is made first
b: stop web; undo: start; down: [service/web]
p: stop s; undo: up; down: [service/s]
p: have it copied to g; done already: find; down: [service/s service/web]
p: see the copy of what is there now in g; after: [copy-g]
p: put copy new of g in its place; undo: back; after: [list-g]
p: start s; undo: down
p: prove that it works
b: start web
look at s, web
left: what was there before is the newest copy in g: retention removes it like any other
`},
		{"in place without a way back", Request{Verb: actions.VerbRestore, Target: "service/s", Copy: "old"}, nil, true, `Bring service/s back from a copy (grave)
risk: what was written in the last 365d02h; a copy of what is there is made first
b: stop web; undo: start; down: [service/web]
p: stop s; undo: up; down: [service/s]
p: have it copied to g; done already: find; down: [service/s service/web]
p: see the copy of what is there now in g; after: [copy-g]
p: put copy old of g in its place; cannot be undone; after: [list-g]
p: start s
p: prove that it works
b: start web
look at s, web
left: what was there before is the newest copy in g: retention removes it like any other
`},
		{"of what is gone", Request{Verb: actions.VerbRestore, Target: "service/s"}, map[string]string{"room-g": "@present no\n@free 5000\n"}, false, `Bring service/s back from a copy (grave)
risk: what was written in the last 26m40s; nothing is there that could be lost besides
b: stop web; undo: start; down: [service/web]
p: put copy new of g in its place; undo: back
p: start s; undo: down
p: prove that it works
b: start web
look at s, web
`},
		{"beside", Request{Verb: actions.VerbRestore, Target: "service/s", To: "9200"}, map[string]string{"room-g": "@present no\n@free 5000\n"}, false, `Bring a copy of service/s back to 9200 (disruptive)
risk: none: the live data is not touched
p: bring copy new of g back to 9200; undo: clear
`},
		{"to a folder goes what is in files", Request{Verb: actions.VerbRestore, Target: "service/both", To: "/srv/out"}, nil, false, `Extract a copy of service/both to /srv/out (disruptive)
risk: none: the live data is not touched
a: make /srv/out
a: extract copy file from r
`},
		{"to a number goes what is a guest", Request{Verb: actions.VerbRestore, Target: "service/both", To: "9200"}, map[string]string{"room-g": "@present no\n@free 5000\n"}, false, `Bring a copy of service/both back to 9200 (disruptive)
risk: none: the live data is not touched
p: bring copy new of g back to 9200; undo: clear
`},
		{"drill", Request{Verb: actions.VerbDrill, Target: "service/s"}, map[string]string{"room-g": "@present no\n@free 5000\n"}, false, `Practise a restore of service/s beside it (disruptive)
risk: none: the live data is not touched
p: read the copy back in g
p: bring copy new of g back to 9100; undo: clear
p: bring it up with nobody in reach, and prove it
p: remove it again
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := glassPlan(t, tt.r, tt.answers, tt.noWay)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range []actions.Hold{actions.Blocking, actions.Noted} {
				if u := p.Unmet(h); len(u) > 0 {
					t.Errorf("%+v", u)
				}
			}
			if got := drawn(p); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// TestNativeConditions: what keeps a system of its own from being used.
func TestNativeConditions(t *testing.T) {
	backup, restore, drill := Request{Verb: actions.VerbBackup, Target: "service/s"}, Request{Verb: actions.VerbRestore, Target: "service/s"}, Request{Verb: actions.VerbDrill, Target: "service/s"}
	beside := Request{Verb: actions.VerbRestore, Target: "service/s", To: "9200"}
	for _, c := range []struct {
		name, id, said string
		r              Request
		want           string
	}{
		{"cannot be used", "repository-g", "@trouble no quorum\n", backup, "repository-g"},
		{"tool is missing", "repository-g", "@missing bconsole\n", backup, "repository-g"},
		{"no copy", "list-g", "", restore, "copy"},
		{"something would be lost", "room-g", "@trouble it has snapshots\n@present yes\n", restore, "place"},
		{"not known what is there", "room-g", "@free 5000\n", restore, "place-seen"},
		{"place is taken", "room-g", "@present yes\n@free 5000\n", beside, "place-free"},
		{"spare place is taken", "room-g", "@present yes\n@free 5000\n", drill, "place-free"},
		{"no room", "room-g", "@present no\n@free 1050\n", drill, "room"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := glassPlan(t, c.r, map[string]string{c.id: c.said}, false)
			if err != nil {
				t.Fatal(err)
			}
			nextIsSaid(t, p)
			if !slices.ContainsFunc(p.Unmet(actions.Blocking), func(x actions.Condition) bool { return x.Name == c.want }) {
				t.Errorf("conditions: %+v", p.Conditions)
			}
		})
	}
	for want, r := range map[string]Request{
		`g: "b" is no number`:   {Verb: actions.VerbRestore, Target: "service/s", To: "b"},
		`g: "/srv" is no num`:   {Verb: actions.VerbRestore, Target: "service/s", To: "/srv"},
		"makes and removes its": {Verb: actions.VerbDrill, Target: "service/s", To: "/srv"},
	} {
		if _, err := glassPlan(t, r, map[string]string{"room-g": "@present no\n@free 5000\n"}, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := glassPlan(t, drill, nil, true); err == nil || !strings.Contains(err.Error(), "names no spare place") {
		t.Errorf("a drill without a place: %v", err)
	}
}

// TestNativeEvidence: what was put in place is proven as far as it was shown.
func TestNativeEvidence(t *testing.T) {
	p, err := glassPlan(t, Request{Verb: actions.VerbRestore, Target: "service/s"}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	var es []actions.Event
	for _, s := range p.Steps {
		es = append(es, actions.Event{Type: actions.EventDone, Step: s.ID, To: "ok"})
	}
	es = append(es, actions.Event{Type: actions.EventSaid, Step: "prove", Item: "level", Line: "answered"}, actions.Event{Type: actions.EventSaid, Step: "list-g", Item: "copy", Line: "kept"})
	got := Evidence(actions.Run{ID: "r1", Plan: p, Target: "service/s", Verb: p.Verb}, es, now)
	if len(got) != 2 || got[0].ID != "kept" || got[0].Proof != "listed" || got[1].ID != "new" || got[1].Proof != "answered" || got[1].Repository != "g" {
		t.Errorf("%+v", got)
	}
}

// TestNativeEvidenceOfADamagedCopy: a copy of which the way back found that it is
// not what was copied counts no more; one that could not be brought back for
// another reason is proven as far as it was.
func TestNativeEvidenceOfADamagedCopy(t *testing.T) {
	for _, tt := range []struct {
		name         string
		ok           []string
		failed, said string
		want         string
	}{
		{"the volumes give less", []string{"verify"}, "extract", "damaged", "damaged"},
		{"its data is no good", []string{"verify", "extract"}, "try", "damaged", "damaged"},
		{"no room", []string{"verify"}, "extract", "", "readable"},
		{"it says it and ends well", []string{"verify", "extract", "try"}, "", "damaged", "extracted"},
		{"it is read back and is spoilt", nil, "verify", "damaged", "damaged"},
		{"it is not read back", nil, "verify", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := glassPlan(t, Request{Verb: actions.VerbDrill, Target: "service/s"}, map[string]string{"room-g": "@present no\n@free 100000\n"}, false)
			if err != nil {
				t.Fatal(err)
			}
			var es []actions.Event
			for _, id := range tt.ok {
				es = append(es, actions.Event{Type: actions.EventDone, Step: id, To: "ok"})
			}
			if tt.said != "" {
				es = append(es, actions.Event{Type: actions.EventSaid, Step: orElse(tt.failed, "try"), Item: tt.said, Line: "volume data error"})
			}
			if tt.failed != "" {
				es = append(es, actions.Event{Type: actions.EventDone, Step: tt.failed, To: "failed"})
			}
			got := Evidence(actions.Run{ID: "r1", Plan: p, Target: "service/s", Verb: p.Verb}, es, now)
			if tt.want == "" { // what was known before stays
				if len(got) != 0 {
					t.Errorf("%+v, and nothing was found out", got)
				}
				return
			}
			if len(got) != 1 || got[0].ID != "new" || got[0].Proof != tt.want || !got[0].Proved.Equal(now) || !got[0].Listed.IsZero() {
				t.Errorf("%+v, want %s", got, tt.want)
			}
		})
	}
}

// TestPickPassesOverWhatIsDamaged: the newest that is not known to be damaged is
// brought back, one that is where nothing else is left, or where it is named.
func TestPickPassesOverWhatIsDamaged(t *testing.T) {
	newest := actions.Copy{ID: "newest", At: now, Proof: "damaged"}
	older := actions.Copy{ID: "older", At: now.Add(-time.Hour), Proof: "extracted"}
	half := actions.Copy{ID: "half", At: now, Partial: true}
	for _, tt := range []struct {
		name string
		all  []actions.Copy
		r    Request
		want string
	}{
		{"an older one is good", []actions.Copy{newest, older}, Request{}, "older"},
		{"the latest", []actions.Copy{half, newest, older}, Request{Copy: "latest"}, "older"},
		{"named", []actions.Copy{newest, older}, Request{Copy: "new"}, "newest"},
		{"nothing else is left", []actions.Copy{half, newest}, Request{}, "newest"},
		{"nothing else is as old", []actions.Copy{{ID: "new", At: now}, {ID: "then", At: older.At, Proof: "damaged"}}, Request{At: older.At}, "then"},
	} {
		if c, why := pick(tt.all, tt.r); c.ID != tt.want {
			t.Errorf("%s: %q (%s), want %s", tt.name, c.ID, why, tt.want)
		}
	}
}

// TestNativeIsListedAndAudited: where it is listed, and what is known of it, is
// told by the system, and of a repository without a kind nothing is.
func TestNativeIsListedAndAudited(t *testing.T) {
	kinds := append(testKinds(actions.GradePower), glass(false), actions.Kind{Name: "linuxish", Levels: []inventory.Level{inventory.LevelService}})
	schema := inventory.Schema{}
	for _, k := range kinds {
		schema[k.Name] = k.Schema()
	}
	f, err := inventory.Parse("t.toml", []byte(glassInventory+"[repository.words]\n"), schema)
	if err != nil {
		t.Fatal(err)
	}
	both := f.Backups[slices.IndexFunc(f.Backups, func(b inventory.Backup) bool { return b.Name == "both" })]
	for name, host := range map[string]inventory.Ref{"g": "node/p", "r": "node/a"} {
		if q, err := Listing(f, kinds, both, name); err != nil || q.Host != host || q.ID != "both "+name || q.Script.Inputs[actions.InTag] != "both" {
			t.Errorf("%s: %+v, %v", name, q, err)
		}
	}
	if _, err := Listing(f, kinds, both, "words"); err != ErrDescribed {
		t.Errorf("words: %v", err)
	}
	for _, r := range f.Repositories {
		if _, ok := Keeps(f, kinds, r); ok != (r.Name != "words") {
			t.Errorf("%s: %v", r.Name, ok)
		}
	}
}
