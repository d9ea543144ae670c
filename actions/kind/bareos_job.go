package kind

import (
	"fmt"
	"path"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

var bareosJob = actions.Kind{
	Name: "bareos-job",
	Doc:  "Copies that a job of a director of Bareos or Bacula makes: its runs, by the catalogue.",
	About: `director is a host with bconsole, job the job that copies the target; which files those are its FileSet says, and
what client. bconsole is used as root. Every good run that the catalogue has counts as a copy, whoever began it, so that
what the director's own schedule makes is seen. A run is judged as kind bareos does: its letter is not believed by
itself. One with warnings, errors or missing files is partial. A run that is not full stands on others: its size is
reckoned with theirs, and it is none once they are gone. How long runs are kept is for the director to say.

A run that is begun here has a comment, by which it is found again after a cut; it is waited for, as long as it takes.
It is not known here when a run waits for a person to bring a volume: the limit waiting of kind bareos is for that.

To bring a copy back in its place the job is run first, and has to be good: that run is what was there before. Then
the copy, with the runs that it stands on, is written over what is there; files that are newer than it stay. There is
no way back from that but by hand, from the other run. Where a folder of the FileSet is gone altogether, make it
first: without it the run is not whole.

A drill, and a restore to a folder (--to /folder), goes to the host of the director, by the client there: spare_client.
It is proven as extracted: the director's verdict on the run, and files that are there. A copy counts no more once the
log of such a run tells of data errors of a volume, or of fewer files than are in it. That a client is silent, or that
a volume is not there and is waited for, says nothing of the copy.

Proved against a director of Bacula 9.6; of Bareos the same questions are asked, after its source. A director that does
not keep comments is refused: what a run was begun for could not be told after a cut.`,
	Levels: []inventory.Level{inventory.LevelRepository},
	Options: []inventory.Option{
		{Name: "director", Type: inventory.TypeHost, Required: true, Doc: "host with bconsole, on which everything is done"},
		{Name: "job", Type: inventory.TypeString, Required: true, Doc: "the job of type backup, as the director names it"},
		{Name: "level", Type: inventory.TypeEnum, Values: []string{"Full", "Differential", "Incremental"}, Doc: "of the runs that are begun here; the job's own where not said"},
		{Name: "restore_job", Type: inventory.TypeString, Doc: "the job of type restore; it must be said where the director has several"},
		{Name: "spare_client", Type: inventory.TypeString, Doc: "the director's name for the client on the host director; drills go there"},
		{Name: "spare", Type: inventory.TypePath, Default: "/var/lib/jurymast", Doc: "folder of that host in which drills lie"},
		{Name: "config", Type: inventory.TypePath, Doc: "bconsole's configuration on the host; its own where not said"},
		{Name: "medium", Type: inventory.TypeEnum, Values: []string{"disk", "tape", "object-store"}, Default: "disk", Doc: "what its volumes are"},
		{Name: "encrypted", Type: inventory.TypeBool, Default: "false", Doc: "the client encrypts what it sends, or the tape drive does"},
	},
	Native: bareosJobNative,
	Proved: map[string]actions.Ground{"backup": actions.Real, "restore": actions.Real, "repository": actions.Real},
}

// bareosName returns an option whose value stands between quotes in what the
// director is asked.
func bareosName(r inventory.Repository, option string) (string, error) {
	s := r.Options.String(option)
	if strings.ContainsAny(s, "\"\\\n\t;") {
		return "", fmt.Errorf("repository %s: %s = %q holds what no name at a director may", r.Name, option, s)
	}
	return s, nil
}

func bareosJobNative(_ *inventory.Fleet, r inventory.Repository, _ inventory.Target) (actions.Native, error) {
	in := map[string]string{"CONFIG": r.Options.String("config"), "LEVEL": r.Options.String("level"), "MEDIUM": orDefault(r.Options.String("medium"), "disk")}
	for option, input := range map[string]string{"job": "JOB", "restore_job": "RESTORE_JOB", "spare_client": "SPARE_CLIENT"} {
		s, err := bareosName(r, option)
		if err != nil {
			return actions.Native{}, err
		}
		in[input] = s
	}
	verb := func(name string, ahead ...string) actions.Script {
		files := append([]string{commonFile, jsonFile, "bareos-job/lib.sh"}, ahead...)
		return compound(in, nil, append(files, "bareos-job/"+name)...)
	}
	n := actions.Native{
		// Retention is the director's own, so that nothing is removed from here.
		Repository: verbsOf(actions.Repository{Medium: in["MEDIUM"], Encrypted: r.Options.Bool("encrypted"), Locked: true}, verb, false),
		Host:       inventory.Ref(r.Options.String("director")),
		Place: func(to string) (string, error) {
			if !path.IsAbs(to) || path.Clean(to) == "/" || strings.ContainsAny(to, "\"\\\n\t;") {
				return "", fmt.Errorf("%q is no place for a copy: name an empty folder of the host of the director, or leave --to out", to)
			}
			return path.Clean(to), nil
		},
		Room: verb("room.sh"), Clear: verb("clear.sh"), Put: verb("put.sh"),
	}
	n.Locked = false // it can be, by the director's own commands
	if in["SPARE_CLIENT"] != "" {
		n.Spare = path.Join(orDefault(r.Options.String("spare"), "/var/lib/jurymast"), "drill-"+actions.RunMark)
	}
	return n, nil
}
