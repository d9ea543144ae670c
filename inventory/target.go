package inventory

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// defaultKind is the kind of a host that does not say.
const defaultKind = "linux"

// defaultClass is what a target's data counts as when nobody said. A share is
// taken to hold what cannot be made again: to be wrong there costs a warning,
// to be wrong the other way costs the data.
var defaultClass = map[Level]Class{
	LevelNode: ClassSystem, LevelVM: ClassSystem, LevelShare: ClassUser, LevelService: ClassApplication,
}

// target reads a node, vm, share or service.
func (b *builder) target(r *reader, ref Ref, e *entry) {
	l := ref.Level()
	t := &Target{Ref: ref, Pos: e.pos}
	t.Title = r.line("title")
	t.Class = Class(r.enum("class", string(defaultClass[l])))
	t.Tags = b.tags(r)
	t.Protected = r.isTrue("protected")
	t.Every = r.duration("every")
	t.Confirm = r.number("confirm", 1, 100)
	t.Off = b.windows(r)
	if l == LevelNode || l == LevelVM {
		t.Kind, t.Options = b.kind(r, l, defaultKind)
	} else {
		t.Kind, t.Options = b.kind(r, l, "")
	}
	t.Limits = b.limits(r)
	for _, it := range r.list("needs") {
		b.soon(r, "needs", it, targetLevels, func(to Ref) {
			t.Needs = append(t.Needs, to)
			b.edge(Edge{t.Ref, to, EdgeNeeds}, it.pos)
		})
	}
	switch l {
	case LevelNode, LevelVM:
		b.host(r, t)
	case LevelShare:
		b.share(r, t)
	case LevelService:
		b.service(r, t)
	}
	if !e.dup {
		b.targets[l] = append(b.targets[l], t)
		b.byRef[ref] = t
	}
}

func (b *builder) host(r *reader, t *Target) {
	t.Host = t.Ref
	t.Reach.Port = r.port("port")
	if addr, at := r.lineAt("address"); addr != "" {
		if text, hint := checkAddress(addr); text != "" {
			b.report(at, hint, "%s%s", r.prefix(), text)
		} else {
			t.Reach.Address = addr
		}
	}
	b.reach(r, &t.Reach, t.Ref)
	b.site(r, &t.Site)
	if t.Ref.Level() != LevelVM {
		return
	}
	r.require("on")
	b.one(r, "on", []Level{LevelNode}, func(on Ref, pos Pos) {
		t.On = on
		b.edge(Edge{t.Ref, on, EdgeOn}, pos)
	})
	if e := r.tab.index["id"]; e != nil && e.val.kind == kindInt {
		t.ID = strconv.FormatInt(e.val.num, 10)
	} else {
		t.ID = r.line("id")
	}
}

func (b *builder) share(r *reader, t *Target) {
	r.require("on", "path")
	b.runsOn(r, t)
	t.Path = r.path("path")
	e := r.tab.index["mounts"]
	if e == nil {
		return
	}
	if e.val.kind != kindList {
		r.report(e.val.pos, `write [{ on = "host", at = "/path" }]`, "mounts", "must be a list of tables, not %s", e.val.kind)
		return
	}
	list := e.val.list
	if len(list) > maxList {
		r.report(e.val.pos, "", "mounts", "holds more than %d tables", maxList)
		list = list[:maxList]
	}
	for _, v := range list {
		m := b.read("a mount of "+string(t.Ref), &entry{pos: v.pos, val: v}, []Option{
			{Name: "on", Doc: "the host that mounts it"}, {Name: "at", Doc: "where it is mounted there"},
		})
		m.require("on", "at")
		at := m.path("at")
		b.one(m, "on", hostLevels, func(on Ref, pos Pos) {
			if at == "" {
				return
			}
			if slices.Contains(t.Mounts, Mount{on, at}) {
				b.report(pos, "leave one out", "%s mounts %s at %s twice", on, t.Ref, at)
				return
			}
			t.Mounts = append(t.Mounts, Mount{on, at})
			b.edge(Edge{on, t.Ref, EdgeMounts}, v.pos)
		})
		m.done()
	}
}

