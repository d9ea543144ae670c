package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const rootLong = `Jurymast looks after a small self-hosted fleet over plain SSH, with nothing
installed on the other side. It says what is wrong first.

An inventory in TOML names the machines, shares and services. Where it is
looked for, and which one is taken, is said by "jurymast config path".`

// rootCommand builds the command tree of one call.
func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "jurymast",
		Short:         "Look after a small fleet over plain SSH",
		Long:          rootLong,
		Example:       "  jurymast                       the console, on a terminal\n  jurymast demo                  the console on a simulated fleet, no set-up at all\n  jurymast check all             look at everything once\n  jurymast check all -q          for cron: silent when all is well",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          a.unknownCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return a.console(c.Context(), "", "") },
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			a.bound(c)
			return a.checkGlobals()
		},
	}
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetIn(a.in)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if errors.Is(err, errHelp) {
			return err
		}
		return usageError{err.Error(), c.CommandPath() + " --help"}
	})
	root.SetHelpTemplate(helpTemplate)
	cobra.AddTemplateFunc("codes", codesOf)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommandGroupID("plumbing")
	root.AddGroup(
		&cobra.Group{ID: "looking", Title: "Looking"},
		&cobra.Group{ID: "changing", Title: "Copying, restoring, moving"},
		&cobra.Group{ID: "quieting", Title: "Quieting"},
		&cobra.Group{ID: "setup", Title: "Setting up"},
		&cobra.Group{ID: "plumbing", Title: "Plumbing"},
	)
	a.globalFlags(root)
	for group, build := range a.tree() {
		for _, c := range build {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	a.helping(root)
	return root
}

// helping has help fail as any command does: of a command that is none, and of
// a page that could not be written.
func (a *app) helping(root *cobra.Command) {
	page := root.HelpFunc()
	show := func(c *cobra.Command, rest []string) error {
		if len(rest) > 0 && c.HasAvailableSubCommands() && c.Args != nil {
			if err := c.Args(c, rest); err != nil {
				return err
			}
		}
		var text bytes.Buffer
		c.SetOut(&text)
		page(c, nil)
		_, err := a.out.Write(text.Bytes())
		return err
	}
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { a.helped = show(c, c.Flags().Args()) })
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() != "help" {
			continue
		}
		c.Run = nil
		c.RunE = func(_ *cobra.Command, as []string) error {
			of, rest, err := root.Find(as)
			if err != nil {
				return usageError{err.Error(), "jurymast help"}
			}
			of.InitDefaultHelpFlag()
			return show(of, rest)
		}
	}
}

// tree is every command, by the group of the help page it stands in.
func (a *app) tree() map[string][]*cobra.Command {
	return map[string][]*cobra.Command{
		"looking":  {a.uiCommand(), a.checkCommand(), a.statusCommand(), a.listCommand(), a.showCommand(), a.historyCommand(), a.noteCommand(), a.sshCommand()},
		"changing": {a.planCommand(), a.runCommand(), a.runsCommand(), a.backupCommand(), a.kitCommand()},
		"quieting": {a.ackCommand(), a.maintCommand()},
		"setup":    {a.demoCommand(), a.inventoryCommand(), a.hostsCommand(), a.kindsCommand(), a.doctorCommand(), a.unitsCommand()},
		"plumbing": {a.configCommand(), a.metricsCommand(), a.completionCommand(), a.manCommand(), a.versionCommand()},
	}
}

// errHelp is what pflag returns for -h; cobra handles it.
var errHelp = errors.New("pflag: help requested")

func (a *app) globalFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	output := a.env.get("JURYMAST_OUTPUT")
	if output == "" {
		output = string(formatTable)
	}
	times := a.env.get("JURYMAST_TIME")
	if times == "" {
		times = string(timeAge)
	}
	f.StringVarP(&a.flags.inventory, "inventory", "i", "", "inventory `file` (JURYMAST_INVENTORY)")
	f.StringVarP(&a.flags.output, "output", "o", output, "`format`: "+strings.Join(formats, ", "))
	f.BoolVarP(&a.flags.quiet, "quiet", "q", false, "only problems; nothing at all when there are none")
	f.CountVarP(&a.flags.verbose, "verbose", "v", "say more; again for more still")
	f.BoolVar(&a.flags.readOnly, "read-only", false, "refuse whatever changes anything")
	f.BoolVar(&a.flags.noInput, "no-input", truthy(a.env.get("JURYMAST_NO_INPUT")), "never ask anything")
	f.StringVar(&a.flags.color, "color", "auto", "`when`: auto, always, never")
	f.BoolVar(&a.flags.ascii, "ascii", false, "signs in plain ASCII")
	f.StringVar(&a.flags.time, "time", times, "times as `style`: "+strings.Join(timeStyles, ", "))
	f.DurationVar(&a.flags.timeout, "timeout", 0, "give up after this `duration`")
	f.IntVar(&a.flags.parallel, "parallel", 0, "hosts looked at side by side (default 128)")
	f.DurationVar(&a.flags.wait, "wait", 0, "wait this `duration` for a lock instead of leaving with 75")
	f.StringVar(&a.flags.logFile, "log-file", "", "append a log to `file` (JURYMAST_LOG)")
	f.SortFlags = false
	for name, words := range map[string][]string{"output": formats, "color": {"auto", "always", "never"}, "time": timeStyles} {
		cobra.CheckErr(root.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)))
	}
}

