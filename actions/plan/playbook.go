package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// playbookLimit is how long a step of a playbook may take that does not say.
const playbookLimit = 10 * time.Minute

func (m *maker) playbook() (inventory.Playbook, error) {
	name := orElse(m.Name, m.Target.Name())
	i := slices.IndexFunc(m.Fleet.Playbooks, func(p inventory.Playbook) bool { return p.Name == name })
	if i < 0 {
		return inventory.Playbook{}, errorf("jurymast list playbooks", "no playbook is called %q", name)
	}
	return m.Fleet.Playbooks[i], nil
}

func playbookQuestions(m *maker) error {
	p, err := m.playbook()
	if err != nil {
		return err
	}
	var asked []inventory.Ref
	for i, s := range p.Steps {
		if s.Plan == "" {
			for _, on := range over(s) {
				t, ok := m.Fleet.Target(on)
				if ok && !slices.Contains(asked, t.Host) && (s.Run != "" || s.Script != "") {
					asked = append(asked, t.Host)
					m.ask(answersPrefix+string(t.Host), t.Host, script("answers.sh", nil))
				}
			}
			continue
		}
		r, err := m.called(s)
		if err != nil {
			return err
		}
		qs, err := Questions(m.Facts, r)
		if err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, s.Plan, err)
		}
		for _, q := range qs {
			q.ID = calledPrefix(i) + q.ID
			m.questions = append(m.questions, q)
		}
	}
	return nil
}

func calledPrefix(i int) string { return "p" + strconv.Itoa(i+1) + "-" }

// answersPrefix begins the question whether a host answers.
const answersPrefix = "answers-"

// over are the targets that a step's lines of shell are for.
func over(s inventory.PlaybookStep) []inventory.Ref {
	if len(s.Over) == 0 && s.On != "" {
		return []inventory.Ref{s.On}
	}
	return s.Over
}

// reaches adds an open condition where a host is not seen to answer: an earlier
// step may be what wakes it, and only a person knows.
func (m *maker) reaches(h inventory.Ref) {
	a, ok := m.Answers[answersPrefix+string(h)]
	name := "reach-" + h.Name()
	if ok && a.Err == "" || slices.ContainsFunc(m.plan.Conditions, func(c actions.Condition) bool { return c.Name == name }) {
		return
	}
	seen := orElse(a.Err, notAsked)
	if e, known := m.State.Find(actions.Key{Target: h, Check: sshCheck}); ok && known && e.Status != actions.OK {
		seen = e.Line
	}
	m.condition(name, string(h)+" answers, or will once it is its turn", seen, actions.Open).Next = reachNext(h)
}

// called reads what plan a step calls: a verb, a target, and where to.
func (m *maker) called(s inventory.PlaybookStep) (Request, error) {
	f := strings.Fields(s.Plan)
	if len(f) < 2 || len(f) > 3 || !slices.Contains(actions.Verbs, actions.Verb(f[0])) {
		return Request{}, errorf("write plan = \"backup TARGET\"", "%s: %q is not a built-in plan and its target", s.Pos, s.Plan)
	}
	t, err := m.Fleet.Lookup(f[1])
	if err != nil {
		return Request{}, err
	}
	r := Request{Verb: actions.Verb(f[0]), Target: t.Ref, Accept: m.Accept}
	if len(f) == 3 {
		r.To = f[2]
	}
	return r, nil
}

// playbook plans the user's own steps.
func playbook(m *maker) error {
	b, err := m.playbook()
	if err != nil {
		return err
	}
	p := &m.plan
	p.Target, p.Name = inventory.MakeRef(inventory.LevelPlaybook, b.Name), b.Name
	p.Title = orElse(b.Title, "Run playbook "+b.Name)
	p.Unattended, p.Word = b.Unattended, word(b.Name)
	p.Locks = []inventory.Ref{p.Target}
	p.Ladder = actions.LadderHarmless
	p.Impact.Risk = "not known: its steps are commands of your own"
	past := false
	for i, s := range b.Steps {
		if s.Confirm != "" {
			m.condition("confirm-"+strconv.Itoa(i+1), s.Confirm, "a question of the playbook, step "+strconv.Itoa(i+1), actions.Open)
		}
		if s.Plan != "" {
			if err := m.call(i, s); err != nil {
				return err
			}
		} else if err := m.own(i, s, past); err != nil {
			return err
		}
		past = past || s.NoReturn || p.NoReturn() >= 0
		if len(s.Look) > 0 {
			m.step(actions.Step{ID: fmt.Sprintf("%d-look", i+1), Title: "look at " + names(s.Look), Look: s.Look, Timeout: orDuration(s.Timeout, playbookLimit)})
		}
	}
	p.Ladder = max(p.Ladder, m.rung())
	return nil
}

// rung is how grave the user's own steps are: what cannot be undone, or acts
// on several hosts, is grave.
func (m *maker) rung() actions.Ladder {
	var hosts []inventory.Ref
	l := actions.LadderLook
	for _, s := range m.plan.Steps {
		if s.Do.Name == "" || !strings.HasPrefix(s.Do.Name, "playbook/") {
			continue
		}
		if !slices.Contains(hosts, s.Host) {
			hosts = append(hosts, s.Host)
		}
		if s.Undo == nil || len(hosts) > 1 {
			return actions.LadderGrave
		}
		l = actions.LadderDisruptive
	}
	return l
}

