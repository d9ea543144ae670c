//go:build linux

package bed

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Joined is a bed that another process holds, for programs that are run in it.
type Joined struct{ id, dir string }

// Join finds the newest bed of this host whose process lives.
func Join() (*Joined, error) {
	cache, err := cacheDir("")
	if err != nil {
		return nil, err
	}
	dirs, err := filepath.Glob(filepath.Join(cache, "beds", "jm*", "inventory.toml"))
	if err != nil {
		return nil, err
	}
	if len(dirs) == 0 {
		return nil, errors.New("no fleet is up: go run ./testdata/fleet up")
	}
	dir := filepath.Dir(dirs[len(dirs)-1])
	return &Joined{filepath.Base(dir), dir}, nil
}

// Dir returns the bed's folder.
func (j *Joined) Dir() string { return j.dir }

// Command is a program that runs at the console's place in the network.
func (j *Joined) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	n := network{id: j.id}
	return exec.CommandContext(ctx, "nsenter", append([]string{"--net=/run/netns/" + n.space(consoleName), "--", name}, args...)...)
}

// SSH is a login on a machine of the bed as root.
func (j *Joined) SSH(ctx context.Context, name string) *exec.Cmd {
	at := name
	if known, err := os.ReadFile(filepath.Join(j.dir, "known_hosts")); err == nil {
		for line := range strings.Lines(string(known)) {
			if rest, ok := strings.CutPrefix(line, name+","); ok {
				addr, _, _ := strings.Cut(rest, " ")
				if a, err := netip.ParseAddr(addr); err == nil {
					at = a.String()
				}
			}
		}
	}
	return j.Command(ctx, "ssh", "-F", "none", "-i", filepath.Join(j.dir, "key"), "-o", "UserKnownHostsFile="+filepath.Join(j.dir, "known_hosts"),
		"-o", "LogLevel=ERROR", fmt.Sprintf("root@%s", at))
}
