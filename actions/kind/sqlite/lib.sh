# What the scripts of kind sqlite have in common; it stands behind
# directory/common.sh and ahead of them.
# Inputs: ROOTS, files or folders, a line each; NAMED, yes where each of them must
# hold a database.
# shellcheck shell=sh disable=SC2034,SC2154

HOME=/nonexistent # of ~/.sqliterc nothing is read
export HOME
tab=$(printf '\t')
client=$(command -v sqlite3)

# read_only asks a database without a way to write to it, nor to make it where
# there is none. It waits PATIENCE milliseconds for one that is locked.
read_only() {
    at=$1
    shift
    "$client" -batch -readonly -bail -cmd ".timeout ${PATIENCE:-2000}" "$at" "$@"
}

# is_database tells whether a file begins as databases do: an encrypted one does
# not.
is_database() {
    [ "$(dd if="$1" bs=15 count=1 2>/dev/null)" = 'SQLite format 3' ]
}

# hidden tells whether a path that is not seen may be there all the same: a folder
# above it is closed.
hidden() {
    [ ! -e "$1" ] || return 1
    case $(ls -d "$1" 2>&1) in
    *'ermission denied'*) return 0 ;;
    esac
    return 1
}

# named prints what is called as databases are, below a folder or what a link to
# one leads to.
named() {
    find -H "$1" -type f \( -name '*.db' -o -name '*.db3' -o -name '*.sqlite' -o -name '*.sqlite3' \) -print
}

# databases prints the files: those that are named, and in folders those that
# have the name and the head of a database, or may not be read; a folder itself that
# should have one and has none. Of a folder that it does not see all of it prints
# "?PATH", a tab and why.
databases() {
    printf '%s\n' "$ROOTS" | while IFS= read -r root; do
        if [ ! -d "$root" ]; then
            [ -z "$root" ] || printf '%s\n' "$root"
            continue
        fi
        unseen=
        found=$(named "$root" 2>/dev/null) || unseen=$(named "$root" 2>&1 >/dev/null | grep -v ': No such file or directory$' | head -n 1 | tr '\t' ' ')
        inside=$(printf '%s\n' "$found" | sort | while IFS= read -r one; do
            # Half a name, which has a newline in it, is none.
            if [ -f "$one" ] && { [ ! -r "$one" ] || is_database "$one"; } || hidden "$one"; then
                printf '%s\n' "$one"
            fi
        done)
        [ -z "$unseen" ] || printf '?%s\t%s\n' "$root" "${unseen#find: }"
        [ -n "$inside" ] || [ "${NAMED-}" != yes ] || [ -n "$unseen" ] || inside=$root
        [ -z "$inside" ] || printf '%s\n' "$inside"
    done
}

# standing sets $is to what is known of $f, a line of databases, before it is opened,
# "" where it is to be opened, and $said to why; $f becomes the path alone.
standing() {
    is='' said=''
    case $f in
    \?*)
        is=unseen
        said=${f#*"$tab"}
        f=${f%%"$tab"*}
        f=${f#?}
        ;;
    *)
        if [ -d "$f" ]; then
            is=bare
        elif hidden "$f"; then
            is=closed said='a folder above it may not be searched'
        elif [ ! -e "$f" ]; then
            is=absent
        elif [ ! -r "$f" ]; then
            is=closed said='permission denied'
        elif [ ! -s "$f" ]; then
            is=empty
        fi
        ;;
    esac
}

# there ends it for a line of databases that is no database with something in it.
there() {
    standing
    case $is in
    unseen) die "there may be databases in $f that are not seen: $said; allow sudo for this host" ;;
    closed) die "$f cannot be seen: $said; allow sudo for this host" ;;
    bare) die "there is no SQLite database in $f: is its disk mounted?" ;;
    absent | empty) die "$f is not there, or empty" ;;
    esac
}

# bytes prints the size of a file, 0 of none.
bytes() {
    # shellcheck disable=SC2012 # a name alone, which comes last
    size=$(ls -lnd "$1" 2>/dev/null | awk '{ print $5 }')
    echo "${size:-0}"
}

# state names what is wrong with a database by what was said of it.
state() {
    case $1 in
    *'database is locked'* | *'database table is locked'* | *'database is busy'*) echo locked ;;
    *'is not a database'*) echo foreign ;;
    *malformed* | *'disk image'* | *'disk I/O error'*) echo broken ;;
    *'unable to open'* | *'readonly database'*) echo closed ;;
    *) echo odd ;;
    esac
}

# numbered prints "N PATH" of the databases.
numbered() {
    databases | awk '{ print NR " " $0 }'
}

# quoted writes a path as an argument of a command of the client's.
quoted() {
    printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"
}

# counts prints the name of each table and how many rows it has, as the client's
# SQL, for a database. Of virtual tables those that they are kept in are counted.
counts="select 'select ' || quote(name) || ', count(*) from \"' || replace(name, '\"', '\"\"') || '\";' from sqlite_master
where type = 'table' and (sql is null or upper(sql) not like 'CREATE VIRTUAL%') and name not in ('sqlite_stat1', 'sqlite_stat4') order by name;"
