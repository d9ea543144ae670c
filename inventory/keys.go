package inventory

import (
	"fmt"
	"math"
	"slices"
)

// The classes, as they are written.
var classes = []string{string(ClassSystem), string(ClassApplication), string(ClassUser)}

var (
	keyKind  = Option{Name: "kind", Type: TypeString, Doc: "what sort of thing it is; jurymast kinds lists them"}
	keyTitle = Option{Name: "title", Type: TypeString, Doc: "a few words for people"}
	keyClass = Option{Name: "class", Type: TypeEnum, Values: classes, Doc: "how dear the data is"}

	// keysLook are the keys of everything that is looked at.
	keysLook = []Option{
		{Name: "every", Type: TypeDuration, Doc: "how often to look, in place of each check's own interval"},
		{Name: "confirm", Type: TypeInt, Doc: "bad looks in a row before a change for the worse counts"},
		{Name: "limits", Type: "table", Doc: "limits of the kind: { disk = { warn = 85, fail = 95 }, load = false }; false switches one off"},
	}
	keysTarget = append([]Option{
		{Name: "needs", Type: TypeList, Doc: "targets without which it cannot work"},
		{Name: "tags", Type: TypeList, Doc: "words to select it by"},
		{Name: "protected", Type: TypeBool, Doc: "only ever look at it, never change anything"},
		{Name: "expected_off", Type: TypeList, Doc: "when it may be off, in local time: \"22:00-06:00\", \"sat,sun 00:00-24:00\""},
	}, keysLook...)
	keysReach = []Option{
		{Name: "user", Type: TypeString, Doc: "login name"},
		{Name: "identity", Type: TypeList, Doc: "private key files"},
		{Name: "known_hosts", Type: TypeList, Doc: "files of host keys"},
		{Name: "jump", Type: TypeList, Doc: "hosts to go through, in order: names of this inventory or user@host:port; [] goes straight"},
		{Name: "sudo", Type: TypeBool, Doc: "whether scripts that need root may use sudo -n"},
		{Name: "connect_timeout", Type: TypeDuration, Doc: "how long connecting and logging in may take together"},
	}
	keysHost = slices.Concat([]Option{
		{Name: "address", Type: TypeString, Doc: "host name, IPv4 or IPv6; its own name where not said"},
		{Name: "port", Type: TypePort, Doc: "port of the SSH server"},
	}, keysReach, []Option{keyKind, keyTitle, keyClass}, keysTarget)
)

