package kind

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// linuxVitals is what linux/vitals.sh prints, taken apart.
type linuxVitals struct {
	load     [3]float64
	cores    int
	memory   map[string]float64 // bytes
	pressure string
	uptime   time.Duration
	boot     string
	system   string  // "Debian GNU/Linux 12 (bookworm), Linux 6.1.0-18-amd64"
	busy     float64 // seconds that each processor has worked since the start, on average; NaN: not told
	mdstat   string
	sensors  []linuxSensor
	mounts   []linuxMount
	fstab    string
	blocks   map[string]linuxUse // df -k by mount point
	inodes   map[string]linuxUse
}

type linuxSensor struct {
	name    string
	celsius float64
}

type linuxMount struct{ device, at, fstype, options string }

// linuxUse is one line of df. Percent is NaN where df says "-".
type linuxUse struct{ size, used, free, percent float64 }

// linuxParts splits an answer at its "== name" lines. Ended reports whether the
// last part is "end": an answer without it was cut off.
func linuxParts(out []byte) (parts map[string]string, ended bool) {
	parts = map[string]string{}
	name := ""
	for _, ln := range strings.Split(string(out), "\n") {
		if n, ok := strings.CutPrefix(ln, "== "); ok {
			name = strings.TrimSpace(n)
			parts[name] += ""
			continue
		}
		if name != "" {
			parts[name] += ln + "\n"
		}
	}
	_, ended = parts["end"]
	return parts, ended
}

// linuxParse takes an answer apart, or says why it cannot be used.
func linuxParse(o actions.Output) (linuxVitals, string) {
	parts, ended := linuxParts(o.Stdout)
	if s, ok := parts["notlinux"]; ok {
		return linuxVitals{}, fmt.Sprintf("not Linux but %s: use kind host", orNothing(strings.TrimSpace(s), o.Exit))
	}
	if !ended {
		return linuxVitals{}, "the answer is not whole: " + orNothing(firstLine(o.Stderr), o.Exit)
	}
	v := linuxVitals{boot: strings.TrimSpace(parts["boot"]), mdstat: parts["mdstat"], pressure: parts["pressure"], fstab: parts["fstab"]}
	f := strings.Fields(parts["load"])
	for i := range v.load {
		if len(f) <= i {
			return v, "/proc/loadavg is not as it should be"
		}
		x, err := strconv.ParseFloat(f[i], 64)
		if err != nil {
			return v, "/proc/loadavg is not as it should be"
		}
		v.load[i] = x
	}
	v.cores, _ = strconv.Atoi(strings.TrimSpace(parts["cores"]))
	if up, err := strconv.ParseFloat(strings.SplitN(strings.TrimSpace(parts["uptime"])+" ", " ", 2)[0], 64); err == nil && up >= 0 && up < 1e10 {
		v.uptime = time.Duration(up * float64(time.Second))
	}
	v.system, v.busy = linuxSystem(parts["system"]), linuxBusy(parts["stat"], v.cores)
	v.memory = map[string]float64{}
	for _, ln := range strings.Split(parts["memory"], "\n") {
		name, rest, ok := strings.Cut(ln, ":")
		kb, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
		if ok && err == nil {
			v.memory[name] = kb * 1024
		}
	}
	v.sensors = linuxSensors(parts["temperature"])
	for _, ln := range strings.Split(parts["mounts"], "\n") {
		if f := strings.Fields(ln); len(f) == 4 {
			v.mounts = append(v.mounts, linuxMount{f[0], unoctal(f[1]), f[2], f[3]})
		}
	}
	v.blocks, v.inodes = linuxDF(parts["df"], v.mounts), linuxDF(parts["inodes"], v.mounts)
	return v, ""
}

// linuxSystem reads what is installed: the release of the kernel, and the line
// of os-release(5) that is for people.
func linuxSystem(s string) string {
	kernel, name := "", ""
	for _, ln := range strings.Split(s, "\n") {
		if n, ok := strings.CutPrefix(ln, "PRETTY_NAME="); ok {
			name = strings.Trim(n, `"'`) + ", "
		} else if kernel == "" && strings.TrimSpace(ln) != "" {
			kernel = "Linux " + strings.TrimSpace(ln)
		}
	}
	return strings.TrimSuffix(name+kernel, ", ")
}

