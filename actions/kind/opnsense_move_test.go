package kind

import (
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// fakeFirewall is one of two OPNsense firewalls, fw1 or fw2 by $ME; fw1 is the
// preferred one. Who is in maintenance and what goes wrong lies in $ROOT.
const fakeFirewall = `echo "$ME ${0##*/} $*" >>$ROOT/log
other=fw2; [ $ME = fw1 ] || other=fw1
leads=fw1
[ ! -e $ROOT/fw1.kept ] || leads=fw2
[ ! -e $ROOT/fw2.kept ] || [ -e $ROOT/fw1.kept ] || leads=fw1
[ ! -e $ROOT/leads ] || leads=$(cat $ROOT/leads)
case "${0##*/} $*" in
'ifconfig -a') as=BACKUP; [ $leads != $ME ] || as=MASTER
    printf 'vtnet0: flags=8963\n\tinet 10.0.0.2\n\tcarp: %s vhid 1 advbase 1 advskew 0\n\tcarp: %s vhid 2 advbase 1 advskew 0\n' $as ${SECOND-$as} ;;
'ifconfig pfsync0') [ ! -e $ROOT/pfsync ] || printf '\tpfsync: syncdev: vtnet2 syncpeer: 10.9.0.2 maxupd: 128\n' ;;
'configctl interface show carp') [ ! -e $ROOT/page ] || { echo '<html>'; exit; }
    kept=false; [ ! -e $ROOT/$ME.kept ] || kept=true
    echo '{"demotion":"'${DEMOTED-0}'","allow":"'${ALLOW-1}'","maintenancemode":'$kept',"status_msg":""}' ;;
'configctl interface carp_set_status maintenance')
    if [ -e $ROOT/deaf ]; then echo 'Execute error'
    elif [ -e $ROOT/$ME.kept ]; then rm $ROOT/$ME.kept; echo '{"status":"ok","action":"leave_maintenance"}'
    else : >$ROOT/$ME.kept; echo '{"status":"ok","action":"enter_maintenance"}'; fi ;;
'sysctl -n net.inet.carp.preempt') echo ${PREEMPT-1} ;;
'pfctl -s info') echo "Status: Enabled for 3 days" ;;
*) exit 9 ;;
esac
`

func firewallPair(t *testing.T) (m actions.Move, root string) {
	t.Helper()
	f, err := inventory.Parse("pair.toml", []byte("[node.fw1]\n[node.fw2]\n[service.edge]\nkind = \"opnsense\"\non = \"fw1\"\nstandby = [\"fw2\"]\nwait = \"1s\"\n"), Schema())
	if err != nil {
		t.Fatal(err)
	}
	s, _ := f.Target("service/edge")
	if m, err = opnsense.Move(f, *s); err != nil {
		t.Fatal(err)
	}
	root = tools(t, map[string]string{"ifconfig": fakeFirewall, "configctl": fakeFirewall, "sysctl": fakeFirewall, "pfctl": fakeFirewall})
	put(t, root+"/log", "")
	at(t, "fw1")
	return m, root
}

const fw1, fw2 = inventory.Ref("node/fw1"), inventory.Ref("node/fw2")

func TestOPNsenseHandsOver(t *testing.T) {
	m, root := firewallPair(t)
	if r := must(t, m.Survey(fw1), nil); r.said["role"] != "active" || r.said["stays"] != "" || r.said["system"] != "vhids 1 2 " || r.said["seen"] != "2 CARP addresses, some seconds; no pfsync: connections that are open are cut" {
		t.Errorf("%v", r.said)
	}
	put(t, root+"/pfsync", "")
	if r := must(t, m.Survey(fw1), nil); !strings.HasSuffix(r.said["seen"], "open connections go on, as far as pfsync has told the other of them") {
		t.Errorf("%v", r.said)
	}
	at(t, "fw2")
	if r := must(t, m.Survey(fw2), nil); r.said["role"] != "standby" || r.said["trouble"] != "" {
		t.Errorf("%v", r.said)
	}
	steps := m.Hand(fw1, fw2)
	ready, hand := steps[0], steps[1]
	if ready.Host != fw2 || hand.Host != fw1 || ready.Undo == nil || hand.Undo == nil {
		t.Fatalf("%+v", steps)
	}
	was := must(t, ready.Do, nil).said["was"]
	if was != "open" {
		t.Errorf("it was %s", was)
	}
	must(t, *ready.Undo, map[string]string{"SAID_WAS": was})
	at(t, "fw1")
	for range 2 { // once more after an answer was lost
		must(t, hand.Do, nil)
	}
	if n := strings.Count(got(t, root+"/log"), "carp_set_status"); n != 1 {
		t.Errorf("the switch was used %d times", n)
	}
	if exit(t, m.Active(fw1), nil) != 1 {
		t.Error("it is active where it was")
	}
	at(t, "fw2")
	must(t, m.Active(fw2), nil)
	if r := must(t, m.Verify(fw2), nil); r.said["proof"] != "it is active for 2 CARP addresses, and filters" {
		t.Errorf("%v", r.said)
	}

	// Back: the preferred one takes over as soon as it may, and nobody else is
	// put into maintenance.
	steps = m.Hand(fw2, fw1)
	at(t, "fw1")
	back := must(t, steps[0].Do, nil).said["was"]
	if back != "maintenance" {
		t.Errorf("it was %s", back)
	}
	at(t, "fw2")
	must(t, steps[1].Do, nil)
	at(t, "fw1")
	must(t, m.Active(fw1), nil)
	if n := strings.Count(got(t, root+"/log"), "carp_set_status"); n != 2 {
		t.Errorf("the switch was used %d times:\n%s", n, got(t, root+"/log"))
	}
	must(t, *steps[0].Undo, map[string]string{"SAID_WAS": back})
	must(t, *steps[0].Undo, map[string]string{"SAID_WAS": back})
	at(t, "fw2")
	must(t, m.Active(fw2), nil)
	at(t, "fw1")
	must(t, m.Rejoin(fw1, fw2)[0].Do, nil)
}

func TestOPNsenseDoesNotHandOver(t *testing.T) {
	m, root := firewallPair(t)
	hand := m.Hand(fw1, fw2)[1]
	put(t, root+"/leads", "fw1") // the other does not take over
	if r := runFully(t.Context(), t, hand.Do); r.Exit == 0 || !strings.Contains(string(r.Stderr), "after 1 s it is still active for 2 of 2 CARP addresses: the other does not take over") {
		t.Errorf("%d %s", r.Exit, r.Stderr)
	}
	must(t, *hand.Undo, nil)
	must(t, *hand.Undo, nil)
	must(t, m.Active(fw1), nil)
	if r := must(t, m.Survey(fw1), nil); r.said["stays"] != "" {
		t.Errorf("it is still in maintenance: %v", r.said)
	}
	put(t, root+"/deaf", "")
	if r := runFully(t.Context(), t, hand.Do); r.Exit == 0 || !strings.Contains(string(r.Stderr), "it was told to enter CARP maintenance, and says: Execute error") {
		t.Errorf("%d %s", r.Exit, r.Stderr)
	}
	remove(t, root+"/deaf")
	put(t, root+"/page", "")
	if r := runFully(t.Context(), t, hand.Do); r.Exit == 0 || !strings.Contains(string(r.Stderr), "configctl does not say whether this firewall is in maintenance: <html>") {
		t.Errorf("%d %s", r.Exit, r.Stderr)
	}
	if strings.Count(got(t, root+"/log"), "carp_set_status") != 3 {
		t.Errorf("the switch was used though it is not known which way it goes:\n%s", got(t, root+"/log"))
	}
}

func TestOPNsenseStays(t *testing.T) {
	for _, tt := range []struct{ name, at, set, file, word, want string }{
		{"already in maintenance", "fw1", "", "fw1.kept", "stays", "it is in CARP maintenance already, and active all the same: the other does not take over"},
		{"shared out", "fw1", "SECOND=BACKUP", "", "trouble", "it is active for 1 of 2 CARP addresses: the pair shares them out"},
		{"a link is down", "fw2", "SECOND=INIT", "", "trouble", "1 of 2 CARP addresses are neither active nor standby: see Interfaces: Virtual IPs: Status"},
		{"demoted", "fw2", "DEMOTED=240", "", "trouble", "it was demoted by 240 without maintenance: a link is down or a service check failed"},
		{"disabled", "fw2", "ALLOW=0", "", "trouble", "CARP is disabled on it"},
		{"it never takes over", "fw2", "PREEMPT=0", "", "trouble", "it does not take over from one that is demoted: net.inet.carp.preempt is 0"},
		{"HTML", "fw2", "", "page", "trouble", "configctl does not say whether this firewall is in maintenance: <html>"},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			m, root := firewallPair(t)
			at(t, tt.at)
			if name, value, ok := strings.Cut(tt.set, "="); ok {
				t.Setenv(name, value)
			}
			if tt.file != "" {
				put(t, root+"/"+tt.file, "")
			}
			if tt.name == "already in maintenance" {
				put(t, root+"/leads", "fw1")
			}
			if r := must(t, m.Survey(fw1), nil); r.said[tt.word] != tt.want {
				t.Errorf("%v", r.said)
			}
		})
	}
	t.Run("split", func(t *testing.T) {
		m, _ := firewallPair(t)
		t.Setenv("SECOND", "BACKUP")
		if n := exit(t, m.Active(fw1), nil); n != 2 {
			t.Errorf("active for one of two is %d", n)
		}
	})
	f, err := inventory.Parse("fw.toml", []byte("[node.fw1]\nkind = \"opnsense\"\n"), Schema())
	if err != nil {
		t.Fatal(err)
	}
	node, _ := f.Target("node/fw1")
	if _, err := opnsense.Move(f, *node); err == nil || !strings.Contains(err.Error(), "write a service of kind opnsense") {
		t.Errorf("a node is moved: %v", err)
	}
}

// TestOPNsensePair: each firewall tells of itself, so that two that are active
// are found.
func TestOPNsensePair(t *testing.T) {
	pair, err := inventory.Parse("pair.toml", []byte("[node.fw1]\n[node.fw2]\n[service.edge]\nkind = \"opnsense\"\non = \"fw1\"\nstandby = [\"fw2\"]\n"), Schema())
	if err != nil {
		t.Fatal(err)
	}
	s, _ := pair.Target("service/edge")
	seen := map[inventory.Ref]actions.Status{}
	for _, c := range opnsense.Checks(pair, *s) {
		text := "== version\nOPNsense 25.7\n== carp\n{\"demotion\":\"0\",\"allow\":\"1\",\"maintenancemode\":false,\"status_msg\":\"\"}\n== addresses\nvtnet0 MASTER vhid 1 advbase 1 advskew 0\n== end\n"
		for _, r := range c.Read(suiteAnswer(text)) {
			seen[r.On] = r.Status
		}
	}
	if len(seen) != 2 || seen[fw1] != actions.OK || seen[fw2] != actions.OK {
		t.Errorf("active on %v", seen)
	}
}
