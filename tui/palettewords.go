package tui

import (
	"path"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/inventory"
)

// Some commands take words that no list can hold: a span of time, a host to go
// to, a folder. They are made of what was typed, for each target that it may
// mean.

// quietCommands are the ways to keep a target quiet, by what they are called.
var quietCommands = map[string]struct {
	kind  actions.EventType
	shell string // the same in a shell, up to the target; "" where there is none
}{
	"mute":        {actions.EventMute, ""},
	"ack":         {actions.EventAck, "jurymast ack "},
	"maint":       {actions.EventMaint, "jurymast maint start "},
	"maintenance": {actions.EventMaint, "jurymast maint start "},
}

// argued are the commands that a text means with its arguments, nearest first.
func (p *palette) argued(text string) []command {
	words := strings.Fields(text)
	if len(words) == 0 {
		return nil
	}
	var out []command
	if words[0] == "since" {
		words = append([]string{"history"}, words...)
	}
	switch _, quiet := quietCommands[words[0]]; {
	case quiet:
		out = p.quieted(words)
	case words[0] == "plan" && len(words) > 3:
		out = p.aimed(words)
	case words[0] == "history":
		out = p.dated(words[1:])
	case len(words) == 2 && slices.ContainsFunc(inventory.Levels(), func(l inventory.Level) bool { return string(l) == words[0] }):
		for _, r := range p.meant(words[0] + "/" + words[1]) {
			out = append(out, command{"show " + string(r), "", "jurymast show " + string(r), func() tea.Cmd { return p.root.open(newDetail(p.root, r)) }})
		}
	}
	return out[:min(len(out), maxFound)]
}

// meant are the targets that a word may mean: the one of that name, else those
// with it in theirs.
func (p *palette) meant(word string) []inventory.Ref {
	if t, err := p.engine.Fleet().Lookup(word); err == nil {
		return []inventory.Ref{t.Ref}
	}
	var out []inventory.Ref
	for t := range p.engine.Fleet().Targets() {
		if strings.Contains(string(t.Ref), word) {
			out = append(out, t.Ref)
		}
	}
	return out
}

// quieted reads "mute nas1 2h". Why is asked for behind it.
func (p *palette) quieted(words []string) []command {
	if len(words) != 3 || p.engine.ReadOnly() {
		return nil
	}
	span, err := spanOf(words[2])
	if err != nil || span == 0 {
		return nil
	}
	q := quietCommands[words[0]]
	var out []command
	for _, r := range p.meant(words[1]) {
		c := command{words: words[0] + " " + string(r) + " " + words[2], note: "asks for a reason", do: func() tea.Cmd { return p.silence(r, q.kind, span) }}
		if q.shell != "" {
			c.shell = q.shell + string(r) + " --for " + words[2] + " --reason …"
		}
		out = append(out, c)
	}
	return out
}

// dated reads "history since 12h" and "history nas1 since 2d".
func (p *palette) dated(words []string) []command {
	at := slices.Index(words, "since")
	if at < 0 || at > 1 || len(words) != at+2 {
		return nil
	}
	if _, err := spanOf(words[at+1]); err != nil {
		return nil
	}
	refs, since := []inventory.Ref{""}, "since "+words[at+1]
	if at == 1 {
		refs = p.meant(words[0])
	}
	var out []command
	for _, r := range refs {
		of := strings.TrimPrefix(string(r)+" ", " ")
		out = append(out, command{"history " + of + since, "what happened", "jurymast history " + of + "--" + since, func() tea.Cmd {
			h := newHistory(p.root, r)
			_ = h.filter("since:" + words[at+1]) // it was read above
			return p.root.open(h)
		}})
	}
	return out
}

// aimed reads "plan failover db --to b2" and "plan restore homes --snapshot 9c1e":
// plans as the command line makes them. The hosts that --to may name are offered.
func (p *palette) aimed(words []string) []command {
	verb := actions.Verb(words[1])
	if p.engine.ReadOnly() || len(words) > 5 {
		return nil
	}
	flag, value := words[3], ""
	if name, v, ok := strings.Cut(flag, "="); ok {
		flag, value = name, v
	} else if len(words) == 5 {
		value = words[4]
	}
	var out []command
	for _, r := range p.meant(words[2]) {
		t, ok := p.engine.Fleet().Target(r)
		if !ok || !slices.Contains(p.verbsOf(t), verb) {
			continue
		}
		add := func(flag, value string, q Request) {
			line := "plan " + string(verb) + " " + string(r) + " " + flag + " " + value
			out = append(out, command{line, "opens a plan first", "jurymast " + line, func() tea.Cmd { return p.root.plan(q) }})
		}
		switch {
		case strings.HasPrefix("--to", flag):
			for _, to := range p.places(t, verb, value) {
				add("--to", to, Request{Verb: verb, Target: r, To: to})
			}
		case flag == "--snapshot" && value != "" && (verb == actions.VerbRestore || verb == actions.VerbDrill):
			add(flag, value, Request{Verb: verb, Target: r, Copy: value})
		}
	}
	return out
}

// places are where a plan may lead whose names begin with a text: the standbys
// of a service, the hosts and folders that take a copy.
func (p *palette) places(t *inventory.Target, verb actions.Verb, text string) []string {
	var out []string
	switch {
	case verb == actions.VerbRestore && path.IsAbs(text):
		return []string{text}
	case verb == actions.VerbRestore:
		for x := range p.engine.Fleet().Targets() {
			if x.Host == x.Ref {
				out = append(out, x.Ref.Name())
			}
		}
	case verb == actions.VerbFailover || verb == actions.VerbRejoin:
		for _, r := range t.Standby {
			out = append(out, r.Name())
		}
	}
	return slices.DeleteFunc(out, func(name string) bool { return !strings.HasPrefix(name, text) })
}
