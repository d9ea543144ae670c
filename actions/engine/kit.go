package engine

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"jurymast/actions"
	"jurymast/actions/plan"
	"jurymast/inventory"
)

// kitFileMax bounds each file that is taken into a kit.
const kitFileMax = 4 << 20

// Kit returns what a crew needs on a bare machine, as text that can be printed:
// what to do first, the order in which to bring things back, where each key is
// kept, the repositories, the inventory and the host keys. It holds no secret
// but what the inventory itself says, and is to be kept encrypted all the same.
func (e *Engine) Kit() (string, error) {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Kit of %s", first(e.fleet.Settings.Name, e.fleet.Path))
	line("")
	line("Made %s by %s. What is needed to bring this fleet back on a bare machine.", e.now().Format("2006-01-02 15:04 MST"), e.options.Who)
	line("")
	line("## First commands")
	line("")
	line("1. Install jurymast and the tools of the repositories named below.")
	line("2. Put the inventory, at the end of this text, to ~/.config/jurymast/inventory.toml (mode 600), and its other files where it names them.")
	line("3. Put the host keys, at the end of this text, to ~/.ssh/known_hosts.")
	line("4. Bring the keys and passwords from where they are kept, as listed below.")
	line("5. jurymast doctor; jurymast check all; jurymast kit check; jurymast backup status")
	line("6. Bring things back in the order below: jurymast plan restore TARGET")
	line("")
	e.kitOrder(line)
	e.kitKeys(line)
	e.kitRepositories(line)
	for _, path := range e.fleet.Files {
		if err := kitFile(line, "Inventory", path); err != nil {
			return "", err
		}
	}
	for _, path := range e.knownHosts() {
		if _, err := os.Stat(path); err != nil {
			continue // what is not there cannot be needed
		}
		if err := kitFile(line, "Host keys", path); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// kitOrder lists targets with copies in the order in which they come back:
// systems first, then what others need, each class after the one before it.
func (e *Engine) kitOrder(line func(string, ...any)) {
	line("## Order of restore")
	line("")
	bs := slices.Clone(e.fleet.Backups)
	rank := func(b inventory.Backup) int {
		t, ok := e.fleet.Target(b.Of)
		if !ok {
			return 0
		}
		return slices.Index([]inventory.Class{inventory.ClassSystem, inventory.ClassApplication, inventory.ClassUser}, t.Class)*1000 + e.depth(b.Of, map[inventory.Ref]bool{})
	}
	slices.SortStableFunc(bs, func(x, y inventory.Backup) int { return rank(x) - rank(y) })
	for i, b := range bs {
		line("%d. %s (backup %s, in %s): jurymast plan restore %s", i+1, b.Of, b.Name, strings.Join(b.To, " and "), b.Of)
	}
	if len(bs) == 0 {
		line("The inventory has no [backup.NAME]: nothing can be brought back.")
	}
	line("")
}

// depth is how long the longest chain of needs below a target is.
func (e *Engine) depth(r inventory.Ref, seen map[inventory.Ref]bool) int {
	if seen[r] {
		return 0
	}
	seen[r] = true
	deepest := 0
	for _, n := range e.fleet.Needs(r) {
		deepest = max(deepest, e.depth(n, seen)+1)
	}
	return deepest
}

func (e *Engine) kitKeys(line func(string, ...any)) {
	line("## Where each key is kept")
	line("")
	for _, k := range e.keys() {
		line("- %s: %s", k.what, where(k.at))
	}
	for h := range e.fleet.Hosts() {
		for _, id := range firstList(h.Reach.Identity, e.fleet.Settings.Reach.Identity) {
			line("- SSH key for %s: file %s", h.Ref, id)
		}
	}
	line("")
}

// keyOf is a secret that the inventory refers to.
type keyOf struct {
	what string
	at   inventory.Secret
}

// keys returns every secret that the inventory refers to.
func (e *Engine) keys() []keyOf {
	var out []keyOf
	gather := func(of string, options inventory.Options) {
		for _, name := range sortedKeys(options) {
			if s := options.Secret(name); !s.IsZero() {
				out = append(out, keyOf{of + " " + name, s})
			}
		}
	}
	for _, r := range e.fleet.Repositories {
		gather("repository/"+r.Name, r.Options)
	}
	for t := range e.fleet.Targets() {
		gather(string(t.Ref), t.Options)
	}
	for _, f := range e.fleet.Fences {
		gather("fence/"+f.Name, f.Options)
	}
	for _, r := range e.fleet.Redirects {
		gather("redirect/"+r.Name, r.Options)
	}
	return out
}

func sortedKeys(o inventory.Options) []string {
	var ks []string
	for k := range o {
		ks = append(ks, k)
	}
	slices.Sort(ks)
	return ks
}

func where(s inventory.Secret) string {
	switch {
	case s.Env != "":
		return "environment variable " + s.Env
	case s.File != "":
		return "file " + s.File
	case s.Credential != "":
		return "systemd credential " + s.Credential
	case s.Age != "":
		return "the inventory, encrypted by age"
	}
	return "what this command prints: " + s.Command
}

func (e *Engine) kitRepositories(line func(string, ...any)) {
	line("## Repositories")
	line("")
	for _, r := range e.fleet.Repositories {
		at := first(r.URL, r.Path, r.Options.String("url"), r.Options.String("path"), "not said")
		line("- %s: kind %s, at %s, site %s%s", r.Name, first(r.Kind, "not said"), at, first(r.Site, "not said"), onHost(r.On))
	}
	line("")
}

func onHost(h inventory.Ref) string {
	if h == "" {
		return ""
	}
	return ", on " + string(h)
}

// kitFile adds a file to a kit.
func kitFile(line func(string, ...any), what, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() > kitFileMax {
		return fmt.Errorf("%s is larger than %d MiB and cannot be part of a kit", path, kitFileMax>>20)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	line("## %s: %s", what, path)
	line("")
	for ln := range strings.Lines(string(b)) {
		line("    %s", strings.TrimRight(ln, "\r\n"))
	}
	line("")
	return nil
}

// knownHosts returns the files of host keys that the fleet uses.
func (e *Engine) knownHosts() []string {
	var out []string
	r := e.resolver()
	for h := range e.fleet.Hosts() {
		way, err := r.host(string(h.Ref))
		if err != nil {
			continue // doctor says so
		}
		for _, f := range way.KnownHosts {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out
}

// KeyCheck is whether a key still does what it is kept for.
type KeyCheck struct {
	Key   string         `json:"key"`
	State actions.Status `json:"state"`
	Line  string         `json:"line"`
}

// KitCheck proves that every secret of the inventory can be had, and that those
// of repositories still open them, asked from the hosts that are copied from.
func (e *Engine) KitCheck(ctx context.Context, progress func(Progress)) ([]KeyCheck, error) {
	var out []KeyCheck
	for _, k := range e.keys() {
		c := KeyCheck{Key: k.what, Line: "it can be had from " + where(k.at)}
		if _, err := e.secret(ctx, k.at); err != nil {
			c.State, c.Line = actions.Fail, err.Error()
		}
		out = append(out, c)
	}
	listed, err := e.ListCopies(ctx, e.fleet.Backups, progress)
	if err != nil {
		return nil, err
	}
	for _, l := range listed {
		c := KeyCheck{Key: "repository/" + l.Repository + " for backup/" + l.Backup, Line: fmt.Sprintf("opened: it holds %d copies", len(l.Copies))}
		switch {
		case l.Err != "":
			c.State, c.Line = actions.Fail, l.Err
			if l.Err == plan.ErrDescribed.Error() {
				c.State = actions.Unknown
			}
		case len(l.Copies) == 0:
			c.State, c.Line = actions.Warn, "opened, and it holds no copy"
		}
		out = append(out, c)
	}
	return out, nil
}
