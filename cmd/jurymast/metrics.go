package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"jurymast/actions"
	"jurymast/actions/engine"
)

func (a *app) metricsCommand() *cobra.Command {
	var file string
	c := a.command(&cobra.Command{
		Use:   "metrics [--textfile FILE]",
		Short: "Write what was seen last as Prometheus metrics",
		Long: `Write what was seen last in the Prometheus text format, without touching the
network. With --textfile the file is written whole under another name and then
renamed, as the textfile collector of node_exporter needs it; its name must end
in .prom.`,
		Example: "  jurymast metrics\n  jurymast metrics --textfile /var/lib/prometheus/node-exporter/jurymast.prom",
		Args:    args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if file != "" && !strings.HasSuffix(file, ".prom") {
				return usagef("--textfile %s: the collector reads only files that end in .prom", file)
			}
			e, err := a.open(c.Context())
			if err != nil {
				return err
			}
			st, err := e.State(c.Context())
			if err != nil {
				return err
			}
			var b bytes.Buffer
			if err := writeMetrics(&b, e.Summaries(st), st); err != nil {
				return err
			}
			if file == "" {
				_, err = a.out.Write(b.Bytes())
				return err
			}
			return engine.WriteShared(file, b.Bytes())
		},
	})
	c.Flags().StringVar(&file, "textfile", "", "write to this `file`, in one piece")
	return c
}

// family is one metric with all its samples; the format wants them together.
type family struct {
	name, help string
	samples    []string
}

// writeMetrics writes summaries and the numbers behind them. There are no
// timestamps: one would make the textfile collector skip the whole file. Times
// are gauges in seconds since 1970, 0 for never.
func writeMetrics(w io.Writer, sums []actions.Summary, st actions.State) error {
	state := family{name: "jurymast_target_state", help: "State of a target: 0 ok, 1 warn, 2 fail, 3 unknown."}
	checked := family{name: "jurymast_target_checked_timestamp_seconds", help: "When a target was last looked at, 0 for never."}
	lastOK := family{name: "jurymast_target_last_ok_timestamp_seconds", help: "When a target was last seen ok, 0 for never."}
	muted := family{name: "jurymast_target_muted", help: "Whether a target's problems are kept quiet."}
	for _, s := range sums {
		l := labels("target", string(s.Ref), "kind", s.Kind, "site", s.Site)
		state.add(l, float64(shown(s)))
		checked.add(l, seconds(s.CheckedAt.IsZero(), s.CheckedAt.Unix()))
		lastOK.add(l, seconds(s.LastOK.IsZero(), s.LastOK.Unix()))
		muted.add(l, bit(s.Muted != ""))
	}
	families := []family{state, checked, lastOK, muted}

	checks := family{name: "jurymast_check_state", help: "State of a check: 0 ok, 1 warn, 2 fail, 3 unknown."}
	numbers := map[string]*family{}
	var entries []actions.Entry
	st.All(func(e actions.Entry) bool { entries = append(entries, e); return true })
	slices.SortFunc(entries, func(a, b actions.Entry) int { return strings.Compare(a.Key().String(), b.Key().String()) })
	for _, e := range entries {
		l := labels("target", string(e.Target), "check", e.Check, "item", e.Item)
		checks.add(l, float64(e.Status))
		for _, m := range e.Metrics {
			if math.IsNaN(m.Value) || math.IsInf(m.Value, 0) {
				continue
			}
			name, value := base(e.Check, m)
			f := numbers[name]
			if f == nil {
				f = &family{name: name, help: "A number of the check " + e.Check + "."}
				numbers[name] = f
			}
			f.add(l, value)
		}
	}
	families = append(families, checks)
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		families = append(families, *numbers[name])
	}
	for _, f := range families {
		if err := f.write(w); err != nil {
			return err
		}
	}
	return nil
}

func (f *family) add(labels string, v float64) {
	f.samples = append(f.samples, labels+" "+strconv.FormatFloat(v, 'g', -1, 64))
}

func (f family) write(w io.Writer) error {
	if len(f.samples) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n", f.name, helpEscape.Replace(f.help), f.name)
	seen := map[string]bool{}
	for _, s := range f.samples {
		if id, _, _ := strings.Cut(s, "} "); seen[id] {
			continue // the same series twice makes the whole file unreadable
		} else {
			seen[id] = true
		}
		b.WriteString(f.name + s + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var (
	notName     = regexp.MustCompile(`[^a-zA-Z0-9_]+`)
	helpEscape  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	labelEscape = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

// base returns the name and value of a metric in base units, as Prometheus
// wants them: seconds, bytes, ratios from 0 to 1.
func base(check string, m actions.Metric) (string, float64) {
	name := "jurymast_" + notName.ReplaceAllString(strings.ToLower(check), "_")
	if m.Name != check {
		name += "_" + notName.ReplaceAllString(strings.ToLower(m.Name), "_")
	}
	switch m.Unit {
	case "%":
		return name + "_ratio", m.Value / 100
	case "s":
		return name + "_seconds", m.Value
	case "ms":
		return name + "_seconds", m.Value / 1e3
	case "us":
		return name + "_seconds", m.Value / 1e6
	case "days":
		return name + "_seconds", m.Value * 86400
	case "B":
		return name + "_bytes", m.Value
	case "KB", "kB":
		return name + "_bytes", m.Value * 1e3
	case "MB":
		return name + "_bytes", m.Value * 1e6
	case "GB":
		return name + "_bytes", m.Value * 1e9
	case "TB":
		return name + "_bytes", m.Value * 1e12
	case "°C":
		return name + "_celsius", m.Value
	}
	return name, m.Value
}

func labels(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `%s="%s"`, pairs[i], labelEscape.Replace(pairs[i+1]))
	}
	return "{" + b.String() + "}"
}

func seconds(never bool, unix int64) float64 {
	if never {
		return 0
	}
	return float64(unix)
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
