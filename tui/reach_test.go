package tui

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

func TestANoteOnARun(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r := begin(t, f).press("n").sees("note on run 0412-k3f9").press("enter").sees("say what others should know")
	r.types("disk was full").press("enter").sees("noted on run 0412-k3f9")
	f.happen(actions.Event{Type: actions.EventNote, Who: "anna", Line: "disk was full"}, actions.Event{Type: actions.EventRun, To: "done"})
	r.sees("anna notes: disk was full").sees("DONE").press("p").sees("rebuild the standby").press("n").sees("note on run").types("seen to").press("enter").
		asked("a second note", func(f *fake) bool {
			return slices.Equal(f.asked, []string{"note 0412-k3f9: disk was full", "note 0412-k3f9: seen to"})
		})
	// Where something is looked for, the same key goes to the next place.
	r.press("/").types("standby").press("enter", "n").sees("found no further").not("note on run")
	r.press("esc", "esc", "8").sees("0412-k3f9 note").sees("disk was full")
}

func TestReadOnlyWritesNoNote(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.readOnly = true
	f.run = actions.Run{ID: "0412-k3f9", State: "done", Plan: failover(), Verb: moved.Verb, Target: moved.Target}
	sit(t, f, 80, 24, Options{}).sees("Problems 6").press(":").types("runs").press("enter").sees("Runs 1").press("enter").sees("DONE").press("n").not("note on run").press("p").sees("rebuild").press("n").not("note on run")
	if len(f.asked) != 0 {
		t.Errorf("asked %q", f.asked)
	}
}

func TestAReportIsPlannedAgain(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r := begin(t, f)
	f.happen(actions.Event{Type: actions.EventRun, To: "undone"})
	r.sees("UNDONE").press("p").sees("rebuild the standby").press("p").sees("Plans > failover service/postgres")
	if len(f.planned) != 2 || f.planned[1].Verb != moved.Verb || f.planned[1].Target != moved.Target {
		t.Errorf("planned %+v", f.planned)
	}
}

func TestHistoryIsWrittenToAFile(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.events[0].Line = "a\tb\x1b[2J"
	var path, text string
	put := func(p, s string) (string, error) {
		if p == "taken" {
			return "", errors.New("taken is there already and stays as it is: give another name")
		}
		path, text = p, s
		return "/home/anna/" + p, nil
	}
	r := sit(t, f, 100, 30, Options{Write: put}).sees("Problems 6").press("8").sees("History, records 6")
	r.press("/").types("state:fail,unknown since:1d").sees("records 3 of 6").press("enter", "w").sees("write to: jurymast-history-2026-11-20.tsv").press("ctrl+u").sees("name a file").types("taken").press("enter").sees("stays as it is")
	r.press("w", "enter").sees("wrote 3 lines to /home/anna/jurymast-history-2026-11-20.tsv")
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if path != "jurymast-history-2026-11-20.tsv" || len(lines) != 3 || lines[0] != "2026-11-20T20:01:12Z\tstate\tnode/edge ssh\tok -> unknown\t\ta b" {
		t.Errorf("%s:\n%q", path, lines)
	}
}

func TestFiltersReachEveryList(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.run = actions.Run{ID: "0412-k3f9", State: "done", Who: "anna", Title: "Move it", Verb: moved.Verb, Target: moved.Target, Made: at, Plan: failover()}
	r := sit(t, f, 100, 30, Options{}).sees("Problems 6")
	r.press("6", "/").types("homes").sees("backups 1 of 2").sees("3-2-1 1 of 2").press("enter", "esc").sees("backups 2")
	r.press("7", "/").types("kind:failover").sees("Playbooks 1 of 11").press("enter").sees("▸ failover service/postgres").press("esc")
	r.press("8", "/").types("who:an").sees("records 1 of 6").press("enter", "esc", "/").types("since:soon").sees("is no span of time").press("esc")
	r.press(":").types("runs").press("enter").sees("Runs 1").press("/").types("who:ben").sees("Runs 0 of 1").press("esc").sees("Move it")
	r.press("1", "a").sees("service/nextcloud").press("/").types("mute").sees("acknowledge, mute").not("open detail").press("enter", "esc").sees("open detail")
}

func TestOnePaneTakesTheScreen(t *testing.T) {
	t.Parallel()
	r := sit(t, newFake(t), 120, 36, Options{}).sees("Problems 6").sees("Recent")
	r.press("tab", "+").sees("Nodes 4").not("Problems").press("esc").sees("Problems 6").press("!").sees("Problems 6").not("Recent").press("!").sees("Recent")
	r.press("2", "enter").sees("Checks 6").sees("Recent on nas1").press("tab", "+").sees("▸ disk /tank").not("Checks 6").press("tab").sees("▸ Recent on nas1").press("+").sees("Checks 6")
	r.press("6", "c").sees("3-2-1").not("Freshness").press("c").sees("Freshness").press("8", "+").not("Changes a day").press("+").sees("Changes a day")
}

