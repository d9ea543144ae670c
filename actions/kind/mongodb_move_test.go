package kind

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
	"jurymast/inventory"
)

// mongodbNode is a member of the replica set of a test.
type mongodbNode struct {
	Host     string  `json:"host"`
	Up       bool    `json:"up"`
	Primary  bool    `json:"primary,omitempty"`
	Arbiter  bool    `json:"arbiter,omitempty"`
	Priority float64 `json:"priority"`
	Votes    int     `json:"votes"`
	Lag      int     `json:"lag,omitempty"`
	State    string  `json:"state,omitempty"`
	Frozen   float64 `json:"frozen,omitempty"`
}

// mongodbSet is a replica set behind a stand-in for mongosh, of which the first
// member is the active one.
type mongodbSet struct {
	t    *testing.T
	file string
	on   map[inventory.Ref]string // the port of each host
	move actions.Move
	in   map[string]string
}

func newMongodbSet(t *testing.T, more string, members ...mongodbNode) *mongodbSet {
	t.Helper()
	node := needed(t, "node", "nodejs")
	dir := t.TempDir()
	program, err := filepath.Abs("testdata/mongodb/mongosh.js")
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir+"/mongosh", "#!/bin/sh\nexec "+node+" "+program+" \"$@\"\n")
	executable(t, dir+"/mongosh")
	if len(members) == 0 {
		members = []mongodbNode{{Host: "db1:1001", Primary: true}, {Host: "db2:1002"}, {Host: "db3:1003"}}
		for i := range members {
			members[i].Up, members[i].Priority, members[i].Votes = true, 1, 1
		}
	}
	list, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir+"/set", `{"user":"ops","password":"p'w","members":`+string(list)+more+"}")
	put(t, dir+"/set.log", "")
	f, err := inventory.Parse("set.toml", []byte("[node.one]\n[node.two]\n[node.three]\n[service.db]\nkind = \"mongodb\"\non = \"one\"\nstandby = [\"two\", \"three\"]\nrole = \"ops\"\npassword = { env = \"P\" }\nwait = \"1s\"\n"), Schema())
	if err != nil {
		t.Fatal(err)
	}
	s, _ := f.Target("service/db")
	m, err := mongodb.Move(f, *s)
	if err != nil {
		t.Fatal(err)
	}
	return &mongodbSet{t: t, file: dir + "/set", move: m, on: map[inventory.Ref]string{"node/one": "1001", "node/two": "1002", "node/three": "1003"},
		in: map[string]string{"PATH": dir + ":" + os.Getenv("PATH"), "SET": dir + "/set"}}
}

// run runs a script on a host.
func (b *mongodbSet) run(h inventory.Ref, s actions.Script, in map[string]string) ran {
	b.t.Helper()
	s = s.With(b.in).With(in).With(map[string]string{"SERVER_PORT": b.on[h]})
	s.Body = "export SET\n" + s.Body
	s.Secrets = map[string]string{"MONGODB_PASSWORD": "p'w"}
	return runFully(b.t.Context(), b.t, s)
}

func (b *mongodbSet) must(h inventory.Ref, s actions.Script, in map[string]string) ran {
	b.t.Helper()
	r := b.run(h, s, in)
	if r.Exit != 0 {
		b.t.Fatalf("%s on %s: exit %d\n%s%s", s.Name, h, r.Exit, r.Stdout, r.Stderr)
	}
	return r
}

// refused runs a script that has to fail, and say why.
func (b *mongodbSet) refused(h inventory.Ref, s actions.Script, in map[string]string, why string) {
	b.t.Helper()
	if r := b.run(h, s, in); r.Exit == 0 || !strings.Contains(string(r.Stderr), why) {
		b.t.Errorf("%s on %s: exit %d, want %q\n%s%s", s.Name, h, r.Exit, why, r.Stdout, r.Stderr)
	}
}

func (b *mongodbSet) said(h inventory.Ref) map[string]string {
	b.t.Helper()
	return b.must(h, b.move.Survey(h), nil).said
}

// becomes changes the set behind the back of everybody.
func (b *mongodbSet) becomes(old, text string) {
	b.t.Helper()
	was := got(b.t, b.file)
	if !strings.Contains(was, old) {
		b.t.Fatalf("%s is not in %s", old, was)
	}
	put(b.t, b.file, strings.Replace(was, old, text, 1))
}

