package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"jurymast/actions"
	"jurymast/actions/engine"
)

// runFlags are the flags of run.
type runFlags struct {
	planFlags
	plan    string
	dryRun  bool
	detach  bool
	yes     bool
	confirm string
	accept  []string
}

func (f *runFlags) approval(a *app) engine.Approval {
	return engine.Approval{Yes: f.yes, Confirm: f.confirm, Accept: f.accept, Person: a.inTTY && !a.flags.noInput}
}

func (f *runFlags) addApproval(c *cobra.Command) {
	fs := c.Flags()
	fs.BoolVar(&f.yes, "yes", false, "do it, where it disrupts and can be undone")
	fs.StringVar(&f.confirm, "confirm", "", "do it, where it cannot be undone: the `word` that the plan names")
	fs.StringSliceVar(&f.accept, "accept", nil, "accept these open `conditions`, by name")
	fs.BoolVar(&f.detach, "detach", false, "leave it to a process of its own, and say which run it is")
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	c := a.command(&cobra.Command{
		Use:   "run VERB TARGET | run PLAYBOOK | run --plan FILE",
		Short: "Carry a plan out",
		Long: `Make a plan, and carry it out when its conditions hold and it is confirmed. What
is harmless needs nothing, what disrupts --yes, what cannot be undone --confirm
with the word that the plan names. There is no --force: what may be passed over
has a name, and is accepted by it.

Every step is written down before it is done and after. Whatever ends this
process, the line or a machine: "runs resume" goes on where it stands.`,
		Example: "  jurymast run backup files\n  jurymast run failover mongo --confirm mongo\n  jurymast run restore files --at \"12h ago\" --confirm files\n  jurymast run deploy web --to previous --confirm web\n  jurymast run --plan tonight.plan --confirm patch-night",
		Args:    args(cobra.MaximumNArgs(2)),
		RunE:    func(c *cobra.Command, as []string) error { return a.runRun(c.Context(), f, as) },
	}, "0", "10", "11", "12", "13", "14", "64", "65", "74", "75", "77", "129")
	f.add(c)
	f.addApproval(c)
	c.Flags().StringVar(&f.plan, "plan", "", "the saved plan in this `file`")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "say of each step whether it could be seen that it would work")
	c.ValidArgsFunction = a.completePlans()
	cobra.CheckErr(c.RegisterFlagCompletionFunc("to", a.completeTo()))
	return c
}

func (a *app) runRun(ctx context.Context, f runFlags, as []string) error {
	e, err := a.open(ctx)
	if err != nil {
		return err
	}
	p, err := a.planToRun(ctx, e, f, as)
	if err != nil {
		return err
	}
	if f.dryRun {
		return a.dryRun(ctx, e, p)
	}
	return a.startPlan(ctx, e, p, f)
}

// planToRun makes the plan. A saved one is made again: when it comes out
// otherwise, what was approved is no longer what would be done.
func (a *app) planToRun(ctx context.Context, e *engine.Engine, f runFlags, as []string) (actions.Plan, error) {
	var saved *savedPlan
	var r engine.PlanRequest
	switch {
	case f.plan != "" && len(as) > 0:
		return actions.Plan{}, usageError{"say what to run, or --plan, not both", "jurymast run --help"}
	case f.plan != "":
		s, err := loadPlan(f.plan)
		if err != nil {
			return actions.Plan{}, err
		}
		saved, r = &s, s.Request
	case len(as) == 0:
		return actions.Plan{}, usageError{"say what to run", "jurymast run --help"}
	default:
		var err error
		if r, err = a.request(e, f.planFlags, as); err != nil {
			return actions.Plan{}, err
		}
	}
	if saved != nil && saved.Plan.Expires.Before(a.now()) {
		return saved.Plan, e.Approve(saved.Plan, f.approval(a))
	}
	bar := a.progress()
	p, err := e.Plan(ctx, r, bar.update)
	bar.clear()
	if err != nil || saved == nil {
		return p, err
	}
	if p.Digest() != saved.Digest {
		return p, &engine.Trouble{Class: engine.ClassRefused, What: "the plan no longer comes out as it was saved", Details: differences(saved.Plan, p), Next: "jurymast plan " + engine.Words(p)}
	}
	p.Made, p.Expires = saved.Plan.Made, saved.Plan.Expires
	return p, nil
}

