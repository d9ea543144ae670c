package actions

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"jurymast/inventory"
)

// Verb is what a plan does.
type Verb string

// The verbs. VerbPlaybook is the user's own sequence of steps.
const (
	VerbBackup   Verb = "backup"
	VerbRestore  Verb = "restore"
	VerbDrill    Verb = "drill"
	VerbFailover Verb = "failover"
	VerbFailback Verb = "failback"
	VerbRejoin   Verb = "rejoin"
	VerbDeploy   Verb = "deploy"
	VerbPlaybook Verb = "playbook"
)

// Verbs are the verbs that are built in, in the order in which they are shown.
var Verbs = []Verb{VerbBackup, VerbRestore, VerbDrill, VerbFailover, VerbFailback, VerbRejoin, VerbDeploy}

// Plan is everything that will be done, before any of it is done. A plan is a
// value: it can be printed, saved, approved, and carried out once.
type Plan struct {
	ID     string        `json:"id"` // the beginning of its digest
	Verb   Verb          `json:"verb"`
	Target inventory.Ref `json:"target"`
	Name   string        `json:"name,omitempty"` // of the playbook, of the backup, or of the version
	Title  string        `json:"title"`
	From   inventory.Ref `json:"from,omitempty"` // the host that it moves away from
	To     inventory.Ref `json:"to,omitempty"`   // the host, or the repository's copy, that it moves to
	Made   time.Time     `json:"made"`
	// Expires is when what was seen is too old to act upon.
	Expires time.Time `json:"expires"`
	// Inventory identifies the inventory that the plan was made from.
	Inventory  string      `json:"inventory"`
	Conditions []Condition `json:"conditions"`
	Steps      []Step      `json:"steps"`
	Impact     Impact      `json:"impact"`
	Ladder     Ladder      `json:"ladder"`
	Word       string      `json:"word,omitempty"` // what is typed to confirm, at LadderGrave
	Unattended bool        `json:"unattended,omitempty"`
	// Locks are the targets that nobody else may act on meanwhile.
	Locks []inventory.Ref `json:"locks"`
	// Emergency says that the old active could not be asked: its fence must be
	// of a grade that needs no answer of it.
	Emergency bool `json:"emergency,omitempty"`
	// Left is what remains for a person once the run is done.
	Left []Todo `json:"left,omitempty"`
	// Goals are what the run is measured against, from the inventory; zero: none.
	RTO time.Duration `json:"rto_ns,omitempty"`
	RPO time.Duration `json:"rpo_ns,omitempty"`
}

// Todo is one thing left for a person, as a command where there is one.
type Todo struct {
	Text    string `json:"text"`
	Command string `json:"command,omitempty"`
}

// Ladder is how grave a plan is, and so how it has to be confirmed.
type Ladder uint8

// The rungs: looking needs nothing, harmless things a plain yes in the console,
// what disrupts and can be undone --yes, what cannot be undone or touches
// several hosts its name typed out.
const (
	LadderLook Ladder = iota
	LadderHarmless
	LadderDisruptive
	LadderGrave
)

var ladderWords = [...]string{LadderLook: "look", LadderHarmless: "harmless", LadderDisruptive: "disruptive", LadderGrave: "grave"}

func (l Ladder) String() string { return ladderWords[min(l, LadderGrave)] }

// MarshalText writes the rung as its word.
func (l Ladder) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a rung. An unknown word is an error: it must never turn
// into a lower rung.
func (l *Ladder) UnmarshalText(b []byte) error {
	i := slices.Index(ladderWords[:], string(b))
	if i < 0 {
		return fmt.Errorf("unknown rung %q", b)
	}
	*l = Ladder(i)
	return nil
}

// Hold is whether a condition holds.
type Hold string

// What a condition can be: as it must be; not so, and a person may accept that
// by its name; not so, and nothing helps but to change it.
const (
	Holds    Hold = "holds"
	Open     Hold = "open"
	Blocking Hold = "blocking"
	// Noted is not as it should be, and the plan goes on without it: one of
	// several repositories that cannot be used now.
	Noted Hold = "noted"
)

// Condition is a fact that a plan rests on. It is looked at again when the plan
// is run.
type Condition struct {
	Name string `json:"name"` // for --accept: "stale-copy"
	Text string `json:"text"` // what must be so
	Seen string `json:"seen"` // what was seen, and how
	Hold Hold   `json:"state"`
	// Next is what to do where it does not hold, a command or what to mend: always
	// said where it blocks.
	Next string `json:"next,omitempty"`
	// Grave says that to accept it is of itself a matter of LadderGrave.
	Grave bool `json:"grave,omitempty"`
}

