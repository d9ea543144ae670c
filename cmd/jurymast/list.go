package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jurymast/actions"
	"jurymast/actions/engine"
	"jurymast/inventory"
)

// listed is what `list` can list, with the level of each.
var listed = []struct {
	word  string
	level inventory.Level
}{
	{"nodes", inventory.LevelNode},
	{"vms", inventory.LevelVM},
	{"shares", inventory.LevelShare},
	{"services", inventory.LevelService},
	{"checks", inventory.LevelCheck},
	{"jobs", inventory.LevelBackup},
	{"playbooks", inventory.LevelPlaybook},
	{"repositories", inventory.LevelRepository},
	{"sites", inventory.LevelSite},
}

func (a *app) listCommand() *cobra.Command {
	words := []string{"all"}
	for _, l := range listed {
		words = append(words, l.word)
	}
	return a.command(&cobra.Command{
		Use:     "list [" + strings.Join(words[1:], "|") + "] [SELECTOR...]",
		Aliases: []string{"ls"},
		Short:   "List what the inventory holds, with what was seen last",
		Long: `List what the inventory holds, with what was seen last. The network is not
touched, and the exit code says only whether the list could be made.`,
		Example:   "  jurymast list\n  jurymast list services -o json\n  jurymast list checks nas1\n  jurymast list nodes site:home -o name",
		ValidArgs: words,
		RunE: func(c *cobra.Command, as []string) error {
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			word := "all"
			if len(as) > 0 && slices.Contains(words, as[0]) {
				word, as = as[0], as[1:]
			}
			l, err := a.listOf(c, e, word, as)
			if err != nil {
				return err
			}
			return a.printer().print(l, exitOK)
		},
	})
}

func (a *app) listOf(c *cobra.Command, e *engine.Engine, word string, selectors []string) (listing, error) {
	level := inventory.Level("")
	for _, l := range listed {
		if l.word == word {
			level = l.level
		}
	}
	f := e.Fleet()
	switch level {
	case inventory.LevelBackup:
		return jobListing(f), noSelector(word, selectors)
	case inventory.LevelPlaybook:
		return playbookListing(f), noSelector(word, selectors)
	case inventory.LevelRepository:
		return repositoryListing(f), noSelector(word, selectors)
	case inventory.LevelSite:
		return siteListing(f), noSelector(word, selectors)
	case inventory.LevelCheck:
		return a.checkListing(c, e, selectors)
	default:
	}
	sums, err := a.known(c.Context(), e, selectors)
	if err != nil {
		return listing{}, err
	}
	if level != "" {
		sums = slices.DeleteFunc(sums, func(s actions.Summary) bool { return s.Ref.Level() != level })
	}
	l := a.summaryListing("list", sums)
	l.empty = "the inventory holds no " + word
	return l, nil
}

func noSelector(word string, selectors []string) error {
	if len(selectors) == 0 {
		return nil
	}
	return usagef("list %s takes no selector", word)
}

// checkItem is one check as programs read it.
type checkItem struct {
	Ref     inventory.Ref `json:"ref"`
	Check   string        `json:"check"`
	Title   string        `json:"title"`
	From    inventory.Ref `json:"from,omitempty"`
	Every   string        `json:"every"`
	Results []resultItem  `json:"results"`
}

// resultItem is what one check, or one item of it, was seen to be.
type resultItem struct {
	actions.Entry
	State     string `json:"state"`
	Summary   string `json:"summary"`
	CheckedAt any    `json:"checked_at"`
	Stale     bool   `json:"stale"`
}

