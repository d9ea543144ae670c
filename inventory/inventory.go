// Package inventory reads the fleet from TOML files.
//
// It is the only package that knows TOML, and it knows no other package of
// ours: what a kind may be told is handed to [Load] as a [Schema]. It reaches
// no machine and opens no connection. A [Fleet] is read-only once loaded and
// may be shared between goroutines.
package inventory

import (
	"fmt"
	"strings"
	"time"
)

// A Ref names one thing of the inventory as level and name: "service/api".
type Ref string

// Level is the first half of a Ref.
type Level string

// The levels of an inventory. Node and vm together are called hosts; the first
// four are targets that can be looked at.
const (
	LevelNode       Level = "node"
	LevelVM         Level = "vm"
	LevelShare      Level = "share"
	LevelService    Level = "service"
	LevelSite       Level = "site"
	LevelRepository Level = "repository"
	LevelBackup     Level = "backup"
	LevelPlaybook   Level = "playbook"
	LevelFence      Level = "fence"
	LevelRedirect   Level = "redirect"
	LevelKind       Level = "kind" // a kind of the inventory's own
	LevelCheck      Level = "check"
)

// MakeRef returns the Ref of a name at a level.
func MakeRef(l Level, name string) Ref { return Ref(string(l) + "/" + name) }

// Level returns the part before the slash, "" when there is none.
func (r Ref) Level() Level {
	l, _, ok := strings.Cut(string(r), "/")
	if !ok {
		return ""
	}
	return Level(l)
}

// Name returns the part after the slash.
func (r Ref) Name() string {
	_, n, ok := strings.Cut(string(r), "/")
	if !ok {
		return string(r)
	}
	return n
}

// A Pos is a place in an inventory file. Line and Col count from 1; Col counts
// bytes, as editors and compilers do.
type Pos struct {
	File      string
	Line, Col int
}

func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Class says how dear the data is.
type Class string

// The classes, cheapest first: a host's own system, what makes a service work,
// and what cannot be made again.
const (
	ClassSystem      Class = "system"
	ClassApplication Class = "application"
	ClassUser        Class = "user"
)

// Reach is what the inventory says of the way to a host. Empty fields fall
// back to [ssh] and then to the admin's ssh configuration.
type Reach struct {
	Address    string // host name, IPv4 or IPv6, without port; "" means the target's name
	Port       int    // 0 means not said
	User       string
	Identity   []string // absolute paths of private keys
	KnownHosts []string // absolute paths
	Config     string   // absolute path of an ssh configuration; "none" reads none; "" means ~/.ssh/config
	// Jump holds Refs of hosts ("node/gate") or machines outside of the
	// inventory as user@host:port, in the order they are passed through. nil is
	// not said; empty and not nil is said: none.
	Jump    []string
	Sudo    *bool // whether scripts that need root may use sudo -n; nil means not said
	Timeout time.Duration
}

// Mount is a share as one host sees it.
type Mount struct {
	On Ref    // the host that mounts it
	At string // absolute path there
}

// Window is a time in which a target is expected to be off, in local time.
// Days is empty for every day. To may be smaller than From: it crosses midnight.
type Window struct {
	Days     []time.Weekday
	From, To time.Duration // since midnight
}

// Contains reports whether t, in t's own location, lies in the window.
func (w Window) Contains(t time.Time) bool {
	at := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
	if w.From <= w.To {
		return at >= w.From && at < w.To && w.on(t.Weekday())
	}
	if at >= w.From {
		return w.on(t.Weekday())
	}
	return at < w.To && w.on((t.Weekday()+6)%7) // it began the day before
}

func (w Window) on(d time.Weekday) bool {
	if len(w.Days) == 0 {
		return true
	}
	for _, x := range w.Days {
		if x == d {
			return true
		}
	}
	return false
}

// Target is a node, a vm, a share or a service. Fields that its level does not
// have are zero.
type Target struct {
	Ref       Ref
	Kind      string
	Title     string // a few words for people; may be empty
	Class     Class
	Site      string // "" when none is known; a guest has its node's, a share or service its host's
	Host      Ref    // the host it runs on; itself for a host
	Needs     []Ref
	Tags      []string
	Protected bool // only ever looked at
	Options   Options
	Limits    Limits
	Every     time.Duration // 0: each check's own
	Confirm   int           // bad looks before a change for the worse counts; 0: each check's own
	Off       []Window      // when it is expected to be off
	Checks    []Extra       // checks that the user added to it
	Pos       Pos

	Reach Reach // hosts

	On Ref    // vm: its node. Share, service: as written; the same as Host
	ID string // vm: the guest's id on its node

	Path   string // share: absolute path on its host
	Mounts []Mount

	Standby []Ref    // service: hosts that could take over, in order
	Data    []string // service: Refs of shares ("share/files") or absolute paths on its host
	URL     string
	RTO     time.Duration // service: how long it may be down; 0: not said
}

