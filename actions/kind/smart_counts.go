package kind

import (
	"fmt"
	"math"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

// smartCounts judges what a drive counts: ATA attributes 5, 187, 197 and 198,
// the logs of SCSI and NVMe.
func smartCounts(r *actions.Reading, s smartDrive, t inventory.Target, a actions.Answer) {
	reallocated, pending, uncorrectable, used := math.NaN(), math.NaN(), math.NaN(), math.NaN()
	add := func(to *float64, v float64) {
		if math.IsNaN(*to) {
			*to = 0
		}
		*to += v
	}
	for _, x := range s.ATA.Table {
		switch x.ID {
		case 5:
			add(&reallocated, x.count())
		case 197:
			add(&pending, x.count())
		case 187, 198:
			uncorrectable = max(x.count(), orZero(uncorrectable)) // they may count the same
		}
		if smartWears(x.Name) {
			used = max(0, 100-x.Value)
		}
	}
	if s.Grown != nil {
		add(&reallocated, *s.Grown)
	}
	for _, c := range s.Counts {
		if c.Total != nil {
			add(&uncorrectable, *c.Total)
		}
	}
	for _, v := range []*float64{s.Wear, s.Endurance.Used} {
		if v != nil {
			used = *v
		}
	}
	judged := func(name, unit, word string, v float64, grows bool) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return
		}
		b := boundOf(t, name)
		st := judge(b, v)
		more := ""
		if points := a.Series(r.Item, name); grows && len(points) > 0 && v > points[0].Value {
			st = actions.Fail
			more = fmt.Sprintf(", %.0f of them in the last %s", v-points[0].Value, span(max(0, a.Now.Sub(points[0].At))))
		} else {
			more = limitWords(b, st, unit)
		}
		if v > 0 || st != actions.OK {
			r.Line += ", " + fmt.Sprintf(word, v) + more
		}
		if st.Worse(r.Status) {
			r.Status = st
		}
		r.Metrics = append(r.Metrics, measured(name, unit, v, b))
	}
	judged("reallocated", "sectors", "%.0f sectors replaced", reallocated, true)
	judged("pending", "sectors", "%.0f sectors wait to be replaced", pending, false)
	judged("uncorrectable", "errors", "%.0f errors that could not be mended", uncorrectable, true)
	heat := "temperature"
	if n := s.NVMe; n != nil {
		heat = "nvme_temperature"
		judged("media", "errors", "%.0f errors of the medium", orNaN(n.Media), true)
		if n.Used != nil {
			used = *n.Used
		}
		if n.Spare != nil && (*n.Spare > 0 || n.Threshold > 0) { // both 0: it keeps no count of them
			smartSpare(r, *n.Spare, boundOf(t, "spare"))
		}
	}
	judged("used", "%", "%.0f%% of its life used", used, false)
	smartLogged(r, s.Errors.Summary.Count, a)
	if s.Temperature.Current > 0 {
		judged(heat, "°C", "%.0f °C", s.Temperature.Current, false)
	}
	if s.On.Hours != nil {
		judged("age", "years", "%.1f years on", *s.On.Hours/hoursOfYear, false)
	}
}

const hoursOfYear = 24 * 365.25

// smartWears reports whether an attribute's value falls from 100 to 0 as an SSD
// wears out (the names of smartctl's drive database).
func smartWears(name string) bool {
	for _, w := range []string{"Percent_Lifetime_Remain", "SSD_Life_Left", "Media_Wearout_Indicator", "Wear_Leveling_Count", "Remaining_Lifetime_Perc"} {
		if strings.EqualFold(name, w) {
			return true
		}
	}
	return false
}

// smartSpare judges the spare blocks of an NVMe drive. They are said only when
// they grow few: 100 % is what every drive has at first.
func smartSpare(r *actions.Reading, v float64, b inventory.Bound) {
	st := judge(b, v)
	if v < 100 || st != actions.OK {
		r.Line += fmt.Sprintf(", %.0f%% of the spare blocks left%s", v, limitWords(b, st, "%"))
	}
	if st.Worse(r.Status) {
		r.Status = st
	}
	r.Metrics = append(r.Metrics, measured("spare", "%", v, b))
}

// smartLogged warns when the errors in an ATA drive's log become more.
func smartLogged(r *actions.Reading, v float64, a actions.Answer) {
	if v <= 0 || math.IsInf(v, 0) {
		return
	}
	r.Line += fmt.Sprintf(", %.0f errors in its log", v)
	if points := a.Series(r.Item, "logged"); len(points) > 0 && v > points[0].Value {
		r.Line += fmt.Sprintf(", %.0f of them in the last %s", v-points[0].Value, span(max(0, a.Now.Sub(points[0].At))))
		r.Status = actions.Worst(r.Status, actions.Warn)
	}
	r.Metrics = append(r.Metrics, actions.Metric{Name: "logged", Value: v})
}

// smartTests judges the newest self-test that was finished. One that was
// broken off says nothing.
func smartTests(r *actions.Reading, s smartDrive, b inventory.Bound) {
	var said string
	passed, at, found := false, 0.0, false
	for _, x := range s.Tests.Standard.Table {
		if x.Status.Passed != nil {
			passed, at, said, found = *x.Status.Passed, x.Hours, x.Status.String, true
			break
		}
	}
	for _, x := range s.NVMeTests.Table {
		if x == nil || found {
			continue
		}
		if v := x.Result.Value; v == 0 || v >= 5 && v <= 7 { // the others were aborted
			passed, at, said, found = v == 0, x.Hours, x.Result.String, true
		}
	}
	if s.Data.Test.Status.Value>>4 == 15 {
		r.Line += fmt.Sprintf(", a self-test runs, %.0f%% of it left", s.Data.Test.Status.Remaining)
	}
	ago := math.NaN()
	if s.On.Hours != nil {
		ago = *s.On.Hours - at
		if ago >= 1<<16 { // an ATA drive's log keeps 16 bits of the hours
			ago = math.Mod(ago, 1<<16)
		}
	}
	switch {
	case found && !passed:
		r.Status = actions.Fail
		r.Line += ", its last self-test failed: " + actions.Line(said)
		r.Next = "copy what is on it, then replace it: smartctl -a " + r.Item
		return
	case found && !math.IsNaN(ago) && ago >= 0 && !math.IsInf(ago, 0):
		st := judge(b, ago/24)
		r.Line += fmt.Sprintf(", self-test passed %.0f d of use ago%s", ago/24, limitWords(b, st, "days"))
		if st.Worse(r.Status) {
			r.Status = st
		}
		r.Metrics = append(r.Metrics, measured("tested", "days", ago/24, b))
	case found:
		r.Line += ", self-test passed"
	case !math.IsNaN(b.Warn) || !math.IsNaN(b.Fail):
		r.Status = actions.Worst(r.Status, actions.Warn)
		r.Line += ", never tested"
		r.Next = "smartctl -t long " + r.Item
	}
}

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

func orZero(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}
