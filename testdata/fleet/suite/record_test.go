//go:build linux && fleet

package suite

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/actions/kind"
	"jurymast/inventory"
)

var recording = flag.Bool("record", false, "keep what real systems print, for the tests of their parsers")

// record keeps, under -record, what the script of some checks prints on a host
// now, with what the checks make of it, in testdata/recorded/KIND/NAME.txt, which
// the kind's own tests replay. Version is a line of shell that prints the tool's.
//
// The target is the one that those tests make up, so that no name of a machine
// gets in; options are lines of its table.
func (f *fleet) record(kindName, host, name, version string, checks []string, options ...string) {
	f.t.Helper()
	if !*recording {
		return
	}
	k, ok := kind.Lookup(kindName)
	if !ok {
		f.t.Fatalf("no kind %s", kindName)
	}
	target, fl := f.madeUp(k, options)
	all := k.Checks(fl, target)
	all = slices.DeleteFunc(all, func(c actions.Check) bool { return !slices.Contains(checks, c.ID) })
	if len(all) != len(checks) {
		f.t.Fatalf("%s has not all of the checks %v", kindName, checks)
	}
	script := all[0].Script
	for _, c := range all {
		if c.Script.Key() != script.Key() {
			f.t.Fatalf("%s: checks %v come from several scripts", kindName, checks)
		}
	}
	a := f.answer(host, script)
	var b strings.Builder
	fmt.Fprintf(&b, "# tool: %s on Debian %s\n# how: recorded\n", actions.Line(f.on(host, version)), strings.TrimSpace(f.on(host, "cat /etc/debian_version")))
	for _, o := range options {
		fmt.Fprintf(&b, "# toml: %s\n", o)
	}
	fmt.Fprintf(&b, "# now: %d\n", a.Now.Unix())
	if a.Exit != 0 {
		fmt.Fprintf(&b, "# exit: %d\n", a.Exit)
	}
	for _, c := range all {
		rs := c.Read(a)
		for _, r := range rs {
			if r.Item != "" {
				fmt.Fprintf(&b, "# item %s %s %s %s\n", c.ID, r.Item, r.Status, r.Line)
			} else {
				fmt.Fprintf(&b, "# expect %s %s %s\n", c.ID, r.Status, r.Line)
			}
		}
		if len(rs) == 0 {
			fmt.Fprintf(&b, "# none %s\n", c.ID)
		}
	}
	b.WriteByte('\n')
	b.Write(a.Stdout)
	path := filepath.Join("..", "..", "recorded", kindName, name+".txt")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

// madeUp is the target of the kind's own tests.
func (f *fleet) madeUp(k actions.Kind, options []string) (inventory.Target, *inventory.Fleet) {
	f.t.Helper()
	level, name := k.Levels[0], "api"
	text := "[ssh]\nsudo = true\n[node.other]\nkind = \"linux\"\n"
	if level == inventory.LevelNode {
		name = "app"
	} else {
		text += "[node.app]\nkind = \"linux\"\n"
	}
	text += fmt.Sprintf("[%s.%s]\nkind = %q\n", level, name, k.Name)
	if level != inventory.LevelNode {
		text += "on = \"app\"\n"
	}
	fl, err := inventory.Parse("record.toml", []byte(text+strings.Join(options, "\n")+"\n"), kind.Schema())
	if err != nil {
		f.t.Fatalf("%v\n%s", err, text)
	}
	t, ok := fl.Target(inventory.MakeRef(level, name))
	if !ok {
		f.t.Fatalf("no target in\n%s", text)
	}
	return *t, fl
}

// answer runs a script on a host as the login user.
func (f *fleet) answer(host string, s actions.Script) actions.Answer {
	f.t.Helper()
	text, secrets, err := s.Render()
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Minute)
	defer cancel()
	user := "ops"
	if s.Sudo {
		user = "root"
	}
	addr := ""
	if m := f.Machine(); m != nil && m.Name == host {
		addr = m.Addr.String()
	} else {
		addr = f.Node(host).Addr.String()
	}
	cmd := f.Command(ctx, "ssh", "-F", "none", "-i", f.Key(), "-o", "UserKnownHostsFile="+f.KnownHosts(), "-o", "LogLevel=ERROR", user+"@"+addr, "sh -s")
	cmd.Stdin = strings.NewReader(string(secrets) + text)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		f.t.Fatal(err)
	}
	return actions.Answer{
		Output: actions.Output{Stdout: out.Bytes(), Stderr: errs.Bytes(), Exit: cmd.ProcessState.ExitCode()}, Now: time.Now().Truncate(time.Second),
		Series: func(string, string) []actions.Point { return nil },
	}
}
