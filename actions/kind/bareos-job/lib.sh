# What copies by a job of a director of Bareos or Bacula have in common, behind
# directory/common.sh and directory/json.sh. Inputs: CONFIG (of the console, or
# empty), JOB, LEVEL (or empty for the job's own), RESTORE_JOB (or empty),
# SPARE_CLIENT (the client on this host, or empty), MEDIUM (of its volumes), TAG.
#
# A copy is a run of the job that the catalogue calls good, by its id. Those that
# are begun here have the comment "jurymast backup=TAG run=RUN", and what brings
# one back "jurymast restore=RUN copy=ID".
# shellcheck shell=sh disable=SC2034,SC2154

unset TERM # with a terminal the console would draw
work
tab=$(printf '\t')

# ask puts questions to the director, a line each, and leaves what it said in
# $tmp/said. It ends with 1 when the director was not reached: whatever the
# director thinks of a question, the console ends with 0.
ask() {
    if [ -n "$CONFIG" ]; then
        { printf '%s\n' "$@" quit; } | timeout 120 bconsole -c "$CONFIG" >"$tmp/said" 2>&1
    else
        { printf '%s\n' "$@" quit; } | timeout 120 bconsole >"$tmp/said" 2>&1
    fi
    code=$?
    [ "$code" = 0 ] && grep -q '^1000 OK' "$tmp/said" && return 0
    last=$(grep -v '^[[:space:]]*$' "$tmp/said" | tail -n 1)
    case $code:$(cat "$tmp/said") in
    127:*) echo 'bconsole is not installed' ;;
    124:*) echo 'the director does not answer within two minutes' ;;
    *uthorization*) echo 'the director does not let this console in: compare its password with the director' ;;
    *onfig*) echo "bconsole cannot be used: $last" ;;
    *) echo "the director does not answer: ${last:-bconsole ended with $code}" ;;
    esac >"$tmp/err"
    return 1
}

why() { cat "$tmp/err"; }

# refused prints what the director said instead of doing as it was told.
refused() {
    grep -v -e '^[[:space:]]*$' -e '^quit' -e '^1000 OK' -e '^Connecting to' -e '^Enter a period' -e '^Using Catalog' -e '^Automatically selected' -e '^You have messages' "$tmp/said" |
        grep -v -e '^run job=' -e '^restore ' | head -n 1
}

# runs asks for runs, by what is behind "llist", and leaves them in $tmp/runs, the
# oldest first: "ID TYPE LEVEL STATUS BEGAN BYTES FILES ERRORS MISSING PURGED
# CLIENT COMMENT" with tabs between. Both times of the catalogue are of the
# director's zone, which is not told; what lies between them is not touched by it.
runs() {
    ask "llist $1" || return
    if ! grep -q -i -e '^ *jobid: ' -e '^No results to list' "$tmp/said"; then
        echo "what the director lists is not understood: $(refused)" >"$tmp/err"
        return 1
    fi
    awk "$epoch"'
        function n(key,    s) {
            s = v[key]
            gsub(/,/, "", s)
            return s ~ /^[0-9]+$/ ? s : -1
        }
        function put(    took) {
            if (n("jobid") > 0 && n("jobtdate") >= 0) {
                took = v["starttime"] ~ /^[0-9]/ && v["endtime"] ~ /^[0-9]/ ? epoch(v["endtime"]) - epoch(v["starttime"]) : 0
                if (took < 0 || took > 30 * 86400) took = 0
                printf "%d\t%s\t%s\t%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%s\t%s\n", n("jobid"), v["type"], v["level"], v["jobstatus"],
                    n("jobtdate") - took, n("jobbytes"), n("jobfiles"), n("joberrors"), n("jobmissingfiles"), n("purgedfiles"),
                    v["clientname"], v["comment"]
            }
            split("", v)
        }
        /^ *[A-Za-z]+: ?/ {
            key = tolower($1)
            sub(/:$/, "", key)
            if (key == "jobid") put()
            sub(/^ *[A-Za-z]+: ?/, "")
            sub(/[ \t\r]+$/, "")
            gsub(/\t/, " ")
            v[key] = $0
        }
        END { put() }' "$tmp/said" | sort -n >"$tmp/runs"
}

# judge reads runs and puts ahead of each what it came to: complete, partial (of
# which something is missing), going, bad or, where its letter is not known here,
# unknown. Bacula calls a run well of which a folder was missing.
judge() {
    awk -F '\t' '
        {
            s = "unknown"
            if ($4 ~ /^[EefAID]$/) s = "bad"
            else if ($4 ~ /^[CRBFSmMsjcdtpqLlai]$/) s = "going"
            else if ($4 == "W") s = "partial"
            else if ($4 == "T") s = $8 == 0 && $9 == 0 && ($7 > 0 || $2 == "B" && $3 != "F") ? "complete" : "partial"
            if (s == "partial" && $7 <= 0) s = "bad"
            print s "\t" $0
        }' "$tmp/runs"
}

