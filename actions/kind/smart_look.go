package kind

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

// smartDrive is of smartctl's JSON what is judged (smartctl 7.0 to 7.5).
type smartDrive struct {
	Model    string `json:"model_name"`
	Smartctl struct {
		Exit     int            `json:"exit_status"`
		Messages []smartMessage `json:"messages"`
	} `json:"smartctl"`
	Power   *smartPower `json:"power_mode"`
	Support *struct {
		Available, Enabled *bool
	} `json:"smart_support"`
	Status *struct {
		Passed bool `json:"passed"`
		SCSI   struct {
			Said string `json:"ie_string"`
		} `json:"scsi"`
	} `json:"smart_status"`
	Temperature struct{ Current float64 } `json:"temperature"`
	On          struct{ Hours *float64 }  `json:"power_on_time"`
	ATA         struct {
		Table []smartAttribute `json:"table"`
	} `json:"ata_smart_attributes"`
	Data struct {
		Test struct {
			Status struct {
				Value     int
				Remaining float64 `json:"remaining_percent"`
			} `json:"status"`
		} `json:"self_test"`
	} `json:"ata_smart_data"`
	Errors struct {
		Summary struct{ Count float64 } `json:"summary"`
	} `json:"ata_smart_error_log"`
	Tests struct {
		Standard struct {
			Table []struct {
				Status struct {
					String string
					Passed *bool
				} `json:"status"`
				Hours float64 `json:"lifetime_hours"`
			} `json:"table"`
		} `json:"standard"`
	} `json:"ata_smart_self_test_log"`
	NVMe *struct {
		Warning   int      `json:"critical_warning"`
		Spare     *float64 `json:"available_spare"`
		Threshold float64  `json:"available_spare_threshold"`
		Used      *float64 `json:"percentage_used"`
		Media     *float64 `json:"media_errors"`
	} `json:"nvme_smart_health_information_log"`
	NVMeTests struct {
		Table []*struct {
			Result struct {
				Value  int
				String string
			} `json:"self_test_result"`
			Hours float64 `json:"power_on_hours"`
		} `json:"table"`
	} `json:"nvme_self_test_log"`
	Endurance struct {
		Used *float64 `json:"current_percent"`
	} `json:"endurance_used"`
	Grown  *float64 `json:"scsi_grown_defect_list"`
	Wear   *float64 `json:"scsi_percentage_used_endurance_indicator"`
	Counts map[string]struct {
		Total *float64 `json:"total_uncorrected_errors"`
	} `json:"scsi_error_counter_log"`
}

// smartMessage is what smartctl says beside its answer; smartPower is the state
// that a drive was found in.
type (
	smartMessage struct{ String string }
	smartPower   struct{ Name string }
)

// smartAttribute is one line of the table of an ATA drive.
type smartAttribute struct {
	ID    int
	Name  string
	Value float64
	When  string `json:"when_failed"`
	Flags struct {
		Prefailure bool
	}
	Raw struct {
		Value  float64
		String string
	}
}

// count is what an attribute counts. Its raw value may hold more than one
// number; smartctl writes the one that counts first.
func (x smartAttribute) count() float64 {
	first, _, _ := strings.Cut(strings.TrimSpace(x.Raw.String), " ")
	if n, err := strconv.ParseUint(first, 10, 48); err == nil {
		return float64(n)
	}
	return x.Raw.Value
}

// smartRead judges the answer of smart/look.sh, a reading a drive.
func smartRead(t inventory.Target, a actions.Answer) []actions.Reading {
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return []actions.Reading{{Status: actions.Unknown, Line: "smartctl is not installed", Next: "apt install smartmontools"}}
	}
	parts, ended := linuxParts(a.Stdout)
	scan, seen := parts["scan"]
	if !ended || !seen {
		return actions.UnknownReading("no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	var out []actions.Reading
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		drive, ok := strings.CutPrefix(name, "drive ")
		if !ok {
			continue
		}
		head, text, _ := strings.Cut(parts[name], "\n")
		exit, err := strconv.Atoi(strings.TrimPrefix(head, "exit "))
		if err != nil {
			exit = 1 // no line that says how it ended is no good end
		}
		item, _, _ := strings.Cut(drive, " ")
		if strings.HasPrefix(item, "/dev/bus/") {
			item = drive // one controller, many drives
		}
		out = append(out, smartOne(t, a, item, text, exit))
	}
	if head, said, _ := strings.Cut(scan, "\n"); head != "exit 0" {
		r := actions.Reading{Item: "scan", Status: actions.Unknown, Line: "drives cannot be looked for: " + orNothing(actions.Line(said), 0)}
		if needsRoot(said) {
			r.Next = "sudo = true, and the rule of: jurymast kinds smart --sudoers"
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.Unknown, Line: "smartctl finds no drive that can be asked", Next: "smartctl --scan"}}
	}
	return out
}

