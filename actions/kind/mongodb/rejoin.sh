# Sees that the member of this host follows again. The set brings it there by
# itself; what it wrote on its own lies in rollback/ in its data.
# shellcheck shell=sh disable=SC2154
# shellcheck disable=SC2016 # it is JavaScript
tell '
  if (!until(() => hello().secondary)) { stop("it is " + self(status()).stateStr + ", and no standby yet"); }
' || exit $?
