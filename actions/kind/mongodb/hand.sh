# Has the active member step down for $SAID_MEMBER: the others are kept from being
# chosen for a while, and let go again. The set sees to it that one is active at
# most; a member that has not all of it is not stepped down for.
# shellcheck shell=sh disable=SC2154
MEMBER=${SAID_MEMBER:?it is not known what the set calls the other member}
export MEMBER
# shellcheck disable=SC2016 # it is JavaScript
tell '
  const meant = process.env.MEMBER;
  const leads = () => hello().primary || "";
  if (leads() !== meant) {
    if (!hello().isWritablePrimary) { stop("it is not the active one any more; that is " + (leads() || "nobody now")); }
    const kept = others(meant);
    try {
      freeze(kept, Math.ceil(wait / 1000) + 60);
      const at = Date.now();
      // Before 4.2 the connection is closed by it.
      let said = "";
      try {
        const r = db.adminCommand({replSetStepDown: Math.ceil(wait / 1000) + 60, secondaryCatchUpPeriodSecs: Math.min(30, Math.ceil(wait / 1000))});
        if (r.ok !== 1) { said = r.errmsg; }
      } catch (e) { said = String(e.message || e); }
      if (!until(() => leads() === meant)) {
        stop(hello().isWritablePrimary ? "it did not step down: " + said : "it stepped down, and the set chose " + (leads() || "nobody yet"));
      }
      print("@downtime at most " + (Date.now() - at) + " ms");
    } finally { let_go(kept); }
  }
' || exit $?
