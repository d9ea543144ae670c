# Waits until the set has chosen. It does that by itself, by majority: nothing
# here forces it, since that would make a second history.
# shellcheck shell=sh disable=SC2154
# shellcheck disable=SC2016 # it is JavaScript
tell '
  until(() => hello().primary);
  const h = hello();
  if (!h.primary) {
    const s = status();
    stop("the set has chosen nobody within " + wait / 1000 + " s: " + s.members.filter(m => Number(m.health) === 1).length + " of " + s.members.length +
      " members are heard, " + Number(s.majorityVoteCount) + " votes are needed; bring a member back");
  }
  if (!h.isWritablePrimary) { stop("the set has chosen " + h.primary + ", which is as good: nothing is left to move"); }
' || exit $?
