package kind

import (
	"math"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var zfs = actions.Kind{
	Name: "zfs",
	Doc:  "The ZFS pools of a host: state, errors of each device, lost data, spares in use, room, scrubs, age of snapshots.",
	About: `Every pool that is imported is looked at. Add it to a host: [check.NAME] of = "nas1", kind = "zfs".

A pool may call itself ONLINE while a drive of it returns what it was not given: the errors that each device counts are
read, and stay until somebody resets them (zpool clear). They are warn, and fail when they become more. A degraded pool is
fail, and warn while it is resilvered. Data that is lost is fail. What zpool status -x does not call healthy is warn at
least; features that were not enabled yet are no fault, nor are sectors of another size.

zpool tells of the last scrub or the last resilver, not of both: behind a resilver, the scrub that was seen before counts,
and is unknown where none was. A scrub that could not mend all is fail, one that mended is warn, and so is one that is
long ago, was canceled, is paused or never ran. Room is counted ahead of parity, as zpool list does.

snapshots = ["tank/data"] judges the newest snapshot of those datasets, whoever makes them. A snapshot is no backup.

The commands of ZFS end with 0 whatever is wrong, so their words are read: OpenZFS 0.8 and newer. Anybody may ask, where
/dev/zfs is as it comes; elsewhere root is asked, for snapshots by sudo 1.9.10 and newer. Missing tool: apt install
zfsutils-linux.`,
	Levels: []inventory.Level{inventory.LevelNode, inventory.LevelVM, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "pools", Type: inventory.TypeList, Doc: "pools that must be imported"},
		{Name: "snapshots", Type: inventory.TypeList, Doc: "datasets whose newest snapshot is looked at"},
	},
	Limits: []inventory.Limit{
		{Name: "errors", Warn: 0, Fail: math.NaN(), Doc: "errors that the devices of a pool count; fail when they become more"},
		{Name: "capacity", Unit: "%", Warn: 80, Fail: 90, Doc: "use of each pool"},
		{Name: "fill", Unit: "days", Warn: 7, Fail: 2, Low: true, Doc: "days until a pool is full, as it has grown lately"},
		{Name: "fragmentation", Unit: "%", Warn: math.NaN(), Fail: math.NaN(), Doc: "fragmentation of the free room of each pool"},
		{Name: "scrub", Unit: "days", Warn: 35, Fail: math.NaN(), Doc: "how long ago a pool was scrubbed"},
		{Name: "snapshot", Unit: "h", Warn: 26, Fail: 50, Doc: "age of the newest snapshot of each dataset named in snapshots"},
	},
	// In sudoers a comma in an argument is written with a backslash.
	Sudoers: []string{
		`/usr/sbin/zpool list -Hp -o name\,size\,alloc\,free\,cap\,health\,frag`,
		`/usr/sbin/zpool status -p`,
		`/usr/sbin/zpool status -x`,
		`/usr/sbin/zfs ^list -Hp -d 1 -t snapshot -o name\,creation -S creation [a-zA-Z0-9][a-zA-Z0-9/._: -]*$`,
	},
	Checks: func(f *inventory.Fleet, t inventory.Target) []actions.Check {
		in := map[string]string{"SUDO": sudo(f, t), "DATASETS": ""}
		s := script("zfs/look.sh", in)
		of := func(id, title string, read func(p zfsPool, a actions.Answer) actions.Reading) actions.Check {
			return actions.Check{ID: id, Title: title, Script: s, Every: 5 * time.Minute, Limit: 30 * time.Second, Read: func(a actions.Answer) []actions.Reading {
				var want []string
				if id == "pools" { // once is enough
					want = t.Options.List("pools")
				}
				return zfsRead(want, a, read)
			}}
		}
		checks := []actions.Check{
			of("pools", "pools of ZFS", func(p zfsPool, a actions.Answer) actions.Reading { return zfsHealth(p, boundOf(t, "errors"), a) }),
			of("room", "room of pools", func(p zfsPool, a actions.Answer) actions.Reading { return zfsRoom(p, t, a) }),
			of("scrub", "scrubs of pools", func(p zfsPool, a actions.Answer) actions.Reading { return zfsScrub(p, boundOf(t, "scrub"), a) }),
		}
		if sets := t.Options.List("snapshots"); len(sets) > 0 {
			checks = append(checks, actions.Check{
				ID: "snapshots", Title: "newest snapshots", Every: 15 * time.Minute, Limit: 60 * time.Second,
				Script: s.With(map[string]string{"DATASETS": strings.Join(sets, "\n")}),
				Read: func(a actions.Answer) []actions.Reading {
					return zfsSnapshots(sets, boundOf(t, "snapshot"), a)
				},
			})
		}
		return checks
	},
	Proved: map[string]actions.Ground{"look": actions.Recorded},
}
