# How answers of an API are read whole or not at all. The reader of repositories
# takes what it finds, and any size of it; this one is for small answers.
#
# flat prints a line for each value of a JSON text: its path, a tab and the value:
# ".result.0.name	db". Of a list ".#" ends the path of its length. It ends with 1
# for what is no JSON, or half of it. What is escaped in a text (\n, \u0041)
# becomes a blank: no word that is compared here has any.
# shellcheck shell=sh
flat() {
    awk '
    function fail() { failed = 1; exit 1 }
    function blanks() { while (i <= len && index(" \t\r\n", substr(s, i, 1))) i++ }
    function text(    c, out) {
        for (i++; i <= len; i++) {
            c = substr(s, i, 1)
            if (c == "\"") { i++; return out }
            if (c == "\\") {
                c = substr(s, ++i, 1)
                if (c == "u") i += 4
                if (!index("\"\\/", c)) c = " "
            } else if (c == "\t" || c == "\n") c = " "
            out = out c
        }
        fail()
    }
    function value(path,    c, n, name) {
        blanks()
        c = substr(s, i, 1)
        if (c == "\"") { print path "\t" text(); return }
        if (c != "{" && c != "[") {
            if (!match(substr(s, i, 40), /^(true|false|null|-?[0-9][0-9]*(\.[0-9]+)?([eE][-+]?[0-9]+)?)/)) fail()
            print path "\t" substr(s, i, RLENGTH)
            i += RLENGTH
            return
        }
        i++
        blanks()
        for (n = 0; substr(s, i, 1) != (c == "{" ? "}" : "]"); n++) {
            if (n) { if (substr(s, i, 1) != ",") fail(); i++ }
            blanks()
            if (c == "{") {
                if (substr(s, i, 1) != "\"") fail()
                name = text()
                blanks()
                if (substr(s, i, 1) != ":") fail()
                i++
                value(path "." name)
            } else value(path "." n)
            blanks()
        }
        i++
        if (c == "[") print path ".#\t" n
    }
    { s = s $0 "\n" }
    END {
        if (failed) exit 1
        len = length(s)
        i = 1
        blanks()
        if (!index("{[", substr(s, i, 1)) || i > len) exit 1
        value("")
        blanks()
        if (i <= len) exit 1
    }'
}

# at prints the value of a path in what flat printed.
at() {
    printf '%s\n' "$1" | awk -F '\t' -v p="$2" '$1 == p { print $2; exit }'
}
