package sshlab

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
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
	// A process may have been forking or becoming another program while it was
	// looked at: look again until nothing is left and nothing is in doubt.
	const pause, rounds, doubts = 2 * time.Millisecond, 5000, 10
	doubtful := 0
	for range rounds {
		left, doubt, err := strays(dir)
		if err != nil {
			return err
		}
		if doubt {
			doubtful++
		}
		if len(left) == 0 && (!doubt || doubtful > doubts) {
			return nil
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL) // as above
		}
		time.Sleep(pause)
	}
	return fmt.Errorf("processes with %s below %s do not end", rootVariable, dir)
}

// strays lists the living processes whose environment says that they run on a
// machine below dir. There is doubt when a process of this user shows no
// environment: it may be about to get one.
func strays(dir string) (pids []int, doubt bool, err error) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		pids, err := straysByPS(dir)
		return pids, false, err
	}
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil, false, err
	}
	for _, f := range files {
		env, err := os.ReadFile(f)
		if err != nil {
			continue // gone, or not ours
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		if err != nil || pid == os.Getpid() {
			continue
		}
		if len(env) == 0 {
			doubt = doubt || becoming(pid)
			continue
		}
		for v := range strings.SplitSeq(string(env), "\x00") {
			if root, ok := strings.CutPrefix(v, rootVariable+"="); ok && isBelow(root, dir) {
				pids = append(pids, pid)
			}
		}
	}
	return pids, doubt, nil
}

// becoming tells whether a process without environment is neither dead nor one
// of the kernel's own, which are children of process 2.
func becoming(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	// PID (NAME) STATE PPID ...: the name may hold anything (proc_pid_stat(5)).
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	return len(fields) > 1 && fields[0] != "Z" && fields[0] != "X" && fields[1] != "2" && pid != 2
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
