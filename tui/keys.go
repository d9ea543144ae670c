package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// act names what a key does. The table below is the only place where a key is
// written down; dispatch, hints, help and the configuration go through it.
type act string

type keyRow struct {
	act  act
	keys []string // as bubbletea names them; the first is shown
	word string   // of the hint bar
	help string
}

// A key means the same on every screen that knows it. No key changes anything
// by itself, and those that may be the tail of a cut escape sequence (capital
// letters, the bracket) only ever look.
var keyTable = []keyRow{
	{"open", []string{"enter"}, "open", "open what is under the cursor"},
	{"back", []string{"esc"}, "back", "one level back; never leaves"},
	{"actions", []string{"a"}, "actions", "all that can be done with it, what is harmless first"},
	{"shell", []string{"s"}, "ssh", "a shell on its host, with the real ssh"},
	{"log", []string{"l"}, "log", "what happened to it"},
	{"look", []string{"r"}, "look again", "look at it, or at all that is marked, again"},
	{"quiet", []string{"m"}, "mute", "acknowledge, mute, maintenance"},
	{"copy", []string{"y"}, "copy", "copy its name, address, reason or command"},
	{"edit", []string{"e"}, "edit", "the editor, where it stands in the inventory"},
	{"mark", []string{" "}, "mark", "mark it; in a plan, accept an open condition"},
	{"mark-all", []string{"*"}, "mark all", "mark all that is shown, or none"},
	{"problems", []string{"!"}, "problems only", "show only what is not well"},
	{"sort", []string{"o"}, "sort", "sort by the next column"},
	{"reverse", []string{"O"}, "reverse", "turn the order round"},
	{"next-pane", []string{"tab", "]"}, "pane", "next pane"},
	{"prev-pane", []string{"shift+tab", "["}, "pane back", "pane before"},
	{"follow", []string{"f"}, "follow", "follow what comes"},
	{"wrap", []string{"w"}, "wrap", "wrap long lines"},
	{"write", []string{"w"}, "write", "write what is shown to a file"},
	{"zoom", []string{"+"}, "zoom", "let one pane take the whole screen, and give it back"},
	{"fold", []string{"z"}, "fold", "show what is done in one line, or each of it"},
	{"next-hit", []string{"n"}, "next", "next place where it is found"},
	{"prev-hit", []string{"N"}, "previous", "place before where it is found"},
	{"note", []string{"n"}, "note", "write something down about it"},
	{"dry-run", []string{"d"}, "dry run", "of each step, whether it can be seen that it would work"},
	{"drill", []string{"d"}, "drill", "plan to prove a copy beside the live data"},
	{"choose", []string{"c"}, "choose…", "plan it anew with another copy, host or folder"},
	{"coverage", []string{"c"}, "coverage", "how well each set of data is kept, on the whole screen"},
	{"execute", []string{"x"}, "execute…", "carry a plan out, or stop a run: always a dialog first"},
	{"report", []string{"p"}, "report", "the report of a run"},
	{"plan-again", []string{"p"}, "plan again", "plan anew what the run did; nothing is changed by it"},
	{"filter", []string{"/"}, "filter", "show only rows with these words; state:fail tag:x node:x kind:x !word /re/"},
	{"command", []string{":", "ctrl+p"}, "command", "find and do anything by its name"},
	{"look-all", []string{"R"}, "look at all", "look at everything again"},
	{"help", []string{"?"}, "help", "this page"},
	{"messages", []string{"M"}, "messages", "all messages, in full"},
	{"time", []string{"t"}, "time", "times as age, local or UTC"},
	{"active-run", []string{"0"}, "active run", "the run that is under way"},
	{"last", []string{"-"}, "last screen", "the screen before this one"},
	{"reload", []string{"ctrl+r"}, "reload", "read the inventory again"},
	{"redraw", []string{"ctrl+l"}, "redraw", "draw everything anew"},
	{"suspend", []string{"ctrl+z"}, "suspend", "back to the shell; fg returns"},
	{"quit", []string{"q"}, "quit", "leave; runs go on by themselves"},
	{"down", []string{"j", "down"}, "move", "down"},
	{"up", []string{"k", "up"}, "move", "up"},
	{"half-down", []string{"ctrl+d", "pgdown"}, "page", "half a page down"},
	{"half-up", []string{"ctrl+u", "pgup"}, "page", "half a page up"},
	{"top", []string{"g", "home"}, "top", "to the first"},
	{"bottom", []string{"G", "end"}, "bottom", "to the last"},
	{"tab-1", []string{"1"}, "overview", "Overview"},
	{"tab-2", []string{"2"}, "nodes", "Nodes"},
	{"tab-3", []string{"3"}, "vms", "VMs"},
	{"tab-4", []string{"4"}, "shares", "Shares"},
	{"tab-5", []string{"5"}, "services", "Services"},
	{"tab-6", []string{"6"}, "backups", "Backups"},
	{"tab-7", []string{"7"}, "playbooks", "Playbooks"},
	{"tab-8", []string{"8"}, "history", "History"},
}

