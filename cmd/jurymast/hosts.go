package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"jurymast/actions/engine"
	"jurymast/inventory"
)

func (a *app) hostsCommand() *cobra.Command {
	return a.group(&cobra.Command{
		Use:   "hosts",
		Short: "See, trust and replace host keys",
		Long: `See, trust and replace host keys. Keys are always checked; no flag turns that
off. Compare a fingerprint with what the machine itself says, on its own console:
ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`,
		Example: "  jurymast hosts scan nas1\n  jurymast hosts trust nas1 --fingerprint SHA256:…",
	}, a.hostsScanCommand(), a.hostsTrustCommand(), a.hostsReplaceCommand())
}

func (a *app) hostsScanCommand() *cobra.Command {
	return a.command(&cobra.Command{
		Use:               "scan [HOST...]",
		Short:             "Print the keys that hosts offer, and whether each is trusted",
		Example:           "  jurymast hosts scan nas1\n  jurymast hosts scan",
		ValidArgsFunction: a.completeHosts(),
		RunE: func(c *cobra.Command, as []string) error {
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			hosts, err := hostArgs(e.Fleet(), as)
			if err != nil {
				return err
			}
			return a.scan(c.Context(), e, hosts)
		},
	}, "0", "64", "65", "69", "76", "77")
}

// hostArgs returns the hosts that were named; none means all.
func hostArgs(f *inventory.Fleet, as []string) ([]*inventory.Target, error) {
	var out []*inventory.Target
	if len(as) == 0 {
		for t := range f.Hosts() {
			out = append(out, t)
		}
		return out, nil
	}
	for _, s := range as {
		t, err := hostArg(f, s)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func hostArg(f *inventory.Fleet, name string) (*inventory.Target, error) {
	t, err := f.Lookup(name)
	if err != nil {
		return nil, err
	}
	if t.Host != t.Ref {
		return nil, usageError{fmt.Sprintf("%s is no host: it runs on %s", t.Ref, t.Host), "jurymast list nodes"}
	}
	return t, nil
}

// scan asks one host after the other: a person compares what it prints. A host
// that does not answer does not keep the others from being asked, and is told:
// to programs as an item, and by the exit code where no key is wrong.
func (a *app) scan(ctx context.Context, e *engine.Engine, hosts []*inventory.Target) error {
	l := listing{schema: "host-keys", columns: []column{{head: "HOST"}, {head: "TRUST"}, {head: "TYPE"}, {head: "FINGERPRINT"}}}
	p := a.printer()
	var first error
	wrong, seen := false, 0
	for _, t := range hosts {
		keys, err := e.Keys(ctx, t.Ref)
		if errors.Is(ctx.Err(), context.Canceled) {
			return ctx.Err()
		}
		if err != nil {
			if first == nil {
				first = err
			}
			r := explain(err)
			if len(hosts) > 1 {
				r.write(a.err)
			}
			if !p.forPeople() && p.format != formatName {
				l.rows = append(l.rows, row{cells: []string{string(t.Ref), "not seen", "", ""},
					item: map[string]any{"ref": t.Ref, "state": "not seen", "code": r.code, "message": r.what, "why": r.why, "next": r.next}})
			}
			continue
		}
		seen++
		for _, k := range keys {
			if k.State != "trusted" {
				wrong = true
			}
			l.rows = append(l.rows, row{name: k.Fingerprint, cells: []string{string(t.Ref), string(k.State), k.Type, k.Fingerprint},
				item: map[string]any{"ref": t.Ref, "state": k.State, "type": k.Type, "fingerprint": k.Fingerprint}})
		}
	}
	if seen == 0 && first != nil {
		return first
	}
	code := exitOK
	switch {
	case wrong:
		code = exitHostKey
	case first != nil:
		code = explain(first).code
	}
	if err := p.print(l, code); err != nil {
		return err
	}
	if wrong && a.errTTY {
		_, _ = fmt.Fprintln(a.err, "\nCompare with the machine itself before you trust: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub")
	}
	if code != exitOK {
		return resultError(code)
	}
	return nil
}

func (a *app) hostsTrustCommand() *cobra.Command {
	return a.hostsSetCommand(&cobra.Command{
		Use:     "trust HOST --fingerprint SHA256:…",
		Short:   "Trust a host's key, seen by its fingerprint",
		Example: "  jurymast hosts trust nas1 --fingerprint SHA256:…",
	}, (*engine.Engine).Trust, "trusted")
}

func (a *app) hostsReplaceCommand() *cobra.Command {
	return a.hostsSetCommand(&cobra.Command{
		Use:   "replace HOST --fingerprint SHA256:…",
		Short: "Put a host's new key in the place of the known one",
		Long: `Put a host's new key in the place of the known one. A changed key is either a
machine that was set up anew, or somebody in between: find out which first.`,
		Example: "  jurymast hosts replace nas1 --fingerprint SHA256:…",
	}, (*engine.Engine).Replace, "replaced")
}

func (a *app) hostsSetCommand(c *cobra.Command, set func(*engine.Engine, context.Context, inventory.Ref, string) (engine.HostKey, error), done string) *cobra.Command {
	var fingerprint string
	c.Args = args(cobra.ExactArgs(1))
	c.ValidArgsFunction = a.completeHosts()
	c.RunE = func(c *cobra.Command, as []string) error {
		if !strings.HasPrefix(fingerprint, "SHA256:") {
			return usageError{"--fingerprint is required: it begins with SHA256:", "jurymast hosts scan " + as[0]}
		}
		e, err := a.open(c.Context())
		if err != nil {
			return err
		}
		t, err := hostArg(e.Fleet(), as[0])
		if err != nil {
			return err
		}
		key, err := set(e, c.Context(), t.Ref, fingerprint)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.err, "%s: %s %s %s\n", t.Ref, key.Type, key.Fingerprint, done)
		return err
	}
	c.Flags().StringVar(&fingerprint, "fingerprint", "", "the `fingerprint` that was compared with the machine itself (required)")
	return a.command(c, "0", "64", "65", "69", "76", "77")
}

func (a *app) sshCommand() *cobra.Command {
	c := a.command(&cobra.Command{
		Use:   "ssh HOST [-- COMMAND...]",
		Short: "Open a shell on a host, by the way the inventory knows",
		Long: `Open a shell on a host with the real ssh, by the way that the inventory knows:
address, user, key and jump hosts. It is written into the history. The exit code
is that of ssh.`,
		Example:           "  jurymast ssh nas1\n  jurymast ssh nas1 -- df -h /srv",
		Args:              args(cobra.MinimumNArgs(1)),
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
			command := as[1:]
			if len(command) > 0 && command[0] == "--" {
				command = command[1:]
			}
			argv, err := e.Shell(c.Context(), t.Ref, command)
			if err != nil {
				return err
			}
			return a.exec(c.Context(), argv)
		},
	}, "0", "64", "65", "77")
	c.Flags().SetInterspersed(false)
	return c
}

// exec runs a program on this call's own streams and gives its exit code.
func (a *app) exec(ctx context.Context, argv []string) error { return a.execWith(ctx, argv, nil) }

func (a *app) execWith(ctx context.Context, argv []string, vars map[string]string) error {
	err := runProgram(ctx, argv, a.streams, vars)
	var exit interface{ ExitCode() int }
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return resultError(exit.ExitCode())
	}
	return err
}
