# Says of a manager whether it takes the place of the node: active when that is
# drained. Says what goes elsewhere and how long that takes (@seen), or why it must
# not (@stays).
# shellcheck shell=sh disable=SC2154
is=$(ask info --format '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}} {{.Swarm.NodeID}} {{.Swarm.Error}}' 2>/dev/null) || trouble 'the engine does not answer: systemctl status docker'
case $is in
'active true '*) ;;
*) trouble "it is no manager that can be asked: $is" ;;
esac
own=${is#active true }
own=${own%% *}
said=$( (node) 2>&1) || trouble "$said"
node
[ "$own" != "$id" ] || trouble "it is the node itself: name another manager as standby"
if drained; then
    echo '@role active'
    exit 0
fi
echo '@role standby'
others=$(ask node ls --format '{{.ID}} {{.Availability}} {{.Status}}' | awk -v id="$id" '$1 != id && $2 == "Active" && $3 == "Ready"' | grep -c .)
[ "$others" -gt 0 ] || echo '@stays no other node takes tasks'
going=$(goes) || exit 1
stay=$(goes bound | tr '\n' ' ') || exit 1
n=$(printf '%s\n' "$going" | grep -c .)
longest=$(printf '%s\n' "$going" | sort -k 3n | tail -n 1)
# shellcheck disable=SC2086 # three words, or none
set -- $longest
seen="no task goes"
if [ "$n" -gt 0 ]; then
    seen="tasks of $n services go: each has its stop grace period to end (at most $3 s, $2), and starts elsewhere once it has ended, after a pull where its image is missing; $others other nodes take tasks"
    # Another is started after a minute whether the old one has ended or not
    # (swarmkit, defaultOldTaskTimeout).
    [ "$3" -le 60 ] || echo "@stays $2 has $3 s to end, and the swarm starts another after 60 s: two would run; docker service update --stop-grace-period 60s $2"
fi
[ -z "$stay" ] || seen="$seen; bound to this node, and down meanwhile: ${stay% }"
printf '@seen %s\n' "$seen"
# A volume that lies on this node alone stays there, and its service would find an
# empty one elsewhere.
ids=$(printf '%s\n' "$going" | awk '{ print $1 }')
[ -n "$ids" ] || exit 0
tab=$(printf '\t')
# shellcheck disable=SC2086,SC2016 # ids, one a word; it is a template
volumes=$(ask service inspect --format '{{$n := .Spec.Name}}{{range .Spec.TaskTemplate.ContainerSpec.Mounts}}{{if eq .Type "volume"}}{{$n}}	{{.Source}}	{{json .VolumeOptions}}
{{end}}{{end}}' $ids 2>&1) || trouble "the volumes of what goes cannot be asked for: $(printf '%s\n' "${volumes:-docker says nothing}" | tail -n 1)"
printf '%s\n' "$volumes" | while IFS=$tab read -r service volume how; do
    case $how in
    '') continue ;;
    *'"Options":{"'*) continue ;; # it says where it lies
    *'"DriverConfig":{"Name":"local"'*) ;;
    *'"DriverConfig":{"Name":"'*) continue ;;
    esac
    [ -z "$volume" ] || printf '%s\n' "$LEAVE" | grep -Fqx -e "$volume" ||
        printf '@stays %s keeps volume %s on this node alone, and would start with an empty one elsewhere: name it in leave if that may be\n' "$service" "$volume"
done
exit 0
