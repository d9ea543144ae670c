# What the scripts of borg have in common, behind those of every repository.
# Inputs: REPOSITORY, LOCAL (yes where it is a folder of this host), LOCK_WAIT
# (seconds), INIT (yes when the repository is to be made where there is none),
# ENCRYPTION (as borg init names it), COMPRESSION, RSH (how ssh is called),
# REMOTE_BORG (the name of borg at the other end, or empty), TAG.
# Secret: BORG_PASSPHRASE, by the environment.
#
# A copy is an archive, and its name says what is known of it:
#
#   web.RUN                     being made, or cut off: no copy
#   web.RUN.4096b.12f           whole: bytes and files
#   web.RUN.4096b.12f.partial   not all could be read
#
# It is renamed once borg has said how it ended, so that a partial one is never
# taken for a whole one.
# shellcheck shell=sh disable=SC2034,SC2154

# What borg would ask a person is answered with no, and with an error.
BORG_REPO=$REPOSITORY
BORG_PASSPHRASE=${BORG_PASSPHRASE-}
BORG_DISPLAY_PASSPHRASE=no
BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=no
BORG_RELOCATED_REPO_ACCESS_IS_OK=no
BORG_CHECK_I_KNOW_WHAT_I_AM_DOING=NO
BORG_DELETE_I_KNOW_WHAT_I_AM_DOING=NO
BORG_EXIT_CODES=legacy # 0, 1 and 2 with 1.4, too
BORG_RSH=$RSH
TZ=UTC # its times carry no zone
export BORG_REPO BORG_PASSPHRASE BORG_DISPLAY_PASSPHRASE BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK \
    BORG_RELOCATED_REPO_ACCESS_IS_OK BORG_CHECK_I_KNOW_WHAT_I_AM_DOING BORG_DELETE_I_KNOW_WHAT_I_AM_DOING \
    BORG_EXIT_CODES BORG_RSH TZ
[ -z "${REMOTE_BORG-}" ] || { BORG_REMOTE_PATH=$REMOTE_BORG && export BORG_REMOTE_PATH; }
work

# label is the name of the backup as archives begin with it: without what would
# be a pattern to borg.
label=$(printf '%s' "${TAG-}" | tr -c 'A-Za-z0-9_-' '+')
[ "$label" = "${TAG-}" ] || label=$label+$(printf '%s' "$TAG" | cksum | cut -d ' ' -f 1)

# once runs borg and leaves what it complained of in $tmp/err.
once() { borg "$@" 2>"$tmp/err" </dev/null; }

# ask runs a command of borg and waits for a lock to go. Borg removes the lock
# of a process of this host that is gone, and then needs a second to take its
# own; no other is ever broken.
ask() {
    command=$1
    shift
    [ "${LOCK_WAIT:-0}" -ge 2 ] || LOCK_WAIT=2
    once "$command" --lock-wait "$LOCK_WAIT" "$@"
}

locked() {
    [ "$1" != 0 ] && grep -q 'Failed to create/acquire the lock' "$tmp/err"
}

# holder prints who holds the repository for itself, where that can be seen.
holder() {
    if [ "$LOCAL" = yes ]; then
        for f in "$REPOSITORY"/lock.exclusive/*; do
            [ -f "$f" ] || continue
            printf 'by %s since %s\n' "$(printf '%s' "${f##*/}" | sed 's/^\(.*\)@[^@]*\.\([0-9]*\)-[0-9a-f]*$/process \2 of \1/')" \
                "$(date -u -r "$f" +%Y-%m-%dT%H:%M:%SZ)"
            return
        done
    fi
    echo 'by another borg'
}

# why says what is wrong after borg ended with a code.
why() {
    text=$(cat "$tmp/err")
    case $1:$text in
    *"Failed to create/acquire the lock"*) echo "the repository $REPOSITORY is locked $(holder): once no borg uses it on any host, borg break-lock removes the lock" ;;
    *"passphrase supplied in"*"is incorrect"*) echo "the password of the repository $REPOSITORY is wrong" ;;
    *"was previously located at"*)
        echo "borg knows the repository $REPOSITORY from another place, $(sed -n 's/.*was previously located at //p' "$tmp/err" | head -n 1): if it was moved, answer borg's question once as root, with borg list $REPOSITORY"
        ;;
    *"previously unknown unencrypted repository"*)
        echo "the repository $REPOSITORY is not encrypted, and this host has not used it before: if it is what it should be, answer borg's question once as root, with borg list $REPOSITORY"
        ;;
    124:* | 137:*) echo "the repository $REPOSITORY does not answer" ;;
    127:*) echo "borg is not installed" ;;
    *)
        if nothing "$1"; then
            echo "there is no repository at $REPOSITORY"
        else
            # What went wrong stands first, or ends the account of where.
            told=$(awk '
                /^Data integrity error: / { print; found = 1; exit }
                /^Remote: / && !remote { remote = $0; next }
                /^Platform: / { exit }
                NF { last = $0 }
                END { if (!found) print (remote != "" ? substr(remote, 9) : last) }' "$tmp/err")
            echo "borg: ${told:-exit code $1}"
        fi
        ;;
    esac
}

