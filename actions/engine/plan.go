package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/actions/check"
	"jurymast/actions/plan"
	"jurymast/inventory"
)

// PlanRequest says what is to be planned.
type PlanRequest = plan.Request

// planned is how long one question before a plan may take: sizes of large
// trees are asked for.
const planned = 45 * time.Second

// askedBy marks the questions of a planner among the checks of a look.
const askedBy = "plan:"

// Plan looks at all that a plan rests on, in one round trip a host, and makes
// it. Nothing is changed. A plan that may not be run now is no error: it has
// conditions that do not hold.
func (e *Engine) Plan(ctx context.Context, r PlanRequest, progress func(Progress)) (actions.Plan, error) {
	f := plan.Facts{Fleet: e.fleet, Kinds: e.kinds, Now: e.now(), Files: e.playbookFiles()}
	questions, err := plan.Questions(f, r)
	if err != nil {
		return actions.Plan{}, planTrouble(err)
	}
	s, prev, trouble := e.recall(ctx)
	if s == nil {
		return actions.Plan{}, trouble // nothing may be changed that cannot be written down
	}
	if f.Copies, err = s.Copies(ctx, r.Target); err != nil {
		return actions.Plan{}, storeTrouble("what is known of copies cannot be read", err)
	}
	if f.State, f.Answers, err = e.ask(ctx, prev, questions, progress); err != nil {
		return actions.Plan{}, err
	}
	f.Now = e.now()
	p, err := plan.Make(f, r)
	if err != nil {
		return p, planTrouble(err)
	}
	title := p.Title
	if p.Verb == actions.VerbDeploy {
		title = "" // it names the version, and another takes no longer
	}
	took, err := s.Took(ctx, p.Verb, p.Target, title, 20)
	if err != nil {
		return p, storeTrouble("how long earlier runs took cannot be read", err)
	}
	if f.Took = took; len(took) > 0 {
		if p, err = plan.Make(f, r); err != nil {
			return p, planTrouble(err)
		}
	}
	return p, nil
}

// Deploys returns why a target cannot be brought to another version, nil when
// it can.
func (e *Engine) Deploys(r inventory.Ref) error { return plan.Deploys(e.fleet, e.kinds, r) }

// ask puts the questions of a planner to hosts, together with the look that
// says whether each of them answers. What was seen is merged into the state.
func (e *Engine) ask(ctx context.Context, prev actions.State, qs []plan.Question, progress func(Progress)) (actions.State, map[string]plan.Answer, error) {
	l := e.looker()
	visits := map[inventory.Ref]*check.Visit{}
	answers := make([]plan.Answer, len(qs))
	for i, q := range qs {
		v := visits[q.Host]
		if v == nil {
			t, ok := e.fleet.Target(q.Host)
			if !ok {
				continue
			}
			v = &check.Visit{Host: q.Host}
			for _, due := range only(l.Due(e.fleet, []*inventory.Target{t}, prev, e.now(), 0), []string{check.SSH}) {
				if due.Host == q.Host {
					v.Checks = append(v.Checks, due.Checks...)
				}
			}
			visits[q.Host] = v
		}
		answers[i].Err = "it did not answer"
		c := actions.Check{ID: fmt.Sprintf("%s%d", askedBy, i), Title: q.ID, Script: q.Script, Limit: planned}
		c.Read = func(a actions.Answer) []actions.Reading {
			answers[i] = plan.Answer{Output: a.Output}
			return []actions.Reading{{Status: actions.OK}}
		}
		v.Checks = append(v.Checks, check.Due{Target: q.Host, Check: c})
	}
	var all []check.Visit
	for _, v := range visits {
		all = append(all, *v)
	}
	looks := e.sweep(ctx, l, all, progress)
	if err := ctx.Err(); err != nil {
		return prev, nil, err
	}
	for i := range looks {
		for _, r := range looks[i].Results {
			var n int
			if _, err := fmt.Sscanf(r.Check, askedBy+"%d", &n); err == nil && r.Status != actions.OK && answers[n].Err != "" {
				answers[n].Err = r.Line
			}
		}
		asked := func(id string) bool { return strings.HasPrefix(id, askedBy) }
		looks[i].Asked = slices.DeleteFunc(slices.Clone(looks[i].Asked), func(d check.Due) bool { return asked(d.Check.ID) })
		looks[i].Results = slices.DeleteFunc(slices.Clone(looks[i].Results), func(r actions.Result) bool { return asked(r.Check) })
	}
	next, _, _ := check.Merge(e.fleet, prev, looks, e.now())
	out := map[string]plan.Answer{}
	for i, q := range qs {
		out[q.ID] = answers[i]
	}
	return next, out, nil
}

