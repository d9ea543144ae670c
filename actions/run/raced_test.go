//go:build race

package run

// raced tells whether the race detector watches, beside which all takes longer.
const raced = true
