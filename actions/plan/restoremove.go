package plan

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

// shapeRestore is a move by way of a copy: the other host starts from the
// newest one, and the plan says how old that is.
const shapeRestore = "restore"

// restoreMove makes a move of what a kind knows of its data. The service is
// active where its unit or containers run; that is for Prove to say.
func (m *maker) restoreMove() (actions.Move, error) {
	d, err := m.dataOf(m.target)
	if err != nil {
		return actions.Move{}, err
	}
	if d.Stop == nil || d.Start == nil || d.Put == nil || d.Prove == nil {
		return actions.Move{}, errorf("jurymast kinds "+m.target.Kind, "kind %s cannot be moved by way of a copy: it cannot be stopped, started, put in place and proved", m.target.Kind)
	}
	prove := *d.Prove
	survey := prove
	survey.Name += "+role"
	survey.Body = "jm_prove() (\n" + prove.Body + "\n)\n" + script("role.sh", nil).Body
	active := prove
	active.Name += "+active"
	active.Body = "jm_prove() (\n" + prove.Body + "\n)\n" + script("active.sh", nil).Body
	at := func(s actions.Script) func(inventory.Ref) actions.Script {
		return func(inventory.Ref) actions.Script { return s }
	}
	return actions.Move{
		Shape: shapeRestore, Survey: at(survey), Stop: at(*d.Stop), Resume: at(*d.Start), Promote: at(*d.Start), Verify: at(prove), Active: at(active),
	}, nil
}

// restoreMoveQuestions asks each host that it may move to: which of them that is
// depends on where it is active, which is asked together with this.
func (m *maker) restoreMoveQuestions() error {
	for _, h := range m.hosts() {
		d, b, ds, err := m.copied(h)
		if err != nil {
			return err
		}
		asked := len(m.questions)
		m.askDepots(d, b, slices.DeleteFunc(ds, func(x depot) bool { return x.Native != nil }), h)
		for i := range m.questions[asked:] {
			m.questions[asked+i].ID = movedTo(h) + m.questions[asked+i].ID
		}
	}
	return nil
}

// movedTo begins the ids of what is asked of a host that it may move to.
func movedTo(h inventory.Ref) string { return "to-" + h.Name() + "-" }

// chooseFor chooses the copy that a host starts from.
func (m *maker) chooseFor(h inventory.Ref) (source, bool, error) {
	to, all := m.To, m.Answers
	defer func() { m.To, m.Answers = to, all }()
	m.To, m.Answers = string(h), map[string]Answer{}
	for id, a := range all {
		if own, ok := strings.CutPrefix(id, movedTo(h)); ok {
			m.Answers[own] = a
		}
	}
	return m.choose()
}

// restoreMoveConditions chooses the copy that the other host starts from.
func (m *maker) restoreMoveConditions(to member) error {
	s, ok, err := m.chooseFor(to.host)
	m.plan.From, m.plan.To = m.target.Host, to.host
	if err != nil || !ok {
		return err
	}
	lost := m.Now.Sub(s.copy.At)
	m.plan.Impact.AtRisk, m.plan.Impact.AtRiskBytes = lost, -1
	m.plan.Impact.Risk = fmt.Sprintf("what was written since the copy: it is %s old", age(lost))
	if m.policyLate(s) {
		m.condition("stale-copy", "the copy is within its rpo", fmt.Sprintf("%s old, rpo %s", age(lost), age(s.policy.RPO)), actions.Open)
	}
	return nil
}

func (m *maker) restoreMoveSteps(to member) {
	held := m.plan.Conditions
	s, ok, err := m.chooseFor(to.host)
	m.plan.Conditions = held // they stand there already
	if err != nil || !ok {
		return
	}
	into := path.Join(scratch(s.data), "restore", actions.RunMark)
	in := map[string]string{actions.InFrom: s.from(into), actions.InAside: ".jurymast-" + actions.RunMark}
	m.extract(s, into)
	m.step(actions.Step{
		ID: "put", Title: "put the copy in place on " + to.host.Name(), Host: to.host, Do: s.data.Put.With(in), Undo: with(s.data.Back, in),
		Redo: true, Timeout: copyLimit, Down: m.downWith(),
	})
	// Behind a fence nothing is taken back by itself.
	for i := m.plan.NoReturn() + 1; i > 0 && i < len(m.plan.Steps); i++ {
		m.plan.Steps[i].Undo = nil
	}
}
