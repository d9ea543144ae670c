package main

import (
	"sort"

	"github.com/spf13/cobra"
)

// variables are the environment variables that jurymast reads, for `config env`.
var variables = []struct{ name, doc string }{
	{"JURYMAST_INVENTORY", "the inventory; as --inventory"},
	{"JURYMAST_STATE_DIR", "folder of the store"},
	{"JURYMAST_SSH_CONFIG", "ssh configuration instead of ~/.ssh/config; none reads none"},
	{"JURYMAST_OUTPUT", "as --output"},
	{"JURYMAST_TIME", "as --time"},
	{"JURYMAST_READ_ONLY", "as --read-only; can only tighten"},
	{"JURYMAST_NO_INPUT", "as --no-input"},
	{"JURYMAST_ASCII", "as --ascii"},
	{"JURYMAST_THEME", "colours of the console: default, high-contrast, colour-blind, mono"},
	{"JURYMAST_LOG", "as --log-file"},
	{"JURYMAST_FORCE_TTY", "write as to a terminal of this many columns"},
	{"JURYMAST_DEMO", "socket of a running demo fleet; set by `demo shell`"},
	{"NO_COLOR", "set and not empty: no colour"},
	{"CLICOLOR", "0: no colour"},
	{"CLICOLOR_FORCE", "colour also when piped"},
	{"TERM", "dumb counts as piped, linux takes ASCII signs"},
	{"CI", "counts as piped"},
	{"COLUMNS", "width of the terminal"},
	{"LC_ALL", "signs are ASCII unless this, LC_CTYPE or LANG says UTF-8"},
	{"VISUAL", "editor that the console opens; then EDITOR, then vi"},
	{"TMUX", "the console copies through tmux"},
	{"SSH_AUTH_SOCK", "socket of the ssh agent"},
	{"STATE_DIRECTORY", "folder of the store under systemd"},
	{"XDG_CONFIG_HOME", "where jurymast/inventory.toml is looked for; ~/.config"},
	{"XDG_STATE_HOME", "where the store is kept; ~/.local/state"},
}

func (a *app) configCommand() *cobra.Command {
	return a.group(&cobra.Command{
		Use:     "config",
		Short:   "Say which files are used, and why",
		Example: "  jurymast config path",
	}, a.configPathCommand(), a.configShowCommand(), a.configEnvCommand())
}

func (a *app) configPathCommand() *cobra.Command {
	return a.command(&cobra.Command{
		Use:     "path",
		Short:   "Print every place where an inventory is looked for, and the one taken",
		Example: "  jurymast config path",
		Args:    args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			p := a.paths()
			l := listing{
				schema:  "config-path",
				columns: []column{{head: "TAKEN"}, {head: "THERE"}, {head: "FROM"}, {head: "PATH"}},
				extra:   map[string]any{"inventory": p.Inventory, "store": p.Store()},
			}
			for _, c := range p.Considered {
				l.rows = append(l.rows, row{name: c.Path, cells: []string{yes(c.Taken), yes(c.There), c.From, c.Path}, item: c})
			}
			return a.printer().print(l, exitOK)
		},
	}, "0", "64")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "-"
}

func (a *app) configShowCommand() *cobra.Command {
	return a.command(&cobra.Command{
		Use:     "show",
		Short:   "Print the settings that hold",
		Example: "  jurymast config show -o json",
		Args:    args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			l := listing{schema: "config", columns: []column{{head: "SETTING"}, {head: "VALUE", flex: true}}}
			settings := e.Settings()
			keys := make([]string, 0, len(settings))
			for k := range settings {
				keys = append(keys, k)
			}
			sort.Strings(keys)
			for _, k := range keys {
				l.rows = append(l.rows, row{name: k, cells: []string{k, settings[k]}, item: map[string]string{"setting": k, "value": settings[k]}})
			}
			return a.printer().print(l, exitOK)
		},
	})
}

func (a *app) configEnvCommand() *cobra.Command {
	return a.command(&cobra.Command{
		Use:     "env",
		Short:   "Print the environment variables that are read, and what they are now",
		Example: "  jurymast config env",
		Args:    args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			l := listing{schema: "config-env", columns: []column{{head: "VARIABLE"}, {head: "NOW"}, {head: "MEANING", flex: true}}}
			for _, v := range variables {
				now, set := a.env(v.name)
				if !set {
					now = "-"
				}
				l.rows = append(l.rows, row{name: v.name, cells: []string{v.name, now, v.doc}, item: map[string]any{"variable": v.name, "value": now, "set": set, "doc": v.doc}})
			}
			return a.printer().print(l, exitOK)
		},
	}, "0", "64")
}
