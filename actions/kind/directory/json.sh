# How the scripts of repositories read the JSON of their tools.
# shellcheck shell=sh disable=SC2034

# flat prints a JSON text as lines "PATH<tab>VALUE", as in ".0.tags.1	run=7".
# Escapes within strings stay as they are. A quote that is not escaped always
# begins or ends a string, so the text is taken from quote to quote.
flat() {
    awk '
        function put(v,    i, s) {
            s = ""
            for (i = 1; i <= d; i++) s = s "." (form[i] == "[" ? at[i] : key[i])
            printf "%s\t%s\n", s, v
        }
        function end() {
            if (word != "") put(word)
            word = ""
        }
        BEGIN { RS = "\""; string = 0 }
        !string {
            for (i = 1; i <= length($0); i++) {
                c = substr($0, i, 1)
                if (c == "{" || c == "[") {
                    d++
                    form[d] = c
                    at[d] = 0
                    named[d] = 0
                } else if (c == "}" || c == "]") {
                    end()
                    d--
                } else if (c == ",") {
                    end()
                    at[d]++
                    named[d] = 0
                } else if (c == ":") {
                    named[d] = 1
                } else if (c !~ /[ \t\r\n]/) {
                    word = word c
                }
            }
            string = 1
            text = ""
            next
        }
        {
            text = text $0
            if (match($0, /\\+$/) && RLENGTH % 2) {
                text = text "\""
                next
            }
            if (form[d] == "{" && !named[d]) key[d] = text
            else put(text)
            string = 0
        }'
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
