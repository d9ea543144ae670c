package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"jurymast/actions/engine"
)

func (a *app) unitsCommand() *cobra.Command {
	var every string
	var user bool
	print := a.command(&cobra.Command{
		Use:   "print",
		Short: "Print a systemd service and timer for regular checks",
		Long: `Print a systemd service and timer that look at the fleet regularly. A timer is
better than cron: with Persistent=true a look that was missed while the machine
was off is made up for, and a slow look is never started twice.`,
		Example: "  jurymast units print\n  jurymast units print --every 2m --user",
		Args:    args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
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
			p := a.paths()
			_, err = fmt.Fprint(a.out, units(exe, p, int(d.Minutes()), user))
			return err
		},
	}, "0", "64")
	f := print.Flags()
	f.StringVar(&every, "every", "5m", "how often, in whole minutes")
	f.BoolVar(&user, "user", false, "units of a user, not of the system")
	return a.group(&cobra.Command{Use: "units", Short: "Print systemd units", Example: "  jurymast units print"}, print)
}

// units writes the files one after the other, each under a comment that says
// where it goes.
func units(exe string, p engine.Paths, minutes int, user bool) string {
	dir, reload := "/etc/systemd/system", "systemctl"
	if user {
		dir, reload = "~/.config/systemd/user", "systemctl --user"
	}
	minutes = max(minutes, 1)
	var b strings.Builder
	fmt.Fprintf(&b, "# %s/jurymast-check.service\n[Unit]\nDescription=Look at the fleet\nWants=network-online.target\nAfter=network-online.target\n\n[Service]\nType=oneshot\n", dir)
	if p.Inventory != "" {
		fmt.Fprintf(&b, "Environment=%s\n", systemdQuote("JURYMAST_INVENTORY="+p.Inventory))
	}
	if !user {
		b.WriteString("StateDirectory=jurymast\nStateDirectoryMode=0700\nNoNewPrivileges=yes\nProtectSystem=full\nPrivateTmp=yes\n")
	}
	fmt.Fprintf(&b, "ExecStart=%s check all --quiet --no-input --wait 1m\n", systemdQuote(exe))
	// 1, 2 and 3 say how the fleet is; the unit has done its work.
	b.WriteString("SuccessExitStatus=1 2 3\n")
	fmt.Fprintf(&b, "\n# %s/jurymast-check.timer\n[Unit]\nDescription=Look at the fleet every %d minutes\n\n[Timer]\nOnCalendar=*:0/%d\nPersistent=true\nRandomizedDelaySec=15\nAccuracySec=5\n\n[Install]\nWantedBy=timers.target\n", dir, minutes, minutes)
	fmt.Fprintf(&b, "\n# then: %s daemon-reload && %s enable --now jurymast-check.timer\n", reload, reload)
	return b.String()
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
