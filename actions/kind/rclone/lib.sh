# What the scripts of rclone have in common, behind those of archives.
# Inputs: REMOTE ("b2:bucket/folder"), CONFIG (its file, or empty), CRYPT (yes
# when the remote is said to be encrypted), STAGE (a folder of ours for an
# archive on its way), TAG. Secret: RCLONE_CONFIG_PASS, by the environment.
# shellcheck shell=sh disable=SC2154

[ -z "${RCLONE_CONFIG_PASS-}" ] || export RCLONE_CONFIG_PASS
[ -z "${CONFIG-}" ] || { RCLONE_CONFIG=$CONFIG && export RCLONE_CONFIG; }
RCLONE_ASK_PASSWORD=false
export RCLONE_ASK_PASSWORD
there=$REMOTE/$TAG
case $REMOTE in *: | */) there=$REMOTE$TAG ;; esac

# once runs rclone and leaves what it complained of in $tmp/err.
once() { rclone "$@" 2>"$tmp/err" </dev/null; }

# why says what rclone complained of.
why() {
    said=$(grep -v '^[[:space:]]*$' "$tmp/err" | tail -n 1 | sed 's,^[0-9/]* [0-9:]* [A-Z]* *: ,,; s,^[0-9/]* [0-9:]* ,,')
    printf 'rclone: %s\n' "${said:-exit code $1}"
}

# behind sets $named, the name of the remote that an alias leads to, and $sort,
# its type: nothing where it has no name, and "crypt of names" where it leaves
# the data as it is.
behind() {
    named=${REMOTE%%:*}
    hops=0
    once listremotes --long >"$tmp/long"
    while :; do
        sort=$(awk -v name="$named:" '$1 == name { print $2 }' "$tmp/long")
        [ "$sort:$hops" != alias:5 ] || break
        [ "$sort" = alias ] || break
        next=$(setting remote)
        grep -q "^${next%%:*}: " "$tmp/long" || break
        named=${next%%:*}
        hops=$((hops + 1))
    done
    if [ "$sort" = crypt ] && [ "$(setting no_data_encryption)" = true ]; then
        sort='crypt of names'
    fi
}

# setting prints what the configuration says of $named. Passwords it hides.
setting() { once config show "$named" | sed -n "s/^$1 = //p" | head -n 1; }

# names prints what is in the folder of this backup, "NAME SIZE" a line. Exit
# code 3 is a folder that is not there; an object store says nothing of one.
names() {
    once lsf --files-only --format ps --separator ' ' "$there"
    code=$?
    [ "$code" != 3 ] || return 0
    return "$code"
}

# copies prints the copies, the newest first, as marks does: those whose archive
# is there.
copies() {
    names >"$tmp/names" || return
    awk '
        { size[$1] = $2 }
        END {
            for (n in size) {
                id = n
                if (sub(/\.[0-9]+b\.[0-9]+f(\.partial)?\.sha256$/, "", id) && size[id] > 0) print n
            }
        }' "$tmp/names" | marks
}

# spoilt prints what rclone complained of, where that is of the data itself: what
# it decrypts tells by itself when it is not what was encrypted. The mark was read
# by the same password ahead. A last block that was harmed ends it early, as a
# line that is cut does, and at the same place each time.
spoilt() {
    grep -m 1 -E 'failed to authenticate decrypted block|too short to be encrypted|not an encrypted file' "$tmp/err" | sed 's,^[0-9/]* [0-9:]* [A-Z]* *: ,,' | grep . && return
    if [ "$CRYPT" != yes ] || ! grep -q "unexpected EOF" "$tmp/err"; then
        return
    fi
    cp "$tmp/err" "$tmp/first"
    again=$(once cat "$there/$COPY" | sum)
    if [ "$again" = "$found" ] && grep -q 'unexpected EOF' "$tmp/err" && [ "$(once cat "$there/$mark")" = "$(cat "$tmp/mark")" ]; then
        echo 'it ends early, twice at the same place'
    fi
    mv "$tmp/first" "$tmp/err"
}

# judge ends it unless all of the copy came and has the sum $right. $tmp/cat.code
# and $tmp/sum tell of what came; $1 ends it where something else may be why.
judge() {
    code=$(cat "$tmp/cat.code")
    found=$(cat "$tmp/sum")
    if [ "$code" != 0 ]; then
        bad=$(spoilt)
        [ -z "$bad" ] || damaged "the copy $COPY is damaged: rclone: $bad"
        "$1" "$(why "$code")"
    fi
    [ -n "$found" ] || "$1" 'no sum could be made of it'
    [ "$found" = "$right" ] || damaged "the copy $COPY is damaged: its sum is not that of its making"
}

# right prints the sum that the mark of $COPY holds.
right() {
    known
    names >"$tmp/names" || die "$(why "$?")"
    mark=$(awk -v id="$COPY" 'index($1, id ".") == 1 && $1 ~ /\.[0-9]+b\.[0-9]+f(\.partial)?\.sha256$/ { print $1; exit }' "$tmp/names")
    [ -n "$mark" ] || die "there is no copy $COPY in $there"
    once cat "$there/$mark" >"$tmp/mark" || die "$(why "$?")"
    right=$(awk 'NR == 1 { print $1 }' "$tmp/mark")
    case $right in
    '' | *[!0-9a-f]*)
        # Something else that answers in its place is not as long as a sum.
        [ "${#right}" != 64 ] || damaged "the copy $COPY is damaged: its mark holds no sum"
        die "the mark of the copy $COPY holds no sum"
        ;;
    esac
}
