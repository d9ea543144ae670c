//go:build linux && fleet

package suite

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestCopySnapshotKilled kills what copies from a snapshot, and who had it begun.
func TestCopySnapshotKilled(t *testing.T) {
	ofVolumes(t)
	f := snapshotFleet(t)
	const waits = `echo 'echo $$ >/run/waits; exec sleep 600' >/run/meanwhile; rm -f /run/waits`
	begin := func(f *fleet, name string) (kill func(), ended <-chan struct{}) {
		f.t.Helper()
		f.on("vm", waits)
		ctx, cancel := context.WithTimeout(f.t.Context(), 4*time.Minute)
		f.t.Cleanup(cancel)
		cmd := f.command(ctx, "backup", "run", name)
		f.must(cmd.Start())
		over := make(chan struct{})
		go func() { defer close(over); _ = cmd.Wait() }() // what came of it is read from its runs
		f.on("vm", "n=0; until [ -s /run/waits ]; do n=$((n+1)); [ $n -lt 600 ]; sleep 0.1; done")
		if left := f.on("vm", snapshotsLeft); !strings.Contains(left, "jurymast."+name) {
			f.t.Fatalf("while it copies there is no snapshot:\n%s", left)
		}
		return func() { f.must(syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)) }, over
	}
	// The copying is a job of the host, whose process group is killed.
	const killJob = `set -e; kill -s KILL -- -$(ps -o pgid= -p "$(cat /run/waits)" | tr -d ' '); rm -f /run/meanwhile`
	for _, name := range []string{"ext", "btr"} {
		f.part("the copying of "+name+" is killed", func(f *fleet) {
			_, ended := begin(f, name)
			f.on("vm", killJob)
			<-ended
			f.nothingLeft() // whether it was begun anew, with a snapshot of its own, or has failed
			f.ok("backup", "run", name)
		})
	}
	f.part("the controller is killed, and then the copying", func(f *fleet) {
		before := f.lastRun()
		kill, ended := begin(f, "ext")
		kill()
		<-ended
		f.on("vm", killJob)
		f.t.Log(f.after("killed", before, ""))
		f.nothingLeft()
		f.ok("backup", "run", "ext")
		f.nothingLeft()
	})
}