// Extra is a check that the user added to a target: [check.NAME] of = "…".
type Extra struct {
	Name    string
	Kind    string
	Title   string // may be empty
	From    Ref    // the host it is seen from, "" for the target's own, or [Console]
	Options Options
	Limits  Limits
	Every   time.Duration
	Confirm int
	Pos     Pos
}

// Console stands in a from key for the machine that jurymast itself runs on.
const Console Ref = "console"

// Site is a failure domain.
type Site struct {
	Name, Title string
	Pos         Pos
}

// Repository is a place where copies are kept.
type Repository struct {
	Name, Kind, Title string
	Site              string
	On                Ref    // the host that holds it; "" when it is no host of the inventory
	Path, URL         string // where it is; may be empty
	Options           Options
	Pos               Pos
}

// Backup is the policy for the copies of one target.
type Backup struct {
	Name  string
	Of    Ref
	To    []string      // repository names
	RPO   time.Duration // [Class.RPO] of its target where not said
	RTO   time.Duration // how long a restore may take: that of its service where not said, 0 for none
	Keep  map[string]int
	Drill time.Duration // how often a restore is to be practised; 0: never
	// Schedule is when a timer begins it; the zero Schedule where it is not said.
	Schedule Schedule
	Pos      Pos
}

// Fence is a way to make sure that a host, or what a service runs as on one,
// can no longer write.
type Fence struct {
	Name, Kind, Title string
	Of                Ref // the host or the service
	On                Ref // where it is done; "" is for the kind to know
	Options           Options
	Pos               Pos
}

// Redirect is a way to lead those who use a service to the host that runs it.
type Redirect struct {
	Name, Kind, Title string
	Of                Ref // the service
	On                Ref // where it is done; "" is for the kind to know
	Options           Options
	Pos               Pos
}

// Playbook is the user's own sequence of steps.
type Playbook struct {
	Name, Title string
	Steps       []PlaybookStep
	Unattended  bool
	Pos         Pos
}

// PlaybookStep is one step of a playbook, as written.
type PlaybookStep struct {
	Title, Run, Script, Check, Undo, Verify, When, Confirm string
	Plan                                                   string // a built-in plan and its target: "backup mongo"
	Look                                                   []Ref  // targets that must be well before it goes on
	On                                                     Ref
	Over                                                   []Ref
	AtOnce                                                 int
	Inputs                                                 map[string]string
	Keep                                                   map[string]Secret // inputs that are secrets
	Timeout                                                time.Duration
	NoReturn, Sudo                                         bool
	Pos                                                    Pos
}

// Settings is what holds for the whole fleet.
type Settings struct {
	Name        string // shown in headers; "" takes the file's name
	ReadOnly    bool
	AgeIdentity string // file of the keys that open secrets encrypted by age; "" is age.key beside the inventory
	Reach       Reach  // the [ssh] table: what a host says wins
	Concurrency int    // hosts looked at side by side; 0 means the default
}

// Fleet is a whole inventory, checked.
type Fleet struct {
	Path         string // the first file read
	Files        []string
	Settings     Settings
	Sites        []Site
	Nodes        []Target
	VMs          []Target
	Shares       []Target
	Services     []Target
	Repositories []Repository
	Backups      []Backup
	Playbooks    []Playbook
	Fences       []Fence
	Redirects    []Redirect
	Kinds        []OwnKind // by the order in which they are written
	// Digest identifies what the files said: a plan is bound to it.
	Digest   string
	Warnings Problems // what is allowed and still looks like a mistake
	index    map[Ref]*Target
	byName   map[string][]Ref
	edges    []Edge
	needs    map[Ref][]Ref
	neededBy map[Ref][]Ref
}

// Option is one thing a kind can be told.
type Option struct {
	Name     string
	Type     OptionType
	Default  string // as it would stand in the inventory; "" for none
	Required bool
	Values   []string // for TypeEnum
	Doc      string   // one line
}

// OptionType says what an option's value looks like.
type OptionType string

