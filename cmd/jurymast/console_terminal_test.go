package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// inAShell opens the console again and again, as a shell would, and says how
// each ended and whether the terminal was as it had been. DIR stands for a
// folder of the test's own.
const inAShell = `
DIR=$(dirname "$PIDFILE"); export DIR
sed "s|DIR|$DIR|g" >>"$JURYMAST_INVENTORY" <<"EOF"
[playbook.abort]
title = "a gate on the way back"
[[playbook.abort.step]]
title = "the first"
on = "home1"
run = "echo one >>DIR/did"
undo = "echo not-one >>DIR/did"
[[playbook.abort.step]]
title = "the gate"
on = "home1"
run = "echo at the gate; while [ -d DIR ] && ! [ -e DIR/go ]; do sleep 0.1; done; echo two >>DIR/did"
undo = "echo not-two >>DIR/did"
[[playbook.abort.step]]
title = "the last"
on = "home1"
run = "echo three >>DIR/did"
[playbook.past]
title = "a gate past the point of no return"
[[playbook.past.step]]
title = "the first"
on = "home1"
run = "echo one >>DIR/did"
no_return = true
[[playbook.past.step]]
title = "the gate"
on = "home1"
run = "echo at the gate; while [ -d DIR ] && ! [ -e DIR/go ]; do sleep 0.1; done; echo two >>DIR/did"
[[playbook.past.step]]
title = "the last"
on = "home1"
run = "echo three >>DIR/did"
EOF
before=$(stty -g)
while :; do
	sh -c 'echo $$ >"$PIDFILE"; exec jurymast'
	code=$?
	after=$(stty -g)
	# Of one that ended without a word, its keeper hears when we do.
	case $code in 2 | 137) until after=$(stty -g); [ "$before" = "$after" ]; do sleep 0.1; done ;; esac
	if [ "$before" = "$after" ]; then whole=whole; else whole=broken; stty "$before"; fi
	printf 'ended %s, terminal %s\n' "$code" "$whole"
	read -r _ || exit 1
	clear
done
`

// up waits until the console is there and knows the fleet, well or slow.
func (p *pane) up() *pane { p.t.Helper(); return p.sees("Services 24") }

// again opens the console after it has ended.
func (p *pane) again() *pane { p.t.Helper(); return p.press("Enter").up() }

// home goes to the page of home1.
func (p *pane) home() *pane { p.t.Helper(); return p.does("show home1").sees("Nodes > home1") }

// row is what the row begins with that the cursor is on: its mark and its name.
func (p *pane) row() string {
	p.t.Helper()
	for line := range strings.Lines(p.screen()) {
		if words := strings.Fields(line); len(words) > 2 && words[0] == "▸" {
			return strings.Join(words[:3], " ")
		}
	}
	p.t.Fatalf("no row is chosen; the screen is\n%s", p.screen())
	return ""
}

// open lets runs through the gate; shut holds the next one there.
func (p *pane) open() *pane {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, "go"), nil, 0o600); err != nil {
		p.t.Fatal(err)
	}
	return p
}

func (p *pane) shut() *pane {
	p.t.Helper()
	for _, name := range []string{"go", "did"} {
		if err := os.Remove(filepath.Join(p.dir, name)); err != nil && !os.IsNotExist(err) {
			p.t.Fatal(err)
		}
	}
	return p
}

// did is what the steps of the newest run did, in their order.
func (p *pane) did() string {
	b, err := os.ReadFile(filepath.Join(p.dir, "did"))
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(b)), " ")
}

// begin plans a playbook, confirms it, and waits until it is at its gate.
func (p *pane) begin(book string) *pane {
	p.t.Helper()
	p.shut().press("1").sees("Problems").does("plan " + book).sees("Plans > " + book + " > plan").press("x").sees("enter run (only when it matches)")
	return p.types(book).sees("it matches: enter runs it").press("Enter").sees("RUNNING").sees("at the gate")
}

// ask opens the question how to stop and goes down so many outcomes.
func (p *pane) ask(question string, downs int) *pane {
	p.t.Helper()
	p.press("x").sees(question).sees("j/k")
	for range downs {
		p.press("j")
	}
	return p
}