// userHz is the unit of /proc/stat on every architecture that is in use: a
// hundredth of a second (proc_stat(5), time(7)).
const userHz = 100

// linuxBusy reads the first line of /proc/stat: user, nice, system, idle,
// iowait, irq, softirq, steal. What is stolen was not idle, and was not this
// machine's work either.
func linuxBusy(s string, cores int) float64 {
	f := strings.Fields(s)
	if len(f) < 8 || f[0] != "cpu" || cores < 1 {
		return math.NaN()
	}
	ticks := 0.0
	for _, i := range []int{1, 2, 3, 6, 7} {
		ticks += field(f[i])
	}
	// A quarter of a second is enough, and is kept in few bytes.
	return math.Floor(4*ticks/userHz/float64(cores)) / 4
}

func linuxSensors(s string) []linuxSensor {
	var out []linuxSensor
	seen := map[string]int{}
	for _, ln := range strings.Split(s, "\n") {
		f := strings.Fields(ln)
		if len(f) == 0 {
			continue
		}
		milli, err := strconv.ParseFloat(f[0], 64)
		// Sensors that are not connected read 0, or what cannot be.
		if err != nil || milli <= 0 || milli > 150000 {
			continue
		}
		name := strings.Join(f[1:], " ")
		if name == "" {
			name = "sensor"
		}
		if seen[name]++; seen[name] > 1 {
			name += " " + strconv.Itoa(seen[name])
		}
		out = append(out, linuxSensor{name, milli / 1000})
	}
	return out
}