# nothing tells whether there is no repository, which is not the same as one
# that cannot be reached.
nothing() {
    [ "$1" != 0 ] || return 1
    grep -qE '^(Remote: )?Repository .* does not exist' "$tmp/err" && return 0
    [ "$LOCAL" = yes ] && grep -q 'is not a valid repository' "$tmp/err" && [ -z "$(ls -A "$REPOSITORY" 2>/dev/null)" ]
}

# spoilt prints what borg complained of, where that is of the data itself and not
# of the way to it.
spoilt() {
    grep -m 1 -E '^(Remote: )?(Data integrity|Decompression) error: |damaged \(all-zero\) chunks|^(Remote: )?Object with key .* not found in repository' "$tmp/err" && return
    [ "$LOCAL" = yes ] || return 1
    segment=$(sed -n "s/^FileNotFoundError: [^'\"]*['\"]\(\/.*\/data\/[0-9]*\/[0-9]*\)['\"]$/\1/p" "$tmp/err" | tail -n 1)
    [ -n "$segment" ] && mounted && [ -f "$REPOSITORY/config" ] && [ ! -e "$segment" ] && echo "the segment $segment is gone"
}

# ready ends it where the folder of the repository is not mounted.
ready() {
    mounted || die "nothing is mounted at $MOUNT, where the repository lies"
}

# make_it makes the repository where there is none.
make_it() {
    ask list --json --last 1 >/dev/null
    code=$?
    [ "$code" != 0 ] || return 0
    nothing "$code" || die "$(why "$code")"
    once init --make-parent-dirs --encryption "$ENCRYPTION" >/dev/null || die "$(why "$?")"
    ask list --json --last 1 >/dev/null || die "made, and cannot be opened: $(why "$?")"
}

# archives prints the names and the times of what begins with $label, as
# "NAME UNIX-TIME" a line, with what borg itself has left of copies that were
# cut off.
archives() {
    ask list --json --consider-checkpoints --glob-archives "$label.*" >"$tmp/archives" || return
    flat <"$tmp/archives" >"$tmp/flat" || { echo 'its list of archives is no JSON, or half of it' >"$tmp/err" && return 1; }
    awk -F '\t' "$epoch"'
        function put() {
            if (name != "" && start != "" && name !~ /[ \/]/) printf "%s %.0f\n", name, epoch(start)
            name = start = ""
        }
        {
            split($1, p, ".")
            if (p[2] != "archives") next
            if (p[3] != now) put()
            now = p[3]
            if (p[4] == "name") name = $2
            else if (p[4] == "start") start = $2
        }
        END { put() }' "$tmp/flat"
}

# copies prints the copies of $TAG, the newest first, as lines
# "ID UNIX-TIME BYTES FILES SORT RUN".
copies() {
    archives >"$tmp/all" || return
    awk '
        {
            name = $1
            sort = sub(/\.partial$/, "", name) ? "partial" : "complete"
            if (!match(name, /\.[0-9]+b\.[0-9]+f$/)) next
            split(substr(name, RSTART + 1), n, /[bf.]+/)
            run = substr(name, 1, RSTART - 1)
            sub(/^[^.]*\./, "", run)
            print $1, $2, n[1], n[2], sort, run
        }' "$tmp/all" | sort -k2,2nr -k1,1r
}

# found prints the newest copy that $RUN made, as copies does.
found() {
    copies >"$tmp/copies" || return
    awk -v run="$RUN" '$6 == run { print; exit }' "$tmp/copies"
}

# known ends it unless $COPY is the name of an archive of ours.
known() {
    case $COPY in
    -* | .* | *[!A-Za-z0-9_.+-]*) die "$COPY is no copy of this repository" ;;
    esac
}
