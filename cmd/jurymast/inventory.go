package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"jurymast/actions/engine"
	"jurymast/inventory"
)

func (a *app) inventoryCommand() *cobra.Command {
	return a.group(&cobra.Command{
		Use:     "inventory",
		Short:   "Check, show, draw, format and begin an inventory",
		Example: "  jurymast inventory validate\n  jurymast inventory import ssh-config > inventory.toml",
	}, a.validateCommand(), a.inventoryShowCommand(), a.graphCommand(), a.schemaCommand(), a.fmtCommand(), a.importCommand())
}

// inventoryPath is the file named on the command line, or the one that holds.
func (a *app) inventoryPath(as []string) (string, error) {
	if len(as) == 1 {
		return as[0], nil
	}
	if p := a.paths().Inventory; p != "" {
		return p, nil
	}
	return "", usageError{"there is no inventory yet", "jurymast config path"}
}

// loaded is an inventory with everything that is wrong with it.
func (a *app) loaded(as []string) (*inventory.Fleet, string, inventory.Problems, error) {
	path, err := a.inventoryPath(as)
	if err != nil {
		return nil, "", nil, err
	}
	f, err := inventory.Load(path, engine.Schema())
	var problems inventory.Problems
	if errors.As(err, &problems) {
		return nil, path, problems, nil
	}
	return f, path, nil, err
}

// described is the inventory where there is one that can be used, else nil: for
// commands that only want to know what kinds it describes.
func (a *app) described() *inventory.Fleet {
	f, _, _, err := a.loaded(nil)
	if err != nil {
		return nil
	}
	return f
}

func (a *app) validateCommand() *cobra.Command {
	return a.command(&cobra.Command{
		Use:     "validate [FILE]",
		Short:   "Say everything that is wrong with an inventory, in one go",
		Example: "  jurymast inventory validate\n  jurymast inventory validate inventory.toml -o json",
		Args:    args(cobra.MaximumNArgs(1)),
		RunE: func(_ *cobra.Command, as []string) error {
			f, path, problems, err := a.loaded(as)
			if err != nil {
				return err
			}
			code := exitOK
			if f == nil {
				code = exitInventory
			} else {
				problems = f.Warnings
			}
			if p := a.printer(); !p.forPeople() {
				if err := p.print(problemListing(problems), code); err != nil {
					return err
				}
			} else if err := a.sayProblems(f, path, problems); err != nil {
				return err
			}
			if code != exitOK {
				return resultError(code)
			}
			return nil
		},
	}, "0", "64", "65", "74", "77")
}

func problemListing(ps inventory.Problems) listing {
	l := listing{schema: "problems", columns: []column{{head: "WHERE"}, {head: "LEVEL"}, {head: "WHAT"}, {head: "HINT"}}}
	for _, p := range ps {
		level := "error"
		if p.Warning {
			level = "warning"
		}
		l.rows = append(l.rows, row{name: p.Pos.String(), cells: []string{p.Pos.String(), level, p.Text, p.Hint},
			item: map[string]any{"file": p.Pos.File, "line": p.Pos.Line, "column": p.Pos.Col, "level": level, "text": p.Text, "hint": p.Hint}})
	}
	return l
}

func (a *app) sayProblems(f *inventory.Fleet, path string, ps inventory.Problems) error {
	w := a.err
	if f != nil {
		w = a.out
	}
	for _, p := range ps {
		if _, err := fmt.Fprintln(w, p); err != nil {
			return err
		}
	}
	if f == nil {
		_, err := fmt.Fprintf(a.err, "%s: %s\n", path, count(len(ps), "problem"))
		return err
	}
	if a.flags.quiet {
		return nil
	}
	_, err := fmt.Fprintf(a.out, "%s: valid: %s, %s, %s, %s%s\n", path, count(len(f.Nodes), "node"), count(len(f.VMs), "vm"), count(len(f.Shares), "share"), count(len(f.Services), "service"), warnings(len(ps)))
	return err
}

func warnings(n int) string {
	if n == 0 {
		return ""
	}
	return "; " + count(n, "warning")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (a *app) inventoryShowCommand() *cobra.Command {
	return a.command(&cobra.Command{
		Use:               "show [SELECTOR...]",
		Short:             "Show the inventory as it is understood, defaults filled in",
		Example:           "  jurymast inventory show\n  jurymast inventory show node/nas1 -o json",
		ValidArgsFunction: a.completeSelectors(),
		RunE: func(_ *cobra.Command, as []string) error {
			f, _, problems, err := a.loaded(nil)
			if err != nil {
				return err
			}
			if problems != nil {
				return problems
			}
			targets := []*inventory.Target{}
			if len(as) > 0 {
				if targets, err = f.Select(as); err != nil {
					return err
				}
			} else {
				for t := range f.Targets() {
					targets = append(targets, t)
				}
			}
			return a.printer().print(understood(targets), exitOK)
		},
	}, "0", "64", "65", "74", "77")
}

// understood is targets as the inventory means them.
func understood(ts []*inventory.Target) listing {
	l := listing{schema: "inventory", columns: []column{{head: "TARGET"}, {head: "KIND"}, {head: "SITE"}, {head: "HOST"}, {head: "ADDRESS"}, {head: "TAGS", wide: true}, {head: "NEEDS", wide: true}, {head: "DECLARED", flex: true}}}
	for _, t := range ts {
		l.rows = append(l.rows, row{name: string(t.Ref), cells: []string{string(t.Ref), t.Kind, dash(t.Site), dash(string(t.Host)), dash(t.Reach.Address), fmt.Sprint(t.Tags), refs(t.Needs), t.Pos.String()}, item: map[string]any{
			"ref": t.Ref, "kind": t.Kind, "title": t.Title, "class": t.Class, "site": t.Site, "host": t.Host, "address": t.Reach.Address, "port": t.Reach.Port, "user": t.Reach.User,
			"jump": t.Reach.Jump, "tags": t.Tags, "needs": t.Needs, "standby": t.Standby, "data": t.Data, "url": t.URL, "path": t.Path, "protected": t.Protected, "options": t.Options,
			"limits": limitItems(t.Limits), "declared": t.Pos.String(),
		}})
	}
	return l
}

func limitItems(ls inventory.Limits) map[string]any {
	out := map[string]any{}
	for name, b := range ls {
		out[name] = map[string]any{"warn": finite(b.Warn), "fail": finite(b.Fail), "low": b.Low, "unit": b.Unit}
	}
	return out
}

func (a *app) graphCommand() *cobra.Command {
	var dot bool
	c := a.command(&cobra.Command{
		Use:     "graph",
		Short:   "Draw what needs what",
		Example: "  jurymast inventory graph\n  jurymast inventory graph --dot | dot -Tsvg > fleet.svg",
		Args:    args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			f, _, problems, err := a.loaded(nil)
			if err != nil {
				return err
			}
			if problems != nil {
				return problems
			}
			if dot {
				return f.Graph().WriteDOT(a.out)
			}
			return f.Graph().WriteTree(a.out)
		},
	}, "0", "64", "65", "74", "77")
	c.Flags().BoolVar(&dot, "dot", false, "for Graphviz")
	return c
}

