package kind

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

// lvmRow is a line of a report: every value is text, "" for what does not apply.
type lvmRow map[string]string

// number is a field as a number, NaN where it says none.
func (r lvmRow) number(field string) float64 {
	v, err := strconv.ParseFloat(r[field], 64)
	if err != nil || math.IsInf(v, 0) || v < 0 {
		return math.NaN()
	}
	return v
}

// lvmRows returns the lines of a part of lvm/look.sh, or why there are none.
func lvmRows(a actions.Answer, part, list string) ([]lvmRow, *actions.Reading) {
	unknown := func(line, next string) *actions.Reading {
		return &actions.Reading{Status: actions.Unknown, Line: line, Next: next}
	}
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return nil, unknown("LVM is not installed", "apt install lvm2")
	}
	parts, ended := linuxParts(a.Stdout)
	text, seen := parts[part]
	if !ended || !seen {
		return nil, unknown("no whole answer: "+orNothing(firstLine(a.Stderr), a.Exit), "")
	}
	head, text, _ := strings.Cut(text, "\n")
	if head != "exit 0" {
		next := ""
		if needsRoot(text) || strings.Contains(text, "non-root user") {
			next = "sudo = true, and the rule of: jurymast kinds lvm --sudoers"
		}
		return nil, unknown("LVM does not say ("+actions.Line(head)+"): "+orNothing(actions.Line(text), 0), next)
	}
	var doc struct {
		Report []map[string][]lvmRow `json:"report"`
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil || len(doc.Report) == 0 {
		return nil, unknown("LVM gave no answer that can be read: "+orNothing(firstLine([]byte(text)), 0), "")
	}
	var rows []lvmRow
	for _, r := range doc.Report {
		more, ok := r[list]
		if !ok {
			return nil, unknown("LVM's report has no "+list, "")
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func lvmGroups(t inventory.Target, a actions.Answer) []actions.Reading {
	rows, trouble := lvmRows(a, "groups", "vg")
	if trouble != nil {
		return []actions.Reading{*trouble}
	}
	var out []actions.Reading
	there := map[string]bool{}
	for _, g := range rows {
		there[g["vg_name"]] = true
		out = append(out, lvmGroup(g, boundOf(t, "free")))
	}
	for _, name := range t.Options.List("groups") {
		if !there[name] {
			out = append(out, actions.Reading{Item: name, Status: actions.Fail, Line: "there is no such volume group", Next: "vgs; pvs; vgscan"})
		}
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.Fail, Line: "there is no volume group", Next: "vgs; pvs; vgscan"}}
	}
	return out
}

func lvmGroup(g lvmRow, free inventory.Bound) actions.Reading {
	r := actions.Reading{Item: g["vg_name"], Status: actions.Unknown, Next: "vgs " + g["vg_name"]}
	size, left, missing := g.number("vg_size"), g.number("vg_free"), g.number("vg_missing_pv_count")
	attr := g["vg_attr"]
	if math.IsNaN(size) || math.IsNaN(left) || math.IsNaN(missing) || size == 0 || len(attr) < 4 {
		r.Line = "vgs does not say all of it"
		return r
	}
	percent := min(100, 100*left/size)
	r.Status = judge(free, percent)
	r.Line = fmt.Sprintf("%s, %.0f%% of it free%s", bytesWord(size), percent, limitWords(free, r.Status, "%"))
	r.Metrics = []actions.Metric{measured("free", "%", percent, free)}
	switch {
	case missing > 0 || attr[3] == 'p':
		r.Status, r.Line = actions.Fail, fmt.Sprintf("%.0f of its drives missing; %s", missing, r.Line)
		r.Next = "pvs -o +pv_missing; the drive back in, or vgreduce --removemissing " + r.Item
	case attr[2] == 'x':
		r.Status, r.Line = actions.Worst(r.Status, actions.Warn), "exported: nothing can use it; "+r.Line
	case r.Status == actions.OK:
		r.Next = ""
	}
	return r
}

func lvmVolumes(t inventory.Target, a actions.Answer) []actions.Reading {
	rows, trouble := lvmRows(a, "volumes", "lv")
	if trouble != nil {
		return []actions.Reading{*trouble}
	}
	promised := map[string]float64{} // to the volumes of each thin pool, in bytes
	for _, v := range rows {
		if pool, size := v["pool_lv"], v.number("lv_size"); pool != "" && !math.IsNaN(size) {
			promised[v["vg_name"]+"/"+pool] += size
		}
	}
	var out []actions.Reading
	for _, v := range rows {
		item := v["vg_name"] + "/" + v["lv_name"]
		if slices.Contains(t.Options.List("ignore"), item) {
			continue
		}
		if r, tells := lvmVolume(v, item, promised[item], t, a); tells {
			out = append(out, r)
		}
	}
	if groups, _ := lvmRows(a, "groups", "vg"); len(rows) == 0 && len(groups) == 0 {
		return []actions.Reading{{Status: actions.Fail, Line: "there is no volume", Next: "vgs; pvs; vgscan"}}
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: fmt.Sprintf("%d volumes, none of which can run full or lose a member", len(rows))}}
	}
	return out
}

