package tui

import (
	"fmt"
	"slices"
	"strings"

	"jurymast/inventory"
	"jurymast/tui/widget"
)

// dependents is what breaks if a target goes, and what could take its place.
type dependents struct {
	levels    map[inventory.Level][]string // names, with what leads to them
	takes     []string                     // backups whose copies lie on it
	copied    []string                     // where copies of it lie
	standby   []string
	playbooks []string
}

var dependLevels = []struct {
	level     inventory.Level
	name, one string
}{
	{inventory.LevelNode, "nodes", "node"}, {inventory.LevelVM, "vms", "vm"},
	{inventory.LevelShare, "shares", "share"}, {inventory.LevelService, "services", "service"},
}

// dependentsOf follows what needs the target, and what needs that.
func (d *detail) dependentsOf() dependents {
	f := d.engine.Fleet()
	out := dependents{levels: map[inventory.Level][]string{}}
	seen := map[inventory.Ref]bool{d.ref: true}
	type step struct{ ref, via inventory.Ref }
	todo := []step{{ref: d.ref}}
	for len(todo) > 0 {
		at := todo[0]
		todo = todo[1:]
		for _, r := range f.NeededBy(at.ref) {
			if seen[r] {
				continue
			}
			seen[r] = true
			via := at.via
			if via == "" && at.ref != d.ref {
				via = at.ref
			}
			name := r.Name()
			if via != "" {
				name += " (" + via.Name() + ")"
			}
			out.levels[r.Level()] = append(out.levels[r.Level()], name)
			todo = append(todo, step{r, via})
		}
	}
	here := map[string]bool{} // repositories that lie on it
	for _, r := range f.Repositories {
		here[r.Name] = r.On == d.ref
	}
	for _, j := range d.jobs {
		if slices.ContainsFunc(j.To, func(to string) bool { return here[to] }) {
			out.takes = append(out.takes, j.Name)
		}
		if j.Target == d.ref {
			out.copied = append(out.copied, j.Name+" to "+strings.Join(j.To, ", ")+", newest "+d.since(j.At)+" old")
		}
	}
	if t, ok := f.Target(d.ref); ok {
		for _, s := range t.Standby {
			out.standby = append(out.standby, s.Name()+d.behind())
		}
	}
	for t := range f.Targets() {
		if t.Host == d.ref && t.Ref != d.ref && len(t.Standby) > 0 {
			out.standby = append(out.standby, t.Ref.Name()+" can move to "+names(t.Standby))
		}
	}
	for _, p := range f.Playbooks {
		if slices.Contains(playbookHosts(p), d.ref) {
			out.playbooks = append(out.playbooks, p.Name+", "+d.lastRun(p.Name))
		}
	}
	return out
}

// behind is how far a standby is behind, as a check of the target measures it.
func (d *detail) behind() string {
	for i := range d.entries {
		for _, m := range d.entries[i].Metrics {
			if m.Name == "lag" {
				return " (" + number(m.Value, m.Unit) + " behind)"
			}
		}
	}
	return ""
}

// lastRun is when a playbook was last carried out, and how that ended.
func (m *root) lastRun(name string) string {
	r := playRow{asked: playbookRequest(name)}
	m.records(&r)
	if r.last == nil {
		return "never run"
	}
	return "last " + m.since(r.last.Made) + " ago, " + r.last.State
}

// dependLines draw the pane.
func (d *detail) dependLines(w int) []string {
	out := []string{d.st.ruleLine(d.title(paneDepends, "Depends on "+d.ref.Name()), "what breaks if it goes", w)}
	add := func(name string, vs []string, between string) {
		if len(vs) > 0 {
			out = append(out, "  "+d.st.text(widget.Fit(name, 12, "")+strings.Join(vs, between), w-2))
		}
	}
	for _, x := range dependLevels {
		add(x.name, d.depends.levels[x.level], ", ")
	}
	if n := len(d.depends.takes); n > 0 {
		add("backups", []string{fmt.Sprintf("copies of %s lie on it: %s", several(n, "job", "jobs"), strings.Join(d.depends.takes, ", "))}, "")
	}
	add("copies", d.depends.copied, "; ")
	add("standby", d.depends.standby, "; ")
	add("playbooks", d.depends.playbooks, "; ")
	if len(out) == 1 {
		return append(out, d.st.dim.Paint("  nothing that the inventory knows of"))
	}
	return out
}

// brief is the pane in one line, "" where nothing depends on the target.
func (d *dependents) brief(ref inventory.Ref) string {
	var parts []string
	for _, x := range dependLevels {
		if n := len(d.levels[x.level]); n > 0 {
			parts = append(parts, several(n, x.one, x.name))
		}
	}
	if n := len(d.takes); n > 0 {
		parts = append(parts, several(n, "backup job", "backup jobs"))
	}
	if len(parts) == 0 {
		return ""
	}
	t := "If " + ref.Name() + " goes: " + strings.Join(parts, ", ") + "."
	if len(d.standby) > 0 {
		t += "  Standby: " + strings.Join(d.standby, "; ")
	}
	return t
}

// several is a number of things, in words that fit it.
func several(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
