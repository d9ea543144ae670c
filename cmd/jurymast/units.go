package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"jurymast/actions/engine"
	"jurymast/inventory"
)

func (a *app) unitsCommand() *cobra.Command {
	var every string
	var user bool
	print := a.command(&cobra.Command{
		Use:   "print",
		Short: "Print systemd services and timers for regular checks and backups",
		Long: `Print a systemd service and timer that look at the fleet regularly, and one pair
for each backup with a schedule in the inventory. A timer is better than cron: with Persistent=true a look that was missed while the machine
was off is made up for, and a slow look is never started twice.`,
		Example: "  jurymast units print\n  jurymast units print --every 2m --user",
		Args:    args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := parseSpan(every)
			if err != nil {
				return err
			}
			exe, err := os.Executable()
			if err != nil {
				return err
			}
			if exe, err = filepath.EvalSymlinks(exe); err != nil {
				return err
			}
			var backups []inventory.Backup
			var none *engine.Trouble // the units may be wanted before there is an inventory
			e, err := a.open(c.Context())
			switch {
			case err == nil:
				backups = e.Fleet().Backups
			case !errors.As(err, &none) || none.Class != engine.ClassUsage:
				return err
			}
			u := unitWriter{exe: exe, user: user, env: a.unitEnv()}
			u.checks(int(d.Minutes()))
			u.backups(backups)
			u.finish()
			_, err = fmt.Fprint(a.out, u.b.String())
			return err
		},
	}, "0", "64", "65", "77")
	f := print.Flags()
	f.StringVar(&every, "every", "5m", "how often, in whole minutes")
	f.BoolVar(&user, "user", false, "units of a user, not of the system")
	return a.group(&cobra.Command{Use: "units", Short: "Print systemd units", Example: "  jurymast units print"}, print)
}

// unitEnv is what a unit has to be told to work on the same fleet, with the same
// store, by the same ways as this call.
func (a *app) unitEnv() []string {
	var env []string
	if p := a.paths().Inventory; p != "" {
		env = append(env, "JURYMAST_INVENTORY="+p)
	}
	for _, name := range []string{"JURYMAST_STATE_DIR", "JURYMAST_SSH_CONFIG"} {
		if v := a.env.get(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// unitWriter writes unit files one after the other, each under a comment that
// says where it goes.
type unitWriter struct {
	b      strings.Builder
	exe    string
	env    []string // NAME=VALUE
	user   bool
	timers []string
}

func (u *unitWriter) place() (dir, systemctl string) {
	if u.user {
		return "~/.config/systemd/user", "systemctl --user"
	}
	return "/etc/systemd/system", "systemctl"
}

// pair writes a service that runs jurymast with arguments, and its timer.
func (u *unitWriter) pair(name, what, args, service, timer string) {
	dir, _ := u.place()
	fmt.Fprintf(&u.b, "# %s/%s.service\n[Unit]\nDescription=%s\nWants=network-online.target\nAfter=network-online.target\n\n[Service]\nType=oneshot\n", dir, name, what)
	for _, v := range u.env {
		fmt.Fprintf(&u.b, "Environment=%s\n", systemdQuote(v))
	}
	if !u.user {
		u.b.WriteString("StateDirectory=jurymast\nStateDirectoryMode=0700\nNoNewPrivileges=yes\nProtectSystem=full\nPrivateTmp=yes\n")
	}
	fmt.Fprintf(&u.b, "ExecStart=%s %s\n%s", systemdQuote(u.exe), args, service)
	fmt.Fprintf(&u.b, "\n# %s/%s.timer\n[Unit]\nDescription=%s\n\n[Timer]\n%s\n[Install]\nWantedBy=timers.target\n\n", dir, name, what, timer)
	u.timers = append(u.timers, name+".timer")
}

func (u *unitWriter) checks(minutes int) {
	minutes = max(minutes, 1)
	// 1, 2 and 3 say how the fleet is; the unit has done its work.
	u.pair("jurymast-check", fmt.Sprintf("Look at the fleet every %d minutes", minutes), "check all --quiet --no-input --wait 1m",
		"SuccessExitStatus=1 2 3\n", fmt.Sprintf("OnCalendar=*:0/%d\nPersistent=true\nRandomizedDelaySec=15\nAccuracySec=5\n", minutes))
}

// backups writes those that have a schedule. One that another run holds up waits
// for it: its timer comes again too late for that.
func (u *unitWriter) backups(all []inventory.Backup) {
	for _, b := range all {
		if at := b.Schedule.Calendar(); at != "" {
			u.pair("jurymast-backup-"+b.Name, "Copy "+string(b.Of), "backup run "+b.Name+" --no-input --wait 1h", "", "OnCalendar="+at+"\nPersistent=true\n")
		}
	}
}

func (u *unitWriter) finish() {
	_, systemctl := u.place()
	fmt.Fprintf(&u.b, "# then: %s daemon-reload && %[1]s enable --now %s\n", systemctl, strings.Join(u.timers, " "))
}

// systemdQuote quotes a word for a unit file: percent signs are specifiers
// there, dollars are variables.
func systemdQuote(s string) string {
	s = strings.NewReplacer("%", "%%", "$", "$$", `\`, `\\`, `"`, `\"`).Replace(s)
	if strings.ContainsAny(s, " \t'") {
		return `"` + s + `"`
	}
	return s
}