// unoctal undoes how /proc/mounts writes blanks: \040.
func unoctal(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// linuxDF reads df -P. A mount point may hold blanks and a device too, so the
// line is matched from its end against the known mount points.
func linuxDF(s string, mounts []linuxMount) map[string]linuxUse {
	out := map[string]linuxUse{}
	for _, ln := range strings.Split(s, "\n") {
		for _, m := range mounts {
			head, ok := strings.CutSuffix(ln, " "+m.at)
			if !ok {
				continue
			}
			f := strings.Fields(head)
			if len(f) < 5 {
				continue
			}
			f = f[len(f)-4:]
			u := linuxUse{size: field(f[0]), used: field(f[1]), free: field(f[2]), percent: field(strings.TrimSuffix(f[3], "%"))}
			if !math.IsNaN(u.size) && !math.IsNaN(u.used) {
				out[m.at] = u
				break
			}
		}
	}
	return out
}

func field(s string) float64 {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return x
}

func linuxUptime(v linuxVitals) []actions.Reading {
	if v.uptime <= 0 {
		return actions.UnknownReading("/proc/uptime is not as it should be")
	}
	return []actions.Reading{{
		Status: actions.OK, Line: strings.TrimSuffix("up "+span(v.uptime)+"; "+v.system, "; "),
		Metrics: []actions.Metric{{Name: actions.MetricUptime, Unit: "s", Value: math.Floor(v.uptime.Seconds())}},
	}}
}

// linuxWork returns the metrics of how much the processors work: the share of
// the time since an earlier look, where there was one since it has started.
func linuxWork(v linuxVitals, a actions.Answer) []actions.Metric {
	if math.IsNaN(v.busy) {
		return nil
	}
	out := []actions.Metric{{Name: actions.MetricWorked, Value: v.busy, Unit: "s"}}
	before := a.Series("", actions.MetricWorked)
	for i := len(before) - 1; i >= 0; i-- {
		past := a.Now.Sub(before[i].At)
		if past < workLeast {
			continue
		}
		if past <= workMost && past < v.uptime && v.busy >= before[i].Value {
			share := 100 * (v.busy - before[i].Value) / past.Seconds()
			out = append(out, actions.Metric{Name: actions.MetricBusy, Value: math.Round(math.Min(share, 100)), Unit: "%"})
		}
		break
	}
	return out
}

// How long ago the earlier look may be: over less the times of two answers
// matter too much, and over more it would say nothing of now.
const (
	workLeast = 20 * time.Second
	workMost  = 30 * time.Minute
)

func linuxLoad(v linuxVitals, a actions.Answer, b inventory.Bound) []actions.Reading {
	if v.cores < 1 {
		return actions.UnknownReading("the number of processors is not known")
	}
	per := v.load[1] / float64(v.cores)
	st := judge(b, per)
	return []actions.Reading{{
		Status:  st,
		Line:    fmt.Sprintf("%.2f per processor over 5 min (load %.2f, %d processors)%s", per, v.load[1], v.cores, limitWords(b, st, "")),
		Metrics: append([]actions.Metric{measured("load", "", per, b)}, linuxWork(v, a)...),
	}}
}

func linuxMemory(v linuxVitals, b, pressure inventory.Bound) []actions.Reading {
	total := v.memory["MemTotal"]
	avail, ok := v.memory["MemAvailable"]
	if !ok { // before Linux 3.14
		avail = v.memory["MemFree"] + v.memory["Buffers"] + v.memory["Cached"]
	}
	if total <= 0 {
		return actions.UnknownReading("/proc/meminfo is not as it should be")
	}
	percent := 100 * avail / total
	st := judge(b, percent)
	r := actions.Reading{
		Status:  st,
		Line:    fmt.Sprintf("%.0f%% of %s available%s", percent, bytesWord(total), limitWords(b, st, "%")),
		Metrics: []actions.Metric{measured(actions.MetricAvailable, "%", percent, b)},
	}
	if full, ok := linuxPressure(v.pressure); ok {
		if p := judge(pressure, full); p != actions.OK {
			r.Status = actions.Worst(r.Status, p)
			r.Line += fmt.Sprintf("; %.0f%% of the last minute everything waited for memory%s", full, limitWords(pressure, p, "%"))
		}
		r.Metrics = append(r.Metrics, measured("pressure", "%", full, pressure))
	}
	if r.Status != actions.OK {
		r.Next = "what uses it: ps aux --sort=-rss | head"
	}
	return []actions.Reading{r}
}

// linuxPressure returns the share of the last minute in which all tasks waited
// for memory: avg60 of the line "full" (Documentation/accounting/psi.rst).
func linuxPressure(s string) (float64, bool) {
	for _, ln := range strings.Split(s, "\n") {
		if !strings.HasPrefix(ln, "full ") {
			continue
		}
		for _, f := range strings.Fields(ln) {
			if x, ok := strings.CutPrefix(f, "avg60="); ok {
				n, err := strconv.ParseFloat(x, 64)
				return n, err == nil
			}
		}
	}
	return 0, false
}

func linuxSwap(v linuxVitals, b inventory.Bound) []actions.Reading {
	total, ok := v.memory["SwapTotal"]
	if !ok {
		return actions.UnknownReading("/proc/meminfo is not as it should be")
	}
	if total == 0 {
		return nil
	}
	percent := 100 * (total - v.memory["SwapFree"]) / total
	st := judge(b, percent)
	return []actions.Reading{{
		Status:  st,
		Line:    fmt.Sprintf("%.0f%% of %s used%s", percent, bytesWord(total), limitWords(b, st, "%")),
		Metrics: []actions.Metric{measured("used", "%", percent, b)},
	}}
}

func linuxTemperature(v linuxVitals, b inventory.Bound) []actions.Reading {
	var out []actions.Reading
	for _, s := range v.sensors {
		st := judge(b, s.celsius)
		out = append(out, actions.Reading{
			Item: s.name, Status: st, Line: fmt.Sprintf("%.0f °C%s", s.celsius, limitWords(b, st, "°C")),
			Metrics: []actions.Metric{measured("temperature", "°C", s.celsius, b)},
		})
	}
	return out
}

// bytesWord writes a number of bytes in binary units, three figures at most.
func bytesWord(n float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	i := 0
	for n >= 1000 && i < len(units)-1 {
		n /= 1024
		i++
	}
	if n < 10 && i > 0 {
		return fmt.Sprintf("%.1f %s", n, units[i])
	}
	return fmt.Sprintf("%.0f %s", n, units[i])
}
