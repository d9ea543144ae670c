package kind

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
)

const (
	opnsenseConfig = `<?xml version="1.0"?>
<opnsense>
  <interfaces>
    <wan><if>vtnet0</if><enable>1</enable></wan>
    <lan><if>vlan01</if></lan>
    <opt1><if>wg0</if></opt1>
  </interfaces>
  <filter><rule>one</rule></filter>
  <revision><username>root@10.0.0.2</username><description>before</description></revision>
</opnsense>
`
	opnsenseVersion = `{
    "product_abi": "25.7",
    "product_series": "25.7",
    "product_version": "25.7.3"
}
`
)

// firewall makes a folder that stands for a firewall, with stand-ins for its
// tools, and returns the inputs by which a script takes it for the machine.
func firewall(t *testing.T) (root string, in map[string]string) {
	t.Helper()
	root = t.TempDir()
	put := func(name, text string, mode os.FileMode) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	tool := func(name, text string) { put("bin/"+name, "#!/bin/sh\n"+text, 0o755) }
	put("conf/config.xml", opnsenseConfig, 0o640)
	put("conf/backup/config-1795000000.0001.xml", opnsenseConfig, 0o640)
	put("usr/local/opnsense/version/core", opnsenseVersion, 0o644)
	put("usr/local/etc/rc.reload_all", "#!/bin/sh\ngrep -o '<description>.*</description>' "+root+"/conf/config.xml >>"+root+"/reloaded\n", 0o755)
	put("tmp/pkg_upgrade.json", `{"connection":"ok","repository":"ok","upgrade_packages":[]}`, 0o644)
	tool("opnsense-version", "echo 'OPNsense 25.7.3 (amd64)'\n")
	tool("ifconfig", `[ "$1" = -l ] && echo 'vtnet0 vtnet1 lo0' && exit
printf 'vtnet0: flags=8963<UP> metric 0\n\tether 00:00:5e:00:01:01\n\tcarp: MASTER vhid 1 advbase 1 advskew 0\nlo0: flags=8049<UP>\n'
`)
	tool("configctl", `printf '%s\n' "$*" >>`+root+`/asked
case "$*" in
"interface gateways status") echo '[{"name":"WAN","status":"none","loss":"0.0 %","delay":"4.0 ms"}]' ;;
"interface show carp") echo '{"demotion":"0","allow":"1","maintenancemode":false,"status_msg":""}' ;;
"service list") echo '[{"name":"unbound","description":"DNS","status":"unbound is running as pid 1."}]' ;;
*) echo 'Action not allowed or missing' ;;
esac
`)
	tool("pfctl", "case $2 in info) echo 'Status: Enabled for 2 days' ;; rules) echo pass; echo block ;; esac\n")
	tool("zpool", "echo 'all pools are healthy'\n")
	return root, map[string]string{"JURYMAST_ROOT": root, "PATH": filepath.Join(root, "bin") + ":" + os.Getenv("PATH"), actions.InRun: "0007-test", actions.InAside: ".jurymast-0007-test"}
}

func TestOPNsenseLook(t *testing.T) {
	t.Parallel()
	root, in := firewall(t)
	k, _ := Lookup("opnsense")
	f, target := suiteTarget(t, k, `role = "active"`)
	want := map[string]string{
		"version": "OPNsense 25.7.3 (amd64)", "gateways": "online, 4 ms, 0 % lost", "carp": "active for 1 CARP address", "services": "1 service, each",
		"updates": "0 wait; looked for", "pools": "all pools are healthy", "config": "by root@10.0.0.2: before",
	}
	eachShell(t, func(t *testing.T, shell ...string) {
		for _, c := range k.Checks(f, target) {
			if want[c.ID] == "" {
				continue // those of kind host
			}
			c.Script = c.Script.With(in)
			a := runScript(t, c, shell...)
			if rs := c.Read(a); len(rs) != 1 || rs[0].Status != actions.OK || !strings.Contains(rs[0].Line, want[c.ID]) {
				t.Errorf("%s: %+v\n%s%s", c.ID, rs, a.Stdout, a.Stderr)
			}
			if strings.Contains(string(a.Stdout), "<filter>") {
				t.Error("the configuration left the firewall")
			}
		}
	})
	asked, err := os.ReadFile(filepath.Join(root, "asked"))
	if err != nil || strings.Contains(string(asked), "probe") || strings.Contains(string(asked), "set") {
		t.Errorf("%v: a look asked for %s", err, asked)
	}
}

