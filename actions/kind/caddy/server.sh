# What the scripts that copy Caddy and bring it back know of it, behind
# files/lib.sh; tls/discreet.sh follows. Inputs: CONFIG, ADMIN, OWNER (the user that it runs as), UNIT.
# shellcheck shell=sh disable=SC2034,SC2086,SC2154

name=Caddy

# What it writes to its storage at a test must not belong to root.
as_owner=
if [ "$(id -un)" != "$OWNER" ]; then
    home=$(awk -F: -v u="$OWNER" '$1 == u { print $6 }' "${JURYMAST_ROOT-}/etc/passwd")
    as_owner="runuser -u $OWNER -- env HOME=${home:-/}"
fi

have() { command -v caddy >/dev/null; }

# tested tests the configuration, by words that are put ahead of the test.
tested() { "$@" $as_owner caddy validate --config "$CONFIG" </dev/null; }

# why picks what is wrong from what a test said.
why() { sed -n '$s/^Error: //p' | discreet; }

under_systemd() { [ -d "${JURYMAST_ROOT-}/run/systemd/system" ]; }

# answering tells whether its admin API does.
answering() {
    command -v curl >/dev/null || die 'curl is not there, to ask the admin API of Caddy (apt install curl)'
    case $ADMIN in
    /*) curl -sS -f -m 5 --unix-socket "$ADMIN" http://localhost/reverse_proxy/upstreams ;;
    *) curl -sS -f -m 5 "http://$ADMIN/reverse_proxy/upstreams" ;;
    esac >/dev/null 2>&1 </dev/null
}

runs() { answering; }

# alive says what runs, or ends with 1.
alive() { answering && echo 'Caddy answers at its admin API'; }

# applied has it load its configuration, and waits until it has: a reload ends
# when the new configuration serves.
applied() {
    if under_systemd; then
        if answering; then
            said=$(systemctl --no-ask-password reload "$UNIT" 2>&1 </dev/null) || die "Caddy does not load it: $said; see journalctl -u $UNIT"
        else
            systemctl --no-ask-password start "$UNIT" </dev/null || die "$UNIT does not start: systemctl status $UNIT"
        fi
    elif answering; then
        case $ADMIN in
        /*) at=unix/$ADMIN ;;
        *) at=$ADMIN ;;
        esac
        said=$(caddy reload --force --config "$CONFIG" --address "$at" 2>&1 </dev/null) || die "Caddy does not load it: $(printf '%s\n' "$said" | why)"
    else
        said=$($as_owner caddy start --config "$CONFIG" 2>&1 </dev/null) || die "Caddy does not start: $(printf '%s\n' "$said" | why)"
    fi
    tries=0
    until answering; do
        tries=$((tries + 1))
        [ "$tries" -lt 20 ] || die 'Caddy does not answer at its admin API: see its log'
        sleep 1
    done
}