// keysOf are the tables that an inventory can hold and the keys of each, but
// for the options of its kind. "" is the top of the file.
var keysOf = map[Level][]Option{
	"": {
		{Name: "name", Type: TypeString, Doc: "what the fleet is called"},
		{Name: "read_only", Type: TypeBool, Doc: "only look: refuse everything that would change a machine"},
		{Name: "age_identity", Type: TypeString, Doc: "file of the keys that open secrets encrypted by age; age.key beside the inventory, where not said"},
	},
	"ssh": slices.Concat(keysReach, []Option{
		{Name: "config", Type: TypeString, Doc: "an OpenSSH client configuration in place of ~/.ssh/config; \"none\" reads none"},
		{Name: "concurrency", Type: TypeInt, Doc: "hosts looked at side by side"},
	}),
	LevelSite: {keyTitle},
	LevelNode: slices.Concat([]Option{{Name: "site", Type: TypeString, Doc: "the site it stands at"}}, keysHost),
	LevelVM: slices.Concat([]Option{
		{Name: "on", Type: TypeHost, Required: true, Doc: "the node that it runs on"},
		{Name: "id", Type: TypeString, Doc: "the guest's id on its node"},
		{Name: "site", Type: TypeString, Doc: "its node's, where not said"},
	}, keysHost),
	LevelShare: slices.Concat([]Option{
		{Name: "on", Type: TypeHost, Required: true, Doc: "the host that serves it"},
		{Name: "path", Type: TypePath, Required: true, Doc: "where it lies on that host"},
		{Name: "mounts", Type: "table", Doc: "who mounts it and where: [{ on = \"host\", at = \"/path\" }]"},
		keyKind, keyTitle, keyClass,
	}, keysTarget),
	LevelService: slices.Concat([]Option{
		{Name: "on", Type: TypeHost, Required: true, Doc: "the host that it runs on"},
		{Name: "standby", Type: TypeList, Doc: "hosts that could take over, in order"},
		{Name: "data", Type: TypeList, Doc: "what it keeps: shares, or absolute paths on its host"},
		{Name: "url", Type: TypeURL, Doc: "where people use it"},
		{Name: "rto", Type: TypeDuration, Doc: "how long it may be down: what moves and restores are measured against"},
		keyKind, keyTitle, keyClass,
	}, keysTarget),
	LevelRepository: {
		keyKind, keyTitle,
		{Name: "on", Type: TypeHost, Doc: "the host that holds it, when it is one of the inventory"},
		{Name: "site", Type: TypeString, Doc: "the site it stands at; its host's, where not said"},
		{Name: "path", Type: TypePath, Doc: "where it lies on its host"},
		{Name: "url", Type: TypeString, Doc: "where it is, as its own tool writes it"},
	},
	LevelBackup: {
		{Name: "of", Type: TypeString, Required: true, Doc: "what is copied"},
		{Name: "to", Type: TypeList, Required: true, Doc: "the repositories it is copied to"},
		{Name: "rpo", Type: TypeDuration, Doc: "how old the newest copy may be"},
		{Name: "rto", Type: TypeDuration, Doc: "how long a restore may take; the rto of its service, where not said"},
		{Name: "keep", Type: "table", Doc: "copies to keep: { daily = 7, weekly = 4, monthly = 12 }"},
		{Name: "drill", Type: TypeDuration, Doc: "how often to practise a restore"},
		{Name: "schedule", Type: TypeString, Doc: "when its timer begins it (units print): \"01:30\", \"*:40\" in each hour, \"sun 03:00\", \"mon-fri 22:15\""},
	},
	LevelPlaybook: {
		keyTitle,
		{Name: "unattended", Type: TypeBool, Doc: "may run without a person"},
		{Name: "step", Type: "table", Required: true, Doc: "[[playbook.NAME.step]], one a step"},
	},
	LevelKind: {
		keyTitle,
		{Name: "inputs", Type: "table", Doc: "values that its targets may change, and its lines find in $MY_NAME: { port = \"80\" }; secrets by where they are kept"},
	},
	LevelFence: {
		{Name: "of", Type: TypeString, Required: true, Doc: "the host or service that it keeps from writing"},
		{Name: "on", Type: TypeHost, Doc: "the host that it is done from"},
		{Name: "kind", Type: TypeString, Required: true, Doc: "how it is done; jurymast kinds lists them"},
		keyTitle,
	},
	LevelRedirect: {
		{Name: "of", Type: TypeString, Required: true, Doc: "the service whose users it leads"},
		{Name: "on", Type: TypeHost, Doc: "the host that it is done on"},
		{Name: "kind", Type: TypeString, Required: true, Doc: "how it is done; jurymast kinds lists them"},
		keyTitle,
	},
	LevelCheck: slices.Concat([]Option{
		{Name: "of", Type: TypeString, Required: true, Doc: "the target it belongs to"},
		{Name: "from", Type: TypeHost, Doc: "the host it is looked at from, or \"console\""},
		{Name: "kind", Type: TypeString, Required: true, Doc: "what sort of check it is; jurymast kinds lists them"},
		keyTitle,
	}, keysLook),
}

// keysStep are the keys of one step of a playbook.
var keysStep = []Option{
	{Name: "title", Type: TypeString, Doc: "what it does, in a few words"},
	{Name: "run", Type: TypeString, Doc: "lines of shell"},
	{Name: "script", Type: TypeString, Doc: "a file of shell, relative to the inventory"},
	{Name: "plan", Type: TypeString, Doc: "a built-in plan and its target: \"backup mongo\""},
	{Name: "check", Type: TypeString, Doc: "lines of shell: done already when they exit 0, and then left out"},
	{Name: "look", Type: TypeList, Doc: "targets that must be well, by a look made now, before it goes on"},
	{Name: "undo", Type: TypeString, Doc: "lines of shell that take it back"},
	{Name: "verify", Type: TypeString, Doc: "lines of shell that prove it"},
	{Name: "when", Type: TypeString, Doc: "lines of shell: it is left out when they do not exit 0"},
	{Name: "confirm", Type: TypeString, Doc: "a question to ask first"},
	{Name: "on", Type: TypeHost, Doc: "the host it runs on"},
	{Name: "over", Type: TypeList, Doc: "the hosts it runs on"},
	{Name: "at_once", Type: TypeInt, Doc: "how many of them side by side"},
	{Name: "inputs", Type: "table", Doc: "values for the script: { port = \"80\" }; secrets by where they are kept"},
	{Name: "timeout", Type: TypeDuration, Doc: "how long it may take"},
	{Name: "sudo", Type: TypeBool, Doc: "run it as root, by sudo -n where the login is not root"},
	{Name: "no_return", Type: TypeBool, Doc: "once begun, nothing ahead of it is undone by itself"},
}