// TestOPNsenseRestore puts copies back, good ones and bad, and takes them away
// again.
func TestOPNsenseRestore(t *testing.T) {
	t.Parallel()
	needed(t, "xmllint", "libxml2-utils")
	k, _ := Lookup("opnsense")
	f, target := suiteTarget(t, k)
	d, err := k.Data(f, target)
	if err != nil {
		t.Fatal(err)
	}
	const word = "it is $ecret"
	newer := strings.Replace(opnsenseConfig, "before", "brought back", 1)
	newer = strings.Replace(newer, "<rule>one</rule>", "<rule>other</rule><rule>"+word+"</rule>\n<off/>", 1)
	for name, c := range map[string]struct{ config, version, why string }{
		"good":           {newer, opnsenseVersion, ""},
		"half":           {newer[:len(newer)/2], opnsenseVersion, "does not end with </opnsense>"},
		"not xml":        {strings.Replace(newer, "</rule>", "</role>", 1), opnsenseVersion, "not well-formed"},
		"something else": {"<pfsense>\n<!-- </opnsense> -->\n</pfsense><!-- </opnsense>", opnsenseVersion, "no configuration of OPNsense"},
		"empty":          {"", opnsenseVersion, "not there, or empty"},
		"older series":   {newer, strings.ReplaceAll(opnsenseVersion, "25.7", "24.1"), "of version 24.1, and 25.7 is installed"},
		"no version":     {newer, "<html>", "does not say which version"},
		"other cards":    {strings.Replace(newer, "vtnet0", "em0", 1), opnsenseVersion, "network card em0, which is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, in := firewall(t)
			live := filepath.Join(root, "conf/config.xml")
			from := t.TempDir()
			in[actions.InFrom] = from
			for path, text := range map[string]string{"conf/config.xml": c.config, "usr/local/opnsense/version/core": c.version} {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(from, path)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(from, path), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			is := func(what, want string) {
				t.Helper()
				if b, err := os.ReadFile(live); err != nil || string(b) != want {
					t.Errorf("%s: %v, the configuration is\n%s", what, err, b)
				}
			}
			r := runFully(t.Context(), t, d.Put.With(in))
			if c.why != "" {
				if r.Exit == 0 || !strings.Contains(string(r.Stderr), c.why) {
					t.Errorf("exit %d: %s", r.Exit, r.Stderr)
				}
				is("refused", opnsenseConfig)
				must(t, *d.Back, in)
				is("after a refusal was undone", opnsenseConfig)
				if _, err := os.Stat(filepath.Join(root, "reloaded")); err == nil {
					t.Error("it was reloaded for nothing")
				}
				return
			}
			if r.Exit != 0 {
				t.Fatalf("exit %d: %s", r.Exit, r.Stderr)
			}
			is("put", newer)
			if out := string(r.Stdout); !strings.Contains(out, "changes: filter/off 1 more\nchanges: filter/rule 1 other, 1 more\n") || strings.Contains(out+string(r.Stderr), word) {
				t.Errorf("of what changes it says\n%s%s", out, r.Stderr)
			}
			must(t, *d.Put, in)
			is("put again", newer)
			if p := must(t, *d.Prove, in); p.said["level"] != "answered" || !strings.Contains(p.said["proof"], "2 rules") {
				t.Errorf("%v", p.said)
			}
			if p := must(t, *d.Try, in); p.said["level"] != "extracted" || !strings.Contains(p.said["proof"], "version 25.7.3, with 1 network cards and 1 rules; the live one is the same") {
				t.Errorf("%v", p.said)
			}
			if err := os.WriteFile(live, []byte(strings.Replace(newer, "other", "<![CDATA[third]]>", 1)), 0o640); err != nil {
				t.Fatal(err)
			}
			if p := must(t, *d.Try, in); !strings.HasSuffix(p.said["proof"], "1 rules; since then filter/rule 1 other") {
				t.Errorf("%v", p.said)
			}
			if own, err := filepath.Glob(filepath.Join(root, "conf/backup/config-*.xml")); err != nil || len(own) != 2 {
				t.Errorf("among the firewall's own: %v, %v", own, err)
			}
			if s, err := os.Stat(live); err != nil || s.Mode().Perm() != 0o640 {
				t.Errorf("who may read it has changed: %v, %v", s.Mode(), err)
			}
			must(t, *d.Back, in)
			is("undone", opnsenseConfig)
			must(t, *d.Back, in)
			is("undone again", opnsenseConfig)
			b, err := os.ReadFile(filepath.Join(root, "reloaded"))
			if want := "<description>brought back</description>\n<description>brought back</description>\n<description>before</description>\n"; err != nil || string(b) != want {
				t.Errorf("%v, reloaded with %s", err, b)
			}
		})
	}
}

func TestOPNsenseSurvey(t *testing.T) {
	t.Parallel()
	needed(t, "xmllint", "libxml2-utils")
	k, _ := Lookup("opnsense")
	f, target := suiteTarget(t, k)
	d, err := k.Data(f, target)
	if err != nil {
		t.Fatal(err)
	}
	root, in := firewall(t)
	if r := must(t, d.Survey, in); r.said["version"] != "25.7.3" || r.said["trouble"] != "" || r.said["bytes"] == "" || r.said["free"] == "" {
		t.Errorf("%v", r.said)
	}
	if err := os.WriteFile(filepath.Join(root, "conf/config.xml"), []byte("<opnsense><half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := must(t, d.Survey, in); !strings.Contains(r.said["trouble"], "not whole") {
		t.Errorf("%v", r.said)
	}
	if err := os.Remove(filepath.Join(root, "usr/local/opnsense/version/core")); err != nil {
		t.Fatal(err)
	}
	if r := must(t, d.Survey, in); !strings.Contains(r.said["trouble"], "which version") {
		t.Errorf("%v", r.said)
	}
}
