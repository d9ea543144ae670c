# Says what mdadm and the kernel know of each array, who watches over them and
# when they were last checked.
# Input: SUDO, "sudo -n" or nothing.
# shellcheck shell=sh

LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH
R=${JURYMAST_ROOT-}
SUDO=${SUDO-}

part() { printf '== %s\n' "$1"; }
# Looks are many: what one line of a file says is read without a process.
value() {
    v=''
    read -r v 2>/dev/null <"$2" && printf '%s %s\n' "$1" "$v"
}

if ! command -v mdadm >/dev/null; then
    echo missing
    exit 0
fi
[ "$(id -u)" = 0 ] && SUDO=

part mdstat
cat "$R/proc/mdstat" 2>/dev/null
part conf
for f in "$R"/etc/mdadm/mdadm.conf "$R"/etc/mdadm.conf "$R"/etc/mdadm/mdadm.conf.d/*.conf "$R"/etc/mdadm.conf.d/*.conf; do
    [ -r "$f" ] && grep -v '^[[:space:]]*#' "$f"
done
part monitor
for p in "$R"/proc/[0-9]*; do
    name=''
    read -r name 2>/dev/null <"$p/comm" || continue
    [ "$name" = mdadm ] && { tr '\0' ' ' <"$p/cmdline" && echo; } 2>/dev/null
done
for f in /usr/lib/sendmail /usr/sbin/sendmail; do
    [ -e "$R$f" ] && part sendmail && break
done

# The kernel says in its log when a check begins and ends, and nothing else
# keeps it. A log that goes back less far is no proof that there was none.
log() { $SUDO journalctl -q --no-pager -o short-unix "$@" _TRANSPORT=kernel 2>/dev/null </dev/null; }
if command -v journalctl >/dev/null; then
    checks=$(log -r -n 100 -g data-check)
    printf '== checks\n%s\n' "$checks"
    if [ -z "$checks" ]; then
        part log
        log | head -n 1
    fi
fi

sed -n 's/^\(md[^ ]*\) : .*/\1/p' "$R/proc/mdstat" 2>/dev/null | while read -r a; do
    part "kernel $a"
    for f in level raid_disks degraded array_state sync_action sync_completed sync_speed mismatch_cnt; do
        value "$f" "$R/sys/block/$a/md/$f"
    done
    for m in "$R/sys/block/$a"/md/dev-*; do
        [ -r "$m/errors" ] && value "errors-${m##*/dev-}" "$m/errors"
    done
    out=$($SUDO mdadm --detail --test "/dev/$a" 2>&1 </dev/null)
    printf '== detail %s\nexit %s\n%s\n' "$a" "$?" "$out"
done
part end
