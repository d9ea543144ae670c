#!/bin/sh
# systemctl: show, list-units, is-system-running, is-active, is-failed,
# is-enabled, start, stop, restart, reload, reset-failed, status, list-jobs,
# list-timers, daemon-reload, cat. Units are files lab/units/NAME with lines
# KEY=VALUE, as show prints them; times are @SECONDS.
folder=${JURYMAST_ROOT:?}/lab/units
verb='' want='' value=no json=no failed=no legend=yes unix=no all=no units='' type=''
while [ $# -gt 0 ]; do
    case $1 in
    -p | --property)
        want="$want,$2"
        shift
        ;;
    --property=*) want="$want,${1#*=}" ;;
    -p*) want="$want,${1#-p}" ;;
    --value) value=yes ;;
    --output=json | -ojson) json=yes ;;
    -o | --output)
        [ "$2" != json ] || json=yes
        shift
        ;;
    --failed | --state=failed) failed=yes ;;
    --state)
        [ "$2" != failed ] || failed=yes
        shift
        ;;
    --no-legend | --legend=false) legend=no ;;
    --timestamp=unix) unix=yes ;;
    --all | -a) all=yes ;;
    --type=*) type=${1#*=} ;;
    -t)
        type=$2
        shift
        ;;
    --*=* | --[a-z]* | -[a-zA-Z]*) ;;
    *)
        if [ -z "$verb" ]; then verb=$1; else units="$units $1"; fi
        ;;
    esac
    shift
done
want=${want#,}
verb=${verb:-list-units}

name() {
    case $1 in
    *.service | *.socket | *.timer | *.mount | *.target | *.path | *.slice | *.scope | *.device | *.swap | *.automount) echo "$1" ;;
    *) echo "$1.service" ;;
    esac
}
field() { sed -n "s/^$2=//p" "$folder/$1" 2>/dev/null; }
active() {
    if [ -e "$folder/$1" ]; then field "$1" ActiveState; else echo inactive; fi
}
count_failed() { grep -l '^ActiveState=failed$' "$folder"/* 2>/dev/null | grep -c .; }
system_state() {
    if [ -e "$folder/../system-state" ]; then
        cat "$folder/../system-state"
    elif [ "$(count_failed)" -gt 0 ]; then
        echo degraded
    else
        echo running
    fi
}

# Prints the properties that are wanted, of lines KEY=VALUE on its input.
choose() {
    awk -v want="$want" -v value="$value" '
    BEGIN { n = split(want, w, ","); for (i = 1; i <= n; i++) is[w[i]] = 1 }
    {
        key = $0; sub(/=.*/, "", key)
        if (n && !(key in is)) next
        if (value == "yes") sub(/^[^=]*=/, "")
        print
    }' | dates
}
# Writes times as systemd does without --timestamp=unix.
dates() {
    if [ "$unix" = yes ]; then
        cat
        return
    fi
    while IFS= read -r row; do
        case $row in
        *Timestamp=@* | @[0-9]*)
            at=${row##*@}
            row=${row%@*}$(date -u -d "@$at" '+%a %F %T UTC' 2>/dev/null || date -u -r "$at" '+%a %F %T UTC')
            ;;
        esac
        printf '%s\n' "$row"
    done
}
missing() {
    printf '%s\n' Restart=no MainPID=0 Result=success NRestarts=0 ExecMainCode=0 ExecMainStatus=0 \
        'MemoryCurrent=[not set]' "Id=$1" "Names=$1" "Description=$1" LoadState=not-found \
        ActiveState=inactive SubState=dead UnitFileState= ActiveEnterTimestamp= ActiveEnterTimestampMonotonic=0
}
show() {
    if [ -z "$units" ]; then
        printf '%s\n' 'Version=252.39-1~deb12u1' "SystemState=$(system_state)" "NNames=$(find "$folder" -type f | grep -c .)" \
            "NFailedUnits=$(count_failed)" NJobs=0 | choose
        return
    fi
    first=yes
    for unit in $units; do
        unit=$(name "$unit")
        [ "$first" = yes ] || echo
        first=no
        if [ -e "$folder/$unit" ]; then choose <"$folder/$unit"; else missing "$unit" | choose; fi
    done
}
list() {
    rows=0
    [ "$json" = no ] || printf '['
    for file in "$folder"/*; do
        [ -e "$file" ] || continue
        unit=${file##*/}
        state=$(field "$unit" ActiveState)
        [ "$failed" = no ] || [ "$state" = failed ] || continue
        [ "$failed" = yes ] || [ "$all" = yes ] || [ "$state" != inactive ] || continue
        [ -z "$type" ] || [ "${unit##*.}" = "$type" ] || continue
        if [ "$json" = yes ]; then
            [ "$rows" = 0 ] || printf ','
            printf '{"unit":"%s","load":"%s","active":"%s","sub":"%s","description":"%s"}' "$unit" \
                "$(field "$unit" LoadState)" "$state" "$(field "$unit" SubState)" "$(field "$unit" Description)"
        else
            echo "$unit $(field "$unit" LoadState) $state $(field "$unit" SubState) $(field "$unit" Description)"
        fi
        rows=$((rows + 1))
    done
    if [ "$json" = yes ]; then
        echo ']'
    elif [ "$legend" = yes ]; then
        echo
        echo "$rows loaded units listed."
    fi
}
# put UNIT KEY VALUE...: changes a unit's file at once.
put() {
    unit=$1
    shift
    cp "$folder/$unit" "$folder/../unit.$$"
    while [ $# -gt 0 ]; do
        sed "s|^$1=.*|$1=$2|" "$folder/../unit.$$" >"$folder/../unit.$$.new"
        mv "$folder/../unit.$$.new" "$folder/../unit.$$"
        shift 2
    done
    mv "$folder/../unit.$$" "$folder/$unit"
}
act() {
    if [ "$(id -u)" != 0 ]; then
        echo "Failed to $verb ${units# }: Interactive authentication required." >&2
        exit 1
    fi
    for unit in $units; do
        unit=$(name "$unit")
        if [ ! -e "$folder/$unit" ]; then
            echo "Failed to $verb $unit: Unit $unit not found." >&2
            exit 5
        fi
        case $verb in
        start | restart | try-restart | reload-or-restart)
            put "$unit" ActiveState active SubState running Result success ExecMainStatus 0 ExecMainCode 0 MainPID "$$" \
                ActiveEnterTimestamp "@$(date +%s)" StateChangeTimestamp "@$(date +%s)"
            ;;
        stop | kill)
            put "$unit" ActiveState inactive SubState dead MainPID 0 StateChangeTimestamp "@$(date +%s)"
            ;;
        reset-failed)
            [ "$(active "$unit")" != failed ] || put "$unit" ActiveState inactive SubState dead Result success NRestarts 0
            ;;
        enable) put "$unit" UnitFileState enabled ;;
        disable) put "$unit" UnitFileState disabled ;;
        mask) put "$unit" UnitFileState masked ;;
        unmask) put "$unit" UnitFileState enabled ;;
        esac
    done
}

