package sshlab

import "fmt"

// LVM is a volume group of the machine, of drives put together.
type LVM struct {
	Group      string // "vg0"
	Size, Free int64  // bytes
	Missing    int    // drives that are gone
	Volumes    []LogicalVolume
}

// LogicalVolume is a plain volume, or a snapshot of one.
type LogicalVolume struct {
	Name string
	Size int64 // bytes
	Of   string
	Full float64 // of a snapshot, in percent
}

// answer has vgs and lvs say what LVM 2.03 does.
func (l *LVM) answer(p *programs) {
	report := func(what string, rows []map[string]string) string {
		return asJSON(map[string]any{"report": []any{map[string]any{what: rows}}}) + "\n"
	}
	attr := "wz--n-"
	if l.Missing > 0 {
		attr = "wz-pn-"
	}
	for _, tool := range []string{"vgs", "lvs"} {
		p.rootOnly(tool, "  WARNING: Running as a non-root user. Functionality may be unavailable.")
	}
	p.answer("vgs", "--reportformat json *", 0, report("vg", []map[string]string{{
		"vg_name": l.Group, "vg_attr": attr, "vg_size": fmt.Sprint(l.Size), "vg_free": fmt.Sprint(l.Free), "vg_missing_pv_count": fmt.Sprint(l.Missing),
	}}))
	var rows []map[string]string
	for _, v := range l.Volumes {
		row := map[string]string{"lv_name": v.Name, "vg_name": l.Group, "lv_attr": "-wi-ao----", "lv_size": fmt.Sprint(v.Size)}
		for _, empty := range []string{"data_percent", "metadata_percent", "origin", "pool_lv", "lv_health_status", "lv_when_full", "seg_monitor", "raid_mismatch_count", "copy_percent"} {
			row[empty] = ""
		}
		if v.Of != "" {
			row["lv_attr"], row["origin"], row["data_percent"], row["seg_monitor"] = "swi-a-s---", v.Of, fmt.Sprintf("%.2f", v.Full), "monitored"
		}
		rows = append(rows, row)
	}
	p.answer("lvs", "--reportformat json *", 0, report("lv", rows))
}