func (a *app) schemaCommand() *cobra.Command {
	return a.command(&cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of inventories, for editors",
		Example: `  jurymast inventory schema > jurymast.schema.json
  # and as the first line of the inventory:
  #:schema ./jurymast.schema.json`,
		Args: args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			schema := engine.Schema()
			if f := a.described(); f != nil {
				schema = schema.With(f.Kinds)
			}
			b, err := inventory.JSONSchema(schema)
			if err != nil {
				return err
			}
			_, err = a.out.Write(b)
			return err
		},
	}, "0", "64")
}

func (a *app) fmtCommand() *cobra.Command {
	var check bool
	c := a.command(&cobra.Command{
		Use:     "fmt [FILE]",
		Short:   "Write an inventory in its usual form; comments and meaning stay",
		Example: "  jurymast inventory fmt\n  jurymast inventory fmt --check inventory.toml",
		Args:    args(cobra.MaximumNArgs(1)),
		RunE: func(_ *cobra.Command, as []string) error {
			path, err := a.inventoryPath(as)
			if err != nil {
				return err
			}
			return a.format(path, check)
		},
	}, "0", "64", "65", "74", "77")
	c.Flags().BoolVar(&check, "check", false, "change nothing; leave with 65 if it would")
	return c
}

func (a *app) format(path string, check bool) error {
	src, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return err
	}
	out, err := inventory.Format(src)
	var problems inventory.Problems
	if errors.As(err, &problems) { // it knows the text, not the file
		for i := range problems {
			problems[i].Pos.File = path
		}
	}
	if err != nil {
		return &engine.Trouble{Class: engine.ClassInventory, What: path + " cannot be formatted", Err: err, Next: "jurymast inventory validate " + path}
	}
	if bytes.Equal(src, out) {
		return nil
	}
	if check {
		return &engine.Trouble{Class: engine.ClassInventory, What: path + " is not in its usual form", Next: "jurymast inventory fmt " + path}
	}
	if a.flags.readOnly || truthy(a.env.get("JURYMAST_READ_ONLY")) {
		return &engine.Trouble{Class: engine.ClassReadOnly, What: path + " is not written: this is a read-only jurymast", Next: "jurymast inventory fmt --check"}
	}
	return engine.WriteFile(path, out)
}

func (a *app) importCommand() *cobra.Command {
	return a.group(&cobra.Command{
		Use:     "import",
		Short:   "Begin an inventory from what is there already",
		Example: "  jurymast inventory import ssh-config > inventory.toml\n  jurymast inventory import proxmox pve1 > inventory.d/guests.toml",
	}, a.importSSHConfigCommand(), a.importProxmoxCommand())
}

func (a *app) importProxmoxCommand() *cobra.Command {
	return a.command(&cobra.Command{
		Use:   "proxmox NODE",
		Short: "Print the guests of Proxmox VE that the inventory does not have",
		Long: `Print the guests of Proxmox VE that the inventory does not have. A node of the
inventory is asked about all guests of its cluster. A guest's address is what its
agent says, or what its settings fix; that of a guest on another node is known by
its settings only. Nothing is changed, there or here.`,
		Example:           "  jurymast inventory import proxmox pve1 > inventory.d/guests.toml",
		Args:              args(cobra.ExactArgs(1)),
		ValidArgsFunction: a.completeHosts(),
		RunE: func(c *cobra.Command, as []string) error {
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			t, err := hostArg(e.Fleet(), as[0])
			if err != nil {
				return err
			}
			return e.ImportProxmox(c.Context(), a.out, t)
		},
	}, "0", "64", "65", "69", "74", "76", "77")
}

func (a *app) importSSHConfigCommand() *cobra.Command {
	return a.command(&cobra.Command{
		Use:     "ssh-config [FILE]",
		Short:   "Print a first inventory made from an ssh configuration",
		Example: "  jurymast inventory import ssh-config > inventory.toml\n  jurymast inventory import ssh-config /root/.ssh/config",
		Args:    args(cobra.MaximumNArgs(1)),
		RunE: func(_ *cobra.Command, as []string) error {
			path := ""
			if len(as) == 1 {
				path = as[0]
			}
			return engine.ImportSSHConfig(a.out, path, a.paths())
		},
	}, "0", "64", "74")
}
