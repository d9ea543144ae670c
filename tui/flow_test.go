package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"jurymast/actions"
	"jurymast/actions/check"
)

func TestFindTheProblemAndOpenIt(t *testing.T) {
	t.Parallel()
	sit(t, newFake(t), 80, 24, Options{}).sees("▸ ✗ service/nextcloud").
		press("enter").sees("Services > nextcloud").sees("502 Bad Gateway").sees("▅").
		press("enter").sees("last ok").press("esc", "esc").sees("Problems 6")
}

func TestPlanAcceptTypeRunReport(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r := sit(t, f, 80, 24, Options{}).sees("Problems 6").press("7").sees("failover service/postgres").press("enter").sees("plan 7f3a11c0")
	r.press("x").sees("first accept what is open")
	r.press(" ").sees("[x]").press("x").sees("Type  postgres  to run it")
	r.types("pg").press("enter").sees(`"pg" is not "postgres"`)
	if len(f.started) != 0 {
		t.Fatal("a wrong word started the run")
	}
	r.press("x").sees("Type  postgres").types("postgres").press("enter").sees("RUNNING")
	f.happen(actions.Event{Type: actions.EventIntent, Step: "stop"}, actions.Event{Type: actions.EventOutput, Step: "stop", Line: "waiting for server"})
	r.sees("waiting for server").sees("Before the point of no return")
	f.happen(actions.Event{Type: actions.EventDone, Step: "stop", To: "ok"}, actions.Event{Type: actions.EventIntent, Step: "promote"})
	r.sees("Past the point of no return")
	f.happen(actions.Event{Type: actions.EventDone, Step: "promote", To: "ok"}, actions.Event{Type: actions.EventRun, To: "done"})
	r.sees("DONE").press("p").sees("rebuild the standby")
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.started) != 1 || f.started[0].Confirm != "postgres" || fmt.Sprint(f.started[0].Accept) != "[stale-backup]" {
		t.Errorf("started with %+v", f.started)
	}
}

// TestARunThatCannotAsk: before a run is started that would need a passphrase it
// is said what to do, until the agent holds the key.
func TestARunThatCannotAsk(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.typed = []string{"/home/anna/.ssh/id"}
	r := sit(t, f, 120, 36, Options{}).sees("Problems 6").press("7").sees("db-failover").press("enter").sees("a run cannot ask for a passphrase: leave, and come back with an agent: eval $(ssh-agent) && ssh-add").sees("accept 1 open condition")
	r.press(" ", "x").sees("typed here: leave").sees("ssh-add /home/anna/.ssh/id")
	f.mu.Lock()
	f.typed = nil
	f.mu.Unlock()
	r.clock.add(tickEvery)
	r.not("ssh-add").sees("Type  postgres")
}

func TestStopARun(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name  string
		step  string
		downs int
		want  string // asked of the run
		sees  string
	}{
		{"to keep running is chosen already", "stop", 0, "", "RUNNING"},
		{"wait", "stop", 1, "wait", "asked run 0412-k3f9 to stop, then wait"},
		{"undo before the point of no return", "stop", 2, "undo", "then undo"},
		{"no undo past it", "promote", 2, "", "past the point of no return"},
		{"kill", "promote", 3, "kill", "then kill"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			r := begin(t, f)
			f.happen(actions.Event{Type: actions.EventIntent, Step: x.step})
			r.sees("↻").press("x").sees("Keep running")
			for range x.downs {
				r.press("j")
			}
			r.press("enter").sees(x.sees)
			if x.want != "" {
				r.asked("a wish", func(f *fake) bool { return len(f.asked) == 1 && f.asked[0] == x.want })
				return
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			if len(f.asked) != 0 {
				t.Errorf("asked %v", f.asked)
			}
		})
	}
}

// begin brings a console to a run that it has started.
func begin(t *testing.T, f *fake) *robot {
	t.Helper()
	return sit(t, f, 80, 24, Options{}).sees("Problems 6").press("7").sees("db-failover").press("enter").sees("7f3a11c0").
		press(" ").sees("[x]").press("x").sees("Type  postgres").types("postgres").press("enter").sees("RUNNING")
}

func TestARunOutlivesTheConsole(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	begin(t, f).sees("0 run active").press("q").sees("goes on by itself")
	// Another console offers it.
	sit(t, f, 80, 24, Options{}).sees("0 run active").press("0").sees("Runs > 0412-k3f9")
}

