package kind

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// What fences and redirects have in common: where they are done, and how their
// scripts are put together.

// wayScript puts a script together with what stands ahead of it.
func wayScript(in map[string]string, keep map[string]inventory.Secret, files ...string) actions.Script {
	return compound(in, keep, append([]string{commonFile}, files...)...)
}

// doneOn returns the host that a fence or redirect is done on, which these
// cannot do without.
func doneOn(on inventory.Ref, what string) (inventory.Ref, error) {
	if on == "" {
		return "", fmt.Errorf("it is not said where it is done: set on to %s", what)
	}
	return on, nil
}

// hostOf returns the host that a fence is about: what it is of, or the host of
// the service that it is of.
func hostOf(f *inventory.Fleet, of inventory.Ref) inventory.Ref {
	if t, ok := f.Target(of); ok && t.Host != "" && t.Ref.Level() != inventory.LevelNode && t.Ref.Level() != inventory.LevelVM {
		return t.Host
	}
	return of
}

// numericAddress returns the address of a host as a number: what rules and
// lists of sessions hold. It is the option, else what the inventory says.
func numericAddress(f *inventory.Fleet, x inventory.Fence) (string, error) {
	a := x.Options.String("address")
	if a == "" {
		a = addressOf(f, hostOf(f, x.Of))
	}
	if net.ParseIP(a) == nil {
		return "", fmt.Errorf("the address of %s is %q, and it has to be a number: set address", x.Of, a)
	}
	return a, nil
}

// waitOf returns an option that is a time, in whole seconds.
func waitOf(o inventory.Options, name string, fallback time.Duration) (time.Duration, string) {
	d := o.Duration(name)
	if d <= 0 {
		d = fallback
	}
	return d, strconv.Itoa(int(max(d, time.Second) / time.Second))
}
