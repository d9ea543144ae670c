package tui

import (
	"slices"
	"strconv"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
	"jurymast/tui/widget"
)

// barCells is how wide an age is drawn against its limit.
const barCells = 12

// jobOrder is an order of backups: the worst first, as they are judged, is the
// first.
type jobOrder int

var jobOrders = []string{"with the worst first", "by name", "by the age of their newest copy"}

// sort brings names of backups, the worst first, into the order.
func (o jobOrder) sort(names []string, of map[string]*Job, turned bool) {
	switch o {
	case 1:
		slices.Sort(names)
	case 2:
		slices.SortStableFunc(names, func(a, b string) int { return of[a].At.Compare(of[b].At) })
	}
	if turned {
		slices.Reverse(names)
	}
}

// jobWord is how a backup stands, in a word: that there is no copy at all, or
// none that is young enough, is what matters most.
func (s *backups) jobWord(j *Job) widget.Cell {
	sign := s.st.signs[j.State&3]
	switch {
	case j.State != actions.Fail:
		sign = s.st.both[j.State&3]
	case j.At.IsZero():
		sign += " never"
	case j.RPO > 0 && s.now.Sub(j.At) > j.RPO:
		sign += " LATE"
	default:
		sign = s.st.both[j.State]
	}
	return widget.Cell{Text: sign, Style: s.st.status(j.State)}
}

func (s *backups) jobCells(id string, buf []widget.Cell) []widget.Cell {
	j := s.jobOf[id]
	if j == nil {
		return buf
	}
	age, pct, part := "never / "+ageText(j.RPO), "-", 0.0
	if !j.At.IsZero() {
		d := s.now.Sub(j.At)
		age = ageText(d) + " / " + ageText(j.RPO)
		part = float64(d) / float64(max(j.RPO, 1))
		pct = strconv.Itoa(int(part*100)) + "%"
	}
	if s.cols == layoutTiny {
		return append(buf, widget.Cell{Text: s.st.signs[j.State&3], Style: s.st.status(j.State)}, widget.Cell{Text: j.Name}, widget.Cell{Text: age})
	}
	bar := widget.Cell{Text: widget.Bar(part, barCells, s.st.bar, s.st.rest), Style: s.st.status(j.State)}
	if s.cols == layoutNarrow {
		return append(buf, s.jobWord(j), widget.Cell{Text: j.Name}, widget.Cell{Text: age}, bar, widget.Cell{Text: pct}, widget.Cell{Text: j.Line})
	}
	ran, bytes := "never", "-"
	if r := s.ran[j.Name]; r != nil {
		ran = s.since(r.Made) + " " + r.State
	}
	if j.Bytes > 0 {
		bytes = size(j.Bytes)
	}
	of := string(j.Target)
	if s.w < 120 {
		of = j.Target.Name()
	}
	return append(buf, s.jobWord(j), widget.Cell{Text: j.Name}, widget.Cell{Text: of}, widget.Cell{Text: s.stamp(j.At), Style: s.st.dim}, widget.Cell{Text: age}, bar, widget.Cell{Text: pct},
		widget.Cell{Text: ran, Style: s.st.dim}, widget.Cell{Text: bytes}, s.drillCell(j))
}

// drillCell is when a copy was last brought back for practice, and when that is
// due again, where the inventory says how often.
func (s *backups) drillCell(j *Job) widget.Cell {
	every := s.policy(j).Drill
	c := widget.Cell{Text: "never"}
	if !j.Drilled.IsZero() {
		c.Text = s.since(j.Drilled) + " " + j.Proof
	}
	switch {
	case every == 0 && j.Drilled.IsZero():
		c.Style = s.st.dim
	case every > 0 && (j.Drilled.IsZero() || s.now.Sub(j.Drilled) > every):
		c.Text, c.Style = "due: "+c.Text, s.st.warn
	case every > 0:
		c.Text += " of " + ageText(every)
	}
	return c
}

// policy is what the inventory says of a backup; the zero Backup where it no
// longer has it.
func (s *backups) policy(j *Job) inventory.Backup {
	all := s.engine.Fleet().Backups
	if i := slices.IndexFunc(all, func(b inventory.Backup) bool { return b.Name == j.Name }); i >= 0 {
		return all[i]
	}
	return inventory.Backup{}
}

