# Counts the updates that the machine knows of, without asking the network and
# without taking a lock.
# shellcheck shell=sh

LC_ALL=C
export LC_ALL
R=${JURYMAST_ROOT-}

if command -v apt-get >/dev/null; then
    echo "manager apt"
    out=$(apt-get -s -o Debug::NoLocking=true dist-upgrade 2>&1) || {
        printf 'failed %s\n' "$(printf '%s\n' "$out" | grep -m1 '^E:')"
        exit 0
    }
    printf 'updates %s\n' "$(printf '%s\n' "$out" | grep -c '^Inst ')"
    printf 'security %s\n' "$(printf '%s\n' "$out" | grep '^Inst ' | grep -ic -e '-security')"
    # The files of the lists carry the times of the server; what apt touches at
    # each update is the folder that it fetches into.
    if ! ls "$R"/var/lib/apt/lists/*_*Release >/dev/null 2>&1; then
        echo "lists none"
    elif [ -e "$R/var/lib/apt/lists/partial" ]; then
        printf 'lists %s\n' "$(stat -c %Y "$R/var/lib/apt/lists/partial")"
    fi
    # dpkg --audit is for root alone. The second letter is the state: half
    # installed, unpacked, half configured, waiting for triggers; R is an error.
    # shellcheck disable=SC2016 # dpkg-query's
    broken=$(dpkg-query -W -f '${db:Status-Abbrev}x\n' 2>/dev/null | grep -c -e '^.[HUFWt]' -e '^..R')
    printf 'broken %s\n' "${broken:-0}"
elif command -v dnf >/dev/null; then
    echo "manager dnf"
    out=$(dnf -C -q check-update 2>/dev/null)
    case $? in
    0 | 100) printf 'updates %s\n' "$(printf '%s\n' "$out" | grep -c '^[[:alnum:]].*[[:space:]].*[[:space:]]')" ;;
    *) echo "failed dnf check-update" ;;
    esac
elif command -v apk >/dev/null; then
    echo "manager apk"
    out=$(apk version -l '<' 2>/dev/null) || {
        echo "failed apk version"
        exit 0
    }
    printf 'updates %s\n' "$(printf '%s\n' "$out" | grep -c ' < ')"
else
    echo "manager none"
fi
echo "now $(date +%s)"
echo end
