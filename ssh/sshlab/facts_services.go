package sshlab

import (
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// storage writes file systems and drives.
func (f *Linux) storage(t tree) {
	var mounts, df strings.Builder
	for _, d := range f.Disks {
		how := "rw"
		if d.ReadOnly {
			how = "ro"
		}
		fmt.Fprintf(&mounts, "%s %s %s %s,relatime 0 0\n", d.Device, escape(d.Mount), d.FSType, how)
		// The root's reserve of ext4 (5 %, mke2fs(8)) is in neither used nor available.
		reserve := int64(0)
		if strings.HasPrefix(d.FSType, "ext") {
			reserve = d.Size / 20
		}
		free := max(d.Size-d.Used-reserve, 0)
		fmt.Fprintf(&df, "%s %s %d %d %d %d %d %s\n", d.Device, d.FSType, d.Size/kib, d.Used/kib, free/kib, d.Inodes, d.InodesUsed, d.Mount)
	}
	for _, d := range f.Mounts {
		options := d.Options
		if options == "" {
			options = "rw,relatime"
		}
		fmt.Fprintf(&mounts, "%s %s %s %s 0 0\n", escape(d.Device), escape(d.Mount), d.FSType, options)
		fmt.Fprintf(&df, "%s %s %d %d %d 0 0 %s\n", d.Device, d.FSType, 1<<30, 1<<28, 1<<29, d.Mount)
	}
	mounts.WriteString("proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n" +
		"sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0\n" +
		"tmpfs /run tmpfs rw,nosuid,nodev,size=810000k,mode=755 0 0\n")
	fmt.Fprintf(&df, "tmpfs tmpfs 810000 1200 808800 1000000 700 /run\n")
	if !f.freebsd() {
		t["proc/mounts"] = mounts.String()
		t["proc/self/mounts"] = mounts.String()
	}
	t["lab/df"] = df.String()
	for _, d := range f.SMART {
		name := path.Base(d.Device)
		t.add("sys/block/"+name+"/device/model", "%s\n", d.Model)
		t.add("lab/smart/"+name, "device=%s\nmodel=%s\npassed=%t\ncelsius=%.0f\npending=%d\nexit=%d\n", d.Device, d.Model, !d.Failing, d.Celsius, d.Pending, d.exit())
	}
}

// escape writes a path as /proc/mounts does (getmntent(3)).
func escape(s string) string {
	return strings.NewReplacer(`\`, `\134`, " ", `\040`, "\t", `\011`, "\n", `\012`).Replace(s)
}

// exit is smartctl's exit status (smartctl(8), EXIT STATUS): bit 3 is a disk
// that says itself it is failing.
func (d *Drive) exit() int {
	if d.Failing {
		return d.Exit | 8
	}
	return d.Exit
}

// services writes units and containers.
func (f *Linux) services(t tree) {
	if !f.withoutSystemd() {
		t["run/systemd/system/.keep"] = ""
	}
	for _, u := range f.Units {
		t["lab/units/"+strings.ReplaceAll(u.Name, "/", "_")] = u.text(f.Uptime)
	}
	state := "up"
	if f.DockerDown {
		state = "down"
	}
	if f.hasDocker() {
		t["lab/docker"] = state + "\n"
		t["lab/registry"] = strings.Join(f.Registry, "\n") + "\n"
	}
	all := f.Containers
	if f.Mailcow != nil {
		all = append(slices.Clone(all), f.Mailcow.containers()...)
	}
	for i, c := range all {
		t["lab/containers/"+c.Name] = c.text(i)
		c.Inside.write(t, "lab/inside/"+c.Name+"/")
	}
}

func (f *Linux) hasDocker() bool {
	return f.Docker || f.DockerDown || f.Swarm != nil || f.Mailcow != nil || len(f.Containers) > 0
}

// text is the unit's file: what systemctl show tells, in its order.
func (u Unit) text(uptime time.Duration) string {
	if !strings.Contains(u.Name, ".") {
		u.Name += ".service"
	}
	set(&u.Active, "active")
	if u.Sub == "" {
		u.Sub = map[string]string{"active": "running", "failed": "failed", "inactive": "dead", "activating": "auto-restart"}[u.Active]
	}
	set(&u.Sub, "dead")
	set(&u.Description, strings.TrimSuffix(u.Name, path.Ext(u.Name)))
	if u.Result == "" {
		u.Result = "success"
		if u.Active == "failed" {
			u.Result = "exit-code"
			set(&u.ExitStatus, 1)
		}
	}
	if u.Since.IsZero() {
		u.Since = time.Now().Add(-uptime).Add(20 * time.Second)
	}
	pid, code := 0, "0"
	if u.Sub == "running" {
		pid = 1000 + len(u.Name)
	}
	if u.ExitStatus != 0 {
		code = "1" // CLD_EXITED
	}
	since := max(u.Since.Sub(time.Now().Add(-uptime)), 0).Microseconds()
	rows := []string{
		"Type=simple", "Restart=on-failure", fmt.Sprintf("MainPID=%d", pid), "Result=" + u.Result, fmt.Sprintf("NRestarts=%d", u.Restarts),
		"ExecMainCode=" + code, fmt.Sprintf("ExecMainStatus=%d", u.ExitStatus), "MemoryCurrent=[not set]",
		"Id=" + u.Name, "Names=" + u.Name, "Description=" + u.Description,
		"LoadState=loaded", "ActiveState=" + u.Active, "SubState=" + u.Sub, "FragmentPath=/lib/systemd/system/" + u.Name, "UnitFileState=enabled",
		fmt.Sprintf("StateChangeTimestamp=@%d", u.Since.Unix()), fmt.Sprintf("StateChangeTimestampMonotonic=%d", since),
		fmt.Sprintf("ActiveEnterTimestamp=@%d", u.Since.Unix()), fmt.Sprintf("ActiveEnterTimestampMonotonic=%d", since),
		fmt.Sprintf("InactiveEnterTimestamp=@%d", u.Since.Unix()), "NeedDaemonReload=no",
	}
	for _, key := range slices.Sorted(maps.Keys(u.Properties)) {
		row := key + "=" + u.Properties[key]
		if i := slices.IndexFunc(rows, func(r string) bool { return strings.HasPrefix(r, key+"=") }); i >= 0 {
			rows[i] = row
		} else {
			rows = append(rows, row)
		}
	}
	return strings.Join(rows, "\n") + "\n"
}

// text is the container's file, by the names of docker inspect.
func (c Container) text(i int) string {
	set(&c.State, "running")
	set(&c.Image, "lab/image:1")
	if c.Started.IsZero() {
		c.Started = time.Now().Add(-41 * 24 * time.Hour)
	}
	finished := "0001-01-01T00:00:00Z"
	status := "Up 5 weeks"
	switch c.State {
	case "running":
		if c.Health != "" {
			status += map[string]string{"starting": " (health: starting)"}[c.Health]
			if c.Health != "starting" {
				status += " (" + c.Health + ")"
			}
		}
	case "paused":
		status += " (Paused)"
	case "restarting":
		status = fmt.Sprintf("Restarting (%d) 4 seconds ago", c.ExitCode)
	case "created":
		status = "Created"
	default:
		status = fmt.Sprintf("Exited (%d) 5 minutes ago", c.ExitCode)
		finished = time.Now().Add(-5 * time.Minute).UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprintf(`Id=%064x
Name=%s
Image=%s
ImageID=%s
State.Status=%s
Status=%s
State.Running=%t
State.Paused=%t
State.Restarting=%t
State.OOMKilled=%t
State.Dead=%t
State.ExitCode=%d
State.Error=%s
State.StartedAt=%s
State.FinishedAt=%s
State.Health.Status=%s
RestartCount=%d
Project=%s
Service=%s
Created=%s
`, 0x5effdbdf0b9f+i, c.Name, c.Image, imageID(c.Image), c.State, status, c.State == "running" || c.State == "paused" || c.State == "restarting", c.State == "paused", c.State == "restarting",
		c.OOMKilled, c.State == "dead", c.ExitCode, c.Error, c.Started.UTC().Format(time.RFC3339Nano), finished, c.Health, c.Restarts, c.Project, c.Service,
		c.Started.UTC().Format(time.RFC3339Nano))
}

// imageID is the id of an image; tool/docker-images.sh reckons the same. It is
// made of the name's own letters, so that no two names share one.
func imageID(name string) string {
	h := hex.EncodeToString([]byte(name))
	return "sha256:" + (h + strings.Repeat("0", 64))[:64]
}
