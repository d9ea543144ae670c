package kind

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// commandLines are the options of kind command by which a user says how the
// data of a system is copied and how it moves.
var commandLines = []inventory.Option{
	{Name: "dump", Type: inventory.TypeString, Doc: "a line of shell that writes the data into the folder $STAGE, which is copied"},
	{Name: "restore", Type: inventory.TypeString, Doc: "a line of shell that puts what lies in $FROM in place, and sets aside what is there by the suffix $ASIDE"},
	{Name: "undo_restore", Type: inventory.TypeString, Doc: "a line of shell that undoes restore, run twice as well"},
	{Name: "hold", Type: inventory.TypeString, Doc: "a line of shell that keeps the data still while it is copied"},
	{Name: "release", Type: inventory.TypeString, Doc: "a line of shell that undoes hold, run twice as well"},
	{Name: "stop", Type: inventory.TypeString, Doc: "a line of shell that stops it"},
	{Name: "start", Type: inventory.TypeString, Doc: "a line of shell that starts it"},
	{Name: "active", Type: inventory.TypeString, Doc: "a line of shell that ends with 0 when it runs on the host, and with 1 when not"},
	{Name: "try", Type: inventory.TypeString, Doc: "a line of shell that brings up what lies in $FROM beside the live data, at $PORT, and ends with 0 when it is right"},
	{Name: "clear", Type: inventory.TypeString, Doc: "a line of shell that removes what try has left"},
	proveOption,
}

// commandPairs are lines that cannot do without another.
var commandPairs = [][2]string{
	{"hold", "release"}, {"stop", "start"}, {"try", "clear"}, {"restore", "undo_restore"},
}

// commandScript returns a script of the kind with the user's lines as inputs.
func commandScript(o inventory.Options, in map[string]string, name string) *actions.Script {
	s := own(o, compound(in, nil, filesLib, "command/lines.sh", "command/"+name))
	return &s
}

// commandData is the data of a target as the user's lines copy it: folders of
// the inventory, or what dump writes.
func commandData(f *inventory.Fleet, t inventory.Target) (actions.Data, error) {
	for _, p := range commandPairs {
		if t.Options.String(p[0]) != "" && t.Options.String(p[1]) == "" {
			return actions.Data{}, fmt.Errorf("it says how to %s and not how to %s: set %s", p[0], p[1], p[1])
		}
	}
	roots, why := dataRoots(f, t)
	dump := t.Options.String("dump")
	if len(roots) == 0 && dump == "" && t.Options.String("stop") == "" {
		return actions.Data{}, errors.New(why + ", or say how to dump it")
	}
	line := func(name string) *actions.Script {
		text := t.Options.String(name)
		if text == "" {
			return nil
		}
		return commandScript(t.Options, map[string]string{"WHAT": name, "LINE": text}, "do.sh")
	}
	d := filesData(roots, why, t)
	if dump != "" {
		d.Paths, d.Scratch = nil, ""
		d.Dump = commandScript(t.Options, map[string]string{"LINE": dump}, "dump.sh")
		d.Survey = *commandScript(t.Options, map[string]string{"SCRATCH": path.Join("/var/lib/jurymast", "stage")}, "survey.sh")
		d.Put, d.Back, d.Prove = nil, nil, nil
	}
	if s := line("restore"); s != nil {
		d.Put, d.Back = s, line("undo_restore")
	}
	d.Hold, d.Free, d.Stop, d.Start = line("hold"), line("release"), line("stop"), line("start")
	if d.Hold != nil {
		d.HoldText = "hold it: " + actions.Line(t.Options.String("hold"))
	}
	if p := t.Options.String("prove"); p != "" {
		d.Prove = commandScript(t.Options, map[string]string{"LINE": p, "LEVEL": "answered"}, "prove.sh")
	}
	if p := t.Options.String("try"); p != "" {
		d.Try, d.Clear = commandScript(t.Options, map[string]string{"LINE": p, "LEVEL": "answered"}, "prove.sh"), line("clear")
	}
	return d, nil
}

// commandMove moves a target by the user's lines.
func commandMove(f *inventory.Fleet, t inventory.Target) (actions.Move, error) {
	in := map[string]string{"TARGET": strings.ReplaceAll(string(t.Ref), "/", "-")}
	for _, name := range []string{"stop", "start", "active", "prove"} {
		text := t.Options.String(name)
		if text == "" {
			return actions.Move{}, fmt.Errorf("it is not said how to move it: set %s (stop, start, active and prove are needed)", name)
		}
		in[strings.ToUpper(name)] = text
	}
	m, err := moveScripts(f, t, "command", in, "command/lines.sh")
	if err != nil {
		return m, err
	}
	if t.Options.String("dump") != "" {
		m.Shape = shapeRestore
	}
	m.Floor = time.Second
	return ownMove(t.Options, m), nil
}

// commandOptions are all options of kind command.
func commandOptions() []inventory.Option { return slices.Concat(commandLook, commandLines) }
