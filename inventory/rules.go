package inventory

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// rules looks at what only shows when the whole fleet is known. With a table
// missing it would report what is not so, and says nothing.
func (b *builder) rules(root *table) {
	if b.lost {
		return
	}
	all := b.allTargets()
	if len(all) == 0 && !root.broken {
		b.report(root.pos, "begin with [node.NAME]", "the inventory holds no node, vm, share or service")
	}
	b.inheritJumps()
	b.loops(all)
	b.standbys()
	b.refused(all)
	b.addresses()
	b.mountPoints()
	b.backups()
	b.goals()
	b.uncovered(all)
	b.repositories()
}

// inheritJumps adds the edges of [ssh] jump to hosts that say nothing of their
// own. One that stands in it is reached through those that stand before it.
func (b *builder) inheritJumps() {
	global := b.fleet.Settings.Reach.Jump
	for _, l := range hostLevels {
		for _, t := range b.targets[l] {
			if t.Reach.Jump != nil {
				continue
			}
			for _, j := range global {
				if j == string(t.Ref) {
					break
				}
				if to := Ref(j); b.byRef[to] != nil {
					b.edge(Edge{t.Ref, to, EdgeJump}, b.pos[t.Ref])
				}
			}
		}
	}
}

// verbs word an edge of a loop.
var verbs = map[EdgeKind]string{
	EdgeNeeds: "needs", EdgeOn: "runs on", EdgeData: "keeps its data on", EdgeJump: "is reached through",
}

// loops reports every loop of needs once, at the need that closes it.
func (b *builder) loops(all []*Target) {
	next := map[Ref][]Edge{}
	for _, e := range dependencies(b.edges) {
		next[e.From] = append(next[e.From], e)
	}
	const onPath, done = 1, 2
	found := 0
	state := map[Ref]int{}
	var path []Edge
	var visit func(Ref)
	visit = func(r Ref) {
		state[r] = onPath
		for _, e := range next[r] {
			switch state[e.To] {
			case onPath:
				if found++; found > maxLoops {
					continue
				}
				from := slices.IndexFunc(path, func(p Edge) bool { return p.From == e.To })
				if from < 0 {
					from = len(path) // e.To is r itself
				}
				b.loop(append(slices.Clone(path[from:]), e))
			case done:
			default:
				path = append(path, e)
				visit(e.To)
				path = path[:len(path)-1]
			}
		}
		state[r] = done
	}
	for _, t := range all {
		if state[t.Ref] == 0 {
			visit(t.Ref)
		}
	}
}

func (b *builder) loop(edges []Edge) {
	at := edges[len(edges)-1]
	for _, want := range []EdgeKind{EdgeJump, EdgeNeeds} { // the last one wins: a need is easier to take out
		for _, e := range edges {
			if e.Why == want {
				at = e
			}
		}
	}
	var s strings.Builder
	const shown = 8 // at each end of a long loop
	for i, e := range edges {
		if i == shown && len(edges) > 2*shown+1 {
			fmt.Fprintf(&s, ", and on over %d more", len(edges)-2*shown)
		}
		if i >= shown && i < len(edges)-shown {
			continue
		}
		if i == 0 {
			fmt.Fprintf(&s, "%s %s %s", e.From, verbs[e.Why], e.To)
		} else {
			fmt.Fprintf(&s, ", which %s %s", verbs[e.Why], e.To)
		}
	}
	hint := "none of them could ever be the first to work: take one of the needs out"
	if at.Why == EdgeJump {
		hint = "none of them could ever be reached: take one of the jumps out"
	}
	b.report(b.edgePos[at], hint, "loop: %s", s.String())
}

// machine is the node under a host.
func (b *builder) machine(host Ref) Ref {
	if t := b.byRef[host]; t != nil && t.Ref.Level() == LevelVM && t.On != "" {
		return t.On
	}
	return host
}

