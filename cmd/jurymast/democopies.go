package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"jurymast/actions"
	"jurymast/actions/engine"
	"jurymast/inventory"
)

// papers makes the files that the demo copies and brings back.
func (d *demoFleet) papers() error {
	files := map[string]string{}
	for t := range d.fleet.Targets() {
		switch {
		case t.Kind == "files":
			files[filepath.Join(t.Path, "insurance.txt")] = "policy 4711\n"
			files[filepath.Join(t.Path, "letters/grandmother.txt")] = "come and see us\n"
		case d.copied(t) && len(t.Data) > 0:
			files[filepath.Join(t.Data[0], "userdata.json")] = `{"users":["ada","ben"]}` + "\n"
		}
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return err
		}
	}
	for _, r := range d.fleet.Repositories {
		if r.Path != "" {
			if err := os.MkdirAll(r.Path, 0o700); err != nil {
				return err
			}
		}
	}
	return nil
}

// copied reports whether a backup of the fleet copies a target.
func (d *demoFleet) copied(t *inventory.Target) bool {
	for _, b := range d.fleet.Backups {
		if b.Of == t.Ref {
			return true
		}
	}
	return false
}

// provide makes a copy of all that is copied in the demo and practises bringing
// it back, as a calm crew would have.
func (d *demoFleet) provide(ctx context.Context) error {
	env := engine.Env(overlay(os.LookupEnv, d.environment()))
	e, err := engine.Open(ctx, engine.Options{Paths: engine.FindPaths("", env, false), Now: time.Now, Who: "demo", Dial: d.lab.Dial})
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }() // what was done is written down
	for _, b := range d.fleet.Backups {
		for _, verb := range []actions.Verb{actions.VerbBackup, actions.VerbDrill} {
			p, err := e.Plan(ctx, engine.PlanRequest{Verb: verb, Target: b.Of}, nil)
			if err != nil {
				return err
			}
			r, err := e.Begin(ctx, p, engine.Approval{Yes: true})
			if err != nil {
				return err
			}
			if _, err := e.Carry(ctx, r.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
