package kind

import (
	"maps"
	"slices"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

// Own returns the kinds that an inventory describes itself. Each is kind
// command by another name: the lines of shell are the inventory's.
func Own(f *inventory.Fleet) []actions.Kind {
	out := make([]actions.Kind, 0, len(f.Kinds))
	for _, own := range f.Kinds {
		k := command
		k.Name, k.Doc = own.Name, orDefault(own.Title, "A kind of this inventory.")
		k.Options = slices.Concat(commandOptions(), own.Inputs)
		out = append(out, k)
	}
	return out
}

// own gives a script the inputs of an own kind: what a target's options hold
// beyond those of kind command. The script exports them to the user's lines.
func own(o inventory.Options, s actions.Script) actions.Script {
	in, keep := map[string]string{}, map[string]inventory.Secret{}
	var names []string
	built := commandOptions()
	for option, value := range o {
		if slices.ContainsFunc(built, func(x inventory.Option) bool { return x.Name == option }) {
			continue
		}
		name := "MY_" + strings.ToUpper(option)
		switch v := value.(type) {
		case string:
			in[name] = v
		case inventory.Secret:
			keep[name] = v
		default:
			continue
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return s
	}
	slices.Sort(names)
	in["MY_NAMES"] = strings.Join(names, " ")
	s = s.With(in)
	if len(keep) > 0 {
		maps.Copy(keep, s.Keep)
		s.Keep = keep
	}
	return s
}

// ownAt does as own for a script that depends on its host.
func ownAt(o inventory.Options, at func(inventory.Ref) actions.Script) func(inventory.Ref) actions.Script {
	return func(h inventory.Ref) actions.Script { return own(o, at(h)) }
}

// ownMove does as own for all scripts of a move.
func ownMove(o inventory.Options, m actions.Move) actions.Move {
	m.Survey, m.Stop, m.Resume = ownAt(o, m.Survey), ownAt(o, m.Stop), ownAt(o, m.Resume)
	m.Promote, m.Verify, m.Active = ownAt(o, m.Promote), ownAt(o, m.Verify), ownAt(o, m.Active)
	rejoin := m.Rejoin
	m.Rejoin = func(old, active inventory.Ref) []actions.Step {
		steps := rejoin(old, active)
		for i := range steps {
			steps[i].Do = own(o, steps[i].Do)
			verify := own(o, *steps[i].Verify)
			steps[i].Verify = &verify
		}
		return steps
	}
	return m
}
