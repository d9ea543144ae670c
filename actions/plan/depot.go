package plan

import (
	"errors"
	"slices"

	"jurymast/actions"
	"jurymast/inventory"
)

// depot is a repository as the copies of one target reach it.
type depot struct {
	Name, Site string
	Use        actions.Repository
	Host       inventory.Ref   // where the scripts of Use run
	Native     *actions.Native // nil for one that keeps files
	Into       string          // of a native one: where a restore goes to
}

// ErrDescribed is the error of a repository without a kind.
var ErrDescribed = errors.New("it is only described: no kind says how to list it")

// depotOf returns how copies of a target reach a repository. One that keeps files
// is used from the host that is named, another from where its system is asked.
func depotOf(f *inventory.Fleet, kinds []actions.Kind, r inventory.Repository, t inventory.Target, from inventory.Ref) (depot, error) {
	i := slices.IndexFunc(kinds, func(k actions.Kind) bool { return k.Name == r.Kind })
	d := depot{Name: r.Name, Site: r.Site, Host: from}
	var err error
	switch {
	case i >= 0 && kinds[i].Native != nil:
		var n actions.Native
		n, err = kinds[i].Native(f, r, t)
		d.Native, d.Use, d.Host = &n, n.Repository, n.Host
	case i >= 0 && kinds[i].Repository != nil:
		d.Use, err = kinds[i].Repository(f, r, from)
	default:
		err = ErrDescribed
	}
	return d, err
}

// Keeps returns what is known of a repository as such, for the audit: false where
// it is only described, or cannot be used as the inventory has it.
func Keeps(f *inventory.Fleet, kinds []actions.Kind, r inventory.Repository) (actions.Repository, bool) {
	var of inventory.Target // a system is asked by way of what it copies
	for _, b := range f.Backups {
		if t, ok := f.Target(b.Of); ok && slices.Contains(b.To, r.Name) {
			of = *t
			break
		}
	}
	d, err := depotOf(f, kinds, r, of, r.On)
	return d.Use, err == nil
}

// Listing returns the question for the copies of a backup in one of its
// repositories. Its id is "BACKUP REPOSITORY".
func Listing(f *inventory.Fleet, kinds []actions.Kind, b inventory.Backup, repository string) (Question, error) {
	t, ok := f.Target(b.Of)
	i := slices.IndexFunc(f.Repositories, func(r inventory.Repository) bool { return r.Name == repository })
	if !ok || i < 0 {
		return Question{}, ErrDescribed
	}
	d, err := depotOf(f, kinds, f.Repositories[i], *t, t.Host)
	return Question{ID: b.Name + " " + repository, Host: d.Host, Script: d.Use.List.With(map[string]string{actions.InTag: b.Name})}, err
}

// depots returns the repositories of a policy that jurymast can drive: those that
// keep files as a host sees them, none of them where the host is "".
func (m *maker) depots(b inventory.Backup, from inventory.Ref) ([]depot, error) {
	var ds []depot
	for _, name := range b.To {
		i := slices.IndexFunc(m.Fleet.Repositories, func(r inventory.Repository) bool { return r.Name == name })
		if i < 0 {
			continue
		}
		r := m.Fleet.Repositories[i]
		if k, ok := m.kind(r.Kind); from == "" && (!ok || k.Native == nil) {
			continue
		}
		d, err := depotOf(m.Fleet, m.Kinds, r, *m.target, from)
		switch {
		case errors.Is(err, ErrDescribed):
			return nil, errorf("give it a kind: jurymast kinds", "repository/%s is only described: it has no kind that jurymast can drive", name)
		case err != nil:
			return nil, errorf("", "repository/%s: %v", name, err)
		}
		ds = append(ds, d)
	}
	if len(ds) == 0 && from != "" {
		return nil, errorf("name one in its to", "backup/%s has no repository", b.Name)
	}
	return ds, nil
}

// copied returns what is known of the target's data, of the backup that copies
// it, and of the repositories as a host uses them. Where a system copies the
// target by means of its own, nothing is to be known of the data.
func (m *maker) copied(from inventory.Ref) (actions.Data, inventory.Backup, []depot, error) {
	b, err := m.policy()
	if err != nil {
		return actions.Data{}, b, nil, err
	}
	ds, err := m.depots(b, from)
	if err != nil {
		return actions.Data{}, b, nil, err
	}
	var d actions.Data
	if ofFiles(ds) {
		d, err = m.dataOf(m.target)
	}
	return d, b, ds, err
}

// wanted is what copied returns for a restore to where a person wants it: only
// the repositories whose copies can go there.
func (m *maker) wanted() (s source, ds []depot, err error) {
	var wrong error
	s.host, s.folder, wrong = m.where()
	from := s.host
	if wrong != nil {
		from = "" // it may be a place of a system's own
	}
	var all []depot
	if s.data, s.policy, all, err = m.copied(from); err != nil {
		return s, nil, err
	}
	for _, x := range all {
		switch {
		case x.Native == nil:
		case m.Verb == actions.VerbDrill:
			x.Into = x.Native.Spare
		case m.To != "":
			if x.Into, err = x.Native.Place(m.To); err != nil {
				wrong = errorf("", "%s: %v", x.Name, err)
				continue
			}
		}
		ds = append(ds, x)
	}
	if len(ds) == 0 {
		return s, nil, wrong
	}
	return s, ds, nil
}

// ofFiles reports whether a repository among them keeps files.
func ofFiles(ds []depot) bool {
	return slices.ContainsFunc(ds, func(d depot) bool { return d.Native == nil })
}
