package kind

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// nixosSaid is a whole answer of nixos/look.sh.
type nixosSaid struct {
	system      map[string]string // "booted", "current", "profile", "booted-kernel" …
	generations []nixosGeneration // newest first
	parts       map[string]string
}

type nixosGeneration struct {
	number int64
	at     time.Time
	path   string
}

func nixosParse(a actions.Answer) (nixosSaid, string) {
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return nixosSaid{}, "this is no NixOS: there is neither /etc/NIXOS nor /run/current-system"
	}
	parts, ended := linuxParts(a.Stdout)
	if !ended || a.Exit != 0 {
		return nixosSaid{}, "the answer is not whole: " + orNothing(firstLine(a.Stderr), a.Exit)
	}
	n := nixosSaid{system: map[string]string{}, parts: parts}
	for _, ln := range strings.Split(parts["system"], "\n") {
		if k, v, ok := strings.Cut(ln, " "); ok {
			n.system[k] = strings.TrimSpace(v)
		}
	}
	for _, ln := range strings.Split(strings.TrimSpace(parts["generations"]), "\n") {
		f := strings.Fields(ln)
		if len(f) != 3 {
			continue
		}
		number, err1 := strconv.ParseInt(f[0], 10, 64)
		at, err2 := strconv.ParseInt(f[1], 10, 64)
		if err1 == nil && err2 == nil {
			n.generations = append(n.generations, nixosGeneration{number, time.Unix(at, 0), f[2]})
		}
	}
	slices.SortFunc(n.generations, func(a, b nixosGeneration) int { return cmp.Compare(b.number, a.number) })
	return n, ""
}

// runs returns the generation that runs; the newest, where several are the same.
func (n nixosSaid) runs() (nixosGeneration, bool) {
	i := slices.IndexFunc(n.generations, func(g nixosGeneration) bool { return g.path == n.system["current"] })
	if i < 0 {
		return nixosGeneration{}, false
	}
	return n.generations[i], true
}

// next returns the generation that the profile names: what is booted next.
func (n nixosSaid) next() (nixosGeneration, bool) {
	name := n.system["profile"]
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		name = name[i+1:]
	}
	number, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(name, "system-"), "-link"), 10, 64)
	i := slices.IndexFunc(n.generations, func(g nixosGeneration) bool { return g.number == number })
	if err != nil || i < 0 {
		return nixosGeneration{}, false
	}
	return n.generations[i], true
}

// judgeSystem compares what runs with what was booted, and with what is booted
// next. A container has no kernel of its own, and nothing to compare there.
func (n nixosSaid) judgeSystem() actions.Reading {
	current, booted := n.system["current"], n.system["booted"]
	next, known := n.next()
	switch {
	case current == "":
		return actions.Reading{Status: actions.Unknown, Line: "/run/current-system leads nowhere"}
	case !known:
		return actions.Reading{Status: actions.Unknown, Line: "which generation is booted next is not known: the profile is " + orDefault(actions.Line(n.system["profile"]), "not there")}
	}
	is, listed := n.runs()
	switch {
	case !listed:
		return actions.Reading{Status: actions.Warn, Line: fmt.Sprintf("a system runs that is in no generation; a reboot goes to %d", next.number),
			Next: "keep it: nixos-rebuild switch; or leave it to the reboot"}
	case next.path != current:
		return actions.Reading{Status: actions.Warn, Line: fmt.Sprintf("generation %d runs, and the next boot takes %d", is.number, next.number),
			Next: "take it: nixos-rebuild switch, or reboot; go back: nix-env -p /nix/var/nix/profiles/system --switch-generation " + strconv.FormatInt(is.number, 10)}
	case booted == "":
		return actions.Reading{Status: actions.Unknown, Line: fmt.Sprintf("generation %d runs; what was booted is not known", is.number)}
	}
	var differ []string
	for _, part := range []string{"kernel", "initrd", "kernel-modules"} {
		if n.system["booted-"+part] != n.system["current-"+part] {
			differ = append(differ, part)
		}
	}
	if len(differ) > 0 {
		return actions.Reading{Status: actions.Warn, Line: fmt.Sprintf("generation %d waits for a reboot: another %s was booted", is.number, strings.Join(differ, ", ")), Next: "reboot it"}
	}
	return actions.Reading{Status: actions.OK, Line: fmt.Sprintf("generation %d runs, and is booted next", is.number)}
}

