package kind

import (
	"math"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// TestDiskTellsItsBytes: what a file system takes, and of how much, in bytes.
// df counts in KiB, and its size holds what is kept for root.
func TestDiskTellsItsBytes(t *testing.T) {
	mounts := []linuxMount{{device: "/dev/sda1", at: "/srv/my disk"}}
	v := linuxVitals{mounts: mounts, blocks: linuxDF("/dev/sda1 1000 860 90 91% /srv/my disk\n", mounts)}
	none := inventory.Bound{Warn: math.NaN(), Fail: math.NaN()}
	rs := linuxDisks(v, actions.Answer{Series: func(string, string) []actions.Point { return nil }}, none, none)
	if len(rs) != 1 {
		t.Fatalf("%d readings", len(rs))
	}
	got := map[string]actions.Metric{}
	for _, m := range rs[0].Metrics {
		got[m.Name] = m
	}
	for name, want := range map[string]float64{actions.MetricUsed: 91, actions.MetricTaken: 860 << 10, actions.MetricSize: 1000 << 10} {
		if m, ok := got[name]; !ok || m.Value != want {
			t.Errorf("%s: %+v, want %v", name, m, want)
		}
	}
	if got[actions.MetricTaken].Unit != "B" || rs[0].Metrics[0].Name != actions.MetricUsed {
		t.Errorf("metrics %+v: the share comes first, the others are bytes", rs[0].Metrics)
	}
}
