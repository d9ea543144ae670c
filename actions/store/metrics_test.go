package store

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"jurymast/actions"
)

// TestMetricsAreJSON: what is written is JSON and reads as what it was, whatever
// the names hold.
func TestMetricsAreJSON(t *testing.T) {
	r := metricReader{words: map[string]string{}}
	for _, name := range []string{"used", "", `a"b`, `a\b`, "a,b}", "größe", "\x00\x1b[31m", "\xff", "{\"name\":", "\u2028"} {
		for _, v := range []float64{0, 1, -91.25, 1e11, 1e-9, 5e-324, math.MaxFloat64, 1.0 / 3} {
			for _, ms := range [][]actions.Metric{
				{{Name: name, Value: v}},
				{{Name: "a", Value: v, Unit: name, Warn: &v, Fail: &v}, {Name: name, Value: 1, Fail: &v}},
			} {
				text := appendMetrics(nil, ms)
				var want []actions.Metric
				if err := json.Unmarshal(text, &want); err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				if name != "\xff" && !reflect.DeepEqual(want, ms) { // it is no text, and becomes one
					t.Errorf("%s reads as %+v", text, want)
				}
				if got, err := r.read(string(text)); err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%s is read as %+v, %v, want %+v", text, got, err, want)
				}
			}
		}
	}
}

// FuzzMetrics: whatever stands in the store is read as JSON would be.
func FuzzMetrics(f *testing.F) {
	for _, s := range []string{
		`[{"name":"used","value":91.2,"unit":"%","warn":85,"fail":95},{"name":"total","value":1e+11}]`, `[]`, `[`, `[{"name":"a","value":0x1}]`, `[{"name":"a","value":1_0}]`,
		`[{"name":"a","value":Inf}]`, `[{"name":"a","value":+1}]`, `[{"name":"a","value":01}]`, `[{"name":"a","value":.5}]`, "[{\"name\":\"\t\",\"value\":1}]", `[{"name":"a","value":1},]`,
		`[{"value":1,"name":"a"}]`, ` [ { "name" : "a" , "value" : 1 } ]`, `null`, "[{\"name\":\"\xff\",\"value\":1}]",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var want []actions.Metric
		wantErr := json.Unmarshal(text, &want)
		r := metricReader{words: map[string]string{}}
		got, err := r.read(string(text))
		if (err == nil) != (wantErr == nil) || err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v, want %+v, %v", text, got, err, want, wantErr)
		}
	})
}
