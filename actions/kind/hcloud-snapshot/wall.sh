# The wall around the server of a drill: a firewall that lets nothing in, and by its
# one rule nothing out but to an address that is nobody's (RFC 5737). The cloud
# itself is always let through: its name servers, and what asks for a server's own
# settings.
# shellcheck shell=sh disable=SC2034,SC2154

wall=jurymast-$RUN

# walled asks for the firewall and leaves what is said of it, flat, in $built; it
# ends with 1 when there is none.
walled() {
    if ! timeout 60 hcloud firewall describe "$wall" -o json >"$tmp/out" 2>"$tmp/err" </dev/null; then
        case $(tail -n 1 "$tmp/err" | tr '[:upper:]' '[:lower:]') in *'firewall not found'*) return 1 ;; esac
        explain "$(tail -n 1 "$tmp/err")"
    fi
    built=$(flat <"$tmp/out") || die "hcloud prints of firewall $wall what is no JSON, or half of it"
}

# build has the firewall made, where it is not there, and its rule. The rule is added
# by itself: of those in a file hcloud 1.30 leaves out where they lead.
build() {
    if ! walled; then
        act firewall create --name "$wall" --label "jurymast-run=$RUN"
        walled || die "firewall $wall was made, and the cloud knows of none"
    fi
    if [ "$(at "$built" '.rules.#')" = 0 ]; then
        act firewall add-rule "$wall" --direction out --protocol icmp --destination-ips 192.0.2.1/32
        walled || die "firewall $wall was given its rule, and is gone"
    fi
    # How many rules there are, and of the one its way and to how many and which.
    case "$(at "$built" '.rules.#') $(at "$built" .rules.0.direction) $(at "$built" '.rules.0.destination_ips.#') $(at "$built" .rules.0.destination_ips.0)" in
    '1 out 1 192.0.2.1/32') ;;
    *) die "firewall $wall lets more through than it may: hcloud firewall describe $wall" ;;
    esac
}

# enclosed ends it unless the firewall is around the server that was asked for last,
# and no network of the project is within its reach.
enclosed() {
    build
    wall_id=$(at "$built" .id)
    n=$(printf '%s\n' "$doc" | awk -F '\t' -v id="$wall_id" '
        $1 ~ /^\.public_net\.firewalls\.[0-9]+\.id$/ && $2 == id { at = $1; sub(/id$/, "status", at) }
        { value[$1] = $2 }
        END { if (at != "") print value[at] }')
    [ "$n" = applied ] || die "the firewall $wall is not around server $(at "$doc" .name) (${n:-not said}): it is not started"
    [ "$(at "$doc" '.private_net.#')" = 0 ] || die "server $(at "$doc" .name) is in a network of the project: it is not started"
}

# raze removes the firewall, where it is there and of this run.
raze() {
    walled || return 0
    [ "$(at "$built" .labels.jurymast-run)" = "$RUN" ] || die "firewall $wall was not made by run $RUN, and stays"
    act firewall delete "$wall"
}
