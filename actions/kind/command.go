package kind

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// commandLook are the options of kind command by which a user says how it is
// looked at.
var commandLook = []inventory.Option{
	{Name: "command", Type: inventory.TypeString, Required: true, Doc: "a line of shell: \"check_disk -w 10% -c 5% /srv\""},
	{Name: "sudo", Type: inventory.TypeBool, Default: "false", Doc: "run it as root, with sudo -n"},
	{Name: "timeout", Type: inventory.TypeDuration, Default: "10s", Doc: "how long it may take"},
}

var command = actions.Kind{
	Name: "command",
	Doc:  "Any monitoring plugin: exit code, first line, performance data.",
	About: `Runs a line of shell on the host and reads it as a monitoring plugin: exit code 0 is ok, 1 warn, 2 fail, and
everything else is unknown. The first line is the result; numbers behind a | become metrics with their limits.

The plugin must be on the host: nothing is copied there. The folders in which Debian, Fedora, openSUSE and FreeBSD
keep plugins are searched after the PATH. It runs as the login user, or as root with sudo = true, with LC_ALL=C,
without standard input, and is ended after timeout.

A command that is not there (127) or may not be run (126) is unknown, as is one that was killed. Exit code 0
with no output is ok, and the line says that there was none.

Other lines of shell say how a system that has no kind of its own is copied, restored, drilled and moved. They run as
root, by themselves, and are told what they need by their environment; each of them must do no harm when it is run
twice. Without dump, the paths in data are copied, and set aside and put in place as kind files does.

What several targets have in common makes a kind of your own: [kind.NAME] holds any of these options, and inputs, which
are options of the new kind that the lines find in $MY_ and their name in capitals: inputs = { port = "80" } is $MY_PORT.`,
	Levels:  []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: commandOptions(),
	Data:    commandData,
	Move:    commandMove,
	Checks: func(_ *inventory.Fleet, t inventory.Target) []actions.Check {
		s := script("command/run.sh", map[string]string{"COMMAND": t.Options.String("command")})
		s.Sudo = t.Options.Bool("sudo")
		s = own(t.Options, s)
		limit := t.Options.Duration("timeout")
		if limit <= 0 {
			limit = 10 * time.Second
		}
		return []actions.Check{{
			ID:     "command",
			Title:  "plugin",
			Script: s,
			Limit:  limit,
			Read:   commandRead,
		}}
	},
	Unmarked: "it is a plugin's, which ends as it likes",
	Proved:   map[string]actions.Ground{"look": actions.Real, "backup": actions.Real, "restore": actions.Real, "failover": actions.Real},
}

// maxMetrics bounds the numbers of one plugin: one that prints more is no
// plugin but a dump, and would fill the store.
const maxMetrics = 64

func commandRead(a actions.Answer) []actions.Reading {
	text, metrics := pluginOutput(a.Stdout)
	r := actions.Reading{Status: actions.Unknown, Line: text, Metrics: metrics}
	said := text
	if said == "" {
		said = firstLine(a.Stderr)
	}
	if said != "" {
		said = ": " + said
	}
	switch {
	case a.Exit >= 0 && a.Exit <= 3:
		r.Status = actions.Status(a.Exit)
		if r.Line == "" {
			r.Line = strings.TrimSpace(fmt.Sprintf("no output%s (exit code %d)", said, a.Exit))
		}
	case a.Exit == 126:
		r.Line = "the command may not be run" + said
		r.Next = "make it executable for the login user, or set sudo = true"
	case a.Exit == 127:
		r.Line = "there is no such command on the host" + said
		r.Next = "install the plugin there, or write its whole path"
	case a.Exit < 0:
		r.Line = "it was ended by a signal" + said
	case a.Exit > 128 && a.Exit <= 128+64:
		r.Line = fmt.Sprintf("it was ended by signal %d%s%s", a.Exit-128, signalName(a.Exit-128), said)
	default:
		r.Line = fmt.Sprintf("exit code %d means nothing for a plugin%s", a.Exit, said)
	}
	r.Line = actions.Line(r.Line)
	return []actions.Reading{r}
}

// signalName names the signals whose numbers are the same on every system.
func signalName(n int) string {
	return map[int]string{1: " (HUP)", 2: " (INT)", 3: " (QUIT)", 6: " (ABRT)", 8: " (FPE)", 9: " (KILL)", 11: " (SEGV)", 13: " (PIPE)", 14: " (ALRM)", 15: " (TERM)"}[n]
}

func firstLine(b []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(b), []byte("\n"))
	return actions.Line(string(line))
}

// pluginOutput reads what a plugin printed (Monitoring Plugins developer
// guidelines, and the long form of Nagios 3): text | numbers on the first line;
// then lines of text for people; behind the first | in those, numbers to the
// end.
func pluginOutput(out []byte) (text string, metrics []actions.Metric) {
	first, rest, _ := strings.Cut(strings.TrimLeft(string(out), "\r\n"), "\n")
	text, numbers, _ := strings.Cut(first, "|")
	if _, more, ok := strings.Cut(rest, "|"); ok {
		numbers += " " + strings.ReplaceAll(more, "\n", " ")
	}
	return actions.Line(text), perfdata(numbers)
}