case $verb in
show) show ;;
list-units) list ;;
list-timers | list-sockets | list-unit-files) [ "$json" = no ] || echo '[]' ;;
list-jobs) [ "$json" = yes ] || echo 'No jobs running.' ;;
is-system-running)
    state=$(system_state)
    echo "$state"
    [ "$state" = running ]
    ;;
is-active | is-failed)
    code=3
    [ "$verb" = is-active ] || code=1
    for unit in $units; do
        state=$(active "$(name "$unit")")
        echo "$state"
        [ "is-$state" != "$verb" ] || code=0
    done
    exit "$code"
    ;;
is-enabled)
    code=1
    for unit in $units; do
        unit=$(name "$unit")
        if [ ! -e "$folder/$unit" ]; then
            echo "Failed to get unit file state for $unit: No such file or directory" >&2
            continue
        fi
        state=$(field "$unit" UnitFileState)
        echo "$state"
        [ "$state" != enabled ] || code=0
    done
    exit "$code"
    ;;
status)
    for unit in $units; do
        unit=$(name "$unit")
        if [ ! -e "$folder/$unit" ]; then
            echo "Unit $unit could not be found." >&2
            exit 4
        fi
        echo "$unit - $(field "$unit" Description)"
        echo "     Active: $(field "$unit" ActiveState) ($(field "$unit" SubState))"
        [ "$(active "$unit")" = active ] || exit 3
    done
    ;;
start | stop | restart | try-restart | reload | reload-or-restart | reset-failed | kill | enable | disable | mask | unmask) act ;;
daemon-reload) ;;
--version | version) echo 'systemd 252 (252.39-1~deb12u1)' ;;
*)
    echo "Unknown command verb $verb." >&2
    exit 1
    ;;
esac