// The types of an option, with what they are written as in TOML and what
// [Options] returns them as.
const (
	TypeString   OptionType = "string"   // string
	TypeInt      OptionType = "int"      // integer
	TypeBool     OptionType = "bool"     // boolean
	TypeDuration OptionType = "duration" // "90s", "5m", "2d", "1w": Duration
	TypeSize     OptionType = "size"     // "10 GiB", or an integer of bytes: Int
	TypePercent  OptionType = "percent"  // 85 or "85%": Float
	TypePort     OptionType = "port"     // integer from 1 to 65535: Int
	TypePath     OptionType = "path"     // absolute path on the machine it is about: String
	TypeURL      OptionType = "url"      // http, https or a scheme of the kind's: String
	TypeEnum     OptionType = "enum"     // one of Values: String
	TypeList     OptionType = "list"     // list of strings: List
	TypeHost     OptionType = "host"     // a node or vm, or "console": String holds the Ref
	TypeSecret   OptionType = "secret"   // { env|file|command|credential|age = "…" }: Secret
)

// Limit is one limit of a kind: a number and where it begins to be bad.
type Limit struct {
	Name string
	Unit string // "%", "s", "days", "°C", "" …
	Warn float64
	Fail float64
	Low  bool // smaller is worse
	Doc  string
}

// Bound is the warn and fail value of a limit that holds for a target. NaN
// means that this half is switched off.
type Bound struct {
	Warn, Fail float64
	Low        bool
	Unit       string
}

// Limits holds the bounds of a target by limit name, defaults filled in.
type Limits map[string]Bound

// KindSchema is what the inventory may say to one kind.
type KindSchema struct {
	Levels  []Level // what it can be the kind of; LevelCheck: of an added check
	Options []Option
	Limits  []Limit
	// Takes says of a kind of repository why it cannot keep copies of a target,
	// and what to do about that; "" where it can. nil: it takes any.
	Takes func(t Target) (why, hint string)
	// Refuses says of which key of a target of the kind the value makes no sense
	// beside its others, why, and what to say instead; "" where all do. nil: all
	// do always.
	Refuses func(t Target) (key, why, hint string)
	// Files: a repository of the kind keeps files. NoData: which files a target
	// of the kind has is not known, so that no such repository takes them.
	Files, NoData bool
}

// Schema is what every kind may be told, by the kind's name.
type Schema map[string]KindSchema

// Secret says where a secret is kept. Exactly one field is set. It never holds
// the secret in the clear.
type Secret struct {
	Env        string `json:"env,omitempty"`
	File       string `json:"file,omitempty"`
	Command    string `json:"command,omitempty"`
	Credential string `json:"credential,omitempty"`
	Age        string `json:"age,omitempty"` // the secret itself, encrypted by age as text
}

// IsZero reports whether no place is named.
func (s Secret) IsZero() bool { return s == Secret{} }

// Options are the values of a kind's options, defaults filled in. Asking for
// one that is not there, or as another type, gives the zero value.
type Options map[string]any

// String returns a string-like option.
func (o Options) String(name string) string { v, _ := o[name].(string); return v }

// Int returns an integer, port or size (in bytes).
func (o Options) Int(name string) int64 { v, _ := o[name].(int64); return v }

// Float returns a percent.
func (o Options) Float(name string) float64 { v, _ := o[name].(float64); return v }

// Bool returns a boolean.
func (o Options) Bool(name string) bool { v, _ := o[name].(bool); return v }

// Duration returns a duration.
func (o Options) Duration(name string) time.Duration { v, _ := o[name].(time.Duration); return v }

// List returns a list of strings.
func (o Options) List(name string) []string { v, _ := o[name].([]string); return v }

// Secret returns the place of a secret.
func (o Options) Secret(name string) Secret { v, _ := o[name].(Secret); return v }

// Problem is one thing wrong with an inventory.
type Problem struct {
	Pos     Pos
	Warning bool   // allowed all the same
	Text    string // what is wrong, lower case, no full stop
	Hint    string // what was probably meant, or what to do; may be empty
}

func (p Problem) String() string {
	s := p.Pos.String() + ": "
	if p.Warning {
		s += "warning: "
	}
	s += p.Text
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
}

// Problems is everything wrong with an inventory, in file order. As an error
// it prints one problem a line.
type Problems []Problem

func (p Problems) Error() string {
	var b strings.Builder
	for i, x := range p {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(x.String())
	}
	return b.String()
}
