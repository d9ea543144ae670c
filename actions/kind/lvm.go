package kind

import (
	"math"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var lvm = actions.Kind{
	Name: "lvm",
	Doc:  "LVM: how full thin pools and snapshots are, snapshots that are lost, missing drives, room in the groups.",
	About: `A thin pool that is full has every file system on it fail at once, and none of them shows it before: the sizes that
they see are promises. Data and metadata of each pool are judged, and when it will be full as it has grown lately. Add
it to a host: [check.NAME] of = "node1", kind = "lvm".

A classic snapshot that overflowed is lost, and LVM goes on without a word; one that fills up will be. A group with a
missing drive, and each volume that lies on it, is fail; vgs and lvs end with 0 all the same, so the fields are read.
RAID volumes are looked at for members to refresh, sectors that differ and syncs that go on.

Volumes that can be none of this have no line of their own. An active pool that dmeventd does not monitor is warn: it
cannot be extended by itself. An inactive pool does not say how full it is, and is unknown: ignore = ["vg/pool"].

It needs root: without it lvs prints an empty list. LVM before 2.02.158 knows no JSON and is unknown. Missing tool: apt
install lvm2.`,
	Levels: []inventory.Level{inventory.LevelNode, inventory.LevelVM, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "groups", Type: inventory.TypeList, Doc: "volume groups that must be there"},
		{Name: "ignore", Type: inventory.TypeList, Doc: "volumes that are not judged, as GROUP/VOLUME"},
	},
	Limits: []inventory.Limit{
		{Name: "data", Unit: "%", Warn: 80, Fail: 95, Doc: "use of each thin pool, and of each pool of VDO"},
		{Name: "metadata", Unit: "%", Warn: 70, Fail: 90, Doc: "use of the metadata of each thin pool"},
		{Name: "fill", Unit: "days", Warn: 7, Fail: 2, Low: true, Doc: "days until a thin pool is full, as it has grown lately"},
		{Name: "snapshot", Unit: "%", Warn: 50, Fail: 80, Doc: "use of each classic snapshot"},
		{Name: "free", Unit: "%", Warn: math.NaN(), Fail: math.NaN(), Low: true, Doc: "room of each volume group that is given to no volume"},
	},
	// In sudoers a comma in an argument is written with a backslash.
	Sudoers: []string{
		`/usr/sbin/vgs --reportformat json --units b --nosuffix -o vg_name\,vg_attr\,vg_size\,vg_free\,vg_missing_pv_count`,
		`/usr/sbin/lvs --reportformat json --units b --nosuffix -o lv_name\,vg_name\,lv_attr\,lv_size\,data_percent\,metadata_percent\,origin\,pool_lv\,lv_health_status\,lv_when_full\,seg_monitor\,raid_mismatch_count\,copy_percent`,
	},
	Checks: func(f *inventory.Fleet, t inventory.Target) []actions.Check {
		s := script("lvm/look.sh", map[string]string{"SUDO": sudo(f, t)})
		return []actions.Check{
			{ID: "groups", Title: "volume groups", Script: s, Every: 5 * time.Minute, Limit: 30 * time.Second, Read: func(a actions.Answer) []actions.Reading {
				return lvmGroups(t, a)
			}},
			{ID: "volumes", Title: "volumes", Script: s, Every: 5 * time.Minute, Limit: 30 * time.Second, Read: func(a actions.Answer) []actions.Reading {
				return lvmVolumes(t, a)
			}},
		}
	},
	Proved: map[string]actions.Ground{"look": actions.Real},
}
