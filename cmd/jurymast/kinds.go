package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"jurymast/actions"
	"jurymast/actions/engine"
	"jurymast/inventory"
)

// kindItem is a kind as programs read it.
type kindItem struct {
	Name   string   `json:"name"`
	Doc    string   `json:"doc"`
	Levels []string `json:"levels"`
	Verbs  []string `json:"verbs"`
	// Proved says of each verb what the claim rests on.
	Proved  map[string]actions.Ground `json:"proved"`
	Options []option                  `json:"options"`
	Limits  []limit                   `json:"limits"`
	Sudoers []string                  `json:"sudoers"`
}

type option struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Default  string   `json:"default,omitempty"`
	Required bool     `json:"required,omitempty"`
	Values   []string `json:"values,omitempty"`
	Doc      string   `json:"doc"`
}

type limit struct {
	Name string  `json:"name"`
	Unit string  `json:"unit,omitempty"`
	Warn *number `json:"warn"`
	Fail *number `json:"fail"`
	Low  bool    `json:"low,omitempty"`
	Doc  string  `json:"doc"`
}

// number is a float that is not NaN, as JSON can say it.
type number float64

func finite(f float64) *number {
	if f != f {
		return nil
	}
	n := number(f)
	return &n
}

func newKindItem(k actions.Kind) kindItem {
	it := kindItem{Name: k.Name, Doc: k.Doc, Levels: []string{}, Verbs: k.Verbs(), Proved: k.Proved, Options: []option{}, Limits: []limit{}, Sudoers: k.Sudoers}
	for _, l := range k.Levels {
		it.Levels = append(it.Levels, string(l))
	}
	for _, o := range k.Options {
		it.Options = append(it.Options, option{o.Name, string(o.Type), o.Default, o.Required, o.Values, o.Doc})
	}
	for _, l := range k.Limits {
		it.Limits = append(it.Limits, limit{l.Name, l.Unit, finite(l.Warn), finite(l.Fail), l.Low, l.Doc})
	}
	return it
}

func (a *app) kindsCommand() *cobra.Command {
	var sudoers bool
	c := a.command(&cobra.Command{
		Use:     "kinds [NAME]",
		Short:   "Say what kinds of system are known, and what each can be told",
		Example: "  jurymast kinds\n  jurymast kinds linux\n  jurymast kinds linux --sudoers > /etc/sudoers.d/jurymast",
		Args:    args(cobra.MaximumNArgs(1)),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var out []string
			for _, k := range engine.Kinds(a.described()) {
				out = append(out, k.Name+"\t"+k.Doc)
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, as []string) error {
			kinds := engine.Kinds(a.described())
			if len(as) == 0 {
				if sudoers {
					return usageError{"--sudoers needs the name of a kind", "jurymast kinds linux --sudoers"}
				}
				return a.listKinds(kinds)
			}
			for _, k := range kinds {
				if k.Name != as[0] {
					continue
				}
				if sudoers {
					return a.printSudoers(k)
				}
				if a.flags.output != string(formatTable) && a.flags.output != string(formatWide) {
					return a.listKinds([]actions.Kind{k})
				}
				return a.kindPage(k)
			}
			return usageError{fmt.Sprintf("there is no kind %q", as[0]), "jurymast kinds"}
		},
	}, "0", "64")
	c.Flags().BoolVar(&sudoers, "sudoers", false, "print a sudoers rule for what the kind needs root for")
	return c
}

// grounds says what a kind can do, by what the claim rests on, best first.
func grounds(k actions.Kind) string {
	var out []string
	for _, g := range []actions.Ground{actions.Real, actions.Recorded, actions.Documented} {
		var verbs []string
		for _, v := range k.Verbs() {
			if k.Proved[v] == g {
				verbs = append(verbs, v)
			}
		}
		if len(verbs) > 0 {
			out = append(out, string(g)+": "+strings.Join(verbs, ", "))
		}
	}
	return strings.Join(out, "; ")
}

func (a *app) listKinds(kinds []actions.Kind) error {
	l := listing{schema: "kinds", columns: []column{{head: "KIND"}, {head: "OF"}, {head: "CAN"}, {head: "WHAT", flex: true}}}
	for _, k := range kinds {
		it := newKindItem(k)
		l.rows = append(l.rows, row{name: k.Name, cells: []string{k.Name, strings.Join(it.Levels, ", "), strings.Join(it.Verbs, ", "), k.Doc}, item: it})
	}
	return a.printer().print(l, exitOK)
}