// shared are acts that may have a key in common: no screen knows two of them at
// the same time.
var shared = [][]act{{"next-hit", "note"}, {"wrap", "write"}, {"dry-run", "drill"}, {"choose", "coverage"}, {"report", "plan-again"}}

// mayShare reports whether two acts may have a key in common.
func mayShare(a, b act) bool {
	return slices.ContainsFunc(shared, func(s []act) bool { return slices.Contains(s, a) && slices.Contains(s, b) })
}

// binding is one act of a screen: what it does, and why it may not now. The
// bindings of the top screen, then those of all screens, are the only dispatch.
type binding struct {
	act  act
	word string // "" takes the table's
	hint bool   // stands in the hint bar
	why  func() string
	do   func() tea.Cmd
}

// keymap is the key table as configured.
type keymap struct {
	acts map[string][]act // by key
	keys map[act]key.Binding
}

// KeysError says what is wrong with configured keys.
type KeysError struct{ Problems []string }

func (e *KeysError) Error() string { return strings.Join(e.Problems, "; ") }

// newKeymap returns the table with some acts bound otherwise. A key that means
// two things, an act that nobody knows and a console that cannot be left are
// errors.
func newKeymap(changed map[string][]string) (*keymap, error) {
	m := &keymap{acts: map[string][]act{}, keys: map[act]key.Binding{}}
	var bad []string
	for name := range changed {
		if !slices.ContainsFunc(keyTable, func(r keyRow) bool { return string(r.act) == name }) {
			bad = append(bad, fmt.Sprintf("%q is nothing that a key can do", name))
		}
	}
	for _, r := range keyTable {
		keys := r.keys
		if c, ok := changed[string(r.act)]; ok {
			keys = c
		}
		shown := ""
		if len(keys) > 0 {
			shown = strings.Replace(keys[0], " ", "space", 1)
		}
		m.keys[r.act] = key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, r.word))
		for _, k := range keys {
			if k == "space" {
				k = " "
			}
			if i := slices.IndexFunc(m.acts[k], func(other act) bool { return !mayShare(other, r.act) }); i >= 0 {
				bad = append(bad, fmt.Sprintf("key %q is both %s and %s", k, m.acts[k][i], r.act))
				continue
			}
			m.acts[k] = append(m.acts[k], r.act)
		}
	}
	for _, must := range []act{"quit", "back", "help"} {
		if len(m.keys[must].Keys()) == 0 {
			bad = append(bad, fmt.Sprintf("%s has no key", must))
		}
	}
	if len(bad) > 0 {
		slices.Sort(bad)
		return nil, &KeysError{bad}
	}
	return m, nil
}

// show is the key of an act as people read it, "" for one without.
func (m *keymap) show(a act) string { return m.keys[a].Help().Key }

// word is the table's word and help for an act.
func word(a act) (short, help string) {
	for _, r := range keyTable {
		if r.act == a {
			return r.word, r.help
		}
	}
	return string(a), ""
}

// strokes turns one key message into single keys: what is typed fast, or comes
// over a slow line, arrives as one message of many runes.
func strokes(k tea.KeyMsg) []string {
	if k.Type != tea.KeyRunes || k.Paste || k.Alt || len(k.Runes) < 2 {
		return []string{k.String()}
	}
	out := make([]string, len(k.Runes))
	for i, r := range k.Runes {
		out[i] = string(r)
	}
	return out
}

// splitWait is how long after the head of an escape sequence its tail may come
// in a message of its own, as it does over a slow line.
const splitWait = 50 * time.Millisecond

// isSplit reports whether a key is the head of a cut escape sequence.
func isSplit(name string) bool { return name == "alt+[" || name == "alt+O" || name == "alt+]" }
