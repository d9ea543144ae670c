package inventory

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// Bounds that keep a hostile file from taking all time or memory. Nobody who
// wrote an inventory by hand comes near them.
const (
	maxProblems = 1000    // kept; beyond it nobody reads on
	maxList     = 1000    // strings in a list, or mounts of a share
	maxJumps    = 8       // hosts between the console and a host
	maxLoops    = 20      // reported
	maxCompared = 300_000 // names compared in search of what was meant
)

// builder makes a fleet of a tree. It goes over the tree once to read every
// table, then over the references, which may point ahead, and last over the
// rules that need both ends of one.
type builder struct {
	kinds     Schema
	dir, home string // what relative names and ~ mean; home may be ""
	fleet     *Fleet

	problems Problems
	dropped  int
	compared int            // names looked at in search of what was meant
	order    map[string]int // place of each file
	lost     bool           // a table could not be read: what seems missing may be there

	pos      map[Ref]Pos // of everything that has a name
	tabs     map[Ref]*table
	names    map[Level][]string
	targets  map[Level][]*Target
	byRef    map[Ref]*Target
	later    []func() // run when every name is known
	defaults map[string]Options
	playbook []*Playbook
	repos    map[Ref]int // place in the fleet's list
	edges    []Edge
	edgePos  map[Edge]Pos
}

func newBuilder(kinds Schema, dir, home string) *builder {
	return &builder{
		kinds: kinds, dir: dir, home: home, fleet: &Fleet{},
		order: map[string]int{}, pos: map[Ref]Pos{}, tabs: map[Ref]*table{}, names: map[Level][]string{Level(Console): {string(Console)}},
		targets: map[Level][]*Target{}, byRef: map[Ref]*Target{}, defaults: map[string]Options{}, edgePos: map[Edge]Pos{}, repos: map[Ref]int{},
	}
}

// report notes a mistake.
func (b *builder) report(pos Pos, hint, format string, args ...any) {
	b.note(Problem{Pos: pos, Hint: hint, Text: fmt.Sprintf(format, args...)})
}

// warn notes what is allowed and still looks like a mistake.
func (b *builder) warn(pos Pos, hint, format string, args ...any) {
	b.note(Problem{Pos: pos, Hint: hint, Text: fmt.Sprintf(format, args...), Warning: true})
}

func (b *builder) note(p Problem) {
	if b.full() {
		b.dropped++
		return
	}
	b.problems = append(b.problems, p)
}

// full reports whether another problem would be dropped, so that no work need
// go into wording it.
func (b *builder) full() bool { return len(b.problems) >= maxProblems }

// nearest returns a hint with the name that was probably meant.
func (b *builder) nearest(got string, can []string) string {
	if b.compared += len(can); b.full() || b.compared > maxCompared {
		return ""
	}
	return didYouMean(got, can)
}

// build reads the tree and returns the fleet, or all problems as an error when
// one of them is more than a warning.
func (b *builder) build(root *table) (*Fleet, error) {
	b.settings(root)
	b.ownKinds(root)
	for _, l := range levels {
		b.tables(root, l)
	}
	for _, f := range b.later {
		f()
	}
	b.inherit()
	b.rules(root)
	b.finish()
	if slices.ContainsFunc(b.problems, func(p Problem) bool { return !p.Warning }) {
		return nil, b.problems
	}
	b.fleet.Warnings = b.problems
	return b.fleet, nil
}

// settings reads the top of the file and [ssh].
func (b *builder) settings(root *table) {
	known := slices.Clone(keysOf[""])
	for _, l := range append([]Level{"ssh", LevelKind}, levels...) {
		known = append(known, Option{Name: string(l)})
	}
	top := &reader{b: b, tab: root, known: known}
	s := &b.fleet.Settings
	s.Name = top.line("name")
	s.ReadOnly = top.isTrue("read_only")
	name, at := top.lineAt("age_identity")
	s.AgeIdentity = b.file(item{name, at})
	top.done()
	if s.Name == "" {
		s.Name = strings.TrimSuffix(filepath.Base(b.fleet.Path), ".toml")
	}
	e := root.index["ssh"]
	if e == nil {
		return
	}
	r := b.read("[ssh]", e, keysOf["ssh"])
	b.reach(r, &s.Reach, "")
	if s.Reach.Config = r.line("config"); s.Reach.Config != "none" {
		s.Reach.Config = b.file(item{s.Reach.Config, r.tab.pos})
	}
	s.Concurrency = r.number("concurrency", 1, 1024)
	r.done()
}

