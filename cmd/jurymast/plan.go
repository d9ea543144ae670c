package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jurymast/actions"
	"jurymast/actions/engine"
	"jurymast/inventory"
)

// planFlags say what is to be planned.
type planFlags struct {
	to, copy, at, name string
}

func (f *planFlags) add(c *cobra.Command) {
	fs := c.Flags()
	fs.StringVar(&f.to, "to", "", "where to: a `host`; for a restore also an absolute path, or the id of a new guest; for a deploy a version, newest or previous")
	fs.StringVar(&f.copy, "snapshot", "", "the copy to bring back: its `id`, its beginning, or latest")
	fs.StringVar(&f.at, "at", "", "the newest copy that is not younger than this `time`: 2026-11-20T03:00, or 12h ago")
	fs.StringVar(&f.name, "job", "", "the backup to use, where a target has several")
}

// request reads what is to be planned: a verb and a target, or a playbook.
func (a *app) request(e *engine.Engine, f planFlags, as []string) (engine.PlanRequest, error) {
	r := engine.PlanRequest{Verb: actions.Verb(as[0]), To: f.to, Copy: f.copy, Name: f.name}
	if f.at != "" {
		at, err := a.parseTime(f.at)
		if err != nil {
			return r, err
		}
		r.At = at
	}
	if slices.Contains(actions.Verbs, r.Verb) {
		if len(as) < 2 {
			return r, usageError{"say what to " + as[0], "jurymast list"}
		}
		t, err := a.planTarget(e, as[1], &r)
		if err != nil {
			return r, err
		}
		r.Target = t
		return r, nil
	}
	name := strings.TrimPrefix(as[0], "playbook/")
	for _, p := range e.Fleet().Playbooks {
		if p.Name == name {
			return engine.PlanRequest{Verb: actions.VerbPlaybook, Name: name, Target: inventory.MakeRef(inventory.LevelPlaybook, name)}, nil
		}
	}
	words := make([]string, len(actions.Verbs))
	for i, v := range actions.Verbs {
		words[i] = string(v)
	}
	return r, usageError{fmt.Sprintf("%q is neither a playbook nor one of %s", as[0], strings.Join(words, ", ")), "jurymast list playbooks"}
}

// planTarget finds a target by its name. A backup's own name does as well.
func (a *app) planTarget(e *engine.Engine, name string, r *engine.PlanRequest) (inventory.Ref, error) {
	job := strings.TrimPrefix(name, "backup/")
	for _, b := range e.Fleet().Backups {
		if b.Name == job && (r.Verb == actions.VerbBackup || r.Verb == actions.VerbDrill || r.Verb == actions.VerbRestore) {
			if _, err := e.Fleet().Lookup(name); err == nil && job == name {
				break // a target of that name is meant
			}
			r.Name = job
			return b.Of, nil
		}
	}
	t, err := e.Fleet().Lookup(name)
	if err != nil {
		return "", err
	}
	return t.Ref, nil
}

