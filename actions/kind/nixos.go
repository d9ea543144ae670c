package kind

import (
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var nixos = actions.Kind{
	Name: "nixos",
	Doc:  "A NixOS machine: all that kind linux looks at, and its generations, what it booted, the age of nixpkgs, its store.",
	About: `Everything that kind linux looks at, failed units among it, and what only NixOS has. No root is needed.

What runs is compared with what was booted and with the profile that the next boot takes. A kernel, initrd or set of
modules other than the booted one waits for a reboot, which is warn. So is a system that is in no generation, as
"nixos-rebuild test" leaves it: a reboot undoes it. With fewer than two generations there is nothing to go back to.

How old nixpkgs is comes from the version where it holds a date, as flakes write it, and else from when the channel of
root was last updated; a version without a date on a machine without a channel reads unknown. nixos-upgrade.service is
told when it is there.

"plan deploy NAME --to previous" rolls it back, to the generation before the one that is set; --to takes a number as well,
and newest. What differs is said by nix store diff-closures, where Nix is new enough (2.4). The profile is led there and
the system activated, as nixos-rebuild switch --rollback does; it is proved by what runs and that no unit has failed.
Programs and settings come back so, and no data: that is for a backup of the folders in which services keep it.

Generations are those of a real Nix 2.8 in the tests; the rest is written after the documentation of NixOS 24.11 and
25.05, and no whole machine has been seen.`,
	Levels: []inventory.Level{inventory.LevelNode, inventory.LevelVM},
	Limits: slices.Concat(linux.Limits, []inventory.Limit{
		{Name: "generations", Warn: 2, Fail: 1, Low: true, Doc: "generations that are kept"},
		{Name: "nixpkgs", Unit: "days", Warn: 30, Fail: 120, Doc: "age of the nixpkgs that the system is made of, or of the channel"},
		{Name: "store", Unit: "%", Warn: 85, Fail: 95, Doc: "use of the file system of /nix/store"},
	}),
	Sudoers: linux.Sudoers,
	Checks:  nixosChecks,
	Deploy:  nixosDeploy,
	Proved:  map[string]actions.Ground{"look": actions.Documented, "deploy": actions.Documented},
}

func nixosChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	s := script("nixos/look.sh", nil)
	of := func(id, title string, read func(nixosSaid, actions.Answer) actions.Reading) actions.Check {
		return actions.Check{ID: id, Title: title, Script: s, Every: 5 * time.Minute, Read: func(a actions.Answer) []actions.Reading {
			n, why := nixosParse(a)
			if why != "" {
				r := actions.Reading{Status: actions.Unknown, Line: why}
				if strings.HasPrefix(why, "this is no NixOS") {
					r.Next = "name a host that runs NixOS, or another kind"
				}
				return []actions.Reading{r}
			}
			return []actions.Reading{read(n, a)}
		}}
	}
	return append(linuxChecks(f, t),
		of("system", "what runs and what was booted", func(n nixosSaid, _ actions.Answer) actions.Reading { return n.judgeSystem() }),
		of("generations", "generations", func(n nixosSaid, a actions.Answer) actions.Reading { return n.judgeGenerations(t, a.Now) }),
		of("nixpkgs", "age of nixpkgs", func(n nixosSaid, a actions.Answer) actions.Reading { return n.judgeAge(t, a.Now) }),
		of("store", "disk of the store", func(n nixosSaid, _ actions.Answer) actions.Reading { return n.judgeStore(t) }),
		of("upgrade", "upgrades by itself", func(n nixosSaid, _ actions.Answer) actions.Reading { return n.judgeUpgrade() }),
	)
}