// Impact is what a plan means for the fleet.
type Impact struct {
	Down []Outage `json:"down,omitempty"`
	// Floor is the least that the outage can be: detection and fencing.
	Floor time.Duration `json:"floor_ns,omitempty"`
	// AtRisk is the data that may be lost, negative where that is not known.
	AtRisk      time.Duration   `json:"at_risk_ns"`
	AtRiskBytes int64           `json:"at_risk_bytes"`
	Risk        string          `json:"risk"` // the same in words
	Touches     []inventory.Ref `json:"touches"`
	Spares      []inventory.Ref `json:"does_not_touch,omitempty"`
	NeededBy    []inventory.Ref `json:"needed_by,omitempty"`
}

// Outage is a target that does not work for a while.
type Outage struct {
	Target inventory.Ref `json:"target"`
	For    time.Duration `json:"for_ns"` // 0: not known
	Why    string        `json:"why,omitempty"`
}

// Step is one act of a plan.
//
// Do runs on Host, at most once, as a job that outlives the connection. Look
// steps have no Do: the fleet is looked at instead.
type Step struct {
	ID    string        `json:"id"` // unique in its plan: small letters, digits and dashes
	Title string        `json:"title"`
	Host  inventory.Ref `json:"host"`
	Do    Script        `json:"do"`
	// Check tells whether it is done already: exit 0 yes, 1 no, anything else
	// not known. It changes nothing. It is asked before Do, and again when it
	// is not known whether Do was carried out.
	Check *Script `json:"check,omitempty"`
	// Verify proves that it is done: exit 0. VerifyOn is where, Host where not
	// said.
	Verify   *Script       `json:"verify,omitempty"`
	VerifyOn inventory.Ref `json:"verify_on,omitempty"`
	Undo     *Script       `json:"undo_script,omitempty"`
	// UndoIf must hold, by exit 0 on UndoIfOn, for Undo to be done: else
	// somebody has gone on from there, and a person has to see to it.
	UndoIf   *Script       `json:"undo_if,omitempty"`
	UndoIfOn inventory.Ref `json:"undo_if_on,omitempty"`
	Timeout  time.Duration `json:"timeout_ns"`
	Estimate time.Duration `json:"estimate_ns,omitempty"` // median of earlier runs; 0: not known
	Longest  time.Duration `json:"longest_ns,omitempty"`  // of the same runs; 0: not known
	// UndoEstimate is the median of earlier runs that took it back; 0: none did.
	UndoEstimate time.Duration `json:"undo_estimate_ns,omitempty"`
	// NoReturn: once it has been started nothing is undone by itself.
	NoReturn bool `json:"no_return,omitempty"`
	// Redo: doing it twice is as good as once, so it may be done again where it
	// is not known whether it was.
	Redo bool `json:"redo,omitempty"`
	// Beside: it starts together with the step ahead of it.
	Beside bool `json:"beside,omitempty"`
	// MayFail: the steps that do not name it in After go on without it. The run
	// is not a success all the same.
	MayFail bool `json:"may_fail,omitempty"`
	// After names steps that must have been done; else this one is skipped.
	After []string `json:"after,omitempty"`
	// Settles: once it is done, what is ahead of it is not undone because of what
	// comes behind it. The run is then no success and not undone either.
	Settles bool `json:"settles,omitempty"`
	// Look names targets that must be well, by a look made now.
	Look []inventory.Ref `json:"look,omitempty"`
	// Down names targets that do not work while it runs.
	Down []inventory.Ref `json:"down,omitempty"`
	// Ends and Starts mark where the outage that is measured begins and is over.
	Ends   bool `json:"ends_service,omitempty"`
	Starts bool `json:"starts_service,omitempty"`
	// About names which of several it is about: a repository.
	About string `json:"about,omitempty"`
	// Brings is a host that answers only once this step is done, and with it the
	// later steps there.
	Brings inventory.Ref `json:"brings,omitempty"`
}

// Undoable reports whether the step is undone when a later one fails.
func (s Step) Undoable() bool { return s.Undo != nil }

// Estimate returns how long the plan takes when all goes well, and false when
// that is not known of a step.
func (p Plan) Estimate() (time.Duration, bool) {
	var total, side time.Duration
	known := true
	for _, s := range p.Steps {
		known = known && (s.Estimate > 0 || len(s.Look) > 0)
		if !s.Beside {
			total += side
			side = 0
		}
		side = max(side, s.Estimate)
	}
	return total + side, known
}

// Recovery returns how long it takes by earlier runs until the target works
// again, or until a drill has brought it up; false when that is not known.
func (p Plan) Recovery() (time.Duration, bool) {
	for _, o := range p.Impact.Down {
		if o.Target == p.Target {
			return o.For, o.For > 0
		}
	}
	return p.Restored(func(id string) (time.Duration, bool) {
		s, _ := p.Step(id)
		return s.Estimate, s.Estimate > 0
	}, "")
}

