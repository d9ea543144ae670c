package inventory

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
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
	for _, v := range e.val.list {
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
		hint := didYouMean(it.text, b.namesOf(hostLevels))
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

// kind reads the kind of a thing and the options that the kind has.
func (b *builder) kind(r *reader, l Level, fallback string) (string, Options) {
	name, at := r.lineAt("kind")
	if name == "" {
		r.open = true
		if fallback == "" {
			r.require("kind")
			return "", nil
		}
		name = fallback
		if k, ok := b.kinds[name]; !ok || !slices.Contains(k.Levels, l) {
			return name, nil
		}
		r.open = false
	}
	var fit []string
	for _, k := range sortedKeys(b.kinds) {
		if slices.Contains(b.kinds[k].Levels, l) {
			fit = append(fit, k)
		}
	}
	k, ok := b.kinds[name]
	switch {
	case !ok && l == LevelRepository && len(fit) == 0:
		r.open = true // no kind of repository is known: any word will do
		return name, nil
	case !ok:
		r.open = true
		hint := didYouMean(name, fit)
		if hint == "" {
			hint = kindsOf(l, fit)
		}
		b.report(at, hint, "%sunknown kind %q", r.prefix(), cut(name))
		return "", nil
	case !slices.Contains(k.Levels, l):
		r.open = true
		b.report(at, kindsOf(l, fit), "%s%q is no kind of a %s but of %s", r.prefix(), name, l, anyOf(k.Levels))
		return "", nil
	}
	r.kind = name
	return name, b.options(r, k)
}

func kindsOf(l Level, fit []string) string {
	if len(fit) == 0 {
		return "no kind of a " + string(l) + " is known"
	}
	return "kinds of a " + string(l) + ": " + strings.Join(fit, ", ")
}

func levelWords(ls []Level) []string {
	ws := make([]string, len(ls))
	for i, l := range ls {
		ws[i] = string(l)
	}
	return ws
}

func (b *builder) declares(kind, option string) bool {
	_, ok := find(b.kinds[kind].Options, option)
	return kind != "" && ok
}

// options reads the options of the reader's kind.
func (b *builder) options(r *reader, k KindSchema) Options {
	opts := Options{}
	for name, v := range b.defaultsOf(r.kind, k) {
		opts[name] = v
	}
	for _, o := range k.Options {
		e := r.tab.index[o.Name]
		if e == nil {
			if o.Required && !r.tab.broken {
				b.report(r.tab.pos, o.Doc, "%s has no %s, and kind %s needs it", r.what, o.Name, r.kind)
			}
			continue
		}
		got, text, hint := converters[o.Type](o, e.val)
		if text != "" {
			r.report(e.val.pos, hint, o.Name, "%s", text)
			continue
		}
		switch v := got.(type) {
		case Secret:
			if v.File != "" {
				v.File = b.file(item{v.File, e.val.pos})
			}
			got = v
		case string:
			if o.Type == TypeHost {
				b.later = append(b.later, func() {
					if v == string(Console) {
						return
					}
					if ref, ok := b.resolve(r, o.Name, item{v, e.val.pos}, seenFrom); ok {
						opts[o.Name] = string(ref)
					}
				})
			}
		}
		opts[o.Name] = got
	}
	return opts
}

func (b *builder) defaultsOf(kind string, k KindSchema) Options {
	if d, ok := b.defaults[kind]; ok {
		return d
	}
	d := Options{}
	for _, o := range k.Options {
		if v, text := defaultOf(o); v != nil && text == "" {
			d[o.Name] = v
		}
	}
	b.defaults[kind] = d
	return d
}

// limits reads the limits of the reader's kind, defaults filled in.
func (b *builder) limits(r *reader) Limits {
	all := Limits{}
	k := b.kinds[r.kind]
	can := make([]string, 0, len(k.Limits))
	for _, l := range k.Limits {
		all[l.Name] = Bound{Warn: l.Warn, Fail: l.Fail, Low: l.Low, Unit: l.Unit}
		can = append(can, l.Name)
	}
	e := r.tab.index["limits"]
	if e == nil {
		return all
	}
	if e.val.kind != kindTable {
		b.report(e.val.pos, "write { disk = { warn = 85, fail = 95 } }", "%slimits must be a table, not %s", r.prefix(), e.val.kind)
		return all
	}
	for _, x := range e.val.tab.entries {
		bound, ok := all[x.key]
		switch {
		case r.open: // whose limits these are is not known
		case !ok:
			hint := didYouMean(x.key, can)
			if hint == "" {
				hint = "kind " + r.kind + " has no limits"
				if len(can) > 0 {
					hint = "kind " + r.kind + " has " + words(can)
				}
			}
			b.report(x.pos, hint, "%sunknown limit %q", r.prefix(), cut(x.key))
		case x.val.kind == kindBool && !x.val.bool:
			bound.Warn, bound.Fail = math.NaN(), math.NaN()
			all[x.key] = bound
		case x.val.kind != kindTable:
			b.report(x.val.pos, fmt.Sprintf("write %s = { warn = …, fail = … }, or false to switch it off", x.key), "%slimit %s must be a table, not %s", r.prefix(), x.key, x.val.kind)
		default:
			all[x.key] = b.bound(r, x, bound)
		}
	}
	return all
}

// bound reads { warn = …, fail = … } over the default.
func (b *builder) bound(r *reader, e *entry, bound Bound) Bound {
	for _, x := range e.val.tab.entries {
		var half *float64
		switch x.key {
		case "warn":
			half = &bound.Warn
		case "fail":
			half = &bound.Fail
		default:
			b.report(x.pos, didYouMean(x.key, []string{"warn", "fail"}), "%sunknown key %q in limit %s", r.prefix(), cut(x.key), e.key)
			continue
		}
		if x.val.kind == kindBool && !x.val.bool {
			*half = math.NaN()
			continue
		}
		n, ok := limitNumber(x.val, bound.Unit)
		if !ok {
			b.report(x.val.pos, limitHint(bound.Unit), "%s%s of limit %s is no number", r.prefix(), x.key, e.key)
			continue
		}
		*half = n
	}
	if text := wrongOrder(bound); text != "" {
		b.report(e.val.pos, "what is not written keeps its default", "%slimit %s: %s", r.prefix(), e.key, text)
	}
	return bound
}

func limitHint(unit string) string {
	if unit == "" {
		return "write a number, or false to switch it off"
	}
	return "write a number in " + unit + ", or false to switch it off"
}

// timeUnits are the units of a limit that can also be written as a duration.
var timeUnits = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "min": time.Minute, "h": time.Hour, "hours": time.Hour, "d": 24 * time.Hour, "days": 24 * time.Hour,
}

// limitNumber reads a number, with its unit behind it or without.
func limitNumber(v *value, unit string) (float64, bool) {
	switch v.kind {
	case kindInt:
		return float64(v.num), true
	case kindFloat:
		return v.float, true
	case kindString:
		if per, ok := timeUnits[unit]; ok {
			if d, err := ParseDuration(v.str); err == nil {
				return float64(d) / float64(per), true
			}
		}
		if unit == "" {
			return 0, false
		}
		num, ok := strings.CutSuffix(strings.TrimSpace(v.str), unit)
		n, err := strconv.ParseFloat(strings.TrimSpace(num), 64)
		return n, ok && err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
	}
	return 0, false
}