// checkGlobals refuses flag values that mean nothing, before any work.
func (a *app) checkGlobals() error {
	for _, x := range []struct {
		flag, value string
		words       []string
	}{
		{"--output", a.flags.output, formats},
		{"--color", a.flags.color, []string{"auto", "always", "never"}},
		{"--time", a.flags.time, timeStyles},
	} {
		if !slices.Contains(x.words, x.value) {
			return usagef("%s %q: it is one of %s", x.flag, x.value, strings.Join(x.words, ", "))
		}
	}
	if a.flags.parallel < 0 || a.flags.timeout < 0 || a.flags.wait < 0 {
		return usagef("--parallel, --timeout and --wait take no negative value")
	}
	if a.flags.wait > 24*time.Hour {
		return usagef("--wait %s: more than a day is a mistake", a.flags.wait)
	}
	return nil
}

// bound gives the command that is about to run the time that --timeout allows.
func (a *app) bound(c *cobra.Command) {
	if a.flags.timeout <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(c.Context(), a.flags.timeout)
	c.SetContext(ctx)
	a.close = append(a.close, func() error { cancel(); return nil })
}

// unknownCommand words a first argument that is no command, with what was
// probably meant.
func (a *app) unknownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := c.CommandPath() + " help"
	c.SuggestionsMinimumDistance = 2
	if s := c.SuggestionsFor(args[0]); len(s) > 0 {
		hint = c.CommandPath() + " " + s[0]
	}
	return usageError{fmt.Sprintf("there is no command %q", args[0]), hint}
}

// group is a command that only holds others.
func (a *app) group(c *cobra.Command, subs ...*cobra.Command) *cobra.Command {
	c.Args = a.unknownCommand
	c.RunE = func(c *cobra.Command, _ []string) error {
		return usageError{"say which: " + strings.Join(names(c.Commands()), ", "), c.CommandPath() + " --help"}
	}
	c.AddCommand(subs...)
	return c
}

func names(cs []*cobra.Command) []string {
	var out []string
	for _, c := range cs {
		if c.IsAvailableCommand() {
			out = append(out, c.Name())
		}
	}
	return out
}

// args words what cobra's argument checks say as usage errors.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, as []string) error {
		if err := check(c, as); err != nil {
			return usageError{err.Error(), c.CommandPath() + " --help"}
		}
		return nil
	}
}

const helpTemplate = `{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}

{{end}}Usage:
{{- if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} COMMAND{{end}}
{{- if .HasExample}}

Examples:
{{.Example}}{{end}}
{{- if .HasAvailableSubCommands}}{{$cmds := .Commands}}{{if eq (len .Groups) 0}}

Commands:{{range $cmds}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{else}}{{range $group := .Groups}}

{{.Title}}:{{range $cmds}}{{if (and (eq .GroupID $group.ID) (or .IsAvailableCommand (eq .Name "help")))}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{end}}{{end}}
{{- if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
{{- if .HasAvailableInheritedFlags}}

Flags everywhere:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
{{- with codes .}}

Exit status:
{{.}}{{end}}
`

// codesOf returns the exit codes that a command can give, as lines of its help.
func codesOf(c *cobra.Command) string {
	want := strings.Fields("0 64 65 74 77")
	if s, ok := c.Annotations["codes"]; ok {
		want = strings.Fields(s)
	} else if c.HasAvailableSubCommands() {
		want = nil
		for _, x := range exitHelp {
			want = append(want, strings.TrimSuffix(strings.Fields(x.code)[0], ","))
		}
	}
	var b strings.Builder
	for _, x := range exitHelp {
		if slices.Contains(want, strings.TrimSuffix(strings.Fields(x.code)[0], ",")) {
			fmt.Fprintf(&b, "  %-14s %s\n", x.code, x.meaning)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}
