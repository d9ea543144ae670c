package inventory

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// A SelectError says why a selector names no target.
type SelectError struct {
	Expr string // the selector, or the part of it that is wrong
	Text string // what is wrong with it
	Hint string // what was probably meant; may be empty
	// Empty is set when the selector is well formed and knows what it speaks of,
	// but no target is all of that now.
	Empty bool
}

func (e *SelectError) Error() string { return e.Text }

// plurals are words that stand for a whole level.
var plurals = map[string][]Level{
	"nodes": {LevelNode}, "vms": {LevelVM}, "shares": {LevelShare}, "services": {LevelService}, "hosts": hostLevels,
}

// reserved reports whether a word means something to a selector or a reference
// and so cannot be a name.
func reserved(name string) bool {
	_, plural := plurals[name]
	return plural || name == "all" || name == string(Console)
}

// Select returns the targets that any of the expressions names, in file order.
// Within an expression a comma means or, a blank means and; "!" turns a term
// round. The terms:
//
//	node/nas1  nas1     one target; a bare name must be unique
//	app*  service/*     names or references by pattern
//	all  nodes  vms  shares  services  hosts
//	level:node  kind:docker  tag:prod  site:home
//	on:pve1             everything that runs on it, through guests too
//	state:fail          only with [Fleet.SelectWith]
//
// No expression, an empty one, one that names what is not there and one that
// matches nothing are each a [*SelectError]: nothing is ever taken to mean all.
func (f *Fleet) Select(exprs []string) ([]*Target, error) { return f.SelectWith(exprs, nil) }

// SelectWith is [Fleet.Select] with state: terms, for which state returns the
// word of a target.
func (f *Fleet) SelectWith(exprs []string, state func(Ref) string) ([]*Target, error) {
	if len(exprs) == 0 {
		return nil, &SelectError{Text: "no target is named", Hint: `write "all" for everything`}
	}
	picked := map[Ref]bool{}
	for _, expr := range exprs {
		if strings.TrimSpace(expr) == "" {
			return nil, &SelectError{Expr: expr, Text: "the selector is empty", Hint: `write "all" for everything`}
		}
		for _, alt := range strings.Split(expr, ",") {
			terms := strings.Fields(alt)
			if len(terms) == 0 {
				return nil, &SelectError{Expr: expr, Text: fmt.Sprintf("selector %q has nothing on one side of a comma", cut(expr))}
			}
			matches := make([]matcher, len(terms))
			for i, term := range terms {
				m, err := f.term(term, state)
				if err != nil {
					return nil, err
				}
				matches[i] = m
			}
			for t := range f.Targets() {
				if !slices.ContainsFunc(matches, func(m matcher) bool { return !m(t) }) {
					picked[t.Ref] = true
				}
			}
		}
	}
	var ts []*Target
	for t := range f.Targets() {
		if picked[t.Ref] {
			ts = append(ts, t)
		}
	}
	if len(ts) == 0 {
		expr := strings.Join(exprs, ",")
		return nil, &SelectError{Expr: expr, Text: fmt.Sprintf("nothing matches %q", cut(expr)), Empty: true}
	}
	return ts, nil
}

// matcher is one term of a selector.
type matcher func(*Target) bool

func (f *Fleet) term(term string, state func(Ref) string) (matcher, error) {
	if rest, ok := strings.CutPrefix(term, "!"); ok {
		if rest == "" || rest[0] == '!' {
			return nil, &SelectError{Expr: term, Text: fmt.Sprintf("selector %q turns nothing round", cut(term)), Hint: `write "!tag:lab", without a blank`}
		}
		m, err := f.term(rest, state)
		if err != nil {
			return nil, err
		}
		return func(t *Target) bool { return !m(t) }, nil
	}
	if key, val, ok := strings.Cut(term, ":"); ok {
		return f.property(term, key, val, state)
	}
	if term == "all" {
		return func(*Target) bool { return true }, nil
	}
	if ls, ok := plurals[term]; ok {
		return func(t *Target) bool { return slices.Contains(ls, t.Ref.Level()) }, nil
	}
	if isPattern(term) {
		if err := checkPattern(term); err != nil {
			return nil, err
		}
		whole := strings.Contains(term, "/")
		return func(t *Target) bool {
			name := t.Ref.Name()
			if whole {
				name = string(t.Ref)
			}
			return glob(term, name)
		}, nil
	}
	want, err := f.Lookup(term)
	if err != nil {
		return nil, err
	}
	return func(t *Target) bool { return t.Ref == want.Ref }, nil
}

