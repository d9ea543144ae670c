package kind

import (
	"jurymast/actions"
	"jurymast/inventory"
)

var directory = actions.Kind{
	Name: "directory",
	Doc:  "Dated archives with their sums in a folder of a disk or a share.",
	About: `One tar archive a copy, packed with zstd or gzip where the host has them, in path/BACKUP. It needs no tool of its
own to be read again. Nothing is encrypted: that is for a disk that nobody carries away.

path is a folder of the host whose data is copied. With on it is a folder of that host, and others use it through a
share of the inventory that is mounted with them. While such a share, or what must_be_mount stands for, is not
mounted, nothing is written.

An archive is written under another name, brought to the disk, read again and only then marked as a copy, with its
sum beside it. Access lists and attributes are kept where tar is GNU's.`,
	Levels:     []inventory.Level{inventory.LevelRepository},
	Options:    []inventory.Option{mustBeMount},
	Repository: directoryRepository,
	Proved:     map[string]actions.Ground{"repository": actions.Real},
}

func directoryRepository(f *inventory.Fleet, r inventory.Repository, from inventory.Ref) (actions.Repository, error) {
	p, err := repositoryPlace(f, r, from)
	if err != nil {
		return actions.Repository{}, err
	}
	in := p.inputs()
	in["REPOSITORY"] = p.path
	verb := func(name string, ahead ...string) actions.Script {
		files := append([]string{commonFile, "directory/lib.sh", "directory/folder.sh"}, ahead...)
		return compound(in, nil, append(files, "directory/"+name)...)
	}
	return verbsOf(actions.Repository{Medium: "disk"}, verb, false), nil
}