// The order in which the tables are read and shown.
var levels = []Level{
	LevelSite, LevelNode, LevelVM, LevelShare, LevelService,
	LevelRepository, LevelBackup, LevelFence, LevelRedirect, LevelPlaybook, LevelCheck,
}

// targetLevels are those that can be looked at.
var targetLevels = []Level{LevelNode, LevelVM, LevelShare, LevelService}

// hostLevels are those that are reached over SSH.
var hostLevels = []Level{LevelNode, LevelVM}

// seenFrom is what can be looked from: a host, or the console's own machine,
// which stands here for what a misspelt name may have meant.
var seenFrom = append(slices.Clone(hostLevels), Level(Console))

// Keys returns the keys that a table of a level may hold beside the options of
// its kind: of [node.NAME] for [LevelNode], of [ssh] for "ssh", and of the top
// of the file for "". A key whose type is "table" holds a table or a list of
// tables.
func Keys(l Level) []Option { return slices.Clone(keysOf[l]) }

// StepKeys returns the keys of one step of a playbook.
func StepKeys() []Option { return slices.Clone(keysStep) }

// Levels returns the levels in the order in which they are shown.
func Levels() []Level { return slices.Clone(levels) }

// shared are common keys that a kind may declare as an option of its own: the
// value is then read as the kind says and stands in both places.
var shared = map[string]bool{"url": true, "path": true, "from": true}

// Check reports what is wrong with the schema itself: an option that stands in
// the way of a common key, a default that is not of its type, limits in the
// wrong order. An inventory read with such a schema would be read wrongly, so
// the catalogue's own tests call it.
func (s Schema) Check() error {
	var ps Problems
	add := func(kind, format string, args ...any) {
		ps = append(ps, Problem{Pos: Pos{File: "kind " + kind}, Text: fmt.Sprintf(format, args...)})
	}
	for _, kind := range sortedKeys(s) {
		k := s[kind]
		if text, _ := checkName(kind); text != "" {
			add(kind, "%s", text)
		}
		if len(k.Levels) == 0 {
			add(kind, "it is the kind of no level")
		}
		seen := map[string]bool{}
		for _, o := range k.Options {
			if seen[o.Name] {
				add(kind, "option %q is declared twice", o.Name)
			}
			seen[o.Name] = true
			for _, l := range k.Levels {
				if _, common := find(keysOf[l], o.Name); common && !shared[o.Name] {
					add(kind, "option %q is a common key of [%s.NAME]", o.Name, l)
				}
			}
			if converters[o.Type] == nil {
				add(kind, "option %q has the unknown type %q", o.Name, o.Type)
				continue
			}
			if (o.Type == TypeEnum) != (len(o.Values) > 0) {
				add(kind, "option %q: an enum has values and nothing else has", o.Name)
			}
			if o.Required && o.Default != "" {
				add(kind, "option %q is required and has a default", o.Name)
			}
			if _, text := defaultOf(o); text != "" {
				add(kind, "default of option %q: %s", o.Name, text)
			}
		}
		seen = map[string]bool{}
		for _, l := range k.Limits {
			if seen[l.Name] {
				add(kind, "limit %q is declared twice", l.Name)
			}
			seen[l.Name] = true
			if text := wrongOrder(Bound{Warn: l.Warn, Fail: l.Fail, Low: l.Low}); text != "" {
				add(kind, "limit %q: %s", l.Name, text)
			}
		}
	}
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// wrongOrder says what is wrong with warn and fail of a bound, "" if nothing
// is or one half is switched off.
func wrongOrder(b Bound) string {
	switch {
	case math.IsNaN(b.Warn) || math.IsNaN(b.Fail):
	case b.Low && b.Warn < b.Fail:
		return fmt.Sprintf("warn %v lies below fail %v, and smaller is worse", b.Warn, b.Fail)
	case !b.Low && b.Warn > b.Fail:
		return fmt.Sprintf("warn %v lies above fail %v, and greater is worse", b.Warn, b.Fail)
	}
	return ""
}

func find(os []Option, name string) (Option, bool) {
	for _, o := range os {
		if o.Name == name {
			return o, true
		}
	}
	return Option{}, false
}

func names(os []Option) []string {
	ns := make([]string, len(os))
	for i, o := range os {
		ns[i] = o.Name
	}
	return ns
}
