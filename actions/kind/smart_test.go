package kind

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
)

// smartSaid reads an answer about /dev/sda that has a history.
func smartSaid(t *testing.T, exit, json string, history map[string]float64, lines ...string) actions.Reading {
	t.Helper()
	a := suiteAnswer("== scan\nexit 0\n== drive /dev/sda\nexit " + exit + "\n" + json + "\n== end\n")
	a.Series = func(item, metric string) []actions.Point {
		if v, ok := history[metric]; ok && item == "/dev/sda" {
			return []actions.Point{{At: a.Now.Add(-50 * time.Hour), Value: v}, {At: a.Now.Add(-2 * time.Hour), Value: v}}
		}
		return nil
	}
	f, target := suiteTarget(t, smart, lines...)
	rs := smart.Checks(f, target)[0].Read(a)
	if len(rs) != 1 {
		t.Fatalf("%+v", rs)
	}
	return rs[0]
}

const smartSectors = `{"smartctl":{"exit_status":64},"smart_status":{"passed":true},"ata_smart_attributes":{"table":[` +
	`{"id":5,"name":"Reallocated_Sector_Ct","raw":{"value":524296,"string":"8 (0 8)"}}]},"ata_smart_error_log":{"summary":{"count":7}},"power_on_time":{"hours":1000}}`

func TestSmartHistory(t *testing.T) {
	const asleep = `{"smartctl":{"argv":["-n","standby"],"messages":[{"string":"Device is in STANDBY mode, exit(2)"}],"exit_status":2}}`
	for _, x := range []struct {
		name, exit, json string
		history          map[string]float64
		lines            []string
		status, line     string
	}{
		{"sectors, for the first time", "64", smartSectors, nil, nil, "warn", "8 sectors replaced, limit 0 sectors, 7 errors in its log, 0.1 years on"},
		{"as many as before", "64", smartSectors, map[string]float64{"reallocated": 8, "logged": 7}, nil, "warn", "8 sectors replaced, limit 0"},
		{"more than before", "64", smartSectors, map[string]float64{"reallocated": 3, "logged": 7}, nil, "fail", "8 sectors replaced, 5 of them in the last 2 d 2 h"},
		{"another limit", "64", smartSectors, nil, []string{"limits.reallocated = { warn = 10 }"}, "ok", "8 sectors replaced, 7 errors"},
		{"more errors in its log", "64", smartSectors, map[string]float64{"logged": 4}, []string{"limits.reallocated = false"}, "warn", "7 errors in its log, 3 of them in the last 2 d 2 h"},
		{"never tested", "64", smartSectors, nil, []string{"limits.reallocated = false", "limits.tested = { warn = 40 }"}, "warn", "never tested"},
		{"asleep, well before", "2", asleep, map[string]float64{"verdict": 0}, nil, "ok", "asleep, and left so; ok when it was awake, 2 h 0 min ago"},
		{"asleep, and failing before", "2", asleep, map[string]float64{"verdict": 2}, nil, "fail", "fail when it was awake"},
		{"asleep, and not understood before", "2", asleep, map[string]float64{"verdict": 7}, nil, "unknown", "asleep"},
		{"asleep always", "2", asleep, nil, nil, "unknown", "never looked at awake"},
		{"not opened is not asleep", "2", `{"smartctl":{"argv":["-n","standby"],"messages":[{"string":"Smartctl open device: /dev/sda failed: Permission denied"}],"exit_status":2}}`, map[string]float64{"verdict": 0}, nil, "unknown", "Permission denied"},
		{"the code alone says it", "8", `{"smart_status":{"passed":true}}`, nil, nil, "fail", "failing by its own word"},
		{"an empty object", "0", `{}`, nil, nil, "unknown", "it does not say how it is"},
	} {
		r := smartSaid(t, x.exit, x.json, x.history, x.lines...)
		if r.Status.String() != x.status || !strings.Contains(r.Line, x.line) {
			t.Errorf("%s: want %s %q, got %+v", x.name, x.status, x.line, r)
		}
		if (r.Status == actions.OK) != (r.Next == "") {
			t.Errorf("%s: what to do next: %+v", x.name, r)
		}
	}
}

// What smartctl is asked, by a command that writes it down.
func TestSmartAsks(t *testing.T) {
	dir := t.TempDir()
	stand := "#!/bin/sh\necho \"$*\" >>" + dir + "/asked\nif [ \"$*\" = --scan ]; then\n" +
		"echo '/dev/sda -d scsi # /dev/sda, SCSI device'\necho '/dev/sdb -d scsi # /dev/sdb, SCSI device'\necho '/dev/bus/0 -d megaraid,3 # a disk'\necho '/dev/nvme0 -d nvme # NVMe'\nexit\nfi\n" +
		"echo '{\"smartctl\":{\"exit_status\":0},\"smart_status\":{\"passed\":true}}'\n"
	if err := os.WriteFile(filepath.Join(dir, "smartctl"), []byte(stand), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	eachShell(t, func(t *testing.T, shell ...string) {
		if err := os.RemoveAll(dir + "/asked"); err != nil {
			t.Fatal(err)
		}
		f, target := suiteTarget(t, smart, `drives = ["/dev/sdb sat", "/dev/disk/by-id/it's $HOME"]`, `ignore = ["/dev/sda"]`)
		c := smart.Checks(f, target)[0]
		a := runScript(t, c, shell...)
		if len(a.Stderr) > 0 || a.Exit != 0 {
			t.Errorf("exit %d, stderr %q", a.Exit, a.Stderr)
		}
		asked, err := os.ReadFile(dir + "/asked")
		if err != nil {
			t.Fatal(err)
		}
		const want = "--json=c -n standby -a -d sat /dev/sdb\n--json=c -n standby -a -d $HOME /dev/disk/by-id/it's\n--scan\n" +
			"--json=c -n standby -a -d megaraid,3 /dev/bus/0\n--json=c -n standby -a /dev/nvme0\n"
		if string(asked) != want {
			t.Errorf("it was asked\n%s\nand should be\n%s", asked, want)
		}
		a.Series = suiteAnswer("").Series
		var items []string
		for _, r := range c.Read(a) {
			items = append(items, r.Item+" "+r.Status.String())
		}
		if got := strings.Join(items, "; "); got != "/dev/bus/0 megaraid,3 ok; /dev/disk/by-id/it's ok; /dev/nvme0 ok; /dev/sdb ok" {
			t.Errorf("items: %s", got)
		}
	})
}
