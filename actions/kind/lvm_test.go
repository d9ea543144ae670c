package kind

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
)

// lvmSaid is an answer about one volume of a group vg0.
func lvmSaid(attr, data, meta, more string) string {
	return `== groups
exit 0
{"report":[{"vg":[{"vg_name":"vg0","vg_attr":"wz--n-","vg_size":"1000","vg_free":"100","vg_missing_pv_count":"0"}]}]}
== volumes
exit 0
` + fmt.Sprintf(`{"report":[{"lv":[{"lv_name":"x","vg_name":"vg0","lv_attr":%q,"lv_size":"500","data_percent":%q,"metadata_percent":%q,"origin":"root"%s}]}]}`, attr, data, meta, more) + "\n== end\n"
}

func lvmReading(t *testing.T, check int, a actions.Answer, lines ...string) actions.Reading {
	t.Helper()
	f, target := suiteTarget(t, lvm, lines...)
	rs := lvm.Checks(f, target)[check].Read(a)
	if len(rs) != 1 {
		t.Fatalf("%+v", rs)
	}
	return rs[0]
}

// The bits of Lv_attr and the words of lv_health_status (lvs(8)).
func TestLvmVolumes(t *testing.T) {
	health := func(s string) string { return `,"lv_health_status":"` + s + `"` }
	for _, x := range []struct{ attr, data, meta, more, status, line string }{
		{"-wi-ao----", "", "", "", "ok", "1 volumes, none of which"},
		{"twi-aotz--", "40.00", "10.00", "", "ok", "thin pool, data 40% full, metadata 10% full"},
		{"twi-aotz--", "81.00", "10.00", "", "warn", "data 81% full, limit 80 %"},
		{"twi-aotz--", "40.00", "91.00", "", "fail", "metadata 91% full, limit 90 %"},
		{"twi-aotzM-", "40.00", "100.00", health("metadata_read_only"), "fail", "metadata read only; thin pool"},
		{"twi-aotzF-", "40.00", "10.00", health("failed"), "fail", "failed; thin pool"},
		{"twi-cotz--", "40.00", "10.00", "", "fail", "its metadata must be checked"},
		{"twi---tz--", "", "", "", "unknown", "not active"},
		{"twi-aotz--", "40.00", "10.00", `,"seg_monitor":"not monitored"`, "warn", "dmeventd does not monitor it"},
		{"swi-a-s---", "49.00", "", "", "ok", "snapshot of root, 49% full"},
		{"swi-a-s---", "81.00", "", "", "fail", "81% full, limit 80 %"},
		{"swi-I-s---", "100.00", "", "", "fail", "snapshot of root overflowed and is lost"},
		{"swi---s---", "", "", "", "unknown", "not active"},
		{"swi-m-s---", "10.00", "", "", "fail", "the merge of the snapshot failed"},
		{"rwi-aor---", "", "", `,"copy_percent":"40.00"`, "warn", "RAID volume, 40% in sync"},
		{"rwi-aor---", "", "", `,"copy_percent":""`, "unknown", "does not say whether it is in sync"},
		{"rwi-aor-r-", "", "", `,"copy_percent":"100.00"` + health("refresh needed"), "warn", "refresh needed; RAID volume"},
		{"rwi-aor-m-", "", "", `,"copy_percent":"100.00","raid_mismatch_count":"128"` + health("mismatches exist"), "warn", "128 sectors differ"},
		{"-wi-----p-", "", "", health("partial"), "fail", "a drive that it lies on is missing"},
		{"-wi-s-----", "", "", "", "warn", "suspended"},
		{"-wi-X--X--", "", "", "", "unknown", "does not know whether it is active"},
		{"-wi-a-----", "", "", health("in a mood"), "unknown", "LVM calls it in a mood"},
		{"twi", "1", "1", "", "unknown", "does not say what it is"},
		{"dwi-ao----", "60.00", "", "", "ok", "VDO pool, 60% full"},
		{"dwi-ao----", "96.00", "", "", "fail", "VDO pool, 96% full, limit 95 %"},
		{"dwi-------", "", "", "", "unknown", "VDO pool, not active: it does not say how full it is"},
		{"zwi-a-----", "", "", "", "unknown", "lvs calls its sort z, which is not known here"},
		{"-wi-z-----", "", "", "", "unknown", "lvs calls its state z, which is not known here"},
	} {
		r := lvmReading(t, 1, suiteAnswer(lvmSaid(x.attr, x.data, x.meta, x.more)))
		if r.Status.String() != x.status || !strings.Contains(r.Line, x.line) {
			t.Errorf("%s %s %s: want %s %q, got %+v", x.attr, x.data, x.more, x.status, x.line, r)
		}
		if (r.Status == actions.OK) != (r.Next == "") {
			t.Errorf("%s: what to do next: %+v", x.attr, r)
		}
	}
	a := suiteAnswer(lvmSaid("twi-aotz--", "99.00", "10.00", ""))
	if r := lvmReading(t, 1, a, `ignore = ["vg0/x"]`); r.Status != actions.OK {
		t.Errorf("ignored: %+v", r)
	}
}

// A pool that fills is told before it is full.
func TestLvmPoolFills(t *testing.T) {
	a := suiteAnswer(lvmSaid("twi-aotz--", "60.00", "10.00", ""))
	a.Series = func(item, metric string) []actions.Point {
		if item != "vg0/x" || metric != "data" {
			return nil
		}
		at := func(hours int, v float64) actions.Point {
			return actions.Point{At: a.Now.Add(-time.Duration(hours) * time.Hour), Value: v}
		}
		return []actions.Point{at(72, 30), at(48, 40), at(24, 50), at(1, 60)}
	}
	if r := lvmReading(t, 1, a); r.Status != actions.Warn || !strings.Contains(r.Line, "full in ~4 days, limit 7 days") {
		t.Errorf("%+v", r)
	}
}

func TestLvmGroups(t *testing.T) {
	said := lvmSaid("-wi-ao----", "", "", "")
	if r := lvmReading(t, 0, suiteAnswer(said)); r.Status != actions.OK || !strings.HasSuffix(r.Line, ", 10% of it free") {
		t.Errorf("well: %+v", r)
	}
	if r := lvmReading(t, 0, suiteAnswer(said), "limits.free = { warn = 20, fail = 15 }"); r.Status != actions.Fail || !strings.Contains(r.Line, "limit 15 %") {
		t.Errorf("little room: %+v", r)
	}
	for _, x := range []struct{ from, to, status, line string }{
		{`"wz--n-"`, `"wz-pn-"`, "fail", "of its drives missing"},
		{`"vg_missing_pv_count":"0"`, `"vg_missing_pv_count":"2"`, "fail", "2 of its drives missing"},
		{`"wz--n-"`, `"wzx-n-"`, "warn", "exported"},
		{`"vg_missing_pv_count":"0"`, `"vg_missing_pv_count":""`, "unknown", "does not say all"},
		{`"1000"`, `"0"`, "unknown", "does not say all"},
	} {
		if r := lvmReading(t, 0, suiteAnswer(strings.Replace(said, x.from, x.to, 1))); r.Status.String() != x.status || !strings.Contains(r.Line, x.line) {
			t.Errorf("%s: want %s %q, got %+v", x.to, x.status, x.line, r)
		}
	}
	f, target := suiteTarget(t, lvm, `groups = ["vg0", "gone"]`)
	if rs := lvm.Checks(f, target)[0].Read(suiteAnswer(said)); len(rs) != 2 || rs[1].Item != "gone" || rs[1].Status != actions.Fail {
		t.Errorf("a group that is gone: %+v", rs)
	}
}