const (
	one, two, three = inventory.Ref("node/one"), inventory.Ref("node/two"), inventory.Ref("node/three")
)

func TestMongoDBStepsDown(t *testing.T) {
	t.Parallel()
	b := newMongodbSet(t, "")
	steps := b.move.Hand(one, two)
	ready, hand := steps[0], steps[1]
	if ready.Host != two || hand.Host != one || hand.Undo == nil || !hand.Ends {
		t.Fatalf("%+v", steps)
	}
	if s := b.said(one); s["role"] != "active" || s["stays"] != "" || s["system"] != "rs0 65f" || !strings.Contains(s["seen"], "2 votes choose; where the others are kept from being chosen that may take 10 s") {
		t.Errorf("%v", s)
	}
	if s := b.said(two); s["role"] != "standby" || s["lag"] != "0" || s["trouble"] != "" {
		t.Errorf("%v", s)
	}
	in := map[string]string{"SAID_MEMBER": b.must(two, ready.Do, nil).said["member"]}
	if in["SAID_MEMBER"] != "db2:1002" {
		t.Errorf("the set calls it %q", in["SAID_MEMBER"])
	}
	b.becomes(`"members"`, `"favourite":"db3:1003","members"`) // the set would choose another
	if r := b.must(one, hand.Do, in); !strings.HasPrefix(r.said["downtime"], "at most ") {
		t.Errorf("%v", r.said)
	}
	b.must(one, hand.Do, in) // once more after an answer was lost
	want := `db3:1003 {"replSetFreeze":61}
db1:1001 {"replSetStepDown":61,"secondaryCatchUpPeriodSecs":1}
db3:1003 {"replSetFreeze":0}
`
	if log := got(t, b.file+".log"); log != want {
		t.Errorf("the set was told\n%swant\n%s", log, want)
	}
	if r := b.run(one, b.move.Active(one), nil); r.Exit != 1 || !strings.Contains(string(r.Stderr), "that is db2:1002") {
		t.Errorf("it is active where it was: %d %s", r.Exit, r.Stderr)
	}
	b.must(two, b.move.Active(two), nil)
	if r := b.must(two, b.move.Verify(two), nil); r.said["proof"] != "db2:1002 is the active one, and a write reached more than half of the members" {
		t.Errorf("%v", r.said)
	}
	b.refused(one, *hand.Undo, nil, "the active one is db2:1002 by now")
	b.becomes(`"members"`, `"stuck":true,"members"`)
	b.refused(two, b.move.Verify(two), nil, "a write did not reach more than half of the members")
	if argv := got(t, b.file+".argv"); strings.Contains(argv, "p'w") || !strings.Contains(argv, "directConnection=true") {
		t.Errorf("mongosh was told %s", argv)
	}
}

// TestMongoDBDoesNotStepDown: what goes wrong on the way leaves the set as it
// was, or says what it has become.
func TestMongoDBDoesNotStepDown(t *testing.T) {
	t.Parallel()
	in := map[string]string{"SAID_MEMBER": "db2:1002"}
	for _, tt := range []struct{ name, more, why, stays string }{
		{"nobody has caught up", `,"behind":true`, "it did not step down: No electable secondaries caught up", ""},
		{"it says so by closing the line", `,"old":true`, "", "the active one is db2:1002 by now"},
		{"nobody is chosen", `,"nobody":true`, "it stepped down, and the set chose nobody yet", "the active one is nobody by now"},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			b := newMongodbSet(t, tt.more)
			hand := b.move.Hand(one, two)[1]
			if tt.why == "" {
				b.must(one, hand.Do, in)
			} else {
				b.refused(one, hand.Do, in, tt.why)
			}
			if !strings.HasSuffix(got(t, b.file+".log"), "{\"replSetFreeze\":0}\n") {
				t.Errorf("a member is still kept from being chosen:\n%s", got(t, b.file+".log"))
			}
			if tt.stays != "" {
				b.refused(one, *hand.Undo, nil, tt.stays)
				return
			}
			b.must(one, *hand.Undo, nil)
			b.must(one, b.move.Active(one), nil)
		})
	}
	t.Run("undone-it-is-chosen-again", func(t *testing.T) {
		t.Parallel()
		b := newMongodbSet(t, `,"nobody":"yet"`)
		hand := b.move.Hand(one, two)[1]
		b.refused(one, hand.Do, in, "it stepped down")
		b.must(one, *hand.Undo, nil)
		b.must(one, b.move.Active(one), nil)
	})
	t.Run("somebody-else-was-chosen-meanwhile", func(t *testing.T) {
		t.Parallel()
		b := newMongodbSet(t, "")
		b.becomes(`"primary":true,`, "")
		b.becomes(`{"host":"db3:1003",`, `{"host":"db3:1003","primary":true,`)
		b.refused(one, b.move.Hand(one, two)[1].Do, in, "it is not the active one any more; that is db3:1003")
		if log := got(t, b.file+".log"); log != "" {
			t.Errorf("the set was told %s", log)
		}
	})
}

