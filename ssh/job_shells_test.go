package ssh

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestJobUnderEveryShell starts, reads, stops and forgets jobs with every shell
// that a host may have for sh, also where the system has no setsid.
func TestJobUnderEveryShell(t *testing.T) {
	setsid, err := exec.LookPath("setsid")
	if err != nil {
		t.Fatal(err)
	}
	for _, shell := range [][]string{{"dash"}, {"busybox", "sh"}, {"bash", "--posix"}} {
		t.Run(shell[0], func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			boot(t, root, "boot-1")
			// The job is run by /bin/sh on a host, and by this shell here.
			text := "#!/bin/sh\nshift\nexec " + setsid + " " + strings.Join(shell, " ") + " \"$@\"\n"
			if err := os.WriteFile(filepath.Join(root, "setsid"), []byte(text), 0o700); err != nil {
				t.Fatal(err)
			}
			do := func(do, id, inputs string) string {
				t.Helper()
				text := fmt.Sprintf("%sJM_DO=%s JM_ID=%s\n%s\n%s", killScript, do, id, inputs, jobScript)
				c := exec.CommandContext(t.Context(), shell[0], append(shell[1:], "-c", text)...)
				c.Env = []string{"PATH=" + root + ":" + os.Getenv("PATH"), "JURYMAST_ROOT=" + root, "HOME=" + root, "XDG_STATE_HOME=" + root + "/state", "LC_ALL=C"}
				out, err := c.CombinedOutput()
				if err != nil {
					t.Errorf("%s %s: %v", do, id, err)
				}
				return string(out)
			}
			start := func(id, stay, job string) string {
				t.Helper()
				supervise := strings.ReplaceAll(superviseScript, "/bin/sh -s", strings.Join(shell, " ")+" -s")
				return do("start", id, "JM_STAY="+stay+" JM_OUT=0 JM_ERR=0 JM_MOST=1000 JM_SUPERVISE="+quote(killScript+supervise)+
					" JM_JOB="+quote("eval "+quote("{ echo began >\"$JM_DIR/began\"\n"+job+"\n}")+" </dev/null"))
			}
			sees := func(got, want string) {
				t.Helper()
				a, rest, err := parseAnswer([]byte(got))
				if err != nil {
					t.Errorf("%v: %q", err, got)
					return
				}
				if s := fmt.Sprintf("%s %s %d %q", a.word, a.status.State, a.status.Exit, rest); s != want {
					t.Errorf("%s, want %s", s, want)
				}
			}
			sees(start("short", "10000", "echo out; exit 5"), `started ended 5 "out\n"`)
			sees(start("short", "10000", "echo again"), `found ended 5 "out\n"`)
			sees(start("daemon", "0", "sleep 30 & exit 3"), `started running 0 ""`)
			sees(do("read", "daemon", "JM_OUT=0 JM_ERR=0 JM_MOST=1000 JM_WAIT=60"), ` ended 3 ""`)
			sees(start("long", "0", "sleep 1000"), `started running 0 ""`)
			if out := do("forget", "", "JM_IDS='short long none'"); out != "kept long\n" {
				t.Errorf("forget: %q", out)
			}
			sees(do("status", "short", ""), ` absent 0 ""`)
			sees(do("stop", "long", "JM_GRACE=5"), ` ended 143 ""`)
			sees(do("stop", "daemon", "JM_GRACE=5"), ` ended 3 ""`)
			sees(start("many", "60000", "dd if=/dev/zero bs=1 count=3000 2>/dev/null | tr '\\0' x"), `started ended 0 "`+strings.Repeat("x", 1000)+`"`)
		})
	}
}
