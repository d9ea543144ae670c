package kind

import (
	"math"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var linux = actions.Kind{
	Name: "linux",
	Doc:  "A Linux machine: load, memory, disks, arrays, units, updates, clock.",
	About: `One cheap script reads /proc and /sys for most of it. Local file systems are asked by name, so that a network
mount that hangs cannot hold the look up; those are the business of shares.

How much the processors work is told from the second look on. A disk that fills is told from its own history: when
it will be full needs a day of looks at least. In a container
/proc shows the host: load and memory are the host's there, and drives and temperatures are not to be seen.

What a machine does not have is not looked at: no drives, no arrays, no systemd, no package manager. What it has and
does not show reads as unknown, with the reason. SMART needs smartctl (apt install smartmontools) and root.`,
	Levels: []inventory.Level{inventory.LevelNode, inventory.LevelVM},
	Limits: []inventory.Limit{
		{Name: "load", Warn: 1.5, Fail: 4, Doc: "load of the last five minutes for each processor, three looks in a row"},
		{Name: "memory", Unit: "%", Warn: 10, Fail: 5, Low: true, Doc: "memory that is available"},
		{Name: "swap", Unit: "%", Warn: 80, Fail: math.NaN(), Doc: "swap in use"},
		{Name: "pressure", Unit: "%", Warn: 10, Fail: 40, Doc: "share of the last minute in which everything waited for memory"},
		{Name: "disk", Unit: "%", Warn: 85, Fail: 95, Doc: "use of each local file system"},
		{Name: "fill", Unit: "days", Warn: 7, Fail: 2, Low: true, Doc: "days until a file system is full, as it has grown lately"},
		{Name: "inodes", Unit: "%", Warn: 85, Fail: 95, Doc: "use of the inodes of each local file system"},
		{Name: "updates", Warn: math.NaN(), Fail: math.NaN(), Doc: "updates that wait"},
		{Name: "security", Warn: 0, Fail: math.NaN(), Doc: "security updates that wait"},
		{Name: "lists", Unit: "days", Warn: 3, Fail: math.NaN(), Doc: "age of the package lists that the updates are counted by"},
		{Name: "clock", Unit: "s", Warn: 0.1, Fail: 1, Doc: "offset that the machine's own time service knows of"},
		{Name: "drift", Unit: "s", Warn: 5, Fail: 60, Doc: "difference to the clock of the console's machine"},
		{Name: "temperature", Unit: "°C", Warn: 80, Fail: 95, Doc: "temperature of each sensor"},
		{Name: "drive", Unit: "°C", Warn: 55, Fail: 65, Doc: "temperature of each drive"},
	},
	// A * would let further flags follow, and some of them change a drive.
	Sudoers: []string{
		"/usr/sbin/smartctl --json=c -n standby -H -A /dev/sd[a-z]",
		"/usr/sbin/smartctl --json=c -n standby -H -A /dev/sd[a-z][a-z]",
		"/usr/sbin/smartctl --json=c -n standby -H -A /dev/nvme[0-9]n[0-9]",
		"/usr/sbin/smartctl --json=c -n standby -H -A /dev/nvme[0-9][0-9]n[0-9]",
	},
	Checks: linuxChecks,
	Proved: map[string]actions.Ground{"look": actions.Real},
}

func linuxChecks(f *inventory.Fleet, t inventory.Target) []actions.Check {
	vitals := script("linux/vitals.sh", nil)
	of := func(id, title string, read func(linuxVitals, actions.Answer) []actions.Reading) actions.Check {
		return actions.Check{ID: id, Title: title, Script: vitals, Every: time.Minute, Read: func(a actions.Answer) []actions.Reading {
			v, why := linuxParse(a.Output)
			if why != "" {
				return actions.UnknownReading("%s", why)
			}
			return read(v, a)
		}}
	}
	b := func(name string) inventory.Bound { return boundOf(t, name) }
	load := of("load", "load per processor", func(v linuxVitals, a actions.Answer) []actions.Reading { return linuxLoad(v, a, b("load")) })
	load.Confirm = 3
	memory := of("memory", "memory", func(v linuxVitals, _ actions.Answer) []actions.Reading {
		return linuxMemory(v, b("memory"), b("pressure"))
	})
	memory.Confirm = 2
	temperature := of("temperature", "temperature", func(v linuxVitals, _ actions.Answer) []actions.Reading { return linuxTemperature(v, b("temperature")) })
	temperature.Confirm = 2
	return []actions.Check{
		of("uptime", "up since", func(v linuxVitals, _ actions.Answer) []actions.Reading { return linuxUptime(v) }),
		load, memory,
		of("swap", "swap", func(v linuxVitals, _ actions.Answer) []actions.Reading { return linuxSwap(v, b("swap")) }),
		of("disk", "file systems", func(v linuxVitals, a actions.Answer) []actions.Reading { return linuxDisks(v, a, b("disk"), b("fill")) }),
		of("inodes", "inodes", func(v linuxVitals, _ actions.Answer) []actions.Reading { return linuxInodes(v, b("inodes")) }),
		of("mdraid", "arrays", func(v linuxVitals, _ actions.Answer) []actions.Reading { return linuxArrays(v.mdstat) }),
		temperature,
		{ID: "units", Title: "failed units", Script: script("linux/units.sh", nil), Every: time.Minute, Read: linuxUnits},
		{ID: "clock", Title: "clock", Script: script("linux/clock.sh", nil), Every: 5 * time.Minute, Read: func(a actions.Answer) []actions.Reading { return linuxClock(a, b("clock"), b("drift")) }},
		{ID: "updates", Title: "updates that wait", Script: script("linux/updates.sh", nil), Every: time.Hour, Limit: 20 * time.Second, Read: func(a actions.Answer) []actions.Reading {
			return linuxUpdates(a, b("updates"), b("security"), b("lists"))
		}},
		{ID: "reboot", Title: "reboot needed", Script: script("linux/reboot.sh", nil), Every: 10 * time.Minute, Read: linuxReboot},
		{ID: "smart", Title: "drives", Script: script("linux/smart.sh", map[string]string{"SUDO": sudo(f, t)}), Every: time.Hour, Limit: 20 * time.Second, Read: func(a actions.Answer) []actions.Reading { return linuxDrives(a, b("drive")) }},
	}
}

// sudo returns the words that a look puts ahead of a command that needs root:
// none unless the inventory allows it for the target's host, or for all.
func sudo(f *inventory.Fleet, t inventory.Target) string {
	may := f.Settings.Reach.Sudo
	if h, ok := f.Target(t.Host); ok && h.Reach.Sudo != nil {
		may = h.Reach.Sudo
	}
	if may != nil && *may {
		return "sudo -n"
	}
	return ""
}

// wholeRoot is the rule for a look that is run by root as a whole, and may do all
// that root may: what it needs depends on what it finds.
var wholeRoot = []string{"/bin/sh -s"}

// needsRoot reports whether a tool, or sudo ahead of it, said that it must be
// run as root.
func needsRoot(said string) bool {
	for _, words := range []string{"a password is required", "ermission denied", "must be super-user", "must be run as root", "no tty present", "not in the sudoers", "not allowed to execute", "peration not permitted", "sudo: not found", "sudo: command not found"} {
		if strings.Contains(said, words) {
			return true
		}
	}
	return false
}
