//go:build unix

package inventory

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// tooOpen says why a file or folder could be changed by somebody else than
// root and the user, "" if it could not.
func tooOpen(path string, info fs.FileInfo, sticky bool) (why, hint string) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return fmt.Sprintf("it belongs to user %d, not to you or root", st.Uid), fmt.Sprintf("chown %d %s", os.Geteuid(), path)
	}
	if info.Mode().Perm()&0o022 == 0 || sticky {
		return "", ""
	}
	who := "its group can write it"
	if info.Mode().Perm()&0o002 != 0 {
		who = "everybody can write it"
	}
	return who, "chmod go-w " + path
}