// states are the words that a state: term may hold.
var states = []string{"ok", "warn", "fail", "unknown"}

// property reads a term of the form key:value. The value must be one that the
// fleet has, so that a slip of the finger is not taken for an empty answer.
func (f *Fleet) property(term, key, val string, state func(Ref) string) (matcher, error) {
	var of func(*Target) []string
	var can []string
	switch key {
	case "tag":
		of = func(t *Target) []string { return t.Tags }
	case "site":
		of = func(t *Target) []string { return []string{t.Site} }
		for _, s := range f.Sites {
			can = append(can, s.Name)
		}
	case "kind":
		of = func(t *Target) []string { return []string{t.Kind} }
	case "level":
		if ls, ok := plurals[val]; ok {
			return func(t *Target) bool { return slices.Contains(ls, t.Ref.Level()) }, nil
		}
		of = func(t *Target) []string { return []string{string(t.Ref.Level())} }
		can = levelWords(targetLevels)
		if val == "host" {
			return f.property(term, key, "hosts", state)
		}
	case "state":
		if state == nil {
			return nil, &SelectError{Expr: term, Text: fmt.Sprintf("%q cannot be used here: no state is at hand", cut(term))}
		}
		of = func(t *Target) []string { return []string{state(t.Ref)} }
		can = states
	case "on":
		return f.runningOn(val)
	default:
		return nil, &SelectError{
			Expr: term, Text: fmt.Sprintf("selector %q: %q is nothing to select by", cut(term), cut(key)),
			Hint: didYouMeanOr(key, []string{"tag", "site", "kind", "level", "on", "state"}, "it goes by tag, site, kind, level, on and state"),
		}
	}
	if can == nil {
		for t := range f.Targets() {
			can = append(can, of(t)...)
		}
		can = sorted(can)
	}
	if err := checkPattern(val); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(can, func(c string) bool { return c != "" && glob(val, c) }) {
		return nil, &SelectError{
			Expr: term, Text: fmt.Sprintf("selector %q: there is no %s %q", cut(term), key, cut(val)),
			Hint: didYouMeanOr(val, can, offer(can)),
		}
	}
	return func(t *Target) bool {
		return slices.ContainsFunc(of(t), func(v string) bool { return v != "" && glob(val, v) })
	}, nil
}

// runningOn matches what runs on a host, directly or in a guest of it.
func (f *Fleet) runningOn(name string) (matcher, error) {
	host, err := f.Lookup(name)
	if err != nil {
		// A name that a host shares with a service still means the host here.
		var found []*Target
		for t := range f.Hosts() {
			if t.Ref.Name() == name {
				found = append(found, t)
			}
		}
		if len(found) != 1 {
			return nil, err
		}
		host = found[0]
	}
	if !slices.Contains(hostLevels, host.Ref.Level()) {
		return nil, &SelectError{Expr: "on:" + name, Text: fmt.Sprintf("%s is no host: nothing runs on it", host.Ref)}
	}
	return func(t *Target) bool {
		if t.Ref == host.Ref {
			return false
		}
		if t.On == host.Ref {
			return true
		}
		guest, ok := f.index[t.Host]
		return ok && guest.On == host.Ref
	}, nil
}

func isPattern(s string) bool { return strings.ContainsAny(s, "*?[") }

func checkPattern(s string) error {
	if _, err := path.Match(s, ""); err != nil {
		return &SelectError{Expr: s, Text: fmt.Sprintf("bad pattern %q", cut(s))}
	}
	return nil
}

// glob matches a pattern that was checked.
func glob(pattern, s string) bool {
	ok, err := path.Match(pattern, s)
	return ok && err == nil
}

func didYouMeanOr(got string, can []string, or string) string {
	if hint := didYouMean(got, can); hint != "" {
		return hint
	}
	return or
}

// offer lists what there is to choose from, when it is little enough to read.
func offer(can []string) string {
	can = slices.DeleteFunc(slices.Clone(can), func(s string) bool { return s == "" })
	if len(can) == 0 || len(can) > 12 {
		return ""
	}
	return "there is " + words(can)
}
