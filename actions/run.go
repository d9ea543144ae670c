package actions

import (
	"time"

	"jurymast/inventory"
)

// Run is a plan that is, or was, carried out.
type Run struct {
	ID     string        `json:"id"` // "0412-k3f9": the number is this store's, the rest makes it unique everywhere
	Verb   Verb          `json:"verb"`
	Target inventory.Ref `json:"target"`
	Title  string        `json:"title"`
	State  string        `json:"state"` // a word of run.Outcome
	Who    string        `json:"who"`
	// Accepted are the open conditions that were accepted, by name.
	Accepted  []string  `json:"accepted,omitempty"`
	Confirmed string    `json:"confirmed,omitempty"` // how: "typed db1", "--yes", "unattended"
	Digest    string    `json:"digest"`
	Made      time.Time `json:"made"`
	Began     time.Time `json:"began,omitzero"`
	Ended     time.Time `json:"ended,omitzero"` // of its newest end; a run that was stopped may go on
	Plan      Plan      `json:"-"`
}
