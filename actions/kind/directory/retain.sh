# retain reads copies, "ID UNIX-TIME SORT" a line (of one second the newest
# first), and prints the ids of those that no rule keeps. SORT is complete or
# partial: each sort is counted for itself, so that a partial copy never takes
# the place of a complete one. The newest of each sort is always kept.
#
# The rules are those of restic: KEEP_LAST keeps the newest; KEEP_DAILY the
# newest of each of so many days that have one; KEEP_HOURLY, KEEP_WEEKLY
# (Monday is the first day), KEEP_MONTHLY and KEEP_YEARLY likewise. Days are
# those of UTC.
# shellcheck shell=sh

retain() {
    keeps="${KEEP_LAST:-0} ${KEEP_HOURLY:-0} ${KEEP_DAILY:-0} ${KEEP_WEEKLY:-0} ${KEEP_MONTHLY:-0} ${KEEP_YEARLY:-0}"
    case $keeps in
    "0 0 0 0 0 0") echo "no rule says what is to be kept: nothing is removed" >&2 && return 1 ;;
    *[!0-9\ ]*) echo "what is to be kept is no number: $keeps" >&2 && return 1 ;;
    esac
    sort -s -k2,2nr | awk -v keeps="$keeps" '
        # month returns the year and the month of a day since 1970, as a number
        # that grows by one a month.
        function month(day,    z, era, doe, yoe, doy, mp, m) {
            z = day + 719468 # days since 0000-03-01
            era = int(z / 146097)
            doe = z - era * 146097
            yoe = int((doe - int(doe / 1460) + int(doe / 36524) - int(doe / 146096)) / 365)
            doy = doe - (365 * yoe + int(yoe / 4) - int(yoe / 100))
            mp = int((5 * doy + 2) / 153)
            m = mp < 10 ? mp + 3 : mp - 9
            return (yoe + era * 400 + (m <= 2)) * 12 + m - 1
        }
        BEGIN { rules = split(keeps, keep, " ") }
        {
            day = int($2 / 86400)
            mon = month(day)
            place[1] = NR
            place[2] = int($2 / 3600)
            place[3] = day
            place[4] = int((day + 3) / 7) # 1970-01-01 was a Thursday
            place[5] = mon
            place[6] = int(mon / 12)
            kept = !($3 in newest)
            newest[$3] = 1
            for (r = 1; r <= rules; r++) {
                if (used[$3, r] + 0 < keep[r] + 0 && seen[$3, r] != "at " place[r]) {
                    kept = 1
                    used[$3, r]++
                    seen[$3, r] = "at " place[r]
                }
            }
            if (!kept) print $1
        }'
}
