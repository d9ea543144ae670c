//go:build linux

package bed

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// tools are what a bed calls, with the Debian package that has it.
var tools = [][2]string{
	{"systemd-nspawn", "systemd-container"},
	{"mmdebstrap", "mmdebstrap"},
	{"ip", "iproute2"},
	{"nft", "nftables"},
	{"nsenter", "util-linux"},
	{"mke2fs", "e2fsprogs"},
	{"qemu-system-x86_64", "qemu-system-x86"},
	{"qemu-img", "qemu-utils"},
	{"iasl", "acpica-tools"},
}

// Missing says in one line why no bed can be made here, "" if one can.
func Missing() string {
	if os.Getuid() != 0 {
		return "the real fleet needs root, for network namespaces and containers"
	}
	var names, packages []string
	for _, t := range tools {
		if _, err := exec.LookPath(t[0]); err != nil {
			names, packages = append(names, t[0]), append(packages, t[1])
		}
	}
	if len(names) > 0 {
		return fmt.Sprintf("the real fleet needs %s (apt install %s)", strings.Join(names, ", "), strings.Join(packages, " "))
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		return "the real fleet needs /dev/net/tun: " + err.Error()
	}
	return ""
}
