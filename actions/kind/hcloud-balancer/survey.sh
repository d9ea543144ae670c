# Whether the load balancer can be told now.
# shellcheck shell=sh disable=SC2154
numbers
targets
[ "$(at "$doc" '.services.#')" != 0 ] || die "load balancer $BALANCER has no service: it leads nobody anywhere"
[ -n "$in" ] || die "load balancer $BALANCER leads to no host that the service runs on: add one as a target, or set servers"
names=
for target in $in; do
    names="$names $(host_of "$target")"
done
printf '@was %s\n@seen %s leads to%s\n' "$in" "$BALANCER" "$names"
