package kind

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

// snapshotOptions are those of kinds whose files can be copied from a snapshot
// of the volume on which they lie.
var snapshotOptions = []inventory.Option{
	{Name: "snapshot", Type: inventory.TypeEnum, Values: []string{"none", "lvm", "btrfs", "zfs"}, Default: "none",
		Doc: "copy from a snapshot of what it lies on, so that all of it is of one instant"},
	{Name: "snapshot_room", Type: inventory.TypePercent, Default: "20",
		Doc: "how much of a volume of lvm may change while it is copied, unless it is thin"},
}

// snapshotAbout is what kinds with those options say of them.
const snapshotAbout = `
With snapshot = "lvm", "btrfs" or "zfs" the copy is read from a snapshot of what the files lie on: made right before,
mounted read-only where only the copying sees it, at the paths of the files, and removed when the copy has ended,
however it did. Its host removes it by itself when it hears nothing of the run any more; one that is left all the same,
as after a power cut, is named by the next plan and removed by its run. All of the data must lie on one volume: other
file systems and subvolumes below it would be missing, and are refused. A volume of lvm needs room of its own in its
volume group for what changes meanwhile (snapshot_room); when that is full, the copy is void. A thin one needs a pool
that is filled to less than 90 %. ext4 and xfs can be read so. What a program has not written yet is not in it: such
data belongs to a kind that dumps it. Proved with lvm and btrfs; zfs is as it is documented.
`

// withSnapshot has files below roots be copied from a snapshot, where the target
// says so.
func withSnapshot(d actions.Data, roots []string, t inventory.Target) (actions.Data, error) {
	sort := t.Options.String("snapshot")
	if sort == "" || sort == "none" {
		return d, nil
	}
	if d.Hold != nil {
		return d, fmt.Errorf("snapshot = %q and quiesce: it can be held still in one way only", sort)
	}
	room := int(t.Options.Float("snapshot_room"))
	if room < 1 || room > 100 {
		return d, fmt.Errorf("snapshot_room is %d %%: it must be from 1 to 100", room)
	}
	in := map[string]string{"ROOTS": strings.Join(roots, "\n"), "MARK": snapshotMark(t.Ref), "ROOM": strconv.Itoa(room)}
	lib := []string{filesLib, "files/snapshot.sh", "files/snapshot-" + sort + ".sh"}
	verb := func(name string) *actions.Script {
		s := compound(in, nil, slices.Concat(lib, []string{"files/snapshot-" + name + ".sh"})...)
		return &s
	}
	d.Hold, d.Free, d.Through, d.Whole = verb("hold"), verb("free"), verb("through"), verb("whole")
	d.HoldText = "make a snapshot (" + sort + ") of what " + t.Ref.Name() + " lies on"
	ask := verb("survey")
	survey := d.Survey.With(in)
	survey.Body = ask.Body + survey.Body
	d.Survey = survey
	return d, nil
}

// snapshotMark is what the names of a target's snapshots begin with. LVM allows
// few signs, and doubles dashes in the names of devices; the sum keeps apart
// what is the same without them.
func snapshotMark(ref inventory.Ref) string {
	name := []byte(ref.Name())
	for i, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			name[i] = '_'
		}
	}
	return fmt.Sprintf("jurymast.%s_%08x.", name[:min(len(name), 40)], crc32.ChecksumIEEE([]byte(ref)))
}
