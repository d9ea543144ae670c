// Package tui draws the console. It shows what the engine knows and starts what
// the engine offers; it reaches no machine, reads no file and decides nothing
// about what may be done.
package tui

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
)

// Engine is all that the console asks of the rest of the program. Its methods
// may be called from any goroutine, may take long, and end with their context.
// Their errors are drawn as they are: what happened, why, what to do next.
type Engine interface {
	Fleet() *inventory.Fleet
	ReadOnly() bool
	// Reload reads the inventory again if it was changed, and reports whether
	// it was. With an error the old one is kept.
	Reload(ctx context.Context) (bool, error)

	State(ctx context.Context) (actions.State, error)
	Summaries(s actions.State) []actions.Summary
	// Watch looks at each host when something of it is due, until ctx ends: one
	// that takes long holds up no other. It tells seen about every host, and news
	// what is known, soon after something came and every few seconds. Neither may
	// wait.
	Watch(ctx context.Context, seen func(Looked), news func(News)) error
	// Look has the watch look at targets now, and waits until all have answered.
	// What they say is told by the watch, as it comes.
	Look(ctx context.Context, ts []inventory.Ref) error
	// History returns events of a target, of all when it is "", newest first.
	History(ctx context.Context, t inventory.Ref, most int) ([]actions.Event, error)
	Series(ctx context.Context, k actions.Key, metric string) ([]actions.Point, error)
	Jobs(ctx context.Context) ([]Job, error)
	Covers(ctx context.Context) ([]Cover, error)
	// Copies returns the copies of a target that are known, newest first.
	Copies(ctx context.Context, t inventory.Ref) ([]actions.Copy, error)

	// Deploys returns why a target cannot be brought to another version, nil when
	// it can.
	Deploys(t inventory.Ref) error
	Plan(ctx context.Context, r Request) (actions.Plan, error)
	DryRun(ctx context.Context, p actions.Plan) ([]Foreknown, error)
	// Typed returns the key files that the plan's run would need and could not
	// use: their passphrases were typed here, and the ssh agent does not hold them.
	Typed(ctx context.Context, p actions.Plan) []string
	// Start carries a plan out in a process of its own and returns the run's id.
	Start(ctx context.Context, p actions.Plan, c Consent) (string, error)
	Resume(ctx context.Context, run string) error
	Undo(ctx context.Context, run string) error
	// Ask tells a run what a person wants of it: "wait", "undo" or "kill".
	Ask(ctx context.Context, run, wish string) error
	// LetGo frees the targets of a run that stands still: a person has seen to
	// what was left, and says how.
	LetGo(ctx context.Context, run, reason string) error
	Runs(ctx context.Context) ([]actions.Run, error)
	Run(ctx context.Context, id string) (actions.Run, []actions.Event, error)
	// Follow waits for events after a place in the journal, of all runs and of
	// everything else.
	Follow(ctx context.Context, seq int64) ([]actions.Event, error)
	Report(ctx context.Context, run string) (string, error)
	// Note writes down what a person says about a run, for its report.
	Note(ctx context.Context, run, text string) error
	// NoteTarget writes down what a person says about a target.
	NoteTarget(ctx context.Context, t inventory.Ref, text string) error
	// EndNote takes the note away that stands beside a target.
	EndNote(ctx context.Context, t inventory.Ref) error

	// Shell returns the command line of a shell on a host.
	Shell(ctx context.Context, host inventory.Ref) ([]string, error)
	// Edit returns the command line of the admin's editor at a place.
	Edit(at inventory.Pos) ([]string, error)
	// Keys asks a host for its keys; KnownKeys returns those that are known of it,
	// without asking.
	Keys(ctx context.Context, host inventory.Ref) ([]HostKey, error)
	KnownKeys(ctx context.Context, host inventory.Ref) ([]HostKey, error)
	Silence(ctx context.Context, s Silence) error
	EndSilence(ctx context.Context, t inventory.Ref) error
}

// Looked is how far a look at one host is.
type Looked struct {
	Host inventory.Ref
	Done bool
	Err  string // why it could not be looked at
	Took time.Duration
}

// News is what is known at a time.
type News struct {
	Fleet     *inventory.Fleet // that was watched: news of one that is no longer the engine's come too late
	State     actions.State
	Summaries []actions.Summary // of the whole fleet
	Err       error             // why it is not to be relied on; what was shown before stays
}

