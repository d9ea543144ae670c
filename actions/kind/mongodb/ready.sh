# Sees that the member of this host can be chosen and has caught up, and says its
# name in the set: @member.
# shellcheck shell=sh disable=SC2154
# shellcheck disable=SC2016 # it is JavaScript
tell '
  const me = self(status());
  print("@member " + me.name);
  const near = () => { const h = hello(), l = lag(status()); return h.isWritablePrimary || h.secondary && l !== null && l <= 10; };
  if (!until(near)) { stop(me.name + " has not caught up within " + wait / 1000 + " s: it is " + self(status()).stateStr + ", " + lag(status()) + " s behind"); }
' || exit $?
