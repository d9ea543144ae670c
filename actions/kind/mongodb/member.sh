# Says what part this member plays for the replica set, and whether it could play
# another: @role, @lag, @system; of the active one, whether it can hand over
# (@stays) and how it would (@seen).
# shellcheck shell=sh disable=SC2154
# shellcheck disable=SC2016 # it is JavaScript
tell '
  const h = hello();
  if (!h.setName) { print("@role active"); print("@trouble it is in no replica set: there is nobody to move to"); }
  else if (h.arbiterOnly) { print("@role stopped"); print("@trouble it is an arbiter, which holds no data"); }
  else {
    const s = status(), c = conf(), me = self(s), mine = c.members.find(m => m.host === me.name);
    const best = Math.max(...c.members.map(m => Number(m.priority)));
    const heard = c.members.filter(m => Number(m.votes) > 0 && s.members.some(x => x.name === m.host && Number(x.health) === 1)).length;
    print("@role " + (h.isWritablePrimary ? "active" : h.secondary ? "standby" : "stopped"));
    print("@system " + h.setName + " " + String(c.settings && c.settings.replicaSetId || ""));
    if (h.isWritablePrimary) {
      const can = others(me.name);
      if (can.length === 0) { print("@stays no other member that may be chosen is a SECONDARY now"); }
      print("@seen it steps down once the other has all of it; " + c.members.length + " members, " + Number(s.majorityVoteCount) + " votes choose" +
        (can.length > 1 ? "; where the others are kept from being chosen that may take " + Number(c.settings && c.settings.electionTimeoutMillis || 10000) / 1000 + " s" : ""));
    } else {
      const l = lag(s);
      if (l !== null) { print("@lag " + l); }
      if (!mine || Number(mine.priority) === 0) { print("@trouble its priority is 0: it is never chosen"); }
      else if (Number(mine.priority) < best) { print("@trouble its priority is " + mine.priority + " and that of another " + best + ", which would take over from it again: give both the same (rs.reconfig)"); }
      else if (!h.secondary) { print("@trouble it is " + me.stateStr); }
      else if (heard < Number(s.majorityVoteCount)) { print("@trouble " + heard + " of the members that vote are heard, and " + Number(s.majorityVoteCount) + " are needed: nobody is chosen until one comes back, and nothing here forces it"); }
    }
  }
' || exit $?