// TestARunThatHasEndedHoldsNobody: its own events tell of its end before all runs
// are read again, which takes long where the store is slow.
func TestARunThatHasEndedHoldsNobody(t *testing.T) {
	t.Parallel()
	run := actions.Run{ID: "0412-k3f9", Verb: actions.VerbFailover, Target: "service/postgres", State: "running", Began: at, Plan: failover()}
	done := run
	done.State, done.Ended = "done", at.Add(time.Minute)
	over := actions.Event{Type: actions.EventRun, Seq: 7, At: done.Ended, Run: run.ID, To: "done"}
	for name, tells := range map[string]tea.Msg{
		"by the journal": eventsMsg{events: []actions.Event{over}},
		"by its page":    runMsg{done, []actions.Event{over}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := newRoot(t.Context(), newFake(t), Options{Now: func() time.Time { return at }})
			if err != nil {
				t.Fatal(err)
			}
			m.Update(restMsg{runs: []actions.Run{run}})
			m.Update(startedMsg{run: run.ID})
			if _, cmd := m.Update(keyOf("q")); cmd != nil {
				t.Fatal("it was left without a word while its run was under way")
			}
			m.quitAt = time.Time{}
			m.Update(tells)
			m.Update(restMsg{seq: m.restSeq, runs: []actions.Run{run}}) // read before the end
			m.Update(tickMsg{at})
			if s := m.top().(*runScreen); !s.got && name == "by its page" || s.got && s.run.State != "done" {
				t.Errorf("its page shows it %s", s.run.State)
			}
			if _, cmd := m.Update(keyOf("q")); cmd == nil || cmd() != (tea.QuitMsg{}) {
				t.Error("it holds who would leave")
			}
		})
	}
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.readOnly = true
	sit(t, f, 80, 24, Options{}).sees("[RO]").sees("Problems 6").press("a").sees("open detail").not("failover").not("acknowledge").press("esc").
		press("s").sees("read-only: people type in shells").press("m").sees("read-only: nothing").
		press("7").sees("db-failover").press("enter").sees("read-only").
		press(":").sees("Command").types("plan").not("opens a plan")
	if len(f.planned)+len(f.started)+len(f.silenced) != 0 {
		t.Error("read-only changed something")
	}
}

func TestPalette(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	sit(t, f, 80, 24, Options{}).sees("Problems 6").press(":").types("show nas").sees("jurymast show node/nas1").press("enter").sees("Nodes > nas1").
		press("ctrl+p").types("plan failover").press("tab").sees("plan failover service/postgres_").press("enter").sees("plan 7f3a11c0")
	if len(f.started) != 0 {
		t.Error("the palette started something")
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	sit(t, newFake(t), 80, 24, Options{}).sees("Problems 6").press("2").sees("Nodes 4").
		press("/").types("state:warn").sees("Nodes 1 of 4").press("enter").sees("/ state:warn").
		press("esc").sees("Nodes 4").press("/").types("/(").sees("is no regular expression").press("esc").sees("Nodes 4").
		press("!").sees("problems only").press("!", "5").sees("Services 3").press("/").types("!node:edge").sees("Services 2 of 3")
}

func TestMute(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r := sit(t, f, 80, 24, Options{}).sees("Problems 6").press("m").sees("keep service/nextcloud quiet").press("j", "enter").sees("acknowledge service/nextcloud for 4h, reason:")
	r.press("enter").sees("say a reason")
	r.press("m").sees("keep service/nextcloud").press("j", "enter").sees("reason:").types("on it").press("enter").sees("for 4h: done")
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.silenced) != 1 || f.silenced[0].Target != "service/nextcloud" || f.silenced[0].Reason != "on it" || f.silenced[0].Kind != actions.EventAck {
		t.Errorf("silenced %+v", f.silenced)
	}
}

func TestShellAndEditorComeBack(t *testing.T) {
	t.Parallel()
	sit(t, newFake(t), 80, 24, Options{}).sees("Problems 6").press("s").sees("the shell on docker-01 ended").sees("Problems 6").
		press("e").sees("the editor ended")
}

func TestAStoreThatIsLost(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r := sit(t, f, 80, 24, Options{}).sees("Problems 6")
	f.mu.Lock()
	f.fails = errors.New("the store cannot be read: disk I/O error")
	f.mu.Unlock()
	r.press("R").sees("STALE").sees("disk I/O error").sees("service/nextcloud")
	f.mu.Lock()
	f.fails = nil
	f.mu.Unlock()
	r.press("R").not("STALE")
}

func TestAnInventoryThatIsBroken(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.reload = errors.New("inventory.toml:3:1: unknown key")
	sit(t, f, 80, 24, Options{}).sees("Problems 6").press("ctrl+r").sees("the old one is kept").press("M").sees("inventory.toml:3:1: unknown key").press("1").sees("Problems 6")
}

