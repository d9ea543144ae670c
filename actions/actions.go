// Package actions is the vocabulary: what a fleet can be asked and what it
// answers. It holds types and what must be true of them; the work is done in
// the packages below it, in the order in which data flows:
//
//	kind -> check -> plan -> run -> store, and engine, which holds them together.
//
// Nothing here reaches a machine, reads a clock or writes a file.
package actions

import (
	"fmt"
	"strings"
	"time"

	"jurymast/inventory"
)

// Status is the state of a check, as the exit code of a monitoring plugin.
type Status uint8

// The four states. Unknown is not ok.
const (
	OK Status = iota
	Warn
	Fail
	Unknown
)

var statusWords = [...]string{OK: "ok", Warn: "warn", Fail: "fail", Unknown: "unknown"}

func (s Status) String() string {
	if int(s) < len(statusWords) {
		return statusWords[s]
	}
	return "unknown"
}

// MarshalText writes the status as its word.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a status word. A word that it does not know is an error:
// it must never turn into ok.
func (s *Status) UnmarshalText(b []byte) error {
	for i, w := range statusWords {
		if w == string(b) {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("unknown status %q", b)
}

// badness orders statuses for a fleet: fail over warn over unknown over ok.
// The codes themselves are not in that order, so the greatest code must never
// be taken (Monitoring Plugins guidelines leave the order to the tool).
var badness = [...]int{OK: 0, Unknown: 1, Warn: 2, Fail: 3}

// Worse reports whether s is worse than t.
func (s Status) Worse(t Status) bool { return badness[s&3] > badness[t&3] }

// Worst returns the worst of the statuses, OK for none.
func Worst(ss ...Status) Status {
	w := OK
	for _, s := range ss {
		if s.Worse(w) {
			w = s
		}
	}
	return w
}

// Output is what a script answered. It has the fields of ssh.Output, so that
// kinds can read answers without knowing how they travelled. Both streams are
// bounded, valid UTF-8 and free of control characters but newline and tab.
type Output struct {
	Stdout, Stderr []byte
	Exit           int
	Cut            bool          // more came than was kept
	Took           time.Duration // on the machine, or of the whole trip where that is not known
}

// Metric is one number of a result. Warn and Fail are the limits it was judged
// by, nil where there is none.
type Metric struct {
	Name  string   `json:"name"`
	Value float64  `json:"value"`
	Unit  string   `json:"unit,omitempty"`
	Warn  *float64 `json:"warn,omitempty"`
	Fail  *float64 `json:"fail,omitempty"`
}

// Point is one number at one time.
type Point struct {
	At    time.Time `json:"at"`
	Value float64   `json:"value"`
}

// Check is one question about a target.
//
// A check is either a script that is run on a host, or a probe that Go makes
// itself: exactly one of Script.Name and Probe is set. Checks of one host whose
// scripts are equal (name, inputs, sudo) share one run of it: the script's
// answer is handed to each of them.
type Check struct {
	ID      string // unique in its target: "load", "disk"
	Title   string // a few words
	Script  Script
	Probe   *Probe
	Host    inventory.Ref // where it is looked at; "" the target's host, or inventory.Console
	Every   time.Duration // 0: the looker's default
	Limit   time.Duration // time limit of its own; 0: the looker's default
	Confirm int           // looks in a row that must be bad before it counts as worse; 0 or 1: at once
	Aside   bool          // it says nothing about whether the target works, so that no run waits for it: how old what is deployed is
	Needs   []string      // IDs of checks of the same target and host; when one of them is fail or unknown this one is skipped
	Read    func(Answer) []Reading
	// Else are checks that find out the same where others know it too: each is
	// made while those before it read unknown, or their hosts do not answer. Of
	// them only what they ask, where, how long and Read count.
	Else []Check
}

// Answer is what a check's Read is given.
type Answer struct {
	Output
	Probe *ProbeAnswer // for a probe, else nil
	Now   time.Time    // the console's clock at the time of the answer
	// Series returns the kept points of an earlier metric of this check, oldest
	// first, at most some hundred. It is never nil.
	Series func(item, metric string) []Point
}

// Reading is one finding of a check. A check that answers about many things
// (file systems, containers) returns one Reading an item.
type Reading struct {
	Item    string // "" or what it is about: "/srv", "app-web-1"
	Status  Status
	Line    string // one line for people: the number first, then the limit
	Metrics []Metric
	Next    string // what to do about it; may be empty
	// On is the host seen to run the target, where this check finds that out.
	On inventory.Ref
}

// ItemStandbys is the item of a reading that says how many standbys follow: what
// it says is no fault of the service itself. After a failover it is bad until
// the old active is a standby again, and no run waits for that.
const ItemStandbys = "standbys"

// UnknownReading is the reading of an answer that could not be understood.
func UnknownReading(format string, args ...any) []Reading {
	return []Reading{{Status: Unknown, Line: fmt.Sprintf(format, args...)}}
}

// Result is one reading of one check of one target at one time.
type Result struct {
	Target  inventory.Ref `json:"target"`
	Check   string        `json:"check"`
	Item    string        `json:"item,omitempty"`
	Status  Status        `json:"status"`
	Line    string        `json:"line"`
	Metrics []Metric      `json:"metrics,omitempty"`
	Next    string        `json:"next,omitempty"`
	On      inventory.Ref `json:"on,omitempty"`
	Cause   inventory.Ref `json:"cause,omitempty"` // set when it was not looked at because of that target
	At      time.Time     `json:"at"`
	Took    time.Duration `json:"took_ns"`
}

// Key names the place of a result in the state.
type Key struct {
	Target inventory.Ref
	Check  string
	Item   string
}

// Key returns the place of r.
func (r Result) Key() Key { return Key{r.Target, r.Check, r.Item} }

func (k Key) String() string {
	s := string(k.Target) + " " + k.Check
	if k.Item != "" {
		s += " " + k.Item
	}
	return s
}

// Kind is what a sort of system can do. A nil field means that it cannot.
type Kind struct {
	Name    string
	Doc     string // one sentence
	About   string // paragraphs for `jurymast kinds NAME`: what it looks at, traps, what it does when the tool is missing
	Levels  []inventory.Level
	Options []inventory.Option
	Limits  []inventory.Limit
	Sudoers []string // command lines that it runs with sudo -n, as they stand in a sudoers rule
	// Unmarked is why half of an answer of its looks cannot be told from a whole
	// one; "" where their scripts end with a mark, as all should.
	Unmarked string
	// Checks returns what to look at. The fleet is for references only (who
	// mounts a share); it must not depend on anything else.
	Checks func(f *inventory.Fleet, t inventory.Target) []Check
	// Data tells how the target's data is copied and brought back.
	Data func(f *inventory.Fleet, t inventory.Target) (Data, error)
	// Move tells how a service goes to another host.
	Move func(f *inventory.Fleet, t inventory.Target) (Move, error)
	// Deploy tells how the target goes to another version, and back.
	Deploy func(f *inventory.Fleet, t inventory.Target) (Deploy, error)
	// Repository tells how copies are kept, used from a host.
	Repository func(f *inventory.Fleet, r inventory.Repository, from inventory.Ref) (Repository, error)
	// Native tells the same of a repository that is a system which copies targets
	// by means of its own. A kind has one of the two.
	Native func(f *inventory.Fleet, r inventory.Repository, t inventory.Target) (Native, error)
	// Takes says why a repository of a kind with Native cannot keep copies of a
	// target, and what to name instead; "" where it can. It is asked when the
	// inventory is read. nil: it takes any target.
	Takes func(t inventory.Target) (why, hint string)
	// Refuses says of which key of a target of the kind the value makes no sense
	// beside its others, why, and what to say instead; "" where all do. It is
	// asked when the inventory is read. nil: all do always.
	Refuses func(t inventory.Target) (key, why, hint string)
	// Fence and Redirect tell how a host is kept from writing and how clients
	// are led to another.
	Fence    func(f *inventory.Fleet, x inventory.Fence) (Fence, error)
	Redirect func(f *inventory.Fleet, x inventory.Redirect) (Redirect, error)
	// Proved says of each of [Kind.Verbs] on what it rests.
	Proved map[string]Ground
}

// Ground is what the claim rests on that a kind can do something.
type Ground string

// The grounds, best first.
const (
	Real       Ground = "real"       // a test drives the real system: healthy, broken, brought back
	Recorded   Ground = "recorded"   // a test reads what a real system printed; none is driven
	Documented Ground = "documented" // written after the system's documentation; none has been seen
)

// Schema returns what the inventory may say to the kind.
func (k Kind) Schema() inventory.KindSchema {
	return inventory.KindSchema{Levels: k.Levels, Options: k.Options, Limits: k.Limits, Takes: k.Takes, Refuses: k.Refuses, Files: k.Repository != nil, NoData: k.Data == nil}
}

// Verbs returns what the kind can do, as words.
func (k Kind) Verbs() []string {
	var v []string
	if k.Checks != nil {
		v = append(v, "look")
	}
	if k.Data != nil || k.Native != nil {
		v = append(v, "backup", "restore")
	}
	if k.Move != nil {
		v = append(v, "failover")
	}
	if k.Deploy != nil {
		v = append(v, "deploy")
	}
	if k.Repository != nil || k.Native != nil {
		v = append(v, "repository")
	}
	if k.Fence != nil {
		v = append(v, "fence")
	}
	if k.Redirect != nil {
		v = append(v, "redirect")
	}
	return v
}

// EventType says what happened.
type EventType string

// The events: changes of state, what people did to the noise, shells that were
// opened, and runs.
const (
	EventState  EventType = "state"  // a check changed its status
	EventAck    EventType = "ack"    // a problem was acknowledged
	EventMute   EventType = "mute"   // a target was muted or unmuted
	EventMaint  EventType = "maint"  // maintenance began or ended
	EventShell  EventType = "shell"  // a person opened a shell on a host
	EventTrust  EventType = "trust"  // a host key was trusted or replaced
	EventBooted EventType = "booted" // a host came back with another boot id
	EventNote   EventType = "note"   // a person wrote something down about a target or a run

	EventRun    EventType = "run"    // a run began, went on or ended: To is its state
	EventIntent EventType = "intent" // a step is about to be done: written before the act
	EventDone   EventType = "done"   // a step ended: To is how
	EventSaid   EventType = "said"   // a word of a step: Item is its name, Line the value
	EventOutput EventType = "output" // a line that a step printed
	EventUndo   EventType = "undo"   // the undo of a step is about to be done
	EventUndone EventType = "undone" // it ended: To is how
	EventAccept EventType = "accept" // a person accepted a condition, or confirmed
	EventAsk    EventType = "ask"    // a person asked a run to stop, or to undo
)

// Event is one thing that happened. Events are kept, sent as JSON and drawn;
// none of these needs to know the others.
type Event struct {
	Seq    int64         `json:"seq"` // place in the journal: ask for what comes after it
	Run    string        `json:"run,omitempty"`
	Step   string        `json:"step,omitempty"`
	Type   EventType     `json:"type"`
	At     time.Time     `json:"at"`
	Target inventory.Ref `json:"target,omitempty"`
	Check  string        `json:"check,omitempty"`
	Item   string        `json:"item,omitempty"`
	From   string        `json:"from,omitempty"` // status word before
	To     string        `json:"to,omitempty"`   // status word after
	Line   string        `json:"line,omitempty"`
	Who    string        `json:"who,omitempty"`
	Exit   *int          `json:"exit,omitempty"`
}

// Silence is a time in which a target's problems are kept quiet. They are
// looked at and recorded all the same.
type Silence struct {
	ID     int64         `json:"id"`
	Kind   EventType     `json:"kind"` // EventAck, EventMute or EventMaint
	Target inventory.Ref `json:"target"`
	Check  string        `json:"check,omitempty"` // "" for all checks
	From   time.Time     `json:"from"`
	Until  time.Time     `json:"until"`
	Who    string        `json:"who"`
	Reason string        `json:"reason"`
}

// Covers reports whether the silence holds for a key at a time. Maintenance of
// a host covers what runs on it; that is for the caller, who knows the fleet,
// to ask with the host's own key.
func (s Silence) Covers(k Key, at time.Time) bool {
	return s.Target == k.Target && (s.Check == "" || s.Check == k.Check) && !at.Before(s.From) && at.Before(s.Until)
}

// NoteOver is what a note becomes that was taken away: To of an [EventNote].
const NoteOver = "over"

// StandingNote returns the newest note of some events of one target, newest first,
// unless it was taken away: nil then. One on a run stands in that run's report.
func StandingNote(events []Event) *Event {
	for _, e := range events {
		switch {
		case e.Type != EventNote || e.Run != "":
		case e.To == NoteOver:
			return nil
		default:
			return &e
		}
	}
	return nil
}

// MaxLine is the length in bytes to which [Line] cuts: 4 KiB is longer than a
// screen and shorter than an attack.
const MaxLine = 4 << 10

// Line makes one line of text: newlines and tabs become single blanks, blanks
// at the ends go, and what is longer than [MaxLine] is cut and marked so.
func Line(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= MaxLine {
		return s
	}
	cut := MaxLine - len("…")
	for cut > 0 && s[cut]&0xc0 == 0x80 { // do not split a character
		cut--
	}
	return s[:cut] + "…"
}
