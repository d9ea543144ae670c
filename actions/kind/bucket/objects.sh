# Counts what lies in a bucket and compares it with a second one, in parts
# "== NAME" that end with the exit code. Inputs: BUCKET, PREFIX, ENDPOINT, REGION,
# MIRROR (a bucket, or empty), MIRROR_PREFIX, MIRROR_ENDPOINT, MIRROR_REGION.
# shellcheck shell=sh disable=SC2034,SC2153,SC2154

LIMIT=240
tab='	'

# objects lists those below a prefix as "NAME SIZE TIME" to $1, in order, and
# says how many there are, their bytes and the times of the oldest and newest.
objects() {
    to=$1 bucket=$2 prefix=$3
    s3 "$4" "$5" list-objects-v2 --bucket "$bucket" ${prefix:+--prefix "$prefix"} --page-size 1000 --output text \
        --query 'Contents[].[Size,LastModified,Key]' 2>"$tmp/err" >"$tmp/list"
    code=$?
    # A page without objects is the word None, and no page is no answer.
    awk -F '\t' -v skip="${#prefix}" -v sums="$tmp/sums" '
        $1 ~ /^[0-9]+$/ && $2 ~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T/ && NF > 2 {
            name = substr($0, length($1) + length($2) + 3 + skip)
            gsub(/\t/, " ", name)
            print name "\t" $1 "\t" $2
            n++
            bytes += $1
            if (first == "" || $2 < first) first = $2
            if ($2 > last) last = $2
            next
        }
        NF && $0 != "None" { odd++ }
        END { printf "%d %.0f %s %s\n%d\n", n, bytes, first == "" ? "-" : first, last == "" ? "-" : last, odd + !NR >sums }' "$tmp/list" | sort -t "$tab" -k 1,1 >"$to"
    {
        read -r sums
        read -r odd
    } <"$tmp/sums"
    printf 'objects %s\nodd %s\n' "$sums" "$odd"
    [ "$code" = 0 ] || complaint
    printf 'exit %s\n' "$code"
}

echo '== objects'
keyed "$ENDPOINT" "${ACCESS_KEY-}" "${SECRET_KEY-}"
objects "$tmp/here" "$BUCKET" "$PREFIX" "$ENDPOINT" "$REGION"
if [ -n "$MIRROR" ]; then
    echo '== mirror'
    keyed "$MIRROR_ENDPOINT" "${MIRROR_ACCESS_KEY-}" "${MIRROR_SECRET_KEY-}"
    objects "$tmp/there" "$MIRROR" "$MIRROR_PREFIX" "$MIRROR_ENDPOINT" "$MIRROR_REGION"
    echo '== compared'
    # Both are in order: each is read once, whatever their length.
    awk -F '\t' -v there="$tmp/there" '
        function next_there() { left = (getline line < there) > 0; if (left) split(line, t, "\t") }
        function note(what) { n[what]++; if (oldest[what] == "" || $3 < oldest[what]) { oldest[what] = $3; name[what] = $1 } }
        BEGIN { next_there() }
        {
            while (left && t[1] "" < $1 "") { n["extra"]++; next_there() }
            if (!left || t[1] "" != $1 "") note("missing")
            else {
                if (t[2] != $2) note("differs")
                next_there()
            }
        }
        END {
            while (left) { n["extra"]++; next_there() }
            printf "missing %d %s %s\n", n["missing"], oldest["missing"] == "" ? "-" : oldest["missing"], name["missing"]
            printf "differs %d %s %s\n", n["differs"], oldest["differs"] == "" ? "-" : oldest["differs"], name["differs"]
            printf "extra %d\n", n["extra"]
        }' "$tmp/here"
    echo 'exit 0'
fi
echo '== end'