func TestResizeStorm(t *testing.T) {
	t.Parallel()
	r := sit(t, newFake(t), 80, 24, Options{}).sees("Problems 6")
	for i := range 300 {
		r.tm.Send(tea.WindowSizeMsg{Width: i * 7 % 220, Height: i * 5 % 70})
	}
	r.tm.Send(tea.WindowSizeMsg{Width: 38, Height: 9})
	r.sees("too small, need 40x10, have 38x9")
	r.tm.Send(tea.WindowSizeMsg{Width: 120, Height: 36})
	r.sees("NEXT STEP")
}

func TestTenThousandHosts(t *testing.T) {
	t.Parallel()
	r := sit(t, bigFleet(t, 10000), 120, 36, Options{}).sees("Problems 200").press("2").sees("Nodes 10000").press("G").sees("host-09999").
		press("/").types("host-00007").sees("Nodes 1 of 10000").press("enter", "enter").sees("Nodes > host-00007")
	r.press("q")
}

func TestAnotherCopyIsChosen(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	m, _ := ready(t, f, 100, 30, Options{})
	asked := Request{Verb: actions.VerbRestore, Target: "share/homes"}
	press := func(keys ...string) tea.Msg {
		t.Helper()
		var cmd tea.Cmd
		for _, k := range keys {
			_, cmd = m.Update(keyOf(k))
		}
		if cmd == nil {
			t.Fatalf("%v does nothing:\n%s", keys, m.View())
		}
		return cmd()
	}
	m.Update(planMsg{asked: asked, plan: failover()})
	m.Update(press("c"))
	if v := m.View(); !strings.Contains(v, "1d6h") || !strings.Contains(v, "not whole") {
		t.Fatalf("the copies are not offered:\n%s", v)
	}
	m.Update(press("j", "j", "enter"))
	m.Update(press("c"))
	m.Update(keyOf("G"))
	m.Update(keyOf("enter"))
	for _, k := range "srv" {
		m.Update(keyOf(string(k)))
	}
	if _, cmd := m.Update(keyOf("enter")); cmd != nil {
		t.Error("a folder that does not begin with / was taken")
	}
	for _, k := range []string{"backspace", "backspace", "backspace", "/", "s"} {
		m.Update(keyOf(k))
	}
	m.Update(press("enter"))
	want := []Request{{Verb: actions.VerbRestore, Target: "share/homes", Name: "homes", Copy: "77ab"}, {Verb: actions.VerbRestore, Target: "share/homes", Name: "homes", Copy: "77ab", To: "/s"}}
	if !slices.Equal(f.planned, want) {
		t.Errorf("planned %v, want %v", f.planned, want)
	}
	plans := 0
	for _, s := range m.stack {
		if _, is := s.(*planScreen); is {
			plans++
		}
	}
	if plans != 1 {
		t.Errorf("%d plans are open: the newer one takes the place of the older", plans)
	}
}

func TestAStandingRunIsLetGo(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	m, c := ready(t, f, 100, 30, Options{})
	for _, msg := range running(8)() {
		if r, ok := msg.(restMsg); ok {
			r.seq, r.jobs, r.covers = m.restSeq, m.jobs, m.covers
			msg = r
		}
		m.Update(msg)
	}
	m.Update(keyOf("x"))
	c.add(deaf + 1)
	m.Update(keyOf("G"))
	m.Update(keyOf("enter"))
	m.Update(keyOf("enter")) // without a word of what was done it is not let go
	for _, k := range "done by hand" {
		m.Update(keyOf(string(k)))
	}
	_, cmd := m.Update(keyOf("enter"))
	if cmd == nil {
		t.Fatalf("nothing is asked for:\n%s", m.View())
	}
	cmd()
	if !slices.Equal(f.asked, []string{"let go: done by hand"}) {
		t.Errorf("asked %q", f.asked)
	}
}

func TestItOpensWhereItIsTold(t *testing.T) {
	t.Parallel()
	sit(t, newFake(t), 100, 30, Options{Screen: "services", At: "service/postgres"}).sees("Services > postgres").press("esc").sees("Services ").press("q")
}

func TestTheBellRingsForRunsAlone(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	rung := make(chan string, 10)
	f.run.ID = "0412"
	r := sit(t, f, 100, 30, Options{Ring: func(text string) error { rung <- text; return nil }})
	f.happen(
		actions.Event{Type: actions.EventState, Target: "node/nas1", To: "fail"},
		actions.Event{Type: actions.EventRun, To: "running"},
		actions.Event{Type: actions.EventRun, To: "hands"})
	if got := <-rung; got != "run 0412: hands" {
		t.Errorf("it rang for %q", got)
	}
	r.press("q")
	if len(rung) != 0 {
		t.Errorf("it rang again, for %q", <-rung)
	}
}

