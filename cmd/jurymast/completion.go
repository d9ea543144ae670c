package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jurymast/actions/engine"
	"jurymast/inventory"
)

func (a *app) completionCommand() *cobra.Command {
	return a.command(&cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a completion script for a shell",
		Long: `Print a completion script for a shell. Names of hosts, shares and services
are completed from the inventory, without touching the network.`,
		Example:   "  jurymast completion bash > /etc/bash_completion.d/jurymast\n  jurymast completion zsh > \"${fpath[1]}/_jurymast\"\n  jurymast completion fish > ~/.config/fish/completions/jurymast.fish",
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		Args:      args(cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs)),
		RunE: func(c *cobra.Command, as []string) error {
			root := c.Root()
			switch as[0] {
			case "bash":
				return root.GenBashCompletionV2(a.out, true)
			case "zsh":
				return root.GenZshCompletion(a.out)
			case "fish":
				return root.GenFishCompletion(a.out, true)
			}
			return root.GenPowerShellCompletionWithDesc(a.out)
		},
	}, "0", "64")
}

// completeTime bounds what a press of the tab key may cost.
const completeTime = 2 * time.Second

// completer offers words of the inventory for an argument.
type completer func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// completeWith loads the inventory and offers what pick finds in it. A
// selector is completed behind its last comma. An inventory with mistakes
// offers nothing: a completion is no place to say so.
func (a *app) completeWith(pick func(*inventory.Fleet) []string) completer {
	return func(c *cobra.Command, _ []string, so string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(c.Context(), completeTime)
		defer cancel()
		path := a.paths().Inventory
		if path == "" || ctx.Err() != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		f, err := inventory.Load(path, engine.Schema())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		head := ""
		if i := strings.LastIndexByte(so, ','); i >= 0 {
			head, so = so[:i+1], so[i+1:]
		}
		var out []string
		for _, w := range pick(f) {
			if strings.HasPrefix(w, so) {
				out = append(out, head+w)
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

func playbookNames(f *inventory.Fleet) []string {
	var out []string
	for _, p := range f.Playbooks {
		out = append(out, p.Name)
	}
	return out
}

// completeSelectors offers every target, site and tag.
func (a *app) completeSelectors() completer {
	return a.completeWith(func(f *inventory.Fleet) []string {
		out := []string{"all"}
		tags := map[string]bool{}
		for t := range f.Targets() {
			out = append(out, string(t.Ref), t.Ref.Name()+"\t"+t.Kind)
			for _, tag := range t.Tags {
				if !tags[tag] {
					tags[tag] = true
					out = append(out, "tag:"+tag)
				}
			}
		}
		for _, s := range f.Sites {
			out = append(out, "site:"+s.Name)
		}
		for _, s := range []string{"ok", "warn", "fail", "unknown"} {
			out = append(out, "state:"+s)
		}
		return out
	})
}

// completeTargets offers every target.
func (a *app) completeTargets() completer {
	return a.completeWith(func(f *inventory.Fleet) []string {
		var out []string
		for t := range f.Targets() {
			out = append(out, string(t.Ref)+"\t"+t.Kind)
		}
		return out
	})
}

// completeHosts offers nodes and vms.
func (a *app) completeHosts() completer {
	return a.completeWith(func(f *inventory.Fleet) []string {
		var out []string
		for t := range f.Hosts() {
			out = append(out, string(t.Ref)+"\t"+t.Reach.Address)
		}
		return out
	})
}
