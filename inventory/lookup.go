package inventory

import (
	"fmt"
	"iter"
	"strings"
)

// Target returns the target of a Ref. The target is the fleet's own and must
// not be changed.
func (f *Fleet) Target(r Ref) (*Target, bool) {
	t, ok := f.index[r]
	return t, ok
}

// Lookup returns the target that a person names: as level and name, or by its
// name alone where only one target has it. The error is a [*SelectError] that
// says what was probably meant.
func (f *Fleet) Lookup(name string) (*Target, error) {
	if t, ok := f.index[Ref(name)]; ok {
		return t, nil
	}
	switch refs := f.byName[name]; len(refs) {
	case 0:
		return nil, f.unknown(name)
	case 1:
		return f.index[refs[0]], nil
	default:
		return nil, &SelectError{Expr: name, Text: fmt.Sprintf("%q is %s", name, words(refWords(refs))), Hint: "write the one that is meant in full"}
	}
}

func (f *Fleet) unknown(name string) *SelectError {
	e := &SelectError{Expr: name, Text: fmt.Sprintf("no target is called %q", cut(name))}
	if name == "" {
		e.Text = "the name is empty"
		return e
	}
	if _, bare, ok := strings.Cut(name, "/"); ok && len(f.byName[bare]) > 0 {
		e.Hint = `did you mean "` + string(f.byName[bare][0]) + `"?`
		return e
	}
	var can []string
	for t := range f.Targets() {
		if strings.Contains(name, "/") {
			can = append(can, string(t.Ref))
		} else {
			can = append(can, t.Ref.Name())
		}
	}
	e.Hint = didYouMean(name, can)
	for _, s := range f.Sites {
		if e.Hint == "" && s.Name == name {
			e.Hint = `it is a site: write "site:` + name + `"`
		}
	}
	for t := range f.Targets() {
		for _, tag := range t.Tags {
			if e.Hint == "" && tag == name {
				e.Hint = `it is a tag: write "tag:` + name + `"`
			}
		}
	}
	if e.Hint == "" {
		e.Hint = "jurymast list shows what there is"
	}
	return e
}

// Targets yields nodes, vms, shares and services in file order.
func (f *Fleet) Targets() iter.Seq[*Target] {
	return each(f.Nodes, f.VMs, f.Shares, f.Services)
}

// Hosts yields nodes and vms in file order.
func (f *Fleet) Hosts() iter.Seq[*Target] { return each(f.Nodes, f.VMs) }

func each(lists ...[]Target) iter.Seq[*Target] {
	return func(yield func(*Target) bool) {
		for _, ts := range lists {
			for i := range ts {
				if !yield(&ts[i]) {
					return
				}
			}
		}
	}
}
