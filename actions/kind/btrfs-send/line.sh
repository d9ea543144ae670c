# The line to the host that keeps what is sent there, behind the scripts of every
# repository. Inputs: DESTINATION (as ssh takes it, empty for this host
# itself), PORT, SSH_KEY, FAR (the text that answers there), REPOSITORY, TAG,
# FAR_MOUNT and FAR_TABLE_MOUNT (what must be mounted there, as MOUNT).
# shellcheck shell=sh disable=SC2034,SC2154

# who names the other end for people.
who=${DESTINATION:-this host}

# quoted prints a value as one word of a shell.
quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

# line has a line of shell run at the other end, with the streams of its caller.
# A host key that is not known ends it: nobody is there to be asked.
line() {
    if [ -z "$DESTINATION" ]; then
        sh -c "$1"
        return
    fi
    [ -z "${PORT-}" ] || set -- "$1" -p "$PORT"
    text=$1
    shift
    [ -z "${SSH_KEY-}" ] || set -- "$@" -o IdentitiesOnly=yes -i "$SSH_KEY"
    ssh -T -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=4 \
        "$@" -- "$DESTINATION" "$text"
}

# tool prints the line of shell that runs a tool with its arguments, from where
# tools of root lie.
tool() {
    # shellcheck disable=SC2016 # expanded there
    printf '%s' "exec /bin/sh -c 'PATH=\$PATH:/usr/local/sbin:/usr/sbin:/sbin; export PATH; exec \"\$@\"' sh"
    for word in "$@"; do
        printf ' %s' "$(quoted "$word")"
    done
}

# question writes what the other end is asked to $tmp/ask: a word, and names and
# values that go with it.
question() {
    {
        printf 'ASK=%s\nREPOSITORY=%s\nTAG=%s\n' "$1" "$(quoted "$REPOSITORY")" "$(quoted "${TAG-}")"
        printf 'MOUNT=%s\nTABLE_MOUNT=%s\n' "$(quoted "${FAR_MOUNT-}")" "$(quoted "${FAR_TABLE_MOUNT-}")"
        shift
        while [ "$#" -gt 1 ]; do
            printf '%s=%s\n' "$1" "$(quoted "$2")"
            shift 2
        done
        printf '%s\n' "$FAR"
    } >"$tmp/ask"
}

# there asks the other end and leaves its answer in $tmp/answer, what it
# complained of in $tmp/err. Half of an answer is none.
there() {
    question "$@"
    line 'exec /bin/sh -s' <"$tmp/ask" >"$tmp/said" 2>"$tmp/err"
    code=$?
    [ "$code" = 0 ] || return "$code"
    # A login may say something of its own ahead.
    awk '/^jm-end$/ { whole = 1; exit } begun { print } /^jm-begin$/ { begun = 1 } END { exit !(begun && whole) }' "$tmp/said" >"$tmp/answer" ||
        { echo 'no whole answer came' >"$tmp/err" && return 1; }
}

# why says what is wrong after the other end was asked, by the code.
why() {
    told=$(grep -v '^[[:space:]]*$' "$tmp/err" | tail -n 1)
    case $1:$told in
    255:*"Host key verification failed"*)
        echo "$who: its host key is not known to root here, or is another: compare it, and put it into root's known_hosts"
        ;;
    255:*) echo "$who cannot be reached: ${told:-ssh ended with 255}" ;;
    *) echo "$who: ${told:-it ended with $1}" ;;
    esac
}

# ask is there, and ends the script where it cannot be asked.
ask() { there "$@" || die "$(why "$?")"; }

# stream ends the script unless what was written to the pipe, whose code is in
# $tmp/near.code and whose words in $tmp/near.err, and what read it (code $1,
# words in $tmp/far.err) both came to their end. $2 says what was done.
stream() {
    near=$(cat "$tmp/near.code" 2>/dev/null)
    [ "$1:$near" != 0:0 ] || return 0
    # Whoever was cut off by the other's end has less to say: 141 is SIGPIPE.
    if [ "$1" = 0 ] || { [ "${near:-0}" != 0 ] && [ "$near" != 141 ] && [ -s "$tmp/near.err" ]; }; then
        echo "$2: $(grep -v '^[[:space:]]*$' "$tmp/near.err" | tail -n 1)"
    else
        cp "$tmp/far.err" "$tmp/err"
        echo "$2: $(why "$1")"
    fi
    return 1
}

# ours tells whether a name is one that a copy has.
ours() {
    case $1 in
    *[!A-Za-z0-9._-]*) return 1 ;;
    [0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z-?*) ;;
    *) return 1 ;;
    esac
}

# known reads what is known of the copy $COPY, and ends it unless there is one
# that is whole: $bytes, $files, $mark (by which its source is known) and $from
# (the path that was copied).
# shellcheck disable=SC2153
known() {
    ours "$COPY" || die "$COPY is no copy of this repository"
    copies >"$tmp/copies" || die "$(why "$?")"
    awk -v id="$COPY" '$1 == id' "$tmp/far" >"$tmp/one"
    read -r _ _ bytes files mark from <"$tmp/one" || die "$who has no whole copy $COPY"
}

# copies prints the copies of $TAG, the newest first, as lines
# "ID UNIX-TIME BYTES FILES SORT RUN", and leaves in $tmp/far
# "ID UNIX-TIME BYTES FILES MARK PATH". All are complete: what is not whole is
# no copy.
copies() {
    there list || return
    # A note that somebody has spoilt tells of no copy.
    awk "$epoch"'
        $1 == "copy" && $3 ~ /^[0-9]+$/ && $4 ~ /^[0-9]+$/ && $6 ~ /^\// &&
            $2 ~ /^[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z-[A-Za-z0-9._-]+$/ {
            t = substr($2, 1, 4) "-" substr($2, 5, 2) "-" substr($2, 7, 5) ":" substr($2, 12, 2) ":" substr($2, 14, 2)
            path = $0
            for (i = 1; i <= 5; i++) sub(/^[^ ]* /, "", path)
            printf "%s %.0f %s %s %s %s\n", $2, epoch(t), $3, $4, $5, path
        }' "$tmp/answer" | sort -k2,2nr -k1,1r >"$tmp/far"
    awk '{ run = $1; sub(/^[^-]*-/, "", run); print $1, $2, $3, $4, "complete", run }' "$tmp/far"
}

# say tells of the copy that this run has made. It ends with 1 when there is
# none.
say() {
    copies >"$tmp/copies" || die "$(why "$?")"
    awk -v run="$RUN" '$6 == run { print; exit }' "$tmp/copies" >"$tmp/found"
    read -r copy _ bytes files _ <"$tmp/found" || return 1
    printf '@copy %s\n@bytes %s\n@files %s\n' "$copy" "$bytes" "$files"
}

# spoilt ends the script as damaged does, and has it noted at the other end that
# the copy $COPY is: in vain where the line is gone.
spoilt() {
    there damaged ID "$COPY" || :
    damaged "$*"
}
