# Sees that the member of this host is the active one as it was. Where it stepped
# down for nobody it may be chosen again at once.
# shellcheck shell=sh disable=SC2154
# shellcheck disable=SC2016 # it is JavaScript
tell '
  let_go(others(""));
  if (!hello().primary) {
    try { db.adminCommand({replSetFreeze: 0}); } catch (e) { print("it may not be chosen yet: " + e.message); }
  }
  until(() => hello().primary);
  if (!hello().isWritablePrimary) { stop("the active one is " + (hello().primary || "nobody") + " by now"); }
' || exit $?
