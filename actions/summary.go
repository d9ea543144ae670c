package actions

import (
	"time"

	"jurymast/inventory"
)

// Summary is one target as a row of a list: the worst of its checks first.
type Summary struct {
	Ref   inventory.Ref `json:"ref"`
	Kind  string        `json:"kind"`
	Title string        `json:"title,omitempty"`
	Site  string        `json:"site,omitempty"`
	Host  inventory.Ref `json:"host,omitempty"`
	Tags  []string      `json:"tags,omitempty"`

	// State is the worst status of its checks as seen, Unknown when there is
	// none yet. It is what was seen also when Stale is true: a stale ok must
	// be shown as stale and counts as unknown for the fleet.
	State     Status    `json:"state"`
	Summary   string    `json:"summary"` // one line: the worst check's, or how many are ok
	Check     string    `json:"check,omitempty"`
	Item      string    `json:"item,omitempty"`
	Next      string    `json:"next,omitempty"`
	Since     time.Time `json:"since,omitzero"` // of State
	CheckedAt time.Time `json:"checked_at,omitzero"`
	LastOK    time.Time `json:"last_ok,omitzero"`
	Stale     bool      `json:"stale"`

	// On is the host last seen to run a service, "" when that is not known;
	// Standby are the hosts that could take over.
	On      inventory.Ref   `json:"on,omitempty"`
	Standby []inventory.Ref `json:"standby,omitempty"`

	// Cause is the target whose trouble probably explains this one's.
	Cause   inventory.Ref `json:"cause,omitempty"`
	Skipped int           `json:"skipped,omitempty"` // checks not made because of Cause
	// Muted says why the problem is kept quiet: "acknowledged until …". Muted
	// summaries do not count in an exit code.
	Muted string `json:"muted,omitempty"`

	Counts Counts `json:"counts"` // of its checks
}

// Counts is how many of something have each status. Stale ones count as
// unknown.
type Counts struct {
	OK      int `json:"ok"`
	Warn    int `json:"warn"`
	Fail    int `json:"fail"`
	Unknown int `json:"unknown"`
}

// Add counts one more of a status.
func (c *Counts) Add(s Status) {
	switch s {
	case OK:
		c.OK++
	case Warn:
		c.Warn++
	case Fail:
		c.Fail++
	case Unknown:
		c.Unknown++
	default:
		c.Unknown++
	}
}