func smartOne(t inventory.Target, a actions.Answer, item, text string, exit int) actions.Reading {
	r := actions.Reading{Item: item, Status: actions.Unknown, Next: "smartctl -a " + item}
	var s smartDrive
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		r.Line = "smartctl gave no answer that can be read: " + orNothing(firstLine([]byte(text)), exit)
		if needsRoot(text) {
			r.Next = "sudo = true, and the rule of: jurymast kinds smart --sudoers"
		}
		return r
	}
	exit |= s.Smartctl.Exit
	said := ""
	for _, m := range s.Smartctl.Messages {
		if said == "" || strings.Contains(m.String, "-d option") && !strings.Contains(said, "USB") {
			said = actions.Line(m.String)
		}
	}
	if exit&(smartUsage|smartOpenFailed) != 0 {
		switch {
		case smartAsleep(s.Smartctl.Messages, s.Power):
			return smartSleeping(r, a)
		case strings.Contains(said, "USB bridge"):
			r.Next = "say how it is asked, often: drives = [\"" + item + " sat\"]"
		case needsRoot(said):
			r.Next = "sudo = true, and the rule of: jurymast kinds smart --sudoers"
		}
		r.Line = "it cannot be asked: " + orNothing(said, exit)
		return r
	}
	smartVerdict(&r, s, exit, said)
	smartCounts(&r, s, t, a)
	smartTests(&r, s, boundOf(t, "tested"))
	if s.Model != "" {
		r.Line += " (" + actions.Line(s.Model) + ")"
	}
	// Kept for when it sleeps: see smartSleeping.
	r.Metrics = append(r.Metrics, actions.Metric{Name: "verdict", Value: float64(r.Status)})
	if r.Status == actions.OK {
		r.Next = ""
	}
	return r
}

// More bits of smartctl's exit status (smartctl(8), EXIT STATUS).
const (
	smartUsage         = 1 << 0
	smartCommandFailed = 1 << 2
	smartOncePassed    = 1 << 5 // an attribute was at its threshold in the past
)

// smartAsleep reports whether smartctl left a drive alone because it sleeps.
// The answer's own argv holds the word standby, whatever came of it.
func smartAsleep(said []smartMessage, power *smartPower) bool {
	for _, m := range said {
		if strings.Contains(m.String, "STANDBY") || strings.Contains(m.String, "SLEEP") {
			return true
		}
	}
	return power != nil && (strings.HasPrefix(power.Name, "STANDBY") || strings.HasPrefix(power.Name, "SLEEP"))
}

// smartSleeping is the reading of a drive that was left asleep: what it was
// when it was last awake. Sleep mends nothing.
func smartSleeping(r actions.Reading, a actions.Answer) actions.Reading {
	points := a.Series(r.Item, "verdict")
	if len(points) == 0 {
		r.Line, r.Next = "asleep, and left so; it was never looked at awake", "see to it that it is asked once: smartctl -a "+r.Item
		return r
	}
	last := points[len(points)-1]
	if v := last.Value; v >= 0 && v <= float64(actions.Unknown) && v == math.Trunc(v) {
		r.Status = actions.Status(v)
	}
	r.Line = fmt.Sprintf("asleep, and left so; %s when it was awake, %s ago", r.Status, span(max(0, a.Now.Sub(last.At))))
	if r.Status == actions.OK {
		r.Next = ""
	}
	return r
}

// smartVerdict is what the drive says of itself, and what its thresholds say.
func smartVerdict(r *actions.Reading, s smartDrive, exit int, said string) {
	var now, past []string
	for _, x := range s.ATA.Table {
		switch {
		case x.When == "now" && x.Flags.Prefailure:
			now = append(now, actions.Line(x.Name))
		case x.When != "" && x.Flags.Prefailure:
			past = append(past, actions.Line(x.Name))
		}
	}
	switch {
	case s.Status != nil && !s.Status.Passed || exit&(smartFailing|smartPrefail) != 0 || s.NVMe != nil && s.NVMe.Warning != 0:
		r.Status, r.Line = actions.Fail, "failing by its own word"
		why := now
		if s.NVMe != nil {
			why = append(why, smartWarnings(s.NVMe.Warning)...)
		}
		if s.Status != nil && s.Status.SCSI.Said != "" {
			why = append(why, actions.Line(s.Status.SCSI.Said))
		}
		if len(why) > 0 {
			r.Line += ": " + strings.Join(why, ", ")
		}
		r.Next = "copy what is on it, then replace it: smartctl -a " + r.Item
	case s.Support != nil && s.Support.Available != nil && !*s.Support.Available:
		r.Line, r.Next = "it has no SMART", "ignore = [\""+r.Item+"\"] where that is so for good"
	case s.Support != nil && s.Support.Enabled != nil && !*s.Support.Enabled:
		r.Status, r.Line, r.Next = actions.Warn, "its SMART is switched off", "smartctl -s on "+r.Item
	case s.Status == nil:
		r.Line = "it does not say how it is"
		if said != "" {
			r.Line += ": " + said
		}
	case exit&smartCommandFailed != 0 && !s.counts():
		r.Status, r.Line = actions.Unknown, "well by its own word, and what it counts could not be read"
		if said != "" {
			r.Line += ": " + said
		}
	case len(past) > 0 || exit&smartOncePassed != 0 && len(s.ATA.Table) == 0:
		r.Status, r.Line = actions.Warn, "well by its own word, and it once was not: "+strings.Join(past, ", ")
	default:
		r.Status, r.Line = actions.OK, "well by its own word"
	}
}

// counts reports whether the drive told anything of what it counts. Many a drive
// fails some command: only one that tells nothing is not known.
func (s smartDrive) counts() bool {
	return len(s.ATA.Table) > 0 || s.NVMe != nil || s.Grown != nil || len(s.Counts) > 0
}

// smartWarnings names the bits of an NVMe drive's critical warning (NVM Express
// Base Specification 1.4, figure 196).
func smartWarnings(bits int) []string {
	var out []string
	for i, w := range []string{"spare blocks run out", "too hot or too cold", "no longer reliable", "turned read-only", "its backup of memory failed", "its persistent memory is unreliable"} {
		if bits&(1<<i) != 0 {
			out = append(out, w)
		}
	}
	return out
}
