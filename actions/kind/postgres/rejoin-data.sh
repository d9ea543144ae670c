# Brings the data of a stopped server to where the peer's is: by pg_rewind
# where that is possible, else by a new clone, the old data set aside.
# Inputs: PEER, PEER_PORT, REPLICA (database role), NAME, SLOT, SAID_SYSTEM, RUN.
# shellcheck shell=sh disable=SC2154
keep_swap
located
keep=$DATA.jurymast
if [ "$(cat "$keep/ready" 2>/dev/null)" = "$RUN" ]; then
    exit 0
fi
running
[ $? = 3 ] || die "the server in $DATA runs: it has to be stopped first"
to="host=$PEER port=$PEER_PORT user=$REPLICA dbname=postgres connect_timeout=10 application_name=$NAME"
there=$(owner "$BIN/psql" -XAtqw -F ' ' -d "$to replication=true" -c IDENTIFY_SYSTEM 2>&1) ||
    die "$PEER does not let $REPLICA in to replicate: $(printf '%s' "$there" | tail -n 1)"
here=$(control 'Database system identifier')
[ "${there%% *}" = "$here" ] || die "$PEER holds another system (${there%% *}) than $DATA ($here)"
[ "${there%% *}" = "${SAID_SYSTEM:-$here}" ] || die "$PEER port $PEER_PORT is not the active server"

mkdir -p "$keep" || die "$keep cannot be made"
if [ -e "$keep/swap" ] && [ -e "$DATA.jurymast-$RUN" ] && [ -e "$DATA/standby.signal" ]; then
    : >"$keep/cloned" # it was cut off right behind the exchange
fi
# Both ways copy the peer's configuration along: this host's own comes back.
if [ ! -d "$keep/conf" ]; then
    rm -rf "$keep/conf.part"
    mkdir "$keep/conf.part" || exit 1
    for f in "$DATA"/*.conf; do
        [ ! -f "$f" ] || cp -p "$f" "$keep/conf.part/" || exit 1
    done
    mv "$keep/conf.part" "$keep/conf" || exit 1
fi

# What a pg_rewind that was cut off leaves can only be replaced.
how=clone
if [ ! -e "$keep/rewinding" ] && [ ! -e "$keep/swap" ]; then
    case $(control 'Database cluster state') in
    'shut down'*)
        if why=$(owner "$BIN/pg_rewind" -D "$DATA" --source-server="$to" --dry-run 2>&1); then
            how=rewind
        fi
        ;;
    *) why='it was not shut down cleanly' ;;
    esac
    if [ "$how" = rewind ]; then
        : >"$keep/rewinding" || exit 1
        if why=$(owner "$BIN/pg_rewind" -D "$DATA" --source-server="$to" 2>&1); then
            cp -p "$keep/conf/"* "$DATA/" 2>/dev/null
            follow "$DATA"
            rm -f "$keep/rewinding"
        else
            how=clone
        fi
    fi
    [ "$how" = rewind ] || printf 'pg_rewind cannot: %s\n' "$(printf '%s' "$why" | tail -n 1)"
fi

if [ "$how" = clone ] && [ ! -e "$keep/cloned" ]; then
    if [ -n "$(ls -A "$DATA/pg_tblspc" 2>/dev/null)" ]; then
        die "pg_rewind cannot (${why-it was cut off before}), and $DATA has tablespaces, which are not cloned: clone it by hand"
    fi
    new=$DATA.jurymast-new
    rm -rf "$new"
    mkdir "$new" || die "$new cannot be made"
    chown "$OWNER" "$new" 2>/dev/null
    chmod 700 "$new"
    owner "$BIN/pg_basebackup" -D "$new" -d "$to" -X stream -c fast -w ${SLOT:+-S "$SLOT"} || die "$PEER cannot be cloned"
    cp -p "$keep/conf/"* "$new/" 2>/dev/null
    follow "$new"
    sync
    : >"$keep/swap" || exit 1
    mv "$DATA" "$DATA.jurymast-$RUN" || die "$DATA cannot be set aside: is it a mount point?"
    mv "$new" "$DATA" || exit 1
    : >"$keep/cloned"
fi
[ "$how" = rewind ] || echo "@aside $DATA.jurymast-$RUN"
echo "@how $how"
printf '%s\n' "$RUN" >"$keep/ready.part" && mv "$keep/ready.part" "$keep/ready"
