package kind

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

// What the repositories have in common: where they are seen from a host, and
// how their scripts are put together and given their secrets.

// compound returns one script made of several files, the last of which gives it
// its name. It runs as root: what is copied belongs to anybody.
func compound(inputs map[string]string, keep map[string]inventory.Secret, names ...string) actions.Script {
	var body strings.Builder
	for _, name := range names {
		body.WriteString(script(name, nil).Body)
	}
	return actions.Script{Name: names[len(names)-1], Body: body.String(), Inputs: inputs, Keep: keep, Sudo: true}
}

// keepOf returns the secrets among options by the name of the shell variable
// that takes each; names maps the one to the other. Those not set are left out.
func keepOf(o inventory.Options, names map[string]string) map[string]inventory.Secret {
	var keep map[string]inventory.Secret
	for option, variable := range names {
		if s := o.Secret(option); !s.IsZero() {
			if keep == nil {
				keep = map[string]inventory.Secret{}
			}
			keep[variable] = s
		}
	}
	return keep
}

// place is a folder as one host sees it.
type place struct {
	path string
	// mount is a mount point that must be there for path to be what is meant,
	// "" for none.
	mount string
}

// placeOf returns how a host sees a folder of another: its own path on the
// host where it lies, and below the mount point where a share of the inventory
// that holds it is mounted.
func placeOf(f *inventory.Fleet, on inventory.Ref, at string, from inventory.Ref) (place, bool) {
	if on == "" || on == from {
		return place{path: at}, true
	}
	for _, s := range f.Shares {
		rest, inside := below(s.Path, at)
		if s.Host != on || !inside {
			continue
		}
		for _, m := range s.Mounts {
			if m.On == from {
				return place{path: path.Join(m.At, rest), mount: m.At}, true
			}
		}
	}
	return place{}, false
}

// below returns what of a path lies below a folder, "" for the folder itself.
func below(folder, at string) (rest string, ok bool) {
	if folder == "" {
		return "", false
	}
	folder, at = path.Clean(folder), path.Clean(at)
	if at == folder {
		return "", true
	}
	return strings.CutPrefix(at, strings.TrimSuffix(folder, "/")+"/")
}

// repositoryPlace returns how a host sees a repository that is a folder.
func repositoryPlace(f *inventory.Fleet, r inventory.Repository, from inventory.Ref) (place, error) {
	p, ok := placeOf(f, r.On, r.Path, from)
	switch {
	case r.Path == "":
		return place{}, fmt.Errorf("repository %s: it is not said where it lies: set path", r.Name)
	case !ok:
		return place{}, fmt.Errorf("repository %s lies on %s, and no share with its folder is mounted on %s", r.Name, r.On, from)
	case r.Options.Bool("must_be_mount"):
		p.mount = p.path
	}
	return p, nil
}

// inputs returns what the scripts of a repository in a folder are told of it.
func (p place) inputs() map[string]string {
	return map[string]string{"MOUNT": p.mount, "TABLE_MOUNT": mountEscape.Replace(p.mount)}
}

var mustBeMount = inventory.Option{Name: "must_be_mount", Type: inventory.TypeBool, Default: "false",
	Doc: "its path is the mount point of a disk or share, and it is not used while nothing is mounted there"}

// What stands ahead of every script of a repository or a way, of those that read
// JSON, and of those that forget.
const (
	commonFile = "directory/common.sh"
	jsonFile   = "directory/json.sh"
	retainFile = "directory/retain.sh"
)

// askedFiles are the verbs that are the same for all repositories whose tool has
// to be asked, and whose lib.sh says by which functions.
var askedFiles = map[string]string{"find.sh": "directory/find-asked.sh", "init.sh": "directory/init-asked.sh"}

// askedVerb returns what puts the verbs of such a repository together: behind a
// file that reads what its tool or its store has, its own folder's lib.sh.
func askedVerb(folder, reader string, in map[string]string, keep map[string]inventory.Secret) func(name string, ahead ...string) actions.Script {
	return func(name string, ahead ...string) actions.Script {
		own := folder + "/" + name
		s := compound(in, keep, slices.Concat([]string{commonFile, reader, folder + "/lib.sh"}, ahead, []string{cmp.Or(askedFiles[name], own)})...)
		s.Name = own
		return s
	}
}

// verbsOf fills in what every repository can do from its kind's scripts, which
// have the same names in each folder. Copies are removed only where the repository
// is not locked, and init says whether it is made where there is none.
func verbsOf(r actions.Repository, verb func(name string, ahead ...string) actions.Script, init bool) actions.Repository {
	r.Survey, r.List, r.Copy = verb("survey.sh"), verb("list.sh"), verb("copy.sh")
	r.Find, r.Extract, r.Verify = verb("find.sh"), verb("extract.sh"), verb("verify.sh")
	if init {
		s := verb("init.sh")
		r.Init = &s
	}
	if !r.Locked {
		s := verb("forget.sh", retainFile)
		r.Forget = &s
	}
	return r
}