// restoring are the steps of a restore or a drill that bring data back.
var restoring = []string{"extract", "put", "start", "prove", "try"}

// Restored returns how long the steps that bring data back take together, by
// what is told of each; false where one of them is not told of, or where there
// are none. In a playbook the ids of the steps begin with ahead.
func (p Plan) Restored(took func(id string) (time.Duration, bool), ahead string) (time.Duration, bool) {
	var sum time.Duration
	found := false
	for _, id := range restoring {
		if _, ok := p.Step(ahead + id); !ok {
			continue
		}
		d, ok := took(ahead + id)
		if !ok {
			return 0, false
		}
		sum, found = sum+d, found || id == "extract" || id == "put"
	}
	return sum, found
}

// NoReturn returns the place of the first step that cannot be undone, -1 when
// there is none.
func (p Plan) NoReturn() int {
	return slices.IndexFunc(p.Steps, func(s Step) bool { return s.NoReturn })
}

// StepHanded is the step of a move that sees the other host active, where the
// system handed over by itself.
const StepHanded = "handed"

// Exposes reports whether the service has no standby once a move is done: the
// host that it left has to be made one, unless it handed over by itself.
func (p Plan) Exposes() bool {
	_, handed := p.Step(StepHanded)
	return !handed && (p.Verb == VerbFailover || p.Verb == VerbFailback)
}

// Unmet returns the conditions of a sort.
func (p Plan) Unmet(h Hold) []Condition {
	return slices.DeleteFunc(slices.Clone(p.Conditions), func(c Condition) bool { return c.Hold != h })
}

// Step returns the step of an id.
func (p Plan) Step(id string) (Step, bool) {
	i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.ID == id })
	if i < 0 {
		return Step{}, false
	}
	return p.Steps[i], true
}

// Digest identifies what is approved: the inventory, the conditions and the
// steps. Times, estimates and the wording of what was seen are not part of it,
// so that the same plan made a minute later has the same digest.
func (p Plan) Digest() string {
	type condition struct {
		Name string
		Hold Hold
	}
	seen := make([]condition, len(p.Conditions))
	for i, c := range p.Conditions {
		seen[i] = condition{c.Name, c.Hold}
	}
	steps := slices.Clone(p.Steps)
	for i := range steps {
		steps[i].Estimate, steps[i].Longest, steps[i].UndoEstimate = 0, 0, 0
	}
	b, err := json.Marshal([]any{p.Verb, p.Target, p.Name, p.From, p.To, p.Inventory, seen, steps, p.Ladder, p.Word, p.Unattended, p.Locks, p.Emergency})
	if err != nil {
		panic("actions: a plan of plain values is always JSON: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// PlanID returns the short name of a digest.
func PlanID(digest string) string { return digest[:min(8, len(digest))] }

// Validate returns what makes a plan unfit to be carried out, whatever is
// accepted: it is a fault of its planner or of a hand that edited it.
func (p Plan) Validate() error {
	if len(p.Steps) == 0 {
		return fmt.Errorf("plan %s %s has no steps", p.Verb, p.Target)
	}
	seen := map[string]bool{}
	past := false
	for i, s := range p.Steps {
		switch {
		case !stepID(s.ID):
			return fmt.Errorf("step %d: %q is no id: small letters, digits and dashes, at most 40", i+1, s.ID)
		case seen[s.ID]:
			return fmt.Errorf("step %d: there are two steps %q", i+1, s.ID)
		case s.Title == "":
			return fmt.Errorf("step %s has no title", s.ID)
		case len(s.Look) == 0 && (s.Host == "" || s.Do.Name == ""):
			return fmt.Errorf("step %s does nothing", s.ID)
		case s.Timeout <= 0:
			return fmt.Errorf("step %s has no time limit", s.ID)
		case s.NoReturn && s.Undo != nil:
			return fmt.Errorf("step %s is a point of no return and claims an undo", s.ID)
		case past && s.Undo != nil:
			return fmt.Errorf("step %s claims an undo behind the point of no return", s.ID)
		case s.Beside && i == 0:
			return fmt.Errorf("step %s is beside nothing", s.ID)
		}
		for _, a := range s.After {
			if !seen[a] {
				return fmt.Errorf("step %s comes after %q, which is no step ahead of it", s.ID, a)
			}
		}
		seen[s.ID] = true
		past = past || s.NoReturn
	}
	return nil
}

func stepID(s string) bool {
	if s == "" || len(s) > 40 || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
