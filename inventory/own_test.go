package inventory_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"jurymast/actions/kind"
	"jurymast/inventory"
)

const ownKinds = `
[node.a]
[kind.wiki]
title = "our wiki"
command = "check_wiki $MY_PORT"
stop = "stop"
timeout = "1m"
inputs = { port = "80", key = { env = "WIKI" } }
[kind.bare]
[service.one]
kind = "wiki"
on = "a"
[service.two]
kind = "wiki"
on = "a"
port = "81"
key = { command = "pass wiki" }
timeout = "5s"
[service.three]
kind = "bare"
on = "a"
command = "true"
[check.one-deep]
of = "one"
kind = "wiki"
port = "82"
`

func TestOwnKinds(t *testing.T) {
	f, err := inventory.Parse("own.toml", []byte(ownKinds), kind.Schema())
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Kinds) != 2 || f.Kinds[0].Name != "wiki" || f.Kinds[0].Title != "our wiki" || len(f.Kinds[0].Inputs) != 2 {
		t.Fatalf("%+v", f.Kinds)
	}
	for name, want := range map[string]struct {
		port, command, timeout string
		key                    inventory.Secret
	}{
		"one": {"80", "check_wiki $MY_PORT", "1m0s", inventory.Secret{Env: "WIKI"}},
		"two": {"81", "check_wiki $MY_PORT", "5s", inventory.Secret{Command: "pass wiki"}},
	} {
		s, ok := f.Target(inventory.MakeRef(inventory.LevelService, name))
		if !ok {
			t.Fatal(name)
		}
		o := s.Options
		if o.String("port") != want.port || o.String("command") != want.command || o.Secret("key") != want.key || o.Duration("timeout").String() != want.timeout || o.String("stop") != "stop" {
			t.Errorf("%s: %v", name, o)
		}
	}
	one, _ := f.Target("service/one")
	if len(one.Checks) != 1 || one.Checks[0].Options.String("port") != "82" {
		t.Errorf("its check: %+v", one.Checks)
	}
	text := strings.ReplaceAll(ownKinds, "[kind.bare]\n", "[kind.bare]\ntitle = \"x\"\n")
	if wrong := inventory.SchemaJudge(t, kind.Schema().With(f.Kinds))(text); len(wrong) > 0 {
		t.Errorf("the schema for editors does not take it:\n%s", strings.Join(wrong, "\n"))
	}
}

func TestMistakesInOwnKinds(t *testing.T) {
	for text, want := range map[string]string{
		"kind = 3":                                                   `"kind" must be a table of tables`,
		"[kind.restic]":                                              "a kind is called restic already",
		"[kind.w]\nport = 80":                                        `kind/w: unknown key "port"`,
		"[kind.w]\nstop = 7":                                         "kind/w: stop must be a string",
		"[kind.w]\ninputs = { Port = \"80\" }":                       "input Port cannot be the name of a variable",
		"[kind.w]\ninputs = { on = \"80\" }":                         "input on is a key of its targets already",
		"[kind.w]\ninputs = { stop = \"80\" }":                       "input stop is a key of its targets already",
		"[kind.w]\ninputs = { port = 80 }":                           "input port must be a string",
		"[kind.w]\ninputs = { password = \"x\" }":                    "input password holds the secret itself",
		"[kind.w]\ninputs = { key = { env = \"A\", file = \"b\" } }": "input key names no place or several",
		"[node.a]\n[kind.w]\n[service.s]\nkind = \"w\"\non = \"a\"":  "service/s has no command, and kind w needs it",
		"[node.a]\n[kind.w]\ncommand = \"x\"\n[service.s]\nkind = \"v\"\non = \"a\"":     `unknown kind "v"`,
		"[node.a]\n[kind.w]\ncommand = \"x\"\n[repository.s]\nkind = \"w\"\nurl = \"x\"": "is no kind of a repository",
	} {
		_, err := inventory.Parse("own.toml", []byte(text+"\n"), kind.Schema())
		var ps inventory.Problems
		if !errors.As(err, &ps) || !slices.ContainsFunc(ps, func(p inventory.Problem) bool { return strings.Contains(p.Text, want) }) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