func (a *app) parseTime(s string) (time.Time, error) {
	if back, ok := strings.CutSuffix(s, " ago"); ok {
		d, err := parseSpan(back)
		return a.now().Add(-d), err
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("--at %q: write 2026-11-20T03:00, or \"12h ago\"", s)
}

func (a *app) planCommand() *cobra.Command {
	var f planFlags
	var out string
	c := a.command(&cobra.Command{
		Use:   "plan VERB TARGET | plan PLAYBOOK",
		Short: "Say what would be done, and change nothing",
		Long: `Look at all that a change rests on, in one round trip a host, and print what
would be done: conditions, steps, what is down for how long, what may be lost.
Nothing is changed. A verb is backup, restore, drill, failover, failback, rejoin
or deploy; a playbook is one of the inventory.

A deploy goes to the newest version, or to the one that --to names, or with
"--to previous" back to the one before: host by host, out of turn at the proxy
meanwhile. The first host that is not well afterwards gets back what it had, and
those after it are left alone.`,
		Example: "  jurymast plan failover mongo\n  jurymast plan restore files --at \"12h ago\"\n  jurymast plan deploy web --to v2.1.0\n  jurymast plan patch-night --out tonight.plan",
		Args:    args(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, as []string) error {
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			r, err := a.request(e, f, as)
			if err != nil {
				return err
			}
			bar := a.progress()
			p, err := e.Plan(c.Context(), r, bar.update)
			bar.clear()
			if err != nil {
				return err
			}
			if out != "" {
				if err := savePlan(out, r, p); err != nil {
					return err
				}
			}
			if err := a.showPlan(p); err != nil {
				return err
			}
			if len(p.Unmet(actions.Blocking)) > 0 {
				return resultError(exitRefused)
			}
			return nil
		},
	}, "0", "13", "64", "65", "74", "77")
	f.add(c)
	c.Flags().StringVar(&out, "out", "", "save the plan to this `file`, for run --plan")
	c.ValidArgsFunction = a.completePlans()
	cobra.CheckErr(c.RegisterFlagCompletionFunc("to", a.completeTo()))
	return c
}

// savedPlan is a plan in a file, with what it was asked for: it is made again
// before it is run, and has to come out the same.
type savedPlan struct {
	Schema  string             `json:"schema"`
	Digest  string             `json:"digest"`
	Request engine.PlanRequest `json:"request"`
	Plan    actions.Plan       `json:"plan"`
}

const planSchema = "jurymast/plan-file/v1"

func savePlan(path string, r engine.PlanRequest, p actions.Plan) error {
	b, err := json.MarshalIndent(savedPlan{planSchema, p.Digest(), r, p}, "", "  ")
	if err != nil {
		return err
	}
	return engine.WriteFile(path, append(b, '\n'))
}

func loadPlan(path string) (savedPlan, error) {
	var s savedPlan
	b, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(b, &s); err != nil || s.Schema != planSchema {
		return s, usageError{path + " is no saved plan", "jurymast plan … --out " + path}
	}
	if s.Digest != s.Plan.Digest() {
		return s, &engine.Trouble{Class: engine.ClassRefused, What: "the plan in " + path + " was changed after it was saved", Next: "jurymast plan " + engine.Words(s.Plan) + " --out " + path}
	}
	return s, nil
}

// showPlan prints a plan as the admin asked for output.
func (a *app) showPlan(p actions.Plan) error {
	pr := a.printer()
	if !pr.forPeople() {
		return pr.print(planListing(p), planExit(p))
	}
	_, err := a.out.Write([]byte(planText(p, pr)))
	return err
}

func planExit(p actions.Plan) int {
	if len(p.Unmet(actions.Blocking)) > 0 {
		return exitRefused
	}
	return exitOK
}

// planStep is a step as programs read it.
type planStep struct {
	ID       string        `json:"id"`
	Host     inventory.Ref `json:"host"`
	Title    string        `json:"title"`
	Estimate *float64      `json:"estimate"` // seconds; null: not known
	Undo     bool          `json:"undo"`
	NoReturn bool          `json:"no_return"`
	Script   string        `json:"script,omitempty"`
	Beside   bool          `json:"beside,omitempty"`
	MayFail  bool          `json:"may_fail,omitempty"`
}

func planSteps(p actions.Plan) []planStep {
	out := make([]planStep, 0, len(p.Steps))
	for _, s := range p.Steps {
		v := planStep{ID: s.ID, Host: s.Host, Title: s.Title, Undo: s.Undoable(), NoReturn: s.NoReturn, Script: s.Do.Name, Beside: s.Beside, MayFail: s.MayFail}
		if s.Estimate > 0 {
			sec := s.Estimate.Seconds()
			v.Estimate = &sec
		}
		out = append(out, v)
	}
	return out
}

func planListing(p actions.Plan) listing {
	l := listing{schema: "plan", columns: []column{{head: "STEP"}, {head: "WHERE"}, {head: "WHAT", flex: true}, {head: "EST"}, {head: "UNDO"}}}
	for _, s := range planSteps(p) {
		est, undo := "-", "no"
		if s.Estimate != nil {
			est = age(time.Duration(*s.Estimate * float64(time.Second)))
		}
		if s.Undo {
			undo = "yes"
		}
		l.rows = append(l.rows, row{name: s.ID, cells: []string{s.ID, s.Host.Name(), s.Title, est, undo}, item: s})
	}
	l.extra = map[string]any{
		"id": p.ID, "verb": p.Verb, "target": p.Target, "name": p.Name, "title": p.Title, "from": p.From, "to": p.To, "made": p.Made, "expires": p.Expires,
		"digest": p.Digest(), "conditions": nonNil(p.Conditions), "steps": planSteps(p), "impact": p.Impact, "ladder": p.Ladder, "word": p.Word,
		"emergency": p.Emergency, "left": nonNil(p.Left),
	}
	if p.RTO > 0 {
		l.extra["rto_seconds"] = p.RTO.Seconds()
		if est, known := p.Recovery(); known {
			l.extra["recovery_seconds"] = est.Seconds()
		}
	}
	return l
}

// nonNil makes an empty list of a nil one: programs want [], not null.
func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// planText prints a plan for people.
func planText(p actions.Plan, pr printer) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("plan %s  valid until %s", p.ID, p.Expires.Local().Format("15:04:05"))
	line("%s", p.Title)
	line("")
	line("Conditions")
	for _, c := range p.Conditions {
		line("  %s %-9s %s", pr.signs.hold(c.Hold), c.Hold, c.Text)
		line("              %s%s", c.Seen, acceptHint(c))
		if c.Next != "" {
			line("              next: %s", c.Next)
		}
	}
	if len(p.Steps) > 0 {
		line("")
		line("Steps")
	}
	for i, s := range p.Steps {
		if s.NoReturn && i == p.NoReturn() {
			line("  ---------------- point of no return")
		}
		where := s.Host.Name()
		if where == "" {
			where = "-"
		}
		beside := ""
		if s.Beside {
			beside = " (beside the one above)"
		}
		line("  %-14s %-12s %s%s  %s", s.ID, where, s.Title, beside, stepNotes(s))
	}
	line("")
	line("Impact")
	for _, o := range p.Impact.Down {
		long := "for how long is not known yet"
		if o.For > 0 {
			long = "for about " + age(o.For)
		}
		line("  down           %s %s", o.Target, long)
	}
	if p.RTO > 0 {
		line("  back after     %s", goalText(p))
	}
	if p.Impact.Floor > 0 {
		line("  at least       %s, by what fencing and redirects take", age(p.Impact.Floor))
	}
	if p.Impact.Risk != "" { // a plan that is blocked early knows nothing of it
		line("  data at risk   %s", p.Impact.Risk)
	}
	if len(p.Impact.Touches) > 0 {
		line("  touches        %s", refs(p.Impact.Touches))
	}
	if len(p.Impact.Spares) > 0 {
		line("  does not touch %s", refs(p.Impact.Spares))
	}
	if len(p.Impact.NeededBy) > 0 {
		line("  needed by      %s", refs(p.Impact.NeededBy))
	}
	line("")
	line("This is a plan. Nothing has been changed.")
	line("%s", runHint(p))
	return b.String()
}

