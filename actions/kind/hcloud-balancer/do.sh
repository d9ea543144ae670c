# Has the load balancer lead to the new host alone of those of the service, if
# it leads to what the plan saw. The new one is added first.
# shellcheck shell=sh disable=SC2154
numbers
number "$TO"
want=$id
targets
[ "$in" != "$want" ] || exit 0
[ -n "${SEEN_WAS-}" ] || die "it is not known what $BALANCER led to when the plan was made"
# The new one may have been added by this step, before it was cut off.
for target in $in; do
    case " $SEEN_WAS $want " in
    *" $target "*) ;;
    *) die "load balancer $BALANCER leads to $(host_of "$target"), and did not when the plan was made: plan again" ;;
    esac
done
case " $in " in
*" $want "*) ;;
*)
    set -- load-balancer add-target "$BALANCER" --server "$want"
    [ "$PRIVATE" != yes ] || set -- "$@" --use-private-ip
    act "$@"
    ;;
esac
for target in $in; do
    [ "$target" = "$want" ] || act load-balancer remove-target "$BALANCER" --server "$target"
done