func (b *builder) siteOf(r Ref) string {
	if t := b.byRef[r]; t != nil {
		return t.Site
	}
	return ""
}

func (b *builder) standbys() {
	for _, t := range b.targets[LevelService] {
		for _, s := range t.Standby {
			at := b.edgePos[Edge{t.Ref, s, EdgeStandby}]
			if t.Host == "" {
				continue
			}
			if s == t.Host {
				b.report(at, "name another host", "%s is its own standby: it runs on %s", t.Ref, s)
				continue
			}
			var text, hint string
			switch site := b.siteOf(s); {
			case b.machine(s) == b.machine(t.Host):
				text, hint = fmt.Sprintf("standby %s of %s is on the same machine as %s: when %s dies both are gone", s, t.Ref, t.Host, b.machine(s)), "name a host on another node"
			case site != "" && site == t.Site:
				text, hint = fmt.Sprintf("standby %s of %s is at the same site as %s: one fire at %s takes both", s, t.Ref, t.Host, site), "name a host at another site"
			default:
				continue
			}
			switch t.Class {
			case ClassUser:
				b.report(at, hint, "%s, and class user forbids that", text)
			case ClassApplication:
				b.warn(at, hint, "%s", text)
			}
		}
	}
}

// refused reports values that make no sense together, as the kinds say.
func (b *builder) refused(all []*Target) {
	for _, t := range all {
		if k := b.kinds[t.Kind]; k.Refuses != nil {
			if key, why, hint := k.Refuses(*t); key != "" {
				b.report(b.valuePos(t.Ref, key), hint, "%s: %s", t.Ref, why)
			}
		}
	}
}

// addresses warns of two hosts that are the same machine.
func (b *builder) addresses() {
	first := map[string]Ref{}
	for _, l := range hostLevels {
		for _, t := range b.targets[l] {
			addr := strings.ToLower(t.Reach.Address)
			if addr == "" {
				addr = t.Ref.Name()
			}
			if ip, err := netip.ParseAddr(addr); err == nil {
				addr = ip.String()
			}
			port := t.Reach.Port
			if port == 0 {
				port = 22
			}
			// Networks behind different jump hosts may well use the same addresses.
			key := strings.Join(t.Reach.Jump, ",") + " " + addr + " " + strconv.Itoa(port)
			if other, ok := first[key]; ok {
				b.warn(b.valuePos(t.Ref, "address"), "first at "+b.valuePos(other, "address").String(), "%s and %s have one address, %s port %d", other, t.Ref, addr, port)
				continue
			}
			first[key] = t.Ref
		}
	}
}

// mountPoints reports two shares that one host mounts at one place.
func (b *builder) mountPoints() {
	first := map[Mount]Ref{}
	for _, t := range b.targets[LevelShare] {
		for _, m := range t.Mounts {
			if other, ok := first[m]; ok {
				b.report(b.edgePos[Edge{m.On, t.Ref, EdgeMounts}], "", "%s mounts both %s and %s at %s", m.On, other, t.Ref, m.At)
				continue
			}
			first[m] = t.Ref
		}
	}
}