// playbookFiles reads the scripts that playbooks name. One that cannot be read
// is missed by the planner, which says where it is named.
func (e *Engine) playbookFiles() map[string]string {
	files := map[string]string{}
	for _, p := range e.fleet.Playbooks {
		for _, s := range p.Steps {
			if s.Script == "" {
				continue
			}
			if b, err := os.ReadFile(s.Script); err == nil {
				files[s.Script] = string(b)
			}
		}
	}
	return files
}

func planTrouble(err error) error {
	var p *plan.Error
	if errors.As(err, &p) {
		return &Trouble{Class: ClassUsage, What: err.Error(), Next: p.Next}
	}
	return err
}

// Approval is a person's, or a cron job's, consent to a plan.
type Approval struct {
	Yes     bool     // to what disrupts and can be undone
	Confirm string   // the word of the plan, typed
	Accept  []string // names of open conditions
	Person  bool     // somebody sits at a terminal
}

// Approve says why a plan may not be run with an approval, nil when it may.
// It is the one place where that is decided: no face can leave it out.
func (e *Engine) Approve(p actions.Plan, a Approval) error {
	if err := e.mayWrite(string(p.Verb) + " " + string(p.Target)); err != nil {
		return err
	}
	refuse := func(class Class, what, next string, why ...string) error {
		return &Trouble{Class: class, What: what, Details: why, Next: next}
	}
	again := fmt.Sprintf("jurymast plan %s", Words(p))
	if p.Expires.Before(e.now()) {
		return refuse(ClassRefused, "the plan has expired: what it rests on was seen too long ago", again, "it was valid until "+p.Expires.Format(time.RFC3339))
	}
	if p.Inventory != e.fleet.Digest {
		return refuse(ClassRefused, "the inventory was changed since the plan was made", again)
	}
	var why []string
	blocked := p.Unmet(actions.Blocking)
	for _, c := range blocked {
		why = append(why, c.Name+": "+c.Text+": "+c.Seen)
		if c.Next != "" && len(blocked) > 1 {
			why[len(why)-1] += "; next: " + c.Next
		}
	}
	if len(blocked) > 0 {
		return refuse(ClassRefused, "a condition does not hold, and nothing helps but to change it", cmp.Or(blocked[0].Next, again), why...)
	}
	var names []string
	for _, c := range p.Unmet(actions.Open) {
		if !slices.Contains(a.Accept, c.Name) {
			names = append(names, c.Name)
			why = append(why, c.Name+": "+c.Text+": "+c.Seen)
		}
	}
	if len(why) > 0 {
		return refuse(ClassRefused, "a condition is open", "if you take that on yourself: --accept "+strings.Join(names, ","), why...)
	}
	switch {
	case p.Ladder <= actions.LadderHarmless:
		return nil
	case p.Ladder == actions.LadderDisruptive && (a.Yes || a.Confirm == p.Word && p.Word != ""):
		return nil
	case p.Ladder == actions.LadderDisruptive:
		return refuse(ClassUnconfirmed, "it disrupts, and was not confirmed", "--yes")
	case a.Confirm == "":
		return refuse(ClassUnconfirmed, "it cannot be undone or touches several hosts, and was not confirmed", "--confirm "+p.Word)
	case a.Confirm != p.Word:
		return refuse(ClassUnconfirmed, fmt.Sprintf("it was confirmed as %q", a.Confirm), "--confirm "+p.Word)
	case p.Verb == actions.VerbPlaybook && !p.Unattended && !a.Person:
		return refuse(ClassUnconfirmed, "nobody is at a terminal, and the playbook does not say that it may run unattended", "unattended = true in [playbook."+p.Name+"]")
	}
	return nil
}

// Words returns the words of the command that plans or runs a plan.
func Words(p actions.Plan) string {
	if p.Verb == actions.VerbPlaybook {
		return p.Name
	}
	if p.Verb == actions.VerbDeploy && p.Name != "" {
		return "deploy " + string(p.Target) + " --to " + p.Name
	}
	return string(p.Verb) + " " + string(p.Target)
}
