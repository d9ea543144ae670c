package main

import (
	"context"
	"errors"

	"jurymast/actions/engine"
	"jurymast/tui"
)

// asker brings questions of connections to the person at the console.
type asker chan tui.Question

// errNotGiven is a person who gives no passphrase.
var errNotGiven = errors.New("no passphrase was given")

// prompt asks for a passphrase. It waits for the person, at most as long as ctx.
func (k asker) prompt(ctx context.Context, q engine.Question) (string, error) {
	type answer struct {
		passphrase string
		given      bool
	}
	answers := make(chan answer, 1) // whoever answers never waits
	put := tui.Question{Key: q.Key, Host: q.Host, Again: q.Again, Done: ctx.Done(), Answer: func(passphrase string, given bool) {
		answers <- answer{passphrase, given}
	}}
	select {
	case k <- put:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	select {
	case a := <-answers:
		if !a.given {
			return "", errNotGiven
		}
		return a.passphrase, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
