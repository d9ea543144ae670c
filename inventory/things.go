package inventory

import (
	"slices"
	"time"
)

func (b *builder) repository(r *reader, ref Ref, e *entry) {
	p := &Repository{Name: ref.Name(), Title: r.line("title"), Pos: e.pos}
	p.Kind, p.Options = b.kind(r, LevelRepository, "")
	if !b.declares(p.Kind, "path") {
		p.Path = r.path("path")
	} else {
		p.Path = p.Options.String("path")
	}
	if b.declares(p.Kind, "url") {
		p.URL = p.Options.String("url")
	} else {
		p.URL = r.line("url")
	}
	if e.dup {
		return
	}
	b.one(r, "on", hostLevels, func(on Ref, pos Pos) {
		p.On = on
		b.edge(Edge{ref, on, EdgeOn}, pos)
	})
	b.site(r, &p.Site)
	b.later = append(b.later, func() {
		b.repos[ref] = len(b.fleet.Repositories)
		b.fleet.Repositories = append(b.fleet.Repositories, *p)
	})
}

// keeps are the words of a backup's keep, as restic and borg have them.
var keeps = []string{"last", "hourly", "daily", "weekly", "monthly", "yearly"}

func (b *builder) backup(r *reader, ref Ref, e *entry) {
	p := &Backup{Name: ref.Name(), Pos: e.pos}
	r.require("of", "to")
	p.RPO = r.duration("rpo")
	p.RTO = r.duration("rto")
	p.Drill = r.duration("drill")
	if text, at := r.lineAt("schedule"); text != "" {
		var err error
		if p.Schedule, err = ParseSchedule(text); err != nil {
			b.report(at, `write "01:30", "*:40" for each hour, "sun 03:00" or "mon-fri 22:15"`, "%s: schedule: %v", ref, err)
		}
	}
	p.Keep = b.counts(r, "keep", keeps)
	b.one(r, "of", targetLevels, func(of Ref, _ Pos) { p.Of = of })
	to := r.list("to")
	if to != nil && len(to) == 0 {
		b.report(b.entryPos(r, "to"), "name a repository", "%s goes nowhere: to is empty", ref)
	}
	for _, it := range to {
		b.soon(r, "to", it, []Level{LevelRepository}, func(to Ref) {
			p.To = append(p.To, to.Name())
			if p.Of != "" && !e.dup {
				b.edge(Edge{p.Of, to, EdgeBackup}, it.pos)
			}
		})
	}
	if !e.dup {
		b.later = append(b.later, func() { b.fleet.Backups = append(b.fleet.Backups, *p) })
	}
}

func (b *builder) entryPos(r *reader, key string) Pos {
	if e := r.tab.index[key]; e != nil {
		return e.val.pos
	}
	return r.tab.pos
}

// counts reads a table of whole numbers under known words.
func (b *builder) counts(r *reader, key string, can []string) map[string]int {
	e := r.tab.index[key]
	if e == nil {
		return nil
	}
	if e.val.kind != kindTable {
		b.report(e.val.pos, "write { daily = 7, weekly = 4 }", "%s%s must be a table, not %s", r.prefix(), key, e.val.kind)
		return nil
	}
	known := make([]Option, len(can))
	for i, c := range can {
		known[i] = Option{Name: c}
	}
	in := b.read(r.prefix()+key, e, known)
	in.done()
	m := map[string]int{}
	for _, c := range can {
		if in.tab.index[c] != nil {
			m[c] = in.number(c, 1, 100000)
		}
	}
	return m
}

func (b *builder) play(r *reader, ref Ref, e *entry) {
	p := &Playbook{Name: ref.Name(), Title: r.line("title"), Unattended: r.isTrue("unattended"), Pos: e.pos}
	r.require("step")
	if s := r.tab.index["step"]; s != nil && s.val.kind != kindList {
		b.report(s.val.pos, "write [[playbook."+p.Name+".step]]", "%sstep must be a list of tables, not %s", r.prefix(), s.val.kind)
	} else if s != nil && len(s.val.list) > maxList {
		r.report(s.val.pos, "", "step", "holds more than %d tables", maxList)
	} else if s != nil {
		p.Steps = make([]PlaybookStep, len(s.val.list))
		for i, v := range s.val.list {
			b.step(&p.Steps[i], r.what, v)
		}
	}
	if !e.dup {
		b.playbook = append(b.playbook, p)
	}
}

