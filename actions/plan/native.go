package plan

import (
	"fmt"
	"slices"

	"jurymast/actions"
	"jurymast/inventory"
)

// Copies that a system makes and brings back by means of its own: see
// [actions.Native].

// nativeCopy is the step that has such a system copy the target.
func (m *maker) nativeCopy(x depot, b inventory.Backup, mayFail bool) actions.Step {
	in := map[string]string{actions.InTag: b.Name}
	find := x.Use.Find.With(in)
	s := actions.Step{
		ID: own("copy", x.Name), About: x.Name, Title: "have it copied to " + x.Name, Host: x.Host, Do: x.Use.Copy.With(in), Check: &find,
		Timeout: copyLimit, MayFail: mayFail,
	}
	if x.Native.CopyDown {
		s.Down = append([]inventory.Ref{m.target.Ref}, m.dependents()...)
	}
	return s
}

// askRoom asks each system about the place that a copy would come back to.
func (m *maker) askRoom(ds []depot) {
	for _, x := range ds {
		if x.Native == nil || m.Verb == actions.VerbDrill && x.Native.Spare == "" {
			continue
		}
		m.ask("room-"+x.Name, x.Host, x.Native.Room.With(map[string]string{actions.InInto: x.Into}))
	}
}

// nativeRoom adds the conditions of the place that the chosen copy comes back to.
func (m *maker) nativeRoom(s *source) bool {
	x := s.depot
	s.host, m.plan.To = x.Host, x.Host
	s.words = nil
	if m.Verb == actions.VerbDrill && x.Native.Spare == "" {
		return true // refused where the steps are made
	}
	words, ok := m.answered("room-"+x.Name, x.Host)
	if !ok || !m.usable("place", "the copy can be brought back to "+orElse(x.Into, "its own place"), words, x.Host) {
		return false
	}
	s.words = words
	switch there := words["present"]; {
	case there != "yes" && there != "no":
		m.block("place-seen", "it is known what is there now", "it was not said", mendNext(x.Host))
		return false
	case x.Into != "" && there == "yes":
		next := "name another place by --to"
		if m.Verb == actions.VerbDrill {
			next = "remove what is there, or name another spare place in [repository." + x.Name + "]: jurymast ssh " + x.Host.Name()
		}
		m.block("place-free", x.Into+" is free", "something is there", next)
		return false
	case x.Into == "" && there == "yes":
		return true // it takes the room of what it replaces
	}
	m.room(words, s.copy.Bytes, s.copy.Bytes > 0, "to bring it back", x.Host)
	return true
}

// returned are the inputs of what brings the chosen copy back, or removes it.
func (s source) returned() map[string]string {
	return map[string]string{actions.InTag: s.policy.Name, actions.InCopy: s.copy.ID, actions.InInto: s.depot.Into}
}

// nativeExtract plans to bring the copy back beside the live data.
func (m *maker) nativeExtract(s source) {
	in := s.returned()
	m.step(actions.Step{
		ID: "extract", About: s.depot.Name, Title: fmt.Sprintf("bring copy %s of %s back to %s", s.copy.ID, s.depot.Name, s.depot.Into), Host: s.host,
		Do: s.depot.Use.Extract.With(in), Undo: with(&s.depot.Native.Clear, in), Redo: true, Timeout: copyLimit,
	})
}

// nativeRestore plans to bring a copy back beside the live data, or in its place.
func (m *maker) nativeRestore(s source, ok bool) error {
	p := &m.plan
	if m.To != "" {
		p.Ladder = actions.LadderDisruptive
		p.Title = fmt.Sprintf("Bring a copy of %s back to %s", m.target.Ref, s.depot.Into)
		p.Impact.Risk = "none: the live data is not touched"
		if ok {
			m.nativeExtract(s)
		}
		return nil
	}
	p.Ladder = actions.LadderGrave
	p.Title = fmt.Sprintf("Bring %s back from a copy", m.target.Ref)
	if !ok {
		return nil
	}
	m.loses(s)
	m.nativePut(s)
	return nil
}

