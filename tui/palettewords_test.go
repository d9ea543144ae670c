package tui

import (
	"slices"
	"testing"

	"jurymast/actions"
)

// TestPaletteArguments holds what commands with arguments are read as, and what
// they are in a shell.
func TestPaletteArguments(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{ // the first that is found, and the same in a shell
		"mute nas1 2h":                        {"mute node/nas1 2h", ""},
		"ack nextcloud 30m":                   {"ack service/nextcloud 30m", "jurymast ack service/nextcloud --for 30m --reason …"},
		"maintenance pve 1d":                  {"maintenance node/pve 1d", "jurymast maint start node/pve --for 1d --reason …"},
		"check nas1":                          {"check node/nas1", "jurymast check node/nas1"},
		"node nas1":                           {"show node/nas1", "jurymast show node/nas1"},
		"service postg":                       {"show service/postgres", "jurymast show service/postgres"},
		"since 12h":                           {"history since 12h", "jurymast history --since 12h"},
		"history nas1 since 2d":               {"history node/nas1 since 2d", "jurymast history node/nas1 --since 2d"},
		"plan failover postgres --to":         {"plan failover service/postgres --to bak1", "jurymast plan failover service/postgres --to bak1"},
		"plan failover postg --to=ba":         {"plan failover service/postgres --to bak1", "jurymast plan failover service/postgres --to bak1"},
		"jurymast plan failover pos --to ba":  {"plan failover service/postgres --to bak1", "jurymast plan failover service/postgres --to bak1"},
		"plan restore homes --to /tmp/x":      {"plan restore share/homes --to /tmp/x", "jurymast plan restore share/homes --to /tmp/x"},
		"plan restore homes --to na":          {"plan restore share/homes --to nas1", "jurymast plan restore share/homes --to nas1"},
		"plan drill homes --snapshot 9c1e":    {"plan drill share/homes --snapshot 9c1e", "jurymast plan drill share/homes --snapshot 9c1e"},
		"plan failover postgres --to nowhere": {},
		"plan failover nextcloud --to bak1":   {}, // it has no standby
		"plan backup homes --to bak1":         {},
		"mute nas1 soon":                      {},
		"mute nas1 0h":                        {},
		"mute nobody 2h":                      {},
	} {
		m, _ := ready(t, newFake(t), 80, 24, Options{})
		m.Update(keyOf(":"))
		m.Update(keyOf(text))
		p := m.top().(*palette)
		if want[0] == "" {
			if len(p.found) > 0 {
				t.Errorf("%q is read as %q", text, p.found[0].words)
			}
			continue
		}
		if len(p.found) == 0 || p.found[0].words != want[0] || p.found[0].shell != want[1] {
			t.Errorf("%q is not read as %q: %+v", text, want, p.found[:min(len(p.found), 2)])
			continue
		}
		m.Update(keyOf("tab"))
		if p.edit.String() != want[0] || p.found[p.at].words != want[0] {
			t.Errorf("%q is completed to %q, %q", text, p.edit.String(), p.found[p.at].words)
		}
	}
}

func TestPaletteArgumentsAct(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r := sit(t, f, 80, 24, Options{}).sees("Problems 6").press(":").types("plan failover postgres --to").sees("--to bak1").press("enter").sees("plan 7f3a11c0")
	r.asked("a plan", func(f *fake) bool {
		return slices.Contains(f.planned, Request{Verb: actions.VerbFailover, Target: "service/postgres", To: "bak1"})
	})
	r.press(":").sees("again: opens a plan first").press("esc").press("1").sees("Problems 6").
		press(":").types("mute nas1 2h").press("enter").sees("reason:").types("disks").press("enter")
	r.asked("a silence", func(f *fake) bool {
		return slices.Contains(f.silenced, Silence{Kind: actions.EventMute, Target: "node/nas1", For: 2 * 3600e9, Reason: "disks"})
	})
	if len(f.started) != 0 {
		t.Error("the palette started something")
	}

	f = newFake(t)
	f.readOnly = true
	sit(t, f, 80, 24, Options{}).sees("Problems 6").press(":").types("mute nas1 2h").sees("nothing is called so").press("esc").
		press(":").types("plan failover postgres --to bak1").sees("nothing is called so")
}
