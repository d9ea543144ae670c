package sshlab

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Array is a software RAID.
type Array struct {
	Name    string        // "md0"
	Level   string        // "raid10"
	KiB     int64         // its size
	Layout  string        // "512K chunks 2 near-copies": what /proc/mdstat says of it
	Members []Member      // in their order
	Checked time.Duration // how long ago all of it was read
}

// Member is a partition of an array.
type Member struct {
	Device string // "sda1"
	Gone   bool   // it failed, and was removed
}

func (a *Array) gone() int {
	n := 0
	for _, m := range a.Members {
		if m.Gone {
			n++
		}
	}
	return n
}

// raid writes what the kernel, mdadm 4.2 and the journal say of the arrays.
func (f *Linux) raid(p *programs, host string) {
	p.rootOnly("mdadm", "mdadm: must be super-user to perform this action")
	var stat, conf, log strings.Builder
	stat.WriteString("Personalities :")
	var levels []string
	for _, a := range f.Arrays {
		if !slices.Contains(levels, a.Level) {
			levels = append(levels, a.Level)
			fmt.Fprintf(&stat, " [%s]", a.Level)
		}
	}
	stat.WriteString("\n")
	conf.WriteString("MAILADDR root\n")
	for _, a := range f.Arrays {
		stat.WriteString(a.stat())
		fmt.Fprintf(&conf, "ARRAY /dev/%s metadata=1.2 name=%s:%s UUID=%s\n", a.Name, host, strings.TrimPrefix(a.Name, "md"), a.uuid())
		done := time.Now().Add(-a.Checked)
		fmt.Fprintf(&log, "%d.000000 %s kernel: md: %s: data-check done.\n%d.000000 %[2]s kernel: md: data-check of RAID array %[3]s\n",
			done.Unix(), host, a.Name, done.Add(-9*time.Hour).Unix())
		a.kernel(p.t)
		code := 0
		if a.gone() > 0 {
			code = 1
		}
		p.answer("mdadm", "--detail --test /dev/"+a.Name, code, a.detail(host))
	}
	p.t["proc/mdstat"] = stat.String() + "\nunused devices: <none>\n"
	p.t["etc/mdadm/mdadm.conf"], p.t["lab/kernel-log"] = conf.String(), log.String()
	p.t["proc/812/comm"], p.t["proc/812/cmdline"] = "mdadm\n", "/sbin/mdadm\x00--monitor\x00--scan\x00"
	p.t["usr/sbin/sendmail"] = ""
}

// stat is the array's part of /proc/mdstat.
func (a *Array) stat() string {
	var devices, marks strings.Builder
	for i, m := range a.Members {
		if m.Gone {
			marks.WriteString("_")
		} else {
			marks.WriteString("U")
			fmt.Fprintf(&devices, " %s[%d]", m.Device, i)
		}
	}
	return fmt.Sprintf("%s : active %s%s\n      %d blocks super 1.2 %s [%d/%d] [%s]\n", a.Name, a.Level, &devices, a.KiB, a.Layout, len(a.Members), len(a.Members)-a.gone(), &marks)
}

func (a *Array) uuid() string {
	id := swarmID(32, "array", a.Name)
	return id[:8] + ":" + id[8:16] + ":" + id[16:24] + ":" + id[24:]
}

// kernel writes what stands below /sys/block (md.rst).
func (a *Array) kernel(t tree) {
	at := "sys/block/" + a.Name + "/md/"
	for name, value := range map[string]string{
		"level": a.Level, "raid_disks": fmt.Sprint(len(a.Members)), "degraded": fmt.Sprint(a.gone()), "array_state": "clean",
		"sync_action": "idle", "sync_completed": "none", "sync_speed": "none", "mismatch_cnt": "0",
	} {
		t[at+name] = value + "\n"
	}
	for _, m := range a.Members {
		if !m.Gone {
			t[at+"dev-"+m.Device+"/errors"] = "0\n"
		}
	}
}

func (a *Array) detail(host string) string {
	state, gone := "clean", a.gone()
	if gone > 0 {
		state = "clean, degraded"
	}
	var rows strings.Builder
	for i, m := range a.Members {
		if m.Gone {
			fmt.Fprintf(&rows, "       -       0        0       %2d      removed\n", i)
		} else {
			fmt.Fprintf(&rows, "       %d       8      %3d       %2d      active sync   /dev/%s\n", i, 16*i+1, i, m.Device)
		}
	}
	there := len(a.Members) - gone
	return fmt.Sprintf(`/dev/%s:
           Version : 1.2
     Creation Time : Sat Feb  3 10:21:09 2024
        Raid Level : %s
        Array Size : %d
      Raid Devices : %d
     Total Devices : %d
       Persistence : Superblock is persistent

             State : %s 
    Active Devices : %d
   Working Devices : %d
    Failed Devices : 0
     Spare Devices : 0

Consistency Policy : resync

              Name : %s:%s
              UUID : %s
            Events : 27

    Number   Major   Minor   RaidDevice State
%s`, a.Name, a.Level, a.KiB, len(a.Members), there, state, there, there, host, strings.TrimPrefix(a.Name, "md"), a.uuid(), &rows)
}