// nativePut plans: stop who needs it and then itself, have what is there copied
// and see that copy whole, put the chosen one in place, start, prove, start the
// others.
func (m *maker) nativePut(s source) {
	p, n, in := &m.plan, s.depot.Native, s.returned()
	there := s.words["present"] == "yes"
	act := func(id, title string, do *actions.Script) actions.Step {
		return actions.Step{ID: id, Title: title, Host: s.host, Do: *do, Redo: true, Timeout: startLimit}
	}
	users := m.users()
	for _, u := range users {
		m.step(m.stopStep(own("stop", u.t.Ref.Name()), u.t, u.d, false))
	}
	put := actions.Step{
		ID: "put", About: s.depot.Name, Title: "put copy " + s.copy.ID + " of " + s.depot.Name + " in its place", Host: s.host, Do: n.Put.With(in),
		Undo: with(n.Back, in), NoReturn: n.Back == nil, Redo: true, Timeout: copyLimit, Ends: true,
	}
	if there {
		if n.Stop != nil {
			st := act("stop", "stop "+m.target.Ref.Name(), n.Stop)
			st.Undo, st.Ends, st.Down = n.Start, true, []inventory.Ref{m.target.Ref}
			m.step(st)
			put.Ends = false
		}
		m.setAside(s)
		put.After = []string{own("list", s.depot.Name)}
		p.Impact.Risk += "; a copy of what is there is made first"
		p.Left = append(p.Left, actions.Todo{
			Text: "what was there before is the newest copy in " + s.depot.Name + ": retention removes it like any other", Command: "jurymast backup status " + s.policy.Name,
		})
	} else {
		p.Impact.Risk += "; nothing is there that could be lost besides"
	}
	m.step(put)
	if n.Start != nil {
		st := act("start", "start "+m.target.Ref.Name(), n.Start)
		st.Starts = true
		if n.Back != nil {
			st.Undo = n.Stop // it must not run when it is replaced again
		}
		m.step(st)
	}
	if n.Prove != nil {
		st := act("prove", "prove that it works", with(n.Prove, in))
		st.Starts = n.Start == nil
		m.step(st)
	}
	for _, u := range slices.Backward(users) {
		m.step(m.startStep(own("start", u.t.Ref.Name()), u.t, u.d, false))
	}
	m.lookAt(append([]inventory.Ref{m.target.Ref}, refsOf(users)...))
}

// setAside plans a copy of what is there now. It is judged by its being whole and
// listed, and not by its size: what is to be replaced may have lost something.
func (m *maker) setAside(s source) {
	m.step(m.nativeCopy(s.depot, s.policy, false))
	list := judged(s.depot, s.policy, 0)
	list.Body += script("aside.sh", nil).Body
	m.step(actions.Step{
		ID: own("list", s.depot.Name), About: s.depot.Name, Title: "see the copy of what is there now in " + s.depot.Name, Host: s.host, Do: list,
		Redo: true, Timeout: startLimit, After: []string{own("copy", s.depot.Name)},
	})
}

// nativeDrill plans a restore to a spare place: readable, brought back, and as
// far as the system can bring it up.
func (m *maker) nativeDrill(s source) error {
	n, in := s.depot.Native, s.returned()
	if n.Spare == "" {
		return errorf("jurymast kinds", "repository/%s names no spare place where a copy could be tried", s.depot.Name)
	}
	m.step(actions.Step{
		ID: "verify", About: s.depot.Name, Title: "read the copy back in " + s.depot.Name, Host: s.host, Do: s.depot.Use.Verify.With(in), Redo: true, Timeout: copyLimit,
	})
	m.nativeExtract(s)
	if n.Try != nil {
		m.step(actions.Step{
			ID: "try", Title: "bring it up with nobody in reach, and prove it", Host: s.host, Do: n.Try.With(in), Redo: true, Timeout: copyLimit,
		})
	}
	m.step(actions.Step{ID: "clear", Title: "remove it again", Host: s.host, Do: n.Clear.With(in), Redo: true, Timeout: startLimit})
	return nil
}
