package engine

import (
	"context"
	"fmt"
	"strings"

	"jurymast/actions"
	"jurymast/actions/run"
)

// Foreknowledge is what is known of a step before it is run.
type Foreknowledge struct {
	Step  string `json:"step"`
	Known string `json:"known"` // "verified by probe", "only rendered" or "cannot be known before it runs"
	Why   string `json:"why"`
}

// DryRun says of each step of a plan how sure it is that it would work. It
// asks only what changes nothing.
func (e *Engine) DryRun(ctx context.Context, p actions.Plan) ([]Foreknowledge, error) {
	carrier := e.carrier()
	var out []Foreknowledge
	for _, s := range p.Steps {
		k := Foreknowledge{Step: s.ID, Known: "only rendered", Why: "its script is whole; whether it works shows when it runs"}
		switch {
		case len(s.Look) > 0:
			k.Known, k.Why = "cannot be known before it runs", "it looks at what the steps ahead of it have done"
		case len(s.After) > 0 || strings.Contains(s.Do.Body, "SAID_"):
			k.Known, k.Why = "cannot be known before it runs", "it needs what earlier steps say"
		case s.Check != nil:
			o, err := carrier.Ask(ctx, s.Host, *s.Check)
			switch {
			case ctx.Err() != nil:
				return out, ctx.Err()
			case err != nil:
				k.Why = err.Error()
			case o.Exit == 0:
				k.Known, k.Why = "verified by probe", "it is so already, and would be left out"
			case o.Exit == 1:
				k.Known, k.Why = "verified by probe", "it is not so yet, and would be done"
			default:
				k.Why = fmt.Sprintf("its look says neither yes nor no: exit %d", o.Exit)
			}
		default:
			if _, _, err := s.Do.Render(); err != nil {
				k.Why = err.Error()
			}
		}
		out = append(out, k)
	}
	return out, nil
}

func (e *Engine) carrier() *run.Pool {
	return &run.Pool{SSH: e.pool(), Secret: e.secret, Sudo: e.maySudo}
}
