# Says what any machine with a POSIX shell can say of itself: Linux by way of
# /proc, the BSDs by way of sysctl. What a system does not know is left out.
# shellcheck shell=sh

LC_ALL=C
PATH=$PATH:/sbin:/usr/sbin
export LC_ALL PATH
R=${JURYMAST_ROOT-}

say() { [ -z "$2" ] || printf '%s=%s\n' "$1" "$2"; }
ask() { sysctl -n "$1" 2>/dev/null </dev/null; }

say kernel "$(uname -s 2>/dev/null)"
say release "$(uname -r 2>/dev/null)"
say machine "$(uname -m 2>/dev/null)"
say now "$(date +%s)"
if [ -r "$R/proc/uptime" ]; then
    read -r up rest <"$R/proc/uptime"
    say uptime "$up"
else
    say boottime "$(ask kern.boottime)"
fi
if [ -r "$R/proc/loadavg" ]; then
    read -r one five fifteen rest <"$R/proc/loadavg"
    say load "$one $five $fifteen"
    say cores "$(grep -c '^processor' "$R/proc/cpuinfo" 2>/dev/null)"
else
    say load "$(ask vm.loadavg)"
    say cores "$(ask hw.ncpu)"
fi
if [ -r "$R/etc/os-release" ]; then
    grep '^PRETTY_NAME=' "$R/etc/os-release"
elif command -v opnsense-version >/dev/null && [ -z "$R" ]; then
    say PRETTY_NAME "$(opnsense-version 2>/dev/null </dev/null)"
fi
df -Pk "$R/" 2>&1 </dev/null
exit 0