// differences says in what two plans differ.
func differences(was, is actions.Plan) []string {
	var out []string
	if was.Inventory != is.Inventory {
		out = append(out, "the inventory was changed")
	}
	held := map[string]actions.Hold{}
	for _, c := range was.Conditions {
		held[c.Name] = c.Hold
	}
	for _, c := range is.Conditions {
		if h, ok := held[c.Name]; ok && h != c.Hold {
			out = append(out, fmt.Sprintf("condition %s was %s and is %s: %s", c.Name, h, c.Hold, c.Seen))
		}
	}
	ids := func(p actions.Plan) (s []string) {
		for _, x := range p.Steps {
			s = append(s, x.ID)
		}
		return s
	}
	if a, b := ids(was), ids(is); !slices.Equal(a, b) {
		out = append(out, "its steps were "+strings.Join(a, ", ")+" and are "+strings.Join(b, ", "))
	}
	if len(out) == 0 {
		out = append(out, "a step would do something else than it would have done")
	}
	return out
}

// startPlan confirms a plan and carries it out.
func (a *app) startPlan(ctx context.Context, e *engine.Engine, p actions.Plan, f runFlags) error {
	run, err := e.Begin(ctx, p, f.approval(a))
	if err != nil {
		return err
	}
	if f.detach {
		return a.detach(ctx, e, run)
	}
	return a.carry(ctx, e, run, e.Carry)
}

// detach leaves a run to a process of its own.
func (a *app) detach(ctx context.Context, e *engine.Engine, run actions.Run) error {
	self, err := a.selfCarrying()
	if err != nil {
		return err
	}
	if err := e.Detach(ctx, run.ID, self, a.childEnv()); err != nil {
		return err
	}
	p := a.printer()
	if !p.forPeople() {
		return p.print(runListing([]actions.Run{run}, p, timeStyle(a.flags.time)), exitOK)
	}
	_, err = fmt.Fprintf(a.out, "run %s goes on by itself: jurymast runs attach %s\n", run.ID, run.ID)
	return err
}

// selfCarrying is the command line of this program that carries a run out.
func (a *app) selfCarrying() ([]string, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	self := []string{exe}
	if a.flags.inventory != "" {
		self = append(self, "--inventory", a.flags.inventory)
	}
	return append(self, "runs", "carry"), nil
}

// childEnv is what a process of ours needs of a demo's environment.
func (a *app) childEnv() []string {
	if a.demo == nil {
		return nil
	}
	var out []string
	for k, v := range a.demo.environment() {
		out = append(out, k+"="+v)
	}
	return out
}

// carry carries a run out in this process and prints what happens.
func (a *app) carry(ctx context.Context, e *engine.Engine, run actions.Run, how func(context.Context, string) (engine.Outcome, error)) error {
	from, err := e.LastSeq(ctx)
	if err != nil {
		return err
	}
	follow, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var watch sync.WaitGroup
	watch.Go(func() { _ = a.printRun(follow, e, run, from) }) // what cannot be printed is in the journal
	_, err = how(ctx, run.ID)
	a.drain(e, run, cancel, &watch)
	if err != nil {
		return err
	}
	return a.outcome(ctx, e, run.ID)
}

// drain lets the printing come to the run's last event.
func (a *app) drain(e *engine.Engine, run actions.Run, cancel context.CancelFunc, watch *sync.WaitGroup) {
	done := make(chan struct{})
	go func() { watch.Wait(); close(done) }() // ends with the printing, which cancel ends
	t := time.NewTimer(2 * time.Second)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
	}
	cancel()
	<-done
}