// lvmVolume judges one volume by its attributes (lvs(8), Lv_attr bits). Tells is
// false for one that is well and of no kind that could fill up or degrade.
func lvmVolume(v lvmRow, item string, promised float64, t inventory.Target, a actions.Answer) (r actions.Reading, tells bool) {
	r = actions.Reading{Item: item, Next: "lvs -a -o +devices,lv_health_status " + item}
	attr := v["lv_attr"]
	if len(attr) < 10 {
		r.Status, r.Line = actions.Unknown, "lvs does not say what it is: "+orNothing(actions.Line(attr), 0)
		return r, true
	}
	switch attr[0] {
	case 't':
		tells = true
		lvmPool(&r, v, attr, promised, t, a)
	case 's', 'S':
		tells = true
		lvmSnapshot(&r, v, attr, boundOf(t, "snapshot"))
	case 'r', 'R', 'm', 'M':
		tells = true
		lvmMirror(&r, v)
	case 'd':
		tells = true
		lvmVDO(&r, v, attr, boundOf(t, "data"))
	default:
		r.Line = "a volume"
	}
	worse := func(s actions.Status, word string) {
		r.Line = word + "; " + r.Line
		r.Status = actions.Worst(r.Status, s)
	}
	if !strings.ContainsRune(lvmSorts, rune(attr[0])) {
		worse(actions.Unknown, "lvs calls its sort "+attr[:1]+", which is not known here")
	}
	switch attr[4] {
	case '-', 'a', 'h', 'I':
	case 'c', 'C':
		worse(actions.Fail, "its metadata must be checked")
		r.Next = "lvchange -an " + item + ", then: lvconvert --repair " + item
	case 's', 'S':
		worse(actions.Warn, "suspended: who writes to it waits")
		r.Next = "dmsetup info; dmsetup resume"
	case 'm', 'M':
		worse(actions.Fail, "the merge of the snapshot failed")
	case 'd', 'i':
		worse(actions.Warn, "its device is there without a table")
	case 'X':
		worse(actions.Unknown, "LVM does not know whether it is active")
	default:
		worse(actions.Unknown, "lvs calls its state "+attr[4:5]+", which is not known here")
	}
	switch health := v["lv_health_status"]; health {
	case "":
	case "partial":
		worse(actions.Fail, "a drive that it lies on is missing")
	case "failed", "out_of_data", "metadata_read_only", "error":
		worse(actions.Fail, strings.ReplaceAll(health, "_", " "))
	case "refresh needed", "mismatches exist":
		worse(actions.Warn, health)
		if health == "refresh needed" {
			r.Next = "lvchange --refresh " + item
		}
	default:
		worse(actions.Unknown, "LVM calls it "+actions.Line(health))
	}
	if r.Status == actions.OK {
		r.Next = ""
	}
	return r, tells || r.Status != actions.OK
}

// lvmSorts are the sorts of volumes that lvs(8) of LVM 2.03 names.
const lvmSorts = "CmMoOrRsSpviIlcVdDtTeg-"

// lvmVDO judges a pool of VDO, which promises more than it has, as a thin one does.
func lvmVDO(r *actions.Reading, v lvmRow, attr string, b inventory.Bound) {
	used := v.number("data_percent")
	switch {
	case math.IsNaN(used) && attr[4] == '-':
		r.Status, r.Line = actions.Unknown, "VDO pool, not active: it does not say how full it is"
	case math.IsNaN(used):
		r.Status, r.Line = actions.Unknown, "VDO pool that does not say how full it is"
	default:
		r.Status = judge(b, used)
		r.Line = fmt.Sprintf("VDO pool, %.0f%% full%s", used, limitWords(b, r.Status, "%"))
		r.Metrics = []actions.Metric{measured("data", "%", used, b)}
		if r.Status != actions.OK {
			r.Next = "fstrim the file systems on it, or: lvextend -L +SIZE " + r.Item
		}
	}
}