// backups fills in what a policy leaves open and warns of copies that would be
// lost together with what they are copies of.
func (b *builder) backups() {
	for i := range b.fleet.Backups {
		p := &b.fleet.Backups[i]
		ref := MakeRef(LevelBackup, p.Name)
		t := b.byRef[p.Of]
		if t == nil {
			continue
		}
		if p.RTO == 0 {
			p.RTO = t.RTO
		}
		if p.RPO == 0 {
			p.RPO = t.Class.RPO()
			if !b.written(ref, "rpo") {
				b.warn(b.pos[ref], `write rpo = "`+formatDays(p.RPO)+`" or what you can bear to lose`, "%s has no rpo: that of class %s holds, %s", ref, t.Class, formatDays(p.RPO))
			}
		}
		var away, near bool
		for _, name := range p.To {
			i, ok := b.repos[MakeRef(LevelRepository, name)]
			if !ok {
				continue
			}
			near = true
			r := b.fleet.Repositories[i]
			b.takes(p.Of, t, r)
			away = away || r.Site != "" && t.Site != "" && r.Site != t.Site
			if r.On != "" && b.machine(r.On) == b.machine(t.Host) {
				b.warn(b.valuePos(ref, "to"), "add a repository on another machine", "repository/%s is on the same machine as %s: when %s dies both are gone", name, t.Ref, b.machine(r.On))
			}
		}
		switch {
		case away || !near || t.Class == ClassSystem:
		case t.Site == "":
			b.warn(b.valuePos(ref, "to"), "say at which site its host and the repositories stand", "no copy of %s is known to be off site", t.Ref)
		default:
			b.warn(b.valuePos(ref, "to"), "add a repository at another site", "no copy of %s is known to leave site %s: one fire takes all", t.Ref, t.Site)
		}
	}
}

// takes reports a repository that cannot keep what a backup sends there.
func (b *builder) takes(of Ref, t *Target, r Repository) {
	k, ok := b.kinds[r.Kind]
	if !ok {
		return
	}
	to := MakeRef(LevelRepository, r.Name)
	at := b.edgePos[Edge{of, to, EdgeBackup}]
	if k.Takes != nil {
		if why, hint := k.Takes(*t); why != "" {
			b.report(at, hint, "%s is of kind %s, which cannot copy %s: %s", to, r.Kind, of, why)
			return
		}
	}
	if k.Files && b.kinds[t.Kind].NoData && b.kinds[t.Kind].Levels != nil {
		b.warn(at, "name what lies on it: a service or share with the files", "%s keeps files, and %s is of kind %s, which names none: copies there can be listed, and none be made", to, of, t.Kind)
	}
}

// goals warns of services that are to be back soon and that nothing brings back.
func (b *builder) goals() {
	for _, t := range b.targets[LevelService] {
		copied := slices.ContainsFunc(b.fleet.Backups, func(p Backup) bool { return p.Of == t.Ref })
		if t.RTO > 0 && len(t.Standby) == 0 && !copied {
			b.warn(b.valuePos(t.Ref, "rto"), "give it a standby or a backup", "%s has an rto, and nothing that brings it back", t.Ref)
		}
	}
}

func formatDays(d interface{ Hours() float64 }) string {
	return strconv.Itoa(int(d.Hours()/24)) + "d"
}

// uncovered warns of data that cannot be made again and that nothing copies.
// A backup of the host, or of the node under it, counts.
func (b *builder) uncovered(all []*Target) {
	covered := map[Ref]bool{}
	for _, p := range b.fleet.Backups {
		covered[p.Of] = true
	}
	for _, t := range b.targets[LevelService] {
		if covered[t.Ref] {
			for _, d := range t.Data {
				covered[Ref(d)] = true
			}
		}
	}
	for _, t := range all {
		if t.Class != ClassUser || t.Host == "" || covered[t.Ref] || covered[t.Host] || covered[b.machine(t.Host)] {
			continue
		}
		if len(t.Data) > 0 && !slices.ContainsFunc(t.Data, func(d string) bool { return !covered[Ref(d)] }) {
			continue
		}
		b.warn(b.pos[t.Ref], "add [backup.NAME] with of = \""+string(t.Ref)+"\", or say class = \"application\" if it can be made again", "no backup copies %s, whose class is user", t.Ref)
	}
}

func (b *builder) repositories() {
	used := map[string]bool{}
	for _, p := range b.fleet.Backups {
		for _, r := range p.To {
			used[r] = true
		}
	}
	for _, r := range b.fleet.Repositories {
		if !used[r.Name] {
			b.warn(r.Pos, "name it in the to of a backup", "nothing is copied to repository/%s", r.Name)
		}
	}
}
