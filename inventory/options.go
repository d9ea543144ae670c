package inventory

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kind reads the kind of a thing and the options that the kind has.
func (b *builder) kind(r *reader, l Level, fallback string) (string, Options) {
	name, at := r.lineAt("kind")
	if name == "" && l == LevelRepository && r.tab.index["kind"] == nil {
		return "", nil // described, and nothing drives it
	}
	if name == "" {
		r.open = true
		if fallback == "" {
			r.require("kind")
			return "", nil
		}
		name = fallback
		if k, ok := b.kinds[name]; !ok || !slices.Contains(k.Levels, l) || r.tab.index["kind"] != nil {
			return name, nil
		}
		r.open = r.tab.broken // the kind may be what could not be read
	}
	k, ok := b.kinds[name]
	if ok && slices.Contains(k.Levels, l) {
		r.kind = name
		return name, b.options(r, k)
	}
	r.open = true // whose options these are is not known
	fit := b.kinds.of(l)
	switch {
	case !ok && l == LevelRepository && len(fit) == 0:
		return name, nil // no kind of repository is known: any word will do
	case !ok:
		hint := didYouMean(name, fit)
		if hint == "" {
			hint = kindsOf(l, fit)
		}
		b.report(at, hint, "%sunknown kind %q", r.prefix(), cut(name))
	default:
		b.report(at, kindsOf(l, fit), "%s%q is no kind of a %s but of %s", r.prefix(), name, l, anyOf(k.Levels))
	}
	return "", nil
}

// of returns the kinds of a level in the order of their names.
func (s Schema) of(l Level) []string {
	var fit []string
	for _, k := range sortedKeys(s) {
		if slices.Contains(s[k].Levels, l) {
			fit = append(fit, k)
		}
	}
	return fit
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
	maps.Copy(opts, b.defaultsOf(r.kind, k))
	b.values(opts, r, k, true)
	return opts
}

// values reads into opts the options of a kind that are written in a table.
// Those that are required are missed where whole says that the table must have
// them.
func (b *builder) values(opts Options, r *reader, k KindSchema, whole bool) {
	for _, o := range k.Options {
		e := r.tab.index[o.Name]
		if e == nil {
			if whole && o.Required && !r.tab.broken {
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