// TestMongoDBSurvey: why a member cannot be moved to, or moved from, is said
// ahead.
func TestMongoDBSurvey(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, old, becomes string
		on                 inventory.Ref
		word, want         string
	}{
		{"behind", `"db2:1002","up":true,`, `"db2:1002","up":true,"lag":40,`, two, "lag", "40"},
		{"never chosen", `"db2:1002","up":true,"priority":1`, `"db2:1002","up":true,"priority":0`, two, "trouble", "its priority is 0: it is never chosen"},
		{"another would take over", `"primary":true,"priority":1`, `"primary":true,"priority":5`, two, "trouble", "its priority is 1 and that of another 5, which would take over from it again: give both the same (rs.reconfig)"},
		{"it copies all anew", `"db2:1002",`, `"db2:1002","state":"STARTUP2",`, two, "trouble", "it is STARTUP2"},
		{"an arbiter", `"db2:1002",`, `"db2:1002","arbiter":true,`, two, "trouble", "it is an arbiter, which holds no data"},
		{"alone", `"members"`, `"alone":true,"members"`, one, "trouble", "it is in no replica set: there is nobody to move to"},
		{"nobody to step down for", `{"host":"db2:1002","up":true,"priority":1,"votes":1},{"host":"db3:1003","up":true,"priority":1,"votes":1}`, `{"host":"db2:1002","up":true,"priority":0,"votes":1}`, one, "stays", "no other member that may be chosen is a SECONDARY now"},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			b := newMongodbSet(t, "")
			b.becomes(tt.old, tt.becomes)
			if s := b.said(tt.on); s[tt.word] != tt.want {
				t.Errorf("%v", s)
			}
		})
	}
	t.Run("wrong-password", func(t *testing.T) {
		t.Parallel()
		b := newMongodbSet(t, "")
		b.becomes("p'w", "another")
		if r := b.run(one, b.move.Active(one), nil); r.Exit != 2 || !strings.Contains(string(r.Stderr), "Authentication failed") {
			t.Errorf("exit %d, which is not: not known\n%s", r.Exit, r.Stderr)
		}
	})
}

// TestMongoDBElects: where the active one is lost the set chooses, and nothing
// is forced.
func TestMongoDBElects(t *testing.T) {
	t.Parallel()
	lost := func(t *testing.T, more string) *mongodbSet {
		b := newMongodbSet(t, more)
		b.becomes(`"up":true,"primary":true`, `"up":false`)
		return b
	}
	b := lost(t, `,"favourite":"db2:1002"`)
	b.must(two, b.move.Promote(two), nil)
	b.must(two, b.move.Verify(two), nil)
	if r := b.run(one, b.move.Active(one), nil); r.Exit != 2 {
		t.Errorf("a server that is gone is known not to be active: %d %s", r.Exit, r.Stderr)
	}
	b = lost(t, `,"favourite":"db3:1003"`)
	b.refused(two, b.move.Promote(two), nil, "the set has chosen db3:1003, which is as good")
	b = lost(t, "")
	b.becomes(`{"host":"db3:1003","up":true`, `{"host":"db3:1003","up":false`)
	if s := b.said(two); s["trouble"] != "1 of the members that vote are heard, and 2 are needed: nobody is chosen until one comes back, and nothing here forces it" {
		t.Errorf("%v", s)
	}
	b.refused(two, b.move.Promote(two), nil, "1 of 3 members are heard, 2 votes are needed; bring a member back")
	if log := got(t, b.file+".log"); log != "" {
		t.Errorf("the set was told %s", log)
	}
	// Back again, it follows.
	b.becomes(`"db1:1001","up":false`, `"db1:1001","up":true`)
	for _, s := range b.move.Rejoin(one, two) {
		b.becomes(`"members"`, `"favourite":"db2:1002","members"`)
		b.must(one, s.Do, nil)
	}
}
