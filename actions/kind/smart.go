package kind

import (
	"math"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var smart = actions.Kind{
	Name: "smart",
	Doc:  "Each drive by its own word: verdict, sectors lost or at risk, wear, errors, temperature, age, self-tests.",
	About: `Kind linux asks drives each hour whether they are failing. This one reads what comes long before that. Add it to a
host: [check.NAME] of = "nas1", kind = "smart".

Sectors that were replaced, or could not be read, are warn, and fail when they become more. So are the media errors of
an NVMe drive. What a drive itself calls failing is fail, and so is its last finished self-test when it failed. Errors
in a drive's log are warn only when they become more: an old cable fault stays there for ever.

A drive that sleeps is not woken. It reads as when it was last awake; one that never was awake is unknown. smartctl's
exit code is a mask of bits, of which most are no failure: the answer is read instead.

A USB bridge that smartctl does not know is told how to ask: drives = ["/dev/sdb sat"]; so are drives behind a RAID
controller that the scan does not list: drives = ["/dev/bus/0 megaraid,3"], with a sudoers rule of their own. A
virtual drive has no SMART and is unknown: ignore = ["/dev/sda"]. Self-tests are not asked for unless tested has a
limit. It needs root and smartctl 7.0 (apt install smartmontools).`,
	Levels: []inventory.Level{inventory.LevelNode, inventory.LevelVM, inventory.LevelCheck},
	Options: []inventory.Option{
		{Name: "drives", Type: inventory.TypeList, Doc: "drives to ask beside those that are found, each a device with its type where one must be said: \"/dev/sdb sat\""},
		{Name: "ignore", Type: inventory.TypeList, Doc: "devices that are not asked"},
	},
	Limits: []inventory.Limit{
		{Name: "reallocated", Unit: "sectors", Warn: 0, Fail: math.NaN(), Doc: "sectors that were replaced; fail when they become more"},
		{Name: "pending", Unit: "sectors", Warn: 0, Fail: math.NaN(), Doc: "sectors that wait to be replaced"},
		{Name: "uncorrectable", Unit: "errors", Warn: 0, Fail: math.NaN(), Doc: "what could not be read or mended; fail when it becomes more"},
		{Name: "media", Unit: "errors", Warn: 0, Fail: math.NaN(), Doc: "errors of an NVMe drive's medium; fail when they become more"},
		{Name: "used", Unit: "%", Warn: 80, Fail: 100, Doc: "share of the life that the maker gave it which is used up"},
		{Name: "spare", Unit: "%", Warn: 20, Fail: 10, Low: true, Doc: "spare blocks of an NVMe drive that are left"},
		{Name: "temperature", Unit: "°C", Warn: 55, Fail: 65, Doc: "temperature of a drive"},
		{Name: "nvme_temperature", Unit: "°C", Warn: 70, Fail: 80, Doc: "temperature of an NVMe drive"},
		{Name: "age", Unit: "years", Warn: math.NaN(), Fail: math.NaN(), Doc: "how long it has been powered on in all"},
		{Name: "tested", Unit: "days", Warn: math.NaN(), Fail: math.NaN(), Doc: "time that it was on since its last finished self-test"},
	},
	// A * would let further flags follow, and some of them change a drive.
	Sudoers: []string{
		"/usr/sbin/smartctl --scan",
		"/usr/sbin/smartctl --json=c -n standby -a /dev/sd[a-z]",
		"/usr/sbin/smartctl --json=c -n standby -a /dev/sd[a-z][a-z]",
		"/usr/sbin/smartctl --json=c -n standby -a -d sat /dev/sd[a-z]",
		"/usr/sbin/smartctl --json=c -n standby -a -d sat /dev/sd[a-z][a-z]",
		"/usr/sbin/smartctl --json=c -n standby -a /dev/nvme[0-9]",
		"/usr/sbin/smartctl --json=c -n standby -a /dev/nvme[0-9][0-9]",
	},
	Checks: func(f *inventory.Fleet, t inventory.Target) []actions.Check {
		s := script("smart/look.sh", map[string]string{
			"SUDO": sudo(f, t), "DRIVES": strings.Join(t.Options.List("drives"), "\n"), "IGNORE": strings.Join(t.Options.List("ignore"), "\n"),
		})
		return []actions.Check{{ID: "drives", Title: "drives", Script: s, Every: time.Hour, Limit: time.Minute, Read: func(a actions.Answer) []actions.Reading {
			return smartRead(t, a)
		}}}
	},
	Proved: map[string]actions.Ground{"look": actions.Recorded},
}