func (b *builder) step(s *PlaybookStep, of string, v *value) {
	r := b.read("a step of "+of, &entry{pos: v.pos, val: v}, keysStep)
	s.Pos = v.pos
	s.Title = r.line("title")
	s.Run, s.Undo, s.Verify, s.When = r.text("run"), r.text("undo"), r.text("verify"), r.text("when")
	s.Check, s.Confirm, s.Plan = r.text("check"), r.line("confirm"), r.line("plan")
	s.NoReturn, s.Sudo = r.isTrue("no_return"), r.isTrue("sudo")
	if name, at := r.lineAt("script"); name != "" {
		s.Script = b.file(item{name, at})
	}
	looks := r.list("look")
	does := 0
	for _, key := range []string{"run", "script", "plan"} {
		if e := r.tab.index[key]; e != nil {
			if does++; does == 2 {
				b.report(e.val.pos, "make two steps of it", "%s has more than one of run, script and plan", r.what)
			}
		}
	}
	if does == 0 && len(looks) == 0 && !r.tab.broken {
		b.report(v.pos, "give it run, script, plan or look", "%s does nothing", r.what)
	}
	for _, it := range looks {
		b.soon(r, "look", it, targetLevels, func(to Ref) { s.Look = append(s.Look, to) })
	}
	s.AtOnce = r.number("at_once", 1, 1024)
	s.Timeout = r.duration("timeout")
	s.Inputs, s.Keep = b.inputs(r)
	b.one(r, "on", targetLevels, func(on Ref, _ Pos) { s.On = on })
	for _, it := range r.list("over") {
		b.soon(r, "over", it, targetLevels, func(to Ref) { s.Over = append(s.Over, to) })
	}
	r.done()
}

// inputs reads what a step's lines of shell are told: values, and where secrets
// are kept.
func (b *builder) inputs(r *reader) (plain map[string]string, keep map[string]Secret) {
	e := r.tab.index["inputs"]
	if e == nil {
		return nil, nil
	}
	if e.val.kind != kindTable {
		b.report(e.val.pos, `write { name = "value" }`, "%sinputs must be a table, not %s", r.prefix(), e.val.kind)
		return nil, nil
	}
	plain, keep = map[string]string{}, map[string]Secret{}
	for _, x := range e.val.tab.entries {
		v, ok := b.inputValue(r, x)
		if s, secret := v.(Secret); ok && secret {
			keep[x.key] = s
		} else if ok {
			plain[x.key] = v.(string)
		}
	}
	return plain, keep
}

// fence reads a way to keep a host or a service from writing.
func (b *builder) fence(r *reader, ref Ref, e *entry) {
	p := &Fence{Name: ref.Name(), Title: r.line("title"), Pos: e.pos}
	r.require("of")
	p.Kind, p.Options = b.kind(r, LevelFence, "")
	b.one(r, "of", []Level{LevelNode, LevelVM, LevelService}, func(of Ref, _ Pos) { p.Of = of })
	b.one(r, "on", hostLevels, func(on Ref, _ Pos) { p.On = on })
	if !e.dup {
		b.later = append(b.later, func() { b.fleet.Fences = append(b.fleet.Fences, *p) })
	}
}

// redirect reads a way to lead the users of a service.
func (b *builder) redirect(r *reader, ref Ref, e *entry) {
	p := &Redirect{Name: ref.Name(), Title: r.line("title"), Pos: e.pos}
	r.require("of")
	p.Kind, p.Options = b.kind(r, LevelRedirect, "")
	b.one(r, "of", []Level{LevelService}, func(of Ref, _ Pos) { p.Of = of })
	b.one(r, "on", hostLevels, func(on Ref, _ Pos) { p.On = on })
	if !e.dup {
		b.later = append(b.later, func() { b.fleet.Redirects = append(b.fleet.Redirects, *p) })
	}
}

// check reads a check that the user adds to a target.
func (b *builder) check(r *reader, ref Ref, e *entry) {
	x := &Extra{Name: ref.Name(), Title: r.line("title"), Pos: e.pos}
	r.require("of")
	x.Kind, x.Options = b.kind(r, LevelCheck, "")
	x.Limits = b.limits(r)
	x.Every = r.duration("every")
	x.Confirm = r.number("confirm", 1, 100)
	if from, at := r.lineAt("from"); from == string(Console) {
		x.From = Console
	} else if from != "" {
		b.soon(r, "from", item{from, at}, seenFrom, func(h Ref) { x.From = h })
	}
	b.one(r, "of", targetLevels, func(of Ref, _ Pos) {
		// From is looked up ahead of this, so the copy is whole but for options
		// that name hosts, which stand in a map.
		if t := b.byRef[of]; t != nil && !e.dup {
			t.Checks = append(t.Checks, *x)
		}
	})
}

// RPO is how old the newest copy of data of a class may be where the inventory
// does not say: a day, and a week for a system, which can be set up again.
func (c Class) RPO() time.Duration {
	if c == ClassSystem {
		return 7 * 24 * time.Hour
	}
	return 24 * time.Hour
}

// Valid reports whether c is one of the classes.
func (c Class) Valid() bool { return slices.Contains(classes, string(c)) }