// tables reads every [level.NAME].
func (b *builder) tables(root *table, l Level) {
	e := root.index[string(l)]
	if e == nil {
		return
	}
	if e.val.kind != kindTable {
		b.report(e.val.pos, fmt.Sprintf("write [%s.NAME]", l), "%q must be a table of tables, not %s", l, e.val.kind)
		return
	}
	for _, x := range e.val.tab.entries {
		if text, hint := checkName(x.key); text != "" {
			b.report(x.pos, hint, "%s", text)
		}
		ref := MakeRef(l, x.key)
		if !x.dup {
			b.pos[ref] = x.pos
			b.names[l] = append(b.names[l], x.key)
			if x.val.tab != nil {
				b.tabs[ref] = x.val.tab
			}
		}
		b.table(l, ref, x)
	}
}

func (b *builder) table(l Level, ref Ref, e *entry) {
	r := b.read(string(ref), e, keysOf[l])
	switch l {
	case LevelSite:
		s := Site{Name: ref.Name(), Title: r.line("title"), Pos: e.pos}
		if !e.dup {
			b.fleet.Sites = append(b.fleet.Sites, s)
		}
	case LevelRepository:
		b.repository(r, ref, e)
	case LevelBackup:
		b.backup(r, ref, e)
	case LevelPlaybook:
		b.play(r, ref, e)
	case LevelFence:
		b.fence(r, ref, e)
	case LevelRedirect:
		b.redirect(r, ref, e)
	case LevelCheck:
		b.check(r, ref, e)
	default:
		b.target(r, ref, e)
	}
	r.done()
}

// valuePos returns where the value of a key of a thing stands, or the thing
// itself where the key is not written.
func (b *builder) valuePos(ref Ref, key string) Pos {
	if t := b.tabs[ref]; t != nil {
		if e := t.index[key]; e != nil {
			return e.val.pos
		}
	}
	return b.pos[ref]
}

// written reports whether a thing has a key of its own.
func (b *builder) written(ref Ref, key string) bool {
	t := b.tabs[ref]
	return t != nil && t.index[key] != nil
}

// allTargets are the targets read so far, in the order in which they are shown.
func (b *builder) allTargets() []*Target {
	var all []*Target
	for _, l := range targetLevels {
		all = append(all, b.targets[l]...)
	}
	return all
}

// inherit gives a guest its node's site, and shares and services their host's.
func (b *builder) inherit() {
	for _, t := range b.allTargets() {
		from := t.Host
		if t.Ref.Level() == LevelVM {
			from = t.On
		}
		if h := b.byRef[from]; h != nil && t.Site == "" {
			t.Site = h.Site
		}
	}
	for i := range b.fleet.Repositories {
		r := &b.fleet.Repositories[i]
		if h := b.byRef[r.On]; h != nil && r.Site == "" {
			r.Site = h.Site
		}
	}
}

// finish puts problems in file order and fills the fleet's lists.
func (b *builder) finish() {
	slices.SortStableFunc(b.problems, func(x, y Problem) int {
		return cmp.Or(cmp.Compare(b.order[x.Pos.File], b.order[y.Pos.File]),
			cmp.Compare(x.Pos.Line, y.Pos.Line), cmp.Compare(x.Pos.Col, y.Pos.Col))
	})
	b.problems = slices.Compact(b.problems)
	if b.dropped > 0 {
		last := b.problems[len(b.problems)-1]
		b.problems = append(b.problems, Problem{Pos: last.Pos, Text: fmt.Sprintf("and %d more, which are not shown", b.dropped)})
	}
	f := b.fleet
	lists := map[Level]*[]Target{LevelNode: &f.Nodes, LevelVM: &f.VMs, LevelShare: &f.Shares, LevelService: &f.Services}
	f.index, f.byName = map[Ref]*Target{}, map[string][]Ref{}
	for _, l := range targetLevels {
		list := make([]Target, len(b.targets[l]))
		for i, t := range b.targets[l] {
			list[i] = *t
			f.index[t.Ref] = &list[i]
			f.byName[t.Ref.Name()] = append(f.byName[t.Ref.Name()], t.Ref)
		}
		*lists[l] = list
	}
	for _, p := range b.playbook {
		f.Playbooks = append(f.Playbooks, *p)
	}
	f.link(b.edges)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
