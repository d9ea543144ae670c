# How scripts read the JSON of their tools: whole or not at all.
# shellcheck shell=sh disable=SC2034

# flat prints a line for each value of a JSON text: its path, a tab and the value:
# ".0.tags.1	run=7". Of a list ".#" ends the path of its length. It ends with 1
# for what is no JSON, or half of it: what was printed until then is of no use.
#
# What is escaped is printed as what it stands for where that is a sign of ASCII
# that can be seen (\", \/, \u0026). All else stays as it was written, and so does
# a backslash (\\, \n, \u00e9): a value is one line, and two values are the same
# only where they were. A dot in a name is written \u002e.
#
# A quote that is not escaped always begins or ends a string, so the text is
# taken from quote to quote: some awks count their way to a sign from the
# beginning, which for the list of a large repository never ends.
flat() {
    {
        cat
        echo # what follows the last quote is never nothing
    } | awk '
        function fail() {
            failed = 1
            exit 1
        }
        function path(    i, s) {
            for (i = 1; i <= d; i++) s = s "." (form[i] == "[" ? at[i] : key[i])
            return s
        }
        function ended() { want = d ? "more" : "nothing" }
        function put(v) {
            if (want != "value" && want != "first") fail()
            print path() "\t" v
            ended()
        }
        function open(c) {
            if (want != "value" && want != "first") fail()
            form[++d] = c
            at[d] = 0
            want = c == "[" ? "first" : "opened"
        }
        function close_it(c,    n) {
            if (!d || form[d] != c || want != "more" && want != (c == "[" ? "first" : "opened")) fail()
            n = want == "more" ? at[d] + 1 : 0
            d--
            if (c == "[") print path() ".#\t" n
            ended()
        }
        # word is a number, true, false or null, as far as it has been read.
        function literal() {
            if (word == "") return
            if (word !~ /^(true|false|null|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?)$/) fail()
            put(word)
            word = ""
        }
        function plain(t,    p, c, n, out) {
            if (t ~ /[\001-\037]/) fail()
            while (p = index(t, "\\")) {
                c = substr(t, p + 1, 1)
                n = 2
                if (c == "u") {
                    c = substr(t, p, 6)
                    n = 6
                    if (c !~ /^.u[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]$/) fail()
                    if (tolower(c) in visible) c = visible[tolower(c)]
                } else if (c == "" || !index("\"/\\bfnrt", c)) fail()
                else if (!index("\"/", c)) c = "\\" c
                out = out substr(t, 1, p - 1) c
                t = substr(t, p + n)
            }
            return out t
        }
        function dotless(t,    p, out) {
            while (p = index(t, ".")) {
                out = out substr(t, 1, p - 1) "\\u002e"
                t = substr(t, p + 1)
            }
            return out t
        }
        BEGIN {
            RS = "\""
            want = "value"
            for (i = 32; i < 127; i++) if (i != 92) visible[sprintf("\\u%04x", i)] = sprintf("%c", i)
        }
        !inside {
            for (i = 1; i <= length($0); i++) {
                c = substr($0, i, 1)
                if (!index("{}[],: \t\r\n", c)) {
                    word = word c
                    continue
                }
                literal()
                if (c == "{" || c == "[") open(c)
                else if (c == "}") close_it("{")
                else if (c == "]") close_it("[")
                else if (c == ",") {
                    if (want != "more") fail()
                    at[d]++
                    want = form[d] == "[" ? "value" : "name"
                } else if (c == ":") {
                    if (want != "colon") fail()
                    want = "value"
                }
            }
            literal()
            inside = 1
            text = ""
            whole = 1
            next
        }
        {
            text = text $0
            whole = 0
            if (match($0, /\\+$/) && RLENGTH % 2) {
                text = text "\""
                next
            }
            inside = 0
            text = plain(text)
            if (want == "name" || want == "opened") {
                key[d] = dotless(text)
                want = "colon"
            } else put(text)
        }
        END { if (failed || !whole || want != "nothing") exit 1 }'
}

# at prints the value of a path in what flat printed.
at() {
    printf '%s\n' "$1" | awk -F '\t' -v p="$2" '$1 == p { print $2; exit }'
}

# epoch is a function for awk that returns the seconds since 1970 of a time such
# as 2026-11-21T01:48:24.262109737+01:00; one without a zone is of UTC.
epoch='
    function epoch(s,    y, m, d, era, yoe, doy, doe, t, z) {
        y = substr(s, 1, 4) + 0
        m = substr(s, 6, 2) + 0
        d = substr(s, 9, 2) + 0
        if (m <= 2) y--
        era = int(y / 400)
        yoe = y - era * 400
        doy = int((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5) + d - 1
        doe = yoe * 365 + int(yoe / 4) - int(yoe / 100) + doy
        t = (era * 146097 + doe - 719468) * 86400 + substr(s, 12, 2) * 3600 + substr(s, 15, 2) * 60 + substr(s, 18, 2)
        if (match(s, /[+-][0-9][0-9]:[0-9][0-9]$/)) {
            z = substr(s, RSTART + 1, 2) * 3600 + substr(s, RSTART + 4, 2) * 60
            t += substr(s, RSTART, 1) == "+" ? -z : z
        }
        return t
    }
'
