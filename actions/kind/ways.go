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

// fencedHost returns the host that a fence is about: what it is of, or the only
// host of the service that it is of. Of a service that can run on several it is
// refused: the wrong one might be fenced.
func fencedHost(f *inventory.Fleet, of inventory.Ref) (inventory.Ref, error) {
	t, ok := f.Target(of)
	switch {
	case !ok || t.Ref.Level() == inventory.LevelNode || t.Ref.Level() == inventory.LevelVM:
		return of, nil
	case len(t.Standby) > 0:
		return "", fmt.Errorf("%s can run on several hosts, and this fences one of them: set of to that host", of)
	case t.Host != "":
		return t.Host, nil
	}
	return of, nil
}

// numericAddress returns the address of a host as a number: what rules and
// lists of sessions hold. It is the option, else what the inventory says.
func numericAddress(f *inventory.Fleet, x inventory.Fence) (string, error) {
	a := x.Options.String("address")
	if a == "" {
		h, err := fencedHost(f, x.Of)
		if err != nil {
			return "", err
		}
		a = addressOf(f, h)
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
