package sshlab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// endProcesses kills every process of the machines: their process groups, and
// those that left them, which are known by JURYMAST_ROOT in their environment.
func endProcesses(dir string, machines []*Machine) error {
	ran := false
	for _, m := range machines {
		m.mu.Lock()
		ran = ran || m.ran
		for pid := range m.procs {
			_ = syscall.Kill(-pid, syscall.SIGKILL) // it may have ended
		}
		m.mu.Unlock()
	}
	if !ran {
		return nil
	}
	// A process may have been forking while it was killed: look again until
	// none is left. Each round ends all that it found, so few are needed.
	const rounds = 50
	for range rounds {
		left, err := strays(dir)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			return nil
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL) // as above
		}
	}
	return fmt.Errorf("processes with JURYMAST_ROOT below %s do not end", dir)
}

// strays lists the living processes whose environment says that they run on a
// machine below dir.
func strays(dir string) ([]int, error) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		return straysByPS(dir)
	}
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, f := range files {
		env, err := os.ReadFile(f)
		if err != nil {
			continue // gone, or not ours
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		if err != nil || pid == os.Getpid() {
			continue
		}
		for v := range strings.SplitSeq(string(env), "\x00") {
			if root, ok := strings.CutPrefix(v, rootVariable+"="); ok && isBelow(root, dir) {
				pids = append(pids, pid)
			}
		}
	}
	return pids, nil
}

// isBelow tells whether root is dir or in it.
func isBelow(root, dir string) bool { return root == dir || strings.HasPrefix(root, dir+"/") }

// straysByPS is for systems without /proc. ps shows environments with -E
// (macOS, ps(1)), those of the user's own programs.
func straysByPS(dir string) ([]int, error) {
	out, err := exec.Command("ps", "-axEww", "-o", "pid=,command=").Output()
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var pids []int
	for line := range strings.Lines(string(out)) {
		_, rest, ok := strings.Cut(line, " "+rootVariable+"=")
		if !ok || !strings.HasPrefix(rest, dir) || strings.IndexAny(rest[len(dir):]+"\n", "/ \n") != 0 {
			continue
		}
		pid, err := strconv.Atoi(strings.Fields(line)[0])
		if err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