func (n nixosSaid) judgeGenerations(t inventory.Target, now time.Time) actions.Reading {
	if len(n.generations) == 0 {
		return actions.Reading{Status: actions.Unknown, Line: "no generation of the system is to be seen"}
	}
	b := boundOf(t, "generations")
	have, newest := float64(len(n.generations)), n.generations[0]
	r := actions.Reading{Status: judge(b, have), Metrics: []actions.Metric{measured("generations", "", have, b)}}
	r.Line = fmt.Sprintf("%s, the newest is %d, made %s ago%s", count(len(n.generations), "generation"), newest.number, span(max(0, now.Sub(newest.at))), limitWords(b, r.Status, ""))
	if r.Status != actions.OK {
		r.Line += ": there is nothing to go back to"
		r.Next = "keep some when collecting garbage: nix-collect-garbage --delete-older-than 30d"
	}
	return r
}

// judgeAge says how old nixpkgs is. Flakes write its date into the version,
// "25.05.20250612.b2485d5"; channels a number of changes, "24.11.717703.b3d51a0".
func (n nixosSaid) judgeAge(t inventory.Target, now time.Time) actions.Reading {
	var v struct{ NixosVersion string }
	text := strings.TrimSpace(n.parts["version"])
	if err := json.Unmarshal([]byte(text), &v); err != nil || v.NixosVersion == "" {
		return actions.Reading{Status: actions.Unknown, Line: "nixos-version says what is not understood: " + orDefault(actions.Line(text), "nothing")}
	}
	version, what := actions.Line(v.NixosVersion), "nixpkgs is"
	at, dated := time.Time{}, false
	for _, word := range strings.Split(version, ".") {
		if d, err := time.Parse("20060102", word); err == nil && len(word) == 8 && d.Year() >= 2003 {
			at, dated = d, true
		}
	}
	if !dated {
		seconds, err := strconv.ParseInt(strings.TrimSpace(n.parts["channel"]), 10, 64)
		if err != nil {
			return actions.Reading{Status: actions.Unknown, Line: version + "; how old that is cannot be told: it holds no date, and root has no channel"}
		}
		at, what = time.Unix(seconds, 0), "the channel was updated"
	}
	b := boundOf(t, "nixpkgs")
	age := max(0, now.Sub(at))
	days := age.Hours() / 24
	r := actions.Reading{Status: judge(b, days), Metrics: []actions.Metric{measured("nixpkgs", "days", days, b)}}
	r.Line = fmt.Sprintf("%s, %s %s", version, what, span(age))
	if dated {
		r.Line += " old"
	} else {
		r.Line += " ago"
	}
	r.Line += limitWords(b, r.Status, "days")
	if r.Status != actions.OK {
		r.Next = "update it: nix flake update, or nix-channel --update; then nixos-rebuild switch"
	}
	return r
}

func (n nixosSaid) judgeStore(t inventory.Target) actions.Reading {
	lines := strings.Split(strings.TrimSpace(n.parts["store"]), "\n")
	f := strings.Fields(lines[len(lines)-1])
	used := hostNumber("")
	if len(f) >= 6 {
		used = hostNumber(strings.TrimSuffix(f[4], "%"))
	}
	if used != used {
		return actions.Reading{Status: actions.Unknown, Line: "df says what is not understood: " + orDefault(actions.Line(n.parts["store"]), "nothing")}
	}
	b := boundOf(t, "store")
	r := actions.Reading{Status: judge(b, used), Metrics: []actions.Metric{measured("store", "%", used, b)}}
	r.Line = fmt.Sprintf("%.0f %% used%s", used, limitWords(b, r.Status, "%"))
	if r.Status != actions.OK {
		r.Next = "nix-collect-garbage --delete-older-than 30d: what it removes cannot be gone back to"
	}
	return r
}

func (n nixosSaid) judgeUpgrade() actions.Reading {
	u := systemdProperties(n.parts["upgrade"])
	switch {
	case u["LoadState"] == "not-found":
		return actions.Reading{Status: actions.OK, Line: "it is not set to upgrade by itself"}
	case u["LoadState"] != "loaded":
		return actions.Reading{Status: actions.Unknown, Line: "systemctl says of nixos-upgrade.service what is not understood: " + orDefault(actions.Line(n.parts["upgrade"]), "nothing")}
	case u["ActiveState"] == "activating" || u["ActiveState"] == "active":
		return actions.Reading{Status: actions.OK, Line: "it upgrades now"}
	case u["ActiveState"] == "failed" || u["Result"] != "success":
		return actions.Reading{Status: actions.Fail, Line: "its last upgrade failed: " + systemdWhy(u), Next: "journalctl -u nixos-upgrade -e"}
	}
	return actions.Reading{Status: actions.OK, Line: "its last upgrade was well, or is still to come"}
}
