package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"jurymast/actions"
	"jurymast/actions/check"
	"jurymast/actions/plan"
	"jurymast/actions/store"
	"jurymast/inventory"
)

// Job is how one backup stands, and Cover how well one set of data is kept.
type (
	Job   = check.Job
	Cover = check.Cover
)

// depots returns what is known of the repositories, by name.
func (e *Engine) depots() map[string]check.Depot {
	out := map[string]check.Depot{}
	for _, r := range e.fleet.Repositories {
		out[r.Name] = check.Depot{}
		if use, ok := plan.Keeps(e.fleet, e.kinds, r); ok {
			out[r.Name] = check.Depot{Medium: use.Medium, Encrypted: use.Encrypted, Locked: use.Locked, Driven: true}
		}
	}
	return out
}

// Jobs returns how every backup stands by what is known of its copies, the
// worst first. Nothing is asked of a machine.
func (e *Engine) Jobs(ctx context.Context) ([]Job, error) {
	copies, err := e.Copies(ctx, "")
	if err != nil {
		return nil, err
	}
	return check.Jobs(e.fleet, copies, e.depots(), e.now()), nil
}

// Coverage audits every set of data, the worst first. Nothing is asked of a
// machine.
func (e *Engine) Coverage(ctx context.Context) ([]Cover, error) {
	copies, err := e.Copies(ctx, "")
	if err != nil {
		return nil, err
	}
	return check.Coverage(e.fleet, copies, e.depots(), e.now()), nil
}

// unasked returns the looks that need no machine: the age of copies, and
// services that were moved and have no standby since.
func (e *Engine) unasked(ctx context.Context, s *store.Store, targets []*inventory.Target) ([]check.Look, error) {
	wanted := map[inventory.Ref]bool{}
	for _, t := range targets {
		wanted[t.Ref] = true
	}
	now := e.now()
	copies, err := s.Copies(ctx, "")
	if err != nil {
		return nil, storeTrouble("what is known of copies cannot be read", err)
	}
	depots := e.depots()
	jobs := slices.DeleteFunc(check.Jobs(e.fleet, copies, depots, now), func(j check.Job) bool {
		driven := slices.ContainsFunc(j.To, func(r string) bool { return depots[r].Driven })
		return !wanted[j.Target] || !driven // one that nobody drives is not looked at, and so not reported
	})
	moved, err := e.exposed(ctx, s, wanted, now)
	if err != nil {
		return nil, err
	}
	return []check.Look{check.BackupLook(jobs, now), moved}, nil
}

// exposed is the look at services that were moved: fail until the old active
// has been made a standby again.
func (e *Engine) exposed(ctx context.Context, s *store.Store, wanted map[inventory.Ref]bool, now time.Time) (check.Look, error) {
	l := check.Look{Host: inventory.Console}
	for i := range e.fleet.Services {
		t := &e.fleet.Services[i]
		if len(t.Standby) == 0 || !wanted[t.Ref] {
			continue
		}
		runs, err := s.Runs(ctx, store.RunFilter{Target: t.Ref})
		if err != nil {
			return l, storeTrouble("the runs cannot be read", err)
		}
		i := slices.IndexFunc(runs, func(r actions.Run) bool {
			return Outcome(r.State) == Done && (r.Verb == actions.VerbFailover || r.Verb == actions.VerbFailback || r.Verb == actions.VerbRejoin)
		})
		if i < 0 {
			continue
		}
		r := actions.Result{Target: t.Ref, Check: check.Exposed, At: now, Status: actions.OK, Line: "it has a standby again since run " + runs[i].ID}
		if runs[i].Verb != actions.VerbRejoin {
			whole, err := s.Run(ctx, runs[i].ID)
			if err != nil {
				return l, storeTrouble("run "+runs[i].ID+" cannot be read", err)
			}
			if whole.Plan.Exposes() {
				r.Status, r.Next = actions.Fail, "jurymast run rejoin "+string(t.Ref)
				r.Line = fmt.Sprintf("exposed: moved by run %s, and the host it left is no standby since", runs[i].ID)
			} else {
				r.Line = "the host that it left in run " + runs[i].ID + " handed over by itself, and is its standby"
			}
		}
		l.Asked = append(l.Asked, check.Due{Target: t.Ref, Check: actions.Check{ID: check.Exposed, Title: "has a standby", Every: time.Hour, Host: inventory.Console}})
		l.Results = append(l.Results, r)
	}
	return l, nil
}

// Listed is what a repository was seen to hold of one backup.
type Listed struct {
	Backup     string         `json:"backup"`
	Repository string         `json:"repository"`
	Copies     []actions.Copy `json:"copies"`
	Err        string         `json:"error,omitempty"` // why it could not be listed
}

// ListCopies asks every repository of backups for their copies, in one round
// trip a host, and keeps what was seen: what is no longer there is forgotten.
func (e *Engine) ListCopies(ctx context.Context, backups []inventory.Backup, progress func(Progress)) ([]Listed, error) {
	s, prev, trouble := e.recall(ctx)
	if s == nil {
		return nil, trouble
	}
	var qs []plan.Question
	var out []Listed
	for _, b := range backups {
		if _, ok := e.fleet.Target(b.Of); !ok {
			continue
		}
		for _, name := range b.To {
			out = append(out, Listed{Backup: b.Name, Repository: name})
			q, err := plan.Listing(e.fleet, e.kinds, b, name)
			if err != nil {
				out[len(out)-1].Err = err.Error()
				continue
			}
			qs = append(qs, q)
		}
	}
	_, answers, err := e.ask(ctx, prev, qs, progress)
	if err != nil {
		return nil, err
	}
	now := e.now()
	for i := range out {
		a, asked := answers[out[i].Backup+" "+out[i].Repository]
		switch {
		case !asked:
			continue
		case a.Err != "":
			out[i].Err = a.Err
			continue
		case a.Output.Exit != 0:
			out[i].Err = fmt.Sprintf("exit %d: %s", a.Output.Exit, actions.Line(string(a.Output.Stderr)))
			continue
		}
		of := e.policyTarget(out[i].Backup)
		for _, c := range plan.ReadCopies(a.Output) {
			c.Repository, c.Backup, c.Target, c.Listed = out[i].Repository, out[i].Backup, of, now
			out[i].Copies = append(out[i].Copies, c)
		}
		if err := s.ListedCopies(ctx, out[i].Repository, out[i].Backup, now, out[i].Copies); err != nil {
			return out, storeTrouble("what was seen of copies could not be kept", err)
		}
	}
	return out, nil
}

func (e *Engine) policyTarget(backup string) inventory.Ref {
	for _, b := range e.fleet.Backups {
		if b.Name == backup {
			return b.Of
		}
	}
	return ""
}
