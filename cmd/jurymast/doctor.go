package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"jurymast/actions"
	"jurymast/actions/engine"
)

func (a *app) doctorCommand() *cobra.Command {
	return a.command(&cobra.Command{
		Use:   "doctor",
		Short: "Look at what jurymast itself needs, on this machine",
		Long: `Look at what jurymast itself needs on this machine: inventory, keys, store,
ssh agent, terminal, clock. No host is touched. The exit code is 0 when nothing
is in the way, else 74.`,
		Example: "  jurymast doctor",
		Args:    args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := a.options()
			if err != nil {
				return err
			}
			found := append(engine.Doctor(c.Context(), o), a.doctorTerminal())
			l := listing{schema: "doctor", columns: []column{{head: "STATE"}, {head: "WHAT"}, {head: "SEEN", flex: true}, {head: "NEXT"}}}
			code := exitOK
			for i, f := range found {
				if f.State == actions.Fail {
					code = exitIO
				}
				l.rows = append(l.rows, row{name: f.Name, state: &found[i].State, cells: []string{"", f.Name, f.Line, f.Next}, item: f})
			}
			if err := a.printer().print(l, code); err != nil {
				return err
			}
			if code != exitOK {
				return resultError(code)
			}
			return nil
		},
	}, "0", "64", "74")
}

func (a *app) doctorTerminal() engine.Finding {
	f := engine.Finding{Name: "terminal", Line: "output is piped: no colour, nothing is cut"}
	if a.outTTY {
		signs := "signs in Unicode"
		if a.asciiOnly() {
			signs = "signs in ASCII"
		}
		f.Line = fmt.Sprintf("TERM=%s, %d columns, %s", a.env.get("TERM"), a.width, signs)
	}
	return f
}
