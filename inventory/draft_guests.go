package inventory

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// GuestDraft is what a cluster of hypervisors knows of its nodes and guests, to
// be added to an inventory.
type GuestDraft struct {
	Source string // where it comes from, for the comment at its head
	// Asked is the node of the inventory that was asked, and Local what the
	// cluster calls it.
	Asked     Ref
	Local     string
	NodeKind  string // kind of a node of the cluster
	GuestKind string // kind that looks at a guest from its node
	Members   []DraftMember
	Guests    []DraftGuest
	Skipped   []DraftSkip
}

// DraftMember is a node of the cluster.
type DraftMember struct {
	Name    string // as the cluster calls it
	Address string // "" where it is not known
}

// DraftGuest is a guest of the cluster. One with an address becomes a vm that
// is looked at from inside too, one without a service of its node.
type DraftGuest struct {
	Name      string // any text; "" takes its id
	ID        int64
	Member    string // the node that it is on, as the cluster calls it
	Address   string
	Kind      string // kind of what runs in it; "" is that of a host that does not say
	Container bool
	Tags      []string
}

// WriteGuests writes nodes and guests that an inventory does not have yet, as
// tables to be added to it. Nodes are known again by their names and addresses,
// guests by their nodes and ids. What was left out stands in comments.
func WriteGuests(w io.Writer, f *Fleet, d GuestDraft) error {
	g := guestWriter{fleet: f, draft: d, taken: map[Ref]bool{}, nodes: map[string]string{}, skipped: slices.Clone(d.Skipped)}
	var body bytes.Buffer
	g.take()
	g.members(&body)
	written := 0
	for _, x := range d.Guests {
		if text := g.guest(x); text != "" {
			body.WriteString("\n" + text)
			written++
		}
	}
	var out bytes.Buffer
	say := func(format string, args ...any) { out.WriteString(comment(fmt.Sprintf(format, args...))) }
	say("Guests of %s: %s that the inventory does not have.", d.Source, plural(written, "guest"))
	say("Look it over and put it into inventory.d beside the inventory, then run:")
	say("jurymast inventory validate")
	say("")
	say("A guest whose address is known became a vm, which is looked at from inside")
	say("as well. Where it cannot be reached from here, give it jump = [\"NODE\"].")
	out.Write(body.Bytes())
	if len(g.skipped) > 0 {
		out.WriteString("\n")
		say("Not taken over:")
		for _, s := range g.skipped {
			say("  %s: %s", s.What, s.Why)
		}
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write the guests: %w", err)
	}
	return nil
}

// guestWriter gives nodes and guests names that nothing else has.
type guestWriter struct {
	fleet   *Fleet
	draft   GuestDraft
	taken   map[Ref]bool
	nodes   map[string]string // name in the inventory by that of the cluster
	skipped []DraftSkip
}

func (g *guestWriter) take() {
	for t := range g.fleet.Targets() {
		g.taken[t.Ref] = true
		for _, c := range t.Checks {
			g.taken[MakeRef(LevelCheck, c.Name)] = true
		}
	}
}

// name returns a name for any text that no host, service and check has.
func (g *guestWriter) name(text string) string {
	const most = maxName - len("-guest")
	base := draftName(text)
	base = strings.TrimRight(base[:min(len(base), most)], "._-")
	name := base
	used := func(s string) bool {
		return g.taken[MakeRef(LevelNode, s)] || g.taken[MakeRef(LevelVM, s)] || g.taken[MakeRef(LevelService, s)] || g.taken[MakeRef(LevelCheck, s+"-guest")]
	}
	for n := 2; used(name); n++ {
		tail := "-" + strconv.Itoa(n)
		name = base[:min(len(base), most-len(tail))] + tail
	}
	return name
}

// members finds the nodes of the cluster in the inventory and writes those that
// it does not have.
func (g *guestWriter) members(b *bytes.Buffer) {
	for _, m := range g.draft.Members {
		if m.Name == g.draft.Local {
			g.nodes[m.Name] = g.draft.Asked.Name()
			g.watch(b)
			continue
		}
		if i := slices.IndexFunc(g.fleet.Nodes, func(t Target) bool {
			return t.Ref.Name() == m.Name || m.Address != "" && t.Reach.Address == m.Address
		}); i >= 0 {
			g.nodes[m.Name] = g.fleet.Nodes[i].Ref.Name()
			continue
		}
		name := g.name(m.Name)
		g.taken[MakeRef(LevelNode, name)], g.nodes[m.Name] = true, name
		fmt.Fprintf(b, "\n[%s.%s]\nkind = %s\n", LevelNode, tomlKey(name), tomlString(g.draft.NodeKind))
		if text, _ := checkAddress(m.Address); m.Address != "" && m.Address != name && text == "" {
			fmt.Fprintf(b, "address = %s\n", tomlString(m.Address))
		}
	}
}