// TestARunIsStopped goes through the four outcomes of a stop, before the point
// of no return and past it, on real runs, and through what may be done with a
// run that stands still.
func TestARunIsStopped(t *testing.T) {
	t.Parallel()
	p := openPane(t, inAShell).up()
	for _, x := range []struct {
		name, book string
		downs      int
		open       string // when the gate opens: "after" the choice, or "" never
		sees       string
		then       int // of what may be done with a run that stands still, 0 nothing
		ends, did  string
	}{
		{"keep running", "abort", 0, "after", "", 0, "DONE", "one two three"},
		{"wait, and go on", "abort", 1, "after", "STOPPED", 1, "DONE", "one two three"},
		{"undo", "abort", 2, "after", "", 0, "UNDONE", "one two not-two not-one"},
		{"kill, and take back", "abort", 3, "", "STOPPED", 2, "UNDONE", "one not-two not-one"},
		{"past it: keep running", "past", 0, "after", "", 0, "DONE", "one two three"},
		{"past it: wait, and let go", "past", 1, "after", "STOPPED", 3, "CLOSED", "one two"},
		{"past it: no undo", "past", 2, "after", "past the point of no return", 0, "DONE", "one two three"},
		{"past it: kill, and go on", "past", 3, "", "STOPPED", 1, "DONE", "one two three"},
	} {
		t.Log(x.name)
		p.begin(x.book).ask("Stop run ", x.downs).press("Enter")
		if x.book == "past" && x.downs == 2 {
			p.sees(x.sees).press("Escape")
		}
		p.gone("Stop run ")
		if x.open != "" {
			p.open()
		}
		if x.then > 0 {
			p.sees(x.sees).ask("stands still", x.then).press("Enter")
			if p.open(); x.then == 3 {
				p.sees("let go of run").types("seen to by hand").press("Enter")
			}
		}
		p.sees(x.ends)
		if got := p.did(); got != x.did {
			t.Errorf("%s: the steps did %q, want %q", x.name, got, x.did)
		}
	}
}

// TestARunOutlivesTheConsole ends the console in every way while a run is at its
// gate. The run goes on, and the next console offers it.
func TestARunOutlivesTheConsole(t *testing.T) {
	t.Parallel()
	p := openPane(t, inAShell).up()
	for _, x := range []struct {
		name string
		end  func()
		sees string
	}{
		{"q", func() { p.press("q").sees("goes on by itself").press("q") }, "ended 0, terminal whole"},
		{"hangup", func() { p.signal(syscall.SIGHUP) }, "ended 129, terminal whole"},
		{"terminated", func() { p.signal(syscall.SIGTERM) }, "ended 143, terminal whole"},
		{"killed", func() { p.signal(syscall.SIGKILL).sees("the console was killed") }, "ended 137, terminal whole"},
	} {
		t.Log(x.name)
		p.begin("past")
		x.end()
		p.sees(x.sees).again().sees("run active").press("0").sees("RUNNING").sees("at the gate").open().sees("DONE")
		if got := p.did(); got != "one two three" {
			t.Errorf("%s: the steps did %q", x.name, got)
		}
	}
}

// TestTheTerminalIsWholeAfterEveryState ends the console in every state by a
// signal, and by keys.
func TestTheTerminalIsWholeAfterEveryState(t *testing.T) {
	t.Parallel()
	p := openPane(t, inAShell).up()
	term, hup := syscall.SIGTERM, syscall.SIGHUP
	for _, x := range []struct {
		name string
		to   func()
		by   syscall.Signal
	}{
		{"list, filtered", func() { p.press("2").sees("Nodes 10").types("/home").sees("/ home_") }, hup},
		{"detail", func() { p.press("2").sees("Nodes 10").press("Enter").sees("Checks") }, term},
		{"help", func() { p.press("?").sees("Keys on Overview") }, hup},
		{"palette", func() { p.press(":").sees("tab complete") }, term},
		{"menu", func() { p.press("a").sees("open detail") }, hup},
		{"prompt", func() { p.press("m").sees("acknowledge for 1h").press("Enter").sees("reason:") }, term},
		{"plan", func() { p.does("plan abort").sees("This is a plan") }, hup},
		{"question", func() { p.does("plan abort").sees("This is a plan").press("x").sees("Type  abort") }, term},
		{"history", func() { p.press("8").sees("Changes a day") }, hup},
		{"mouse", func() { p.does("mouse on").gone("tab complete") }, term},
	} {
		x.to()
		p.signal(x.by).sees(map[syscall.Signal]string{term: "ended 143, terminal whole", hup: "ended 129, terminal whole"}[x.by])
		if t.Failed() {
			t.Fatal(x.name)
		}
		p.again()
	}
	p.press("C-c").sees("ended 0, terminal whole").again().press("q").sees("ended 0, terminal whole")
}

