package inventory

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// EdgeKind says why two things of a fleet hang together.
type EdgeKind string

// The kinds of edges. The first four are what [Fleet.Needs] goes by.
const (
	EdgeOn      EdgeKind = "on"      // a vm and its node; a share, service or repository and its host
	EdgeNeeds   EdgeKind = "needs"   // as declared
	EdgeData    EdgeKind = "data"    // a service and a share that it keeps its data on
	EdgeJump    EdgeKind = "jump"    // a host and one that it is reached through
	EdgeMounts  EdgeKind = "mounts"  // a host and a share that it mounts
	EdgeStandby EdgeKind = "standby" // a service and a host that could take over
	EdgeBackup  EdgeKind = "backup"  // a target and a repository that it is copied to
)

// Edge says that From hangs on To.
type Edge struct {
	From, To Ref
	Why      EdgeKind
}

// dependencies returns the edges over which a failure spreads, in the order in
// which one looks for the cause: the machine first.
//
// A node that is reached through its own guest, as a hypervisor behind the
// firewall that it runs, does not need the guest: without this exception the
// two would need each other.
func dependencies(edges []Edge) []Edge {
	order := []EdgeKind{EdgeOn, EdgeNeeds, EdgeData, EdgeJump}
	guest := map[Edge]bool{}
	for _, e := range edges {
		if e.Why == EdgeOn {
			guest[e] = true
		}
	}
	var deps []Edge
	for _, e := range edges {
		if !slices.Contains(order, e.Why) || !slices.Contains(targetLevels, e.From.Level()) {
			continue
		}
		if e.Why == EdgeJump && guest[Edge{e.To, e.From, EdgeOn}] {
			continue
		}
		deps = append(deps, e)
	}
	slices.SortStableFunc(deps, func(x, y Edge) int {
		return cmp.Compare(slices.Index(order, x.Why), slices.Index(order, y.Why))
	})
	return deps
}

func (b *builder) edge(e Edge, pos Pos) {
	if _, twice := b.edgePos[e]; !twice {
		b.edgePos[e] = pos
		b.edges = append(b.edges, e)
	}
}

// link keeps the edges and what follows from them.
func (f *Fleet) link(edges []Edge) {
	f.edges = edges
	f.needs, f.neededBy = map[Ref][]Ref{}, map[Ref][]Ref{}
	for _, e := range dependencies(edges) {
		if !slices.Contains(f.needs[e.From], e.To) {
			f.needs[e.From] = append(f.needs[e.From], e.To)
			f.neededBy[e.To] = append(f.neededBy[e.To], e.From)
		}
	}
}

// Needs returns what a target cannot work without, directly: what it declares,
// its node or host, the shares that a service keeps its data on, and the hosts
// that a host is reached through. The machine it runs on comes first. There
// are no loops. The list is the fleet's own and must not be changed.
func (f *Fleet) Needs(r Ref) []Ref { return f.needs[r] }

// NeededBy returns what cannot work without a target, directly: the other
// direction of [Fleet.Needs].
func (f *Fleet) NeededBy(r Ref) []Ref { return f.neededBy[r] }

// Graph is how the things of a fleet hang together.
type Graph struct {
	Name  string
	Edges []Edge // in file order, kind by kind of thing
	fleet *Fleet
}

// Graph returns the graph of the fleet.
func (f *Fleet) Graph() Graph {
	return Graph{Name: f.Settings.Name, Edges: slices.Clone(f.edges), fleet: f}
}

// dotStyle draws what must work in full and what may take over in dots.
var dotStyle = map[EdgeKind]string{
	EdgeOn:      `color="gray40"`,
	EdgeNeeds:   `penwidth="1.5"`,
	EdgeData:    `label="data"`,
	EdgeJump:    `label="jump", style="dashed", color="gray60"`,
	EdgeMounts:  `label="mounts", style="dashed"`,
	EdgeStandby: `label="standby", style="dotted"`,
	EdgeBackup:  `label="backup", style="dashed", color="blue"`,
}