// watch adds the look at the hypervisor to the node that was asked, if nothing
// in the inventory does that yet.
func (g *guestWriter) watch(b *bytes.Buffer) {
	t, ok := g.fleet.Target(g.draft.Asked)
	if !ok || t.Kind == g.draft.NodeKind || slices.ContainsFunc(t.Checks, func(c Extra) bool { return c.Kind == g.draft.NodeKind }) {
		return
	}
	name := t.Ref.Name() + "-" + g.draft.NodeKind
	if g.taken[MakeRef(LevelCheck, name)] || len(name) > maxName {
		return
	}
	g.taken[MakeRef(LevelCheck, name)] = true
	fmt.Fprintf(b, "\n[%s.%s]\nof = %s\nkind = %s\n", LevelCheck, tomlKey(name), tomlString(string(t.Ref)), tomlString(g.draft.NodeKind))
}

// guest returns the tables of a guest, "" for one that is left out.
func (g *guestWriter) guest(x DraftGuest) string {
	id := strconv.FormatInt(x.ID, 10)
	what := strings.TrimSpace(x.Name + " (" + id + ")")
	node := g.nodes[x.Member]
	if node == "" {
		g.skipped = append(g.skipped, DraftSkip{what, "it is on " + x.Member + ", which the cluster does not list"})
		return ""
	}
	if there, ok := g.has(x, id); ok {
		g.skipped = append(g.skipped, DraftSkip{what, "it is " + string(there) + " already"})
		return ""
	}
	called := x.Name
	if called == "" {
		called = "guest-" + id
	}
	name := g.name(called)
	var b strings.Builder
	if name != called {
		b.WriteString(comment("There it is called " + strconv.Quote(called) + "."))
	}
	var tags []string
	for _, tag := range x.Tags {
		if text, _ := checkName(tag); text == "" && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	tagged := ""
	if len(tags) > 0 {
		tagged = "tags = " + tomlList(tags) + "\n"
	}
	look := "kind = " + tomlString(g.draft.GuestKind) + "\n"
	if x.Container {
		look += "container = true\n"
	}
	if text, _ := checkAddress(x.Address); x.Address == "" || text != "" {
		ref := MakeRef(LevelService, name)
		g.taken[ref] = true
		fmt.Fprintf(&b, "[%s.%s]\n%son = %s\nguest = %s\n%s", LevelService, tomlKey(name), look, tomlString(node), id, tagged)
		return b.String()
	}
	ref := MakeRef(LevelVM, name)
	g.taken[ref], g.taken[MakeRef(LevelCheck, name+"-guest")] = true, true
	fmt.Fprintf(&b, "[%s.%s]\n", LevelVM, tomlKey(name))
	if x.Kind != "" {
		fmt.Fprintf(&b, "kind = %s\n", tomlString(x.Kind))
	}
	fmt.Fprintf(&b, "on = %s\nid = %s\naddress = %s\n%s", tomlString(node), id, tomlString(x.Address), tagged)
	fmt.Fprintf(&b, "\n[%s.%s]\nof = %s\n%s", LevelCheck, tomlKey(name+"-guest"), tomlString(string(ref)), look)
	return b.String()
}

// has returns the target that is the guest already. Ids are those of a cluster:
// a guest that has moved since is known again on any of its nodes.
func (g *guestWriter) has(x DraftGuest, id string) (Ref, bool) {
	member := func(r Ref) bool {
		for _, name := range g.nodes {
			if r == MakeRef(LevelNode, name) {
				return true
			}
		}
		return false
	}
	for _, t := range g.fleet.VMs {
		if t.ID == id && member(t.On) {
			return t.Ref, true
		}
	}
	for _, t := range g.fleet.Services {
		if t.Kind == g.draft.GuestKind && t.Options.Int("guest") == x.ID && member(t.Host) {
			return t.Ref, true
		}
	}
	return "", false
}