// TestShellEditorAndReport goes through what gives the terminal away, and to the
// report of a run.
func TestShellEditorAndReport(t *testing.T) {
	t.Parallel()
	p := openPane(t, inAShell).up().home().press("e").says("the editor ended").sees("Nodes > home1")
	p.begin("past").open().sees("DONE").press("n").sees("note on run").types("it was only a try").press("Enter").says("noted on run")
	p.press("p").sees("Left to do").sees("it was only a try").press("q").sees("ended 0, terminal whole")
}

// TestSuspend: ctrl+z gives the terminal back to the shell, and fg brings the
// console back. Where no shell waits it says so, and does not hang.
func TestSuspend(t *testing.T) {
	t.Parallel()
	p := openPane(t, inAShell).up().press("C-z").sees("no shell waits").press("2").sees("Nodes 10")
	p.press("q").sees("ended 0")

	p = openPane(t, `
set -m
before=$(stty -g)
jurymast
if [ "$before" = "$(stty -g)" ]; then echo stopped, terminal whole; fi
read -r _
fg >/dev/null
if [ "$before" = "$(stty -g)" ]; then echo ended, terminal whole; fi
read -r _
`)
	p.up().press("2").sees("Nodes 10").press("C-z").sees("stopped, terminal whole").press("Enter").sees("Nodes 10").press("1").up()
	p.press("q").sees("ended, terminal whole")
}

// TestMouse: it is off until it is asked for, and then the wheel moves.
func TestMouse(t *testing.T) {
	t.Parallel()
	wheel := func(p *pane) { // three rows down (xterm, SGR mouse mode)
		if out, err := p.tmux("send-keys", "-H", "1b", "5b", "3c", "36", "35", "3b", "31", "30", "3b", "35", "4d").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	mode := func(p *pane) string {
		out, err := p.tmux("display-message", "-p", "#{mouse_any_flag}#{mouse_button_flag}").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	p := openPane(t, inAShell).up().press("2").sees("Nodes 10")
	if got := mode(p); got != "00" {
		t.Errorf("the mouse is on from the start: %s", got)
	}
	p.does("mouse on").gone("tab complete")
	top := p.press("g").row()
	wheel(p)
	p.gone(top)
	if got := mode(p); got != "11" {
		t.Errorf("the mouse is not on: %s", got)
	}
	p.does("mouse off")
	p.press("q").sees("ended 0, terminal whole")
	if got := mode(p); got != "00" {
		t.Errorf("the mouse is left on: %s", got)
	}
}

// TestCopyInTmux: what is copied is in the buffer of tmux as it comes, and by
// OSC 52 where tmux is on another machine than the console.
func TestCopyInTmux(t *testing.T) {
	t.Parallel()
	p := openPane(t, inAShell)
	copied := func(want string) {
		t.Helper()
		out, err := p.tmux("show-buffer").CombinedOutput()
		if err != nil || string(out) != want {
			t.Errorf("the buffer holds %q, %v, want %q", out, err, want)
		}
	}
	p.up().home().press("y").sees("copy of node/home1").press("Enter").says("copied name")
	copied("node/home1")

	p = openPane(t, "unset TMUX\n"+inAShell)
	if out, err := p.tmux("set-option", "-s", "set-clipboard", "on").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p.up().home().press("y").sees("copy of node/home1").press("Enter").says("copied name")
	copied("node/home1")
}

// TestAnInventoryAndAStoreThatBreak: what is shown stays, marked and with the
// reason, and the terminal is whole afterwards.
func TestAnInventoryAndAStoreThatBreak(t *testing.T) {
	t.Parallel()
	p := openPane(t, `
ln -s "$JURYMAST_INVENTORY" "$(dirname "$PIDFILE")/inventory"
ln -s "$JURYMAST_STATE_DIR" "$(dirname "$PIDFILE")/state"
`+inAShell).up()
	inventory := filepath.Join(p.dir, "inventory")
	whole, err := os.ReadFile(inventory)
	if err != nil {
		t.Fatal(err)
	}
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(inventory, string(whole)+"\n[node.added]\naddress = 7\n")
	p.says("the old one is kept").press("M").sees("Messages").sees("inventory.toml:").press("Escape").gone("Messages").press("2").sees("Nodes 10")
	write(inventory, string(whole)+"\n[node.added]\naddress = \"127.0.0.1\"\nport = 1\n")
	p.says("read again").sees("Nodes 11")

	files, err := filepath.Glob(filepath.Join(p.dir, "state", "*.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no store: %v, %v", files, err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f, "-shm") { // it is mapped: to cut it would be another fault
			write(f, strings.Repeat("garbage ", 8192))
		}
	}
	p.press("R").sees("STALE").sees("Nodes 11").press("M").sees("Messages").sees("store").press("Escape").gone("Messages").press("q").sees("ended 0, terminal whole")
}
