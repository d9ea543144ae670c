package inventory

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// testKinds is a small catalogue: the package is tested without the real one.
var testKinds = Schema{
	"linux": {
		Levels:  []Level{LevelNode, LevelVM},
		Options: []Option{{Name: "units", Type: TypeList, Doc: "units to look at"}},
		Limits: []Limit{
			{Name: "disk", Unit: "%", Warn: 85, Fail: 95},
			{Name: "load", Warn: 2, Fail: 4},
			{Name: "free", Unit: "days", Warn: 7, Fail: 2, Low: true},
			{Name: "temp", Unit: "°C", Warn: math.NaN(), Fail: 90},
		},
	},
	"dir": {Levels: []Level{LevelShare}},
	"unit": {
		Levels:  []Level{LevelService},
		Options: []Option{{Name: "unit", Type: TypeString, Required: true, Doc: "the systemd unit"}, {Name: "off", Type: TypeBool, Doc: "whether it is meant to be off"}},
		Refuses: func(t Target) (key, why, hint string) {
			if t.Options.Bool("off") && len(t.Standby) > 0 {
				return "off", "what is off needs no standby", "leave out off, or standby"
			}
			return "", "", ""
		},
	},
	"http": {
		Levels: []Level{LevelService, LevelCheck},
		Options: []Option{
			{Name: "url", Type: TypeURL, Required: true, Doc: "what to ask for"},
			{Name: "status", Type: TypeInt, Default: "200", Doc: "the answer that is well"},
			{Name: "secret", Type: TypeSecret, Doc: "a bearer token"},
			{Name: "from", Type: TypeHost, Default: "console", Doc: "where it is asked from"},
		},
	},
	"tls": {
		Levels:  []Level{LevelCheck},
		Options: []Option{{Name: "address", Type: TypeString, Required: true, Doc: "host:port"}},
		Limits:  []Limit{{Name: "days", Unit: "days", Warn: 14, Fail: 3, Low: true}},
	},
	"every-type": {
		Levels: []Level{LevelService},
		Options: []Option{
			{Name: "a_bool", Type: TypeBool, Default: "true", Doc: "d"},
			{Name: "a_duration", Type: TypeDuration, Default: "1h30m", Doc: "d"},
			{Name: "a_host", Type: TypeHost, Default: "console", Doc: "d"},
			{Name: "a_list", Type: TypeList, Default: `["x", "y"]`, Doc: "d"},
			{Name: "a_path", Type: TypePath, Default: "/etc", Doc: "d"},
			{Name: "a_percent", Type: TypePercent, Default: "85%", Doc: "d"},
			{Name: "a_port", Type: TypePort, Default: "443", Doc: "d"},
			{Name: "a_secret", Type: TypeSecret, Doc: "d"},
			{Name: "a_size", Type: TypeSize, Default: "10 GiB", Doc: "d"},
			{Name: "a_string", Type: TypeString, Default: "7", Doc: "d"},
			{Name: "a_url", Type: TypeURL, Default: "https://example.net", Doc: "d"},
			{Name: "an_enum", Type: TypeEnum, Values: []string{"fast", "slow"}, Default: "slow", Doc: "d"},
			{Name: "an_int", Type: TypeInt, Default: "-3", Doc: "d"},
		},
	},
}

const testdata = "../testdata/inventory"

// TestMistakes reads every file of testdata/inventory and compares all that is
// found with the golden text beside it.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testdata, "*.toml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(strings.TrimSuffix(name, ".toml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f, err := Parse(name, data, testKinds)
			var ps Problems
			switch e := err.(type) {
			case nil:
				ps = f.Warnings
			case Problems:
				ps = e
			default:
				t.Fatalf("the error is a %T: %v", err, err)
			}
			got := ps.Error()
			if got != "" {
				got += "\n"
			}
			inside(t, name, data, ps)
			want := strings.TrimSuffix(file, ".toml") + ".want"
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			b, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(b) {
				t.Errorf("got\n%s\nwant\n%s", got, b)
			}
			for _, p := range ps {
				if strings.Contains(p.String(), "hunter2") {
					t.Errorf("a secret is repeated: %s", p)
				}
			}
		})
	}
}

// inside checks that every problem stands at a place that the file has.
func inside(t *testing.T, name string, data []byte, ps Problems) {
	t.Helper()
	lines := strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n")
	for _, p := range ps {
		if p.Pos.File != name || p.Pos.Line < 1 || p.Pos.Line > len(lines) ||
			p.Pos.Col < 1 || p.Pos.Col > len(lines[p.Pos.Line-1])+1 {
			t.Errorf("problem outside of the file: %s", p)
		}
		if p.Text == "" || strings.ContainsAny(p.String(), "\n\x1b\x00") {
			t.Errorf("bad text: %q", p)
		}
	}
}