// TestATargetsPastIsReadFromTheStore: the newest events of a large fleet do not
// reach back to what happened to one of its targets.
func TestATargetsPastIsReadFromTheStore(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	old := actions.Event{Seq: 1, Type: actions.EventState, At: at.Add(-90 * 24 * time.Hour), Target: "node/nas1", Check: "smart", From: "ok", To: "fail", Line: "a disk died"}
	f.past = map[string][]actions.Event{"node/nas1": {old}}
	r := sit(t, f, 100, 30, Options{At: "node/nas1"}).sees("Recent on nas1").sees("a disk died").sees("85% used")
	r.press("l").sees("History of node/nas1, records 2").sees("a disk died").press("O").sees("oldest first").sees("▸")
}

func TestTheMenuOfAStopClosesWhenChosen(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r := begin(t, f)
	f.happen(actions.Event{Type: actions.EventIntent, Step: "stop"})
	r.sees("↻").press("x").sees("Stop run 0412-k3f9?").sees("on pve").sees("step 1, about 28s").press("enter").not("Stop run 0412-k3f9?")
}

func TestThePaletteOffersWhatWasDoneFirst(t *testing.T) {
	t.Parallel()
	r := sit(t, newFake(t), 80, 24, Options{}).sees("Problems 6").press(":").types("show nas").press("enter").sees("Nodes > nas1")
	r.press(":").sees("▸ show node/nas1").sees("again").press("esc").press(":").types("backup run pg").sees("jurymast backup run pg").press("enter").sees("Plans > backup pg")
}

// TestNothingGoesOnWithoutAQuestion: what stands still is opened by the palette,
// and not resumed by it.
func TestNothingGoesOnWithoutAQuestion(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.run = actions.Run{ID: "0412-k3f9", State: "hands", Title: "Move it", Verb: moved.Verb, Target: moved.Target, Made: at, Plan: failover()}
	r := sit(t, f, 80, 24, Options{}).sees("waits for you").press(":").types("runs resume").sees("jurymast runs resume 0412-k3f9").press("enter").sees("HANDS")
	if len(f.asked) != 0 {
		t.Fatalf("asked %q", f.asked)
	}
	r.press("x", "j").sees("Go on where it stands").press("enter").asked("to go on", func(f *fake) bool { return slices.Equal(f.asked, []string{"resume"}) })
}

func TestSeveralAreMarkedAndLookedAt(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r := sit(t, f, 80, 24, Options{}).sees("Problems 6").press(" ", " ").sees("2 marked").press("r").
		asked("both to be looked at", func(f *fake) bool {
			return slices.Equal(f.looked, []inventory.Ref{"service/nextcloud", "service/postgres"})
		})
	r.press("esc").not("marked").press("*").sees("6 marked").press("*").not("marked")
}

func TestANoteOnATarget(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r := sit(t, f, 120, 36, Options{}).sees("Problems 6").press("2").sees("Nodes 4").press("enter").sees("Nodes > nas1")
	r.press("n").sees("note on node/nas1 (empty takes it away)").types("new disks ordered").press("enter").sees("noted on node/nas1").asked("the note", func(f *fake) bool {
		return slices.Equal(f.asked, []string{"note node/nas1: new disks ordered"})
	})
	f.happen(actions.Event{Type: actions.EventNote, Target: "node/nas1", Who: "anna", Line: "new disks ordered"})
	r.sees("note by anna, 20:05: new disks ordered").sees("note  anna: new disks ordered")
	// One on a run of it is not on the target.
	f.mu.Lock()
	f.run.ID = "0412-k3f9"
	f.mu.Unlock()
	f.happen(actions.Event{Type: actions.EventNote, Target: "node/nas1", Who: "ben", Line: "disk was full"})
	r.sees("run 0412-k3f9").sees("note by anna").not("note by ben")
	r.press("n").sees("note on node/nas1").press("enter").sees("no note stands beside node/nas1").asked("that it is over", func(f *fake) bool {
		return slices.Contains(f.asked, "note over: node/nas1")
	})
	f.mu.Lock()
	f.run.ID = ""
	f.mu.Unlock()
	f.happen(actions.Event{Type: actions.EventNote, Target: "node/nas1", Who: "anna", To: actions.NoteOver, Line: "new disks ordered"})
	r.sees("note taken away by anna: new disks ordered").not("note by anna")
}

func TestReadOnlyWritesNoNoteOnATarget(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.readOnly = true
	sit(t, f, 120, 36, Options{}).sees("Problems 6").press("2").sees("Nodes 4").press("n").sees("read-only").not("note on").press("enter").sees("Nodes > nas1").press("n").not("note on")
	if len(f.asked) != 0 {
		t.Errorf("asked %q", f.asked)
	}
}