// Request says what is to be planned.
type Request struct {
	Verb   actions.Verb
	Target inventory.Ref
	Name   string // of the backup or the playbook
	Copy   string // id of the copy to bring back; "" is the newest that is whole
	To     string // the host to move or restore to, or for a restore an absolute path
}

// Consent is what a person gave to a plan.
type Consent struct {
	Yes     bool
	Confirm string // the word of the plan, as it was typed
	Accept  []string
}

// Foreknown is what is known of a step before it is run.
type Foreknown struct{ Step, Known, Why string }

// Silence asks to keep a target's problems quiet.
type Silence struct {
	Kind   actions.EventType
	Target inventory.Ref
	For    time.Duration
	Reason string
}

// HostKey is one key that a host offers, and how it stands to what is known.
type HostKey struct{ Type, Fingerprint, State string }

// Job is how one backup stands.
type Job struct {
	Name    string
	Target  inventory.Ref
	State   actions.Status
	Line    string
	At      time.Time // of the newest copy that counts; zero: there is none
	RPO     time.Duration
	Bytes   int64
	To      []string
	Proof   string
	Drilled time.Time
}

// Cover is how well one set of data is kept.
type Cover struct {
	Target                         inventory.Ref
	State                          actions.Status
	Line                           string
	Copies, Media, OffSite, Locked int
	Places                         []Place
}

// Place is one copy that counts.
type Place struct {
	Repository string
	Medium     string // what it lies on: "disk", "object-store"; "" where that is not known
	OffSite    bool
	Age        time.Duration
}

// Options say how the console is drawn.
type Options struct {
	Theme string // "" is default
	Color bool
	ASCII bool
	Mouse bool
	Time  string // age, local or utc
	// Keys binds acts, by the names in the key table, to other keys.
	Keys map[string][]string
	// Settings is the file that keys and colours are set in, for help; "" is none.
	Settings string
	// Screen is what is shown first, by its name in the bar, in small letters; ""
	// is the overview. At is a target that is opened over it.
	Screen string
	At     inventory.Ref
	// Ring calls the admin, with a few words: a run has ended, or needs hands.
	// nil: nobody is called.
	Ring func(text string) error
	// Copy gives text to the clipboard of the admin's terminal; nil: it cannot.
	Copy func(text string) error
	// Questions are put to the admin one at a time; nil: nobody asks.
	Questions <-chan Question
	// Agent says that a run finds an ssh agent, which keys can be added to.
	Agent bool
	// Write writes text to a new file and returns its full path; nil: it cannot.
	// A file that is there stays as it is, with an error.
	Write func(path, text string) (string, error)
	// Shell says that a shell waits behind the console, which can bring it back
	// when it was suspended.
	Shell bool
	Now   func() time.Time
	In    io.Reader
	Out   io.Writer
}

// ErrTheme is a theme that is not known.
var ErrTheme = errors.New("no such theme")

// Screens are the names that [Options.Screen] may have.
func Screens() []string {
	var names []string
	for _, t := range tabsOf {
		names = append(names, strings.ToLower(t.long))
	}
	return names
}

// fps bounds how often the terminal is written to.
const fps = 30

// Run shows the console until the admin leaves it, ctx ends, the terminal has
// gone, which is [ErrGone], or it meets a [Fault] of its own. The terminal is
// whole again when it returns. Runs that it started go on.
func Run(ctx context.Context, e Engine, o Options) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil) // ends what commands still wait for
	m, err := newRoot(ctx, e, o)
	if err != nil {
		return err
	}
	opts := []tea.ProgramOption{tea.WithAltScreen(), tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithFPS(fps)}
	if f, ok := o.In.(*os.File); ok {
		opts = append(opts, tea.WithInput(&terminal{f, cancel}))
	} else if o.In != nil {
		opts = append(opts, tea.WithInput(o.In))
	}
	if o.Out != nil {
		opts = append(opts, tea.WithOutput(o.Out))
	}
	if o.Mouse {
		opts = append(opts, tea.WithMouseCellMotion())
	}
	_, err = tea.NewProgram(guarded{m, cancel}, opts...).Run()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
