package kind

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// runScript runs a check's script as a looker does, under a shell of this
// machine.
func runScript(t *testing.T, c actions.Check, shell ...string) actions.Answer {
	t.Helper()
	text, _, err := c.Script.Render()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), shell[0], append(shell[1:], "-s")...)
	cmd.Stdin = strings.NewReader(text)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return actions.Answer{Now: time.Now(), Output: actions.Output{
		Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), Exit: cmd.ProcessState.ExitCode(), Took: time.Since(start)}}
}

func TestHostOnThisMachine(t *testing.T) {
	eachShell(t, func(t *testing.T, shell ...string) {
		for _, c := range host.Checks(nil, withDefaults(host, nil)) {
			rs := c.Read(runScript(t, c, shell...))
			if len(rs) != 1 || rs[0].Status == actions.Unknown || strings.Contains(rs[0].Line, "does not say") {
				t.Errorf("%s: %+v", c.ID, rs)
			}
		}
	})
}

func TestCommandUnderShells(t *testing.T) {
	tests := []struct {
		command string
		status  actions.Status
		line    string
	}{
		{`echo "it's" "$HOME" >/dev/null; echo 'fine | a=1'`, actions.OK, "fine"},
		{"exit 2", actions.Fail, "no output (exit code 2)"},
		{"cat; echo read", actions.OK, "read"}, // nothing of the script comes to it
		{"no-such-plugin -w 1", actions.Unknown, "there is no such command"},
		{"kill -9 $$", actions.Unknown, "signal 9 (KILL)"},
		{"/etc/passwd", actions.Unknown, "may not be run"},
	}
	eachShell(t, func(t *testing.T, shell ...string) {
		for _, tt := range tests {
			target := withDefaults(command, inventory.Options{"command": tt.command})
			c := command.Checks(nil, target)[0]
			r := c.Read(runScript(t, c, shell...))[0]
			if r.Status != tt.status || !strings.Contains(r.Line, tt.line) {
				t.Errorf("%q: got %v %q, want %v %q", tt.command, r.Status, r.Line, tt.status, tt.line)
			}
		}
	})
}
