package kind

import (
	"math"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var mdadm = actions.Kind{
	Name: "mdadm",
	Doc:  "Linux software RAID: each array by mdadm and by the kernel, when it was checked last, who watches over it.",
	About: `Kind linux sees in /proc/mdstat, every minute and without root, that an array is degraded. This one asks mdadm as
root and names what failed: members, spares, how fast a rebuild is, read errors that were mended in silence, sectors
that differ. Add it to a host: [check.NAME] of = "nas1", kind = "mdadm".

An array that is degraded is fail, while it is rebuilt as well; so is one of mdadm.conf or of arrays that is not
assembled. Where mdadm says that an array is whole and the kernel does not, that is unknown. A resync or a reshape is
warn: until it ends, the redundancy is not to be relied on. A new RAID 5 is degraded until it is built.

When an array was checked last only the kernel's log tells, so the journal is asked. A journal that goes back less far
than the limit, and has no check, is unknown: keep more of it, or write checked = false. RAID 0 is not checked.

mdadm reads a member to answer, and so wakes an array whose drives sleep: say every = "1d" there. The sectors that
differ may be no fault on RAID 1 and 10 with swap on them. Arrays whose device is no /dev/md and a number need a
sudoers rule of their own. Missing tool: apt install mdadm.`,
	Levels: []inventory.Level{inventory.LevelNode, inventory.LevelVM, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "arrays", Type: inventory.TypeList, Doc: "arrays that must be there, by device or name: md0, data; those of mdadm.conf must in any case"},
		{Name: "monitor", Type: inventory.TypeBool, Default: "true", Doc: "whether mdadm --monitor is meant to run and to send mail"},
	},
	Limits: []inventory.Limit{
		{Name: "spares", Warn: math.NaN(), Fail: math.NaN(), Low: true, Doc: "spares of each array"},
		{Name: "errors", Warn: 0, Fail: math.NaN(), Doc: "read errors of a member that were mended from the others"},
		{Name: "mismatch", Unit: "sectors", Warn: 0, Fail: math.NaN(), Doc: "sectors that differed when it was last checked"},
		{Name: "checked", Unit: "days", Warn: 35, Fail: math.NaN(), Doc: "how long ago the whole array was checked"},
	},
	Sudoers: []string{
		"/usr/sbin/mdadm --detail --test /dev/md[0-9]",
		"/usr/sbin/mdadm --detail --test /dev/md[0-9][0-9]",
		"/usr/sbin/mdadm --detail --test /dev/md[0-9][0-9][0-9]",
		"/usr/bin/journalctl -q --no-pager -o short-unix _TRANSPORT=kernel",
		"/usr/bin/journalctl -q --no-pager -o short-unix -r -n 100 -g data-check _TRANSPORT=kernel",
	},
	Checks: mdadmChecks,
	Proved: map[string]actions.Ground{"look": actions.Real},
}

func mdadmChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	s := script("mdadm/look.sh", map[string]string{"SUDO": sudo(f, t)})
	of := func(id, title string, read func(mdadmAnswer, actions.Answer) []actions.Reading) actions.Check {
		return actions.Check{ID: id, Title: title, Script: s, Every: 10 * time.Minute, Limit: 30 * time.Second, Read: func(a actions.Answer) []actions.Reading {
			m, trouble := mdadmParse(a)
			if trouble != nil {
				return []actions.Reading{*trouble}
			}
			return read(m, a)
		}}
	}
	checks := []actions.Check{
		of("arrays", "arrays", func(m mdadmAnswer, _ actions.Answer) []actions.Reading {
			return mdadmArrays(m, t.Options.List("arrays"), t)
		}),
		of("checked", "last check of the arrays", func(m mdadmAnswer, a actions.Answer) []actions.Reading {
			return mdadmChecked(m, a.Now, boundOf(t, "checked"))
		}),
	}
	if t.Options.Bool("monitor") {
		checks = append(checks, of("monitor", "who watches over the arrays", func(m mdadmAnswer, _ actions.Answer) []actions.Reading {
			return []actions.Reading{mdadmMonitor(m)}
		}))
	}
	return checks
}