func (s *backups) coverCells(id string, buf []widget.Cell) []widget.Cell {
	c := s.setOf[id]
	if c == nil {
		return buf
	}
	buf = append(buf, widget.Cell{Text: s.st.signs[c.State&3], Style: s.st.status(c.State)}, widget.Cell{Text: id})
	if s.cols != layoutWide {
		n := func(v int, what string) widget.Cell { return widget.Cell{Text: strconv.Itoa(v) + " " + what} }
		return append(buf, n(c.Copies, "copies"), n(c.Media, "media"), n(c.OffSite, "off site"), widget.Cell{Text: c.Line})
	}
	near, far := slices.Clone(c.Places), []Place(nil)
	near = slices.DeleteFunc(near, func(p Place) bool {
		if p.OffSite {
			far = append(far, p)
		}
		return p.OffSite
	})
	buf = append(buf, widget.Cell{Text: s.hostOf(c.Target).Name(), Style: s.st.dim}, nth(near, 0), nth(near, 1), nth(far, 0))
	for _, n := range []int{c.Copies, c.Media, c.OffSite, c.Locked} {
		buf = append(buf, widget.Cell{Text: strconv.Itoa(n)})
	}
	return append(buf, widget.Cell{Text: c.Line})
}

// placeCells is how wide the column of a copy is.
const placeCells = 14

// nth is one of several places; the last that has a column counts the rest.
func nth(ps []Place, i int) widget.Cell {
	if i >= len(ps) {
		return widget.Cell{Text: "-"}
	}
	p := ps[i]
	text := placeText([]Place{p})
	if widget.Width(text) > placeCells {
		p.Medium = "" // how old it is matters more
		text = placeText([]Place{p})
	}
	if rest := len(ps) - i - 1; rest > 0 && i > 0 {
		text += " +" + strconv.Itoa(rest)
	}
	return widget.Cell{Text: text}
}

// placeText is where copies lie, on what, and how old the newest is there.
func placeText(ps []Place) string {
	var out []string
	for _, p := range ps {
		on := p.Repository
		if p.Medium != "" {
			on += " " + mediumWord(p.Medium)
		}
		out = append(out, on+" "+ageText(p.Age))
	}
	return strings.Join(out, ", ")
}

func (s *backups) columns(room layout) {
	if s.cols == room {
		return
	}
	s.cols = room
	switch room {
	case layoutWide:
		s.table.Columns = []widget.Column{{Head: "STATE", Width: 7}, {Head: "BACKUP", Width: 12}, {Head: "DATA SET", Flex: true}, {Head: "NEWEST", Width: 9}, {Head: "AGE / RPO", Width: 12}, {Width: barCells}, {Width: 5, Right: true}, {Head: "LAST RUN", Width: 10}, {Head: "SIZE", Width: 8, Right: true}, {Head: "TESTED", Width: 16}}
		s.covers.Columns = []widget.Column{{Width: 1}, {Head: "DATA SET", Width: 18}, {Head: "LIVE", Width: 8}, {Head: "COPY 1", Width: placeCells}, {Head: "COPY 2", Width: placeCells}, {Head: "OFF SITE", Width: placeCells}, {Head: "COPIES", Width: 6}, {Head: "MEDIA", Width: 5}, {Head: "OFF", Width: 3}, {Head: "LOCKED", Width: 6}, {Head: "VERDICT", Flex: true}}
	case layoutNarrow:
		s.table.Columns = []widget.Column{{Width: 7}, {Width: 13}, {Width: 12}, {Width: barCells}, {Width: 5, Right: true}, {Flex: true}}
		s.covers.Columns = []widget.Column{{Width: 1}, {Width: 18}, {Width: 9}, {Width: 8}, {Width: 10}, {Flex: true}}
	default:
		s.table.Columns = []widget.Column{{Width: 1}, {Flex: true}, {Width: 20}}
		s.covers.Columns = []widget.Column{{Width: 1}, {Width: 18}, {Width: 9}, {Width: 8}, {Flex: true}}
	}
}

// mediumWord is a medium in the width of a column.
func mediumWord(m string) string {
	if m == "object-store" {
		return "object"
	}
	return m
}

// lateText says from when on the newest copy is too old, unless a newer one is
// made.
func (s *backups) lateText(j *Job) string {
	if j.At.IsZero() || j.RPO <= 0 {
		return ""
	}
	at := j.At.Add(j.RPO)
	if left := at.Sub(s.now); left > 0 {
		return "in " + ageText(left) + ", " + at.In(s.now.Location()).Format("Mon 15:04") + ", unless a newer copy is made"
	}
	return "since " + s.stamp(at) + ", for " + ageText(s.now.Sub(at))
}

// keepText is how many copies are kept, by how they are spaced.
func keepText(keep map[string]int) string {
	var out []string
	for _, k := range []string{"last", "hourly", "daily", "weekly", "monthly", "yearly"} {
		if keep[k] > 0 {
			out = append(out, strconv.Itoa(keep[k])+" "+k)
		}
	}
	return strings.Join(out, ", ")
}