// goalText says how long it takes until the target works again, of how long it
// may.
func goalText(p actions.Plan) string {
	est, known := p.Recovery()
	switch {
	case !known:
		return "estimate not known yet, of " + age(p.RTO)
	case est > p.RTO:
		return "estimate " + age(est) + ", MORE than its rto of " + age(p.RTO)
	}
	return "estimate " + age(est) + " of " + age(p.RTO)
}

func acceptHint(c actions.Condition) string {
	if c.Hold == actions.Open {
		return "  (--accept " + c.Name + ")"
	}
	return ""
}

func stepNotes(s actions.Step) string {
	var notes []string
	if s.Estimate > 0 {
		notes = append(notes, "~"+age(s.Estimate))
	}
	switch {
	case s.Undoable():
		notes = append(notes, "undo yes")
	case s.NoReturn:
		notes = append(notes, "undo NO")
	}
	if len(notes) == 0 {
		return ""
	}
	return "[" + strings.Join(notes, ", ") + "]"
}

// more words how many more conditions block a plan.
func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", and %d more", n)
}

// runHint is the command that runs a plan, with what it takes, or what to do
// before it can be run.
func runHint(p actions.Plan) string {
	if blocked := p.Unmet(actions.Blocking); len(blocked) > 0 {
		return "It cannot be run: " + blocked[0].Text + ": " + blocked[0].Seen + more(len(blocked)-1) + ".\nFirst: " + blocked[0].Next +
			"\nThen:  jurymast plan " + engine.Words(p)
	}
	cmd := "jurymast run " + engine.Words(p)
	if open := p.Unmet(actions.Open); len(open) > 0 {
		var names []string
		for _, c := range open {
			names = append(names, c.Name)
		}
		cmd += " --accept " + strings.Join(names, ",")
	}
	switch p.Ladder {
	case actions.LadderDisruptive:
		cmd += " --yes"
	case actions.LadderGrave:
		cmd += " --confirm " + p.Word
	case actions.LadderLook, actions.LadderHarmless:
	}
	return "To run it: " + cmd
}