func (b *builder) service(r *reader, t *Target) {
	r.require("on")
	b.runsOn(r, t)
	t.RTO = r.duration("rto")
	for _, it := range r.list("standby") {
		b.soon(r, "standby", it, hostLevels, func(to Ref) {
			t.Standby = append(t.Standby, to)
			b.edge(Edge{t.Ref, to, EdgeStandby}, it.pos)
		})
	}
	for _, it := range r.list("data") {
		if strings.HasPrefix(it.text, "/") {
			if text, hint := checkPath(it.text); text != "" {
				r.report(it.pos, hint, "data", "%s", text)
				continue
			}
			b.later = append(b.later, func() { t.Data = append(t.Data, it.text) })
			continue
		}
		if strings.Contains(it.text, "/") && !slices.Contains(levels, Ref(it.text).Level()) {
			r.report(it.pos, `write "/`+cut(it.text)+`" for a path`, "data", "%q is neither a share nor an absolute path", cut(it.text))
			continue
		}
		b.soon(r, "data", it, []Level{LevelShare}, func(to Ref) {
			t.Data = append(t.Data, string(to))
			b.edge(Edge{t.Ref, to, EdgeData}, it.pos)
		})
	}
	if b.declares(r.kind, "url") {
		t.URL = t.Options.String("url")
	} else if got, _, ok := r.get("url", TypeURL); ok {
		t.URL = got.(string)
	}
}

// runsOn reads where a share or a service is.
func (b *builder) runsOn(r *reader, t *Target) {
	b.one(r, "on", hostLevels, func(on Ref, pos Pos) {
		t.On, t.Host = on, on
		b.edge(Edge{t.Ref, on, EdgeOn}, pos)
	})
}

// reach reads how to get to a host. of is "" for [ssh].
func (b *builder) reach(r *reader, to *Reach, of Ref) {
	if user, at := r.lineAt("user"); user != "" {
		if !isUser(user) {
			r.report(at, "", "user", "is %q, which is no login name", cut(user))
		} else {
			to.User = user
		}
	}
	for _, it := range r.list("identity") {
		to.Identity = append(to.Identity, b.file(it))
	}
	for _, it := range r.list("known_hosts") {
		to.KnownHosts = append(to.KnownHosts, b.file(it))
	}
	to.Sudo = r.bool("sudo")
	to.Timeout = r.duration("connect_timeout")
	jumps := r.list("jump")
	if jumps != nil {
		to.Jump = []string{} // said, even if it says: none
	}
	if len(jumps) > maxJumps {
		r.report(jumps[maxJumps].pos, "", "jump", "names more than %d hosts", maxJumps)
		jumps = jumps[:maxJumps]
	}
	for _, it := range jumps {
		b.later = append(b.later, func() { b.jump(r, to, of, it) })
	}
}

func (b *builder) jump(r *reader, to *Reach, of Ref, it item) {
	ref, found := b.find(it.text, hostLevels)
	switch {
	case len(found) > 1:
		b.resolve(r, "jump", it, hostLevels) // says which
	case found == nil && isJump(it.text):
		to.Jump = append(to.Jump, it.text)
	case found == nil && strings.ContainsAny(it.text, "@:"):
		r.report(it.pos, "a machine outside of the inventory is user@host:port", "jump", "%q is no place to go through", cut(it.text))
	case found == nil:
		hint := b.nearest(it.text, b.namesOf(hostLevels))
		if hint == "" {
			hint = "for a machine outside of the inventory write user@host or host:port"
		}
		if !b.lost {
			b.report(it.pos, hint, "%sno node or vm is called %q", r.prefix(), cut(it.text))
		}
	case ref == of:
		b.report(it.pos, "", "%s is reached through itself", of)
	default:
		to.Jump = append(to.Jump, string(ref))
		if of != "" {
			b.edge(Edge{of, ref, EdgeJump}, it.pos)
		}
	}
}

// file makes a file name of the console's machine absolute: ~ is the home
// folder, and what is relative is relative to the inventory.
func (b *builder) file(it item) string {
	name := it.text
	switch {
	case name == "":
		return ""
	case name == "~" || strings.HasPrefix(name, "~/"):
		if b.home == "" {
			return name
		}
		return filepath.Join(b.home, name[1:])
	case name[0] == '~':
		b.report(it.pos, "write the path in full", "%q names another user's home folder", cut(name))
		return name
	case filepath.IsAbs(name):
		return filepath.Clean(name)
	}
	return filepath.Join(b.dir, name)
}

func (b *builder) site(r *reader, to *string) {
	b.one(r, "site", []Level{LevelSite}, func(site Ref, _ Pos) { *to = site.Name() })
}

func (b *builder) tags(r *reader) []string {
	var tags []string
	for _, it := range r.list("tags") {
		if text, hint := checkName(it.text); text != "" {
			b.report(it.pos, hint, "%stag: %s", r.prefix(), text)
			continue
		}
		tags = append(tags, it.text)
	}
	return tags
}

func (b *builder) windows(r *reader) []Window {
	var ws []Window
	for _, it := range r.list("expected_off") {
		w, err := ParseWindow(it.text)
		if err != nil {
			b.report(it.pos, `write "22:00-06:00" or "sat,sun 00:00-24:00"`, "%sexpected_off: %v", r.prefix(), err)
			continue
		}
		ws = append(ws, w)
	}
	return ws
}
