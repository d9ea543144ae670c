# Proves that the member of this host is the active one, by a note in the oplog
# that more than half of the members have.
# shellcheck shell=sh disable=SC2154
# shellcheck disable=SC2016 # it is JavaScript
tell '
  if (!until(() => hello().isWritablePrimary)) { stop("it is not the active one; that is " + (hello().primary || "nobody")); }
  const r = must(db.adminCommand({appendOplogNote: 1, data: {jurymast: "proof"}, writeConcern: {w: "majority", wtimeout: wait}}));
  if (r.writeConcernError) { stop("a write did not reach more than half of the members: " + r.writeConcernError.errmsg); }
  print("@proof " + self(status()).name + " is the active one, and a write reached more than half of the members");
' || exit $?