// call takes the steps and conditions of a built-in plan in.
func (m *maker) call(i int, s inventory.PlaybookStep) error {
	r, err := m.called(s)
	if err != nil {
		return err
	}
	f, pre := m.Facts, calledPrefix(i)
	f.Answers = map[string]Answer{}
	for id, a := range m.Answers {
		if own, ok := strings.CutPrefix(id, pre); ok {
			f.Answers[own] = a
		}
	}
	sub, err := Make(f, r)
	if err != nil {
		return fmt.Errorf("step %d, %s: %w", i+1, s.Plan, err)
	}
	for _, c := range sub.Conditions {
		c.Name = pre + c.Name
		m.plan.Conditions = append(m.plan.Conditions, c)
	}
	for _, st := range sub.Steps {
		st.ID = st.ID[:min(len(st.ID), 40-len(pre))]
		st.ID = pre + st.ID
		st.After = slices.Clone(st.After)
		for j, a := range st.After {
			st.After[j] = pre + a[:min(len(a), 40-len(pre))]
		}
		if m.plan.NoReturn() >= 0 {
			st.Undo = nil
		}
		m.step(st)
	}
	for _, l := range sub.Locks {
		if !slices.Contains(m.plan.Locks, l) {
			m.plan.Locks = append(m.plan.Locks, l)
		}
	}
	m.plan.Ladder = max(m.plan.Ladder, sub.Ladder)
	m.plan.Left = append(m.plan.Left, sub.Left...)
	return nil
}

// own makes the steps of lines of shell: one for each host that it is over, so
// many of them side by side, and a look at those before it goes on.
func (m *maker) own(i int, s inventory.PlaybookStep, past bool) error {
	if s.Run == "" && s.Script == "" {
		return nil // only a look
	}
	over := over(s)
	if len(over) == 0 {
		return errorf("give it on or over", "%s: step %d says what to run, and not where", s.Pos, i+1)
	}
	once := max(1, s.AtOnce)
	for n := 0; n < len(over); n += once {
		side := over[n:min(n+once, len(over))]
		for k, on := range side {
			st, err := m.shell(i, s, on, len(over) > 1)
			if err != nil {
				return err
			}
			st.Beside = k > 0
			if past {
				st.Undo = nil
			}
			m.step(st)
		}
		if len(over) > 1 {
			m.step(actions.Step{
				ID: fmt.Sprintf("%d-look-%d", i+1, n/once+1), Title: "look at " + names(side), Look: side, Timeout: shortLimit,
			})
		}
	}
	return nil
}

// shell makes one step of lines of shell.
func (m *maker) shell(i int, s inventory.PlaybookStep, on inventory.Ref, several bool) (actions.Step, error) {
	t, ok := m.Fleet.Target(on)
	if !ok || t.Host == "" {
		return actions.Step{}, errorf("", "%s: %s is on no host", s.Pos, on)
	}
	m.mayChange(t, "protected-"+t.Ref.Name(), string(t.Ref)+" may be changed")
	m.reaches(t.Host)
	if !slices.Contains(m.plan.Locks, on) {
		m.plan.Locks = append(m.plan.Locks, on)
	}
	body := s.Run
	if s.Script != "" {
		if body, ok = m.Files[s.Script]; !ok {
			return actions.Step{}, errorf("is the path right, and may you read it?", "%s: the script %s could not be read", s.Pos, s.Script)
		}
	}
	in := maps.Clone(s.Inputs)
	if in == nil {
		in = map[string]string{}
	}
	in["TARGET"], in["HOST"] = on.Name(), t.Host.Name()
	make := func(what, body string) *actions.Script {
		if strings.TrimSpace(body) == "" {
			return nil
		}
		return &actions.Script{Name: fmt.Sprintf("playbook/%s/%d%s", m.plan.Name, i+1, what), Body: body, Inputs: in, Keep: s.Keep, Sudo: s.Sudo}
	}
	id := strconv.Itoa(i + 1)
	title := orElse(s.Title, firstLine(body))
	if several {
		id, title = own(id, on.Name()), title+" on "+on.Name()
	}
	st := actions.Step{
		ID: id, Title: title, Host: t.Host, Do: *make("", body), Undo: make("-undo", s.Undo), Verify: make("-verify", s.Verify),
		Check: m.needed(make, s), Timeout: orDuration(s.Timeout, playbookLimit), NoReturn: s.NoReturn,
	}
	if s.NoReturn {
		st.Undo = nil
	}
	return st, nil
}

// needed is the question whether a step is done already, or not wanted: both
// leave it out.
func (m *maker) needed(make func(what, body string) *actions.Script, s inventory.PlaybookStep) *actions.Script {
	switch {
	case s.When != "" && s.Check != "":
		return make("-check", "jm_when() (\n"+s.When+"\n)\njm_check() (\n"+s.Check+"\n)\n"+script("when.sh", nil).Body)
	case s.When != "":
		return make("-check", "jm_when() (\n"+s.When+"\n)\njm_check() { return 1; }\n"+script("when.sh", nil).Body)
	case s.Check != "":
		return make("-check", "jm_when() { :; }\njm_check() (\n"+s.Check+"\n)\n"+script("when.sh", nil).Body)
	}
	return nil
}

func firstLine(s string) string {
	for ln := range strings.Lines(s) {
		if ln = strings.TrimSpace(ln); ln != "" && !strings.HasPrefix(ln, "#") {
			if len(ln) > 60 {
				return ln[:60] + "…"
			}
			return ln
		}
	}
	return "run lines of shell"
}

func orDuration(a, b time.Duration) time.Duration {
	if a > 0 {
		return a
	}
	return b
}