// WriteDOT writes the graph in the language of Graphviz, one cluster a site.
func (g Graph) WriteDOT(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n  rankdir=\"LR\";\n  node [shape=\"box\", fontname=\"sans-serif\"];\n", dotQuote(g.Name))
	sites := []Site{{}}
	sites = append(sites, g.fleet.Sites...)
	for _, s := range sites {
		indent := "  "
		if s.Name != "" {
			fmt.Fprintf(&b, "  subgraph %s {\n    label=%s;\n", dotQuote("cluster_"+s.Name), dotQuote(cmp.Or(s.Title, s.Name)))
			indent = "    "
		}
		for t := range g.fleet.Targets() {
			if t.Site == s.Name {
				fmt.Fprintf(&b, "%s%s [label=%s];\n", indent, dotQuote(string(t.Ref)), dotQuote(string(t.Ref)+"\n"+t.Kind))
			}
		}
		for _, r := range g.fleet.Repositories {
			if r.Site == s.Name {
				fmt.Fprintf(&b, "%s%s [shape=\"cylinder\"];\n", indent, dotQuote(string(MakeRef(LevelRepository, r.Name))))
			}
		}
		if s.Name != "" {
			b.WriteString("  }\n")
		}
	}
	for _, e := range g.Edges {
		fmt.Fprintf(&b, "  %s -> %s [%s];\n", dotQuote(string(e.From)), dotQuote(string(e.To)), dotStyle[e.Why])
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// dotQuote quotes a string of DOT, in which only the quote itself is special
// but for the backslash of a line break.
func dotQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

// WriteTree writes the graph as text: sites, on them machines, on those what
// runs there, and behind each what else it hangs on.
func (g Graph) WriteTree(w io.Writer) error {
	under := map[Ref][]Ref{}
	also := map[Ref][]Edge{}
	for _, e := range g.Edges {
		if e.Why == EdgeOn {
			under[e.To] = append(under[e.To], e.From)
		} else {
			also[e.From] = append(also[e.From], e)
		}
	}
	var b strings.Builder
	var draw func(r Ref, depth int)
	draw = func(r Ref, depth int) {
		fmt.Fprintf(&b, "%s%s", strings.Repeat("  ", depth), r)
		if kind := g.kindOf(r); kind != "" {
			fmt.Fprintf(&b, "  %s", kind)
		}
		for _, why := range []EdgeKind{EdgeNeeds, EdgeData, EdgeStandby, EdgeJump, EdgeMounts, EdgeBackup} {
			var to []string
			for _, e := range also[r] {
				if e.Why == why {
					to = append(to, string(e.To))
				}
			}
			if len(to) > 0 {
				fmt.Fprintf(&b, "  %s %s", why, strings.Join(to, ", "))
			}
		}
		b.WriteByte('\n')
		for _, x := range under[r] {
			draw(x, depth+1)
		}
	}
	for _, s := range append(slices.Clone(g.fleet.Sites), Site{}) {
		var roots []Ref
		for i := range g.fleet.Nodes {
			if t := &g.fleet.Nodes[i]; t.Site == s.Name {
				roots = append(roots, t.Ref)
			}
		}
		for _, r := range g.fleet.Repositories {
			if r.On == "" && r.Site == s.Name {
				roots = append(roots, MakeRef(LevelRepository, r.Name))
			}
		}
		if len(roots) == 0 {
			continue
		}
		switch {
		case s.Name == "":
			b.WriteString("no site")
		case s.Title != "":
			fmt.Fprintf(&b, "site/%s  %s", s.Name, s.Title)
		default:
			fmt.Fprintf(&b, "site/%s", s.Name)
		}
		b.WriteByte('\n')
		for _, r := range roots {
			draw(r, 1)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (g Graph) kindOf(r Ref) string {
	if t, ok := g.fleet.Target(r); ok {
		return t.Kind
	}
	for _, p := range g.fleet.Repositories {
		if r == MakeRef(LevelRepository, p.Name) {
			return p.Kind
		}
	}
	return ""
}
