# Exit 0 when the member of this host is the active one, 1 when it is not, 2 when
# that is not known.
# shellcheck shell=sh disable=SC2154
# shellcheck disable=SC2016 # it is JavaScript
tell '
  const h = hello();
  if (!h.isWritablePrimary) { stop("it is not the active one; that is " + (h.primary || "nobody")); }
'