func (a *app) checkListing(c *cobra.Command, e *engine.Engine, selectors []string) (listing, error) {
	targets, err := a.targets(c.Context(), e, selectors)
	if err != nil {
		return listing{}, err
	}
	st, err := e.State(c.Context())
	if err != nil {
		return listing{}, err
	}
	p, ts := a.printer(), timeStyle(a.flags.time)
	l := listing{schema: "checks", columns: []column{{head: "STATE"}, {head: "TARGET"}, {head: "CHECK"}, {head: "SEEN FROM", wide: true}, {head: "EVERY"}, {head: "AGE"}, {head: "LAST ANSWER", flex: true}}}
	for _, t := range targets {
		entries := st.Of(t.Ref)
		for _, ch := range e.Checks(t) {
			every := ch.Every
			if every <= 0 {
				every = actions.DefaultEvery
			}
			it := checkItem{Ref: t.Ref, Check: ch.ID, Title: ch.Title, From: ch.Host, Every: age(every), Results: []resultItem{}}
			for _, en := range entries {
				if en.Check == ch.ID {
					it.Results = append(it.Results, resultItem{Entry: en, State: en.Status.String(), Summary: en.Line, CheckedAt: en.At, Stale: en.Stale(p.now)})
				}
			}
			name := string(t.Ref) + " " + ch.ID
			if len(it.Results) == 0 {
				unknown := actions.Unknown
				l.rows = append(l.rows, row{name: name, state: &unknown, cells: []string{"", string(t.Ref), ch.ID, string(ch.Host), age(every), "never", ch.Title}, item: it})
				continue
			}
			for i, r := range it.Results {
				status := r.Status
				id := ch.ID
				if r.Item != "" {
					id += " " + r.Item
				}
				cells := []string{"", string(t.Ref), id, string(ch.Host), age(every), ts.show(r.At, p.now), r.Line}
				if r.Stale {
					cells[6] = p.signs.stale + " " + cells[6]
				}
				rw := row{name: name, state: &status, cells: cells, item: it}
				if i > 0 && !p.forPeople() {
					continue // programs get all results of a check in one item
				}
				l.rows = append(l.rows, rw)
			}
		}
	}
	return l, nil
}

func jobListing(f *inventory.Fleet) listing {
	l := listing{schema: "jobs", columns: []column{{head: "BACKUP"}, {head: "OF"}, {head: "TO"}, {head: "RPO"}, {head: "DRILL"}}, empty: "the inventory describes no backups"}
	for _, b := range f.Backups {
		rpo, drill := "-", "-"
		if b.RPO > 0 {
			rpo = age(b.RPO)
		}
		if b.Drill > 0 {
			drill = age(b.Drill)
		}
		ref := string(inventory.MakeRef(inventory.LevelBackup, b.Name))
		l.rows = append(l.rows, row{name: ref, cells: []string{ref, string(b.Of), strings.Join(b.To, ", "), rpo, drill},
			item: map[string]any{"ref": ref, "of": b.Of, "to": b.To, "rpo_seconds": int64(b.RPO.Seconds()), "drill_seconds": int64(b.Drill.Seconds()), "keep": b.Keep}})
	}
	return l
}

func playbookListing(f *inventory.Fleet) listing {
	l := listing{schema: "playbooks", columns: []column{{head: "PLAYBOOK"}, {head: "STEPS", right: true}, {head: "TITLE", flex: true}}, empty: "the inventory describes no playbooks"}
	for _, p := range f.Playbooks {
		ref := string(inventory.MakeRef(inventory.LevelPlaybook, p.Name))
		l.rows = append(l.rows, row{name: ref, cells: []string{ref, fmt.Sprint(len(p.Steps)), p.Title}, item: map[string]any{"ref": ref, "title": p.Title, "steps": len(p.Steps), "unattended": p.Unattended}})
	}
	return l
}

func repositoryListing(f *inventory.Fleet) listing {
	l := listing{schema: "repositories", columns: []column{{head: "REPOSITORY"}, {head: "KIND"}, {head: "SITE"}, {head: "ON"}, {head: "TITLE", flex: true}}, empty: "the inventory describes no repositories"}
	for _, r := range f.Repositories {
		ref := string(inventory.MakeRef(inventory.LevelRepository, r.Name))
		l.rows = append(l.rows, row{name: ref, cells: []string{ref, dash(r.Kind), dash(r.Site), dash(string(r.On)), r.Title}, item: map[string]any{"ref": ref, "kind": r.Kind, "site": r.Site, "on": r.On, "title": r.Title}})
	}
	return l
}

func siteListing(f *inventory.Fleet) listing {
	l := listing{schema: "sites", columns: []column{{head: "SITE"}, {head: "TITLE", flex: true}}, empty: "the inventory names no sites"}
	for _, s := range f.Sites {
		ref := string(inventory.MakeRef(inventory.LevelSite, s.Name))
		l.rows = append(l.rows, row{name: ref, cells: []string{ref, s.Title}, item: map[string]any{"ref": ref, "title": s.Title}})
	}
	return l
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
