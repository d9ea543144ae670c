package inventory

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Draft is what a first inventory is made of.
type Draft struct {
	Source  string // where it comes from, for the comment at its head: "~/.ssh/config"
	Hosts   []DraftHost
	Skipped []DraftSkip
}

// DraftHost is one host as an SSH client knows it. Empty fields are left out
// of the inventory.
type DraftHost struct {
	Alias    string // what it is called there; any text
	Address  string // "" is the alias
	Port     int    // 0 and 22 are left out
	User     string
	Identity []string // absolute, or beginning with ~/
	Jump     []string // aliases of other hosts, or [user@]host[:port], in the order they are passed through
}

// DraftSkip is what could not be taken over.
type DraftSkip struct {
	What string
	Why  string // a few words: "a pattern, no host"
}

// WriteDraft writes a first inventory: a node for each host, under a name that
// an inventory may use and no other host has, and what was left out as
// comments at the end. What it writes loads without a mistake if there is at
// least one host.
func WriteDraft(w io.Writer, d Draft) error {
	x := newDrafter(d)
	var body bytes.Buffer
	written := 0
	for i, h := range d.Hosts {
		if text := x.host(i, h); text != "" {
			body.WriteString("\n" + text)
			written++
		}
	}
	var out bytes.Buffer
	say := func(format string, args ...any) { out.WriteString(comment(fmt.Sprintf(format, args...))) }
	say("A first inventory, made from %s: %s.", d.Source, plural(written, "host"))
	say("Look it over, then run: jurymast inventory validate")
	say("")
	say("Each host became a node of kind linux. Give a machine that runs on another one")
	say("the header [vm.NAME] and on = \"NODE\", and one that is no Linux kind = \"host\".")
	if written == 0 {
		out.WriteString("\n# [node.web1]\n# address = \"web1.example.org\"\n")
	}
	out.Write(body.Bytes())
	if len(x.skipped) > 0 {
		out.WriteString("\n")
		say("Not taken over:")
		for _, s := range x.skipped {
			say("  %s: %s", s.What, s.Why)
		}
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write the draft: %w", err)
	}
	return nil
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// drafter gives hosts their names and follows their jumps.
type drafter struct {
	names   []string       // of the hosts, in their order; "" for one that is left out
	byAlias map[string]int // the first of equal ones, as in ssh
	hosts   []DraftHost
	skipped []DraftSkip
}

func newDrafter(d Draft) *drafter {
	x := &drafter{names: make([]string, len(d.Hosts)), byAlias: map[string]int{}, hosts: d.Hosts, skipped: slices.Clone(d.Skipped)}
	taken := map[string]bool{}
	usable := make([]bool, len(d.Hosts))
	for i, h := range d.Hosts {
		switch {
		case h.Alias == "":
			x.skip("a host", "it has no name")
		case x.has(h.Alias):
			x.skip(h.Alias, "it stands there a second time")
		default:
			x.byAlias[h.Alias] = i
			if text, _ := checkAddress(address(h)); text != "" {
				x.skip(h.Alias, text)
				continue
			}
			usable[i] = true
		}
	}
	// Those whose name can stay as it is keep it from those that must change.
	for _, exact := range []bool{true, false} {
		for i, h := range d.Hosts {
			name := draftName(h.Alias)
			if !usable[i] || (name == h.Alias) != exact {
				continue
			}
			for n := 2; taken[name]; n++ {
				tail := "-" + strconv.Itoa(n)
				base := draftName(h.Alias)
				name = base[:min(len(base), maxName-len(tail))] + tail
			}
			taken[name], x.names[i] = true, name
		}
	}
	return x
}

func (x *drafter) has(alias string) bool { _, ok := x.byAlias[alias]; return ok }

func (x *drafter) skip(what, why string) { x.skipped = append(x.skipped, DraftSkip{what, why}) }

func address(h DraftHost) string {
	if h.Address != "" {
		return h.Address
	}
	return h.Alias
}

// draftName makes a name out of any text.
func draftName(alias string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(alias) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', b.Len() > 0 && (c == '.' || c == '_' || c == '-'):
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	name := b.String()
	name = strings.TrimRight(name[:min(len(name), maxName)], "._-")
	switch {
	case name == "":
		return "host"
	case reserved(name):
		return name + "-host"
	}
	return name
}

// host returns the table of a host, "" for one that is left out.
func (x *drafter) host(i int, h DraftHost) string {
	name := x.names[i]
	if name == "" {
		return ""
	}
	var b strings.Builder
	if name != h.Alias {
		b.WriteString(comment("There it is called " + strconv.Quote(h.Alias) + "."))
	}
	fmt.Fprintf(&b, "[%s.%s]\n", LevelNode, tomlKey(name))
	if a := address(h); a != name {
		fmt.Fprintf(&b, "address = %s\n", tomlString(a))
	}
	if h.Port != 0 && h.Port != 22 {
		if h.Port > 0 && h.Port < 1<<16 {
			fmt.Fprintf(&b, "port = %d\n", h.Port)
		} else {
			b.WriteString(comment(fmt.Sprintf("port %d is none", h.Port)))
		}
	}
	if h.User != "" {
		if _, bad := badRune(h.User, false); !bad && isUser(h.User) {
			fmt.Fprintf(&b, "user = %s\n", tomlString(h.User))
		} else {
			b.WriteString(comment("user " + strconv.Quote(h.User) + " is no login name"))
		}
	}
	var keys []string
	for _, k := range h.Identity {
		if _, bad := badRune(k, false); bad || strings.TrimSpace(k) == "" || k[0] == '~' && k != "~" && !strings.HasPrefix(k, "~/") {
			b.WriteString(comment("identity " + strconv.Quote(k) + " cannot be used"))
		} else if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	if len(keys) > 0 {
		fmt.Fprintf(&b, "identity = %s\n", tomlList(keys))
	}
	if jumps, why := x.jumps(i); why != "" {
		b.WriteString(comment("jump " + strings.Join(h.Jump, ",") + ": " + why))
	} else if len(jumps) > 0 {
		fmt.Fprintf(&b, "jump = %s\n", tomlList(jumps))
	}
	return b.String()
}

// jumps returns what a host is reached through as the inventory says it, or
// why that cannot be said.
func (x *drafter) jumps(i int) (jumps []string, why string) {
	for _, j := range x.hosts[i].Jump {
		to, known := x.byAlias[j]
		switch {
		case known && x.names[to] == "":
			return nil, j + " was not taken over"
		case known && x.leads(to, i, map[int]bool{}):
			return nil, "it is reached through itself"
		case known:
			j = x.names[to]
		case isJump(j) && !x.isName(j):
		case isJump(j + ":22"):
			j += ":22" // a bare word would be taken for a host of the inventory
		default:
			return nil, "this is no host"
		}
		if slices.Contains(jumps, j) {
			return nil, "it passes twice through " + j
		}
		jumps = append(jumps, j)
	}
	return jumps, ""
}

func (x *drafter) isName(s string) bool { return slices.Contains(x.names, s) }

// leads reports whether the way to a host passes through another one, or is
// that one.
func (x *drafter) leads(from, to int, seen map[int]bool) bool {
	if from == to {
		return true
	}
	seen[from] = true
	for _, j := range x.hosts[from].Jump {
		if next, ok := x.byAlias[j]; ok && !seen[next] && x.leads(next, to, seen) {
			return true
		}
	}
	return false
}

// comment makes a line of comment out of any text.
func comment(s string) string {
	s = strings.Map(func(r rune) rune {
		if _, bad := badRune(string(r), false); bad {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	return strings.TrimRight("# "+s, " ") + "\n"
}

// tomlString writes a text as a basic string.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, "\ufffd") {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// tomlKey writes a key, with quotes where a dot would make two of it.
func tomlKey(s string) string {
	if strings.Contains(s, ".") {
		return tomlString(s)
	}
	return s
}

func tomlList(ss []string) string {
	quoted := make([]string, len(ss))
	for i, s := range ss {
		quoted[i] = tomlString(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