// printSudoers prints a rule for an account named jurymast; the comment says
// what to change. An empty rule is said, not printed as an empty file.
func (a *app) printSudoers(k actions.Kind) error {
	if len(k.Sudoers) == 0 {
		_, err := fmt.Fprintf(a.err, "kind %s needs no root\n", k.Name)
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# What jurymast runs as root to look at kind %s. Put the login name that it uses\n# in place of \"jurymast\", and check with: visudo -c\n", k.Name)
	if slices.ContainsFunc(k.Sudoers, func(s string) bool { return strings.HasPrefix(s, "/bin/sh") }) {
		b.WriteString("# This rule lets the login do whatever root may: the look is run by root as a whole.\n")
	}
	for _, s := range k.Sudoers {
		fmt.Fprintf(&b, "jurymast ALL=(root) NOPASSWD: %s\n", s)
	}
	_, err := fmt.Fprint(a.out, b.String())
	return err
}

func (a *app) kindPage(k actions.Kind) error {
	it := newKindItem(k)
	p := a.printer()
	var b strings.Builder
	fmt.Fprintf(&b, "%s - %s\n\nOf:   %s\nCan:  %s\n", p.paint(sgrBold, k.Name), k.Doc, strings.Join(it.Levels, ", "), grounds(k))
	if k.About != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(k.About))
	}
	if _, err := fmt.Fprint(a.out, b.String()); err != nil {
		return err
	}
	if len(k.Options) > 0 {
		l := listing{columns: []column{{head: "OPTION"}, {head: "TYPE"}, {head: "DEFAULT"}, {head: "MEANING", flex: true}}}
		for _, o := range k.Options {
			def := o.Default
			switch {
			case o.Required:
				def = "required"
			case def == "":
				def = "-"
			}
			doc := o.Doc
			if len(o.Values) > 0 {
				doc += " (" + strings.Join(o.Values, ", ") + ")"
			}
			l.rows = append(l.rows, row{cells: []string{o.Name, string(o.Type), def, doc}})
		}
		if err := a.section(l); err != nil {
			return err
		}
	}
	if len(k.Limits) > 0 {
		l := listing{columns: []column{{head: "LIMIT"}, {head: "WARN"}, {head: "FAIL"}, {head: "MEANING", flex: true}}}
		for _, x := range k.Limits {
			l.rows = append(l.rows, row{cells: []string{x.Name, bound(x, x.Warn), bound(x, x.Fail), x.Doc}})
		}
		if err := a.section(l); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(a.out, "\nOverride one in the inventory: limits = { %s }\n", override(k.Limits)); err != nil {
			return err
		}
	}
	if len(k.Sudoers) > 0 {
		_, err := fmt.Fprintf(a.out, "\nNeeds root for part of it: jurymast kinds %s --sudoers\n", k.Name)
		return err
	}
	return nil
}

// section prints a table of a page, apart from what stands above it.
func (a *app) section(l listing) error {
	if _, err := fmt.Fprintln(a.out); err != nil {
		return err
	}
	p := a.printer()
	p.format = formatTable
	return p.print(l, exitOK)
}

func bound(l inventory.Limit, v float64) string {
	if v != v {
		return "-"
	}
	sign := ">"
	if l.Low {
		sign = "<"
	}
	unit := l.Unit
	if len(unit) > 3 { // a word, not a sign
		unit = " " + unit
	}
	return sign + " " + trimFloat(v) + unit
}

// override is how an inventory names the first limit that has a bound of its
// own, or the first of all with a bound made up.
func override(limits []inventory.Limit) string {
	for _, l := range limits {
		var bounds []string
		if l.Warn == l.Warn {
			bounds = append(bounds, "warn = "+trimFloat(l.Warn))
		}
		if l.Fail == l.Fail {
			bounds = append(bounds, "fail = "+trimFloat(l.Fail))
		}
		if len(bounds) > 0 {
			return l.Name + " = { " + strings.Join(bounds, ", ") + " }"
		}
	}
	return limits[0].Name + " = { warn = 10 }"
}

func trimFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