func TestQuestionsAreDeafAtFirst(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	m, c := ready(t, f, 80, 24, Options{})
	m.Update(planMsg{asked: moved, plan: failover()})
	p := failover()
	p.Ladder, p.Conditions = actions.LadderDisruptive, nil
	m.Update(planMsg{asked: moved, plan: p})
	m.Update(keyOf("x"))
	m.Update(keyOf("y")) // in flight
	if _, still := m.top().(*confirm); !still {
		t.Fatal("a key in flight answered the question")
	}
	c.add(deaf + 1)
	_, cmd := m.Update(keyOf("y"))
	if cmd == nil || !strings.Contains(m.View(), "starting") {
		t.Error("y did not start it")
	}
}

func TestAPastedWordDoesNotConfirm(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	m, c := ready(t, f, 80, 24, Options{})
	m.Update(planMsg{asked: moved, plan: failover()})
	m.Update(keyOf(" "))
	m.Update(keyOf("x"))
	c.add(deaf + 1)
	m.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("postgres\n"), Paste: true})
	m.Update(keyOf("enter"))
	if _, still := m.top().(*confirm); !still {
		t.Error("the newline of a paste confirmed")
	}
	c.add(rested + 1)
	if _, cmd := m.Update(keyOf("enter")); cmd == nil {
		t.Errorf("enter after a rest did not confirm: %s", m.View())
	}
}

func TestAnOldAnswerIsDropped(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	m, _ := ready(t, f, 80, 24, Options{})
	m.readState() // a question
	calm(f)
	m.Update(feedMsg{news: &News{Fleet: f.fleet, State: f.state, Summaries: f.Summaries(f.state)}})
	m.Update(known(newFake(t), m.seq-1, knownState(), nil)) // its late answer
	if m.counts.Fail != 0 {
		t.Error("an old answer overwrote a newer one")
	}
}

// TestNewsOfAnOldInventoryAreDropped: they were on their way when the inventory was
// read again, and would stay for as long as no others can come.
func TestNewsOfAnOldInventoryAreDropped(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	m, _ := ready(t, f, 80, 24, Options{})
	was, old := len(m.sums), f.fleet
	f.mu.Lock()
	f.fleet = fleetOf(t, homeLab+"[node.added]\naddress = \"10.0.20.9\"\n")
	f.mu.Unlock()
	m.Update(feedMsg{news: &News{Fleet: f.fleet, State: f.state, Summaries: check.Summaries(f.fleet, f.state, at)}})
	if len(m.sums) != was+1 {
		t.Fatalf("%d rows, want %d", len(m.sums), was+1)
	}
	m.Update(feedMsg{news: &News{Fleet: old, State: f.state, Summaries: check.Summaries(old, f.state, at)}})
	if len(m.sums) != was+1 {
		t.Errorf("%d rows after old news, want %d", len(m.sums), was+1)
	}
}

// TestWhatComesIsShown: what a watch tells is shown while it goes on, and so is who
// has not answered it yet.
func TestWhatComesIsShown(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r := sit(t, f, 80, 24, Options{}).sees("Problems 6").press("2").sees("Nodes 4").
		asked("to watch", func(f *fake) bool { return f.news != nil })
	r.view.feed.put(Looked{Host: "node/edge"})
	r.sees("↻ ")
	f.mu.Lock()
	calm(f)
	f.news(News{Fleet: f.fleet, State: f.state, Summaries: f.Summaries(f.state)})
	f.mu.Unlock()
	r.sees("all 11 ok").sees("↻ ")
	r.view.feed.put(Looked{Host: "node/edge", Done: true})
	r.not("↻ ")
}

func TestSelectionFollowsTheObject(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	m, c := ready(t, f, 80, 24, Options{})
	m.Update(keyOf("2"))
	m.Update(keyOf("j"))
	was := m.top().(*list).selected()
	calm(f)
	m.Update(known(f, m.seq, f.state, nil))
	if now := m.top().(*list).selected(); now != was {
		t.Errorf("the cursor went from %s to %s", was, now)
	}
	first := m.top().(*list).table.Rows()[0]
	if first != "node/nas1" {
		t.Errorf("within a second of a key the order changed: %s is first", first)
	}
	c.add(freeze + 1)
	m.Update(known(f, m.seq, f.state, nil))
	m.View()
	if first := m.top().(*list).table.Rows()[0]; first != "node/bak1" {
		t.Errorf("afterwards the order is kept: %s is first", first)
	}
	if now := m.top().(*list).selected(); now != was {
		t.Errorf("the cursor went from %s to %s", was, now)
	}
}
