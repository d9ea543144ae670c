# Runs the checks of one host and frames their answers.
#
# Inputs, as assignments ahead of this text:
#   jm_nonce     the word that begins every mark
#   jm_base      what else lane.sh needs, and its text
#   jm_plain     the checks that the login runs, as a list (see lane.sh)
#   jm_asroot    those that need root
#   jm_sudo      no when the login may not become root
#   jm_text_N    of each plain check: see lane.sh
#   jm_secret_N  likewise, what must not be seen; not set when there is none
#   jm_rooted    the assignments of jm_text_N of the checks that need root
#   jm_hidden    and those of jm_secret_N; not set when there are none
# shellcheck shell=sh disable=SC2154 # inputs, and what lane.sh defines

eval "$jm_base"

# Runs the checks that need root for a login that is not. A user may not signal
# what root runs: what holds the checks to their limits must be root as well.
jm_become() {
    [ -n "$jm_asroot" ] || return 0
    if [ "$jm_sudo" = no ]; then
        jm_none "$jm_asroot" 1 'it needs root, and the inventory says sudo = false'
        return
    fi
    jm_said=$(
        jm_put "$jm_quick${jm_hidden-}${jm_rooted}jm_nonce=$jm_nonce
$jm_base
jm_mark root >&2
jm_stages $jm_asroot" 2>/dev/null | sudo -n /bin/sh -s 2>&1 >&3 3>&-
    )
    case $jm_said in
    *"==$jm_nonce root ."*) ;;
    *) jm_none "$jm_asroot" 1 "$jm_said" ;;
    esac
}

jm_mark hello
jm_uid=0
[ -z "$jm_asroot" ] || jm_uid=$(id -u)
if [ "$jm_uid" = 0 ]; then
    eval "${jm_hidden-}${jm_rooted-}"
    jm_stages "$jm_plain${jm_plain:+${jm_asroot:+,}}$jm_asroot"
else
    # Side by side: one holds back what it has to say until the other is done.
    { jm_become; } 3>&1 | {
        jm_own=$(jm_stages "$jm_plain" </dev/null)
        cat
        printf '%s\n' "$jm_own"
    }
fi
jm_mark bye
exit 0
