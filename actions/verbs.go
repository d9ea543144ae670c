package actions

import (
	"strings"
	"time"

	"jurymast/inventory"
)

// Said returns what a script said by name: lines of its standard output that
// begin with an at sign, "@bytes 4096". The last of equal names wins. Such
// words are kept with the step and handed to later steps as inputs of the same
// name in capitals, dashes as underscores, with SAID_ ahead: SAID_BYTES. Where
// two steps said the same, a step hears the one that its After names, else the
// later one. They are no place for secrets: they are journaled.
func Said(stdout []byte) map[string]string {
	m := map[string]string{}
	for ln := range strings.Lines(string(stdout)) {
		if !strings.HasPrefix(ln, "@") {
			continue
		}
		name, value, _ := strings.Cut(strings.TrimRight(ln[1:], "\r\n"), " ")
		if shellName(saidInput(name)) {
			m[name] = value
		}
	}
	return m
}

// SaidInput returns the name of the input by which a later step is told what
// an earlier one said.
func SaidInput(name string) string { return saidInput(name) }

func saidInput(name string) string {
	return "SAID_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// SeenInput returns the name of the input by which a step is told what a survey
// said when its plan was made.
func SeenInput(name string) string { return "SEEN_" + strings.TrimPrefix(saidInput(name), "SAID_") }

// RunMark stands in the inputs of a step for the id of its run, which is not
// known when the plan is made: "/var/lib/jurymast/work/{RUN}". The runner puts
// the id in its place.
const RunMark = "{RUN}"

// Inputs that planners and the runner give to the scripts of kinds. A script
// must not take one for granted that its field does not name: sh -u is not set.
const (
	InRun   = "RUN"   // id of the run, fit for file names; every script of a run has it
	InStage = "STAGE" // folder for a dump, made and removed by the planner's own steps
	InFrom  = "FROM"  // folder that holds what was extracted from a copy
	InInto  = "INTO"  // folder to extract to
	InAside = "ASIDE" // suffix of what is set aside: ".jurymast-RUN"
	InCopy  = "COPY"  // id of a copy
	InPaths = "PATHS" // absolute paths, one a line
	InTag   = "TAG"   // what marks the copies of one backup: its name
	InPort  = "PORT"  // a scratch port for a drill
	InPeer  = "PEER"  // address of the other host of a pair

	InWanted  = "WANTED"  // the version that is asked for: its name, newest or previous
	InVersion = "VERSION" // the name of the version that is brought
)

// SaidDamaged is said by a step that fails when it has found that the copy which
// it was to read or to bring back is not what was copied: "@damaged TEXT". Such a
// copy counts no more; of one that is not read for another reason what was known
// stays. It is the one word that is heard of a step that failed.
const SaidDamaged = "damaged"

// Data is how the data of one target is copied and brought back. Scripts that
// are nil are not needed. All run on the target's host.
type Data struct {
	// Paths are copied as they are; when there are none Dump fills $STAGE,
	// which is copied. A Dump that says "@paths" a path a line by name path-1,
	// path-2 … is not needed: Survey does.
	Paths []string
	Dump  *Script
	// Survey is asked before planning. It says @bytes (of what is to be
	// copied), @free (bytes where a dump or an extracted copy would lie),
	// @scratch (the folder on whose disk that is), @version (of the system)
	// and @path-N for paths that only the host knows. "@missing NAME" names a
	// tool that is not installed, "@trouble TEXT" a reason why it cannot be
	// copied now, and "@lost TEXT" one for which a copy is brought back: what
	// is there does not answer, or is gone.
	Survey Script
	// Hold keeps the data still while it is copied, Free lets it go again:
	// always, also when the copy failed. Where Free has no secrets its host does
	// it by itself when it hears nothing of the run any more. Both may be run
	// again.
	Hold, Free *Script
	HoldText   string // what Hold does, for people: "pause the project web"
	HoldsDown  bool   // the service does not work meanwhile
	// Through makes the paths lead to what Hold made, a snapshot, for what copies
	// and nothing else: it is run ahead of that in a mount namespace that ends with
	// it, so that a copy has the same paths as one without. Whole ends with 0 while
	// what Hold made is whole, else it says why not: then what was copied does not
	// count. There are both or neither, and with them Hold, and Free without secrets.
	Through, Whole *Script
	// Stop and Start take the service down and up around a restore.
	Stop, Start *Script
	// Put puts what lies in $FROM in the place of the live data, which it
	// renames by $ASIDE; Back undoes that. Both may be run again.
	Put, Back *Script
	// Prove asks the live data itself, after a restore. It says @level (a word
	// of [ProofLevels]) and @proof (one line for people).
	Prove *Script
	// Try brings $FROM up beside the live data, at $PORT where it needs one,
	// and proves it as Prove does; Clear removes what Try may have left. They
	// must have no way to touch the live data.
	Try, Clear *Script
	// Scratch is the folder on the target's host in which work files may lie;
	// "" takes /var/lib/jurymast.
	Scratch string
}

// Repository is how copies are kept in one repository, as seen from one host.
// Every script runs on that host.
type Repository struct {
	Medium    string // "disk", "object-store", "tape": for the 3-2-1 audit
	Encrypted bool
	Locked    bool // copies cannot be removed from here: append-only or object lock
	// Survey says whether it can be used now: @tool and @version, @locked (by
	// whom, since when), @free (bytes), @missing (a tool that is not there),
	// @trouble (why it cannot be used: wrong password, no repository).
	Survey Script
	// List says the copies of $TAG, a line each: "@copy-N ID UNIX-TIME BYTES FILES".
	List Script
	// Init makes the repository where there is none; nil: that is not ours to do.
	Init *Script
	// Copy copies $PATHS under $TAG and $RUN and says @copy (its id), @bytes and
	// @files; "@partial TEXT" when something could not be read.
	Copy Script
	// Find says "@copy ID" when a copy of $TAG made by $RUN exists, and ends
	// with 1 when there is none: what a Copy that was cut off came to.
	Find Script
	// Extract writes $COPY below $INTO, with the paths that were copied as they
	// were, and says @files and @bytes. Where it fails it says [SaidDamaged] if the
	// copy itself is why.
	Extract Script
	// Verify reads $COPY's data back and ends with 0 when it is whole. It says
	// @level. Where it fails it says [SaidDamaged] if the copy itself is why.
	Verify Script
	// Forget removes what $KEEP_LAST, $KEEP_HOURLY … do not keep; nil: it does not.
	Forget *Script
}

// Native is how a system copies a target and brings it back by means of its own:
// a hypervisor its guests, a director what its jobs name. Nothing is dumped, held
// still or extracted by us, so the target needs no [Data]; the system's own
// verdict is judged, and what it lists is believed.
//
// What it has in common with other repositories is that [Repository]: Survey,
// List, Copy, Find, Verify and Forget do the same, but that Copy is told no
// paths. List tells of every whole copy of the target, whoever made it; Forget
// removes only what runs under $TAG made. Init is not used.
//
// $INTO is a place in the system's own words: the id of a guest, a folder of a
// client. It is "" for the place of the live data.
type Native struct {
	Repository
	Host     inventory.Ref // where every script runs
	CopyDown bool          // the target does not work while it is copied
	// Place returns what $INTO is for what a person named as the place to restore
	// to. Its error says what can be named.
	Place func(to string) (string, error)
	// Room is asked before a copy is brought back to $INTO. It says @present (yes
	// or no: whether anything is there), @free (bytes), @missing and @trouble.
	Room Script
	// Extract, of the repository, brings $COPY back to $INTO, beside the live data
	// and without touching it; it refuses a place that something else than $RUN
	// has taken. Clear removes what $RUN brought there, and nothing else.
	Clear Script
	// Spare is the place of a drill, "" where none can be made. Try brings what
	// Extract put there up with no way to reach anybody, and proves it as
	// [Data.Prove] does; nil: it stays at having been brought back.
	Spare string
	Try   *Script
	// Put puts $COPY in the place of the live data. What is there is lost with
	// that: where Room found something, a copy of it was made and listed ahead,
	// which $SAID_COPY names. Back brings that copy back, or where there was
	// nothing removes what Put made; nil: Put is the point of no return. Both may
	// be run again.
	Put  Script
	Back *Script
	// Stop and Start take the live data down and up around Put; Prove is
	// [Data.Prove]. Each may be nil.
	Stop, Start, Prove *Script
}

// Copy is one backup of a target in a repository.
type Copy struct {
	Repository string        `json:"repository"`
	Backup     string        `json:"backup"`
	Target     inventory.Ref `json:"target"`
	ID         string        `json:"id"`
	At         time.Time     `json:"at"` // of the data, not of the end of the copying
	Bytes      int64         `json:"bytes"`
	Files      int64         `json:"files"`
	Run        string        `json:"run,omitempty"`
	Partial    bool          `json:"partial,omitempty"`
	// Listed is when it was last seen in the repository; zero: never, so it
	// does not count.
	Listed time.Time `json:"listed,omitzero"`
	// Proof is the best that was shown of it, "" for nothing; Proved when.
	Proof  string    `json:"proof,omitempty"`
	Proved time.Time `json:"proved,omitzero"`
	// Restored is how long bringing it back took when that was last done; 0: it
	// was not measured.
	Restored time.Duration `json:"restored_ns,omitempty"`
}

// ProofLevels are what can be known of a copy, from least to most. A level
// that was not reached is not proven.
var ProofLevels = []string{"listed", "readable", "extracted", "started", "answered", "data-checked"}

// Grade is what the proof of a fence is worth, greater is better.
type Grade uint8

// The grades of a fence's proof, least first. "It does not answer" is none.
const (
	GradeNone      Grade = iota
	GradeStopped         // "stopped" answered over SSH
	GradeStatement       // a person said so
	GradeLease           // a lease of the old active's own, waited out
	GradeStorage         // storage or network cut, seen from the other side
	GradePower           // power or hypervisor stop, seen as stopped
)

var gradeWords = [...]string{
	GradeNone: "none", GradeStopped: "stopped over ssh", GradeStatement: "a person's statement",
	GradeLease: "lease waited out", GradeStorage: "cut off, seen from the other side", GradePower: "off, seen stopped",
}

func (g Grade) String() string { return gradeWords[min(g, GradePower)] }

// Fence is one way to make sure that a host or a service can no longer write.
type Fence struct {
	Grade Grade
	Host  inventory.Ref // where it is done
	Text  string        // what is done: "stop VM 114 at pve1"
	Proof string        // what proves it: "qm status says stopped"
	Takes time.Duration // at most
	// Survey tells whether it could be done now: exit 0. Do fences, Verify
	// proves it and ends with 0, Release undoes it.
	Survey, Do, Verify Script
	Release            *Script
	// On is where Verify is run; Host where not said.
	On inventory.Ref
	// Stands sees at Host, by exit 0, that what Do did is in place. It is needed
	// where Verify would hold as well of a host that is merely silent: that a dead
	// host does not answer does not prove that it is kept out once it is back.
	Stands *Script
}

// Redirect is one way to lead those who use a service to another host. The
// scripts are told the host by $TO and its address by $TO_ADDRESS, and where it
// was by $FROM_HOST and $FROM_ADDRESS. With $DRAIN "yes" both serve: what the old
// host is at may come to its end.
type Redirect struct {
	Host  inventory.Ref
	Text  string
	Floor time.Duration // clients may stay with the old host for so long: a TTL
	// Survey tells whether it could be done now: exit 0. It may say @seen (one
	// line for people: what was found) and @floor (seconds: the TTL that was
	// found, which goes before Floor). All of its words reach Do and Verify by
	// the names of [SeenInput], so that nothing else than what the plan was made
	// of is changed.
	Survey     Script
	Do, Verify Script
	// Turn says who is served by turns: "@serves-N NAME" of a host that takes
	// part, "@rests-N NAME WHY" of one that does not. Drain takes $TO out of turn
	// and waits for those it serves to be done; Undrain has it take part again
	// and waits until it is seen to. Nil: there are no turns, or none that can
	// be told. All three may be run again.
	Turn, Drain, Undrain *Script
}

// The versions that a deploy takes besides names.
const (
	VersionNewest   = "newest"   // that is out, or that is there
	VersionPrevious = "previous" // that ran before
)

// Deploy is how one target goes to another version, and back to the one
// before. All scripts run on the target's host.
type Deploy struct {
	Text string // what it is, for people: "the project web"
	// Also are targets that are the same on other hosts, in the order in which
	// they come after this one.
	Also []inventory.Ref
	// Survey is asked before planning, with $WANTED: the name of a version, or
	// [VersionNewest] or [VersionPrevious]. It says @current and @wanted (names of
	// versions, the latter what later scripts get as $VERSION), @there (yes where
	// the one runs already), @way (how it would come there, one line), @bytes and
	// @free where something has to be fetched, @change-N (a line of what differs),
	// @left-N (what remains for a person), @missing and @trouble. What it says
	// besides reaches the other scripts, with the versions, by the names of
	// [SeenInput].
	Survey Script
	// Well ends with 0 when the target works now.
	Well Script
	// Do brings $VERSION. Active says by exit 0 that it runs already, by 1 that
	// it does not; Verify proves that it runs and works. Back brings what ran
	// before the Do of the same $RUN. Do and Back may be run again.
	Do, Active, Verify, Back Script
	// Limit is the longest that Do may take.
	Limit time.Duration
}

// Move is how a service goes from one host to another.
type Move struct {
	// Shape is what it rests on: "shared" storage, "replicated" data, a "restore"
	// from a copy, or "proxy": nothing is kept on its hosts, so that the new one
	// may run before the old one is stopped.
	Shape string
	// Survey is asked on the active and on each standby. It says @role (active,
	// standby, stopped), and where it applies @lag (seconds), @lag-bytes,
	// @position, @system (equal on all members), @version (major), @writable
	// (yes, no), @trouble.
	Survey func(host inventory.Ref) Script
	// Stop stops the old active for good and says @position where there is one;
	// Resume undoes that. Neither is needed where there are Hand and Rejoin.
	Stop, Resume func(host inventory.Ref) Script
	// Caught waits until the standby has all up to $SAID_POSITION; nil: nothing
	// to wait for.
	Caught func(host inventory.Ref) *Script
	// Promote makes the host the active one; Verify proves that it is, by a
	// write read back. Active says by exit 0 that it is active already, by 1
	// that it is not.
	Promote, Verify, Active func(host inventory.Ref) Script
	// Hand has the system itself hand over, where it does so with one writer at
	// any time and the move is planned; nil: it is stopped, and promoted. The last
	// of its steps does it, and is never redone blindly. Undo of each is run only
	// where the other host is not active; that of the last ends what is under way,
	// and with 0 when the old host is still active. Ends says that the service does
	// not work meanwhile. Survey says on either host @stays (why it cannot be
	// handed over now), and may say @seen (how it would be, for people), and on the
	// active one @floor (seconds: the least that it takes, in the place of Floor).
	Hand func(from, to inventory.Ref) []Step
	// Elects says how its members choose the active one by majority, and that one
	// which is cut off gives up by itself: then an emergency needs no fence, and
	// Promote only waits for what they choose. "": they do not.
	Elects string
	// Rejoin makes the old active a standby of the new, which $PEER names.
	Rejoin func(old, active inventory.Ref) []Step
	// Follow has a standby that followed the old active follow the new one, which
	// $PEER names, while it runs. It refuses where that would give up what the
	// standby has more than the active. Nil: it cannot be told, or needs not be.
	Follow func(standby, active inventory.Ref) []Step
	// Floor is the least time that promoting takes.
	Floor time.Duration
}