# copies leaves the job's copies in $tmp/copies, the newest first: "ID UNIX-TIME
# BYTES FILES SORT RUN". What is not a full one stands on those before it, and its
# bytes and files are reckoned with theirs; where they are gone it is none.
copies() {
    runs "job=\"$JOB\"" || return
    judge | awk -F '\t' '
        $3 != "B" || $11 == 1 || $1 != "complete" && $1 != "partial" { next }
        {
            run = "-"
            if (split($13, w, " ") == 3 && w[1] == "jurymast" && w[2] ~ /^backup=./ && w[3] ~ /^run=./) run = substr(w[3], 5)
            if ($4 == "F") { full = bytes = $7; fullfiles = files = $8; based = 1 }
            else if (!based) next
            else if ($4 == "D") { bytes = full + $7; files = fullfiles + $8 }
            else if ($4 == "I") { bytes += $7; files += $8 }
            else next
            printf "%s %s %.0f %.0f %s %s\n", $2, $6, bytes, files, $1, run
        }' | sort -k1,1nr >"$tmp/copies"
}

# known ends it unless $COPY is a copy of the job.
known() {
    copies || die "the copies of job $JOB cannot be listed: $(why)"
    line=$(awk -v id="$COPY" '$1 == id { print; exit }' "$tmp/copies")
    [ -n "$line" ] || die "the catalogue has no good run $COPY of job $JOB"
}

# settle waits until a run has ended and leaves what it came to in $state, its
# letter in $letter and its files in $files.
settle() {
    while :; do
        runs "jobid=$1" || die "how run $1 stands cannot be asked: $(why)"
        row=$(judge | awk -F '\t' -v id="$1" '$2 == id { print; exit }')
        [ -n "$row" ] || die "the catalogue knows nothing of run $1"
        state=$(printf '%s\n' "$row" | cut -f 1)
        letter=$(printf '%s\n' "$row" | cut -f 5)
        files=$(printf '%s\n' "$row" | cut -f 8)
        [ "$state" = going ] || break
        sleep 2
    done
    [ "$state" != unknown ] || die "run $1 is in state $letter, which is not known here"
}

# queue has the director begin something and leaves the id of the run in $id.
queue() {
    ask "$1" || die "$(why)"
    id=$(sed -n 's/.*Job queued\. JobId=\([0-9][0-9]*\).*/\1/p' "$tmp/said" | tail -n 1)
    [ -n "$id" ] || die "the director began nothing: $(refused)"
}

# mine prints the newest run of a type with a comment.
mine() {
    awk -F '\t' -v type="$1" -v comment="$2" '$2 == type && $12 == comment { id = $1 } END { if (id) print id }' "$tmp/runs"
}

# bring has $COPY, with all that it stands on, brought back to a client below a
# folder, "/" for where it was: CLIENT FOLDER REPLACE. A run of ours that is under
# way already is waited for; $again says whether one that ended well will do.
bring() {
    comment="jurymast restore=$RUN copy=$COPY"
    runs 'jobs jobtype=R' || die "$(why)"
    id=$(mine R "$comment")
    if [ -n "$id" ]; then
        settle "$id"
        [ "$state" != complete ] || [ -z "$again" ] || return 0
    fi
    ask ".bvfs_get_jobids jobid=$COPY" || die "$(why)"
    chain=$(grep -x '[0-9][0-9,]*' "$tmp/said" | tail -n 1)
    case ,$chain, in
    *",$COPY,"*) ;;
    *) die "which runs copy $COPY stands on is not told: $(refused)" ;;
    esac
    runs "jobid=$COPY" || die "$(why)"
    client=$(awk -F '\t' -v id="$COPY" '$1 == id { print $11 }' "$tmp/runs")
    [ -n "$client" ] || die "whose copy $COPY is is not told"
    queue "restore client=\"$client\" restoreclient=\"${1:-$client}\"${RESTORE_JOB:+ restorejob=\"$RESTORE_JOB\"} jobid=$chain where=\"$2\" replace=$3 comment=\"$comment\" all done yes"
    printf '@job %s\n' "$id"
    settle "$id"
    found=$(spoiled)
    if [ -n "$found" ]; then
        damaged "copy $COPY is damaged, says run $id, which ended with $letter and $files files: $found; list joblog jobid=$id in bconsole"
    fi
    [ "$state" = complete ] || die "run $id, which brings copy $COPY back, ended with $letter and $files files: list joblog jobid=$id in bconsole"
}

# spoiled prints what the log of restore $id says against the copy itself: what the
# volumes give is not what was written there, or is less. Why it cannot be read
# otherwise (no client, no room, a volume that is not there) is no such thing; nor
# is a tape without a label, for it may be another one.
spoiled() {
    ask "list joblog jobid=$id" || return 0
    awk -v medium="$MEDIUM" '
        function number(s) {
            sub(/^[^:]*: */, "", s)
            gsub(/,/, "", s)
            return s ~ /^[0-9]/ ? s + 0 : -1
        }
        /^ *Files Expected:/ { want = number($0); counted = 1 }
        /^ *Files Restored:/ { have = number($0) }
        # A name of a file may say anything, and stands behind its mode.
        /^[| ]*[^:]* JobId [0-9]+: (Warning|Error|Fatal error): / && /Volume data error at |Read error on / {
            if (medium == "tape" && /labeled Volume/ || line != "") next
            line = $0
            sub(/^[| ]*[^:]* JobId [0-9]+: [A-Za-z ]+: /, "", line)
            sub(/[ |\\]*$/, "", line)
        }
        END {
            if (line != "") print line
            else if (counted && have > 0 && have < want) printf "%d files are in it, and %d came back\n", want, have
        }' "$tmp/said"
}