func lvmPool(r *actions.Reading, v lvmRow, attr string, promised float64, t inventory.Target, a actions.Answer) {
	data, meta := v.number("data_percent"), v.number("metadata_percent")
	if math.IsNaN(data) || math.IsNaN(meta) {
		r.Status, r.Line = actions.Unknown, "a thin pool that does not say how full it is"
		if attr[4] == '-' {
			r.Line = "a thin pool that is not active does not say how full it is"
		}
		return
	}
	b, m, fill := boundOf(t, "data"), boundOf(t, "metadata"), boundOf(t, "fill")
	st, sm := judge(b, data), judge(m, meta)
	r.Status = actions.Worst(st, sm)
	r.Line = fmt.Sprintf("thin pool, data %.0f%% full%s, metadata %.0f%% full%s", data, limitWords(b, st, "%"), meta, limitWords(m, sm, "%"))
	r.Metrics = []actions.Metric{measured("data", "%", data, b), measured("metadata", "%", meta, m)}
	if size := v.number("lv_size"); size > 0 && promised > size {
		r.Line += fmt.Sprintf(", %.0f%% of it promised", 100*promised/size)
	}
	if days, ok := fullIn(a.Series(r.Item, "data"), data, a.Now); ok {
		sf := judge(fill, days)
		r.Status = actions.Worst(r.Status, sf)
		r.Line += fmt.Sprintf("; full in ~%.0f days%s", days, limitWords(fill, sf, "days"))
		r.Metrics = append(r.Metrics, measured("fill", "days", days, fill))
	}
	if r.Status != actions.OK {
		r.Next = "fstrim the file systems on it, or: lvextend -L +SIZE " + r.Item
		if sm != actions.OK {
			r.Next = "lvextend --poolmetadatasize +SIZE " + r.Item
		}
	}
	if v["seg_monitor"] == "not monitored" && attr[4] == 'a' {
		r.Status = actions.Worst(r.Status, actions.Warn)
		r.Line += "; dmeventd does not monitor it"
		r.Next = "lvchange --monitor y " + r.Item
	}
}

func lvmSnapshot(r *actions.Reading, v lvmRow, attr string, b inventory.Bound) {
	used := v.number("data_percent")
	of := "snapshot of " + v["origin"]
	switch {
	case attr[4] == 'I' || attr[4] == 'S' || attr[0] == 'S' && attr[4] != 'a':
		r.Status, r.Line = actions.Fail, of+" overflowed and is lost"
		r.Next = "lvremove " + r.Item
	case math.IsNaN(used) && attr[4] == '-':
		r.Status, r.Line = actions.Unknown, of+", not active: it does not say how full it is"
	case math.IsNaN(used):
		r.Status, r.Line = actions.Unknown, of+" does not say how full it is"
	default:
		r.Status = judge(b, used)
		r.Line = fmt.Sprintf("%s, %.0f%% full%s", of, used, limitWords(b, r.Status, "%"))
		r.Metrics = []actions.Metric{measured("snapshot", "%", used, b)}
		if r.Status != actions.OK {
			r.Next = "lvextend -L +SIZE " + r.Item + ", or lvremove it; full, it is lost"
		}
	}
}

func lvmMirror(r *actions.Reading, v lvmRow) {
	r.Line = "RAID volume"
	sync := v.number("copy_percent")
	switch {
	case math.IsNaN(sync) && v["lv_attr"][4] == '-':
		r.Line += ", not active"
	case math.IsNaN(sync):
		r.Status, r.Line = actions.Unknown, r.Line+" that does not say whether it is in sync"
	case sync < 100:
		r.Status, r.Line = actions.Warn, fmt.Sprintf("%s, %.0f%% in sync", r.Line, sync)
	default:
		r.Line += ", in sync"
	}
	if n := v.number("raid_mismatch_count"); n > 0 {
		r.Status = actions.Worst(r.Status, actions.Warn)
		r.Line += fmt.Sprintf(", %.0f sectors differ", n)
		r.Next = "lvchange --syncaction repair " + r.Item
	}
}