// outcome prints how a run ended and what is left to do.
func (a *app) outcome(ctx context.Context, e *engine.Engine, id string) error {
	if !a.printer().forPeople() || a.flags.quiet {
		return nil
	}
	rep, err := e.Report(context.WithoutCancel(ctx), id)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s in %s", strings.ToUpper(string(rep.Outcome)), age(rep.Took))
	if rep.RTO > 0 {
		fmt.Fprintf(&b, ", RTO %s", rep.RTO.Round(10*time.Millisecond))
		if rep.RTOGoal > 0 {
			fmt.Fprintf(&b, " of %s", age(rep.RTOGoal))
		}
	}
	b.WriteString("\n")
	for _, t := range rep.Left {
		fmt.Fprintf(&b, "left to do: %s\n", t.Text)
		if t.Command != "" {
			fmt.Fprintf(&b, "            %s\n", t.Command)
		}
	}
	_, err = io.WriteString(a.out, b.String())
	return err
}

// printRun prints the events of a run until it stands still or ctx ends.
func (a *app) printRun(ctx context.Context, e *engine.Engine, run actions.Run, seq int64) error {
	w := runWriter{a: a, run: run, json: json.NewEncoder(a.out)}
	w.json.SetEscapeHTML(false)
	for {
		es, err := e.Follow(ctx, run.ID, seq)
		if err != nil {
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		}
		for _, ev := range es {
			seq = ev.Seq
			if err := w.event(ev); err != nil {
				return err
			}
			if ev.Type == actions.EventRun && !running(ev.To) {
				return nil
			}
		}
	}
}

// running reports whether a run of this state is under way.
func running(state string) bool {
	return state == "queued" || state == "running" || state == "undoing"
}

// runWriter prints events as lines.
type runWriter struct {
	a    *app
	run  actions.Run
	json *json.Encoder
}

func (w runWriter) event(ev actions.Event) error {
	switch {
	case w.a.flags.output == string(formatNDJSON):
		return w.json.Encode(ev)
	case !w.a.printer().forPeople() || w.a.flags.quiet:
		return nil
	}
	text := w.text(ev)
	if text == "" {
		return nil
	}
	_, err := fmt.Fprintf(w.a.out, "%s run %s %s\n", ev.At.Local().Format(time.RFC3339), w.run.ID, text)
	return err
}

// text words an event: the step's place, where it is, how it stands.
func (w runWriter) text(ev actions.Event) string {
	i := slices.IndexFunc(w.run.Plan.Steps, func(s actions.Step) bool { return s.ID == ev.Step })
	place := ""
	if i >= 0 {
		s := w.run.Plan.Steps[i]
		place = fmt.Sprintf("step %d/%d %s", i+1, len(w.run.Plan.Steps), s.Host.Name())
	}
	switch ev.Type {
	case actions.EventRun:
		return strings.TrimRight(ev.To+" "+ev.Line, " ")
	case actions.EventIntent:
		return place + " start   " + ev.Line
	case actions.EventDone:
		return strings.TrimRight(place+" "+fmt.Sprintf("%-7s", ev.To)+" "+ev.Step+" "+ev.Line, " ")
	case actions.EventUndo:
		return place + " undo    " + ev.Line
	case actions.EventUndone:
		return strings.TrimRight(place+" "+fmt.Sprintf("%-7s", ev.To)+" "+ev.Step+" "+ev.Line, " ")
	case actions.EventSaid:
		if i < 0 {
			return ""
		}
		return place + " says    " + ev.Item + " " + ev.Line
	case actions.EventOutput:
		if w.a.flags.verbose == 0 {
			return ""
		}
		return place + " |       " + ev.Line
	default:
		return ""
	}
}

// dryRun prints how sure it is of each step that it would work.
func (a *app) dryRun(ctx context.Context, e *engine.Engine, p actions.Plan) error {
	if err := a.showPlan(p); err != nil || !a.printer().forPeople() {
		return err
	}
	rows, err := e.DryRun(ctx, p)
	if err != nil {
		return err
	}
	l := listing{schema: "dry-run", columns: []column{{head: "STEP"}, {head: "KNOWN"}, {head: "WHY", flex: true}}}
	for _, r := range rows {
		l.rows = append(l.rows, row{name: r.Step, cells: []string{r.Step, r.Known, r.Why}, item: r})
	}
	_, _ = io.WriteString(a.out, "\n") // the listing says what is wrong with it
	if err := a.printer().print(l, exitOK); err != nil {
		return err
	}
	if len(p.Unmet(actions.Blocking)) > 0 {
		return resultError(exitRefused)
	}
	return nil
}
