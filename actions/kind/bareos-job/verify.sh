# Sees that the catalogue still has $COPY with all that it stands on. What lies on
# the volumes is read when it is brought back. Says @level.
# shellcheck shell=sh disable=SC2154

known
ask ".bvfs_get_jobids jobid=$COPY" || die "$(why)"
chain=$(grep -x '[0-9][0-9,]*' "$tmp/said" | tail -n 1)
case ,$chain, in
*",$COPY,"*) ;;
*) die "which runs copy $COPY stands on is not told: $(refused)" ;;
esac
echo '@level listed'
