package kind

import (
	"math"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var btrfs = actions.Kind{
	Name: "btrfs",
	Doc:  "The btrfs file systems of a host: errors of their devices, missing devices, room that is given out, scrubs.",
	About: `Every mounted btrfs is looked at, once, by the shortest of its places. Add it to a host: [check.NAME] of = "nas1",
kind = "btrfs".

A device that is missing is fail. What devices count as errors stays until somebody resets it (btrfs device stats -z):
it is warn, and fail when it becomes more.

A btrfs is full when no room is left to give out, whatever df says: writing fails when the metadata then fills up. Room
that RAID 1 cannot pair is not counted as room. Several profiles for one sort of data are warn: a degraded mount writes
data that has no second copy, and only a balance makes it whole again.

A scrub that found what it could not mend is fail. One that mended is warn until another finds nothing: what is mended is
well, what spoilt it may go on. So is one that is long ago, was broken off or never ran. It needs root: without it btrfs tells wrong numbers, and that is unknown. The sudoers rules are for
sudo 1.9.10 and newer, and for places without blanks. Missing tool: apt install btrfs-progs.`,
	Levels: []inventory.Level{inventory.LevelNode, inventory.LevelVM, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "paths", Type: inventory.TypeList, Doc: "places where a btrfs must be mounted"},
	},
	Limits: []inventory.Limit{
		{Name: "errors", Warn: 0, Fail: math.NaN(), Doc: "errors that its devices count; fail when they become more"},
		{Name: "unallocated", Unit: "%", Warn: 5, Fail: math.NaN(), Low: true, Doc: "room that can still be given out"},
		{Name: "metadata", Unit: "%", Warn: 75, Fail: 90, Doc: "use of the room given to metadata, while unallocated is at its limit"},
		{Name: "scrub", Unit: "days", Warn: 35, Fail: math.NaN(), Doc: "how long ago it was scrubbed"},
	},
	// Regular expressions, which sudo knows since 1.9.10: a * would let further
	// flags follow, and one of them resets what is counted.
	Sudoers: []string{
		"/usr/bin/btrfs ^device stats /[a-zA-Z0-9/._@-]*$",
		"/usr/bin/btrfs ^filesystem usage -b /[a-zA-Z0-9/._@-]*$",
		"/usr/bin/btrfs ^scrub status -R /[a-zA-Z0-9/._@-]*$",
	},
	Checks: func(f *inventory.Fleet, t inventory.Target) []actions.Check {
		s := script("btrfs/look.sh", map[string]string{"SUDO": sudo(f, t)})
		of := func(id, title string, read func(b btrfsFS, a actions.Answer) actions.Reading) actions.Check {
			return actions.Check{ID: id, Title: title, Script: s, Every: 10 * time.Minute, Limit: 30 * time.Second, Read: func(a actions.Answer) []actions.Reading {
				var want []string
				if id == "devices" { // once is enough
					want = t.Options.List("paths")
				}
				return btrfsRead(want, a, read)
			}}
		}
		return []actions.Check{
			of("devices", "devices of btrfs", func(b btrfsFS, a actions.Answer) actions.Reading { return btrfsDevices(b, boundOf(t, "errors"), a) }),
			of("room", "room of btrfs", func(b btrfsFS, _ actions.Answer) actions.Reading {
				return btrfsRoom(b, boundOf(t, "unallocated"), boundOf(t, "metadata"))
			}),
			of("scrub", "scrubs of btrfs", func(b btrfsFS, a actions.Answer) actions.Reading { return btrfsScrub(b, boundOf(t, "scrub"), a.Now) }),
		}
	},
	Proved: map[string]actions.Ground{"look": actions.Real},
}
