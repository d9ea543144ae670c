package plan

import (
	"jurymast/actions"
	"jurymast/inventory"
)

// condition adds a condition; what a person has accepted stays what it is.
func (m *maker) condition(name, text, seen string, h actions.Hold) *actions.Condition {
	m.plan.Conditions = append(m.plan.Conditions, actions.Condition{Name: name, Text: text, Seen: seen, Hold: h})
	return &m.plan.Conditions[len(m.plan.Conditions)-1]
}

// holds adds a condition that holds.
func (m *maker) holds(name, text, seen string) {
	m.condition(name, text, seen, actions.Holds)
}

// block adds a condition that does not hold, and what to do so that it does.
func (m *maker) block(name, text, seen, next string) {
	m.condition(name, text, seen, actions.Blocking).Next = next
}

// must adds a condition that blocks unless it holds; next is what to do then.
func (m *maker) must(ok bool, name, text, seen, next string) bool {
	if ok {
		m.holds(name, text, seen)
	} else {
		m.block(name, text, seen, next)
	}
	return ok
}

// mayChange adds a condition that blocks where a target is protected.
func (m *maker) mayChange(t *inventory.Target, name, text string) {
	if t.Protected {
		m.block(name, text, "protected = true in the inventory", "take protected = true from ["+tableOf(t.Ref)+"] in the inventory")
	}
}

// tableOf is the table of the inventory that a target is described in.
func tableOf(r inventory.Ref) string { return string(r.Level()) + "." + r.Name() }

// reachNext is what to do about a host that does not answer.
func reachNext(h inventory.Ref) string { return "jurymast check " + string(h) }

// mendNext is what to do about something that is not right on a host.
func mendNext(h inventory.Ref) string { return "mend that there: jurymast ssh " + h.Name() }

// wayNext is what to do about a fence or redirect that cannot be used.
func wayNext(table string, h inventory.Ref) string {
	return mendNext(h) + "; or take [" + table + "] out of the inventory"
}

// installNext is what to do about a tool that a host lacks.
func installNext(tool string, h inventory.Ref) string {
	return "install " + tool + " there: jurymast ssh " + h.Name()
}

// notAsked is why a question that was never put has no answer.
const notAsked = "it was not asked"
