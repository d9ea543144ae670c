# What the scripts of restic have in common, behind those of every repository.
# Inputs: REPOSITORY, LOCAL (yes where it is a folder of this host), CACERT,
# ORIGIN (the name of the host in the repository), LOCK_WAIT (seconds), INIT (yes
# when the repository is to be made where there is none).
# Secrets: RESTIC_PASSWORD and those of the store behind it; all of them reach
# restic by its environment.
#
# Debian 12 has restic 0.14, which ends with 1 whatever is wrong: there, the
# text of the message says what. Newer ones say it by 10, 11 and 12.
# shellcheck shell=sh disable=SC2154

RESTIC_REPOSITORY=$REPOSITORY
RESTIC_PROGRESS_FPS=0
export RESTIC_REPOSITORY RESTIC_PROGRESS_FPS
for name in RESTIC_PASSWORD RESTIC_REST_USERNAME RESTIC_REST_PASSWORD AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY \
    AWS_DEFAULT_REGION B2_ACCOUNT_ID B2_ACCOUNT_KEY; do
    # shellcheck disable=SC2163 # the variable that it names
    export "$name"
done
if [ "$(id -u)" = 0 ]; then
    RESTIC_CACHE_DIR=${RESTIC_CACHE_DIR-${JURYMAST_ROOT-}/var/cache/jurymast/restic}
    export RESTIC_CACHE_DIR
fi
work

# once runs restic and leaves what it complained of in $tmp/err.
once() {
    if [ -n "${CACERT-}" ]; then
        restic --cacert "$CACERT" "$@" 2>"$tmp/err" </dev/null
    else
        restic "$@" 2>"$tmp/err" </dev/null
    fi
}

locked() {
    [ "$1" = 11 ] || { [ "$1" != 0 ] && grep -q 'repository is already locked' "$tmp/err"; }
}

# ask runs restic and waits for a lock to go. unlock removes locks only of
# processes that are gone, and such as have not been renewed for half an hour.
ask() {
    waited=0
    while :; do
        once "$@"
        code=$?
        locked "$code" || return "$code"
        [ "$waited" -lt "${LOCK_WAIT:-0}" ] || return "$code"
        cp "$tmp/err" "$tmp/lock"
        once unlock >/dev/null
        cp "$tmp/lock" "$tmp/err"
        sleep 2
        waited=$((waited + 2))
    done
}

# why says what is wrong after restic ended with a code.
why() {
    text=$(cat "$tmp/err")
    if locked "$1"; then
        echo "the repository $REPOSITORY is locked: $(grep -m 1 'already locked' "$tmp/err" | sed 's/.*already locked/already locked/'), $(grep -m 1 'lock was created' "$tmp/err")"
        return
    fi
    case $1:$text in
    12:* | *"wrong password or no key found"*) echo "the password of the repository $REPOSITORY is wrong" ;;
    *"empty password is not"*) echo "the password of the repository $REPOSITORY is empty" ;;
    124:* | 137:*) echo "the repository $REPOSITORY does not answer" ;;
    127:*) echo "restic is not installed" ;;
    *)
        if nothing "$1"; then
            echo "there is no repository at $REPOSITORY"
        else
            told=$(grep -m 1 '^Fatal: ' "$tmp/err" | sed 's/^Fatal: //')
            [ -n "$told" ] || told=$(sed -n 's/.*"message_type":"exit_error".*"message":"\([^"]*\)".*/\1/p' "$tmp/err" | tail -n 1)
            [ -n "$told" ] || told=$(grep -v '^[[:space:]]*$' "$tmp/err" | tail -n 1)
            echo "restic: ${told:-exit code $1}"
        fi
        ;;
    esac
}

# nothing tells whether there is no repository, which is not the same as one
# that cannot be reached.
nothing() {
    [ "$1" = 10 ] && return 0
    [ "$1" != 0 ] && grep -q 'unable to open config file' "$tmp/err" &&
        grep -qE 'no such file or directory|does not exist|NoSuchKey|key not found|404|not found' "$tmp/err" &&
        ! grep -q 'no such host' "$tmp/err"
}

# spoilt prints what restic complained of, where that is of the data itself and
# not of the way to it. A pack that ends early, or is not there, is looked for by
# another way: a line that was cut looks the same.
spoilt() {
    grep -m 1 -E 'ciphertext verification failed|invalid data returned|invalid hash|[Dd]ata mismatch|does not match|not found in (repository|index)' "$tmp/err" && return
    pack=$(sed -n 's,.*<data/\([0-9a-f][0-9a-f]*\)>.*,\1,p' "$tmp/err" | tail -n 1)
    [ -n "$pack" ] || return 1
    cp "$tmp/err" "$tmp/why"
    ask check >"$tmp/check" # reads no data, and knows the size of each pack
    cat "$tmp/err" >>"$tmp/check"
    mv "$tmp/why" "$tmp/err"
    grep -m 1 -E "^pack ${pack}[0-9a-f]*: (does not exist|unexpected)" "$tmp/check"
}

# broken ends it where the copy $COPY cannot be brought back or read: $1 says
# that, and $2 is restic's code.
broken() {
    bad=$(spoilt) && damaged "the copy $COPY is damaged: restic: $bad"
    "$1" "$(why "$2")"
}

# ready ends it where the folder of the repository is not mounted.
ready() {
    mounted || die "nothing is mounted at $MOUNT, where the repository lies"
}

# make_it makes the repository where there is none.
make_it() {
    once cat config --no-lock >/dev/null
    code=$?
    [ "$code" != 0 ] || return 0
    nothing "$code" || die "$(why "$code")"
    once init >/dev/null || die "$(why "$?")"
    once cat config --no-lock >/dev/null || die "made, and cannot be opened: $(why "$?")"
}

# copies prints the copies of $TAG, the newest first, as lines
# "ID UNIX-TIME BYTES FILES SORT RUN". Bytes are - where restic does not say:
# before 0.17 it keeps no summary with a copy.
copies() {
    ask snapshots --json --no-lock --tag "backup=$TAG" >"$tmp/snapshots" || return
    flat <"$tmp/snapshots" >"$tmp/flat" || { echo 'Fatal: its list of copies is no JSON, or half of it' >"$tmp/err" && return 1; }
    awk -F '\t' "$epoch"'
        BEGIN { now = "none" }
        function put() {
            if (id != "" && time != "") printf "%s %.0f %s %s %s %s\n", id, epoch(time), bytes, files, sort, run
        }
        {
            split($1, p, ".")
            if (p[2] != now) {
                put()
                now = p[2]
                id = time = ""
                bytes = files = run = "-"
                sort = "complete"
            }
            if (p[3] == "id") id = $2
            else if (p[3] == "time") time = $2
            else if (p[3] == "tags" && $2 == "partial") sort = "partial"
            else if (p[3] == "tags" && substr($2, 1, 4) == "run=") run = substr($2, 5)
            else if (p[3] == "summary" && p[4] == "total_bytes_processed") bytes = $2
            else if (p[3] == "summary" && p[4] == "total_files_processed") files = $2
        }
        END { put() }' "$tmp/flat" | sort -k2,2nr
}

# found prints the newest copy that $RUN made, as copies does.
found() {
    copies >"$tmp/copies" || return
    awk -v run="$RUN" '$6 == run { print; exit }' "$tmp/copies"
}
