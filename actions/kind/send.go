package kind

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"jurymast/actions"
	"jurymast/inventory"
)

// What the repositories have in common that another host receives what a file
// system sends.

// sshKeyOption names the key of the line between two hosts.
var sshKeyOption = inventory.Option{Name: "ssh_key", Type: inventory.TypePath, Doc: "file of the key of ssh on the hosts whose data it takes; root's own where not said"}

// sendDestination is what a host may be called by for ssh: [USER@]HOST, with
// ssh:// ahead of it also with a port.
var sendDestination = regexp.MustCompile(`^(ssh://)?([A-Za-z0-9._][A-Za-z0-9._-]*@)?([A-Za-z0-9._:][A-Za-z0-9._:-]*|\[[0-9A-Fa-f:.]+\](:[0-9]+)?)$`)

// sendLine returns how a host reaches the one that receives, as inputs of
// btrfs-send/line.sh: by url where that is said, else as root by the address of
// the host that on names, else not at all: it is on the host itself.
func sendLine(f *inventory.Fleet, r inventory.Repository, from inventory.Ref) (map[string]string, error) {
	in := map[string]string{"DESTINATION": "", "PORT": "", "SSH_KEY": r.Options.String("ssh_key")}
	switch {
	case r.On != "" && r.On == from:
	case r.URL != "":
		if carriesPassword(r.URL) {
			return nil, fmt.Errorf("repository %s: its url holds a password, which would be journaled: use a key of ssh", r.Name)
		}
		if !sendDestination.MatchString(r.URL) {
			return nil, fmt.Errorf("repository %s: %q is not how ssh calls a host: set url = \"root@HOST\", and path", r.Name, r.URL)
		}
		in["DESTINATION"] = r.URL
	case r.On != "":
		in["DESTINATION"] = "root@" + addressOf(f, r.On)
		if t, ok := f.Target(r.On); ok && t.Reach.Port != 0 {
			in["PORT"] = strconv.Itoa(t.Reach.Port)
		}
	}
	return in, nil
}

// sentFiles are the verbs that are the same for all repositories that send, and
// whose lib.sh says common and seat.
var sentFiles = map[string]string{
	"list.sh": "btrfs-send/list.sh", "forget.sh": "btrfs-send/forget.sh", "extract.sh": "btrfs-send/extract.sh", "verify.sh": "btrfs-send/verify.sh",
}

// sendVerbs puts the scripts of a repository together that sends to a far end:
// what answers there is made of the files far.
func sendVerbs(folder string, in map[string]string, libs []string, far ...string) func(name string, ahead ...string) actions.Script {
	in["FAR"] = compound(nil, nil, far...).Body
	files := slices.Concat([]string{commonFile, "directory/lib.sh", jsonFile, "btrfs-send/line.sh"}, libs)
	return func(name string, ahead ...string) actions.Script {
		own := folder + "/" + name
		s := compound(in, nil, slices.Concat(files, ahead, []string{cmp.Or(askedFiles[name], sentFiles[name], own)})...)
		s.Name = own
		return s
	}
}
